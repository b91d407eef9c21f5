"""Numbers: where each one's calls go, and pointing one at us."""

from collections.abc import Callable

import pytest
from twilio.http.response import Response

from ivr.line.phone import Found, Number, Outcome
from tests.line.phone.script import API, BROKEN, NOBODY, UNSURE, Answer, Line, fault, said

SID = "PN" + "8" * 32
ADDRESSES = {
    "voice_url": "https://ivr.example.com/voice/incoming",
    "fallback_url": "https://ivr.example.com/voice/fallback",
    "status_callback": "https://ivr.example.com/events/call",
}

Dial = Callable[..., Line]


def number(**fields: object) -> dict[str, object]:
    usual = {
        "sid": SID,
        "phone_number": "+442079460000",
        "friendly_name": "the help line",
        "voice_url": "https://elsewhere.example/in",
        "voice_method": "POST",
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "status_callback": None,
        "status_callback_method": "POST",
        "voice_application_sid": "",
        "trunk_sid": None,
        "capabilities": {"voice": True, "SMS": True},
    }
    return {**usual, **fields}


def numbers(*there: dict[str, object]) -> Response:
    return said(incoming_phone_numbers=list(there), next_page_uri=None)


OURS = number(
    voice_url=ADDRESSES["voice_url"],
    voice_fallback_url=ADDRESSES["fallback_url"],
    status_callback=ADDRESSES["status_callback"],
)


async def test_every_number_is_told_with_where_its_calls_go(line: Dial) -> None:
    dialled = line(numbers(number()))
    there = Number(
        SID,
        "+442079460000",
        "the help line",
        voice_url="https://elsewhere.example/in",
        fallback_url="",
        status_callback="",
        voice_method="POST",
        fallback_method="POST",
        status_method="POST",
    )
    assert there.posted
    assert await dialled.phone.numbers() == Found(Outcome.DONE, (there,))
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("GET", f"{API}/IncomingPhoneNumbers.json")
    assert asked.params == {"PageSize": 1000}


@pytest.mark.parametrize("method", ["voice_method", "voice_fallback_method", "status_callback_method"])
async def test_an_address_that_is_asked_by_get_is_told(line: Dial, method: str) -> None:
    found = await line(numbers(number(**{method: "GET"}))).phone.numbers()
    assert [one.posted for one in found.value or ()] == [False]


async def test_an_application_or_a_trunk_that_answers_instead_is_told(line: Dial) -> None:
    listed = numbers(number(voice_application_sid="AP1"), number(trunk_sid="TK1"), number())
    found = await line(listed).phone.numbers()
    assert [one.elsewhere for one in found.value or ()] == ["AP1", "TK1", None]


async def test_a_number_that_cannot_be_rung_is_left_out(line: Dial) -> None:
    listed = numbers(number(capabilities={"voice": False, "SMS": True}), number(capabilities=None))
    found = await line(listed).phone.numbers()
    assert len(found.value or ()) == 1


async def test_numbers_that_cannot_be_listed_are_not_taken_for_none(line: Dial) -> None:
    assert await line(fault(401, 20003)).phone.numbers() == Found(Outcome.REFUSED)
    assert await line(BROKEN).phone.numbers() == Found(Outcome.TRY_AGAIN)
    assert await line(numbers()).phone.numbers() == Found(Outcome.DONE, ())


async def test_a_number_is_pointed_at_us_and_every_method_is_said_aloud(line: Dial) -> None:
    dialled = line(said(**OURS))
    assert await dialled.phone.point_number(SID, **ADDRESSES) is Outcome.DONE
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("POST", f"{API}/IncomingPhoneNumbers/{SID}.json")
    assert asked.form == {
        "VoiceUrl": ADDRESSES["voice_url"],
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": ADDRESSES["fallback_url"],
        "VoiceFallbackMethod": "POST",
        "StatusCallback": ADDRESSES["status_callback"],
        "StatusCallbackMethod": "POST",
    }


@pytest.mark.parametrize("lost", UNSURE)
async def test_a_lost_answer_about_a_number_is_settled_by_looking(line: Dial, lost: Answer) -> None:
    dialled = line(lost, numbers(number(sid="PN0"), OURS))
    assert await dialled.phone.point_number(SID, **ADDRESSES) is Outcome.DONE
    assert dialled.methods == ["POST", "GET"]
    for not_yet in (number(), {**OURS, "voice_method": "GET"}):
        dialled = line(lost, numbers(not_yet), said(**OURS))
        assert await dialled.phone.point_number(SID, **ADDRESSES) is Outcome.DONE
        assert dialled.methods == ["POST", "GET", "POST"]


async def test_a_number_that_is_not_ours_is_too_late(line: Dial) -> None:
    assert await line(NOBODY).phone.point_number(SID, **ADDRESSES) is Outcome.TOO_LATE
    assert await line(BROKEN, numbers()).phone.point_number(SID, **ADDRESSES) is Outcome.TOO_LATE
    assert await line(BROKEN).phone.point_number(SID, **ADDRESSES) is Outcome.TRY_AGAIN
