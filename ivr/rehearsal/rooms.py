"""Conference rooms: who is in one, what begins and ends it, and whom it tells.

Everything that one leg does to another travels as an `Interrupt` on the simulated clock.
"""

from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING

from ivr.rehearsal.document import Document
from ivr.rehearsal.interrupts import Interrupt, Over
from ivr.rehearsal.leg import Fields, Leg

if TYPE_CHECKING:
    from ivr.rehearsal.announcements import Announcement
    from ivr.rehearsal.exchange import Exchange


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
