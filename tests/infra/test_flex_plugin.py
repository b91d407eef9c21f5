"""Flex's side, run by node's own test runner; and what its files promise each other."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.line.twiml import EVENT_OVERRIDES

HERE = Path(__file__).parent
PLUGIN = HERE.parents[1] / "infra" / "flex-plugin"
NODE = shutil.which("node")


def test_the_plugin_does_in_a_pretend_flex_what_it_says() -> None:
    if NODE is None:
        pytest.skip("no node here: the plugin is JavaScript")
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.findall(r"\d+", version)[0]) < 20:
        pytest.skip(f"node {version.strip()} is too old: the plugin's tests want 20")
    done = subprocess.run(
        [NODE, "--test", str(HERE / "flex_plugin.test.mjs")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = re.search(r"^# tests (\d+)$", done.stdout, re.MULTILINE) or re.search(r"tests (\d+)", done.stdout)
    assert ran, done.stdout
    assert int(ran[1]) > 15


def test_the_room_tells_us_with_the_overrides_every_event_has() -> None:
    assert f'"{EVENT_OVERRIDES}"' in (PLUGIN / "src" / "farewell.js").read_text("utf-8")


def test_the_builder_finds_the_one_plugin_it_looks_for() -> None:
    # @twilio/flex-plugin-scripts reads src/index for exactly this, and refuses to build otherwise.
    assert len(re.findall(r"\.loadPlugin\(", (PLUGIN / "src" / "index.js").read_text("utf-8"))) == 1


def test_no_token_and_no_address_of_a_registry_stands_in_the_plugin() -> None:
    for file in PLUGIN.rglob("*"):
        if file.is_file() and "node_modules" not in file.parts:
            text = file.read_text("utf-8")
            assert "resolved" not in text
            assert not re.search(r"Bearer [A-Za-z0-9_-]{8,}", text), file.name


def test_what_is_installed_is_named_exactly() -> None:
    for package in (PLUGIN / "package.json", PLUGIN / "serverless" / "package.json"):
        for version in json.loads(package.read_text("utf-8"))["dependencies"].values():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), package
