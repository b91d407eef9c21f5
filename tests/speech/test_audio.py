"""A track of words and silences → one WAV file."""

import math
import wave
from collections.abc import Iterable
from pathlib import Path

import pytest

from ivr.speech.engines import Clip, PiperEngine, Progress, Spoken
from ivr.speech.voices import SpeechError

np = pytest.importorskip("numpy", reason="the voice extra is not installed")
soundfile = pytest.importorskip("soundfile", reason="the voice extra is not installed")
pytest.importorskip("soxr", reason="the voice extra is not installed")

from ivr.speech import telephone  # noqa: E402 -- after the skip
from ivr.speech.audio import Music, Silence, Sound, Words, measure, record  # noqa: E402


class Hummer:
    """An engine without a process: a second of a 500 Hz tone for every ten letters at the usual pace."""

    def __init__(self) -> None:
        self.asked: list[Spoken] = []

    def speak_all(self, wanted: Iterable[Spoken], progress: Progress | None = None) -> dict[Spoken, Clip]:
        clips = {}
        for spoken in wanted:
            self.asked.append(spoken)
            count = round(22050 * len(spoken.text) / 10 * 100 / spoken.rate)
            wave = np.sin(np.arange(count) / 22050 * 2 * np.pi * 500)
            clips[spoken] = Clip((wave * 9000).astype("<i2").tobytes(), 22050)
        return clips


@pytest.fixture
def hummer() -> Hummer:
    return Hummer()


class Mute:
    """An engine that fails."""

    def speak_all(self, wanted: Iterable[Spoken], progress: Progress | None = None) -> dict[Spoken, Clip]:
        raise SpeechError("no breath")


def heard(path: Path):
    """The samples, -1 to 1, of a file that must be what a telephone takes."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def pieces(path: Path, seconds: list[float]):
    ends = np.cumsum([round(length * 8000) for length in seconds])
    sound = heard(path)
    assert len(sound) == ends[-1]
    return np.split(sound, ends[:-1])


def decibel(ratio: float) -> float:
    return 20 * math.log10(ratio)


def test_each_sound_lasts_as_long_as_was_measured(tmp_path: Path, hummer: Hummer):
    track = [Words("Hello, Ana"), Silence(1.5), Words("Bye."), Music(0.25)]
    seconds = record(track, tmp_path / "out.wav", engine=hummer)
    assert seconds == pytest.approx([1.5, 1.5, 0.9, 0.25], abs=0.01)
    assert len(heard(tmp_path / "out.wav")) == round(sum(seconds) * 8000)
    assert measure(track, engine=hummer) == seconds


def test_a_break_lasts_as_long_as_it_says(tmp_path: Path, hummer: Hummer):
    (seconds,) = record(
        [Words('Ten letter<break time="2s"/>Ten letter')], tmp_path / "out.wav", engine=hummer
    )
    assert seconds == pytest.approx(1 + 2 + 1 + 0.5, abs=0.01)
    sound = heard(tmp_path / "out.wav")
    assert not sound[round(1.1 * 8000) : round(2.9 * 8000)].any()


def test_slower_words_last_longer(hummer: Hummer):
    usual, slow = measure(
        [Words("Ten letter"), Words('<prosody rate="80%">Ten letter</prosody>')], engine=hummer
    )
    assert (usual, slow) == (pytest.approx(1.5, abs=0.01), pytest.approx(1.75, abs=0.01))
    assert measure([Words("Ten letter", rate_percent=80)], engine=hummer) == [slow]


def test_a_line_that_was_cut_is_shorter_and_what_follows_is_whole(hummer: Hummer):
    whole, half, none, after = measure(
        [Words("Hello."), Words("Hello.", cut_after=0.5), Words("Hello.", cut_after=0), Silence(1)],
        engine=hummer,
    )
    assert half == pytest.approx(whole / 2, abs=0.001)
    assert (none, after) == (0.0, 1.0)


def test_the_voice_of_a_line_is_the_one_asked_for(hummer: Hummer):
    measure([Words("Hello.", "en-GB"), Words("Bonjour.", "fr-FR", 90)], engine=hummer)
    assert hummer.asked == [Spoken("Hello.", "en-GB", 100), Spoken("Bonjour.", "fr-FR", 90)]


@pytest.mark.parametrize("track", [[], [Words("")], [Silence(0)]])
def test_a_track_without_a_sound_is_an_empty_file(tmp_path: Path, track: list[Sound]):
    assert sum(record(track, tmp_path / "out.wav")) == 0
    assert heard(tmp_path / "out.wav").size == 0


def test_mu_law_takes_a_byte_a_sample(tmp_path: Path, hummer: Hummer):
    record([Words("Hello.")], tmp_path / "linear.wav", engine=hummer)
    record([Words("Hello.")], tmp_path / "mu.wav", engine=hummer, mu_law=True)
    about = soundfile.info(tmp_path / "mu.wav")
    assert (about.subtype, about.samplerate, about.channels) == ("ULAW", 8000, 1)
    decoded, _ = soundfile.read(tmp_path / "mu.wav")
    linear = heard(tmp_path / "linear.wav")
    assert decibel(linear.std() / (decoded - linear).std()) > 30


@pytest.mark.parametrize(
    ("track", "error"),
    [
        ([Words("Hello.")], SpeechError),
        ([Words("a < b")], SpeechError),
        ([Silence(-1)], ValueError),
        ([Silence(math.nan)], ValueError),
    ],
)
def test_a_failure_leaves_nothing_behind_and_the_old_file_alone(
    tmp_path: Path, track: list[Sound], error: type[Exception]
):
    path = tmp_path / "out.wav"
    for _ in ("no file before", "an old one before"):
        before = {file: file.read_bytes() for file in tmp_path.iterdir()}
        with pytest.raises(error):
            record(track, path, engine=Mute())
        assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
        path.write_bytes(b"an old one")


@pytest.mark.parametrize("path", ["absent/out.wav", "."])
def test_a_place_that_takes_no_file_is_an_error_before_a_word_is_spoken(
    tmp_path: Path, hummer: Hummer, path: str
):
    with pytest.raises(OSError, match=r"No such file|is a folder"):
        record([Words("Hello.")], tmp_path / path, engine=hummer)
    assert hummer.asked == []
    assert not list(tmp_path.iterdir())


def test_piper_speaks_a_short_track_at_the_level_of_a_telephone(tmp_path: Path, piper: PiperEngine):
    code = 'A B,<break time="300ms"/> 4 7 1 9'
    track = [
        Words(f"Your reference is {code}.", "en-GB"),
        Silence(1.5),
        Words(f'<prosody rate="80%">Your reference is {code}</prosody>.', "en-GB"),
        Words("Thank you for calling, Ana. Goodbye.", "en-GB"),
        Words("Thank you for calling, Ana. Goodbye.", "en-GB", cut_after=0.5),
    ]
    seconds = record(track, tmp_path / "out.wav", engine=piper)
    first, silence, slow, goodbye, cut = pieces(tmp_path / "out.wav", seconds)
    assert not silence.any()
    assert len(silence) == 12000
    assert 3 < seconds[0] < 9
    assert len(slow) > 1.1 * len(first)
    assert len(cut) == pytest.approx(len(goodbye) / 2, abs=1)
    for line in (first, slow, goodbye, cut):
        assert decibel(telephone.active_level(line)) == pytest.approx(-22, abs=3)
        assert np.abs(line).max() < 0.9


def test_piper_leaves_a_gap_between_the_characters_of_a_code(tmp_path: Path, piper: PiperEngine):
    record([Words("4 7 1 9", "en-US")], tmp_path / "out.wav", engine=piper)
    sound = heard(tmp_path / "out.wav")
    frames = (sound[: len(sound) // 80 * 80].reshape(-1, 80) ** 2).mean(axis=1) > 1e-5
    gaps = "".join("x" if loud else "." for loud in frames).strip(".").split("." * 6)
    assert len([word for word in gaps if "x" in word]) >= 4
