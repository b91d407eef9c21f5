"""Each verb that is heard, with Twilio's rule as the test's name."""

import pytest

from ivr.rehearsal.refusals import TwilioRefuses
from tests.rehearsal.conftest import FIVE_WORDS, MakeWorld, wav


async def test_speaking_takes_time_by_its_words_and_breaks_and_the_line_is_kept(world: MakeWorld) -> None:
    w = world({"/in": '<Say voice="Polly.Amy-Neural">A B,<break time="300ms"/> 4 7 1 9</Say>'})
    leg = w.ring()
    await w.until_over(leg)
    sound = leg.sounds[0]
    assert (sound.text, sound.ssml) == ("A B, 4 7 1 9", 'A B,<break time="300ms"/> 4 7 1 9')
    assert sound.seconds == sound.whole == pytest.approx(6 * 60 / 150 + 0.3, abs=0.5)
    assert not sound.cut
    assert leg.ended == pytest.approx(sound.seconds)


async def test_at_the_end_of_a_document_with_nothing_left_the_call_is_hung_up(world: MakeWorld) -> None:
    w = world({"/in": FIVE_WORDS})
    leg = w.ring()
    await w.until_over(leg)
    assert (leg.status, leg.ended_by, leg.ended) == ("completed", "line", 2.0)


async def test_loop_says_it_again(world: MakeWorld) -> None:
    w = world({"/in": '<Say loop="3">one two three four five</Say>'})
    leg = w.ring()
    await w.until_over(leg)
    assert [sound.at for sound in leg.sounds] == [0, 2, 4]


async def test_pause_is_whole_seconds_of_silence(world: MakeWorld) -> None:
    w = world({"/in": '<Pause length="7"/><Pause/><Hangup/>'})
    leg = w.ring()
    await w.until_over(leg)
    assert leg.ended == 8


async def test_play_fetches_by_get_without_the_calls_parameters_and_takes_as_long_as_the_file(
    world: MakeWorld,
) -> None:
    w = world({"/in": "<Play>music.wav</Play>", "/music.wav": (200, "audio/wav", wav(2.5))})
    leg = w.ring()
    await w.until_over(leg)
    (asked,) = w.service.asked("/music.wav")
    assert (asked.method, asked.query, asked.form) == ("GET", {}, {})
    assert leg.ended == 2.5


async def test_play_refuses_what_is_no_audio(world: MakeWorld) -> None:
    w = world({"/in": "<Play>/page</Play>", "/page": (200, "text/html", "<p/>")})
    with pytest.raises(TwilioRefuses, match="13420"):
        await w.until_over(w.ring())


async def test_a_recording_on_another_host_is_taken_as_it_is(world: MakeWorld) -> None:
    w = world({"/in": "<Play>https://api.example/music.mp3</Play>"})
    leg = w.ring()
    await w.until_over(leg)
    assert leg.sounds[0].played == "https://api.example/music.mp3"
