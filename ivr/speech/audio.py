"""What a caller would hear, as one sound file: 8 kHz, mono, at the level and in the band of a telephone.

The libraries for sound come with the `voice` extra and are imported only when something is recorded.
"""

import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ivr.speech import telephone
from ivr.speech.engines import Clip, Engine, PiperEngine, Progress, Spoken
from ivr.speech.telephone import RATE
from ivr.speech.utterances import Pause, Piece, utterances
from ivr.speech.voices import VoiceMissing

if TYPE_CHECKING:
    from ivr.speech.telephone import Samples


@dataclass(frozen=True, slots=True)
class Words:
    """A line, as the document on the telephone has it."""

    ssml: str  # the inside of a <Say>
    voice: str = ""  # a Piper voice's name, or a locale
    rate_percent: float = 100
    cut_after: float | None = None  # 0 to 1: the caller pressed a key or hung up that far into the line


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which nothing is heard."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Music:
    """A soft chord that comes and goes, where somebody is on hold."""

    seconds: float


Sound = Words | Silence | Music


def record(
    track: Sequence[Sound],
    path: str | Path,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
    mu_law: bool = False,
) -> list[float]:
    """Writes the track as a WAV file (16-bit PCM, or µ-law) and returns the measured seconds of each sound.

    The file appears whole or not at all; one that was there before stays until then. Without an engine a
    Piper is started for this one recording. Blocks for about a tenth of the time the words take, after
    2 s of loading. Raises VoiceMissing without the `voice` extra, SpeechError when words cannot be spoken,
    OSError, before a word is spoken, when the file cannot be written.
    """
    _sound_libraries()
    with _whole_or_not_at_all(Path(path)) as file:
        sounds = _play(track, engine, progress)
        _write(b"".join(sounds), file, mu_law)
    return [len(sound) / 2 / RATE for sound in sounds]


def measure(
    track: Sequence[Sound], *, engine: Engine | None = None, progress: Progress | None = None
) -> list[float]:
    """The seconds of each sound, as `record` would measure them. Raises VoiceMissing, SpeechError."""
    _sound_libraries()
    return [len(sound) / 2 / RATE for sound in _play(track, engine, progress)]


def _sound_libraries() -> Any:
    """pydub, once all that the extra brings can be imported."""
    try:
        with warnings.catch_warnings():
            # pydub looks for an ffmpeg that we never use, and imports a module that 3.13 dropped.
            warnings.simplefilter("ignore")
            import numpy  # noqa: F401
            import pydub
            import soundfile  # noqa: F401
            import soxr  # noqa: F401
    except ImportError as error:
        raise VoiceMissing from error
    return pydub


def _play(track: Sequence[Sound], engine: Engine | None, progress: Progress | None) -> list[bytes]:
    """16-bit samples of each sound."""
    lines = {sound: utterances(sound.ssml, sound.rate_percent) for sound in track if isinstance(sound, Words)}
    wanted = [
        Spoken(piece.text, words.voice, piece.rate)
        for words, pieces in lines.items()
        for piece in pieces
        if not isinstance(piece, Pause)
    ]
    clips: Mapping[Spoken, Clip] = {}
    if wanted and engine:
        clips = engine.speak_all(wanted, progress)
    elif wanted:
        with closing(PiperEngine()) as piper:
            clips = piper.speak_all(wanted, progress)
    return [telephone.whole(_render(sound, lines, clips)) for sound in track]


def _render(
    sound: Sound, lines: Mapping[Words, tuple[Piece, ...]], clips: Mapping[Spoken, Clip]
) -> "Samples":
    import numpy as np

    if isinstance(sound, Silence):
        return np.zeros(_count(sound.seconds))
    if isinstance(sound, Music):
        return telephone.chord(_count(sound.seconds))
    parts = [
        np.zeros(_count(piece.seconds))
        if isinstance(piece, Pause)
        else telephone.narrowed(clips[Spoken(piece.text, sound.voice, piece.rate)])
        for piece in lines[sound]
    ]
    line = telephone.limited(telephone.levelled(np.concatenate([np.zeros(0), *parts])))
    return line if sound.cut_after is None else telephone.cut(line, sound.cut_after)


def _count(seconds: float) -> int:
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"a sound cannot last {seconds} seconds")
    return round(seconds * RATE)


def _write(samples: bytes, file: IO[bytes], mu_law: bool) -> None:
    segment = _sound_libraries().AudioSegment(data=samples, sample_width=2, frame_rate=RATE, channels=1)
    if mu_law:  # pydub would call ffmpeg for it
        import numpy as np
        import soundfile

        soundfile.write(file, np.frombuffer(segment.raw_data, "<i2"), RATE, subtype="ULAW", format="WAV")
    else:
        segment.export(file, format="wav")


@contextmanager
def _whole_or_not_at_all(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends well, and else leaves no trace."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
