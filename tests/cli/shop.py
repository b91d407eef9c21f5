"""A folder with a database, a book and people, where commands are typed, in this process: what they do is the same."""

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import structlog
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "tests" / "scenes" / "book"
APOLOGY = "en-GB/apology.yaml"


def without_settings() -> dict[str, str]:
    """The environment with none of the developer's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Shop:
    """Where commands are typed."""

    def __init__(self, folder: Path, url: str, *, book: Path = SMALL) -> None:
        self.folder, self.url = folder, url
        self.env = {"IVR_DATABASE_URL": url, "IVR_SECRET": "secret", "IVR_PROMPTS": str(folder / "book")}
        shutil.copytree(book, folder / "book", dirs_exist_ok=True)

    def __call__(self, *words: str) -> Done:
        from ivr.cli import app

        env = {**without_settings(), **self.env}
        with contextlib.chdir(self.folder), mock.patch.dict(os.environ, env, clear=True):
            log = structlog.get_config()  # a command sets up its own, and other tests go on in this process
            try:
                ran = CliRunner().invoke(app, list(words), prog_name="ivr")
            finally:
                structlog.configure(**log)
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Done(ran.exit_code, ran.stdout, ran.stderr)

    def done(self, *words: str) -> str:
        """What a command that must go well answers."""
        done = self(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str) -> object:
        """The same, as JSON."""
        return json.loads(self.done(*words, "--json"))

    def edit(self, folder: str, old: str = "sorry", new: str = "truly sorry", page: str = APOLOGY) -> None:
        """Change the first `old` on a page."""
        file = self.folder / folder / page
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")
