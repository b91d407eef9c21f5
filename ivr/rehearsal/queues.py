"""Queues: who waits in them, who takes them from there, and the bridge between the two.

Everything that one leg does to another travels as an `Interrupt` on the simulated clock.
"""

from dataclasses import dataclass, field

from ivr.rehearsal.interrupts import Interrupt
from ivr.rehearsal.leg import Leg

_SECOND = 1_000_000


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
