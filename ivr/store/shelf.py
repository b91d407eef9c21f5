"""The shelf: every version of the prompt book that was ever published. A version never changes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TypeAlias

from sqlalchemy import Connection, select

from ivr.book import book
from ivr.book.book import Book, Fault
from ivr.store.database import Database, StoreError, StoreUnavailable
from ivr.store.folder import BookFolderError, read_folder, unfit
from ivr.store.published import (
    alone,
    begin_draft,
    digest,
    end_draft,
    files_of,
    insert_version,
    newest,
    note_change,
    version_row,
)
from ivr.store.recall import moment
from ivr.store.standing_draft import Clash, Draft, clashes_with, open_draft
from ivr.store.tables import versions
from ivr.watch import log

__all__ = ["BookFolderError", "Moved", "Shelf", "Version", "digest", "read_folder"]

LOOK_EVERY = 1.0
"""Seconds after which the shelf looks for a newer version, so that every worker soon speaks from the same."""


class Moved(Exception):
    """Somebody published, or saved a page, since the book to be published was looked at. Nothing was written."""


Read: TypeAlias = Callable[[Mapping[str, str], int | None], tuple[Book | None, list[Fault]]]


@dataclass(frozen=True, slots=True)
class Version:
    """One version on the shelf, without its files."""

    version: int
    digest: str
    by: str
    note: str
    published_at: datetime
    approved_by: str | None = None  # whose yes it has as well
    restores: int | None = None  # the version whose files these are, where it was rolled back to


class Shelf:
    """The published books. Methods raise StoreUnavailable or StoreError where nothing else is said."""

    def __init__(self, database: Database, read: Read = book.read, *, look_every: float = LOOK_EVERY) -> None:
        self._database, self._read, self._look_every = database, read, look_every
        self._book: Book | None = None
        self._unreadable: int | None = None  # the version that was tried in vain
        self._looked = float("-inf")  # by time.monotonic
        self._looking: asyncio.Task[None] | None = None
        self._one_reads = asyncio.Lock()

    async def current(self) -> Book | None:
        """The newest version, read once and then handed out from memory; None while the shelf is empty.

        A newer one is looked for in the background, and spoken from when it has been read: no caller waits
        for that, and while the database is away the book at hand stays in force.
        """
        if self._book is None:
            await self._look()
        elif monotonic() - self._looked > self._look_every and self._looking is None:
            self._looked = monotonic()
            self._looking = asyncio.get_running_loop().create_task(self._look_quietly())
        return self._book

    async def keep_first(self, files: Mapping[str, str], by: str, note: str, *, at: datetime) -> int:
        """Put `files` on an empty shelf as version 1. Returns the newest version, ours or another's."""
        row = version_row(1, files, by, note, at)

        def keep(connection: Connection) -> int:
            if newest(connection) is None:
                insert_version(connection, row)
            return newest(connection) or 1

        return await self._database.change(keep)

    async def publish(
        self,
        files: Mapping[str, str],
        by: str,
        note: str,
        *,
        at: datetime,
        approved_by: str | None = None,
        over: int | None = None,
        draft: Draft | None = None,
        restores: int | None = None,
    ) -> int:
        """Put `files` on the shelf as the next version, in force from now on. Returns its number.

        `over`: the version that must still be in force (0: none). `draft`: the draft they were made of, which
        must still say the same; it is closed, and its log belongs to this version. Without one, each page that
        differs is logged here. Raises Moved where something moved, and ValueError for a file no book may have.
        The caller has proved them: nothing else is checked here.
        """
        if (sentence := unfit(files)) is not None:
            raise ValueError(sentence)
        row = version_row(0, files, by, note, at, approved_by=approved_by, restores=restores)

        def publish(connection: Connection) -> int:
            alone(connection)
            if over is not None and (newest(connection) or 0) != over:
                raise Moved(f"version {newest(connection)} was published meanwhile")
            if draft is not None and open_draft(connection) != draft:
                raise Moved("the draft was changed, published or discarded meanwhile")
            while (
                True
            ):  # an older program on another machine may take the number first: then the next is ours
                before = newest(connection)
                number = (before or 0) + 1
                if insert_version(connection, row | {"version": number}):
                    break
            _close(connection, draft, before, files, number, by=by, note=note, at=at)
            return number

        number = await self._database.change(publish)
        await self._look()
        return number

    async def versions(self) -> list[Version]:
        """Every version, the newest first."""
        columns = (
            versions.c.version, versions.c.digest, versions.c.by, versions.c.note, versions.c.published_at,
            versions.c.approved_by, versions.c.restores,
        )  # fmt: skip
        chosen = select(*columns).order_by(versions.c.version.desc())
        rows = await self._database.look(lambda connection: connection.execute(chosen).all())
        return [Version(*row[:4], moment(row[4]), *row[5:]) for row in rows]

    async def files(self, version: int) -> dict[str, str] | None:
        """The files of one version, path → text; None if there is no such version."""
        return await self._database.look(lambda connection: files_of(connection, version))

    async def in_force(self) -> tuple[int, dict[str, str]]:
        """The number of the version in force, and its files; 0 and none while the shelf is empty."""

        def look(connection: Connection) -> tuple[int, dict[str, str]]:
            number = newest(connection)
            return number or 0, files_of(connection, number) or {}

        return await self._database.look(look)

    async def clashes(self, draft: Draft) -> list[Clash]:
        """What stands in the way of publishing a draft: its pages that a later version changed as well."""

        def look(connection: Connection) -> list[Clash]:
            return clashes_with(connection, draft, files_of(connection, newest(connection)) or {})

        return await self._database.look(look)

    async def keep_looking(self) -> None:
        """Look for a newer version every LOOK_EVERY seconds, so that the next call is spoken from it. Ends when cancelled."""
        while True:
            await asyncio.sleep(self._look_every)
            await self._look_quietly()

    @property
    def at_hand(self) -> Book | None:
        """The newest version that has been read."""
        return self._book

    async def _look_quietly(self) -> None:
        try:
            await self._look()
        except StoreUnavailable:
            pass  # the book at hand stays in force
        except StoreError as error:
            log().error("book not read", error=type(error).__name__, reason=str(error))
        except Exception as error:  # a worker that stopped looking would speak from an old book for ever
            log().error("book not read", error=type(error).__name__)
        finally:
            self._looking = None

    async def _look(self) -> None:
        """Read the newest version, unless it is the one at hand."""
        async with self._one_reads:
            self._looked = monotonic()
            number = await self._database.look(newest)
            if number is None or (
                self._book is not None and number in (self._book.version, self._unreadable)
            ):
                return  # one that cannot be read is said once, and not read again each second
            files = await self.files(number)
            # In a thread: reading takes as long as hundreds of calls, and they go on meanwhile.
            read, faults = await asyncio.to_thread(self._read, files or {}, number)
            if read is None:
                self._unreadable = number
                first = f": {faults[0].place.file}: {faults[0].message}" if faults else ""
                raise StoreError(f"version {number} of the book cannot be read{first}")
            self._book = read


def _close(
    connection: Connection,
    draft: Draft | None,
    before: int | None,
    files: Mapping[str, str],
    number: int,
    *,
    by: str,
    note: str,
    at: datetime,
) -> None:
    """Close the draft that became a version, or log what a version without one changed."""
    if draft is not None:
        end_draft(connection, draft.number, at, number)
        return
    was = files_of(connection, before) or {}
    own = begin_draft(connection, before, by, at, open=False)
    for path in sorted({*was, *files}):
        if was.get(path) != files.get(path):
            note_change(connection, own, path, was.get(path), files.get(path), by=by, reason=note, at=at)
    end_draft(connection, own, at, number)
