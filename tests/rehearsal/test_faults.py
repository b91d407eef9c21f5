"""What goes wrong on the way: each fault as a scene writes it, and what it does."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from ivr.rehearsal.faults import EVERY, Fault, Faults
from ivr.rehearsal.wire import PUBLIC_URL, Unanswered, honest
from tests.rehearsal.conftest import ACCOUNT, TOKEN, Answer, MakeWorld, World, words

PATIENT = "#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
DOCUMENTS: dict[str, Answer] = {
    "/voice/in": f"<Say>one two three four five</Say><Redirect>/voice/next{PATIENT.replace('&', '&amp;')}</Redirect>",
    "/voice/next": "<Say>and on</Say>",
    "/voice/fallback": "<Say>instead</Say>",
    "/events/call": (204, None, ""),
    "/events/more": (204, None, ""),
    "/voice/far": "<Say>far away</Say>",
}


def disturbed(make: MakeWorld, *lines: tuple[str, str]) -> tuple[World, Faults]:
    """A world with these faults."""
    w = make(DOCUMENTS)
    way = Faults([Fault.read(kind, text) for kind, text in lines], w.clock, honest)
    w.wire.carrier, w.wire.held, w.rest.upset = way.carry, way.held, way.rest
    return w, way


async def asked(w: World, path: str, overrides: str = PATIENT) -> float:
    """Seconds until an address has answered."""
    await w.play(w.wire.ask(PUBLIC_URL + path + overrides))
    return w.clock.monotonic()


# --- as they are written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("lost", "the 7th request", Fault("lost", "", 7, 7)),
        ("answer lost", "/voice/bridging", Fault("answer lost", "/voice/bridging")),
        ("doubled", "every request", Fault("doubled", "", 1, EVERY)),
        ("lost", "the first 3 requests", Fault("lost", "", 1, 3)),
        ("answered 500", "every /events/call", Fault("answered 500", "/events/call", 1, EVERY)),
        ("late", "/events/call by 40s", Fault("late", "/events/call", 1, 1, 40)),
        ("late", "the 2nd events by 2.5s", Fault("late", "events", 2, 2, 2.5)),
        ("shuffled", "events", Fault("shuffled", "events", 1, EVERY, 20)),
        ("timed out", "the 11th /voice/farewell/next_steps", Fault("timed out", "/voice/farewell/next_steps", 11, 11)),
        ("REST 429", "2", Fault("REST 429", "", 1, 2)),
        ("REST times out", "the 2nd", Fault("REST times out", "", 2, 2)),
        ("REST answer lost", "every", Fault("REST answer lost", "", 1, EVERY)),
        ("REST lags", "2.5s", Fault("REST lags", seconds=2.5)),
    ],
)  # fmt: skip
def test_a_fault_is_read_and_written_back(kind: str, text: str, fault: Fault) -> None:
    assert Fault.read(kind, text) == fault
    again, _, which = str(fault).partition(": ")
    assert Fault.read(again, which) == fault


@pytest.mark.parametrize(
    ("kind", "text"),
    [("gone", "the 1st request"), ("lost", "request number one"), ("late", "/events/call"), ("lost", "/api/calls"),
     ("doubled", "/events/call by 3s"), ("REST 429", "the lot"), ("REST lags", "behind")],
)  # fmt: skip
def test_what_is_no_fault_is_said_so(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"“{kind}"):
        Fault.read(kind, text)


# --- Twilio's requests --------------------------------------------------------------------------------


async def test_a_lost_request_costs_twilio_its_connect_time_and_is_tried_again(world: MakeWorld) -> None:
    w, way = disturbed(world, ("lost", "/voice/next"))
    assert await asked(w, "/voice/next") == 2
    assert w.service.paths() == ["/voice/next"]
    (one,) = way.carried.values()
    assert (one.tries, one.delivered, one.answered) == (2, 1, 1)


async def test_a_request_lost_each_time_was_never_delivered(world: MakeWorld) -> None:
    w, way = disturbed(world, ("lost", "every /voice/next"))
    with pytest.raises(Unanswered):
        await asked(w, "/voice/next")
    assert w.service.heard == []
    assert [one.path for one in way.never_delivered()] == ["/voice/next"]


@pytest.mark.parametrize(("kind", "seconds"), [("answer lost", 0), ("timed out", 4)])
async def test_an_answer_that_does_not_come_is_asked_for_again(
    world: MakeWorld, kind: str, seconds: float
) -> None:
    w, way = disturbed(world, (kind, "/voice/next"))
    assert await asked(w, "/voice/next") == seconds
    first, second = w.service.heard
    assert first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]
    assert not way.never_delivered()


async def test_a_proxy_that_answers_500_passes_nothing_on(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("answered 500", "the 1st request"))
    assert await asked(w, "/voice/next") == 0
    assert len(w.service.heard) == 1


async def test_a_doubled_request_comes_twice_with_one_token(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("doubled", "every request"))
    await asked(w, "/voice/next")
    first, second = w.service.heard
    assert first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]


async def test_a_late_document_is_waited_for_in_silence(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("late", "/voice/next by 3s"))
    leg = w.ring("/voice/in")
    await w.until_over(leg)
    first, second = leg.sounds
    assert second.at == first.at + first.seconds + 3


async def test_callbacks_come_late_and_in_another_order(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("late", "/events/call by 40s"))
    w.exchange.notify(f"{PUBLIC_URL}/events/call", "POST", {"n": "1"})
    w.exchange.notify(f"{PUBLIC_URL}/events/more", "POST", {"n": "2"})
    await w.play(w.clock.sleep(39))
    assert w.service.paths() == ["/events/more"]
    assert not w.exchange.quiet
    await w.play(w.clock.sleep(2))
    assert w.service.paths() == ["/events/more", "/events/call"]
    assert w.exchange.quiet


async def test_shuffled_callbacks_come_after_the_one_behind_them(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("shuffled", "events"))
    for number in range(4):
        w.exchange.notify(f"{PUBLIC_URL}/events/call", "POST", {"n": str(number)})
    await w.play(w.clock.sleep(30))
    assert [heard.form["n"] for heard in w.service.heard] == ["1", "3", "0", "2"]


async def test_nothing_waits_for_a_callback_that_is_late(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("late", "/events/call by 40s"))
    leg = w.ring("/voice/next", status_callback="/events/call")
    await w.until_over(leg)
    assert w.clock.monotonic() < 10
    await w.play(w.clock.sleep(45))
    assert w.service.asked("/events/call")[0].form["CallStatus"] == "completed"


async def test_what_programs_ask_is_never_disturbed(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("lost", "every request"))
    answer = await w.play(w.wire.plain("POST", "/events/call"))
    assert answer.status_code == 204


# --- what a service asks --------------------------------------------------------------------------------


async def redirected(w: World) -> Any:
    """What a client is told that leads a live call to another document."""
    leg = w.ring("/voice/in")
    client = Client(ACCOUNT, TOKEN, http_client=w.rest)

    async def ask() -> Any:
        await w.clock.sleep(1)
        try:
            return await client.calls(leg.sid).update_async(url=f"{PUBLIC_URL}/voice/far", method="POST")
        except (TwilioRestException, TimeoutError) as error:
            return error

    told = await w.play(ask())
    await w.until_over(leg)
    return told, "far away" in words(leg)


@pytest.mark.parametrize("status", [429, 500])
async def test_a_refused_rest_request_is_not_done(world: MakeWorld, status: int) -> None:
    w, way = disturbed(world, (f"REST {status}", "1"))
    told, done = await redirected(w)
    assert (told.status, done, way.refused) == (status, False, 1)


async def test_a_rest_request_that_times_out_is_not_done(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("REST times out", "1"))
    told, done = await redirected(w)
    assert (type(told), done) == (TimeoutError, False)


async def test_a_rest_answer_may_be_lost_of_what_was_done(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("REST answer lost", "1"))
    told, done = await redirected(w)
    assert (type(told), done) == (TimeoutError, True)


async def test_the_second_rest_request_goes_through(world: MakeWorld) -> None:
    w, _ = disturbed(world, ("REST 500", "the 2nd"))
    told, done = await redirected(w)
    assert (told.status, done) == ("in-progress", True)
