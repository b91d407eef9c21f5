"""The REST side, under the real twilio client: what a service asks of Twilio, answered by the exchange.

Only what a service of ours asks for is known: calls (fetch, update), conferences (list, fetch, update),
participants (list, fetch, update) and queues (create, list). Bodies have the real shapes; every request is
kept. Errors carry Twilio's numbers: 20404 unknown, 21220 too late, 20001 a parameter nobody knows.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]  # twilio publishes no types
from twilio.http.response import Response  # type: ignore[import-untyped]

from ivr.rehearsal import twiml_rules
from ivr.rehearsal.call import NEW_DOCUMENT_AFTER, Document, Leg, Replaced, read, read_inline
from ivr.rehearsal.rooms import Exchange, Person, Queue, Room
from ivr.rehearsal.twiml_rules import TwilioRefuses

Body: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, str]

Upset: TypeAlias = Callable[
    [str, float | None, Callable[[], Response], Callable[[int], Response]], Awaitable[Response]
]
"""The seam for faults: given a path, the time-out, what does it and answers, and what refuses by a status."""

_log = logging.getLogger("ivr.rehearsal.rest")


class RestError(Exception):
    """What Twilio answers instead of a resource."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self) -> Body:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class RestAsked:
    """One REST request, and what it was answered."""

    at: float  # simulated seconds since the start
    method: str
    path: str
    given: dict[str, str]
    status: int


_CALL = frozenset(
    {"Url", "Method", "Status", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackMethod", "Twiml", "TimeLimit"}
)  # fmt: skip
_CONFERENCE = frozenset({"Status", "AnnounceUrl", "AnnounceMethod"})
_PARTICIPANT = frozenset(
    {"Muted", "Hold", "HoldUrl", "HoldMethod", "AnnounceUrl", "AnnounceMethod", "WaitUrl", "WaitMethod", "BeepOnExit",
     "EndConferenceOnExit", "Coaching", "CallSidToCoach"}
)  # fmt: skip
_QUEUE = frozenset({"FriendlyName", "MaxSize"})
_LIST = frozenset({"PageSize", "Page", "PageToken", "FriendlyName", "Status"})


class RestSide(AsyncHttpClient):  # type: ignore[misc]
    """An HTTP client for `twilio.rest.Client(http_client=…)` that never leaves the process."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(_log, True)
        self.exchange = exchange
        self.asked: list[RestAsked] = []
        self.upset: Upset | None = None
        account = rf"/2010-04-01/Accounts/{re.escape(exchange.wire.account_sid)}"
        self._routes: list[tuple[str, re.Pattern[str], frozenset[str], Callable[..., Body]]] = [
            ("GET", re.compile(rf"{account}/Calls/(\w+)\.json"), frozenset(), self._fetch_call),
            ("POST", re.compile(rf"{account}/Calls/(\w+)\.json"), _CALL, self._update_call),
            ("GET", re.compile(rf"{account}/Conferences\.json"), _LIST, self._list_conferences),
            ("GET", re.compile(rf"{account}/Conferences/(\w+)\.json"), frozenset(), self._fetch_conference),
            ("POST", re.compile(rf"{account}/Conferences/(\w+)\.json"), _CONFERENCE, self._update_conference),
            ("GET", re.compile(rf"{account}/Conferences/(\w+)/Participants\.json"), _LIST, self._list_people),
            ("GET", re.compile(rf"{account}/Conferences/(\w+)/Participants/([^/]+)\.json"), frozenset(), self._fetch_person),
            ("POST", re.compile(rf"{account}/Conferences/(\w+)/Participants/([^/]+)\.json"), _PARTICIPANT, self._update_person),
            ("GET", re.compile(rf"{account}/Queues\.json"), _LIST, self._list_queues),
            ("POST", re.compile(rf"{account}/Queues\.json"), _QUEUE, self._create_queue),
        ]  # fmt: skip

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - twilio's own signature
        allow_redirects: bool = False,
    ) -> Response:
        """Answer one request at once; what it sets in motion happens on the simulated clock."""
        parts = urlsplit(url)
        everything = {**dict(parse_qsl(parts.query)), **(params or {}), **(data or {})}
        given = {name: str(value) for name, value in everything.items()}

        def answer() -> Response:
            return self._answer(method, parts.path, given, authorised=bool(auth))

        def refuse(status: int) -> Response:
            return self._refused(method, parts.path, given, RestError(status, 20000 + status, "Not now"))

        if self.upset is None:
            return answer()
        return await self.upset(parts.path, timeout, answer, refuse)

    def _answer(self, method: str, path: str, given: dict[str, str], *, authorised: bool) -> Response:
        try:
            if not authorised:
                raise RestError(401, 20003, "Authenticate")
            body = self._route(method, path, given)
        except RestError as error:
            return self._refused(method, path, given, error)
        status = 201 if method == "POST" and path.endswith("/Queues.json") else 200
        self.asked.append(RestAsked(self.exchange.clock.monotonic(), method, path, given, status))
        return Response(status, json.dumps(body))

    def _refused(self, method: str, path: str, given: dict[str, str], error: RestError) -> Response:
        self.asked.append(RestAsked(self.exchange.clock.monotonic(), method, path, given, error.status))
        return Response(error.status, json.dumps(error.body()))

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> "RestSide":
        return self

    async def __aexit__(self, *excinfo: object) -> None:
        await self.close()

    def _route(self, method: str, path: str, given: Given) -> Body:
        for wanted, pattern, known, answer in self._routes:
            found = pattern.fullmatch(path)
            if found is None or wanted != method:
                continue
            if unknown := sorted(set(given) - known):
                raise RestError(400, 20001, f"Unknown parameter: {', '.join(unknown)}")
            return answer(*found.groups(), given)
        raise RestError(404, 20404, f"The requested resource {path} was not found")

    # --- calls -------------------------------------------------------------------------------------

    def _leg(self, call: str) -> Leg:
        leg = self.exchange.legs.get(call)
        if leg is None:
            raise RestError(404, 20404, f"The requested resource /Calls/{call}.json was not found")
        return leg

    def _fetch_call(self, call: str, given: Given) -> Body:
        return self._call_body(self._leg(call))

    def _update_call(self, call: str, given: Given) -> Body:
        """Redirect or end a live call. Url and Twiml exclude each other; Twiml takes 4,000 characters; a
        fallback without a Url is refused (21405); `canceled` is only for a call that still rings."""
        leg = self._leg(call)
        if leg.status != "in-progress":
            raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if "Url" in given and "Twiml" in given:
            raise RestError(400, 20001, "Url and Twiml exclude each other")
        if len(given.get("Twiml", "")) > twiml_rules.LONGEST_INLINE:
            raise RestError(400, 20001, f"Twiml takes at most {twiml_rules.LONGEST_INLINE} characters")
        if "FallbackUrl" in given and "Url" not in given:
            raise RestError(400, 21405, "A FallbackUrl needs a Url")
        _addresses(given, "Url", "FallbackUrl", "StatusCallback")
        _one_of(given, "Status", "completed", "canceled")
        if given.get("Status") == "canceled":
            raise RestError(400, 21220, "Only a queued or ringing call can be canceled")
        leg.fallback_url = given.get("FallbackUrl", leg.fallback_url)
        leg.status_callback = given.get("StatusCallback", leg.status_callback)
        body = self._call_body(leg)
        if given.get("Status") == "completed":
            leg.hang_up("rest")
        elif "Url" in given or "Twiml" in given:
            leg.interrupt(Replaced(self._replacement(leg, given)))
        return body

    def _replacement(self, leg: Leg, given: Given) -> Callable[[], Awaitable[Document]]:
        async def fetch() -> Document:
            await leg.clock.sleep(NEW_DOCUMENT_AFTER)
            if "Twiml" in given:
                return read_inline(given["Twiml"])
            return await leg.fetch(given["Url"], given.get("Method", "POST"))

        return fetch

    def _call_body(self, leg: Leg) -> Body:
        wire, uri = (
            self.exchange.wire,
            f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}/Calls/{leg.sid}",
        )
        over = leg.ended is not None or leg.status == "completed"
        ended = self.exchange.clock.monotonic() if leg.ended is None else leg.ended
        return {
            "sid": leg.sid,
            "account_sid": wire.account_sid,
            "api_version": "2010-04-01",
            "from": leg.from_,
            "from_formatted": leg.from_,
            "to": leg.to,
            "to_formatted": leg.to,
            "status": leg.status,
            "direction": leg.direction,
            "date_created": self._rfc(leg.began),
            "date_updated": self._rfc(ended),
            "start_time": self._rfc(leg.began),
            "end_time": self._rfc(ended) if over else None,
            "duration": str(round(ended - leg.began)) if over else None,
            "price": None,
            "price_unit": "USD",
            "answered_by": None,
            "parent_call_sid": None,
            "forwarded_from": None,
            "caller_name": None,
            "group_sid": None,
            "phone_number_sid": None,
            "queue_time": "0",
            "trunk_sid": None,
            "annotation": None,
            "uri": f"{uri}.json",
            "subresource_uris": {"events": f"{uri}/Events.json", "recordings": f"{uri}/Recordings.json"},
        }

    def _rfc(self, seconds: float) -> str:
        return format_datetime(self._moment(seconds))

    def _moment(self, seconds: float) -> datetime:
        clock = self.exchange.clock
        return (clock.now() - timedelta(seconds=clock.monotonic() - seconds)).astimezone(UTC)

    # --- conferences ---------------------------------------------------------------------------------

    def _room(self, conference: str) -> Room:
        for room in self.exchange.rooms:
            if room.sid == conference:
                return room
        raise RestError(404, 20404, f"The requested resource /Conferences/{conference}.json was not found")

    def _list_conferences(self, given: Given) -> Body:
        rooms = [
            room
            for room in self.exchange.rooms
            if given.get("FriendlyName", room.name) == room.name
            and given.get("Status", room.status) == room.status
        ]
        return self._page("conferences", [self._room_body(room) for room in rooms])

    def _fetch_conference(self, conference: str, given: Given) -> Body:
        return self._room_body(self._room(conference))

    def _update_conference(self, conference: str, given: Given) -> Body:
        room = self._room(conference)
        _one_of(given, "Status", "completed")
        _addresses(given, "AnnounceUrl")
        if room.status == "completed":
            raise RestError(404, 20404, "The conference is over")
        if given.get("Status") == "completed":
            room.end("conference-ended-via-api")
        elif "AnnounceUrl" in given:
            self._announce(room, given, list(room.people))
        return self._room_body(room)

    def _room_body(self, room: Room) -> Body:
        return {
            "sid": room.sid,
            "account_sid": self.exchange.wire.account_sid,
            "api_version": "2010-04-01",
            "friendly_name": room.name,
            "region": "us1",
            "status": room.status,
            "date_created": self._rfc(0),
            "date_updated": self._rfc(self.exchange.clock.monotonic()),
            "reason_conference_ended": room.reason,
            "call_sid_ending_conference": room.ended_by,
            "uri": f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}/Conferences/{room.sid}.json",
            "subresource_uris": {"participants": f"/Conferences/{room.sid}/Participants.json"},
        }

    # --- participants --------------------------------------------------------------------------------

    def _person(self, conference: str, who: str) -> tuple[Room, Person]:
        room = self._room(conference)
        for person in room.people:
            if who in (person.leg.sid, person.label):
                return room, person
        raise RestError(404, 20404, f"The requested resource …/Participants/{who}.json was not found")

    def _list_people(self, conference: str, given: Given) -> Body:
        """A conference that is over lists nobody."""
        room = self._room(conference)
        return self._page("participants", [self._person_body(room, person) for person in room.people])

    def _fetch_person(self, conference: str, who: str, given: Given) -> Body:
        return self._person_body(*self._person(conference, who))

    def _update_person(self, conference: str, who: str, given: Given) -> Body:
        """Hold, mute, announce. HoldMethod is GET unless said. EndConferenceOnExit cannot be changed while
        the participant is on hold, and no error says so."""
        room, person = self._person(conference, who)
        _addresses(given, "HoldUrl", "AnnounceUrl", "WaitUrl")
        for name in ("Muted", "Hold", "EndConferenceOnExit", "BeepOnExit", "Coaching"):
            _one_of(given, name, "true", "false")
        if "EndConferenceOnExit" in given and not person.held:
            person.ends_room = given["EndConferenceOnExit"] == "true"
            room.event("modify", "participant-modify", person)
        if "Muted" in given and (given["Muted"] == "true") is not person.muted:
            person.muted = given["Muted"] == "true"
            room.event("mute", "participant-mute" if person.muted else "participant-unmute", person)
        if "Hold" in given:
            self._hold(room, person, given)
        if "AnnounceUrl" in given:
            self._announce(room, given, [person])
        return self._person_body(room, person)

    def _hold(self, room: Room, person: Person, given: Given) -> None:
        held = given["Hold"] == "true"
        if not held or "HoldUrl" not in given:
            room.hold(person, held)
            return

        async def fetched() -> None:
            room.hold(
                person, True, await self._document(room, given["HoldUrl"], given.get("HoldMethod", "GET"))
            )

        self.exchange.spawn(fetched(), "hold music")

    def _announce(self, room: Room, given: Given, to: list[Person]) -> None:
        url = given["AnnounceUrl"]

        async def fetched() -> None:
            room.announce(await self._document(room, url, given.get("AnnounceMethod", "POST")), url, to)

        self.exchange.spawn(fetched(), "announcement")

    async def _document(self, room: Room, url: str, method: str) -> Document:
        """What is to be heard in a room: Play, Say, Pause and Redirect only."""
        fields = [
            ("AccountSid", self.exchange.wire.account_sid),
            ("ConferenceSid", room.sid),
            ("FriendlyName", room.name),
        ]
        return read(await self.exchange.wire.ask(url, method, fields), "room")

    def _person_body(self, room: Room, person: Person) -> Body:
        return {
            "account_sid": self.exchange.wire.account_sid,
            "call_sid": person.leg.sid,
            "call_sid_to_coach": None,
            "coaching": False,
            "conference_sid": room.sid,
            "date_created": self._rfc(0),
            "date_updated": self._rfc(self.exchange.clock.monotonic()),
            "end_conference_on_exit": person.ends_room,
            "muted": person.muted,
            "hold": person.held,
            "label": person.label,
            "start_conference_on_enter": person.starts,
            "status": "connected",
            "queue_time": "0",
            "uri": f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}/Conferences/{room.sid}/Participants/{person.leg.sid}.json",
        }

    # --- queues ----------------------------------------------------------------------------------------

    def _list_queues(self, given: Given) -> Body:
        return self._page("queues", [self._queue_body(queue) for queue in self.exchange.queues.values()])

    def _create_queue(self, given: Given) -> Body:
        """FriendlyName is required, at most 64 characters, and free; MaxSize is 1 to 5,000."""
        name, size = given.get("FriendlyName", ""), given.get("MaxSize", "1000")
        if not 0 < len(name) <= 64:
            raise RestError(400, 20001, "FriendlyName takes 1 to 64 characters")
        if not size.isdigit() or not 1 <= int(size) <= 5000:
            raise RestError(400, 20001, "MaxSize takes 1 to 5000")
        if name in self.exchange.queues:
            raise RestError(409, 22003, f"A queue named {name} exists already")
        queue = self.exchange.queue(name)
        queue.max_size = int(size)
        return self._queue_body(queue)

    def _queue_body(self, queue: Queue) -> Body:
        waiting = [stay.seconds for stay in queue.waiting]
        return {
            "sid": queue.sid,
            "account_sid": self.exchange.wire.account_sid,
            "friendly_name": queue.name,
            "current_size": len(waiting),
            "max_size": queue.max_size,
            "average_wait_time": sum(waiting) // max(1, len(waiting)),
            "date_created": self._rfc(0),
            "date_updated": self._rfc(self.exchange.clock.monotonic()),
            "uri": f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}/Queues/{queue.sid}.json",
        }

    def _page(self, key: str, items: list[Body]) -> Body:
        return {
            key: items,
            "first_page_uri": "",
            "next_page_uri": None,
            "previous_page_uri": None,
            "page": 0,
            "page_size": 50,
            "start": 0,
            "end": max(0, len(items) - 1),
            "uri": "",
        }


def _one_of(given: Given, name: str, *values: str) -> None:
    if name in given and given[name] not in values:
        raise RestError(400, 20001, f"{name} must be one of: {', '.join(values)}")


def _addresses(given: Given, *names: str) -> None:
    """An address must be absolute: 21205. Its method is checked by the caller of the address."""
    for name in names:
        if name in given and (
            not twiml_rules.address(21205).fits(given[name]) or not urlsplit(given[name]).scheme
        ):
            raise RestError(400, 21205, f"{name} is not an absolute address: {given[name]}")
    for name in (
        "Method",
        "FallbackMethod",
        "StatusCallbackMethod",
        "HoldMethod",
        "AnnounceMethod",
        "WaitMethod",
    ):
        _one_of(given, name, "GET", "POST")


__all__ = ["RestAsked", "RestError", "RestSide", "TwilioRefuses"]
