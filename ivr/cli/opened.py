"""Opening the store for a command that needs it briefly."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ivr.book.book import Book
from ivr.cli import says
from ivr.settings import Settings
from ivr.store.call_backs import CallBacks
from ivr.store.database import Database, StoreError
from ivr.store.ledger import Ledger
from ivr.store.migrations import migrate
from ivr.store.people import People, Roles
from ivr.store.seal import Seal
from ivr.store.vouchers import Vouchers

if TYPE_CHECKING:
    from ivr.publish import Publishing
    from ivr.store.drafts import Drafts
    from ivr.store.shelf import Shelf


@contextmanager
def people() -> Iterator[People]:
    """The people of the database in the settings, brought up to date first."""
    with _store("which keys the hashes of addresses and PINs") as (database, seal):
        yield People(database, seal)


@contextmanager
def call_backs() -> Iterator[CallBacks]:
    """The callers to be rung back, of the same database."""
    with _store("which opens the callers' numbers") as (database, seal):
        yield CallBacks(database, Ledger(database, seal))


@contextmanager
def vouchers() -> Iterator[Vouchers]:
    """The lists of vouchers, of the same database."""
    with _store("which seals the codes") as (database, seal):
        yield Vouchers(database, seal)


@contextmanager
def shelf() -> "Iterator[tuple[Shelf, Drafts, Publishing]]":
    """The published books, the draft, and the way from one to the other, of the same database.

    A name's role is no secret, so none is needed here.
    """
    from ivr.proof import proof
    from ivr.publish import Publishing
    from ivr.store.drafts import Drafts
    from ivr.store.shelf import Shelf

    with _database() as (database, _):
        kept, drafts = Shelf(database), Drafts(database)
        yield kept, drafts, Publishing(kept, drafts, Roles(database), proof)


_PATIENCE = 30.0  # seconds: whoever types can wait longer for a busy database than a caller


@contextmanager
def _store(what_for: str) -> Iterator[tuple[Database, Seal]]:
    settings = says.settings()
    if not settings.ivr_secret:
        says.stop(f"set IVR_SECRET, {what_for} (any long random text)")
    with _database() as (database, settings):
        yield database, Seal(settings.ivr_secret)


@contextmanager
def _database() -> Iterator[tuple[Database, Settings]]:
    settings = says.settings()
    try:
        migrate(settings.ivr_database_url)
        database = Database(settings.ivr_database_url, timeout=_PATIENCE)
        database.start()
    except StoreError as error:
        says.stop(str(error))
    try:
        yield database, settings
    except StoreError as error:
        says.stop(str(error))
    finally:
        database.stop()


def book() -> Book:
    """The book in force: the published one of the database in the settings; none yet, the folder's."""
    from ivr.book.book import read
    from ivr.store.migrations import is_current
    from ivr.store.shelf import BookFolderError, read_folder

    settings = says.settings()
    try:
        published = asyncio.run(_published(settings)) if is_current(settings.ivr_database_url) else None
        if published is not None:
            return published
        found, faults = read(read_folder(settings.prompts_folder()))
    except (StoreError, BookFolderError) as error:
        says.stop(str(error))
    wrong = [str(fault) for fault in faults if fault.fault]
    if found is None or wrong:
        says.stop("\n\n".join(["the prompt book has faults:", *wrong]))
    return found


async def _published(settings: Settings) -> Book | None:
    from ivr.store.shelf import Shelf

    database = Database(settings.ivr_database_url)
    database.start()
    try:
        return await Shelf(database).current()
    finally:
        database.stop()
