"""The draft: the one book that is being written, page by page, over the version in force.

Whoever saves a page names the text they began from, by its digest. Is there another by now, nothing is
written, and they are told whose it is. Different pages never stand in each other's way. What a page was
before, who changed it and why is written down and stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, delete, select

from ivr.store.database import Database
from ivr.store.folder import unfit, unfit_name
from ivr.store.published import (
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
from ivr.store.tables import changes, draft_pages, drafts, versions

Files: TypeAlias = Mapping[str, str]

_LOOKED_BACK = 50  # versions and changes searched for the text that somebody began from


class DraftError(Exception):
    """What cannot be done with the draft as it is. The message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the draft that is to differ from the published one."""

    path: str
    text: str | None  # None: there is to be no such page
    under: str  # digest of the published text it was written over; blank where there was none
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft as it stands."""

    number: int
    base: int | None  # the version in force when it was begun
    by: str  # who began it
    begun_at: datetime
    pages: Mapping[str, Page]

    def files(self, published: Files) -> dict[str, str]:
        """The whole book it would make of the published one."""
        files = dict(published)
        for path, page in self.pages.items():
            if page.text is None:
                files.pop(path, None)
            else:
                files[path] = page.text
        return files

    def overtaken(self, published: Files) -> list[Page]:
        """The pages that were also changed by a version published since they were written."""
        return [page for page in self.pages.values() if _overtaken(page, published.get(page.path))]


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


@dataclass(frozen=True, slots=True)
class Clash:
    """A page that somebody else changed since: all three texts, so that they can be laid side by side."""

    path: str
    by: str
    at: datetime
    version: int | None  # where it was published since; None: it stands in the draft
    base: str | None  # what was begun from; None also where that is not known any more
    theirs: str | None
    mine: str | None

    def __str__(self) -> str:
        at = self.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        how = f"in version {self.version}" if self.version is not None else "in the draft"
        return f"{self.path} was changed by {self.by} at {at} {how}"


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
            overtaken = _overtaken(page, published)
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
            overtaken = page is not None and _overtaken(page, published)
            if based_on != page_digest(published if overtaken else now):
                base = _text_of(connection, path, based_on)
                raise DraftClash([_clash(connection, path, page, published, base, text)])
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
                behind = page is not None and _overtaken(page, then_published)
                if mine == now and not (behind and (replace or ours is not None)):
                    continue
                if replace:
                    then[path] = mine
                elif mine == was:  # not touched in this folder: what others made of it stays
                    if ours is not None:
                        then[path] = then_published
                    elif theirs is not None:
                        left.append(theirs)
                elif theirs is not None:
                    clashes.append(_clash(connection, path, theirs, then_published, was, mine))
                elif ours is not None and behind and base is None:  # nobody said that they have seen it
                    before = _text_of(connection, path, ours.under)
                    clashes.append(_clash(connection, path, None, then_published, before, mine))
                elif then_published != was and then_published != mine:
                    clashes.append(_clash(connection, path, None, then_published, was, mine))
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
        wanted = drafts.c.open == 1 if version is None else drafts.c.version == version
        chosen = (
            select(*columns)
            .join(drafts, drafts.c.number == changes.c.draft)
            .where(wanted)
            .order_by(changes.c.draft, changes.c.number)
        )
        rows = await self._database.look(lambda connection: connection.execute(chosen).all())
        return [Change(*row[:4], moment(row[4]), row[5], unpacked(row[6]), unpacked(row[7])) for row in rows]


def open_draft(connection: Connection) -> Draft | None:
    """The draft that is open."""
    row = connection.execute(select(drafts).where(drafts.c.open == 1)).first()
    if row is None:
        return None
    chosen = select(draft_pages).where(draft_pages.c.draft == row.number).order_by(draft_pages.c.path)
    pages = {
        each.path: Page(each.path, unpacked(each.text), each.under, each.by, moment(each.at))
        for each in connection.execute(chosen)
    }
    return Draft(row.number, row.base, row.by, moment(row.begun_at), pages)


def clashes_with(connection: Connection, draft: Draft, published: Files) -> list[Clash]:
    """What stands in the way of publishing a draft: its pages that a later version changed as well."""
    return [
        _clash(
            connection, page.path, None, published.get(page.path),
            _text_of(connection, page.path, page.under), page.text,
        )
        for page in draft.overtaken(published)
    ]  # fmt: skip


def _overtaken(page: Page, published: str | None) -> bool:
    return page_digest(published) != page.under and published != page.text


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


def _clash(
    connection: Connection,
    path: str,
    page: Page | None,
    published: str | None,
    base: str | None,
    mine: str | None,
) -> Clash:
    """Whose text is newest: the published one where it has overtaken the draft's, else the draft's."""
    if page is not None and not _overtaken(page, published):
        return Clash(path, page.by, page.at, None, base, page.text, mine)
    made = (
        select(versions.c.version, versions.c.by, versions.c.published_at)
        .join(drafts, drafts.c.version == versions.c.version)
        .join(changes, (changes.c.draft == drafts.c.number) & (changes.c.path == path))
        .order_by(versions.c.version.desc())
    )
    newest_of_all = select(versions.c.version, versions.c.by, versions.c.published_at).order_by(
        versions.c.version.desc()
    )
    row = connection.execute(made).first() or connection.execute(newest_of_all).first()
    number, by, at = row if row is not None else (None, "nobody", 0)
    return Clash(path, by, moment(at), number, base, published, mine)


def _text_of(connection: Connection, path: str, wanted: str) -> str | None:
    """The text of a page that had this digest once; None where it had none, or it is too long ago."""
    if not wanted:
        return None
    logged = (
        select(changes.c.before, changes.c.after)
        .where(changes.c.path == path)
        .order_by(changes.c.draft.desc(), changes.c.number.desc())
        .limit(_LOOKED_BACK)
    )
    for row in connection.execute(logged):
        for kept in row:
            if page_digest(text := unpacked(kept)) == wanted:
                return text
    numbers = select(versions.c.version).order_by(versions.c.version.desc()).limit(_LOOKED_BACK)
    for number in connection.execute(numbers).scalars().all():
        text = (files_of(connection, number) or {}).get(path)
        if page_digest(text) == wanted:
            return text
    return None


def _fit_name(path: str) -> None:
    if (sentence := unfit_name(path)) is not None:
        raise DraftError(sentence)
