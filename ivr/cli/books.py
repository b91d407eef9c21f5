"""The book a command is to use: a folder, a version that was published, the draft, or the version in force."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.book.book import Book, read
from ivr.cli import says
from ivr.store.folder import BookFolderError, read_folder

if TYPE_CHECKING:
    from ivr.store.drafts import Drafts
    from ivr.store.shelf import Shelf


async def named(name: str, shelf: "Shelf", drafts: "Drafts") -> tuple[str, dict[str, str]]:
    """What a book is called, and its files: `draft`, a version's number, a folder, or blank for the version in
    force. Raises BookFolderError for a folder that is no book."""
    if name == "":
        number, files = await shelf.in_force()
        return (f"version {number}, in force" if number else "nothing published yet"), files
    if name == "draft":
        draft = await drafts.current()
        if draft is None:
            says.stop("there is no draft")
        return "the draft", draft.files((await shelf.in_force())[1])
    if _is_number(name):
        kept = await shelf.files(int(name)) if len(name) < 10 else None
        if kept is None:
            says.stop(f"there is no version {name} on the shelf; a folder of this name is written ./{name}")
        return f"version {name}", kept
    return name, read_folder(Path(name))


def files(which: str | Path) -> dict[str, str]:
    """The files of a folder, of version N, or of the draft."""
    name = str(which)
    if name != "draft" and not _is_number(name):
        try:
            return read_folder(Path(which))
        except BookFolderError as error:
            says.stop(str(error))
    from ivr.cli.opened import shelf

    with shelf() as (kept, drafts, _):
        return asyncio.run(named(name, kept, drafts))[1]


def version(number: int) -> dict[str, str]:
    """The files of a published version."""
    return files(str(number))


def words(which: str | Path) -> Book:
    """The book itself, fit to be spoken from."""
    found, faults = read(files(which))
    wrong = [str(fault) for fault in faults if fault.fault]
    if found is None or wrong:
        says.stop("\n\n".join([f"the prompt book {which} has faults:", *wrong]))
    return found


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
