"""Opening the store for a command that needs it briefly."""

from collections.abc import Iterator
from contextlib import contextmanager

from ivr.cli import says
from ivr.store.database import Database, StoreError
from ivr.store.migrations import migrate
from ivr.store.people import People
from ivr.store.seal import Seal


@contextmanager
def people() -> Iterator[People]:
    """The people of the database in the settings, brought up to date first."""
    settings = says.settings()
    if not settings.ivr_secret:
        says.stop("set IVR_SECRET, which keys the hashes of addresses and PINs (any long random text)")
    try:
        migrate(settings.ivr_database_url)
        database = Database(settings.ivr_database_url)
        database.start()
    except StoreError as error:
        says.stop(str(error))
    try:
        yield People(database, Seal(settings.ivr_secret))
    except StoreError as error:
        says.stop(str(error))
    finally:
        database.stop()
