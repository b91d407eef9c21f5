"""Live calls: what is asked, exactly, and what is made of each answer and of none."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs
from twilio.http.response import Response

from ivr.line.phone import Found, Outcome
from ivr.line.phone.calls import End
from tests.line.phone.script import (
    ACCOUNT,
    AGENT,
    API,
    BASE,
    BROKEN,
    BUSY,
    CALL,
    EVENTS,
    NOBODY,
    OVER,
    UNSURE,
    VOICE,
    Answer,
    Asked,
    Line,
    fault,
    ok,
)

FAREWELL = f"{BASE}/voice/farewell?call={CALL}&way=aside{VOICE}"


# ----------------------------------------------------- the exact request
async def test_a_farewell_is_one_update_that_carries_every_address(line: Callable[..., Line]) -> None:
    dialled = line(ok())
    assert await dialled.phone.to_farewell(CALL) is Outcome.DONE
    assert dialled.script.asked == [
        Asked(
            "POST",
            f"{API}/Calls/{CALL}.json",
            {
                "Url": FAREWELL,
                "Method": "POST",
                "FallbackUrl": f"{BASE}/voice/fallback{VOICE}",
                "StatusCallback": f"{BASE}/events/call{EVENTS}",
            },
            None,
            ("SK1", "secret"),
        )
    ]


async def test_a_fallback_elsewhere_is_used_as_it_stands(line: Callable[..., Line]) -> None:
    dialled = line(ok(), fallback_url="https://elsewhere.example/fallback.xml")
    await dialled.phone.redirect(CALL, "https://ivr.example.com/voice/farewell")
    assert dialled.script.asked[0].form["FallbackUrl"] == "https://elsewhere.example/fallback.xml"
    assert dialled.script.asked[0].form["Url"] == "https://ivr.example.com/voice/farewell"


async def test_an_agent_is_released_by_looking_at_what_became_of_the_caller(
    line: Callable[..., Line],
) -> None:
    dialled = line(ok())
    assert await dialled.phone.release(AGENT, CALL) is Outcome.DONE
    assert dialled.script.asked[0].url == f"{API}/Calls/{AGENT}.json"
    assert dialled.script.asked[0].form["Url"] == f"{BASE}/voice/agent/next?call={CALL}{VOICE}"


@pytest.mark.parametrize(
    ("api_url", "expected"),
    [
        ("http://localhost:4010", f"http://localhost:4010/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json"),
        (
            "https://mock.example/twilio/",
            f"https://mock.example/twilio/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json",
        ),
    ],
)
async def test_requests_go_elsewhere_when_told_to(
    line: Callable[..., Line], api_url: str, expected: str
) -> None:
    dialled = line(ok(), api_url=api_url)
    assert await dialled.phone.to_farewell(CALL) is Outcome.DONE
    assert dialled.script.asked[0].url == expected


# ------------------------------------------------------ what is made of it
async def test_what_twilio_was_too_busy_for_is_asked_again_after_a_pause(line: Callable[..., Line]) -> None:
    dialled = line(BUSY, BUSY, ok())
    assert await dialled.phone.to_farewell(CALL) is Outcome.DONE
    assert [asked.method for asked in dialled.script.asked] == ["POST"] * 3
    assert dialled.slept == [0.25, 0.5]


async def test_the_pauses_are_jittered(line: Callable[..., Line]) -> None:
    dialled = line(BUSY, ok(), jitter=lambda: 0.0)
    await dialled.phone.to_farewell(CALL)
    assert dialled.slept == [0.125]


async def test_a_twilio_that_stays_busy_is_left_in_peace(line: Callable[..., Line]) -> None:
    dialled = line(BUSY)
    assert await dialled.phone.to_farewell(CALL) is Outcome.TRY_AGAIN
    assert len(dialled.script.asked) == 4
    assert dialled.slept == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("answer", [OVER, NOBODY, Response(404, "gone")])
async def test_too_late_is_a_normal_outcome_and_not_asked_again(
    line: Callable[..., Line], answer: Response
) -> None:
    dialled = line(answer)
    assert await dialled.phone.to_farewell(CALL) is Outcome.TOO_LATE
    assert len(dialled.script.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refusal_is_told_by_its_code_and_not_asked_again(
    line: Callable[..., Line], status: int
) -> None:
    dialled = line(fault(status, 21205))
    with capture_logs() as logged:
        assert await dialled.phone.to_farewell(CALL) is Outcome.REFUSED
    assert len(dialled.script.asked) == 1
    assert [(entry["outcome"], entry["code"]) for entry in logged] == [("refused", 21205)]


@pytest.mark.parametrize("answer", UNSURE)
async def test_what_may_have_been_done_is_asked_again_once_after_looking(
    line: Callable[..., Line], answer: Answer
) -> None:
    dialled = line(answer, ok(), ok())
    assert await dialled.phone.to_farewell(CALL) is Outcome.DONE
    first, look, again = dialled.script.asked
    assert (first.method, look.method) == ("POST", "GET")
    assert look.url == f"{API}/Calls/{CALL}.json"
    assert again == first
    assert again.form["Url"] == FAREWELL


@pytest.mark.parametrize("answer", UNSURE)
async def test_it_is_asked_again_no_more_than_once(line: Callable[..., Line], answer: Answer) -> None:
    dialled = line(answer, ok(), answer)
    assert await dialled.phone.to_farewell(CALL) is Outcome.TRY_AGAIN
    assert [asked.method for asked in dialled.script.asked] == ["POST", "GET", "POST"]


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
async def test_a_call_found_to_be_over_is_not_asked_again(line: Callable[..., Line], status: str) -> None:
    dialled = line(BROKEN, ok(status=status))
    assert await dialled.phone.to_farewell(CALL) is Outcome.TOO_LATE
    assert len(dialled.script.asked) == 2


async def test_a_call_found_not_to_exist_is_too_late(line: Callable[..., Line]) -> None:
    assert await line(BROKEN, NOBODY).phone.to_farewell(CALL) is Outcome.TOO_LATE


async def test_a_twilio_that_is_away_is_not_pressed(line: Callable[..., Line]) -> None:
    dialled = line(OSError())
    assert await dialled.phone.to_farewell(CALL) is Outcome.TRY_AGAIN
    assert [asked.method for asked in dialled.script.asked] == ["POST", "GET"]


async def test_an_answer_that_never_comes_is_given_up(line: Callable[..., Line]) -> None:
    dialled = line(None, seconds=0.01)
    assert await dialled.phone.to_farewell(CALL) is Outcome.TRY_AGAIN
    assert len(dialled.script.asked) == 2


async def test_whoever_answers_twilio_meanwhile_may_bound_the_whole(line: Callable[..., Line]) -> None:
    dialled = line(None)
    assert await dialled.phone.redirect(CALL, FAREWELL, within=0.01) is Outcome.TRY_AGAIN
    assert len(dialled.script.asked) == 1


async def test_no_number_and_no_message_is_logged(line: Callable[..., Line], capfd: Any, caplog: Any) -> None:
    caplog.set_level(0)
    answers = (OVER, BUSY, BROKEN, fault(400, 21211), OSError("to +18765551234"))
    with capture_logs() as logged:
        for answer in answers:
            await line(answer).phone.to_farewell(CALL)
    told = json.dumps(logged) + caplog.text + "".join(capfd.readouterr())
    assert "outcome" in told
    assert "+1876" not in told
    assert "secret" not in told


async def test_a_refusal_in_the_newer_form_is_read_too(line: Callable[..., Line]) -> None:
    newer = {"type": "about:blank", "title": "Too many", "status": 429, "code": 20429}
    dialled = line(Response(429, json.dumps(newer)), ok())
    assert await dialled.phone.to_farewell(CALL) is Outcome.DONE


# --------------------------------------------------------------- looking
async def test_a_look_gives_the_status(line: Callable[..., Line]) -> None:
    dialled = line(ok(status="ringing"))
    assert await dialled.phone.fetch(CALL) == "ringing"
    assert [(asked.method, asked.url) for asked in dialled.script.asked] == [
        ("GET", f"{API}/Calls/{CALL}.json")
    ]


async def test_no_such_call_is_none_and_a_silent_twilio_is_blank(line: Callable[..., Line]) -> None:
    assert await line(NOBODY).phone.fetch(CALL) is None
    assert await line(OSError()).phone.fetch(CALL) == ""
    assert await line(fault(401, 20003)).phone.fetch(CALL) == ""


async def test_the_direction_is_that_of_a_call_that_is_not_over(line: Callable[..., Line]) -> None:
    assert await line(ok(direction="outbound-api")).phone.direction(CALL) == "outbound-api"
    assert await line(ok(status="completed")).phone.direction(CALL) is None
    assert await line(NOBODY).phone.direction(CALL) is None
    assert await line(OSError()).phone.direction(CALL) == ""


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (ok(), Found(Outcome.DONE, End(False))),
        (ok(status="ringing"), Found(Outcome.DONE, End(False))),
        (
            ok(status="completed", end_time="Sat, 21 Nov 2026 09:05:00 +0000"),
            Found(Outcome.DONE, End(True, datetime(2026, 11, 21, 9, 5, tzinfo=UTC))),
        ),
        (ok(status="no-answer"), Found(Outcome.DONE, End(True))),
        (ok(status="completed", end_time="some day"), Found(Outcome.DONE, End(True))),
        (NOBODY, Found(Outcome.TOO_LATE)),
        (BROKEN, Found(Outcome.TRY_AGAIN)),
        (BUSY, Found(Outcome.TRY_AGAIN)),
        (OSError(), Found(Outcome.TRY_AGAIN)),
        (ok(status=None), Found(Outcome.TRY_AGAIN)),
        (Response(200, "<html>"), Found(Outcome.TRY_AGAIN)),
    ],
)
async def test_whether_a_call_is_over_and_since_when(
    line: Callable[..., Line], answer: Answer, end: Found[End]
) -> None:
    assert await line(answer).phone.end_of(CALL) == end
