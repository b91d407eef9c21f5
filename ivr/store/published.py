"""What is on the shelf, row by row: for those who read it or add to it in a transaction of theirs."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from ivr.store.recall import micros
from ivr.store.tables import changes, drafts, versions

LARGEST = 2**31 - 1  # what the databases take for a version's number
_LOCK = 0x697673  # "ivs": whoever changes shelf or draft on PostgreSQL does so alone


def alone(connection: Connection) -> None:
    """Wait until nobody else changes the shelf or the draft, and keep others waiting until this is committed.

    SQLite has one writer at a time as it is.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))


def digest(files: Mapping[str, str]) -> str:
    """What tells one book from another: the same for the same files, as Book.digest of the book they make."""
    whole = "\0".join(f"{path}\0{files[path]}" for path in sorted(files))
    return hashlib.sha256(whole.encode(errors="replace")).hexdigest()


def page_digest(page: str | None) -> str:
    """What tells one text of a page from another; blank where there is no such page."""
    return "" if page is None else hashlib.sha256(page.encode(errors="replace")).hexdigest()


def packed(page: str | None) -> bytes | None:
    """A page's text as it is kept."""
    return None if page is None else zlib.compress(page.encode())


def unpacked(kept: bytes | None) -> str | None:
    """The text that was packed."""
    return None if kept is None else zlib.decompress(kept).decode()


def newest(connection: Connection) -> int | None:
    """The number of the version in force; None while the shelf is empty."""
    return connection.execute(select(func.max(versions.c.version))).scalar()


def files_of(connection: Connection, version: int | None) -> dict[str, str] | None:
    """The files of one version, path → text; None if there is no such version."""
    if version is None or version > LARGEST:
        return None
    kept = connection.execute(select(versions.c.files).where(versions.c.version == version)).scalar()
    return None if kept is None else json.loads(zlib.decompress(kept))


def version_row(
    version: int,
    files: Mapping[str, str],
    by: str,
    note: str,
    at: datetime,
    *,
    approved_by: str | None = None,
    restores: int | None = None,
) -> dict[str, Any]:
    """A version as it is kept."""
    kept = zlib.compress(json.dumps(dict(files), ensure_ascii=False, sort_keys=True).encode())
    return {
        "version": version, "digest": digest(files), "files": kept, "by": by, "note": note,
        "published_at": micros(at), "approved_by": approved_by, "restores": restores,
    }  # fmt: skip


def insert_version(connection: Connection, row: dict[str, Any]) -> bool:
    """Whether the version's number was still free."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    taken = insert(versions).values(row).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(taken).rowcount == 1


def begin_draft(connection: Connection, base: int | None, by: str, at: datetime, *, open: bool = True) -> int:
    """Begin a draft, in a transaction that is alone. Returns its number. One that is not open is closed at once."""
    number = (connection.execute(select(func.max(drafts.c.number))).scalar() or 0) + 1
    row = {"number": number, "base": base, "by": by, "begun_at": micros(at), "open": 1 if open else None}
    connection.execute(drafts.insert().values(row))
    return number


def end_draft(connection: Connection, number: int, at: datetime, version: int | None) -> None:
    """Close a draft: it became `version`, or was discarded."""
    ended = {"open": None, "ended_at": micros(at), "version": version}
    connection.execute(update(drafts).where(drafts.c.number == number).values(ended))


def note_change(
    connection: Connection,
    draft: int,
    path: str,
    before: str | None,
    after: str | None,
    *,
    by: str,
    reason: str,
    at: datetime,
) -> None:
    """Write down that somebody changed a page, in a transaction that is alone."""
    last = connection.execute(select(func.max(changes.c.number)).where(changes.c.draft == draft)).scalar()
    row = {
        "draft": draft, "number": (last or 0) + 1, "path": path, "by": by, "at": micros(at), "reason": reason,
        "before": packed(before), "after": packed(after),
    }  # fmt: skip
    connection.execute(changes.insert().values(row))
