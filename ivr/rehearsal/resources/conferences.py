"""Conferences and the people in them: found, held, muted, spoken to, ended."""

from collections.abc import Iterable

from ivr.rehearsal.announcements import announce
from ivr.rehearsal.document import Document, read
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.resources.answers import (
    LIST,
    Body,
    Given,
    RestError,
    Route,
    addresses,
    not_found,
    one_of,
    page,
    rfc,
    route,
)
from ivr.rehearsal.resources.past import Past
from ivr.rehearsal.rooms import Person, Room

_CONFERENCE = ("Status", "AnnounceUrl", "AnnounceMethod")
_PARTICIPANT = (
    "Muted", "Hold", "HoldUrl", "HoldMethod", "AnnounceUrl", "AnnounceMethod", "WaitUrl", "WaitMethod", "BeepOnExit",
    "EndConferenceOnExit", "Coaching", "CallSidToCoach",
)  # fmt: skip


class Conferences:
    """The rooms of the exchange."""

    def __init__(self, exchange: Exchange, past: Past) -> None:
        self.exchange, self._past = exchange, past

    def routes(self) -> Iterable[Route]:
        rooms = f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}/Conferences"
        people = f"{rooms}/{{}}/Participants"
        yield route("GET", f"{rooms}.json", self.list, LIST | {"FriendlyName", "Status"})
        yield route("GET", f"{rooms}/{{}}.json", self.fetch)
        yield route("POST", f"{rooms}/{{}}.json", self.update, _CONFERENCE)
        yield route("GET", f"{people}.json", self.list_people, LIST | {"Muted", "Hold", "Coaching"})
        yield route("GET", f"{people}/{{}}.json", self.fetch_person)
        yield route("POST", f"{people}/{{}}.json", self.update_person, _PARTICIPANT)

    # --- rooms -----------------------------------------------------------------------------------------

    def _room(self, conference: str) -> Room:
        for room in self.exchange.rooms:
            if room.sid == conference:
                return room
        raise not_found(f"/Conferences/{conference}.json")

    def _seen(self, conference: str) -> Room:
        """The room as a GET sees it."""
        room = self._past.of(self._room(conference))
        if room is None:
            raise not_found(f"/Conferences/{conference}.json")
        return room

    def list(self, given: Given) -> Body:
        """Rooms of a name, in a state."""
        seen = [room for each in self.exchange.rooms if (room := self._past.of(each)) is not None]
        rooms = [
            room
            for room in seen
            if given.get("FriendlyName", room.name) == room.name
            and given.get("Status", room.status) == room.status
        ]
        return page("conferences", [self._body(room) for room in rooms])

    def fetch(self, conference: str, given: Given) -> Body:
        """A room as it is, or as it was where the representation lags."""
        return self._body(self._seen(conference))

    def update(self, conference: str, given: Given) -> Body:
        """End a room, or have everybody in it hear something. One that is over is 20404."""
        room = self._room(conference)
        one_of(given, "Status", "completed")
        addresses(given, "AnnounceUrl")
        if room.status == "completed":
            raise RestError(404, 20404, "The conference is over")
        if given.get("Status") == "completed":
            room.end("conference-ended-via-api")
        elif "AnnounceUrl" in given:
            announce(room, given["AnnounceUrl"], given.get("AnnounceMethod", "POST"))
        return self._body(room)

    def _body(self, room: Room) -> Body:
        clock, account = self.exchange.clock, self.exchange.wire.account_sid
        return {
            "sid": room.sid,
            "account_sid": account,
            "api_version": "2010-04-01",
            "friendly_name": room.name,
            "region": "us1",
            "status": room.status,
            "date_created": rfc(clock, room.began),
            "date_updated": rfc(clock, clock.monotonic()),
            "reason_conference_ended": room.reason,
            "call_sid_ending_conference": room.ended_by,
            "uri": f"/2010-04-01/Accounts/{account}/Conferences/{room.sid}.json",
            "subresource_uris": {"participants": f"/Conferences/{room.sid}/Participants.json"},
        }

    # --- people ----------------------------------------------------------------------------------------

    def list_people(self, conference: str, given: Given) -> Body:
        """Who is in. A conference that is over lists nobody."""
        room = self._seen(conference)
        wanted = {"Muted": "muted", "Hold": "held"}
        people = [
            person
            for person in room.people
            if all(
                given.get(name, "") in ("", str(getattr(person, own)).lower()) for name, own in wanted.items()
            )
        ]
        return page("participants", [self._person_body(room, person) for person in people])

    def fetch_person(self, conference: str, who: str, given: Given) -> Body:
        """One of them, by call or label."""
        room = self._seen(conference)
        return self._person_body(room, _person(room, who))

    def update_person(self, conference: str, who: str, given: Given) -> Body:
        """Hold, mute, announce. HoldMethod is GET unless said. EndConferenceOnExit cannot be changed while
        the participant is on hold, and no error says so."""
        room = self._room(conference)
        person = _person(room, who)
        addresses(given, "HoldUrl", "AnnounceUrl", "WaitUrl")
        for name in ("Muted", "Hold", "EndConferenceOnExit", "BeepOnExit", "Coaching"):
            one_of(given, name, "true", "false")
        if "EndConferenceOnExit" in given and not person.held:
            person.ends_room = given["EndConferenceOnExit"] == "true"
            room.event("modify", "participant-modify", person)
        if "Muted" in given and (given["Muted"] == "true") is not person.muted:
            person.muted = given["Muted"] == "true"
            room.event("mute", "participant-mute" if person.muted else "participant-unmute", person)
        if "Hold" in given:
            self._hold(room, person, given)
        if "AnnounceUrl" in given:
            announce(room, given["AnnounceUrl"], given.get("AnnounceMethod", "POST"), person)
        return self._person_body(room, person)

    def _hold(self, room: Room, person: Person, given: Given) -> None:
        held = given["Hold"] == "true"
        if not held or "HoldUrl" not in given:
            room.hold(person, held)
            return

        async def fetched() -> None:
            music = await self._music(room, given["HoldUrl"], given.get("HoldMethod", "GET"))
            room.hold(person, True, music)

        self.exchange.spawn(fetched(), "hold music")

    async def _music(self, room: Room, url: str, method: str) -> Document:
        """What is to be heard on hold: Play, Say, Pause and Redirect only."""
        return read(await self.exchange.wire.ask(url, method, list(room.fields().items())), "room")

    def _person_body(self, room: Room, person: Person) -> Body:
        clock, account = self.exchange.clock, self.exchange.wire.account_sid
        uri = f"/2010-04-01/Accounts/{account}/Conferences/{room.sid}/Participants/{person.leg.sid}.json"
        return {
            "account_sid": account,
            "call_sid": person.leg.sid,
            "call_sid_to_coach": None,
            "coaching": False,
            "conference_sid": room.sid,
            "date_created": rfc(clock, person.came),
            "date_updated": rfc(clock, clock.monotonic()),
            "end_conference_on_exit": person.ends_room,
            "muted": person.muted,
            "hold": person.held,
            "label": person.label,
            "start_conference_on_enter": person.starts,
            "status": "connected",
            "queue_time": "0",
            "uri": uri,
        }


def _person(room: Room, who: str) -> Person:
    for person in room.people:
        if who in (person.leg.sid, person.label):
            return person
    raise not_found(f"/Conferences/{room.sid}/Participants/{who}.json")
