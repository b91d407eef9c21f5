"""Twilio's published OpenAPI, mocked: what it says may be asked, and a server that refuses anything else.

The documents come in the npm package of Twilio's own command line, the mock is Stoplight's Prism. Both are
kept in the user's cache, at exactly these versions, and fetched once by npm.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PRISM = "@stoplight/prism-cli@5.14.2"
PUBLISHED = "@twilio/cli-core@9.0.0"
NAMES = ("twilio_api_v2010", "twilio_taskrouter_v1")

INSTALLING, STARTING = 240.0, 120.0  # seconds at most
_QUIETLY = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--fetch-retries=1")


class Unavailable(Exception):
    """The mock cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Sent:
    """One request as it went out, and what the mock made of it."""

    method: str
    url: str
    names: frozenset[str]  # of what stood behind the question mark and in the form
    status: int
    answer: str


@dataclass(frozen=True)
class Operation:
    """One thing Twilio's documents say may be asked."""

    method: str
    path: str  # with {names} in it
    names: frozenset[str]  # of what may stand behind the question mark and in the form


class Documents:
    """Twilio's documents as one."""

    def __init__(self, parts: list[dict[str, Any]]) -> None:
        first, *others = parts
        paths, components = dict(first["paths"]), {k: dict(v) for k, v in first["components"].items()}
        for other in others:
            assert not set(paths) & set(other["paths"])
            assert not set(components["schemas"]) & set(other["components"]["schemas"])
            paths |= other["paths"]
            for kind, named in other["components"].items():
                components.setdefault(kind, {}).update(named)
        self.whole = {**first, "paths": paths, "components": components}

    def operation(self, method: str, url: str) -> Operation | None:
        """What the documents call this request, or None where they know nothing like it."""
        asked = urlsplit(url).path
        for path, item in self.whole["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
            if method.lower() in item and re.fullmatch(pattern, asked):
                return Operation(method, path, frozenset(_names(item[method.lower()])))
        return None

    def complaints(self, sent: Sent) -> list[str]:
        """What is wrong with a request: what the mock says, and what it lets pass, names nobody knows."""
        operation = self.operation(sent.method, sent.url)
        if operation is None:
            return [f"{sent.method} {sent.url} is nothing one can ask for"]
        found = [sent.answer] if not 200 <= sent.status < 300 else []
        return found + [f"nobody knows {name}" for name in sorted(sent.names - operation.names)]


def _names(operation: dict[str, Any]) -> Iterator[str]:
    yield from (each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield from body["schema"]["properties"]


def installed() -> Path:
    """The folder that holds Prism and the documents. Raises Unavailable."""
    if not (npm := shutil.which("npm")) or not shutil.which("node"):
        raise Unavailable("there is no npm on this machine")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ivr"
    versions = "-".join(package.rpartition("@")[2] for package in (PRISM, PUBLISHED))
    folder = cache / f"twilio-mock-{versions}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=cache, prefix="making-"))
    try:
        _npm(npm, making, "install", *_QUIETLY, "--prefix", str(making), PRISM)
        _npm(npm, making, "pack", *_QUIETLY, "--pack-destination", str(making), PUBLISHED)
        (packed,) = making.glob("*.tgz")
        with tarfile.open(packed) as archive:
            for name in NAMES:
                inside = archive.extractfile(f"package/src/services/twilio-api/{name}.json")
                assert inside is not None
                (making / f"{name}.json").write_bytes(inside.read())
        try:
            making.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was first
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _npm(npm: str, where: Path, *arguments: str) -> None:
    try:
        ran = subprocess.run([npm, *arguments], cwd=where, capture_output=True, text=True, timeout=INSTALLING)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"npm took longer than {INSTALLING:.0f} s") from None
    if ran.returncode:
        codes = re.findall(r"npm error code (\w+)", ran.stderr)
        raise Unavailable(f"npm could not reach its registry or found nothing there ({', '.join(codes)})")


@contextmanager
def mocked(folder: Path, scratch: Path) -> Iterator[tuple[str, Documents]]:
    """The mock's address, and the documents it holds us to. It is stopped by its own process id."""
    documents = Documents([json.loads((folder / f"{name}.json").read_text("utf-8")) for name in NAMES])
    file, log = scratch / "twilio.json", scratch / "prism.log"
    file.write_text(json.dumps(documents.whole), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    arguments = ["node", program, "mock", "--host", "127.0.0.1", "--port", str(port), "-v", "silent", file]
    with log.open("wb") as out, subprocess.Popen(arguments, stdout=out, stderr=out) as process:
        try:
            _until_ready(port, process, log)
            yield f"http://127.0.0.1:{port}", documents
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the mock did not start: {log.read_text('utf-8', errors='replace')[-2000:]}")
