"""Places at the front of a queue: promised to a caller after an extreme wait, and taken on a later call."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from ivr.calls.events import Answered, Ended, Event, LeftQueue, Queued
from ivr.calls.spells import LOST
from ivr.store import recall
from ivr.store.database import Database
from ivr.store.engine.hand import Row
from ivr.store.recall import micros
from ivr.store.tables import events, places, promises


class Places:
    """Who may be let in front. Raises StoreUnavailable or StoreError as the database does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, call: str, callers: Sequence[str], queue: str, now: datetime) -> bool:
        """Whether this call is let in front, by a place it has now taken or took before.

        `callers`: the keyed hashes of who rings. A place is good for one call, in its queue, until its days are
        over; the promise is marked as kept.
        """
        time = micros(now)
        found = await asyncio.gather(*(self._database.read(recall.places_of, caller) for caller in callers))
        if not any(_good(row, call, queue, time) for rows in found for row in rows):
            return False
        return await self._database.change(lambda connection: _take(connection, call, callers, queue, time))

    async def give_back(self, call: str) -> None:
        """The place that this call took and waits without: it is there for the next, and promised still."""
        await self._database.change(lambda connection: _give_back(connection, call))

    async def waiting(self, queue: str, now: datetime) -> bool:
        """Whether somebody who was let in front of this queue still waits there, as far as is known."""
        since = micros(now - LOST)
        return await self._database.look(lambda connection: _waiting(connection, queue, since))


def _waiting(connection: Connection, queue: str, since: int) -> bool:
    sent = events.alias("sent")
    let_in = (
        select(places.c.used_by)
        .join(sent, sent.c.call == places.c.used_by)
        # A place is taken before it ends: whoever waits by one has had it until lately, and all older ones rest.
        .where(places.c.queue == queue, places.c.until > since, sent.c.kind == "queued", sent.c.at > since)
    )
    rows = connection.execute(select(*recall.EVENT).where(events.c.call.in_(let_in)))
    calls: defaultdict[str, list[Event]] = defaultdict(list)
    for event in recall.told([tuple(row) for row in rows]):
        calls[event.call].append(event)
    return any(_in_front(told) for told in calls.values())


def _in_front(told: Sequence[Event]) -> bool:
    """Whether a call with a place waits in front: sent there as it arrived, or again after a bridge that broke.

    Of such a bridge an answer was told before, so that only one after it counts.
    """
    sent = max((e for e in told if isinstance(e, Queued)), key=lambda e: e.stay, default=None)
    ways = {e.stay: e.result for e in told if isinstance(e, LeftQueue)}
    if sent is None or sent.stay in ways:
        return False
    if sent.stay > 1 and ways.get(sent.stay - 1) != "bridging-in-process":
        return False  # gone on into the queue itself, or back into it after a talk
    answers = [e for e in told if isinstance(e, Answered) and (sent.stay <= 1 or e.at > sent.at)]
    return not answers and not any(isinstance(e, Ended) for e in told)


def _good(row: Row, call: str, queue: str, now: int) -> bool:
    _, name, promised_on, until, used_by = row
    return name == queue and promised_on != call and (used_by == call or (used_by is None and until > now))


def _take(connection: Connection, call: str, callers: Sequence[str], queue: str, now: int) -> bool:
    """The place that this call took before, else the one that ends first."""
    chosen = select(places).where(places.c.caller.in_(callers), places.c.queue == queue)
    rows = [
        row
        for row in connection.execute(chosen.order_by(places.c.until))
        if _good((row.caller, row.queue, row.call, row.until, row.used_by), call, queue, now)
    ]
    if not rows or any(row.used_by == call for row in rows):
        return bool(rows)
    first = rows[0]
    own = (places.c.caller == first.caller) & (places.c.queue == queue) & (places.c.call == first.call)
    taken = connection.execute(update(places).where(own, places.c.used_by.is_(None)).values(used_by=call))
    if not taken.rowcount:  # another call of theirs was quicker
        return False
    connection.execute(update(promises).where(promises.c.id == first.promise).values(state="kept"))
    return True


def _give_back(connection: Connection, call: str) -> None:
    own = places.c.used_by == call
    promised = select(places.c.promise).where(own).scalar_subquery()
    connection.execute(update(promises).where(promises.c.id.in_(promised)).values(state="open"))
    connection.execute(update(places).where(own).values(used_by=None))
