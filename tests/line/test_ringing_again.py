"""A caller who rings again: let in front where that was promised, and told nothing twice."""

import asyncio
from datetime import timedelta
from xml.etree import ElementTree

from sqlalchemy import select

from ivr.farewell.moments import Farewell, Promise
from ivr.store.database import StoreUnavailable
from ivr.store.tables import promises
from tests.line.conftest import AGENT_LEG, CALL, Twilio, words

WORKFLOW = "WW" + "5" * 32
NUMBER = "+447700900123"


def leg(number: int) -> str:
    return "CA" + f"{number:032x}"


async def promised(twilio: Twilio, queue: str = "billing") -> None:
    """An earlier call of this number was promised a place at the front of the queue."""
    now = twilio.clock.now()
    promise = Promise("front_of_queue", now + timedelta(days=7))
    farewell = Farewell("CA-before", 1, "en-GB", 1, "after", "plain", (), (promise,))
    key = twilio.service.counter.caller_keys(NUMBER)[0]
    await twilio.service.ledger.keep_farewell(farewell, caller=key, at=now, queue=queue)


def task(document: ElementTree.Element) -> ElementTree.Element:
    found = document.find("Enqueue/Task")
    assert found is not None
    return found


async def whole_call(
    twilio: Twilio, call: str, *, queue: str, resolved: bool = True, says_who: bool = True
) -> str:
    """A call from its ring to its goodbye; everything that was said at its end.

    Where it does not say who rings, the requests for the farewell come without a number.
    """
    await twilio.document(f"/voice/incoming?queue={queue}&locale=en-GB", CallSid=call)
    twilio.clock.forward(20)
    await twilio.document(
        f"/voice/bridging?queue={queue}", CallSid=call, QueueTime="20", DequeingCallSid=AGENT_LEG
    )
    twilio.clock.forward(60)
    noted = {"resolved": resolved, "same_person": True}
    await twilio.api("POST", f"/api/calls/{call}/wrapup", noted)
    number = NUMBER if says_who else ""
    here = await twilio.document(f"/voice/farewell?call={call}&way=after", CallSid=call, From=number)
    said = [words(here)]
    while (onward := here.find("Redirect")) is not None:
        twilio.clock.forward(10)
        here = await twilio.document(onward.text or "", CallSid=call, From=number)
        said.append(words(here))
    await twilio.post("/events/call", CallSid=call, CallStatus="completed", SequenceNumber="9")
    twilio.clock.forward(60)
    return " ".join(said)


async def test_a_promised_place_lets_the_next_call_in_front_and_is_kept(twilio: Twilio) -> None:
    await promised(twilio)
    for _ in range(2):  # asked twice: the same answer
        document = await twilio.document(f"/voice/incoming?queue=billing&workflow={WORKFLOW}")
        assert task(document).get("priority") == "100"
    again = await twilio.document(
        f"/voice/queue-left?stay=1&queue=billing&workflow={WORKFLOW}",
        QueueResult="bridging-in-process",
        QueueTime="5",
    )
    assert task(again).get("priority") == "100"
    later = await twilio.document(f"/voice/incoming?queue=billing&workflow={WORKFLOW}", CallSid=leg(2))
    assert task(later).get("priority") is None
    states = await twilio.service.database.look(
        lambda connection: list(connection.execute(select(promises.c.state)).scalars())
    )
    assert states == ["kept"]


async def test_the_place_is_that_numbers_and_that_queues(twilio: Twilio) -> None:
    await promised(twilio)
    for call, query, number in (
        (leg(2), f"queue=billing&workflow={WORKFLOW}", "+447700900199"),
        (leg(3), f"queue=likely&workflow={WORKFLOW}", NUMBER),
        (leg(4), f"queue=billing&workflow={WORKFLOW}", "anonymous"),
    ):
        document = await twilio.document(f"/voice/incoming?{query}", CallSid=call, From=number)
        assert task(document).get("priority") is None
    document = await twilio.document(f"/voice/incoming?queue=billing&workflow={WORKFLOW}", CallSid=leg(6))
    assert task(document).get("priority") == "100"


async def test_nobody_waits_for_a_place_that_cannot_be_looked_up(twilio: Twilio) -> None:
    await promised(twilio)

    class Away:
        async def take(self, *_: object) -> bool:
            raise StoreUnavailable("away")

    class Slow:
        async def take(self, *_: object) -> bool:
            await asyncio.Event().wait()
            return True

    usual = twilio.service.counter._places
    for places in (Away(), Slow()):
        twilio.service.counter._places = places  # type: ignore[assignment]
        document = await twilio.document(f"/voice/incoming?queue=billing&workflow={WORKFLOW}")
        assert task(document).get("priority") is None
    twilio.service.counter._places = usual
    document = await twilio.document(f"/voice/incoming?queue=billing&workflow={WORKFLOW}", CallSid=CALL)
    assert task(document).get("priority") == "100"


async def test_the_third_call_of_a_day_is_known_as_such(twilio: Twilio) -> None:
    said = [await whole_call(twilio, leg(number), queue="situations") for number in (1, 2, 3)]
    assert "three times today" in said[2]
    assert "times today" not in said[0] + said[1]
    story = (await twilio.api("GET", f"/api/calls/{leg(3)}")).json()["story"]
    assert story["calls_today"] == 3


async def test_a_caller_is_told_of_one_event_on_one_call(twilio: Twilio) -> None:
    said = [await whole_call(twilio, leg(number), queue="open_day") for number in (1, 2, 3)]
    assert ["open day" in words for words in said] == [True, False, False]


async def test_who_rings_is_remembered_though_the_request_for_the_farewell_does_not_say_it(
    twilio: Twilio,
) -> None:
    said = [await whole_call(twilio, leg(number), queue="open_day", says_who=False) for number in (1, 2)]
    assert ["open day" in words for words in said] == [True, False]
    key = twilio.service.counter.caller_keys(NUMBER)[0]
    assert (await twilio.service.ledger.read(leg(3), caller=[key])).turn == 3


async def test_an_event_that_was_kept_back_is_told_on_the_next_call(twilio: Twilio) -> None:
    said = [
        await whole_call(twilio, leg(number), queue="open_day", resolved=resolved)
        for number, resolved in ((1, False), (2, True))
    ]
    assert ["open day" in words for words in said] == [False, True]
