"""The call ledger: append what happened, read one call back, keep the farewell that was composed for it.

Everything written here may be written again without harm: of a row that comes twice the first stays. Events
and farewells hold no personal data; numbers, notes and words are sealed in a table of their own.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Table

from ivr.calls.events import Answered, Arrived, Event, Joined, Parted, Pressed, WrappedUp
from ivr.calls.rooms import Room, tell_room
from ivr.farewell.moments import Farewell, Promise
from ivr.store import recall, tables, unfinished
from ivr.store.database import Database
from ivr.store.engine.hand import Row
from ivr.store.recall import micros
from ivr.store.seal import Seal, SealError
from ivr.watch import log

Rows: TypeAlias = list[tuple[Table, dict[str, Any]]]

_RECENT = 2_000  # farewells that are kept at hand, opened

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Personal:
    """Something sealed that came with an event."""

    call: str
    kind: str  # number, wrapup …
    key: str
    at: datetime
    value: Any  # plain JSON values


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger knows of one call, and of its caller's others."""

    events: tuple[Event, ...] = ()  # as they were kept, in no order
    earlier: tuple[tuple[Event, ...], ...] = ()  # the caller's other calls since the time asked for
    heard: dict[str, tuple[str, ...]] = field(default_factory=dict)  # page → variants, latest first
    wrapup: dict[str, Any] | None = None  # the latest version of what the agent noted
    farewells: tuple[Farewell, ...] = ()  # by part
    promises: tuple[Promise, ...] = ()  # those the farewells made, and those the caller asked for since
    called_before: bool | None = None  # None where nobody can be told from the caller id
    callers: tuple[str, ...] = ()  # the keyed hashes it was read for
    turn: int = 1  # which of this caller's farewells the next one is
    announced: frozenset[str] = frozenset()  # hashes of the coming events they were told of on other calls


class Ledger:
    """Remembers calls. Every method raises StoreUnavailable (try again) or StoreError (this is refused)."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal
        # Farewells by (call, part, sealed bytes): each of a caller's requests reads the same one.
        self._recent: dict[Row, Farewell] = {}
        self.at_hand: Callable[[str], Sequence[Event]] = lambda _: ()
        """Events of a call that somebody still tries to keep: they are read with those that are kept."""

    async def append(self, events: Sequence[Event], personal: Sequence[Personal] = ()) -> None:
        """Keep events, and what is personal about them, as one unit. On the disk when this returns."""
        rows: Rows = [(tables.events, _event_row(event)) for event in events]
        for one in personal:
            rows.append(self._sealed(one.call, one.kind, one.key, micros(one.at), one.value))
        await self._database.write(rows)

    async def keep_wrapup(self, call: str, key: str, wrapup: Mapping[str, Any], event: WrappedUp) -> None:
        """Keep one version of what the agent noted, as one unit with the event that says so.

        `key` is the event's; a repeat with the same key changes nothing.
        """
        await self.append([event], [Personal(call, "wrapup", key, event.at, dict(wrapup))])

    async def keep_farewell(
        self,
        farewell: Farewell,
        *,
        caller: str | None,
        at: datetime,
        events: Sequence[Event] = (),
        turn: int | None = None,
        voucher: str | None = None,
        queue: str | None = None,
    ) -> Farewell | None:
        """Keep a farewell with its promises, what the caller is being told, and `events`, as one unit.

        Returns the farewell to speak: of two that race for one part of a call, the one that was kept. None where
        the caller's `turn` was taken by another of their calls, or the `voucher` (its id) by another caller:
        nothing is kept then, and it is to be composed anew from what is known now. With neither there is always
        a farewell. `caller`: the newest keyed hash, None for somebody who cannot be told from others. `queue`:
        where a place at the front is promised.
        """
        call, part, time = farewell.call, farewell.part, micros(at)
        sealed = self._sealed(call, "farewell", str(part), time, farewell.to_json())
        rows: Rows = [(tables.farewells, _farewell_row(farewell, caller, time))]
        told = [(tables.heard, _heard_row(farewell, caller, time, turn))] if caller is not None else []
        if told and turn is not None:
            rows += told
            told = []
        if voucher is not None:
            rows.append((tables.given, {"voucher": voucher, "call": call, "part": part, "at": time}))
        deciding = len(rows)
        rows += [sealed, *told, *_lasting_rows(farewell, caller, time, queue)]
        rows += [(tables.events, _event_row(event)) for event in events]
        if await self._database.write(rows, deciding=deciding):
            self._remember((call, str(part), sealed[1]["sealed"]), farewell)
            return farewell
        kept = await self._database.read(recall.personal_of, call)
        winner = next((one for one in self._farewells(kept) if one.part == part), None)
        if winner is None and deciding == 1:
            return farewell  # the winner's words were forgotten since: ours are as good
        return winner

    async def keep_promise(self, farewell: Farewell, promise: Promise, *, at: datetime) -> None:
        """Keep a promise the caller asked for while `farewell` was spoken. One of a kind for each part."""
        rows = self._asked_for(farewell.call, farewell.part, promise, at)
        await self._database.write(rows, deciding=1)

    async def keep_call_back(self, pressed: Pressed, number: Personal) -> None:
        """Keep that a caller asked by key to be rung back, as one unit with the key. Once for each call."""
        rows = self._asked_for(pressed.call, 0, Promise("call_back", pressed.at), pressed.at)
        rows.append((tables.events, _event_row(pressed)))
        rows.append(self._sealed(number.call, number.kind, number.key, micros(number.at), number.value))
        await self._database.write(rows, deciding=1)

    def _asked_for(self, call: str, part: int, promise: Promise, at: datetime) -> Rows:
        """A promise that no farewell holds; part 0 is before any."""
        row = _promise_row(call, part, promise, promise.kind)
        words = {"kind": promise.kind, "due": promise.due.isoformat(), "body": promise.body}
        return [(tables.promises, row), self._sealed(call, "promise", row["id"], micros(at), words)]

    async def read(
        self,
        call: str,
        *,
        caller: Sequence[str] = (),
        since: datetime | None = None,
        announced: bool = False,
    ) -> Record:
        """All that is known of a call. `caller`: keyed hashes, to read what that caller was told, and when.

        `since`: calls that arrived before this are not read; without it no other call is. `announced`: also
        which coming events they were told of. What this call itself told them is not among either.
        """
        asked = recall.Asked(call, tuple(caller), None if since is None else micros(since), announced)
        found = await self._database.read(recall.find, asked)
        events = (*recall.told(found.events), *self.at_hand(call))
        farewells = self._farewells(found.personal)
        return Record(
            events=events,
            earlier=tuple(recall.told(rows) for rows in found.earlier),
            heard=recall.remembered(found.heard, call) if found.heard else {},
            wrapup=self._wrapup(events, found.personal),
            farewells=farewells,
            promises=(
                *(promise for farewell in farewells for promise in farewell.promises),
                *self._promises(found.personal),
            ),
            called_before=found.called_before if caller else None,
            callers=asked.callers,
            turn=recall.next_turn(found.heard),
            announced=frozenset([event for _, event, other in found.announced if other != call]),
        )

    async def answered_by(self, agent_leg: str) -> str | None:
        """The call this agent's leg answered last; None if it answered none."""
        return await self._database.read(recall.answered_by, agent_leg)

    async def room(self, room: str) -> Room:
        """Who is in a room that is not ours, as far as we were told."""
        rows = await self._database.read(recall.in_room, room)
        return tell_room(room, recall.told(rows))

    async def caller_among(self, legs: Sequence[str]) -> str | None:
        """Which of the legs in a room is the caller's; None where none is known to be."""
        theirs = await asyncio.gather(*(self._database.read(recall.callers, leg) for leg in legs))
        return next((leg for leg, is_caller in zip(legs, theirs, strict=True) if is_caller), None)

    async def knows(self, call: str) -> bool:
        """Whether anything was ever told of this call."""
        return await self._database.read(recall.known, call)

    async def unfinished(self, since: datetime, *, ended_by: datetime) -> AsyncIterator[str]:
        """Calls that began since then and had not ended by `ended_by`; one may come twice."""
        place: unfinished.Place | None = unfinished.Place(micros(since))
        while place is not None:
            page = await self._database.read(unfinished.find, unfinished.Asked(place, micros(ended_by)))
            for call in page.calls:
                yield call
            place = page.onward

    async def number(self, call: str) -> Any:
        """What was first sealed as the caller's number; None where nothing was, or it has been forgotten."""
        rows = await self._database.read(recall.personal_of, call)
        numbers = [row for row in rows if row[1] == "number"]
        return self._opened(min(numbers, key=lambda row: row[3])) if numbers else None

    def _sealed(self, call: str, kind: str, key: str, at: int, value: Any) -> tuple[Table, dict[str, Any]]:
        plain = _encode(value).encode("utf-8", "surrogatepass")
        sealed = self._seal.seal(plain, _about(call, kind, key))
        return tables.personal, {"call": call, "kind": kind, "key": key, "at": at, "sealed": sealed}

    def _opened(self, row: Row) -> Any:
        """What was sealed in a row. What no secret opens any more counts as forgotten: None."""
        call, kind, key, _, sealed = row
        try:
            plain = self._seal.open(sealed, _about(call, kind, key))
        except SealError:
            log().warning("not opened", kind=kind, error="SealError")
            return None
        return json.loads(plain.decode("utf-8", "surrogatepass"))

    def _wrapup(self, events: Sequence[Event], rows: Sequence[Row]) -> dict[str, Any] | None:
        """The latest version by its event: of one key the earliest counts, of several keys the last."""
        noted = {row[2]: row for row in rows if row[1] == "wrapup"}
        first: dict[str, datetime] = {}
        for event in events:
            if event.kind == "wrapped_up" and event.key in noted:
                first[event.key] = min(event.at, first.get(event.key, event.at))
        if not first:
            return None
        opened: dict[str, Any] | None = self._opened(noted[max(first, key=lambda key: (first[key], key))])
        return opened

    def _farewells(self, rows: Sequence[Row]) -> tuple[Farewell, ...]:
        kept = [self._farewell(row) for row in rows if row[1] == "farewell"]
        return tuple(sorted(filter(None, kept), key=lambda farewell: farewell.part))

    def _farewell(self, row: Row) -> Farewell | None:
        call, _, part, _, sealed = row
        farewell = self._recent.get((call, part, sealed))
        if farewell is None and (plain := self._opened(row)) is not None:
            farewell = Farewell.from_json(plain)
            self._remember((call, part, sealed), farewell)
        return farewell

    def _remember(self, kept: Row, farewell: Farewell) -> None:
        self._recent[kept] = farewell
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]

    def _promises(self, rows: Sequence[Row]) -> list[Promise]:
        opened = [self._opened(row) for row in rows if row[1] == "promise"]
        return [
            Promise(plain["kind"], datetime.fromisoformat(plain["due"]), plain["body"])
            for plain in opened
            if plain is not None
        ]


def _farewell_row(farewell: Farewell, caller: str | None, at: int) -> dict[str, Any]:
    return {
        "call": farewell.call, "part": farewell.part, "locale": farewell.locale, "version": farewell.version,
        "way": farewell.way, "tone": farewell.tone, "at": at, "caller": caller,
    }  # fmt: skip


def _heard_row(farewell: Farewell, caller: str | None, at: int, turn: int | None) -> dict[str, Any]:
    return {
        "caller": caller, "at": at, "call": farewell.call, "part": farewell.part,
        "variants": _encode(_variants(farewell)), "turn": turn,
    }  # fmt: skip


def _lasting_rows(farewell: Farewell, caller: str | None, at: int, queue: str | None) -> Rows:
    """What a farewell leaves behind: its promises, and what this caller is not to be told again."""
    call, part = farewell.call, farewell.part
    rows: Rows = []
    kinds: Counter[str] = Counter()
    for promise in farewell.promises:
        kinds[promise.kind] += 1
        many = kinds[promise.kind]
        row = _promise_row(call, part, promise, promise.kind if many == 1 else f"{promise.kind}.{many}")
        rows.append((tables.promises, row))
        if promise.kind == "front_of_queue" and caller is not None and queue is not None:
            place = {
                "caller": caller,
                "queue": queue,
                "call": call,
                "promise": row["id"],
                "until": row["due"],
            }
            rows.append((tables.places, place))
    if farewell.event is not None and caller is not None:
        rows.append((tables.announced, {"caller": caller, "event": farewell.event, "call": call, "at": at}))
    return rows


def _promise_row(call: str, part: int, promise: Promise, own: str) -> dict[str, Any]:
    """`own` tells promises of one part apart; what is to be said stays sealed."""
    return {
        "id": f"{call}.{part}.{own}", "call": call, "part": part, "kind": promise.kind,
        "due": micros(promise.due), "state": "open", "tries": 0,
    }  # fmt: skip


def _event_row(event: Event) -> dict[str, Any]:
    data = event.data()
    if isinstance(event, Arrived):
        who = event.caller
    elif isinstance(event, Answered):
        who = event.agent
    elif isinstance(event, Joined | Parted):
        who = event.room
    else:
        who = None
    return {
        "call": event.call, "kind": event.kind, "key": event.key, "at": micros(event.at),
        "clock": event.clock, "who": who, "data": _encode(data) if data else "",
    }  # fmt: skip


def _about(call: str, kind: str, key: str) -> bytes:
    """Ties sealed bytes to their row, so that one caller's cannot be passed off as another's."""
    return f"{call}\0{kind}\0{key}".encode("utf-8", "surrogatepass")


def _variants(farewell: Farewell) -> dict[str, list[str]]:
    """Page → the variants spoken from it. A line's entry is locale/page/name."""
    pages: dict[str, list[str]] = {}
    for moment in farewell.moments:
        for line in moment.lines:
            page = line.entry.split("/", 2)[1]
            pages.setdefault(page, []).append(line.variant)
    return pages
