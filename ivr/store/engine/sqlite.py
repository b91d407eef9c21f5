"""SQLite: a file in WAL mode, or memory."""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BindParameter,
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    event,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import StaticPool

from ivr.store.engine.gathering import StoreError
from ivr.store.engine.hand import Among, Newest, Row, Unit, gathered, values

_MOST = 512  # values in one `in (…)`


def open_sqlite(url: URL, *, memory: bool, timeout: float) -> Engine:
    """An engine; `timeout` is how many seconds it waits for another process's write lock.

    Raises StoreError where the file's folder cannot be made.
    """
    # The driver's own transactions are switched off: BEGIN IMMEDIATE takes the write lock before anything
    # is read, so that two processes wait for each other instead of failing halfway.
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": timeout}
    if memory:
        engine = create_engine(url, connect_args=arguments, poolclass=StaticPool)
    else:
        try:
            Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder of {url.database} cannot be made: {error.strerror}") from None
        engine = create_engine(url, connect_args=arguments)
        event.listen(engine, "do_connect", _Once(url.database or "").there)
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)
    return engine


class _Once:
    """A file that was there once is never made anew: an empty one in its place would hide that it is gone."""

    def __init__(self, file: str) -> None:
        self._file, self._was_there = file, False

    def there(self, *_: object) -> None:
        """Before each connection."""
        if os.path.exists(self._file):
            self._was_there = True
        elif self._was_there:
            raise sqlite3.OperationalError("the file is gone")


def _connected(driver: Any, _: object) -> None:
    # FULL: a commit that was answered outlives a power failure, not only a killed process.
    # The log is folded into the file every 16 MB: pages written often are then copied once.
    for pragma in ("journal_mode=wal", "synchronous=full", "cache_size=-16000", "wal_autocheckpoint=4000"):
        driver.execute(f"pragma {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("ivr_reads")
    connection.exec_driver_sql("begin" if reads else "begin immediate")


class SqliteHand:
    """One thread's connection to SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._statements: dict[object, str] = {}
        name = engine.url.database
        self._file = None if name in (None, "", ":memory:") else name
        self._opened: tuple[int, int] | None = None  # which file it was that the connection was made to
        self._broken = False

    @property
    def connection(self) -> Connection:
        if self._connection is not None and self._there() != self._opened:
            # Deleted, or another was put in its place: what is written to the old one nobody will ever read.
            self._broken = True
            self.drop()
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(ivr_reads=True)
            self._opened = self._there()
        return self._connection

    def among(self, query: Among, values: Sequence[str]) -> list[Row]:
        cursor = self._cursor()
        rows: list[Row] = []
        for start in range(0, len(values), _MOST):
            some = list(values[start : start + _MOST])
            # Sizes are powers of two, the rest filled with nulls, which match nothing: ten statements in all.
            size = 1 << (len(some) - 1).bit_length()
            some += [None] * (size - len(some))  # type: ignore[list-item]
            rows += cursor.execute(self._among(query, size), some).fetchall()
        return rows

    def newest(self, query: Newest, values: Sequence[str]) -> list[Row]:
        statement = self._statements.get(query)
        if statement is None:
            found = query.query.where(query.column == bindparam("value")).order_by(query.order.desc())
            compiled = found.compile(dialect=self._engine.dialect)
            statement = self._statements[query] = f"{compiled} LIMIT {query.most:d}"
        cursor = self._cursor()
        return [(value, *row) for value in values for row in cursor.execute(statement, (value,)).fetchall()]

    def keep(self, units: Sequence[Unit]) -> list[bool]:
        cursor = self._cursor()
        cursor.execute("begin immediate")
        try:
            kept = [not unit.deciding or self._decided(cursor, unit) for unit in units]
            taken = [unit for unit, good in zip(units, kept, strict=True) if good]
            for table, rows in gathered(taken).items():
                cursor.executemany(self._insert(table), rows)
            cursor.execute("commit")
        except BaseException:
            self._roll_back(cursor)
            raise
        return kept

    def dead(self) -> bool:
        return self._broken

    def drop(self) -> None:
        connection, self._connection = self._connection, None
        broken, self._broken = self._broken, False
        if connection is not None:
            if broken:
                connection.invalidate()
                self._engine.dispose()  # those at rest in the pool were made to the same file
            connection.close()

    def _there(self) -> tuple[int, int] | None:
        """Which file has the database's name now; None where none has, or it is memory."""
        if self._file is None:
            return None
        try:
            found = os.stat(self._file)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _roll_back(self, cursor: Any) -> None:
        """Leave nothing half begun. A connection that cannot even do that is given up."""
        try:
            if cursor.connection.in_transaction:
                cursor.execute("rollback")
        except sqlite3.Error:
            self._broken = True

    def _cursor(self) -> Any:
        return self.connection.connection.cursor()

    def _decided(self, cursor: Any, unit: Unit) -> bool:
        """Whether the unit's deciding rows were all new, and are there now. Nobody else writes while we do."""
        if unit.deciding > 1:
            cursor.execute("savepoint deciding")
        for table, row in unit.rows[: unit.deciding]:
            if not cursor.execute(self._insert(table), values(table, row)).rowcount:
                if unit.deciding > 1:
                    cursor.execute("rollback to deciding")
                return False
        if unit.deciding > 1:
            cursor.execute("release deciding")
        return True

    def _insert(self, table: Table) -> str:
        statement = self._statements.get(table)
        if statement is None:
            compiled = insert(table).on_conflict_do_nothing().compile(dialect=self._engine.dialect)
            statement = self._statements[table] = str(compiled)
        return statement

    def _among(self, query: Among, size: int) -> str:
        statement = self._statements.get((query, size))
        if statement is None:
            places: list[BindParameter[str]] = [bindparam(f"value_{place}") for place in range(size)]
            compiled = query.query.where(query.column.in_(places)).compile(dialect=self._engine.dialect)
            statement = self._statements[query, size] = str(compiled)
        return statement
