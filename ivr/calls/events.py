"""What can happen on a call.

An event is a frozen fact about one caller's leg (of `joined` and `parted`: about the leg that did). Events
arrive late, twice, shuffled or never, so each carries its own identity: of events with one (call, kind, key) the earliest counts, and a story is told in
the order of (at, kind as listed here, key). They hold no personal data: a caller is a keyed hash, an
agent is the identifier of a leg, and names, numbers, gifts and words are sealed elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

Clock: TypeAlias = Literal["ours", "twilio"]

LOOKED_UP = "looked up"
"""The key of an end that nobody told us of, so that Twilio was asked. To be told of it later is no second end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened on one call."""

    kind: ClassVar[str] = ""

    call: str  # the caller's leg, Twilio's CallSid
    at: datetime  # aware; when it happened, by `clock`
    key: str = ""  # made only from what the sender sent, so that a repeat has the same one
    clock: Clock = "ours"  # a duration is never measured between two different clocks

    def data(self) -> dict[str, Any]:
        """What this kind adds to every event's fields, without what is absent."""
        return {name: value for name in _OWN[self.kind] if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Event):
    """A call reached us, or one of ours was answered."""

    kind: ClassVar[str] = "arrived"
    caller: str | None = None  # keyed hash; None where nobody can be told from the caller id
    called: str | None = None  # our own number
    verified: bool = False  # the caller id is a customer's, not merely a telephone's
    outbound: bool = False  # we rang them: they waited for nothing
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Event):
    """The caller was sent to wait in a queue."""

    kind: ClassVar[str] = "queued"
    queue: str = ""
    stay: int = 1  # the how-manieth time on this call; 0: told by TaskRouter, which does not count them
    task: str | None = None  # TaskRouter's, with the workspace it lies in
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftQueue(Event):
    """Twilio told how a stay in the queue ended."""

    kind: ClassVar[str] = "left_queue"
    result: str = ""  # Twilio's QueueResult
    waited: int | None = None  # seconds, Twilio's QueueTime
    stay: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """An agent is about to be heard."""

    kind: ClassVar[str] = "answered"
    agent: str | None = None  # the agent's leg, in TaskRouter the reservation, in a call log the agent
    waited: int | None = None  # seconds in the queue before this answer
    source: str | None = None  # where `waited` was read: bridging, log, taskrouter
    task: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Event):
    """We told TaskRouter how to connect the caller's task, so completing it is ours as well."""

    kind: ClassVar[str] = "assigned"
    task: str = ""
    workspace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Event):
    """A leg came into a room that is not ours. Kept under that leg, whoever's it is, since a room tells of
    whom it likes first; `calls/rooms.py` tells who is in there."""

    kind: ClassVar[str] = "joined"
    room: str = ""  # the conference's SID
    name: str | None = None  # its FriendlyName, by which one comes back to it
    sequence: int = 0  # the room's own count of what happened in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(Event):
    """A leg left a room; with `over` the room ended for everybody."""

    kind: ClassVar[str] = "parted"
    room: str = ""
    sequence: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Event):
    """The agent put the caller on hold."""

    kind: ClassVar[str] = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The hold ended."""

    kind: ClassVar[str] = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    """The caller was passed on."""

    kind: ClassVar[str] = "transferred"
    to: str | None = None  # a queue, or an agent's leg
    mode: str | None = None  # cold or warm, where the sender says which


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedUp(Event):
    """The agent told us how the call went. What they typed is sealed elsewhere under `key`."""

    kind: ClassVar[str] = "wrapped_up"
    held_seconds: int | None = None  # a hold nobody else told us of
    apologised: bool = False
    same_person: bool = False  # the agent confirmed that earlier calls today were this caller's


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke(Event):
    """A moment was heard to its end: the caller's leg arrived at what comes after it."""

    kind: ClassVar[str] = "spoke"
    moment: str = ""
    part: int = 1  # the how-manieth part of the farewell: one more after each return to the agent
    told: int | None = None  # seconds of wait announced, when the moment told a figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Event):
    """The caller pressed a key, or said something that counts as one."""

    kind: ClassVar[str] = "pressed"
    digit: str = ""  # blank for words that are as no key
    moment: str = ""
    part: int = 1
    said: str | None = None  # what they meant, never their words; None for a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Event):
    """The caller is being brought back to the agent; the agent's leg has been served its way there."""

    kind: ClassVar[str] = "returned"
    part: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Event):
    """The agent left, or was let go, while the caller was still in the farewell."""

    kind: ClassVar[str] = "released"
    agent: str | None = None  # as in `answered`; None: whoever was there


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Event):
    """The goodbye played to its end."""

    kind: ClassVar[str] = "heard"
    part: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The caller's leg is over."""

    kind: ClassVar[str] = "ended"
    by: str | None = None  # caller, agent or line, where the sender knows


KINDS: tuple[type[Event], ...] = (
    Arrived, Queued, LeftQueue, Answered, Assigned, Joined, Parted, Held, Resumed, Transferred,
    WrappedUp, Spoke, Pressed, Returned, Released, Heard, Ended,
)  # fmt: skip
"""Every kind, in the order in which events of one instant are told."""

RANK: dict[str, int] = {kind.kind: rank for rank, kind in enumerate(KINDS)}

_SHARED = {field.name for field in fields(Event)}
_OWN: dict[str, tuple[str, ...]] = {
    kind.kind: tuple(field.name for field in fields(kind) if field.name not in _SHARED) for kind in KINDS
}
_BY_NAME: dict[str, type[Event]] = {kind.kind: kind for kind in KINDS}


def event(kind: str, *, call: str, at: datetime, key: str, clock: Clock, data: Mapping[str, Any]) -> Event:
    """Rebuild an event from what a ledger kept.

    Fields that this version of the program does not know are left out, so that a ledger written by a
    newer one can still be read. Raises KeyError for a kind nobody knows.
    """
    own = {name: data[name] for name in _OWN[kind] if name in data}
    return _BY_NAME[kind](call=call, at=at, key=key, clock=clock, **own)
