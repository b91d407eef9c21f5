"""What holds for every question: bounded, patient, never an exception, nothing given away, nobody held up."""

import asyncio
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from twilio.http.response import Response

from ivr import watch
from ivr.line.phone import Found, Outcome, Phone
from tests.line.phone.questions import QUESTIONS, SILENCE, outcome, public
from tests.line.phone.script import ACCOUNT, BASE, BROKEN, BUSY, CALL, NOBODY, Answer, Line, Script, fault, ok

Dial = Callable[..., Line]

every_question = pytest.mark.parametrize("name", sorted(QUESTIONS))


def test_every_question_is_known_here() -> None:
    assert public() == set(QUESTIONS)


# ------------------------------------------------------- bounded, patient
@every_question
async def test_an_answer_that_never_comes_is_given_up(line: Dial, name: str) -> None:
    dialled = line(None, seconds=0.005)
    assert outcome(await QUESTIONS[name](dialled.phone)) in SILENCE
    assert 1 <= len(dialled.script.asked) <= 3


@every_question
async def test_whoever_answers_twilio_meanwhile_may_bound_the_whole(line: Dial, name: str) -> None:
    dialled = line(None)
    assert outcome(await QUESTIONS[name](dialled.phone, within=0.005)) in SILENCE
    assert len(dialled.script.asked) == 1


@every_question
async def test_a_bound_holds_through_the_pauses_too(name: str) -> None:
    script = Script(BUSY)
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE, http=script, jitter=lambda: 1.0)
    async with asyncio.timeout(2):
        assert outcome(await QUESTIONS[name](phone, within=0.05)) in SILENCE
    assert len(script.asked) == 1


@every_question
async def test_a_twilio_that_stays_busy_is_left_in_peace(line: Dial, name: str) -> None:
    dialled = line(BUSY)
    assert outcome(await QUESTIONS[name](dialled.phone)) in SILENCE
    assert len(dialled.script.asked) == 4
    assert dialled.slept == [0.25, 0.5, 1.0]


async def test_a_storm_of_questions_at_a_busy_twilio_stays_within_four_tries_each(line: Dial) -> None:
    dialled = line(*[BUSY] * 150, ok(), sleep=lambda _: asyncio.sleep(0))
    asked = [dialled.phone.to_farewell(CALL) for _ in range(100)]
    outcomes = await asyncio.gather(*asked)
    assert set(outcomes) == {Outcome.DONE}
    assert len(dialled.script.asked) == 250


@every_question
async def test_what_is_not_there_is_an_outcome_and_not_asked_again(line: Dial, name: str) -> None:
    dialled = line(NOBODY)
    assert outcome(await QUESTIONS[name](dialled.phone)) in {Outcome.TOO_LATE, None}
    assert len(dialled.script.asked) == 1
    assert dialled.slept == []


# ------------------------------------------------------ never an exception
GARBAGE: list[Answer] = [
    Response(200, ""),
    Response(200, "<html>"),
    Response(200, "null"),
    Response(200, "[]"),
    Response(200, '"text"'),
    Response(200, "{}"),
    Response(200, '{"sid": 7, "status": [], "direction": {}, "hold": "no", "end_conference_on_exit": "no"}'),
    Response(200, '{"conferences": 7, "next_page_uri": null}'),
    Response(200, '{"queues": [null], "next_page_uri": 7}'),
    Response(200, '{"participants": [{"call_sid": null, "date_created": 7}]}'),
    Response(200, '{"incoming_phone_numbers": [{"capabilities": 7, "sid": []}]}'),
    Response(200, '{"meta": {"key": "none"}}'),
    Response(200, '{"meta": 7}'),
    Response(200, "[" * 100_000),
    Response(204, ""),
    Response(302, ""),
    Response(400, "null"),
    Response(400, '{"code": [21220], "message": {}}'),
    Response(400, '{"type": 1, "title": 2, "status": "429", "code": {}}'),
    Response(429, '{"type": 1, "title": 2, "status": null, "code": "20429"}'),
    Response(500, "\x00"),
    Response(600, ""),
    ValueError("+18765551234"),
    RuntimeError("Session is closed"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "+18765551234"),
]


@every_question
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage)[:12])
async def test_nothing_twilio_answers_raises(line: Dial, name: str, garbage: Answer) -> None:
    answer = outcome(await QUESTIONS[name](line(garbage).phone))
    assert answer is None or isinstance(answer, Outcome | str)


@every_question
@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
async def test_a_refusal_is_told_by_its_code_and_not_asked_again(line: Dial, name: str, status: int) -> None:
    dialled = line(fault(status, 20001))
    with capture_logs() as logged:
        answer = outcome(await QUESTIONS[name](dialled.phone))
    assert answer in {Outcome.REFUSED, ""}
    assert {(entry["outcome"], entry["code"]) for entry in logged} == {("refused", 20001)}
    assert dialled.slept == []


# --------------------------------------------------- nothing given away
@every_question
async def test_no_number_no_address_and_no_message_is_logged(
    line: Dial, capfd: Any, caplog: Any, name: str
) -> None:
    caplog.set_level(0)
    answers = (BUSY, BROKEN, fault(400, 21211), OSError("to +18765551234"), ok(**{"from": "+18765551234"}))
    with capture_logs() as logged:
        for answer in answers:
            await QUESTIONS[name](line(answer).phone)
    told = json.dumps(logged) + caplog.text + "".join(capfd.readouterr())
    assert "try_again" in told
    assert not [each for each in ("+1876", "secret", "ivr.example", "twilio.com", CALL) if each in told]
    assert {field for entry in logged for field in entry} <= watch.LOGGED | {"log_level"}


@every_question
async def test_every_question_is_counted_by_how_it_went(line: Dial, name: str) -> None:
    def counted() -> float:
        samples = (sample for metric in watch.ASKED.collect() for sample in metric.samples)
        return sum(sample.value for sample in samples if sample.name.endswith("_total"))

    before = counted()
    await QUESTIONS[name](line(BROKEN).phone)
    assert counted() == before + 1


# ------------------------------------------------------- nobody held up
async def test_a_question_without_an_answer_keeps_no_other_waiting(line: Dial) -> None:
    dialled = line(None, ok())
    silent = asyncio.create_task(dialled.phone.redirect(CALL, f"{BASE}/voice/farewell"))
    await asyncio.sleep(0)
    assert await dialled.phone.fetch(CALL) == "in-progress"
    assert not silent.done()
    silent.cancel()


def test_a_question_loads_nothing_from_disk_once_the_telephone_has_started() -> None:
    # A module of twilio's that is first imported for a caller holds up every other caller meanwhile.
    program = """
import asyncio, sys
from ivr.line.phone import Phone
from tests.line.phone.questions import QUESTIONS
from tests.line.phone.script import ACCOUNT, BASE, Script, ok

async def whole():
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE, http=Script(ok()))
    await phone.start()
    before = set(sys.modules)
    for ask in QUESTIONS.values():
        await ask(phone)
    print(sorted(set(sys.modules) - before))

asyncio.run(whole())
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ran.stdout.splitlines()[-1:], ran.returncode) == (["[]"], 0), ran.stderr


# --------------------------------------------------------- the real side
async def test_our_own_connections_are_opened_and_closed() -> None:
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE)
    await phone.start()
    await phone.stop()
    await phone.stop()


async def test_a_stand_in_that_takes_the_call_and_says_nothing_is_given_up() -> None:
    served = list[asyncio.Task[None]]()

    async def until_hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(until_hung_up(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE, api_url=f"http://127.0.0.1:{port}", seconds=0.05)
    try:
        assert await phone.find_room("billing") == Found(Outcome.TRY_AGAIN)
        assert await phone.to_farewell(CALL) is Outcome.TRY_AGAIN
    finally:
        await phone.stop()
        await asyncio.gather(*served)
        server.close()
        await server.wait_closed()
    assert len(served) == 4


async def test_where_nobody_listens_it_is_tried_again_later() -> None:
    phone = Phone(ACCOUNT, "SK1", "secret", public_url=BASE, api_url="http://127.0.0.1:1")
    try:
        assert await phone.announce("CF1", BASE) is Outcome.TRY_AGAIN
    finally:
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
