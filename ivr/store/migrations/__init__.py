"""Bringing a database to the tables this version of the program expects. Nothing else makes tables in it."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ivr.store.engine.gathering import StoreError, StoreUnavailable
from ivr.store.engine.opening import in_memory, open_engine, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config

_LOCK = 0x697672  # "ivr": the advisory lock that workers starting together take in turn


def migrate(url: str) -> str:
    """Bring the database at `url` to the newest revision, and return that revision.

    Safe to run from many processes at once: one does it, the others wait. Raises StoreUnavailable when the
    database cannot be reached, StoreError when it is newer than this program.
    """
    from alembic import command  # a third of a second to import: paid only by those who migrate
    from alembic.util import CommandError

    if in_memory(url):
        return newest()  # made with all its tables when it is opened
    try:
        with _connected(url) as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
            command.upgrade(_config(connection), "head")
            return _revision(connection) or ""
    except CommandError:
        raise StoreError("the database was made by a newer version of ivr than this one") from None


def is_current(url: str) -> bool:
    """Whether the database at `url` has the newest revision. Raises StoreUnavailable if it is away."""
    if in_memory(url):
        return True
    with _connected(url) as connection:
        return _revision(connection) == newest()


def newest() -> str:
    """The newest revision this program knows."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


@contextmanager
def _connected(url: str) -> "Iterator[Connection]":
    """A connection in a transaction. Waits longer for a lock than a caller could."""
    engine = open_engine(url, timeout=30.0)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise StoreUnavailable(
            f"the database at {place(url)} cannot be used now ({type(error.orig).__name__}); "
            "is it running, and is it the one that IVR_DATABASE_URL should name?"
        ) from None
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    attributes: dict[str, Any] = config.attributes
    attributes["connection"] = connection
    return config
