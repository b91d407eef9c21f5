"""The draft as it stands in its tables, and where it and the shelf say different things of one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, select

from ivr.store.published import files_of, page_digest, unpacked
from ivr.store.recall import moment
from ivr.store.tables import changes, draft_pages, drafts, versions

Files: TypeAlias = Mapping[str, str]

_LOOKED_BACK = 50  # versions and changes searched for the text that somebody began from


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
        return [page for page in self.pages.values() if behind(page, published.get(page.path))]


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
        clash(
            connection, page.path, None, published.get(page.path),
            text_of(connection, page.path, page.under), page.text,
        )
        for page in draft.overtaken(published)
    ]  # fmt: skip


def behind(page: Page, published: str | None) -> bool:
    """Whether a page of the draft was published otherwise since it was written."""
    return page_digest(published) != page.under and published != page.text


def clash(
    connection: Connection,
    path: str,
    page: Page | None,
    published: str | None,
    base: str | None,
    mine: str | None,
) -> Clash:
    """Whose text is newest: the published one where it has overtaken the draft's, else the draft's."""
    if page is not None and not behind(page, published):
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


def text_of(connection: Connection, path: str, wanted: str) -> str | None:
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
