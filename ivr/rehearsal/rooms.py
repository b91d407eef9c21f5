"""Where legs meet: queues, the bridge between a queued caller and an agent, and conferences.

Everything that one leg does to another travels as an `Interrupt` on the simulated clock. The exchange at the
end holds all of it: the legs, the queues, the rooms, and what happened.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from ivr.rehearsal.call import Document, Fields, Interrupt, Leg, Number, Over, Verb, sid
from ivr.rehearsal.clock import Clock
from ivr.rehearsal.twiml_rules import TwilioRefuses
from ivr.rehearsal.wire import Unanswered, Wire

if TYPE_CHECKING:
    from ivr.rehearsal.announcements import Announcement
    from ivr.rehearsal.taskrouter import TaskRouter

_SECOND = 1_000_000


# --- queues -------------------------------------------------------------------------------------------


class Dequeued(Interrupt):
    """An agent takes this caller from the queue."""

    def __init__(self, bridge: "Bridge") -> None:
        super().__init__("taken from the queue")
        self.bridge = bridge


class Offered(Interrupt):
    """A caller has come for an agent who waits in an empty queue."""


class Parted(Interrupt):
    """The other side of a bridge has left it."""

    def __init__(self, by: Leg) -> None:
        super().__init__("the other side has left")
        self.by = by


@dataclass(eq=False)
class Stay:
    """One caller's stay in a queue."""

    leg: Leg
    queue: "Queue"
    since: int  # simulated microseconds
    taken: int | None = None  # from the queue, or gone from it

    @property
    def seconds(self) -> int:
        """Whole seconds in the queue so far, or until taken from it: Twilio's QueueTime."""
        until = self.leg.clock.microseconds if self.taken is None else self.taken
        return (until - self.since) // _SECOND

    def fields(self) -> dict[str, str]:
        """What a waitUrl request carries."""
        waiting = self.queue.waiting
        return {
            "QueueSid": self.queue.sid,
            "QueueTime": str(self.seconds),
            "QueuePosition": str(waiting.index(self) + 1 if self in waiting else 1),
            "AvgQueueTime": str(sum(stay.seconds for stay in waiting) // max(1, len(waiting))),
            "CurrentQueueSize": str(len(waiting)),
            "MaxQueueSize": str(self.queue.max_size),
        }


@dataclass(eq=False)
class Queue:
    """First come, first served; created when first named."""

    name: str
    sid: str
    max_size: int = 1000
    waiting: list[Stay] = field(default_factory=list)
    agents: "list[Waiting]" = field(default_factory=list)

    def join(self, leg: Leg) -> Stay | None:
        """A caller comes to wait; None when the queue is full."""
        if len(self.waiting) >= self.max_size:
            return None
        stay = Stay(leg, self, leg.clock.microseconds)
        self.waiting.append(stay)
        if self.agents:
            first = self.agents.pop(0)
            first.bridge = self._take(stay, first.agent, first.whisper)
            first.agent.interrupt(Offered("a caller has come"))
        return stay

    def leave(self, stay: Stay) -> None:
        """A caller waits no longer."""
        if stay in self.waiting:
            self.waiting.remove(stay)
            stay.taken = stay.leg.clock.microseconds

    async def next_caller(self, agent: Leg, whisper: "Whisper", seconds: float) -> "Bridge | None":
        """The bridge to whoever waited longest; an empty queue is waited at for `seconds`."""
        if self.waiting:
            return self._take(self.waiting[0], agent, whisper)
        waiting = Waiting(agent, whisper)
        self.agents.append(waiting)
        until = agent.clock.monotonic() + seconds
        try:
            while (left := until - agent.clock.monotonic()) > 0:
                await agent.wait(left)
            return None
        except Offered:
            return waiting.bridge
        except Interrupt:
            if waiting.bridge is not None:  # they went just as somebody came
                waiting.bridge.part(agent)
            raise
        finally:
            if waiting in self.agents:
                self.agents.remove(waiting)

    def _take(self, stay: Stay, agent: Leg, whisper: "Whisper") -> "Bridge":
        stay.taken = agent.clock.microseconds
        self.waiting.remove(stay)
        bridge = Bridge(stay, agent, whisper)
        stay.leg.interrupt(Dequeued(bridge))
        return bridge


@dataclass(frozen=True, slots=True)
class Whisper:
    """What the queued caller is to hear before the bridge: <Queue url>."""

    url: str | None = None
    method: str = "POST"


@dataclass(eq=False)
class Waiting:
    """An agent who waits in an empty queue."""

    agent: Leg
    whisper: Whisper
    bridge: "Bridge | None" = None


@dataclass(eq=False)
class Bridge:
    """A caller and the agent who took them from the queue."""

    stay: Stay
    agent: Leg
    whisper: Whisper
    since: float | None = None  # when both could hear each other
    until: float | None = None

    @property
    def up(self) -> bool:
        return self.since is not None and self.until is None

    def open(self) -> None:
        """Both hear each other, unless the agent has gone meanwhile."""
        if self.until is None:
            self.since = self.agent.clock.monotonic()

    def part(self, by: Leg) -> None:
        """One side leaves, and the other is told."""
        if self.until is None:
            self.until = by.clock.monotonic()
            other = self.agent if by is self.stay.leg else self.stay.leg
            other.interrupt(Parted(by))


# --- conferences --------------------------------------------------------------------------------------


class RoomOver(Interrupt):
    """The room has ended under somebody: by whom, or None where REST ended it."""

    def __init__(self, by: "Person | None") -> None:
        super().__init__("the room has ended")
        self.by = by


class Started(Interrupt):
    """The room has begun: whoever waited for it hears the others now."""


class Interlude(Interrupt):
    """The music of a hold begins, or is over."""

    def __init__(self, document: Document | None) -> None:
        super().__init__("a hold")
        self.document = document


@dataclass(eq=False)
class Person:
    """One leg in a room."""

    leg: Leg
    label: str | None = None
    starts: bool = True
    ends_room: bool = False
    muted: bool = False
    held: bool = False
    came: float = 0.0  # simulated seconds since the rehearsal began
    leaving: str = "participant_hung_up"

    def fields(self) -> dict[str, str]:
        return {
            "CallSid": self.leg.sid,
            "Muted": _flag(self.muted),
            "Hold": _flag(self.held),
            "Coaching": "false",
            "EndConferenceOnExit": _flag(self.ends_room),
            "StartConferenceOnEnter": _flag(self.starts),
        } | ({"ParticipantLabel": self.label} if self.label else {})


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a room's events go; the first to enter decides."""

    url: str
    method: str
    events: frozenset[str]
    leg: Leg


@dataclass(eq=False)
class Room:
    """A conference. It begins when two are in and one of them may start it."""

    name: str
    sid: str
    exchange: "Exchange"
    people: list[Person] = field(default_factory=list)
    listener: Listener | None = None
    status: str = "init"
    reason: str | None = None
    ended_by: str | None = None  # the leg
    began: float = 0.0
    voices: "dict[Person | None, Announcement]" = field(default_factory=dict)  # to whom, None: to all
    _events: int = 0

    def fields(self) -> dict[str, str]:
        """What a request for a document of the room carries."""
        return {
            "AccountSid": self.exchange.wire.account_sid,
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
        }

    def person(self, leg: Leg) -> Person | None:
        """A leg as somebody in here."""
        return next((person for person in self.people if person.leg is leg), None)

    def enter(self, person: Person, listener: Listener | None) -> None:
        """Somebody comes in."""
        if not self.people and self.listener is None:
            self.listener = listener
        person.came = self.exchange.clock.monotonic()
        self.people.append(person)
        begins = self.status == "init" and len(self.people) > 1 and any(one.starts for one in self.people)
        if begins:
            self.status = "in-progress"
            self.event("start", "conference-start")
        self.event("join", "participant-join", person)
        if self.status == "in-progress":
            for one in self.people if begins else [person]:
                if one is not person:
                    one.leg.interrupt(Started("the room has begun"))

    def leave(self, person: Person) -> None:
        """Somebody goes; with them the room, when they end it or were the last."""
        if person not in self.people:
            return
        self.people.remove(person)
        self._unheard(person)
        status = {"ParticipantCallStatus": person.leg.status, "ReasonParticipantLeft": person.leaving}
        self.event("leave", "participant-leave", person, status)
        if person.ends_room and self.status == "in-progress":
            self.end("participant-with-end-conference-on-exit-left", person)
        elif not self.people:
            self.end("last-participant-left", person)

    def end(self, reason: str, by: Person | None = None) -> None:
        """The room ends for everybody."""
        if self.status == "completed":
            return
        self.status, self.reason, self.ended_by = "completed", reason, by.leg.sid if by else None
        others, self.people = self.people, []
        for voice in tuple(self.voices.values()):
            voice.interrupt(Over("the room has ended"))
        for person in others:
            self._unheard(person)
            person.leaving = "conference_ended_via_api" if by is None else "moderator_ended_conference"
            status = {"ParticipantCallStatus": "in-progress", "ReasonParticipantLeft": person.leaving}
            self.event("leave", "participant-leave", person, status)
            person.leg.interrupt(RoomOver(by))
        ending = {"ReasonConferenceEnded": reason, "Reason": f"The conference ended: {reason}"}
        if by is not None:
            ending["CallSidEndingConference"] = by.leg.sid
        self.event("end", "conference-end", fields=ending)

    def hold(self, person: Person, held: bool, document: Document | None = None) -> None:
        """Put one on hold with their music, or take them back."""
        if person.held is held:
            return
        person.held = held
        if held and None in self.voices:
            self.voices[None].lost(person)
        self.event("hold", "participant-hold" if held else "participant-unhold", person)
        person.leg.interrupt(Interlude(document))

    def event(
        self, group: str, name: str, person: Person | None = None, fields: Fields | None = None
    ) -> None:
        """Tell the listener, if it asked for events of this group."""
        self._events += 1
        self.exchange.changed(self)
        if self.listener is None or group not in self.listener.events:
            return
        everything = {
            **self.fields(),
            "SequenceNumber": str(self._events),
            "Timestamp": format_datetime(self.exchange.clock.now()),
            "StatusCallbackEvent": name,
        }
        everything |= person.fields() if person else {}
        self.exchange.notify(self.listener.url, self.listener.method, everything | dict(fields or {}))

    def _unheard(self, person: Person) -> None:
        for voice in tuple(self.voices.values()):
            voice.lost(person)


def _flag(value: bool) -> str:
    return "true" if value else "false"


# --- the exchange -------------------------------------------------------------------------------------


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
