"""Band, level and limits of the telephone."""

import math

import pytest

from ivr.speech.engines import Clip

np = pytest.importorskip("numpy", reason="the voice extra is not installed")
pytest.importorskip("soxr", reason="the voice extra is not installed")

from ivr.speech import telephone  # noqa: E402 -- after the skip


def tone(pitch: float, seconds: float = 1.0, rate: int = 22050, loudness: float = 0.25):
    return loudness * np.sin(np.arange(round(seconds * rate)) / rate * 2 * math.pi * pitch)


def clip(sound) -> Clip:
    return Clip(telephone.whole(sound), 22050)


def decibel(ratio: float) -> float:
    return 20 * math.log10(ratio)


@pytest.mark.parametrize(
    ("pitch", "passes"), [(50, False), (150, False), (400, True), (1000, True), (3300, True), (6000, False)]
)
def test_only_the_telephones_band_passes(pitch: float, passes: bool):
    heard = telephone.narrowed(clip(tone(pitch)))[800:-800]
    change = decibel(float(heard.std()) / (0.25 / math.sqrt(2)))
    assert change == pytest.approx(0, abs=0.5) if passes else change < -40


def test_near_silence_around_words_is_taken_away_but_not_within():
    gap = np.zeros(22050)
    heard = telephone.narrowed(clip(np.concatenate([gap, tone(500), gap, tone(500), gap])))
    assert len(heard) / 8000 == pytest.approx(3.06, abs=0.01)


@pytest.mark.parametrize("loudness", [0.001, 0.01, 0.3, 1.0])
def test_every_line_is_brought_to_the_same_level_whatever_its_pauses(loudness: float):
    line = np.concatenate([tone(500, 1, 8000, loudness), np.zeros(16000), tone(900, 1, 8000, loudness)])
    heard = telephone.levelled(line)
    assert decibel(telephone.active_level(heard)) == pytest.approx(-22, abs=0.2)
    assert decibel(float(heard[:8000].std())) == pytest.approx(-22, abs=0.2)


def test_silence_stays_silence():
    assert not telephone.levelled(np.zeros(8000)).any()
    assert telephone.active_level(np.zeros(0)) == 0.0


def test_no_peak_is_clipped_and_what_is_far_from_it_is_untouched():
    line = tone(500, 1, 8000, 0.5)
    line[4000] = 4.0
    heard = telephone.limited(line)
    assert np.abs(heard).max() <= telephone.CEILING + 1e-9
    assert np.array_equal(heard[:3900], line[:3900])
    assert np.array_equal(heard[4100:], line[4100:])
    assert len(heard) == len(line)


@pytest.mark.parametrize("after", [-1.0, 0.0, 0.25, 1.0, 7.0])
def test_a_cut_keeps_the_share_that_was_heard_and_does_not_click(after: float):
    heard = telephone.cut(np.ones(8000), after)
    assert len(heard) == 8000 * min(max(after, 0), 1)
    if 0 < after < 1:
        assert heard[-1] == 0
        assert heard[-100] == 1


def test_a_chord_is_softer_than_speech():
    assert decibel(telephone.active_level(telephone.chord(32000))) == pytest.approx(-34, abs=0.5)
    assert telephone.chord(0).size == 0
