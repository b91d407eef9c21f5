"""The shelf: every version of the prompt book that was ever published. A version never changes."""

import asyncio
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ivr.book import book
from ivr.book.book import Book, Fault
from ivr.store.database import Database, StoreError, StoreUnavailable
from ivr.store.recall import micros, moment
from ivr.store.tables import versions
from ivr.watch import log

LARGEST_FILE = 1_000_000
"""Bytes of one file of a book."""
MOST_FILES = 500
_DEEPEST = 3  # folders below the book's own: a locale's is one

LOOK_EVERY = 1.0
"""Seconds after which the shelf looks for a newer version, so that every worker soon speaks from the same."""

Read: TypeAlias = Callable[[Mapping[str, str], int | None], tuple[Book | None, list[Fault]]]


class BookFolderError(Exception):
    """A folder that cannot be read as a book. The message says which file, where, and why."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version on the shelf, without its files."""

    version: int
    digest: str
    by: str
    note: str
    published_at: datetime


class Shelf:
    """The published books. Methods raise StoreUnavailable or StoreError where nothing else is said."""

    def __init__(self, database: Database, read: Read = book.read, *, look_every: float = LOOK_EVERY) -> None:
        self._database, self._read, self._look_every = database, read, look_every
        self._book: Book | None = None
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
        row = _row(1, files, by, note, at)

        def keep(connection: Connection) -> int:
            if _newest(connection) is None:
                _insert(connection, row)
            return _newest(connection) or 1

        return await self._database.change(keep)

    async def publish(self, files: Mapping[str, str], by: str, note: str, *, at: datetime) -> int:
        """Put `files` on the shelf as the next version, in force from now on. Returns its number.

        The caller has proved them: nothing is checked here.
        """
        row = _row(0, files, by, note, at)

        def publish(connection: Connection) -> int:
            while True:  # another machine may take the number first: then the next one is ours
                number = (_newest(connection) or 0) + 1
                if _insert(connection, row | {"version": number}):
                    return number

        number = await self._database.change(publish)
        await self._look()
        return number

    async def versions(self) -> list[Version]:
        """Every version, the newest first."""
        columns = (
            versions.c.version,
            versions.c.digest,
            versions.c.by,
            versions.c.note,
            versions.c.published_at,
        )
        chosen = select(*columns).order_by(versions.c.version.desc())
        rows = await self._database.look(lambda connection: connection.execute(chosen).all())
        return [Version(row[0], row[1], row[2], row[3], moment(row[4])) for row in rows]

    async def files(self, version: int) -> dict[str, str] | None:
        """The files of one version, path → text; None if there is no such version."""
        chosen = select(versions.c.files).where(versions.c.version == version)
        packed = await self._database.look(lambda connection: connection.execute(chosen).scalar())
        return None if packed is None else json.loads(zlib.decompress(packed))

    async def _look_quietly(self) -> None:
        try:
            await self._look()
        except StoreUnavailable:
            pass  # the book at hand stays in force
        except StoreError as error:
            log().error("book not read", error=type(error).__name__, reason=str(error))
        finally:
            self._looking = None

    async def _look(self) -> None:
        """Read the newest version, unless it is the one at hand."""
        async with self._one_reads:
            self._looked = monotonic()
            newest = await self._database.look(_newest)
            if newest is None or (self._book is not None and newest == self._book.version):
                return
            files = await self.files(newest)
            # In a thread: reading takes as long as hundreds of calls, and they go on meanwhile.
            read, faults = await asyncio.to_thread(self._read, files or {}, newest)
            if read is None:
                first = f": {faults[0].place.file}: {faults[0].message}" if faults else ""
                raise StoreError(f"version {newest} of the book cannot be read{first}")
            self._book = read


def digest(files: Mapping[str, str]) -> str:
    """What tells one book from another: the same for the same files, as Book.digest of the book they make."""
    whole = "\0".join(f"{path}\0{files[path]}" for path in sorted(files))
    return hashlib.sha256(whole.encode(errors="replace")).hexdigest()


def read_folder(path: str | Path) -> dict[str, str]:
    """The files of a book: path below the folder, with forward slashes → text.

    Reads what ends in `.yaml`; hidden files and all others are left alone. Raises BookFolderError for a
    folder that is missing, holds no such file or too many, or a file too large, not UTF-8, or outside it.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise BookFolderError(f"there is no folder {folder}")
    files: dict[str, str] = {}
    for file in _yaml_files(folder, folder.resolve(), _DEEPEST):
        if len(files) == MOST_FILES:
            raise BookFolderError(f"{folder} holds more than {MOST_FILES} .yaml files; is it a book?")
        files[file.relative_to(folder).as_posix()] = _text(file)
    if not files:
        raise BookFolderError(f"{folder} holds no .yaml file")
    return files


def _yaml_files(folder: Path, root: Path, deepest: int) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BookFolderError(f"{folder} cannot be read: {error.strerror}") from None
    for name in names:
        file = folder / name
        is_folder = file.is_dir()
        if name.startswith(".") or not (is_folder or name.endswith(".yaml")):
            continue
        if not Path(os.path.realpath(file)).is_relative_to(root):
            raise BookFolderError(f"{file} is a link that leads out of the folder")
        if not is_folder:
            yield file
        elif deepest:
            yield from _yaml_files(file, root, deepest - 1)


def _text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise BookFolderError(f"{file} has {size:,} bytes; a file of a book has {LARGEST_FILE:,} at most")
        raw = file.read_bytes()
    except OSError as error:
        raise BookFolderError(f"{file} cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BookFolderError(
            f"{file}:{line}: not UTF-8 (byte 0x{raw[error.start]:02x}); save it as UTF-8"
        ) from None


def _row(version: int, files: Mapping[str, str], by: str, note: str, at: datetime) -> dict[str, object]:
    packed = zlib.compress(json.dumps(dict(files), ensure_ascii=False, sort_keys=True).encode())
    return {
        "version": version, "digest": digest(files), "files": packed, "by": by, "note": note,
        "published_at": micros(at),
    }  # fmt: skip


def _newest(connection: Connection) -> int | None:
    return connection.execute(select(func.max(versions.c.version))).scalar()


def _insert(connection: Connection, row: dict[str, object]) -> bool:
    """Whether the version's number was still free."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    taken = insert(versions).values(row).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(taken).rowcount == 1
