"""From the ring to the agent's voice: greeting, waiting, and how a stay in the queue ended."""

from ivr.calls.events import Event, Queued, Spoke
from ivr.calls.waits import callers_key
from ivr.farewell.facts import line_facts
from ivr.line import translate, twiml
from ivr.line.back import MOST_STAYS
from ivr.line.counter import Ask, Counter
from ivr.line.farewell import FarewellDesk
from ivr.store.ledger import Personal

# How long one round of music lasts before the caller is spoken to again, where a queue has no music of its
# own: Twilio asks for the next document as soon as this one has run out.
QUIET_SECONDS = 20


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
        await self._counter.keep(
            [
                translate.arrived(said, ask.now, caller_key=keys[0] if keys else None, locale=locale),
                translate.queued(said, ask.now, queue=queue),
            ],
            personal=[Personal(ask.call, "number", "caller", ask.now, address)] if address else [],
        )
        facts = line_facts(book, queue, ask.now, locale)
        greeting = self._counter.line(locale, "greeting", "", facts, ask.call)
        workflow = translate.sid(ask.query.get("workflow"), "WW")
        return twiml.document(
            *self._counter.spoken(locale, greeting),
            self._counter.into_queue(queue, locale, stay=1, workflow=workflow),
        )

    async def wait(self, ask: Ask) -> bytes:
        """While queued: a few words, music, and round again. Records nothing but a figure it told."""
        book, queue_name = self._counter.book(), ask.query.get("queue") or "default"
        locale, queue = book.locale(ask.query.get("locale")), book.rules.queue(ask.query.get("queue"))
        times = ask.number("n")
        facts = line_facts(book, queue_name, ask.now, locale)
        told = None
        if times == 0 and queue.told:
            facts["wait.told"] = queue.told
            told = self._counter.line(locale, "waiting", "told", facts, ask.call)
            if told is not None:
                event = Spoke(call=ask.call, at=ask.now, key="0:told", moment="told", part=0, told=queue.told)
                await self._counter.keep([event])
        words = told or self._counter.line(locale, "waiting", "waiting", facts, f"{ask.call}:{times}")
        again = self._counter.url("/voice/wait", queue=queue_name, locale=locale, n=times + 1)
        music = twiml.play(queue.music) if queue.music else twiml.pause(QUIET_SECONDS)
        return twiml.document(*self._counter.spoken(locale, words), music, twiml.redirect(again))

    async def bridging(self, ask: Ask) -> bytes:
        """Just before the agent is heard: the exact wait."""
        await self._counter.keep([translate.answered(ask.said, ask.now)])
        return twiml.EMPTY

    async def queue_left(self, ask: Ask) -> bytes:
        """How the stay ended, by CallStatus and then by QueueResult."""
        said, stay = ask.said, max(ask.number("stay"), 1)
        left = translate.left_queue(said, ask.now, stay=stay)
        events: list[Event | None] = [left]
        result = said.queue_result
        book = self._counter.book()
        queue, locale = ask.query.get("queue") or "default", book.locale(ask.query.get("locale"))
        if said.call_status == "completed" or result in ("hangup", "redirected", "redirected-from-bridged"):
            await self._counter.keep(events)
            return twiml.EMPTY  # the caller has gone, or Twilio ignores what we answer
        if result == "bridging-in-process" and stay < MOST_STAYS:
            events.append(Queued(call=ask.call, at=ask.now, key=f"{stay + 1}", queue=queue, stay=stay + 1))
            await self._counter.keep(events)
            workflow = translate.sid(ask.query.get("workflow"), "WW")
            return twiml.document(self._counter.into_queue(queue, locale, stay=stay + 1, workflow=workflow))
        await self._counter.keep(events)
        if result in ("queue-full", "error", "system-error"):
            facts = line_facts(book, queue, ask.now, locale)
            words: list[str] = []
            for part in (
                "mishap",
                "fallback",
            ):  # what went wrong, then how to reach us; there is no queue to be in
                line = self._counter.line(locale, "mishap", part, facts, ask.call)
                words += self._counter.spoken(locale, line)
            return twiml.document(*words, twiml.hangup())
        return await self._farewells.begin(ask, way="after")
