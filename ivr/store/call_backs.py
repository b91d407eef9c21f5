"""Callers who asked to be rung back: the open promises of that kind, and marking one as kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from ivr.calls.telling import tell
from ivr.calls.waits import waited
from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.recall import moment
from ivr.store.tables import promises

_OPEN = (promises.c.kind == "call_back") & (promises.c.state == "open")


@dataclass(frozen=True, slots=True)
class CallBack:
    """One caller to ring."""

    call: str  # the call on which they asked
    asked: datetime  # UTC
    queue: str | None
    number: str | None  # None: forgotten, or sealed with a secret that is gone
    waited: int | None  # seconds until they left the queue; None when that is not known


class CallBacks:
    """What the ledger knows of callers to be rung back. Raises StoreUnavailable or StoreError as it does."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger

    async def due(self) -> list[CallBack]:
        """Everybody who is still to be rung, who asked first first.

        Who was talked to on that very call after all, because an agent took it just then, is not among them.
        """

        def find(connection: Connection) -> list[tuple[str, int]]:
            chosen = select(promises.c.call, promises.c.due).where(_OPEN).order_by(promises.c.due)
            return [(row.call, row.due) for row in connection.execute(chosen)]

        found = []
        for call, asked in await self._database.look(find):
            story = tell((await self._ledger.read(call)).events)
            if story.call_back:
                spent = waited(story)
                number = await self._ledger.number(call)
                found.append(CallBack(call, moment(asked), story.queue, number, spent and spent[0]))
        return found

    async def done(self, call: str) -> bool:
        """Mark one as kept; False where this call has none that is open."""

        def keep(connection: Connection) -> bool:
            kept = update(promises).where(_OPEN, promises.c.call == call).values(state="kept")
            return bool(connection.execute(kept).rowcount)

        return await self._database.change(keep)
