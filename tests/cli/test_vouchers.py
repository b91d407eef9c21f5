"""Vouchers as they are brought by hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import ivr, sentence


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"IVR_SECRET": "secret", "IVR_DATABASE_URL": f"sqlite:///{tmp_path}/ivr.sqlite3"}


def test_codes_are_added_once_and_counted_list_by_list(tmp_path: Path, env: dict[str, str]) -> None:
    codes = tmp_path / "codes.txt"
    codes.write_text("TEA-4471\n\n  TEA-4472  \nTEA-4471\n", "utf-8-sig")
    added = ivr("vouchers", "add", str(codes), **env)
    assert added.stdout == "2 added, 1 were there already.\n", added.stderr
    piped = subprocess.run(
        [sys.executable, "-m", "ivr", "vouchers", "add", "-"],
        input="TEA-4472\nTEA-4473\n", capture_output=True, text=True, env={**env, "PATH": ""},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert piped.stdout == "1 added, 1 were there already.\n", piped.stderr
    listed = json.loads(ivr("vouchers", "list", "--json", **env).stdout)
    assert listed == [{"queue": None, "left": 3, "given": 0}]
    assert b"TEA-447" not in b"".join(file.read_bytes() for file in tmp_path.glob("ivr.sqlite3*"))


def test_a_line_that_is_no_code_stops_the_whole_list(tmp_path: Path, env: dict[str, str]) -> None:
    codes = tmp_path / "codes.txt"
    codes.write_text(f"TEA-1\n{'x' * 61}\n", "utf-8")
    done = ivr("vouchers", "add", str(codes), **env)
    assert done.returncode == 2
    assert "line 2 is no code" in sentence(done)
    unknown = ivr("vouchers", "add", str(codes.with_name("none.txt")), **env)
    assert (unknown.returncode, "cannot be read" in sentence(unknown)) == (2, True)
    codes.write_text("TEA-1\n", "utf-8")
    other = ivr("vouchers", "add", str(codes), "--queue", "no-such-queue", **env)
    assert (other.returncode, "no queue “no-such-queue”" in sentence(other)) == (2, True)
    assert "no vouchers" in ivr("vouchers", "list", **env).stdout
