"""A real Piper where there is one, and a pretend one that fails when asked to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.speech.engines import PiperEngine
from ivr.speech.voices import VoiceMissing, Voices, piper_command

PRETEND_PIPER = '''
"""Speaks as Piper's command line does: a second of a square wave for every ten letters."""
import os, sys, time, wave
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
scale, folder = float(options["--length-scale"]), options["-d"]
for said, line in enumerate(sys.stdin):
    words = line.strip()
    with open(os.path.join(os.path.dirname(__file__), "said.txt"), "a") as log:
        print(words, options["--length-scale"], os.environ.get("IVR_TWILIO_AUTH_TOKEN"), file=log)
    if words == "die always" or (words == "die once" and not os.path.exists(__file__ + ".died")):
        open(__file__ + ".died", "w").close()
        sys.exit("RuntimeError: out of breath")
    if words == "hang":
        time.sleep(600)
    path = os.path.join(folder, f"{said}.wav")
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", "not compressed"))
        length = int(22050 * scale * len(words) / 10)
        file.writeframes((b"\\x00\\x20" * 25 + b"\\x00\\xe0" * 25) * (length // 50))
    print(f"INFO:__main__:Wrote {path}", file=sys.stderr, flush=True)
'''


@pytest.fixture(scope="session")
def piper() -> Iterator[PiperEngine]:
    """Started once for all tests, as it takes two seconds to load; without the noise by which Piper draws
    the length of each sound anew, so that the same words always take the same time."""
    try:
        engine = PiperEngine(command=(*piper_command(), "--noise-scale", "0", "--noise-w-scale", "0"))
        Voices().model("en-US")
    except VoiceMissing:
        # The extra is GPL-licensed and large, so a service may well be without it.
        pytest.skip("the voice extra is not installed")
    with engine:
        yield engine


@pytest.fixture
def pretend_piper(tmp_path: Path) -> tuple[str, str]:
    """The command that runs it. What it was asked to say stands in said.txt beside it."""
    program = tmp_path / "pretend" / "piper.py"
    program.parent.mkdir()
    program.write_text(PRETEND_PIPER)
    return (sys.executable, str(program))


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    """A British and a French voice; their files are empty, since nobody opens them here."""
    places = {}
    for name, code in (("en_GB-eve-low", "en_GB"), ("fr_FR-luc-low", "fr_FR")):
        places[name] = tmp_path / f"{name}.onnx"
        places[name].touch()
        description = f'{{"language": {{"code": "{code}"}}, "inference": {{"length_scale": 1.2}}}}'
        places[name].with_name(f"{name}.onnx.json").write_text(description)
    return Voices(places)
