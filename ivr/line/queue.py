"""From the ring to the agent's voice: greeting, the queue, and how a stay in it ended."""

import asyncio

from ivr import watch
from ivr.calls.events import Event, LeftQueue, Queued
from ivr.calls.waits import callers_key
from ivr.farewell.facts import line_facts
from ivr.line import translate, twiml
from ivr.line.back import MOST_STAYS
from ivr.line.counter import PLACE_WITHIN, Ask, Counter
from ivr.line.farewell import FarewellDesk
from ivr.store.database import StoreError
from ivr.store.ledger import Personal


class QueueDesk:
    """Answers for a caller who is on the way to an agent."""

    def __init__(self, counter: Counter, farewells: FarewellDesk) -> None:
        self._counter, self._farewells = counter, farewells

    async def incoming(self, ask: Ask) -> bytes:
        """A call arrives: greet, then wait. Number, queue and locale come from the address, else from the book."""
        book, said = self._counter.book(), ask.said
        number = book.rules.numbers.get(said.to)
        queue = ask.query.get("queue") or (number.queue if number else None) or "default"
        locale = book.locale(
            ask.query.get("locale") or (number.locale if number else None) or book.rules.queue(queue).locale
        )
        address = callers_key(said.from_)
        keys = self._counter.caller_keys(address) if address else ()
        workflow = translate.sid(ask.query.get("workflow"), "WW")
        _, in_front = await asyncio.gather(
            self._counter.keep(
                [
                    translate.arrived(said, ask.now, caller_key=keys[0] if keys else None, locale=locale),
                    translate.queued(said, ask.now, queue=queue),
                ],
                personal=[Personal(ask.call, "number", "caller", ask.now, address)] if address else [],
            ),
            self._counter.in_front(ask, queue, keys),
        )
        facts = line_facts(book, queue, ask.now, locale)
        greeting = self._counter.line(locale, "greeting", "", facts, ask.call)
        return twiml.document(
            *self._counter.spoken(locale, greeting),
            self._counter.into_queue(queue, locale, stay=1, workflow=workflow, in_front=in_front),
        )

    async def bridging(self, ask: Ask) -> bytes:
        """Just before the agent is heard: the exact wait."""
        await self._counter.keep([translate.answered(ask.said, ask.now)])
        return twiml.EMPTY

    async def queue_left(self, ask: Ask) -> bytes:
        """How the stay ended, by CallStatus and then by QueueResult."""
        said, stay = ask.said, max(ask.number("stay"), 1)
        left = translate.left_queue(said, ask.now, stay=stay)
        workflow = translate.sid(ask.query.get("workflow"), "WW")
        events: list[Event | None] = [left]
        result = said.queue_result
        book = self._counter.book()
        queue, locale = ask.query.get("queue") or "default", book.locale(ask.query.get("locale"))
        if said.call_status == "completed" or result in ("hangup", "redirected", "redirected-from-bridged"):
            await self._counter.keep(events)
            return twiml.EMPTY  # the caller has gone, or Twilio ignores what we answer
        if result == "bridging-in-process":
            if await self._tried_enough(ask, stay):
                await self._counter.keep(events)
                return self._failed(ask, queue, locale)
            events.append(_sent_to_wait(ask, queue, stay + 1))
            await self._counter.keep(events)
            address = callers_key(said.from_)
            keys = self._counter.caller_keys(address) if address else ()
            in_front = await self._counter.in_front(ask, queue, keys)
            again = self._counter.into_queue(
                queue, locale, stay=stay + 1, workflow=workflow, in_front=in_front
            )
            return twiml.document(again)
        if result == "leave" and ask.number("front") and not await self._asked_for_a_call_back(ask):
            # nobody waits in the queue itself, where an agent may be by now: from its front into it
            await self._counter.keep([left, _sent_to_wait(ask, queue, stay + 1)])
            return twiml.document(self._counter.into_queue(queue, locale, stay=stay + 1))
        await self._counter.keep(events)
        if result in ("queue-full", "error", "system-error"):
            return self._failed(ask, queue, locale)
        return await self._farewells.begin(ask, way="after")

    async def _asked_for_a_call_back(self, ask: Ask) -> bool:
        """A promise just kept. Where nobody can say, there was none: the move itself needs no database."""
        try:
            async with asyncio.timeout(PLACE_WITHIN):
                return (await self._counter.closing.standing(ask.call)).story.call_back
        except (StoreError, TimeoutError) as error:
            watch.log().warning("no call-back looked for", error=type(error).__name__, call=ask.call)
            return False

    async def _tried_enough(self, ask: Ask, stay: int) -> bool:
        """Whether an earlier stay of this call ended as it was about to be connected, too: once is enough. Or
        whether they have been sent to wait as often as anybody is."""
        standing = await self._counter.closing.standing(ask.call)
        ended = [e for e in standing.record.events if isinstance(e, LeftQueue) and e.stay != stay]
        broken = any(event.result == "bridging-in-process" for event in ended)
        return broken or stay - standing.moves >= MOST_STAYS

    def _failed(self, ask: Ask, queue: str, locale: str) -> bytes:
        """What went wrong, then how to reach us: there is no queue to be in."""
        facts = line_facts(self._counter.book(), queue, ask.now, locale)
        words: list[str] = []
        for part in ("mishap", "fallback"):
            words += self._counter.spoken(locale, self._counter.line(locale, "mishap", part, facts, ask.call))
        return twiml.document(*words, twiml.hangup())


def _sent_to_wait(ask: Ask, queue: str, stay: int) -> Queued:
    return Queued(call=ask.call, at=ask.now, key=f"{stay}", queue=queue, stay=stay)
