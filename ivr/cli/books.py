"""The book a command is to use: a folder, or a version that was published."""

import asyncio
from pathlib import Path

from ivr.book.book import Book, read
from ivr.cli import says
from ivr.store.database import Database, StoreError
from ivr.store.shelf import BookFolderError, Shelf, read_folder


def files(which: str | Path) -> dict[str, str]:
    """The files of a book: of version N, or of a folder (which wins, where one has a number for a name)."""
    folder = Path(which)
    if not folder.exists() and str(which).isascii() and str(which).isdigit():
        return version(int(str(which)))
    try:
        return read_folder(folder)
    except BookFolderError as error:
        says.stop(str(error))


def version(number: int) -> dict[str, str]:
    """The files of a published version."""
    from ivr.store.migrations import is_current

    settings = says.settings()
    try:
        found = (
            asyncio.run(_version(settings.ivr_database_url, number))
            if is_current(settings.ivr_database_url)
            else None
        )
    except StoreError as error:
        says.stop(str(error))
    if found is None:
        says.stop(f"there is no version {number} on the shelf")
    return found


def words(which: str | Path) -> Book:
    """The book itself, fit to be spoken from."""
    found, faults = read(files(which))
    wrong = [str(fault) for fault in faults if fault.fault]
    if found is None or wrong:
        says.stop("\n\n".join([f"the prompt book {which} has faults:", *wrong]))
    return found


async def _version(url: str, number: int) -> dict[str, str] | None:
    database = Database(url)
    database.start()
    try:
        return await Shelf(database).files(number)
    finally:
        database.stop()
