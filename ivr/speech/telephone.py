"""What the telephone does to a voice: 8 kHz, 300 to 3,400 Hz, and one level for every line.

numpy and soxr come with the `voice` extra, so they are imported where they are used.
Sounds are arrays of samples from -1 to 1.
"""

from typing import TYPE_CHECKING

from ivr.speech.engines import Clip

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float64]

RATE = 8000  # samples a second on the telephone
SPEECH_LEVEL = -22.0  # dBov of active speech: RMS 2600 of 32767 (RFC 7874, section 4)
MUSIC_LEVEL = -34.0  # dBov; behind speech
CEILING = 10 ** (-1 / 20)  # no sample is louder
FADE = 0.01  # seconds at a cut, so that it does not click

_EDGE = 0.03  # seconds kept of the near-silence before and after an utterance
_QUIET = 0.003  # of full scale: softer than this is near-silence


def narrowed(clip: Clip) -> "Samples":
    """A clip at 8 kHz, within 300 to 3,400 Hz, without the near-silence at its ends."""
    import numpy as np
    import soxr

    sound = np.frombuffer(clip.samples, "<i2") / 32768
    loud = np.flatnonzero(np.abs(sound) > _QUIET)
    edge = round(_EDGE * clip.rate)
    if loud.size:
        sound = sound[max(0, loud[0] - edge) : loud[-1] + edge]
    narrow = soxr.resample(sound, clip.rate, RATE)
    padded = len(narrow) + RATE // 10  # so that the filter's tail does not come round to the beginning
    tones = np.fft.rfft(narrow, padded)
    pitch = np.fft.rfftfreq(padded, 1 / RATE)
    tones *= np.interp(pitch, [0, 200, 300, 3400, 3800], [0, 0, 1, 1, 0])
    filtered: Samples = np.fft.irfft(tones, padded)[: len(narrow)]
    return filtered


def active_level(sound: "Samples") -> float:
    """RMS of the stretches in which somebody speaks, 0 to 1; 0.0 where nobody does.

    As in ITU-T P.56, speech is whatever lies less than 15.9 dB below its own level; in frames of 20 ms.
    """
    import numpy as np

    frame = RATE // 50
    power = (sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    active = power[power > 1e-9]
    for _ in range(8):  # settles within a few rounds
        if not active.size:
            return 0.0
        active = active[active > active.mean() * 10**-1.59]
    return float(np.sqrt(active.mean()))


def levelled(sound: "Samples") -> "Samples":
    """The same at SPEECH_LEVEL."""
    level = active_level(sound)
    return sound * (10 ** (SPEECH_LEVEL / 20) / level) if level else sound


def limited(sound: "Samples") -> "Samples":
    """Peaks turned down smoothly, 5 ms ahead: speech peaks 16 dB above its level, so some would clip."""
    import numpy as np

    reach = RATE // 200
    wanted = np.minimum(1.0, CEILING / np.maximum(np.abs(sound), 1e-9))
    if not wanted.size or wanted.min() == 1.0:
        return sound
    around = np.pad(wanted, 2 * reach, mode="edge")
    lowest = np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 1).min(axis=1)
    gain = np.convolve(lowest, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")
    quieter: Samples = sound * gain
    return quieter


def cut(sound: "Samples", after: float) -> "Samples":
    """The first part of a sound; `after` is a share of it, 0 to 1."""
    import numpy as np

    heard = sound[: round(len(sound) * min(max(after, 0.0), 1.0))].copy()
    fade = min(len(heard), round(FADE * RATE))
    if fade and len(heard) < len(sound):
        heard[-fade:] *= np.linspace(1, 0, fade)
    return heard


def chord(count: int) -> "Samples":
    """A soft G major that comes and goes, `count` samples long."""
    import numpy as np

    time = np.arange(count) / RATE
    notes = sum(np.sin(2 * np.pi * pitch * time) for pitch in (392.0, 493.9, 587.3))  # G major
    swell = np.sin(np.pi * time / 4) ** 2  # comes and goes every four seconds
    out = np.minimum(1.0, (count - np.arange(count)) / (FADE * RATE))
    notes = notes * swell * out
    return notes * (10 ** (MUSIC_LEVEL / 20) / (active_level(notes) or 1.0))


def whole(sound: "Samples") -> bytes:
    """16-bit little-endian samples."""
    import numpy as np

    return np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
