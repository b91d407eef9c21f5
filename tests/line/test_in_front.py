"""The front of a queue of ours: agents are sent there first, and nobody waits at it beside a free agent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest

from ivr.app import Service
from ivr.cli.rehearsing import PUBLIC_URL, maker, settings_for_a_rehearsal
from ivr.farewell.moments import Farewell, Promise
from ivr.rehearsal.clock import Clock
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.rest import RestSide
from ivr.rehearsal.service import running
from ivr.rehearsal.telephone import Number
from ivr.rehearsal.verbs import VERBS
from ivr.rehearsal.wire import Wire
from ivr.store.database import StoreUnavailable
from tests.line.conftest import ACCOUNT, AGENT, AGENT_LEG, BOOK, CALL, TOKEN, Twilio, words
from tests.line.test_farewell import press

NUMBER = "+447700900123"
FRONT = "billing (front)"


async def promised(service: Service, now: datetime, queue: str = "billing") -> None:
    """An earlier call of this number was promised a place at the front of the queue."""
    promise = Promise("front_of_queue", now + timedelta(days=7))
    farewell = Farewell("CA-before", 1, "en-GB", 1, "after", "plain", (), (promise,))
    key = service.counter.caller_keys(NUMBER)[0]
    await service.ledger.keep_farewell(farewell, caller=key, at=now, queue=queue)


async def let_in(twilio: Twilio, call: str = CALL) -> ElementTree.Element:
    """The caller who was promised it rings, and is let in front."""
    await promised(twilio.service, twilio.clock.now())
    return await twilio.document("/voice/incoming?queue=billing&locale=en-GB", CallSid=call)


async def agent(
    twilio: Twilio, address: str = "/voice/agent?queue=billing", **fields: str
) -> ElementTree.Element:
    return await twilio.document(address, CallSid=AGENT_LEG, From=AGENT, **fields)


def addresses(enqueue: ElementTree.Element | None) -> tuple[str, str]:
    assert enqueue is not None
    return enqueue.get("action") or "", enqueue.get("waitUrl") or ""


def waiting(twilio: Twilio, **sizes: int) -> None:
    """What Twilio says of its queues."""
    twilio.telephone.queues = [{"friendly_name": name, "current_size": size} for name, size in sizes.items()]


# --- document by document --------------------------------------------------------------------------------


async def test_a_place_is_beside_the_queue_and_the_next_agent_is_sent_there(twilio: Twilio) -> None:
    document = await let_in(twilio)
    assert document.findtext("Enqueue") == FRONT
    dial = (await agent(twilio)).find("Dial")
    assert dial is not None
    assert (dial.findtext("Queue"), dial.get("timeout")) == (FRONT, "5")
    other = await twilio.document("/voice/incoming?queue=billing&locale=en-GB", CallSid="CA" + "4" * 32)
    assert other.findtext("Enqueue") == "billing"  # the place was for one call


async def test_an_agent_goes_on_to_the_queue_when_nobody_is_in_front_any_more(twilio: Twilio) -> None:
    await let_in(twilio)
    dial = (await agent(twilio)).find("Dial")
    assert dial is not None
    after = await agent(twilio, dial.get("action") or "", DialCallStatus="no-answer")
    assert after.findtext("Dial/Queue") == "billing"
    assert words(after) == ""  # nobody has waited for anything yet
    again = after.find("Dial")
    assert again is not None
    later = await agent(twilio, again.get("action") or "", DialCallStatus="no-answer")
    assert later.findtext("Dial/Queue") == FRONT  # a minute later it is looked at again
    assert words(later) != ""


async def test_a_look_in_front_is_no_round_and_forgets_nothing(twilio: Twilio) -> None:
    """Else an agent whom nobody comes for would wait for ever, or be let go from one caller twice."""
    address = f"/voice/agent/next?queue=billing&rounds=7&after={CALL}"
    for front, rounds in (("&front=1", "7"), ("", "8")):
        onward = (await agent(twilio, address + front, DialCallStatus="no-answer")).find("Dial")
        assert onward is not None
        query = dict(parse_qsl(urlsplit(onward.get("action") or "").query))
        assert query == {"queue": "billing", "rounds": rounds, "after": CALL}
    last = await agent(twilio, f"{address.replace('=7', '=30')}&front=1", DialCallStatus="no-answer")
    assert last.find("Dial") is not None  # the queue itself has not been asked yet in this round


async def test_who_waits_in_front_is_looked_after_in_every_round(twilio: Twilio) -> None:
    await promised(twilio.service, twilio.clock.now(), "ringing")
    document = await twilio.document("/voice/incoming?queue=ringing&locale=en-GB")
    _, wait = addresses(document.find("Enqueue"))
    waiting(twilio, ringing=1)
    here = await twilio.document(wait)
    for _ in range(2):
        gather = here.find("Gather")
        assert gather is not None
        assert "front=1" in (gather.get("action") or "")
        here = await twilio.document(gather.get("action") or "", Digits="9")  # means nothing
        here = await twilio.document(here.findtext("Redirect") or "")
    waiting(twilio, ringing=0)
    assert (await twilio.document(here.findtext("Redirect") or "")).find("Leave") is not None


async def test_the_music_goes_on_while_twilio_does_not_say_who_waits(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, wait = addresses((await let_in(twilio)).find("Enqueue"))

    async def silent(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(twilio.telephone, "request", silent)
    document = await twilio.document(wait)
    assert document.find("Pause") is not None
    assert "mishap" not in (document.findtext("Redirect") or "mishap")


async def test_whoever_waits_alone_goes_into_the_queue_itself(twilio: Twilio) -> None:
    action, wait = addresses((await let_in(twilio)).find("Enqueue"))
    waiting(twilio, billing=2)
    assert (await twilio.document(wait)).find("Leave") is None
    waiting(twilio, billing=0)
    assert [verb.tag for verb in await twilio.document(wait)] == ["Leave"]
    moved = await twilio.document(action, QueueResult="leave", QueueTime="1")
    assert moved.findtext("Enqueue") == "billing"
    action, wait = addresses(moved.find("Enqueue"))
    assert "stay=2" in action
    assert (await twilio.document(wait)).find("Leave") is None  # in the queue nobody looks again
    assert (await agent(twilio)).findtext("Dial/Queue") == "billing"


async def test_where_twilio_does_not_say_who_waits_the_caller_stays_in_front(twilio: Twilio) -> None:
    _, wait = addresses((await let_in(twilio)).find("Enqueue"))
    twilio.telephone.queues = None
    assert (await twilio.document(wait)).find("Leave") is None


async def test_a_key_for_a_call_back_is_no_way_into_the_queue(twilio: Twilio) -> None:
    await promised(twilio.service, twilio.clock.now(), "ringing")
    document = await twilio.document("/voice/incoming?queue=ringing&locale=en-GB")
    assert document.findtext("Enqueue") == "ringing (front)"
    action, wait = addresses(document.find("Enqueue"))
    waiting(twilio, ringing=4)
    gather = (await twilio.document(wait)).find("Gather")
    assert gather is not None
    agreed = await twilio.document(gather.get("action") or "", Digits="1")
    assert agreed.find("Leave") is not None
    assert (await twilio.document(action, QueueResult="leave", QueueTime="9")).find("Enqueue") is None


async def test_a_broken_bridge_leads_back_to_the_front(twilio: Twilio) -> None:
    action, _ = addresses((await let_in(twilio)).find("Enqueue"))
    again = await twilio.document(action, QueueResult="bridging-in-process", QueueTime="5")
    assert again.findtext("Enqueue") == FRONT


@pytest.mark.parametrize("moved", [False, True], ids=["in front", "in the queue by then"])
async def test_whoever_is_back_at_the_front_after_a_broken_bridge_is_found_there(
    twilio: Twilio, moved: bool
) -> None:
    """Twilio asks /voice/bridging before it tells of a bridge that broke: they were answered, and were not."""
    bridging = {"QueueTime": "30", "DequeingCallSid": "CA" + "7" * 32}
    action, _ = addresses((await let_in(twilio)).find("Enqueue"))
    if moved:
        into = await twilio.document(action, QueueResult="leave", QueueTime="1")
        action, _ = addresses(into.find("Enqueue"))
    twilio.clock.forward(30)
    await twilio.document("/voice/bridging?queue=billing", **bridging)
    assert (await agent(twilio)).findtext("Dial/Queue") == "billing"  # they are with somebody
    twilio.clock.forward(1)
    again = await twilio.document(action, QueueResult="bridging-in-process", QueueTime="30")
    assert again.findtext("Enqueue") == FRONT
    assert (await agent(twilio)).findtext("Dial/Queue") == FRONT
    twilio.clock.forward(30)
    await twilio.document("/voice/bridging?queue=billing", **bridging)
    assert (await agent(twilio)).findtext("Dial/Queue") == "billing"


async def queued_again(twilio: Twilio, here: ElementTree.Element, time: int) -> ElementTree.Element:
    """Answered, left by the agent, at the farewell: 0 reaches nobody, and 1 is the queue again where offered."""
    action, _ = addresses(here.find("Enqueue"))
    twilio.clock.forward(60)
    await twilio.document("/voice/bridging", QueueTime=f"6{time}", DequeingCallSid=AGENT_LEG)
    twilio.clock.forward(60)
    farewell = await twilio.document(action, QueueResult="bridged", QueueTime=f"6{time}")
    nobody = await press(twilio, farewell, "0", f"zero {time}")
    return await press(twilio, nobody, "1", f"one {time}") if nobody.find("Gather") is not None else nobody


async def test_the_way_from_the_front_into_the_queue_is_no_waiting_again(twilio: Twilio) -> None:
    """They may go back into the queue as often as anybody."""
    action, _ = addresses((await let_in(twilio)).find("Enqueue"))
    here = await twilio.document(action, QueueResult="leave", QueueTime="1")
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = (400, {"code": 21220, "status": 400})
    again = await queued_again(twilio, here, 1)
    assert again.findtext("Enqueue") == "billing"
    twice = await queued_again(twilio, again, 2)
    assert twice.findtext("Enqueue") == "billing"
    assert (await queued_again(twilio, twice, 3)).find("Enqueue") is None


async def test_whoever_has_gone_from_the_front_and_back_from_a_talk_is_not_cut_off_by_a_bridge_that_breaks(
    twilio: Twilio,
) -> None:
    action, _ = addresses((await let_in(twilio)).find("Enqueue"))
    here = await twilio.document(action, QueueResult="leave", QueueTime="1")
    twilio.telephone.answers[f"{AGENT_LEG}.json"] = (400, {"code": 21220, "status": 400})
    action, _ = addresses((await queued_again(twilio, here, 1)).find("Enqueue"))
    broken = await twilio.document(action, QueueResult="bridging-in-process", QueueTime="9")
    assert broken.find("Enqueue") is not None
    action, _ = addresses(broken.find("Enqueue"))
    again = await twilio.document(action, QueueResult="bridging-in-process", QueueTime="9")
    assert [verb.tag for verb in again][-1] == "Hangup"  # but not for ever


@pytest.mark.parametrize("way", ["away", "silent"])
async def test_whoever_goes_from_the_front_into_the_queue_needs_no_database(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """They are waiting, as everybody in the queue is, who need none either."""
    action, _ = addresses((await let_in(twilio)).find("Enqueue"))

    async def read(*_: object, **__: object) -> None:
        if way == "silent":
            await asyncio.Event().wait()
        raise StoreUnavailable("away")

    monkeypatch.setattr(twilio.service.ledger, "read", read)
    moved = await twilio.document(action, QueueResult="leave", QueueTime="1")
    assert moved.findtext("Enqueue") == "billing"


async def test_a_place_taken_too_late_for_its_call_is_there_for_the_next(twilio: Twilio) -> None:
    await promised(twilio.service, twilio.clock.now())
    slow = asyncio.ensure_future(twilio.service.database.change(lambda _: sleep(1.2)))
    await asyncio.sleep(0.05)
    document = await twilio.document("/voice/incoming?queue=billing&locale=en-GB")
    assert document.findtext("Enqueue") == "billing"
    await slow
    await asyncio.sleep(0.2)
    assert (await agent(twilio)).findtext("Dial/Queue") == "billing"  # nobody is looked for in front
    later = await twilio.document("/voice/incoming?queue=billing&locale=en-GB", CallSid="CA" + "4" * 32)
    assert later.findtext("Enqueue") == FRONT


async def test_an_agent_waits_for_nobody_to_look_up_who_is_in_front(twilio: Twilio) -> None:
    await let_in(twilio)

    class Away:
        async def waiting(self, *_: object) -> bool:
            raise StoreUnavailable("away")

    class Slow:
        async def waiting(self, *_: object) -> bool:
            await asyncio.Event().wait()
            return True

    for places in (Away(), Slow()):
        twilio.service.counter._places = places  # type: ignore[assignment]
        assert (await agent(twilio)).findtext("Dial/Queue") == "billing"


# --- on the pretend line ---------------------------------------------------------------------------------


async def on_the_line(book: Path, play: Callable[[Exchange, Service], Awaitable[None]]) -> None:
    """The whole service, and a play with several telephones."""
    clock = Clock(datetime(2026, 11, 21, 9, tzinfo=UTC))

    async def nobody(*_: Any) -> None:
        raise AssertionError("not started")

    wire = Wire(nobody, clock, ACCOUNT, TOKEN, PUBLIC_URL)
    exchange = Exchange(clock, wire, VERBS)
    settings = settings_for_a_rehearsal(auth_token=TOKEN, prompts=book)
    service, _ = maker(settings, textable=False, agent=AGENT)(clock, RestSide(exchange))
    async with running(service, clock) as ready:
        wire.app = ready
        await clock.calm()
        try:
            await clock.run(asyncio.ensure_future(play(exchange, service)))
        finally:
            await exchange.close()


def rings(exchange: Exchange, name: str, from_: str, path: str = "/voice/incoming?queue=billing") -> Leg:
    base = exchange.wire.base
    return exchange.ring(name, from_, "+442079460000", Number(f"{base}{path}", None, f"{base}/events/call"))


def agent_rings(exchange: Exchange, name: str) -> Leg:
    return rings(exchange, name, AGENT, "/voice/agent?queue=billing")


def with_whom(exchange: Exchange, agent: Leg) -> Leg | None:
    """Who hears this agent now."""
    return next((bridge.stay.leg for bridge in exchange.bridges if bridge.up and bridge.agent is agent), None)


async def test_the_next_free_agent_takes_whoever_was_let_in_front_of_others() -> None:
    async def play(exchange: Exchange, service: Service) -> None:
        clock = exchange.clock
        await promised(service, clock.now())
        before = [rings(exchange, f"before {n}", f"+44770090050{n}") for n in range(2)]
        await clock.sleep(60)
        caller = rings(exchange, "the caller", NUMBER)
        await clock.sleep(60)
        for taken in (caller, *before):
            free = agent_rings(exchange, f"agent for {taken.sid}")
            await clock.sleep(20)
            assert with_whom(exchange, free) is taken
        for leg in (caller, *before):
            leg.hang_up()
        await clock.sleep(60)

    await on_the_line(BOOK, play)


async def test_an_agent_who_is_waiting_is_with_whoever_has_a_place_at_once() -> None:
    async def play(exchange: Exchange, service: Service) -> None:
        clock = exchange.clock
        await promised(service, clock.now())
        free = agent_rings(exchange, "agent")
        await clock.sleep(30)
        caller = rings(exchange, "the caller", NUMBER)
        await clock.sleep(15)  # the greeting takes about ten
        assert with_whom(exchange, free) is caller
        caller.hang_up()
        await clock.sleep(60)

    await on_the_line(BOOK, play)


@pytest.mark.parametrize("late", [0.0, 3.0], ids=["told at once", "told late"])
async def test_an_agent_is_soon_with_the_next_caller_when_the_one_in_front_has_gone(late: float) -> None:
    async def play(exchange: Exchange, service: Service) -> None:
        clock = exchange.clock
        await promised(service, clock.now())
        waits = rings(exchange, "waits", "+447700900500")
        await clock.sleep(30)
        caller = rings(exchange, "the caller", NUMBER)
        await clock.sleep(30)
        free = agent_rings(exchange, "agent")
        if not late:
            caller.hang_up()
        await clock.sleep(20)
        if late:
            assert with_whom(exchange, free) is caller
            caller.hang_up()
            await clock.sleep(late)
            free.hang_up("agent")
            free = agent_rings(exchange, "the next agent")
            await clock.sleep(20)
        assert with_whom(exchange, free) is waits
        waits.hang_up()
        await clock.sleep(60)

    await on_the_line(BOOK, play)
