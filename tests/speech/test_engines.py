"""Piper, run as a program: asked once for each utterance, replaced when it fails, gone when closed."""

import os
import signal
import sys
from pathlib import Path

import pytest

from ivr.speech.engines import Clip, PiperEngine, Spoken
from ivr.speech.voices import SpeechError, Voices

Command = tuple[str, str]


def said(command: Command) -> list[str]:
    log = Path(command[1]).with_name("said.txt")
    return [line.rsplit(maxsplit=2)[0] for line in log.read_text().splitlines()] if log.exists() else []


def running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def one(engine: PiperEngine, text: str, rate: int = 100) -> Clip:
    wanted = Spoken(text, "en-GB", rate)
    return engine.speak_all([wanted])[wanted]


def test_one_process_says_many_lines(pretend_piper: Command, voices: Voices):
    with PiperEngine(voices, command=pretend_piper) as engine:
        first = one(engine, "Hello")
        process = engine.processes
        assert len(one(engine, "Hello again, Ana").samples) > 2 * len(first.samples)
        assert engine.processes == process


def test_nothing_is_said_twice(pretend_piper: Command, voices: Voices):
    steps: list[tuple[int, int]] = []
    with PiperEngine(voices, command=pretend_piper) as engine:
        wanted = [Spoken("Hello", "en-GB"), Spoken("Bye", "en-GB"), Spoken("Hello", "en-GB")]
        assert len(engine.speak_all(wanted, lambda done, total: steps.append((done, total)))) == 2
        engine.speak_all(wanted)
    assert said(pretend_piper) == ["Hello", "Bye"]
    assert steps == [(1, 2), (2, 2)]


def test_a_folder_keeps_what_was_said_for_the_next_engine(
    pretend_piper: Command, voices: Voices, tmp_path: Path
):
    for text in ("Hello", "Hello", "Bye"):
        with PiperEngine(voices, command=pretend_piper, cache=tmp_path / "cache") as engine:
            clip = one(engine, text)
    assert said(pretend_piper) == ["Hello", "Bye"]
    kept = sorted((tmp_path / "cache").iterdir())
    assert [path.suffix for path in kept] == [".wav", ".wav"]
    for path in kept:
        path.write_bytes(b"RIFF")  # a disk that was full
    with PiperEngine(voices, command=pretend_piper, cache=tmp_path / "cache") as engine:
        assert one(engine, "Bye") == clip
    assert said(pretend_piper) == ["Hello", "Bye", "Bye"]


def test_slower_words_are_asked_of_a_voice_at_a_slower_pace(pretend_piper: Command, voices: Voices):
    with PiperEngine(voices, command=pretend_piper) as engine:
        assert len(one(engine, "Hello", 80).samples) / len(one(engine, "Hello").samples) == pytest.approx(
            1.25, abs=0.01
        )
        paces = Path(pretend_piper[1]).with_name("said.txt").read_text().split()[1::3]
        assert paces == ["1.5000", "1.2000"], "the voice's own pace, 1.2, counts too"


def test_no_more_than_two_processes_run_at_once(pretend_piper: Command, voices: Voices):
    with PiperEngine(voices, command=pretend_piper) as engine:
        wanted = [Spoken(f"Line {line}", "en-GB", rate) for line in (1, 2) for rate in (100, 80, 60)]
        assert len(engine.speak_all(wanted)) == 6
        assert len(engine.processes) == 2
        assert len(said(pretend_piper)) == 6


def test_a_process_that_dies_is_replaced(pretend_piper: Command, voices: Voices):
    with PiperEngine(voices, command=pretend_piper) as engine:
        one(engine, "Hello")
        before = engine.processes
        assert one(engine, "die once").samples
        assert engine.processes != before
        os.kill(engine.processes[0], signal.SIGKILL)
        assert one(engine, "Hello again").samples


def test_a_process_that_dies_twice_on_the_same_words_is_an_error_with_its_last_complaint(
    pretend_piper: Command, voices: Voices
):
    with PiperEngine(voices, command=pretend_piper) as engine:
        with pytest.raises(
            SpeechError, match=r"failed twice on the same words: RuntimeError: out of breath$"
        ):
            one(engine, "die always")
        assert engine.processes == ()
        assert one(engine, "Hello").samples


def test_a_process_that_does_not_answer_is_ended(pretend_piper: Command, voices: Voices):
    with PiperEngine(voices, command=pretend_piper, patience=0.3) as engine:
        with pytest.raises(SpeechError, match=r"no answer within 0.3 seconds"):
            one(engine, "hang")
        assert engine.processes == ()


def test_a_program_that_is_not_there_is_an_error(voices: Voices, tmp_path: Path):
    with (
        PiperEngine(voices, command=[str(tmp_path / "absent")]) as engine,
        pytest.raises(SpeechError, match="could not be started: No such file"),
    ):
        one(engine, "Hello")


def test_closing_leaves_no_process_and_no_file(pretend_piper: Command, voices: Voices):
    engine = PiperEngine(voices, command=pretend_piper)
    one(engine, "Hello")
    (process,) = engine.processes
    folder = Path(engine._folder.name)
    assert running(process)
    engine.close()
    engine.close()
    assert not running(process)
    assert not folder.exists()


def test_the_services_secrets_stay_at_home(
    pretend_piper: Command, voices: Voices, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("IVR_TWILIO_AUTH_TOKEN", "secret")
    with PiperEngine(voices, command=pretend_piper) as engine:
        one(engine, "Hello")
    assert Path(pretend_piper[1]).with_name("said.txt").read_text().split()[-1] == "None"


def test_a_real_piper_that_is_killed_midway_recovers(piper: PiperEngine):
    assert piper.speak_all([Spoken("Hello.", "")])
    os.kill(piper.processes[-1], signal.SIGKILL)
    again = Spoken("Hello again.", "")
    clip = piper.speak_all([again])[again]
    assert clip.rate == 22050
    assert len(clip.samples) > 22050


def test_piper_itself_is_never_imported(piper: PiperEngine):
    assert piper.speak_all([Spoken("Hello.", "")])
    assert "piper" not in sys.modules
    assert "onnxruntime" not in sys.modules
