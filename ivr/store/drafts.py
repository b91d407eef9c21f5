"""The draft: the one book that is being written, page by page, over the version in force.

Whoever saves a page names the text they began from, by its digest. Is there another by now, nothing is
written, and they are told whose it is. Different pages never stand in each other's way. What a page was
before, who changed it and why is written down and stays.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from ivr.store.database import Database
from ivr.store.folder import unfit, unfit_name
from ivr.store.published import (
    LARGEST,
    alone,
    begin_draft,
    end_draft,
    files_of,
    newest,
    note_change,
    packed,
    page_digest,
    unpacked,
)
from ivr.store.recall import micros, moment
from ivr.store.standing_draft import Clash, Draft, Files, Page, behind, clash, open_draft, text_of
from ivr.store.tables import changes, draft_pages, drafts

__all__ = ["Change", "Clash", "Draft", "DraftClash", "DraftError", "Drafts", "Opened", "Page"]


class DraftError(Exception):
    """What cannot be done with the draft as it is. The message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as an editor shows it."""

    path: str
    text: str | None  # what the draft has; else what is published; None: no such page
    digest: str  # what to name when saving it
    published: str | None
    by: str | None = None  # who wrote the draft's text; None: it is the published one
    at: datetime | None = None
    overtaken: bool = False  # published otherwise since: `digest` is then the published text's


class DraftClash(DraftError):
    """Pages that somebody else changed meanwhile. Nothing was written."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__("; ".join(map(str, clashes)) + "; nothing was overwritten")
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log: who changed a page, when and why."""

    draft: int
    version: int | None  # what its draft became; None: still open, or discarded
    path: str
    by: str
    at: datetime
    reason: str
    before: str | None  # None: there was no such page
    after: str | None


class Drafts:
    """The draft there is, and the log of those there were. Every method may raise StoreError.

    Who may write is not asked here: whoever calls knows the people.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> Draft | None:
        """The draft that is open; None where nothing has been changed since the last was published."""
        return await self._database.look(open_draft)

    async def open(self, path: str) -> Opened:
        """A page for an editor. Raises DraftError for a name that no page may have."""
        _fit_name(path)

        def look(connection: Connection) -> Opened:
            published = (files_of(connection, newest(connection)) or {}).get(path)
            draft = open_draft(connection)
            page = draft.pages.get(path) if draft else None
            if page is None:
                return Opened(path, published, page_digest(published), published)
            overtaken = behind(page, published)
            named = page_digest(published if overtaken else page.text)
            return Opened(path, page.text, named, published, page.by, page.at, overtaken)

        return await self._database.look(look)

    async def save(
        self, path: str, text: str | None, *, based_on: str, by: str, reason: str, at: datetime
    ) -> str:
        """Save a page (None takes it out of the book) and return its digest, to be named next time.

        `based_on`: the digest of the text it was written from, as `open` gave it. Raises DraftClash where the
        page has another text by now, and DraftError for a name or a text that no page may have.
        """
        _fit_name(path)
        if text is not None and (sentence := unfit({path: text})) is not None:
            raise DraftError(sentence)

        def save(connection: Connection) -> str:
            alone(connection)
            number = newest(connection)
            published = (files_of(connection, number) or {}).get(path)
            draft = open_draft(connection)
            page = draft.pages.get(path) if draft else None
            now = page.text if page else published
            overtaken = page is not None and behind(page, published)
            if based_on != page_digest(published if overtaken else now):
                base = text_of(connection, path, based_on)
                raise DraftClash([clash(connection, path, page, published, base, text)])
            _put(connection, draft, number, path, now, text, published, by=by, reason=reason, at=at)
            return page_digest(text)

        return await self._database.change(save)

    async def discard(self, path: str | None, *, by: str, reason: str, at: datetime) -> list[str]:
        """Take back one page's change, or with None all of them; returns the pages. The log keeps what they said.

        Raises DraftError where there is nothing to take back.
        """

        def discard(connection: Connection) -> list[str]:
            alone(connection)
            draft = open_draft(connection)
            if draft is None:
                raise DraftError("there is no draft")
            if path is not None and path not in draft.pages:
                raise DraftError(f"the draft does not change {path[:80]}")
            number = newest(connection)
            published = files_of(connection, number) or {}
            taken = sorted(draft.pages) if path is None else [path]
            for each in taken:
                now, then = draft.pages[each].text, published.get(each)
                _put(connection, draft, number, each, now, then, then, by=by, reason=reason, at=at)
            return taken

        return await self._database.change(discard)

    async def take(
        self, files: Files, *, base: int | None, by: str, reason: str, at: datetime, replace: bool = False
    ) -> tuple[list[str], list[Page]]:
        """Take a whole folder's files into the draft. Returns the pages changed, and others' that were left.

        `base`: the version the folder was written from; None: the one in force. Only what differs from it counts
        as changed here, so that two who work on different pages both keep theirs. A page that somebody else
        changed meanwhile, in the draft or in a version, is refused with DraftClash; with `replace` the draft
        becomes the folder, whoever wrote it. Raises DraftError for a file that no book may have, or where there
        is no such version.
        """
        if (sentence := unfit(files)) is not None:
            raise DraftError(sentence)

        def take(connection: Connection) -> tuple[list[str], list[Page]]:
            alone(connection)
            number = newest(connection)
            published = files_of(connection, number) or {}
            began = published if base is None else files_of(connection, base)
            if began is None:
                raise DraftError(f"there is no version {base}")
            draft = open_draft(connection)
            pages = draft.pages if draft else {}
            then: dict[str, str | None] = {}
            clashes, left = [], []
            for path in sorted({*files, *began, *published, *pages}):
                page, mine, was = pages.get(path), files.get(path), began.get(path)
                theirs, ours = (page, None) if page is None or page.by != by else (None, page)
                now, then_published = page.text if page else published.get(path), published.get(path)
                late = page is not None and behind(page, then_published)
                if mine == now and not (late and (replace or ours is not None)):
                    continue
                if replace:
                    then[path] = mine
                elif mine == was:  # not touched in this folder: what others made of it stays
                    if ours is not None:
                        then[path] = then_published
                    elif theirs is not None:
                        left.append(theirs)
                elif theirs is not None:
                    clashes.append(clash(connection, path, theirs, then_published, was, mine))
                elif ours is not None and late and base is None:  # nobody said that they have seen it
                    before = text_of(connection, path, ours.under)
                    clashes.append(clash(connection, path, None, then_published, before, mine))
                elif then_published != was and then_published != mine:
                    clashes.append(clash(connection, path, None, then_published, was, mine))
                else:
                    then[path] = mine
            if clashes:
                raise DraftClash(clashes)
            for path, text in then.items():
                page = pages.get(path)
                now = page.text if page else published.get(path)
                put = _put(
                    connection, draft, number, path, now, text, published.get(path), by=by, reason=reason, at=at,
                    keep_open=True,
                )  # fmt: skip
                draft = draft or put
            _end_if_empty(connection, at)
            return sorted(then), left

        return await self._database.change(take)

    async def changes(self, version: int | None = None) -> list[Change]:
        """Who changed what, when and why, in the order it was done: in the open draft, or on the way to a version."""
        columns = (
            changes.c.draft, drafts.c.version, changes.c.path, changes.c.by, changes.c.at, changes.c.reason,
            changes.c.before, changes.c.after,
        )  # fmt: skip
        wanted = drafts.c.open == 1 if version is None else drafts.c.version == min(version, LARGEST)
        chosen = (
            select(*columns)
            .join(drafts, drafts.c.number == changes.c.draft)
            .where(wanted)
            .order_by(changes.c.draft, changes.c.number)
        )
        rows = await self._database.look(lambda connection: connection.execute(chosen).all())
        return [Change(*row[:4], moment(row[4]), row[5], unpacked(row[6]), unpacked(row[7])) for row in rows]


def _put(
    connection: Connection,
    draft: Draft | None,
    version: int | None,
    path: str,
    now: str | None,
    then: str | None,
    published: str | None,
    *,
    by: str,
    reason: str,
    at: datetime,
    keep_open: bool = False,
) -> Draft | None:
    """Write one page of the draft, and that it was written. A draft without pages is none."""
    row = {
        "path": path, "text": packed(then), "under": page_digest(published), "by": by, "at": micros(at),
    }  # fmt: skip
    if draft is None:
        if now == then:
            return None
        draft = Draft(begin_draft(connection, version, by, at), version, by, at, {})
    kept = (draft_pages.c.draft == draft.number) & (draft_pages.c.path == path)
    connection.execute(delete(draft_pages).where(kept))
    if then != published:
        connection.execute(draft_pages.insert().values(row | {"draft": draft.number}))
    if now != then:
        note_change(connection, draft.number, path, now, then, by=by, reason=reason, at=at)
    if not keep_open:
        _end_if_empty(connection, at)
    return draft


def _end_if_empty(connection: Connection, at: datetime) -> None:
    draft = open_draft(connection)
    if draft is not None and not draft.pages:
        end_draft(connection, draft.number, at, None)


def _fit_name(path: str) -> None:
    if (sentence := unfit_name(path)) is not None:
        raise DraftError(sentence)
