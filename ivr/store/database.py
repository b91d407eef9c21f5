"""The database: SQLite or PostgreSQL, one thread that writes and one that reads.

Writes are committed in groups: what arrives while a commit runs goes into the next one, and whoever wrote
is answered when it is on the disk. Reads are gathered the same way: one `where call in (…)` for all who ask.
Everything on these two paths goes straight to the driver, in statements that SQLAlchemy compiled once.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import Lock
from time import monotonic
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ivr.store.engine.gathering import Gatherer, StoreConflict, StoreError, StoreUnavailable
from ivr.store.engine.hand import Hand, Unit
from ivr.store.engine.opening import hand, in_memory, open_engine
from ivr.store.tables import events, metadata

__all__ = ["Database", "StoreConflict", "StoreError", "StoreUnavailable"]

T = TypeVar("T")
A = TypeVar("A")

Rows: TypeAlias = Sequence[tuple[Table, dict[str, Any]]]
Change: TypeAlias = Callable[[Connection], Any]
Query: TypeAlias = Callable[[Hand, list[A]], list[T]]
"""Answers many asks at once, each in its place. Runs in the reading thread."""

_LATELY = 10.0  # seconds

# SQLite's codes for "not now": busy, locked, no memory, read-only, disk trouble, full, cannot open, locking.
_SQLITE_NOT_NOW = frozenset({5, 6, 7, 8, 10, 13, 14, 15})


class Database:
    """One database, served by two threads. Made with a URL, started once, stopped cleanly."""

    def __init__(self, url: str, *, timeout: float | None = None) -> None:
        """`timeout`: seconds before a write or a read is given up as StoreUnavailable; 2 where there is a disk or
        a server that may not answer, and 20 in memory, where only a busy machine can be slow.

        Raises StoreError, in a sentence for the operator, for a URL that names no database we know.
        """
        self.url = url
        memory = in_memory(url)
        if timeout is None:
            timeout = 20.0 if memory else 2.0
        # Whoever waits for a lock should lose patience before whoever waits for the answer does.
        self._engine = open_engine(url, timeout=timeout * 0.75)
        self._writer = hand(self._engine)
        self._reader = hand(self._engine)
        # In memory there is one connection for both threads; elsewhere they never meet.
        self._turn: Lock | nullcontext[None] = Lock() if memory else nullcontext()
        self._create = memory
        self._refused = float("-inf")  # when a write was, by time.monotonic; forgotten when the next is kept
        self._writing: Gatherer[Unit | Change, Any] = Gatherer("ivr-write", self._write, timeout=timeout)
        self._reading: Gatherer[tuple[Query[Any, Any], Any], Any] = Gatherer(
            "ivr-read", self._read, timeout=timeout
        )

    def start(self) -> None:
        """Start both threads. A database in memory begins with all its tables, and empty."""
        if self._create:
            metadata.create_all(self._engine)
            self._create = False
        self._writing.start()
        self._reading.start()

    def stop(self) -> None:
        """Finish what was asked, then close. Whoever asks afterwards gets StoreUnavailable."""
        self._writing.stop()
        self._reading.stop()
        self._writer.drop()
        self._reader.drop()
        self._engine.dispose()

    async def write(self, rows: Rows, *, deciding: int = 0) -> bool:
        """Insert rows as one unit: all or none, and on the disk when this returns.

        A row whose key is already there is left as it is. Of so many of the first rows as are `deciding` none
        may be there yet: where one is, nothing is written, which False says. Raises StoreUnavailable (try again;
        the rows may yet land) or StoreError (these rows will never be taken).
        """
        if not rows:
            return True
        kept: bool = await self._writing.ask(Unit(rows, deciding))
        return kept

    async def change(self, job: Callable[[Connection], T]) -> T:
        """Run `job` in a transaction of its own, in the writing thread; for what is not an insert."""
        answer: T = await self._writing.ask(job)
        return answer

    async def read(self, query: Query[A, T], ask: A) -> T:
        """The answer to `ask`. All who ask the same `query` at one time are answered by one call of it."""
        answer: T = await self._reading.ask((query, ask))
        return answer

    async def look(self, job: Callable[[Connection], T]) -> T:
        """Run `job` in the reading thread; for reads that are too rare to gather."""
        return await self.read(_look, job)

    async def answers(self, *, within: float = 0.8) -> bool:
        """Whether the database can be read and written now, with its tables there; found out in `within` seconds.

        A write that was refused a moment ago says no as well: a full disk shows only there.
        """
        try:
            async with asyncio.timeout(within):
                await asyncio.gather(self.look(_any_event), self._writing.ask(Unit(())))
        except (StoreError, TimeoutError):
            return False
        return monotonic() - self._refused > _LATELY

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction in the thread that asks, for the command line. Raises as `write` does."""
        try:
            with self._turn, self._engine.begin() as connection:
                yield connection
        except Exception as error:
            judged = self._judge(error)
            if judged is error:
                raise
            raise judged from None

    # In the writing thread.

    def _write(self, asked: list[Unit | Change]) -> list[Any]:
        with self._turn:
            units = [ask for ask in asked if isinstance(ask, Unit)]
            if len(units) == len(asked):
                return self._keep(units)
            kept = iter(self._keep(units) if units else ())
            return [next(kept) if isinstance(ask, Unit) else self._change(ask) for ask in asked]

    def _keep(self, units: list[Unit]) -> list[bool | Exception]:
        """Whether each unit was kept. A bad unit spoils a commit for all, so after one each goes alone."""
        try:
            kept: list[bool | Exception] = [*self._once_more(self._writer, lambda: self._writer.keep(units))]
        except Exception as error:
            judged = self._judge(error)
        else:
            if any(unit.rows for unit in units):  # and not merely whether a transaction can be had
                self._refused = float("-inf")
            return kept
        if isinstance(judged, StoreUnavailable):
            self._refused = monotonic()
        if len(units) == 1 or isinstance(judged, StoreUnavailable):
            return [judged] * len(units)
        return [kept for unit in units for kept in self._keep([unit])]

    def _change(self, job: Change) -> Any:
        def run() -> Any:
            with self._engine.begin() as connection:
                return job(connection)

        try:
            return run()
        except Exception as error:
            return self._judge(error)

    # In the reading thread.

    def _read(self, asked: list[tuple[Query[Any, Any], Any]]) -> list[Any]:
        answers: list[Any] = [None] * len(asked)
        places: dict[Query[Any, Any], list[int]] = {}
        for place, (query, _) in enumerate(asked):
            places.setdefault(query, []).append(place)
        with self._turn:
            for query, own in places.items():
                for place, answer in zip(own, self._query(query, [asked[p][1] for p in own]), strict=True):
                    answers[place] = answer
        return answers

    def _query(self, query: Query[Any, Any], asks: list[Any]) -> list[Any]:
        try:
            return self._once_more(self._reader, lambda: query(self._reader, asks))
        except Exception as error:
            judged = self._judge(error)
        if len(asks) == 1 or isinstance(judged, StoreUnavailable):
            return [judged] * len(asks)
        return [answer for ask in asks for answer in self._query(query, [ask])]

    # In either.

    def _once_more(self, hand: Hand, work: Callable[[], T]) -> T:
        """The work; once more on a new connection where the old one has died since it was last used."""
        try:
            return work()
        except Exception:
            if not hand.dead():
                raise
            hand.drop()
        try:
            return work()
        except Exception:
            if hand.dead():
                hand.drop()
            raise

    def _judge(self, error: Exception) -> Exception:
        """What an asker is told. Drivers quote values in their messages, so only names are handed on."""
        if isinstance(error, PoolTimeout):
            return StoreUnavailable("no connection to the database was free")
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        driver = self._engine.dialect.loaded_dbapi
        name = type(cause).__name__
        if isinstance(cause, driver.OperationalError | driver.InterfaceError | driver.InternalError):
            code = getattr(cause, "sqlite_errorcode", None)
            if code is None or code & 0xFF in _SQLITE_NOT_NOW:
                return StoreUnavailable(f"the database cannot be used now ({name})")
            return StoreError(f"the database refused ({name}); has `ivr migrate` run?")
        if name == "UndefinedTable":
            return StoreError(f"the database refused ({name}); has `ivr migrate` run?")
        if isinstance(cause, driver.IntegrityError):
            return StoreConflict(f"the database refused ({name})")
        if isinstance(cause, driver.Error | SQLAlchemyError | OverflowError | UnicodeError):
            return StoreError(f"the database refused ({name})")
        return error


def _any_event(connection: Connection) -> object:
    return connection.execute(select(events.c.call).limit(1)).all()


def _look(hand: Hand, jobs: list[Callable[[Connection], Any]]) -> list[Any]:
    answers = []
    for job in jobs:
        try:
            answers.append(job(hand.connection))
        finally:
            hand.connection.rollback()  # ends the snapshot that reading began
    return answers
