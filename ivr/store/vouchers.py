"""Vouchers: lists of codes that may be given to callers, each once, and their codes sealed.

A code is taken by the farewell that promises it, in the same transaction (`Ledger.keep_farewell`); here they
are added, counted, and one is looked out that nobody has yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zlib import crc32

from sqlalchemy import Connection, Row, exists, func, insert, select

from ivr.store.database import Database
from ivr.store.published import alone
from ivr.store.recall import micros
from ivr.store.seal import Seal, SealError
from ivr.store.tables import given, vouchers
from ivr.watch import log

_AT_ONCE = 16  # of those that are left, one of so many is looked out: callers of one moment seldom meet
_FEW = 500  # codes looked for in one statement


@dataclass(frozen=True, slots=True)
class Voucher:
    """One that nobody had when it was looked out."""

    id: str
    code: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of codes that were brought."""

    new: int
    known: int  # they were on a list already, or came twice


@dataclass(frozen=True, slots=True)
class VoucherList:
    """How one list stands."""

    queue: str | None  # None: any queue's
    left: int
    given: int


class Vouchers:
    """The lists of codes. Raises StoreUnavailable or StoreError as the database does."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal
        self._from: dict[
            str, int
        ] = {}  # queue → the number below which all are given or sealed for ever, as seen last

    async def add(self, codes: Sequence[str], *, queue: str | None, at: datetime) -> Added:
        """Add codes to a queue's list, or to that for any queue. One that is there already is left as it is."""
        ids = {self._keys(code): code for code in codes}
        time = micros(at)

        def keep(connection: Connection) -> int:
            alone(connection)  # numbers go up in the order of commits: nobody looks below what was given
            there = _there(connection, [key for keys in ids for key in keys])
            last = connection.execute(select(func.max(vouchers.c.number))).scalar() or 0
            new = [(keys[0], code) for keys, code in ids.items() if there.isdisjoint(keys)]
            rows = [
                {
                    "id": own,
                    "queue": queue or "",
                    "number": number,
                    "code": self._seal.seal(code.encode(), _about(own)),
                    "added_at": time,
                }
                for number, (own, code) in enumerate(new, last + 1)
            ]
            if rows:
                connection.execute(insert(vouchers), rows)
            return len(rows)

        kept = await self._database.change(keep)
        return Added(kept, len(codes) - kept)

    async def lists(self) -> list[VoucherList]:
        """Each list with what is left on it: the one for any queue first, then by the queue's name."""
        taken = func.count(given.c.voucher)
        chosen = (
            select(vouchers.c.queue, func.count(), taken)
            .select_from(vouchers.outerjoin(given, given.c.voucher == vouchers.c.id))
            .group_by(vouchers.c.queue)
            .order_by(vouchers.c.queue)
        )
        rows = await self._database.look(lambda connection: list(connection.execute(chosen)))
        return [VoucherList(queue or None, count - gone, gone) for queue, count, gone in rows]

    async def one_for(self, call: str, queue: str | None) -> Voucher | None:
        """One that nobody has yet, of the queue's own list, else of that for any queue; None when none is left."""
        for name in dict.fromkeys((queue or "", "")):
            while rows := await self._database.look(
                partial(_left, queue=name, start=self._from.get(name, 0))
            ):
                self._from[name] = rows[0].number
                place = crc32(call.encode("utf-8", "replace")) % len(rows)
                for row in (*rows[place:], *rows[:place]):
                    if (code := self._opened(row.id, row.code)) is not None:
                        return Voucher(row.id, code)
                self._from[name] = rows[-1].number + 1  # we never open these: look behind them
        return None

    def _opened(self, own: str, sealed: bytes) -> str | None:
        try:
            return self._seal.open(sealed, _about(own)).decode()
        except SealError:
            log().warning("not opened", kind="voucher", error="SealError")
            return None

    def _keys(self, code: str) -> tuple[str, ...]:
        return self._seal.keys("voucher", code)


def _there(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these vouchers there are."""
    found: set[str] = set()
    for start in range(0, len(ids), _FEW):
        some = select(vouchers.c.id).where(vouchers.c.id.in_(ids[start : start + _FEW]))
        found.update(connection.execute(some).scalars())
    return found


def _left(connection: Connection, queue: str, start: int) -> Sequence[Row[str, int, bytes]]:
    taken = exists().where(given.c.voucher == vouchers.c.id)
    chosen = (
        select(vouchers.c.id, vouchers.c.number, vouchers.c.code)
        .where(vouchers.c.queue == queue, vouchers.c.number >= start, ~taken)
        .order_by(vouchers.c.number)
        .limit(_AT_ONCE)
    )
    return connection.execute(chosen).all()


def _about(id: str) -> bytes:
    return f"voucher\0{id}".encode()
