"""The exchange: all of one pretend Twilio, with its legs, its queues, its rooms, and what happened."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from ivr.rehearsal.clock import Clock
from ivr.rehearsal.document import Document
from ivr.rehearsal.leg import Fields, Leg, Verb
from ivr.rehearsal.queues import Bridge, Queue
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.rooms import Room
from ivr.rehearsal.sids import sid
from ivr.rehearsal.telephone import Number
from ivr.rehearsal.wire import Unanswered, Wire

if TYPE_CHECKING:
    from ivr.rehearsal.taskrouter import TaskRouter


class Exchange:
    """The pretend Twilio of one rehearsal: its legs, queues and rooms.

    `strict`: a document against Twilio's rules ends the rehearsal with TwilioRefuses; otherwise the caller
    hears what a real one would: the fallback, or an application error. `star` is what becomes of a queued
    caller when the agent leaves the bridge by the star key, which Twilio does not document: `on`, to their
    Enqueue action, or `away`, hung up. `pace` is in words a minute.
    """

    def __init__(
        self,
        clock: Clock,
        wire: Wire,
        verbs: Mapping[str, Verb],
        *,
        strict: bool = True,
        star: str = "on",
        pace: int = 150,
    ) -> None:
        self.clock, self.wire, self.verbs = clock, wire, verbs
        self.strict, self.star, self.pace = strict, star, pace
        self.legs: dict[str, Leg] = {}
        self.queues: dict[str, Queue] = {}
        self.rooms: list[Room] = []
        self.bridges: list[Bridge] = []
        self.taskrouter: TaskRouter | None = None
        self.warnings: list[TwilioRefuses] = []
        self.trouble: TwilioRefuses | Exception | None = None
        self.on_document: list[Callable[[Leg, Document], None]] = []
        self.on_queue: list[Callable[[Leg], None]] = []
        self.on_bridge: list[Callable[[Bridge], None]] = []
        self.on_over: list[Callable[[Leg], None]] = []
        self.on_trouble: list[Callable[[Exception], None]] = []
        self.on_change: list[Callable[[object], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    # --- legs

    def ring(self, name: str, from_: str, to: str, number: Number, *, opening: Document | None = None) -> Leg:
        """A telephone rings a number. `name` makes the CallSid; `opening` is what Twilio has it follow where
        the number is not ours."""
        return self._begin(Leg(self, sid("CA", name), from_, to, number, opening=opening), name)

    def dial(self, name: str, from_: str, to: str, opening: Document) -> Leg:
        """Twilio rings somebody who answers, and has them follow a document of its own."""
        leg = Leg(self, sid("CA", name), from_, to, Number(""), direction="outbound-api", opening=opening)
        return self._begin(leg, name)

    def _begin(self, leg: Leg, name: str) -> Leg:
        self.legs[leg.sid] = leg
        self.changed(leg)
        self.spawn(self._live(leg), f"leg {name}")
        return leg

    async def _live(self, leg: Leg) -> None:
        try:
            await leg.live()
        finally:
            leg.status = "completed"
            for told in self.on_over:
                told(leg)

    def spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        """Let something run beside the others; what it raises ends the rehearsal."""
        if self._closed:
            coroutine.close()
            return
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception) and self.trouble is None:
            self.trouble = error
            for told in self.on_trouble:
                told(error)

    async def close(self) -> None:
        """Stop whatever still runs; whoever is stopped begins nothing more."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.wire.close()

    @property
    def quiet(self) -> bool:
        """Every leg is over, and every callback was delivered or given up."""
        return not self._tasks

    # --- queues and rooms

    def queue(self, name: str) -> Queue:
        """The queue of this name, created when missing."""
        if name not in self.queues:
            self.queues[name] = Queue(name, sid("QU", self.wire.account_sid, name))
        return self.queues[name]

    def room(self, name: str) -> Room:
        """The conference of this name that is going on, else a new one: a name may be used again."""
        room = self.running(name)
        if room is None:
            made = sid("CF", self.wire.account_sid, name, len(self.rooms))
            room = Room(name, made, self, began=self.clock.monotonic())
            self.rooms.append(room)
            self.changed(room)
        return room

    def running(self, name: str) -> Room | None:
        return next((room for room in self.rooms if room.name == name and room.status != "completed"), None)

    # --- what happens

    def saw(self, leg: Leg, document: Document) -> None:
        for told in self.on_document:
            told(leg, document)

    def queued(self, leg: Leg) -> None:
        """A caller comes to a queue."""
        for told in self.on_queue:
            told(leg)

    def bridged(self, bridge: Bridge) -> None:
        """A caller and an agent hear each other."""
        self.bridges.append(bridge)
        for told in self.on_bridge:
            told(bridge)

    def changed(self, thing: object) -> None:
        for told in self.on_change:
            told(thing)

    def warn(self, error: TwilioRefuses) -> None:
        self.warnings.append(error)

    def notify(self, url: str, method: str, fields: Fields) -> None:
        """Send a callback nobody waits for. One that fails is a warning (15003) and changes no call."""

        seconds = self.wire.held_for(url)

        async def send() -> None:
            if seconds > 0:
                await self.clock.sleep(seconds)
            try:
                await self.wire.ask(url, method, list(fields.items()))
            except Unanswered as refused:
                self.warn(TwilioRefuses(15003, f"a status callback failed: {refused.rule}", url))

        self.spawn(send(), f"callback {fields.get('StatusCallbackEvent') or fields.get('EventType', '')}")


def exchange_of(leg: Leg) -> Exchange:
    """The exchange a leg hangs on, with its queues and rooms."""
    exchange = leg.exchange
    assert isinstance(exchange, Exchange)
    return exchange
