"""Each verb, with Twilio's rule as the test's name."""

import struct

import pytest

from ivr.rehearsal.call import APPLICATION_ERROR
from ivr.rehearsal.twiml_rules import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Heard, MakeWorld, World, words

FIVE_WORDS = "<Say>one two three four five</Say>"  # two seconds at 150 words a minute


def wav(seconds: float, rate: int = 8000) -> bytes:
    data = b"\xff" * int(seconds * rate)
    form = struct.pack("<HHIIHH", 7, 1, rate, rate, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


# --- Say, Play, Pause ------------------------------------------------------------------------------------


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


# --- Gather ------------------------------------------------------------------------------------------------


async def gathered(
    world: MakeWorld, attributes: str, *presses: tuple[float, str]
) -> tuple[World, list[Heard]]:
    w = world(
        {
            "/in": f'<Gather action="/key" {attributes}>{FIVE_WORDS}</Gather><Redirect>/on</Redirect>',
            "/key": "<Hangup/>",
            "/on": "<Hangup/>",
        }
    )
    leg = w.ring()
    for at, digit in presses:
        w.later(at, lambda digit=digit: leg.press(digit))
    await w.until_over(leg)
    return w, w.service.asked("/key")


async def test_a_key_cuts_what_is_said_and_its_real_length_is_kept(world: MakeWorld) -> None:
    w, asked = await gathered(world, 'numDigits="1"', (0.5, "2"))
    (leg,) = w.exchange.legs.values()
    assert asked[0].form["Digits"] == "2"
    assert leg.sounds[0].seconds == 0.5
    assert leg.sounds[0].cut


async def test_the_time_out_starts_when_the_words_end_and_then_the_next_verb_runs(world: MakeWorld) -> None:
    w, asked = await gathered(world, 'timeout="6"')
    assert asked == []
    assert [(a.path, a.at) for a in w.wire.asked] == [("/in", 0), ("/on", 8)]


async def test_five_seconds_unless_said(world: MakeWorld) -> None:
    w, _ = await gathered(world, "")
    assert w.wire.asked[-1].at == 7


async def test_digits_are_collected_until_their_number_is_reached(world: MakeWorld) -> None:
    w, asked = await gathered(world, 'numDigits="3"', (1, "4"), (3, "0"), (5, "7"))
    assert asked[0].form["Digits"] == "407"
    assert w.wire.asked[-1].at == 5


async def test_the_finishing_key_ends_the_entry_and_is_not_part_of_it(world: MakeWorld) -> None:
    _, asked = await gathered(world, "", (1, "4"), (2, "#"))
    assert (asked[0].form["Digits"], asked[0].form["FinishedOnKey"]) == ("4", "#")


async def test_with_no_finishing_key_a_hash_is_a_digit_like_any_other(world: MakeWorld) -> None:
    _, asked = await gathered(world, 'numDigits="1" finishOnKey=""', (1, "#"))
    assert asked[0].form["Digits"] == "#"


async def test_some_digits_and_then_quiet_are_an_entry_too(world: MakeWorld) -> None:
    w, asked = await gathered(world, 'timeout="3"', (1, "4"))
    assert asked[0].form["Digits"] == "4"
    assert w.wire.asked[-1].at == 4


async def test_action_on_empty_result_asks_the_action_without_input(world: MakeWorld) -> None:
    _, asked = await gathered(world, 'actionOnEmptyResult="true"')
    assert asked[0].form["Digits"] == ""


async def test_without_an_action_the_current_address_is_asked(world: MakeWorld) -> None:
    w = world({"/in": lambda heard: "<Hangup/>" if "Digits" in heard.form else '<Gather numDigits="1"/>'})
    leg = w.ring()
    w.later(1, lambda: leg.press("9"))
    await w.until_over(leg)
    assert [heard.form.get("Digits") for heard in w.service.asked("/in")] == [None, "9"]


async def test_a_key_while_only_speech_is_listened_for_changes_nothing_and_words_do(world: MakeWorld) -> None:
    w = world({"/in": f'<Gather input="speech" action="/key">{FIVE_WORDS}</Gather>', "/key": "<Hangup/>"})
    leg = w.ring()
    w.later(1, lambda: leg.press("9"))
    w.later(4, lambda: leg.speak("yes please"))
    await w.until_over(leg)
    assert leg.sounds[0].seconds == 2
    form = w.service.asked("/key")[0].form
    assert (form["SpeechResult"], form["Confidence"]) == ("yes please", "0.9")


async def test_words_go_on_until_a_silence_and_are_sent_together(world: MakeWorld) -> None:
    w = world({"/in": '<Gather input="speech" speechTimeout="2" action="/key"/>', "/key": "<Hangup/>"})
    leg = w.ring()
    w.later(1, lambda: leg.speak("no"))
    w.later(2.5, lambda: leg.speak("wait, yes"))
    await w.until_over(leg)
    assert w.service.asked("/key")[0].form["SpeechResult"] == "no wait, yes"
    assert leg.ended == pytest.approx(4.5)


async def test_a_noise_is_sent_as_no_words_and_no_confidence(world: MakeWorld) -> None:
    w = world(
        {"/in": '<Gather input="dtmf speech" speechTimeout="auto" action="/key"/>', "/key": "<Hangup/>"}
    )
    leg = w.ring()
    w.later(1, lambda: leg.speak(""))
    await w.until_over(leg)
    form = w.service.asked("/key")[0].form
    assert (form["SpeechResult"], form["Confidence"]) == ("", "0.0")


async def test_a_key_outside_gather_is_lost(world: MakeWorld) -> None:
    w = world({"/in": f'{FIVE_WORDS}<Gather action="/key" timeout="1"/>', "/key": "<Hangup/>"})
    leg = w.ring()
    w.later(1, lambda: leg.press("9"))
    await w.until_over(leg)
    assert w.service.paths() == ["/in"]


# --- Redirect, Hangup, Reject ------------------------------------------------------------------------------


async def test_a_redirect_is_relative_to_its_document_and_what_follows_it_never_runs(
    world: MakeWorld,
) -> None:
    w = world({"/a/in": '<Redirect method="GET">next?n=1</Redirect><Say>never</Say>', "/a/next": "<Hangup/>"})
    leg = w.ring("/a/in")
    await w.until_over(leg)
    assert words(leg) == []
    assert [(heard.method, heard.query.get("n")) for heard in w.service.heard] == [
        ("POST", None),
        ("GET", "1"),
    ]


async def test_a_loop_that_takes_no_time_is_found(world: MakeWorld) -> None:
    w = world({"/in": "<Redirect>/in</Redirect>"})
    with pytest.raises(TwilioRefuses, match="a loop"):
        await w.until_over(w.ring())


async def test_hangup_comes_after_the_words_before_it(world: MakeWorld) -> None:
    w = world({"/in": f"{FIVE_WORDS}<Hangup/><Say>never</Say>"})
    leg = w.ring()
    await w.until_over(leg)
    assert (words(leg), leg.ended, leg.sounds[0].cut) == (["one two three four five"], 2, False)


async def test_reject_does_not_answer(world: MakeWorld) -> None:
    w = world({"/in": '<Reject reason="busy"/>'})
    leg = w.ring()
    await w.until_over(leg)
    assert leg.ended == 0


# --- what a document is, and what becomes of a bad one -----------------------------------------------------


@pytest.mark.parametrize("kind", ["text/xml", "application/xml; charset=utf-8", "text/html", "text/plain"])
async def test_these_types_are_twiml(world: MakeWorld, kind: str) -> None:
    w = world({"/in": (200, kind, f"<Response>{FIVE_WORDS}</Response>")})
    leg = w.ring()
    await w.until_over(leg)
    assert words(leg) == ["one two three four five"]


async def test_plain_text_that_is_no_twiml_is_spoken(world: MakeWorld) -> None:
    w = world({"/in": (200, "text/plain", "hello there")})
    leg = w.ring()
    await w.until_over(leg)
    assert words(leg) == ["hello there"]


async def test_audio_is_played(world: MakeWorld) -> None:
    w = world({"/in": (200, "audio/wav", wav(3))})
    leg = w.ring()
    await w.until_over(leg)
    assert leg.ended == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, None, "<Response/>"), 11200),
        ((200, "application/json", "{}"), 12300),
        ((200, "text/xml", ""), 11770),
        ((204, "text/xml", ""), 11770),
    ],
    ids=["no Content-Type", "JSON", "empty body", "204"],
)
async def test_an_answer_that_is_no_document_is_refused_by_number(
    world: MakeWorld, answer: tuple[int, str | None, str], code: int
) -> None:
    w = world({"/in": answer})
    with pytest.raises(TwilioRefuses) as refusal:
        await w.until_over(w.ring())
    assert refusal.value.code == code
    assert "/in" in str(refusal.value)


async def test_the_fallback_is_asked_with_what_went_wrong_and_where(world: MakeWorld) -> None:
    w = world({"/in": (500, "text/plain", "oh"), "/fallback": f"{FIVE_WORDS}<Hangup/>"})
    leg = w.ring("/in?queue=q#rc=1&rp=5xx", fallback_url="/fallback")
    await w.until_over(leg)
    form = w.service.asked("/fallback")[0].form
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{PUBLIC_URL}/in?queue=q")
    assert form["CallSid"] == leg.sid
    assert words(leg) == ["one two three four five"]
    assert len(w.service.asked("/in")) == 2


async def test_without_a_fallback_the_caller_hears_twilios_own_sentence_and_the_call_ends(
    world: MakeWorld,
) -> None:
    w = world({"/in": (500, "text/plain", "oh")})
    leg = w.ring()
    await w.until_over(leg)
    assert words(leg) == [APPLICATION_ERROR]
    assert [warning.code for warning in w.exchange.warnings] == [11200]


async def test_where_not_strict_a_broken_document_leads_to_the_fallback_as_it_really_would(
    world: MakeWorld,
) -> None:
    w = world({"/in": "<Say>a & b</Say>", "/fallback": FIVE_WORDS}, strict=False)
    leg = w.ring(fallback_url="/fallback")
    await w.until_over(leg)
    assert w.service.asked("/fallback")[0].form["ErrorCode"] == "12100"
    assert words(leg) == ["one two three four five"]


async def test_a_fallback_that_fails_too_ends_the_call(world: MakeWorld) -> None:
    w = world({"/in": (500, "text/plain", ""), "/fallback": (500, "text/plain", "")})
    leg = w.ring(fallback_url="/fallback")
    await w.until_over(leg)
    assert words(leg) == [APPLICATION_ERROR]
    assert len(w.service.asked("/fallback")) == 1


# --- what every request says ---------------------------------------------------------------------------


async def test_every_request_carries_the_common_parameters(world: MakeWorld) -> None:
    w = world({"/in": "<Redirect>/on</Redirect>", "/on": "<Hangup/>"})
    leg = w.ring()
    await w.until_over(leg)
    first, second = (heard.form for heard in w.service.heard)
    assert (
        first.items()
        >= {
            "CallSid": leg.sid,
            "AccountSid": w.wire.account_sid,
            "From": "+447700900123",
            "To": "+442079460000",
            "CallStatus": "ringing",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
        }.items()
    )
    assert second["CallStatus"] == "in-progress"
    assert len(leg.sid) == 34
    assert leg.sid.startswith("CA")


async def test_when_the_call_is_over_the_numbers_status_callback_is_told_once(world: MakeWorld) -> None:
    w = world({"/in": FIVE_WORDS * 31, "/over": (204, None, "")})
    leg = w.ring(status_callback="/over#rc=5&rp=all")
    await w.until_over(leg)
    (told,) = w.service.asked("/over")
    assert (
        told.form.items()
        >= {
            "CallStatus": "completed",
            "CallDuration": "62",
            "Duration": "2",
            "Timestamp": "Sat, 21 Nov 2026 09:01:02 +0000",
            "SequenceNumber": "0",
            "CallbackSource": "call-progress-events",
        }.items()
    )


async def test_a_caller_who_hangs_up_cuts_the_words_and_the_call_is_over(world: MakeWorld) -> None:
    w = world({"/in": f"{FIVE_WORDS}<Redirect>/on</Redirect>", "/over": (204, None, "")})
    leg = w.ring(status_callback="/over")
    w.later(1.5, leg.hang_up)
    await w.until_over(leg)
    assert (leg.sounds[0].seconds, leg.ended, leg.ended_by) == (1.5, 1.5, "caller")
    assert w.service.paths() == ["/in", "/over"]
