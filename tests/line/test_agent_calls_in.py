"""An agent calls in: who is known and who is asked for a PIN, and going on to the next caller."""

import asyncio
from xml.etree import ElementTree

import pytest

from tests.line.conftest import AGENT, AGENT_LEG, CALL, Twilio, address, words

STRANGER = "+15005550006"
OTHER_CALL = "CA" + "7" * 32


async def rings_in(
    twilio: Twilio, queue: str = "billing", from_: str = AGENT, **fields: str
) -> ElementTree.Element:
    return await twilio.document(f"/voice/agent?queue={queue}", CallSid=AGENT_LEG, From=from_, **fields)


async def keys_in(twilio: Twilio, here: ElementTree.Element, pin: str) -> ElementTree.Element:
    """A PIN keyed in where a document asks for one."""
    gather = here.find("Gather")
    assert gather is not None
    assert gather.get("numDigits") == "6"
    action = gather.get("action") or ""
    return await twilio.document(action, CallSid=AGENT_LEG, From=STRANGER, Digits=pin)


async def next_document(twilio: Twilio, here: ElementTree.Element, **fields: str) -> ElementTree.Element:
    """What the agent's leg is told after its Dial."""
    dial = here.find("Dial")
    assert dial is not None
    return await twilio.document(dial.get("action") or "", CallSid=AGENT_LEG, From=AGENT, **fields)


def queue_of(document: ElementTree.Element) -> str | None:
    return document.findtext("Dial/Queue")


# --- who it is ----------------------------------------------------------------------------------------


async def test_an_agent_is_known_by_their_telephone_until_they_are_removed(twilio: Twilio) -> None:
    people = twilio.service.people
    people.add("Sam", "agent", "+447700900555")
    assert queue_of(await rings_in(twilio, from_="+447700900555")) == "billing"
    people.remove("Sam")
    assert words(await rings_in(twilio, from_="+447700900555")) == "Your PIN, please."


async def test_a_pin_opens_the_queue_from_any_telephone_until_its_agent_is_removed(twilio: Twilio) -> None:
    pin = twilio.service.people.add("Sam", "agent")
    assert pin is not None
    assert queue_of(await keys_in(twilio, await rings_in(twilio, from_=STRANGER), pin)) == "billing"
    twilio.service.people.remove("Sam")
    refused = await keys_in(twilio, await rings_in(twilio, from_=STRANGER), pin)
    assert words(refused) == "Your PIN, please."


async def test_the_third_try_may_be_the_right_one_and_there_is_no_fourth(twilio: Twilio) -> None:
    pin = twilio.service.people.add("Sam", "agent")
    assert pin is not None
    wrong = "000000" if pin != "000000" else "111111"
    here = await keys_in(twilio, await keys_in(twilio, await rings_in(twilio, from_=STRANGER), wrong), wrong)
    assert queue_of(await keys_in(twilio, here, pin)) == "billing"
    assert [child.tag for child in await keys_in(twilio, here, wrong)] == ["Hangup"]


async def test_who_keys_nothing_is_asked_three_times_in_all(twilio: Twilio) -> None:
    here, asked = await rings_in(twilio, from_="anonymous"), 0
    while here.find("Gather") is not None:
        asked += 1
        here = await twilio.document(here.findtext("Redirect") or "", CallSid=AGENT_LEG, From="anonymous")
    assert (asked, [child.tag for child in here]) == (3, ["Hangup"])


# --- the star -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("queue", "star"), [("billing", None), ("starred", "true")])
async def test_the_star_leaves_a_caller_only_where_the_queue_says_so(
    twilio: Twilio, queue: str, star: str | None
) -> None:
    dial = (await rings_in(twilio, queue)).find("Dial")
    assert dial is not None
    assert dial.get("hangupOnStar") == star


async def test_who_left_by_the_star_is_let_go_as_soon_as_the_caller_has_gone_on(twilio: Twilio) -> None:
    here = await rings_in(twilio, "starred")
    await twilio.answered(queue="starred")
    waits = await next_document(twilio, here, DialCallStatus="completed")
    assert waits.find("Redirect") is not None
    assert words(waits) == ""
    await twilio.document("/voice/queue-left?stay=1&queue=starred", QueueResult="bridged", QueueTime="742")
    free = await twilio.document(waits.findtext("Redirect") or "", CallSid=AGENT_LEG, From=AGENT)
    assert (words(free), [child.tag for child in free]) == ("You are free.", ["Say", "Hangup"])


# --- the next caller ----------------------------------------------------------------------------------


async def let_go(twilio: Twilio, queue: str = "busy") -> ElementTree.Element:
    """A caller was answered and has hung up; the agent's document after that."""
    here = await rings_in(twilio, queue)
    await twilio.answered(queue=queue)
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    return await next_document(twilio, here, DialCallStatus="completed")


async def test_where_agents_go_on_who_is_released_gets_the_next_caller_on_the_same_call(
    twilio: Twilio,
) -> None:
    here = await let_go(twilio)
    assert (words(here), queue_of(here)) == ("You are free.", "busy")
    await twilio.document("/voice/incoming?queue=busy", CallSid=OTHER_CALL)
    twilio.clock.forward(9)
    await twilio.document("/voice/bridging", CallSid=OTHER_CALL, QueueTime="9", DequeingCallSid=AGENT_LEG)
    talked = await next_document(twilio, here, DialCallStatus="completed")
    assert address(talked, "Redirect")[1]["call"] == OTHER_CALL


async def test_where_nobody_comes_next_that_is_what_the_agent_hears(twilio: Twilio) -> None:
    here = await let_go(twilio)
    for _ in range(3):
        here = await next_document(twilio, here, DialCallStatus="no-answer")
        assert (words(here), queue_of(here)) == ("Nobody is waiting.", "busy")


async def test_who_goes_on_after_a_goodbye_is_not_let_go_twice_where_the_end_is_never_told(
    twilio: Twilio,
) -> None:
    here = await rings_in(twilio, "busy")
    await twilio.answered(queue="busy")
    await twilio.api("POST", f"/api/calls/{CALL}/wrapup", {"resolved": True})
    await twilio.walk(await twilio.document(f"/voice/farewell?call={CALL}&way=aside"))
    free = await next_document(twilio, here, DialCallStatus="completed")
    assert (words(free), queue_of(free)) == ("You are free.", "busy")
    nobody = await next_document(twilio, free, DialCallStatus="no-answer")
    assert (words(nobody), queue_of(nobody)) == ("Nobody is waiting.", "busy")


async def test_elsewhere_the_agents_call_ends(twilio: Twilio) -> None:
    assert [child.tag for child in await let_go(twilio, "billing")] == ["Say", "Hangup"]


async def test_the_end_of_an_old_call_does_not_tear_an_agent_from_the_next(twilio: Twilio) -> None:
    await twilio.answered(queue="busy")
    await twilio.api("POST", f"/api/calls/{CALL}/wrapup", {"resolved": True})
    await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    await twilio.document(f"/voice/agent/next?call={CALL}&room=1", CallSid=AGENT_LEG, From=AGENT)
    twilio.clock.forward(5)
    await twilio.document("/voice/incoming?queue=busy", CallSid=OTHER_CALL)
    await twilio.document("/voice/bridging", CallSid=OTHER_CALL, QueueTime="9", DequeingCallSid=AGENT_LEG)
    before = len(twilio.telephone.redirects())
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    await asyncio.sleep(0.1)  # the net looks again, on a clock that does not really wait
    assert twilio.telephone.redirects()[before:] == []


async def test_an_agent_whose_caller_is_waiting_again_takes_callers_again(twilio: Twilio) -> None:
    """The connection broke as it was made: the caller is back in the queue, and the agent is on the line."""
    here = await rings_in(twilio)
    await twilio.answered(waited=30)
    await twilio.document(
        "/voice/queue-left?stay=1&queue=billing", QueueResult="bridging-in-process", QueueTime="30"
    )
    assert queue_of(await next_document(twilio, here, DialCallStatus="failed")) == "billing"
