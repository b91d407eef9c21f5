"""Calls without an end: what was under way when a service stopped is found again here.

A page at a time, in the order the calls began, so that no reader waits long behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal_column, select, tuple_

from ivr.store.engine.hand import Among, Hand
from ivr.store.tables import BEGUN, events

PAGE = 500
"""How many beginnings are read at a time."""

_ENDS = Among(
    select(events.c.call, func.min(events.c.at))
    .where(events.c.kind == literal_column("'ended'"))
    .group_by(events.c.call),
    events.c.call,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this time, in microseconds, and this call."""

    at: int
    call: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A page to look up: calls begun after `place` that had not ended by `ended_by`, in microseconds."""

    place: Place
    ended_by: int


@dataclass(frozen=True, slots=True)
class Page:
    """Calls, oldest first, and where the next page begins; None after the last."""

    calls: tuple[str, ...]
    onward: Place | None


def find(hand: Hand, asked: Sequence[Asked]) -> list[Page]:
    """A page for each who asks. Runs in the reading thread."""
    return [_page(hand, one) for one in asked]


def _page(hand: Hand, asked: Asked) -> Page:
    place = asked.place
    begun = (
        select(events.c.at, events.c.call)
        .where(BEGUN, events.c.at >= place.at, tuple_(events.c.at, events.c.call) > (place.at, place.call))
        .order_by(events.c.at, events.c.call)
        .limit(PAGE)
    )
    connection = hand.connection
    try:
        rows = connection.execute(begun).all()
    finally:
        connection.rollback()  # ends the snapshot that reading began
    calls = list(dict.fromkeys(row.call for row in rows))
    # Looked up by key and not joined: PostgreSQL reads every end there is for the join.
    over = {call for call, at in hand.among(_ENDS, calls) if at < asked.ended_by} if calls else set()
    onward = Place(rows[-1].at, rows[-1].call) if len(rows) == PAGE else None
    return Page(tuple(call for call in calls if call not in over), onward)
