"""A wheel installed alone still has its words."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_wheel_alone_rehearses_a_call(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path / "dist"),
        str(ROOT),
    ]
    built = subprocess.run(build, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    wheel = next((tmp_path / "dist").glob("*.whl"))
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(tmp_path / "alone")
    assert "ivr/prompts/en-GB/goodbye.yaml" in names
    assert "ivr/py.typed" in names
    assert not any(name.startswith("tests/") for name in names)
    # Installed alone: its folder stands before the checkout, and nothing of the checkout lies around.
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "alone"), "HOME": str(tmp_path)}
    where = subprocess.run(
        [sys.executable, "-c", "import ivr; print(ivr.__file__)"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert str(tmp_path) in where.stdout
    heard = subprocess.run(
        [sys.executable, "-m", "ivr", "rehearse", "--wait", "4m", "--name", "Ana", "--json"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert heard.returncode == 0, heard.stderr
    assert json.loads(heard.stdout)["outcome"] == "heard"
