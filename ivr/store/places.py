"""Places at the front of a queue: promised to a caller after an extreme wait, and taken on a later call."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from ivr.calls.events import Answered, Ended, Event, LeftQueue
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

    async def waiting(self, queue: str, now: datetime) -> bool:
        """Whether somebody who was let in front of this queue still waits there, as far as is known."""
        since = micros(now - LOST)
        return await self._database.look(lambda connection: _waiting(connection, queue, since))


def _waiting(connection: Connection, queue: str, since: int) -> bool:
    sent = events.alias("sent")
    let_in = (
        select(places.c.used_by)
        .join(sent, sent.c.call == places.c.used_by)
        .where(places.c.queue == queue, sent.c.kind == "queued", sent.c.at > since)
    )
    rows = connection.execute(select(*recall.EVENT).where(events.c.call.in_(let_in)))
    told = recall.told([tuple(row) for row in rows])
    return not {event.call for event in told} <= {event.call for event in told if _is_past(event)}


def _is_past(event: Event) -> bool:
    """Whether whoever this is told of waits in front no more."""
    if isinstance(event, LeftQueue):
        return event.result != "bridging-in-process"  # after which they are sent to the front again
    return isinstance(event, Answered | Ended)


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
