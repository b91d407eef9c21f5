"""What every address needs: the request as it was said, and the few things that stand behind the counter."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ivr import watch
from ivr.book.book import Book
from ivr.book.spoken import Value
from ivr.calls.events import Event
from ivr.farewell.composer import say
from ivr.farewell.moments import Line
from ivr.line import twiml
from ivr.line.keeping import Keeping
from ivr.line.phone import Phone
from ivr.line.translate import Said
from ivr.store.database import StoreError
from ivr.store.ledger import Ledger, Personal
from ivr.store.places import Places
from ivr.wrapup.closing import Clock, Closing

FRONT = 100  # the priority of a task that is let in front of others; theirs is 0
PLACE_WITHIN = 0.7  # seconds


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of Twilio's, its signature already checked."""

    path: str
    query: Mapping[str, str]
    said: Said
    now: datetime
    token: str | None = None  # Twilio's own for this request, the same on every try of it
    leg: str | None = None  # the leg it is about, where the request names another or none

    @property
    def call(self) -> str:
        """The leg this request is about; where Twilio omitted it, the one in our own address."""
        return self.leg or self.said.call_sid or self.query.get("call") or "unknown"

    def number(self, name: str) -> int:
        """A small whole number from the address, else 0."""
        text = self.query.get(name, "")
        return min(int(text), 10_000) if text.isascii() and text.isdigit() and len(text) < 9 else 0


class Agents(Protocol):
    """Whoever knows the agents."""

    async def agent_by_address(self, address: str) -> Any:
        """The agent with this telephone number or address, or None."""

    async def agent_by_pin(self, pin: str) -> Any:
        """The agent with this PIN, or None."""


class Counter:
    """The book, the ledger, the act that closes calls, the telephone; handed to every desk."""

    def __init__(
        self,
        *,
        closing: Closing,
        ledger: Ledger,
        book: Callable[[], Book],
        phone: Phone,
        people: Agents,
        clock: Clock,
        places: Places,
        caller_keys: Callable[[str], tuple[str, ...]],
        public_url: str,
    ) -> None:
        self.closing, self.ledger, self.book, self.phone = closing, ledger, book, phone
        self.people, self.clock, self.caller_keys = people, clock, caller_keys
        self._places = places
        self._public_url = public_url
        self._keeping = Keeping(ledger, clock)
        self._trying: set[asyncio.Task[None]] = set()

    def url(self, path: str, /, **query: object) -> str:
        """An address of ours, absolute, with the connection overrides Twilio reads from its fragment."""
        given = {
            name: str(value)
            for name, value in query.items()
            if value is not None and name not in ("base", "path")  # no address of ours has these
        }
        return twiml.voice_url(self._public_url, path, **given)

    def event_url(self, path: str) -> str:
        """The absolute address of a callback."""
        return twiml.event_url(self._public_url, path)

    async def in_front(self, ask: Ask, queue: str, callers: Sequence[str]) -> bool:
        """Whether this caller was promised a place at the front of the queue, which this call takes.

        One that may be taken after all, when this call has long been sent to wait as any other, is given back.
        """
        if not callers:
            return False
        taken = await self._place(ask, self._places.take(ask.call, callers, queue, ask.now))
        if taken is None:
            self.later(0, lambda: self._places.give_back(ask.call))
        return bool(taken)

    async def somebody_in_front(self, ask: Ask, queue: str) -> bool:
        """Whether somebody waits at the front of this queue of ours, for the next agent."""
        return bool(await self._place(ask, self._places.waiting(queue, ask.now)))

    async def _place(self, ask: Ask, looking: Coroutine[Any, Any, bool]) -> bool | None:
        """What the book of places says; None when it answers late or not at all, since nobody waits for it."""
        try:
            async with asyncio.timeout(PLACE_WITHIN):
                return await looking
        except (StoreError, TimeoutError) as error:
            watch.log().warning("no place looked for", error=type(error).__name__, call=ask.call)
            return None

    def into_queue(
        self, queue: str, locale: str, *, stay: int, workflow: str | None = None, in_front: bool = False
    ) -> str:
        """The verb that sends a caller to wait; `stay` counts the times on this call.

        Where the queue's agents are TaskRouter's, by the workflow that the address or the rules name. `in_front`:
        before all others, there by its priority, in a queue of ours by the one that agents are sent to first.
        """
        workflow = workflow or self.book().rules.queue(queue).workflow
        front = 1 if in_front and workflow is None else None
        where = {"queue": queue, "locale": locale, "workflow": workflow, "front": front}
        action = self.url("/voice/queue-left", stay=stay, **where)
        wait_url = self.url("/voice/wait", **where)
        if workflow is not None:
            task = {"queue": queue, "locale": locale}
            priority = FRONT if in_front else 0
            return twiml.enqueue_task(workflow, task, action=action, wait_url=wait_url, priority=priority)
        return twiml.enqueue(twiml.front_of(queue) if front else queue, action=action, wait_url=wait_url)

    def line(
        self,
        locale: str,
        page: str,
        part: str,
        facts: Mapping[str, Value],
        call: str,
        *,
        tone: str = "plain",
        turn: int = 0,
    ) -> Line | None:
        """One line of a page, or None where the book is silent."""
        return say(self.book(), locale, page, part, facts, call=call, tone=tone, turn=turn)

    def spoken(self, locale: str, line: Line | None) -> list[str]:
        """The verbs that speak a line: none for a silence."""
        return [self.voiced(self.book(), locale, line)] if line is not None else []

    def voiced(self, book: Book, locale: str, line: Line, rate: int = 100) -> str:
        """The verbs that speak a line in the locale's voice, at `rate` per cent of its ordinary speed."""
        voice = book.voice(locale)
        if line.recording:
            return twiml.play(line.recording)
        ssml = line.ssml if rate == 100 else f'<prosody rate="{rate}%">{line.ssml}</prosody>'
        return twiml.say(ssml, voice.voice, voice.language, plain=not voice.ssml)

    async def keep(self, maybe: Sequence[Event | None], *, personal: Sequence[Personal] = ()) -> None:
        """Record events durably, or from memory as soon as that can be done.

        A caller is on the line: whatever the database does, the answer does not wait for it for long.
        """
        events = [event for event in maybe if event is not None]
        if not events:
            return
        await self._keeping.keep(events, personal)

    def later(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        """Look again after a while, beside the answers. A restart forgets it: news.py finds who was left alone."""

        async def look() -> None:
            await self.clock.sleep(seconds)
            try:
                await act()
            except Exception as error:
                watch.log().warning("not looked again", error=type(error).__name__)

        self._beside(look())

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._trying.add(task)
        task.add_done_callback(self._trying.discard)

    async def close(self) -> None:
        """Look at nobody again, and keep what can still be kept; called as the service stops."""
        for task in tuple(self._trying):
            task.cancel()
        await asyncio.gather(*self._trying, return_exceptions=True)
        await self._keeping.close()
