"""A server in a process of its own on loopback, for as long as a measurement lasts."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "bench-token"
ACCOUNT = "AC" + "b" * 32


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def environment(port: int, **more: str) -> dict[str, str]:
    """A service's whole environment, with nothing of the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}
    url = f"http://127.0.0.1:{port}"
    return {
        **kept,
        "BENCH_TOKEN": TOKEN,
        "BENCH_URL": url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_PUBLIC_URL": url,
        "IVR_SECRET": "bench secret",
        "IVR_LOG_LEVEL": "error",
        "IVR_TWILIO_API_URL": "http://127.0.0.1:9",  # nobody: the measured addresses ask nothing of Twilio
        **more,
    }


def start(app: str, port: int, env: Mapping[str, str], *, factory: bool = False) -> subprocess.Popen[bytes]:
    """uvicorn with one worker, ready to be asked."""
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    process = subprocess.Popen([*command, *(["--factory"] if factory else [])], env=dict(env), cwd=ROOT)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{app} stopped at once with exit code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    process.kill()
    raise RuntimeError(f"{app} did not start listening within 30 s")


@contextmanager
def served(
    app: str, port: int, env: Mapping[str, str], *, factory: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """`start`, and stop at the end."""
    process = start(app, port, env, factory=factory)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
