"""Pointing Twilio numbers at this service: what each should say, what it says now, and the difference.

Planning asks nobody and changes nothing. A number that already says what it should is left alone, so that a
second run has nothing to do. Whatever would win over our addresses is shown, and never taken away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ivr.book.rules import Rules

FIELDS: Mapping[str, str] = {
    "voice_url": "VoiceUrl",
    "voice_method": "VoiceMethod",
    "fallback_url": "VoiceFallbackUrl",
    "fallback_method": "VoiceFallbackMethod",
    "status_callback": "StatusCallback",
    "status_method": "StatusCallbackMethod",
}
"""What is set on a number: our name for it, and Twilio's."""

EVENTS = (
    "task-queue.entered",
    "reservation.accepted",
    "reservation.wrapup",
    "reservation.completed",
    "reservation.canceled",
    "task.transfer-initiated",
    "task.canceled",
    "task.wrapup",
)
"""What a workspace should tell us of. Everything else it could tell is one more request to answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """A number that this service answers, and who rings it."""

    number: str  # E.164
    queue: str | None = None
    locale: str | None = None
    agents: bool = False  # agents ring it, for the next caller of the queue

    def __str__(self) -> str:
        who = "agents" if self.agents else "callers"
        named = ", ".join(part for part in (self.queue, self.locale) if part)
        return f"{who}: {named}" if named else who


class Addresses(Protocol):
    """Where Twilio is to turn, absolute and with the connection overrides it reads from a fragment."""

    fallback: str  # when an address of ours gives no usable answer

    def voice(self, path: str, **query: str | None) -> str:
        """A document for somebody on the line. What is None is left out of the query."""

    def events(self, path: str) -> str:
        """A callback."""

    def assignment(self, path: str) -> str:
        """TaskRouter's question what to do with a reservation."""


class Number(Protocol):
    """A telephone number as the account has it. What is not set is blank."""

    @property
    def sid(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def voice_url(self) -> str: ...
    @property
    def voice_method(self) -> str: ...
    @property
    def fallback_url(self) -> str: ...
    @property
    def fallback_method(self) -> str: ...
    @property
    def status_callback(self) -> str: ...
    @property
    def status_method(self) -> str: ...
    @property
    def elsewhere(self) -> str | None:
        """The application (AP…) or trunk (TK…) that answers in place of the addresses."""


class Telephone(Protocol):
    """What this act asks of the line."""

    async def point_number(self, sid: str, *, voice_url: str, fallback_url: str, status_callback: str) -> str:
        """Set a number's addresses, each to be asked by POST: done, too_late, try_again or refused."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a number that says something else than it should."""

    field: str  # Twilio's name
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Pointing:
    """One number of the account and what is to become of it."""

    line: Line
    sid: str
    wanted: Mapping[str, str]  # our names of the fields
    changes: tuple[Change, ...]
    elsewhere: str | None  # the application (AP…) or trunk (TK…) that answers in place of our addresses


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, number by number."""

    pointings: tuple[Pointing, ...]
    absent: tuple[Line, ...]  # lines whose number the account does not have

    @property
    def differing(self) -> tuple[Pointing, ...]:
        """The numbers that say something else than they should."""
        return tuple(each for each in self.pointings if each.changes)


def lines(rules: Rules, typed: Iterable[Line] = ()) -> tuple[Line, ...]:
    """The numbers of the book's rules, and those typed; what was typed of a number counts."""
    all_of_them = {number: Line(number, known.queue, known.locale) for number, known in rules.numbers.items()}
    return tuple((all_of_them | {line.number: line for line in typed}).values())


def plan(wanted: Iterable[Line], account: Sequence[Number], addresses: Addresses) -> Plan:
    """What to change so that every wanted number of the account is answered by us. Changes nothing."""
    there = {number.number: number for number in account}
    pointings, absent = [], []
    for line in wanted:
        number = there.get(line.number)
        if number is None:
            absent.append(line)
        else:
            pointings.append(_pointing(line, number, addresses))
    return Plan(tuple(pointings), tuple(absent))


def _pointing(line: Line, number: Number, addresses: Addresses) -> Pointing:
    wanted = {
        "voice_url": _answered_at(line, addresses),
        "voice_method": "POST",
        "fallback_url": addresses.fallback,
        "fallback_method": "POST",
        "status_callback": addresses.events("/events/call"),
        "status_method": "POST",
    }
    changes = tuple(
        Change(FIELDS[field], now, then)
        for field, then in wanted.items()
        if (now := str(getattr(number, field) or "")) != then
    )
    return Pointing(line, number.sid, wanted, changes, number.elsewhere)


def _answered_at(line: Line, addresses: Addresses) -> str:
    """Queue and locale stand in the address: a fallback that can look at nothing else knows them then, too."""
    if line.agents:
        return addresses.voice("/voice/agent", queue=line.queue)
    return addresses.voice("/voice/incoming", queue=line.queue, locale=line.locale)


async def apply(planned: Plan, telephone: Telephone) -> dict[str, str]:
    """Change what differs, one number after another. Number → how it went; one that fails stops no other."""
    outcomes = {}
    for each in planned.differing:
        outcomes[each.line.number] = str(
            await telephone.point_number(
                each.sid,
                voice_url=each.wanted["voice_url"],
                fallback_url=each.wanted["fallback_url"],
                status_callback=each.wanted["status_callback"],
            )
        )
    return outcomes


def by_hand(addresses: Addresses, workspace: str, workflow: str | None = None) -> list[tuple[str, str, str]]:
    """(sid, Twilio's name of the field, value) of what TaskRouter needs and this service never changes."""
    values = [
        (workspace, "EventCallbackUrl", addresses.events("/events/taskrouter")),
        (workspace, "EventsFilter", ",".join(EVENTS)),
    ]
    if workflow is not None:
        values.append((workflow, "AssignmentCallbackUrl", addresses.assignment("/taskrouter/assignment")))
    return values
