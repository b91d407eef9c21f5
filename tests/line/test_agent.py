"""The agent's leg, in the corners: waiting, leaving, taking the caller back, and nobody there at all."""

import asyncio
from typing import Any
from xml.etree import ElementTree

import pytest

from ivr.book.book import Book, read
from ivr.line.agent import MOST_ROUNDS
from ivr.store.shelf import read_folder
from tests.line.conftest import AGENT, AGENT_LEG, BOOK, CALL, URL, Twilio, address, words

WRAP_UP = f"/api/calls/{CALL}/wrapup"
FAREWELL = f"/voice/farewell?call={CALL}&way=aside"
NEXT = f"/voice/agent/next?call={CALL}"
WRAPUP: dict[str, Any] = {"name": "Ana", "resolved": True, "steps": [{"who": "us", "what": "send a form"}]}


async def told(twilio: Twilio) -> dict[str, Any]:
    story: dict[str, Any] = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    return story


async def in_the_farewell(twilio: Twilio) -> ElementTree.Element:
    """Wrapped up; the caller hears the opening. Their document."""
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    return await twilio.document(FAREWELL)


async def agent(twilio: Twilio, path: str = NEXT, **fields: str) -> ElementTree.Element:
    return await twilio.document(path, CallSid=AGENT_LEG, **fields)


async def onward(twilio: Twilio, here: ElementTree.Element) -> ElementTree.Element:
    return await twilio.document(here.findtext("Redirect") or "")


def waits(document: ElementTree.Element) -> bool:
    return (
        address(document, "Redirect")[0] == "/voice/agent/next"
        if document.find("Redirect") is not None
        else False
    )


@pytest.mark.parametrize(
    "status", ["completed", "answered", "busy", "no-answer", "failed", "canceled", "", "x"]
)
async def test_how_the_dialling_ended_is_never_judged(twilio: Twilio, status: str) -> None:
    await in_the_farewell(twilio)
    assert waits(await agent(twilio, "/voice/agent/next?queue=billing&rounds=0", DialCallStatus=status))
    assert (await told(twilio))["agent"] == "waiting"


async def test_the_agent_hears_where_the_caller_is_once(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    first = await agent(twilio)
    assert words(first) == "They are with us."
    second = await agent(twilio, first.findtext("Redirect") or "")
    assert words(second) == ""
    assert waits(second)


async def test_the_hash_key_frees_the_agent_and_the_caller_hears_on(twilio: Twilio) -> None:
    here = await in_the_farewell(twilio)
    assert [child.tag for child in await agent(twilio, Digits="#")] == ["Say", "Hangup"]
    assert ((await told(twilio))["agent"], (await told(twilio))["caller"]) == ("released", "farewell")
    assert (await twilio.walk(here))[-1] == "Hangup"
    assert (await told(twilio))["outcome"] == "heard"


@pytest.mark.parametrize("digit", list("0123456789"))
async def test_any_other_key_of_the_agents_does_nothing(twilio: Twilio, digit: str) -> None:
    await in_the_farewell(twilio)
    assert waits(await agent(twilio, Digits=digit))
    assert (await told(twilio))["agent"] == "waiting"


async def test_the_star_key_takes_the_caller_back_and_doubled_it_does_so_once(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    rooms = [await agent(twilio, Digits="*") for _ in range(2)]
    assert [room.findtext("Dial/Conference") for room in rooms] == [f"back-{CALL}-1"] * 2
    assert twilio.telephone.redirects()[1:] == [(CALL, "/voice/farewell/back")]
    door = twilio.telephone.asked[-1][2]["Url"]
    assert (await twilio.document(door)).findtext("Dial/Conference") == f"back-{CALL}-1"
    assert (await told(twilio))["caller"] == "talking"


async def test_the_star_key_too_late_leaves_the_agent_waiting_to_be_let_go(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    twilio.telephone.answers[f"{CALL}.json"] = (400, {"code": 21220, "message": "over", "status": 400})
    assert waits(await agent(twilio, Digits="*"))
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    assert words(await agent(twilio)) == "You are free."


@pytest.mark.parametrize("digit", ["#", "*", ""])
async def test_an_agent_is_let_go_once_the_caller_has_gone(twilio: Twilio, digit: str) -> None:
    await in_the_farewell(twilio)
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    assert [child.tag for child in await agent(twilio, Digits=digit)] == ["Say", "Hangup"]


async def test_without_news_an_agent_is_let_go_after_a_minute_and_a_half(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    twilio.clock.forward(89)
    assert waits(await agent(twilio))
    twilio.clock.forward(2)
    assert [child.tag for child in await agent(twilio)] == ["Say", "Hangup"]


async def test_an_agent_waits_as_long_as_the_longest_moment_can_take(twilio: Twilio) -> None:
    """Four steps with their references, said slowly, take more than a minute and a half: that is no lack of news."""
    steps = [
        {
            "who": "us",
            "what": f"send you form {number} by ordinary post",
            "reference": f"FORM-2026-{number}471",
        }
        for number in range(1, 5)
    ]
    await twilio.answered()
    await twilio.api("POST", f"/api/calls/{CALL}/wrapup", {"steps": steps})
    here = await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    while (await told(twilio))["moment"] != "next_steps":
        redirect = here.findtext("Redirect")
        assert redirect is not None
        here = await twilio.document(redirect)
    twilio.clock.forward(95)
    assert waits(await agent(twilio))
    twilio.clock.forward(180)
    assert [child.tag for child in await agent(twilio)] == ["Say", "Hangup"]


async def test_a_long_talk_is_no_lack_of_news(twilio: Twilio) -> None:
    """The agent left the room, or the bridge, minutes after the last thing we heard of the call."""
    await in_the_farewell(twilio)
    room = (await agent(twilio, f"{NEXT}&room=1")).find("Dial")
    assert room is not None
    twilio.clock.forward(600)
    here = await agent(twilio, room.get("action") or "")
    for seconds, on in ((80, True), (20, False)):
        assert waits(here)
        twilio.clock.forward(seconds)
        here = await agent(twilio, here.findtext("Redirect") or "")
        assert waits(here) is on


async def test_after_the_steps_an_agent_may_be_let_go_and_0_then_finds_nobody(twilio: Twilio) -> None:
    sooner = _book(release="after_steps")
    twilio.service.closing.book = twilio.service.counter.book = lambda: sooner
    here = await in_the_farewell(twilio)
    while address(here, "Gather", "action")[1]["at"] != "goodbye":
        assert waits(await agent(twilio))
        twilio.clock.forward(10)
        here = await onward(twilio, here)
    assert [child.tag for child in await agent(twilio)] == ["Say", "Hangup"]
    assert (await told(twilio))["agent"] == "released"
    nobody = await twilio.document(address_of(here), Digits="0")
    assert "Your agent has left" in words(nobody)
    assert (await twilio.walk(nobody))[-2:] == ["/voice/farewell/done", "Hangup"]


def address_of(document: ElementTree.Element) -> str:
    gather = document.find("Gather")
    assert gather is not None
    return gather.get("action") or ""


def _book(**queue: str) -> Book:
    """The small book, with other rules for every queue."""
    files = read_folder(BOOK)
    for name, value in queue.items():
        files["rules.yaml"] = files["rules.yaml"].replace("release: after_goodbye", f"{name}: {value}")
    book, faults = read(files)
    assert book is not None, faults
    return book


async def test_an_agent_for_whom_nobody_comes_waits_on_and_not_for_ever(twilio: Twilio) -> None:
    here = await agent(twilio, "/voice/agent?queue=billing", From=AGENT)
    rounds = 0
    while (dial := here.find("Dial")) is not None:
        here = await agent(twilio, dial.get("action") or "", DialCallStatus="no-answer")
        assert words(here) == "Nobody is waiting."
        rounds += 1
    assert rounds == MOST_ROUNDS + 1
    assert here.find("Hangup") is not None


async def test_an_agent_who_hung_up_is_asked_nothing_more_and_counts_as_gone(twilio: Twilio) -> None:
    here = await in_the_farewell(twilio)
    assert len(await agent(twilio, CallStatus="completed", DialCallStatus="completed")) == 0
    assert (await told(twilio))["agent"] == "released"
    assert "still" not in words(await onward(twilio, here))


async def test_an_agent_who_rang_in_and_hung_up_again_was_nobodys(twilio: Twilio) -> None:
    assert len(await agent(twilio, "/voice/agent/next?queue=billing&rounds=0", CallStatus="completed")) == 0


async def test_a_room_without_a_caller_lets_the_agent_go(twilio: Twilio) -> None:
    """The caller hung up on the way back: the agent would sit in an empty room."""
    await in_the_farewell(twilio)
    await agent(twilio, f"{NEXT}&room=1")
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    for _ in range(50):
        await asyncio.sleep(0.005)
        if (AGENT_LEG, "/voice/agent/next") in twilio.telephone.redirects():
            break
    else:
        pytest.fail("the agent was left in an empty room")
    assert words(await agent(twilio)) == "You are free."


async def test_an_agent_sent_to_a_room_after_the_callers_end_is_let_go_instead(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    assert (await agent(twilio, f"{NEXT}&room=1")).find("Dial") is None


async def test_news_of_an_agent_of_old_does_not_send_away_the_one_who_is_there(twilio: Twilio) -> None:
    second = "CA" + "5" * 32
    await twilio.answered()
    await twilio.document("/voice/queue-left?stay=1&queue=billing", QueueResult="bridging-in-process")
    await twilio.document("/voice/bridging", QueueTime="9", DequeingCallSid=second, QueueSid="QU" + "3" * 32)
    twilio.clock.forward(20)
    await twilio.post("/events/call", CallSid=AGENT_LEG, CallStatus="completed", SequenceNumber="0")
    assert (await told(twilio))["agent"] == "talking"


async def test_when_the_agents_document_is_lost_they_go_on_waiting_for_their_caller(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    answer = await twilio.client.post(
        "/voice/fallback", data={"CallSid": AGENT_LEG, "ErrorUrl": f"{URL}{NEXT}", "ErrorCode": "11200"}
    )
    path, query = address(ElementTree.fromstring(answer.content), "Redirect")
    assert (path, query) == ("/voice/agent/next", {"call": CALL, "mishap": "1"})


async def test_the_star_key_leaves_the_room_and_0_still_reaches_who_left_it(twilio: Twilio) -> None:
    await in_the_farewell(twilio)
    room = await agent(twilio, f"{NEXT}&room=1")
    assert room.find("Dial").get("hangupOnStar") == "true"  # type: ignore[union-attr]
    here = await twilio.document(f"/voice/farewell/talked?call={CALL}&n=1")
    assert waits(await agent(twilio, room.find("Dial").get("action") or ""))  # type: ignore[union-attr]
    back = await twilio.document(address_of(here), Digits="0")
    assert address(back, "Redirect")[0] == "/voice/farewell/back"
    assert twilio.telephone.redirects()[-1] == (AGENT_LEG, "/voice/agent/next")
