"""A service that is started while its database is away says so, in one sentence, and soon."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SETTINGS = {
    "TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
    "TWILIO_AUTH_TOKEN": "12345",
    "IVR_PUBLIC_URL": "https://calls.example.com",
    "IVR_SECRET": "a secret of some length",
}


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://ivr:a-password@127.0.0.1:1/ivr", "127.0.0.1:1"),
        ("sqlite:///{folder}", "{folder}"),
    ],
)
def test_serve_names_the_place_and_no_password(url: str, where: str, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "ivr", "serve"],
        env={**clean, **SETTINGS, "IVR_DATABASE_URL": url.format(folder=tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.count("could not run:") == 1
    assert "Traceback" not in done.stderr
    assert "a-password" not in done.stderr
    assert where.format(folder=tmp_path) in "".join(done.stderr.split("\n"))
    assert "IVR_DATABASE_URL" in done.stderr
