"""What we ask of Twilio, exactly, and what we make of each answer and of none.

The real client over a pretend HTTP side that answers from a script and keeps what it was asked.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from ivr.line.phone import Outcome, Phone

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
AGENT = "CA" + "a" * 32
BASE = "https://ivr.example.com"
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
VOICE = "#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
EVENTS = "#rc=5&rp=all&rt=3000&tt=15000"
FAREWELL = f"{BASE}/voice/farewell?call={CALL}&way=aside{VOICE}"


@dataclass(frozen=True)
class Asked:
    method: str
    url: str
    form: dict[str, object]
    params: dict[str, object] | None
    auth: tuple[str, str] | None


Answer = Response | Exception | None
"""One answer of the script; None never comes."""


class Script(AsyncHttpClient):
    """A pretend HTTP side: one answer after another, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.is_async = True
        self.answers, self.asked = list(answers), list[Asked]()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        self.asked.append(Asked(method, url, data or {}, params, auth))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        assert answer is not None
        return answer


@dataclass
class Line:
    phone: Phone
    script: Script
    slept: list[float] = field(default_factory=list)


@pytest.fixture
async def line() -> AsyncIterator[Callable[..., Line]]:
    """A telephone with a script of answers behind it."""
    opened: list[Line] = []

    def dial(*answers: Answer, **settings: Any) -> Line:
        script, slept = Script(*answers), list[float]()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        given = {"public_url": BASE, "http": script, "sleep": sleep, "jitter": lambda: 1.0, **settings}
        made = Line(Phone(ACCOUNT, "SK1", "secret", **given), script, slept)
        opened.append(made)
        return made

    yield dial
    for each in opened:
        await each.phone.stop()


def ok(**fields: object) -> Response:
    return Response(200, json.dumps({"sid": CALL, "status": "in-progress", "direction": "inbound", **fields}))


def fault(status: int, code: int) -> Response:
    return Response(status, json.dumps({"code": code, "message": "To +18765551234 …", "status": status}))


BUSY = fault(429, 20429)
BROKEN = fault(503, 20503)
OVER = fault(400, 21220)
NOBODY = fault(404, 20404)


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


UNSURE = [BROKEN, fault(500, 20500), TimeoutError(), OSError("connection reset"), Response(200, "<html>")]


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


# ---------------------------------------------------------------- queues
def queues(*names: str) -> Response:
    there = [{"friendly_name": name, "sid": "QU" + "2" * 32} for name in names]
    return Response(200, json.dumps({"queues": there, "next_page_uri": None}))


async def test_only_queues_that_are_not_there_are_made_at_a_stated_size(line: Callable[..., Line]) -> None:
    dialled = line(queues("billing"), ok())
    assert await dialled.phone.create_queues(["billing", "default", "default", ""]) is Outcome.DONE
    listed, made = dialled.script.asked
    assert (listed.method, listed.url, listed.params) == ("GET", f"{API}/Queues.json", {"PageSize": 1000})
    assert (made.method, made.url) == ("POST", f"{API}/Queues.json")
    assert made.form == {"FriendlyName": "default", "MaxSize": 1000}


async def test_a_queue_that_somebody_else_made_meanwhile_is_there(line: Callable[..., Line]) -> None:
    dialled = line(queues(), fault(400, 22003), queues("billing"))
    assert await dialled.phone.create_queues(["billing"]) is Outcome.DONE


async def test_a_queue_that_cannot_be_made_is_told(line: Callable[..., Line]) -> None:
    assert await line(queues(), fault(403, 20003), queues()).phone.create_queues(["a"]) is Outcome.REFUSED
    assert await line(OSError()).phone.create_queues(["a"]) is Outcome.TRY_AGAIN


async def test_a_long_name_is_cut_as_it_is_in_documents(line: Callable[..., Line]) -> None:
    dialled = line(queues(), ok())
    await dialled.phone.create_queues(["q" * 100])
    assert dialled.script.asked[1].form["FriendlyName"] == "q" * 63


# -------------------------------------------------------- beginning, end
async def test_our_own_connections_are_opened_and_closed() -> None:
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE)
    await phone.start()
    await phone.stop()
    await phone.stop()


async def test_the_real_http_side_reaches_a_stand_in() -> None:
    asked = list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(field.split(b":")[1])
            for field in head.split(b"\r\n")
            if field.lower().startswith(b"content-length")
        )
        asked.append(head + await reader.readexactly(length))
        body = json.dumps({"sid": CALL}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE, api_url=f"http://127.0.0.1:{port}")
    await phone.start()
    try:
        assert await phone.to_farewell(CALL) is Outcome.DONE
    finally:
        await phone.stop()
        server.close()
        await server.wait_closed()
    (request,) = asked
    assert request.startswith(f"POST /2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json HTTP/1.1\r\n".encode())
    assert b"Authorization: Basic " + b64encode(b"SK1:secret") in request
    assert b"Url=https%3A%2F%2Fivr.example.com%2Fvoice%2Ffarewell" in request
    assert b"&Method=POST&" in request
