"""The caller's leg at its farewell, in the corners: what races, what repeats, what comes in the wrong order."""

import asyncio
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from ivr.app import Guest, create_app
from ivr.line.signature import sign
from ivr.settings import Settings
from tests.line.conftest import (
    ACCOUNT,
    AGENT,
    AGENT_LEG,
    BOOK,
    CALL,
    TOKEN,
    URL,
    NotingTelephone,
    StandingClock,
    Twilio,
    address,
    words,
)

WRAP_UP = f"/api/calls/{CALL}/wrapup"
FAREWELL = f"/voice/farewell?call={CALL}&way=aside"
WRAPUP: dict[str, Any] = {"name": "Ana", "resolved": True, "steps": [{"who": "us", "what": "send a form"}]}
GONE = (400, {"code": 21220, "message": "not in-progress", "status": 400})


async def told(twilio: Twilio) -> dict[str, Any]:
    story: dict[str, Any] = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    return story


async def farewells(twilio: Twilio) -> list[int]:
    """The parts that were begun."""
    return [farewell.part for farewell in (await twilio.service.ledger.read(CALL)).farewells]


async def at(twilio: Twilio, moment: str, first: ElementTree.Element | None = None) -> ElementTree.Element:
    """The document of a moment, everything before it heard."""
    here = await twilio.document(FAREWELL) if first is None else first
    while address(here, "Gather", "action")[1]["at"] != moment:
        twilio.clock.forward(10)
        here = await onward(twilio, here)
    return here


async def onward(twilio: Twilio, here: ElementTree.Element, **fields: str) -> ElementTree.Element:
    redirect = here.find("Redirect")
    assert redirect is not None
    assert redirect.text
    return await twilio.document(redirect.text, **fields)


async def press(
    twilio: Twilio, here: ElementTree.Element, digit: str, token: str = ""
) -> ElementTree.Element:
    """A key pressed a second into a document's listening; `token` is Twilio's own, the same for a repeat."""
    gather = here.find("Gather")
    assert gather is not None
    twilio.clock.forward(1)
    headers = {"i-twilio-idempotency-token": token} if token else {}
    answer = await twilio.post(gather.get("action") or "", Digits=digit, headers=headers)
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)


async def the_agent_hangs_up(twilio: Twilio) -> None:
    answer = await twilio.post("/events/call", CallSid=AGENT_LEG, CallStatus="completed", SequenceNumber="0")
    assert answer.status_code == 204


async def talking_again(twilio: Twilio) -> ElementTree.Element:
    """Wrapped up, brought to the steps, and back with the agent on 0: the caller's room."""
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await press(twilio, await at(twilio, "next_steps"), "0")
    door = [form["Url"] for _, path, form in twilio.telephone.asked if AGENT_LEG in path][-1]
    await twilio.document(door, CallSid=AGENT_LEG)
    return await onward(twilio, here)


async def spoken(twilio: Twilio, first: ElementTree.Element) -> str:
    """All that is said from a document to the end of the call."""
    here, said = first, [words(first)]
    while here.find("Redirect") is not None:
        twilio.clock.forward(10)
        here = await onward(twilio, here)
        said.append(words(here))
    assert here.find("Hangup") is not None
    return " ".join(said)


# --- one farewell, whatever comes first -----------------------------------------------------------------


@pytest.mark.parametrize("hang_up_first", [True, False])
async def test_a_wrap_up_and_a_hang_up_at_one_instant_make_one_farewell(
    twilio: Twilio, hang_up_first: bool
) -> None:
    await twilio.answered()
    bridged = {"QueueResult": "bridged", "QueueTime": "742"}
    await twilio.api("POST", WRAP_UP, WRAPUP)
    if hang_up_first:
        first = await twilio.document("/voice/queue-left?stay=1&queue=billing", **bridged)
        second = await twilio.document(FAREWELL)
    else:
        first = await twilio.document(FAREWELL)
        second = await twilio.document("/voice/queue-left?stay=1&queue=billing", **bridged)
    assert words(first) == words(second) != ""
    assert await farewells(twilio) == [1]


async def test_both_at_once_speak_the_same_words(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    one, other = await asyncio.gather(
        twilio.document(FAREWELL),
        twilio.document("/voice/queue-left?stay=1&queue=billing", QueueResult="bridged", QueueTime="742"),
    )
    assert words(one) == words(other)
    assert await farewells(twilio) == [1]


@pytest.mark.parametrize("before", [True, False])
async def test_the_old_queues_action_changes_nothing_whenever_it_comes(twilio: Twilio, before: bool) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    left = {"QueueResult": "redirected-from-bridged", "QueueTime": "742"}
    if before:
        assert len(await twilio.document("/voice/queue-left?stay=1&queue=billing", **left)) == 0
    here = await twilio.document(FAREWELL)
    assert (await told(twilio))["moment"] == "opening"
    if not before:
        assert len(await twilio.document("/voice/queue-left?stay=1&queue=billing", **left)) == 0
    assert (await told(twilio))["caller"] == "farewell"
    assert "We will send a form" in await spoken(twilio, here)
    assert (await told(twilio))["outcome"] == "heard"


async def test_an_agent_known_to_have_gone_is_not_said_to_be_still_here(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    await the_agent_hangs_up(twilio)
    assert "still here" not in await spoken(twilio, await twilio.document(FAREWELL))


@pytest.mark.parametrize("path", ["farewell", "farewell/talked", "farewell/goodbye"])
async def test_an_old_action_asked_after_the_hang_up_composes_nothing(twilio: Twilio, path: str) -> None:
    await twilio.answered()
    assert len(await twilio.document(f"/voice/{path}?call={CALL}&n=1", CallStatus="completed")) == 0
    assert await farewells(twilio) == []


async def test_the_same_moment_asked_for_twice_says_the_same(twilio: Twilio) -> None:
    await twilio.answered()
    first = await twilio.document(FAREWELL)
    one, two = await onward(twilio, first), await onward(twilio, first)
    assert words(one) == words(two) != words(first)


async def test_an_unknown_part_and_an_unknown_moment_prove_nothing(twilio: Twilio) -> None:
    await twilio.answered()
    first = await twilio.document(FAREWELL)
    for strange in (
        f"/voice/farewell/goodbye?call={CALL}&n=99&heard=goodbye",
        f"/voice/farewell/goodbye?call={CALL}&n=1&heard=gooodbye",
        f"/voice/farewell/key?call={CALL}&n=7&at=next_steps",
        f"/voice/farewell/back?call={CALL}&n=7",
        f"/voice/farewell/queue-again?call={CALL}&n=7",
    ):
        assert words(await twilio.document(strange, Digits="1")) == words(first)
    assert ((await told(twilio))["outcome"], await farewells(twilio)) == ("none", [1])


async def test_a_get_is_answered_as_a_post_is(twilio: Twilio) -> None:
    await twilio.answered()
    path = f"{FAREWELL}&CallSid={CALL}&CallStatus=in-progress&From=%2B447700900123&Direction=inbound"
    answer = await twilio.client.get(path, headers={"x-twilio-signature": sign(TOKEN, URL + path, [])})
    assert words(ElementTree.fromstring(answer.content)) == words(await twilio.document(FAREWELL))


async def test_a_withheld_number_hears_a_farewell_and_is_nobody_the_next_time(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=billing", From="+266696687")
    await twilio.document("/voice/bridging", From="+266696687", QueueTime="5", DequeingCallSid=AGENT_LEG)
    here = await twilio.document(FAREWELL, From="anonymous")
    assert here.find("Gather") is not None
    assert (await told(twilio))["story"]["calls_today"] is None


async def test_an_outbound_call_waited_for_nothing_and_has_nobody_to_go_back_to(twilio: Twilio) -> None:
    leg = {"sid": CALL, "status": "in-progress", "direction": "outbound-api"}
    twilio.telephone.answers[f"{CALL}.json"] = (200, leg)
    answer = await twilio.api("POST", WRAP_UP, WRAPUP)
    assert (answer.status_code, answer.json()["state"]) == (202, "started")
    here = await twilio.document(FAREWELL, Direction="outbound-api", From="+442079460000", To="+447700900123")
    said = await spoken(twilio, here)
    assert "still here" not in said
    assert "0 for your agent" not in said
    assert (await told(twilio))["story"]["wait"]["seconds"] == 0


async def test_a_queue_without_farewells_tears_nobody_from_their_agent(twilio: Twilio) -> None:
    await twilio.answered(queue="quiet")
    answer = await twilio.api("POST", WRAP_UP, WRAPUP)
    assert (answer.status_code, answer.json()["state"]) == (202, "kept")
    assert twilio.telephone.redirects() == []
    here = await twilio.document("/voice/queue-left?stay=1&queue=quiet", QueueResult="bridged")
    assert [child.tag for child in here] == ["Hangup"]


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error"])
async def test_a_queue_that_fails_says_so_before_the_call_ends(twilio: Twilio, result: str) -> None:
    await twilio.document("/voice/incoming?queue=billing")
    here = await twilio.document("/voice/queue-left?stay=1&queue=billing", QueueResult=result)
    assert [child.tag for child in here] == ["Say", "Say", "Hangup"]  # what went wrong, and how to reach us


async def test_a_bridge_that_never_came_about_leads_back_into_the_queue(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=billing")
    here = await twilio.document(
        "/voice/queue-left?stay=1&queue=billing", QueueResult="bridging-in-process", QueueTime="30"
    )
    assert address(here, "Enqueue", "action")[1]["stay"] == "2"
    assert await farewells(twilio) == []


async def test_one_who_left_the_queue_by_a_key_hears_a_farewell(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=billing")
    here = await twilio.document(
        "/voice/queue-left?stay=1&queue=billing", QueueResult="leave", QueueTime="30"
    )
    assert (await twilio.walk(here))[-1] == "Hangup"


# --- keys ---------------------------------------------------------------------------------------------


async def test_0_when_the_agents_leg_is_over_says_so_and_1_queues_again_twice_at_most(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = GONE
    here = await at(twilio, "next_steps")
    for stay in (2, 3):
        nobody = await press(twilio, here, "0", f"zero {stay}")
        assert "Your agent has left" in words(nobody)
        assert (await told(twilio))["agent"] in ("released", "gone")
        queue = await press(twilio, nobody, "1", f"one {stay}")
        assert address(queue, "Enqueue", "action")[1]["stay"] == str(stay)
        assert (await told(twilio))["caller"] == "waiting"
        twilio.clock.forward(60)
        await twilio.document("/voice/bridging", QueueTime="60", DequeingCallSid=AGENT_LEG)
        twilio.clock.forward(60)
        here = await twilio.document(
            f"/voice/queue-left?stay={stay}&queue=billing", QueueResult="bridged", QueueTime="60"
        )
    third = await press(twilio, here, "0", "zero 4")
    assert "Your agent has left" not in words(third)
    assert third.find("Enqueue") is None
    assert await farewells(twilio) == [1, 2, 3]


async def test_staying_on_the_line_leads_to_the_goodbye_when_nobody_is_there(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = GONE
    nobody = await press(twilio, await at(twilio, "next_steps"), "0")
    assert "Goodbye" in words(await onward(twilio, nobody))


async def test_a_0_in_the_goodbye_that_reaches_nobody_does_not_cost_the_goodbye(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = GONE
    goodbye = await at(twilio, "goodbye")
    nobody = await press(twilio, goodbye, "0")
    again = await onward(twilio, nobody)
    assert words(again) == words(goodbye)
    assert (await told(twilio))["outcome"] == "none"  # nobody has heard it to its end


async def test_however_often_0_is_pressed_nobody_is_told_more_than_twice(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = GONE
    here, heard = await at(twilio, "goodbye"), 0
    for number in range(8):
        answer = await press(twilio, here, "0", f"token {number}")
        heard += "Your agent has left" in words(answer)
        here = await onward(twilio, answer) if "Your agent has left" in words(answer) else answer
        if here.find("Gather") is None:
            break
    assert heard == 2
    assert "Goodbye" in words(here)  # keys have cut it often enough: now it is said whole
    assert await twilio.walk(here) == ["/voice/farewell/done", "Hangup"]


async def test_0_doubled_sends_the_agent_to_the_room_once(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await at(twilio, "next_steps")
    one, two = await press(twilio, here, "0", "same"), await press(twilio, here, "0", "same")
    assert words(one) == words(two)
    assert [leg for leg, _ in twilio.telephone.redirects()].count(AGENT_LEG) == 1
    assert address(two, "Redirect")[0] == "/voice/farewell/back"


async def test_1_doubled_queues_once(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = GONE
    nobody = await press(twilio, await at(twilio, "next_steps"), "0")
    first, second = await press(twilio, nobody, "1", "same"), await press(twilio, nobody, "1", "same")
    assert address(first, "Enqueue", "action") == address(second, "Enqueue", "action")


async def test_when_twilio_gives_no_answer_the_agent_may_be_coming_all_the_same(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await at(twilio, "next_steps")
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = (503, {"code": 20503, "message": "busy", "status": 503})
    here = await press(twilio, here, "0")
    assert address(here, "Redirect")[0] == "/voice/farewell/back"
    await twilio.document(f"/voice/agent/next?call={CALL}&room=1", CallSid=AGENT_LEG)
    assert (await onward(twilio, here)).find("Dial/Conference") is not None


async def test_an_agent_who_never_comes_is_waited_for_a_little_and_then_it_is_said(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await press(twilio, await at(twilio, "next_steps"), "0")
    documents = 0
    while here.find("Gather") is None:
        here, documents = await onward(twilio, here), documents + 1
        assert documents < 12
    assert "Your agent has left" in words(here)


async def test_an_agent_who_hangs_up_on_the_way_back_is_not_waited_for(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await press(twilio, await at(twilio, "next_steps"), "0")
    await the_agent_hangs_up(twilio)
    assert "Your agent has left" in words(await onward(twilio, here))


async def test_keys_cannot_cut_the_goodbye_for_ever(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = goodbye = await at(twilio, "goodbye")
    for number in range(3):
        here = await press(twilio, here, "7", f"stray {number}")
        assert words(here) == words(goodbye)
    assert here.find("Gather") is None
    assert address(here, "Redirect") == (
        "/voice/farewell/done",
        {"call": CALL, "n": "1", "heard": "goodbye"},
    )


# --- back, and on again --------------------------------------------------------------------------------


async def test_steps_heard_to_the_end_are_not_told_again_after_a_return(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await at(twilio, "next_steps")
    twilio.clock.forward(30)
    here = await press(twilio, here, "0")
    await twilio.document(f"/voice/agent/next?call={CALL}&room=1", CallSid=AGENT_LEG)
    await onward(twilio, here)
    again = await twilio.document(f"/voice/farewell/talked?call={CALL}&n=1")
    assert "send a form" not in await spoken(twilio, again)


async def test_steps_cut_short_are_told_again_after_a_return(twilio: Twilio) -> None:
    await talking_again(twilio)
    again = await twilio.document(f"/voice/farewell/talked?call={CALL}&n=1")
    assert "send a form" in await spoken(twilio, again)


@pytest.mark.parametrize("body", [WRAPUP, {**WRAPUP, "name": "Ana Maria"}], ids=["same notes", "others"])
async def test_talked_asked_for_although_a_second_wrap_up_redirected_them(
    twilio: Twilio, body: dict[str, Any]
) -> None:
    await talking_again(twilio)
    twilio.clock.forward(60)
    assert (await twilio.api("POST", WRAP_UP, body)).json()["state"] == "started"
    old = await twilio.document(f"/voice/farewell/talked?call={CALL}&n=1")
    new = await twilio.document(FAREWELL)
    assert words(old) == words(new)
    assert await farewells(twilio) == [1, 2]
    assert "0 for your agent" in await spoken(
        twilio, new
    )  # who is still there: they wrapped up a second time


async def test_an_agent_who_hangs_up_after_the_return_leaves_a_farewell_without_them(twilio: Twilio) -> None:
    await talking_again(twilio)
    await the_agent_hangs_up(twilio)
    here = await twilio.document(f"/voice/farewell/talked?call={CALL}&n=1")
    assert "0 for your agent" not in await spoken(twilio, here)
    assert (await told(twilio))["outcome"] == "heard"


async def test_a_caller_alone_in_the_room_is_led_on(twilio: Twilio) -> None:
    await talking_again(twilio)
    await the_agent_hangs_up(twilio)
    for _ in range(50):
        await asyncio.sleep(0.005)
        if (CALL, "/voice/farewell/talked") in twilio.telephone.redirects():
            return
    pytest.fail("the caller was left in an empty room")


async def test_a_wrap_up_while_the_caller_is_on_the_way_back_waits_for_them_to_have_met(
    twilio: Twilio,
) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    await press(twilio, await at(twilio, "next_steps"), "0")
    before = len(twilio.telephone.redirects())
    answer = await twilio.api("POST", WRAP_UP, {**WRAPUP, "name": "Ana Maria"})
    assert (answer.status_code, answer.json()["state"]) == (202, "kept")
    assert len(twilio.telephone.redirects()) == before


async def test_a_late_wrap_up_does_not_tear_a_caller_out_of_the_queue(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = GONE
    await press(twilio, await press(twilio, await at(twilio, "next_steps"), "0"), "1")
    before = len(twilio.telephone.redirects())
    assert (await twilio.api("POST", WRAP_UP, {**WRAPUP, "name": "Ana Maria"})).status_code == 409
    assert len(twilio.telephone.redirects()) == before


# --- ourselves ------------------------------------------------------------------------------------------


async def test_after_a_restart_the_call_goes_on_where_it_was(tmp_path: Path, sqlite_template: Path) -> None:
    """Where a caller stands is in the address and the ledger, and in no process's memory."""
    file = tmp_path / "ivr.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        _env_file=None,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        ivr_public_url=URL,
        ivr_database_url=f"sqlite:///{file}",
        ivr_prompts=BOOK,
        ivr_secret=("a secret",),
    )
    clock, telephone, here, said = StandingClock(), NotingTelephone(), None, []
    for _ in range(20):
        guest = Guest(token="the-api-token", address=AGENT, name="tests")
        service = create_app(settings, clock=clock, twilio_http=telephone, guest=guest)
        await service.start()
        transport = httpx.ASGITransport(app=service)
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            twilio = Twilio(service, clock, telephone, guest.token, client)
            if here is None:
                await twilio.answered()
                await twilio.api("POST", WRAP_UP, WRAPUP)
                here = await twilio.document(FAREWELL)
            else:
                here = await onward(twilio, here)
        await service.stop()
        said.append(words(here))
        if here.find("Hangup") is not None:
            break
    assert len(said) == len(set(said)) == 5  # opening, apology, steps, goodbye, and the silence of the end


async def test_whatever_stands_in_an_address_the_answer_is_a_document(twilio: Twilio) -> None:
    for query in ("path=x", "base=x", "self=x", "ask=x&n=99999999999", "heard=%00%ff"):
        assert (await twilio.post(f"/voice/no-such-address?{query}")).status_code == 200
        assert (await twilio.post(f"/voice/farewell/x?{query}")).status_code == 200


async def test_a_lost_bridging_leads_back_into_the_queue(twilio: Twilio) -> None:
    answer = await twilio.client.post(
        "/voice/fallback", data={"CallSid": CALL, "ErrorUrl": f"{URL}/voice/bridging?queue=billing"}
    )
    assert ElementTree.fromstring(answer.content).find("Enqueue") is not None
