"""The verb that listens, with Twilio's rules as the tests' names."""

import pytest

from tests.rehearsal.conftest import FIVE_WORDS, Heard, MakeWorld, World


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
