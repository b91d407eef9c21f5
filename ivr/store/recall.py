"""What the ledger looks up, for everybody who asks at one time: one statement each.

The functions that take a `Hand` run in the reading thread and give rows; rows are told as events, and opened,
on the asker's side.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import literal_column, select

from ivr.calls.events import Clock, Event, event
from ivr.store.engine.hand import Among, Hand, Newest, Row
from ivr.store.tables import announced, events, heard, personal, places

CALLS_REMEMBERED = 10
"""How many of a caller's calls count when choosing other words than last time."""

# More calls than this in a day belong to a line, not to a person, and the rest need not be read.
_EARLIER = 12
_PARTS = 3  # a call has seldom more parts than this; rows of `heard` are one a part

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_decode = json.JSONDecoder().raw_decode  # half the cost of json.loads on a line this short

EVENT = (events.c.call, events.c.kind, events.c.key, events.c.at, events.c.clock, events.c.data)
"""The columns of an event, as `told` reads them."""

_EVENTS = Among(select(*EVENT), events.c.call)
_PERSONAL = Among(
    select(personal.c.call, personal.c.kind, personal.c.key, personal.c.at, personal.c.sealed),
    personal.c.call,
)
_KNOWN = Among(select(events.c.call).distinct(), events.c.call)
_IN_ROOM = Among(
    select(events.c.who, events.c.call, events.c.kind, events.c.key, events.c.at, events.c.clock, events.c.data)
    .where(events.c.kind.in_([literal_column("'joined'"), literal_column("'parted'")])),
    events.c.who,
)  # fmt: skip
_CALLERS = Among(
    select(events.c.call).distinct()
    .where(events.c.kind.in_([literal_column("'arrived'"), literal_column("'queued'"), literal_column("'answered'")])),
    events.c.call,
)  # fmt: skip
_ARRIVALS = Newest(
    select(events.c.call, events.c.at).where(events.c.kind == literal_column("'arrived'")),
    events.c.who, events.c.at, _EARLIER + 1,
)  # fmt: skip
_ANSWERS = Newest(
    select(events.c.call, events.c.at).where(events.c.kind == literal_column("'answered'")),
    events.c.who, events.c.at, 1,
)  # fmt: skip
_HEARD = Newest(
    select(heard.c.at, heard.c.call, heard.c.variants, heard.c.turn),
    heard.c.caller, heard.c.at, (CALLS_REMEMBERED + 1) * _PARTS,
)  # fmt: skip
_ANNOUNCED = Among(select(announced.c.caller, announced.c.event, announced.c.call), announced.c.caller)
_PLACES = Among(
    select(places.c.caller, places.c.queue, places.c.call, places.c.until, places.c.used_by), places.c.caller
)


def micros(at: datetime) -> int:
    """Microseconds since 1970, as every time is kept. Raises TypeError for a time without a zone."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The time that `micros` gave, in UTC."""
    return _EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class Asked:
    """One call to look up. `callers`: keyed hashes; `since`: in microseconds; `announced`: whether to look up
    what is coming up that these callers were told of."""

    call: str
    callers: tuple[str, ...]
    since: int | None
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one call, and of its caller's others."""

    events: list[Row]
    personal: list[Row]
    heard: list[Row]
    earlier: list[list[Row]]
    called_before: bool
    announced: list[Row]


def find(hand: Hand, asked: list[Asked]) -> list[Found]:
    """All there is about each call asked for."""
    callers = list({caller for ask in asked for caller in ask.callers})
    arrivals = _by_first(hand.newest(_ARRIVALS, callers)) if callers else {}
    spoken = _by_first(hand.newest(_HEARD, callers)) if callers else {}
    curious = list({caller for ask in asked if ask.announced for caller in ask.callers})
    announced = _by_first(hand.among(_ANNOUNCED, curious)) if curious else {}
    others = [_others(ask, arrivals) for ask in asked]
    calls = {ask.call for ask in asked}
    rows = _by_first(hand.among(_EVENTS, list(calls.union(*(recent for recent, _ in others)))))
    kept = _by_first(hand.among(_PERSONAL, list(calls)))
    return [
        Found(
            events=rows.get(ask.call, []),
            personal=kept.get(ask.call, []),
            heard=[row for caller in ask.callers for row in spoken.get(caller, ())],
            earlier=[rows[call] for call in recent if call in rows],
            called_before=before,
            announced=[row for caller in ask.callers for row in announced.get(caller, ())],
        )
        for ask, (recent, before) in zip(asked, others, strict=True)
    ]


def personal_of(hand: Hand, calls: list[str]) -> list[list[Row]]:
    """What is sealed about each call."""
    rows = _by_first(hand.among(_PERSONAL, list(set(calls))))
    return [rows.get(call, []) for call in calls]


def places_of(hand: Hand, callers: list[str]) -> list[list[Row]]:
    """The places at the front that each caller was promised."""
    rows = _by_first(hand.among(_PLACES, list(set(callers))))
    return [rows.get(caller, []) for caller in callers]


def answered_by(hand: Hand, legs: list[str]) -> list[str | None]:
    """The call each agent's leg answered last."""
    rows = _by_first(hand.newest(_ANSWERS, list(set(legs))))
    return [rows[leg][0][1] if leg in rows else None for leg in legs]


def in_room(hand: Hand, rooms: list[str]) -> list[list[Row]]:
    """Who came into each room and who left it."""
    rows = _by_first(hand.among(_IN_ROOM, list(set(rooms))))
    return [[row[1:] for row in rows.get(room, ())] for room in rooms]


def callers(hand: Hand, legs: list[str]) -> list[bool]:
    """Whether each leg is a caller's: an agent's neither arrives nor is answered."""
    found = {leg for (leg,) in hand.among(_CALLERS, list(set(legs)))}
    return [leg in found for leg in legs]


def known(hand: Hand, calls: list[str]) -> list[bool]:
    """Whether each call has any event."""
    found = {call for (call,) in hand.among(_KNOWN, list(set(calls)))}
    return [call in found for call in calls]


def told(rows: Sequence[Row]) -> tuple[Event, ...]:
    """Rows of events as events. A kind that only a newer version of this program knows is left out."""
    return tuple([event for row in rows if (event := _told(*row)) is not None])


@lru_cache(maxsize=16_384)  # one call is read again for each moment of its farewell, and events never change
def _told(call: str, kind: str, key: str, at: int, clock: Clock, data: str) -> Event | None:
    try:
        return event(
            kind, call=call, at=moment(at), key=key, clock=clock, data=_decode(data)[0] if data else {}
        )
    except KeyError:
        return None


def remembered(rows: Sequence[Row], call: str) -> dict[str, tuple[str, ...]]:
    """Rows of `heard` as page → variants, latest first, of the last calls other than `call`."""
    calls: set[str] = set()
    pages: defaultdict[str, list[str]] = defaultdict(list)
    for _, _, other, variants, _ in sorted(rows, key=lambda row: row[1], reverse=True):
        if other == call:
            continue
        calls.add(other)
        if len(calls) > CALLS_REMEMBERED:
            break
        for page, spoken in _decode(variants)[0].items():
            pages[page] += reversed(spoken)
    return {page: tuple(spoken) for page, spoken in pages.items()}


def next_turn(rows: Sequence[Row]) -> int:
    """Which of a caller's farewells the next one is, by those in rows of `heard`; old ones have no turn."""
    return max((turn for *_, turn in rows if turn is not None), default=0) + 1


def _others(ask: Asked, arrivals: Mapping[str, list[Row]]) -> tuple[list[str], bool]:
    """The caller's other calls since the time asked for, and whether there was any call before this one."""
    seen = [(row[2], row[1]) for caller in ask.callers for row in arrivals.get(caller, ())]
    own = min((at for at, call in seen if call == ask.call), default=None)
    rest = sorted((at, call) for at, call in seen if call != ask.call)
    before = any(own is None or at < own for at, _ in rest)
    since = ask.since
    recent = [] if since is None else list(dict.fromkeys(call for at, call in rest if at >= since))
    return recent, before


def _by_first(rows: Sequence[Row]) -> dict[Any, list[Row]]:
    grouped: dict[Any, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return grouped
