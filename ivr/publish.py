"""Publishing: a draft or a folder becomes the next version of the book, with a note, and may be rolled back.

Nobody publishes a book with faults, or one that says what the last one said. Where the book in force or the new
one asks for it, a second person says yes. Both are people who may: see WRITERS and APPROVERS.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ivr.book.book import Fault, read
from ivr.book.difference import Difference, difference
from ivr.store.drafts import Clash, Draft, Drafts
from ivr.store.folder import unfit
from ivr.store.shelf import Moved, Shelf, digest

WRITERS = ("writer", "supervisor", "owner")
"""The roles that may change a draft, publish it, and roll back."""
APPROVERS = ("supervisor", "owner")
"""The roles whose yes counts, where a book asks for a second person's."""
LONGEST_NOTE = 500  # characters
_TRIES = 10  # times that somebody else may publish while we prove

Prove = Callable[[Mapping[str, str]], list[Fault]]
Tell = Callable[["Plan"], None]


class People(Protocol):
    """Who works here."""

    async def role(self, name: str) -> tuple[str, str] | None:
        """Somebody's name as it is written there, and their role; None where nobody is called so."""


class Refused(Exception):
    """What is not published, and why: a sentence for whoever asked."""


class Faulty(Refused):
    """A book with faults. They name file, line and column."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"the book has {len(faults)} faults; nothing was published")
        self.faults = faults


class Overtaken(Refused):
    """Pages of the draft that were published otherwise since they were written."""

    def __init__(self, clashes: list[Clash]) -> None:
        told = "; ".join(map(str, clashes))
        super().__init__(f"{told}, after the draft of it was written; save it again, or discard it")
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to come into force."""

    files: Mapping[str, str]
    over: int  # the version in force; 0 where there is none
    difference: Difference  # from the version in force
    draft: Draft | None = None  # what it is made of; None: a folder, or an earlier version
    restores: int | None = None
    faults: tuple[Fault, ...] = field(default=())  # advice; in a version rolled back to, faults as well


@dataclass(frozen=True, slots=True)
class Published:
    """What came into force."""

    version: int
    by: str
    approved_by: str | None
    plan: Plan


class Publishing:
    """The ways to a new version."""

    def __init__(self, shelf: Shelf, drafts: Drafts, people: People, prove: Prove) -> None:
        self._shelf, self._drafts, self._people, self._prove = shelf, drafts, people, prove

    async def who(self, name: str) -> str:
        """The name of somebody who may change the book, as it is written in the list. Raises Refused."""
        return await self._may(name, WRITERS, "change the book")

    async def publish(
        self,
        folder: Mapping[str, str] | None = None,
        *,
        by: str,
        note: str,
        at: datetime,
        approved_by: str | None = None,
        written_from: tuple[int, str] | None = None,
        tell: Tell = lambda plan: None,
    ) -> Published:
        """Make the draft the next version; with `folder`, those files. `tell` hears of it before it is done.

        `written_from`: the version the folder was exported from, and its digest: what others published since is
        not undone.
        Two who publish at once get two versions: whoever comes second is judged once more, against the first's.
        Raises Refused (Faulty, Overtaken) with nothing done, or StoreError.
        """
        by, note = await self.who(by), noted(note)
        proved: dict[str, list[Fault]] = {}
        for _ in range(_TRIES):
            plan = await self._plan(folder, written_from, by, proved)
            approved = await self._approval(by, approved_by, plan)
            tell(plan)
            try:
                return await self._put(plan, by, approved, note, at)
            except Moved:
                if folder is None and await self._drafts.current() != plan.draft:
                    raise Refused(
                        "the draft was changed while it was being proved; nothing was published, look again"
                    ) from None
        raise Refused("others keep publishing; nothing was published, try again")

    async def roll_back(
        self,
        version: int,
        *,
        by: str,
        note: str,
        at: datetime,
        approved_by: str | None = None,
        tell: Tell = lambda plan: None,
    ) -> Published:
        """Make an earlier version's files the next version. The draft stays. Raises Refused, or StoreError.

        What was once in force need not pass a proof that has grown since: it must only be readable.
        """
        by, note = await self.who(by), noted(note)
        for _ in range(_TRIES):
            files = await self._shelf.files(version)
            if files is None:
                raise Refused(f"there is no version {version}")
            if (sentence := unfit(files)) is not None:
                raise Refused(f"version {version} cannot come back: {sentence}")
            if read(files)[0] is None:
                raise Refused(f"version {version} cannot be read by this program")
            over, published = await self._shelf.in_force()
            if files == published:
                raise Refused(f"version {over}, in force, already says what version {version} said")
            faults = await asyncio.to_thread(self._prove, files)
            wrong = tuple(fault for fault in faults if fault.fault)
            plan = Plan(files, over, difference(published, files), restores=version, faults=wrong)
            approved = await self._approval(by, approved_by, plan)
            tell(plan)
            try:
                return await self._put(plan, by, approved, note, at)
            except Moved:
                continue
        raise Refused("others keep publishing; nothing was rolled back, try again")

    async def _plan(
        self,
        folder: Mapping[str, str] | None,
        written_from: tuple[int, str] | None,
        by: str,
        proved: dict[str, list[Fault]],
    ) -> Plan:
        draft = await self._drafts.current()
        over, published = await self._shelf.in_force()
        if folder is not None:
            if draft is not None:
                raise Refused(
                    f"there is a draft, begun by {draft.by}: publish it or discard it first (`ivr draft`)"
                )
            files = dict(folder)
            if written_from is not None:
                await self._undoes_nothing(files, written_from, by, over, published)
        else:
            if draft is None:
                raise Refused("there is no draft, and nothing else was named to be published")
            if overtaken := await self._shelf.clashes(draft):
                raise Overtaken(overtaken)
            files = draft.files(published)
        if (sentence := unfit(files)) is not None:
            raise Refused(sentence)
        if files == published:
            raise Refused(f"nothing differs from version {over}, which is in force")
        key = digest(files)
        if key not in proved:
            proved[key] = await asyncio.to_thread(self._prove, files)
        faults = proved[key]
        wrong = [fault for fault in faults if fault.fault]
        if wrong:
            raise Faulty(wrong)
        return Plan(files, over, difference(published, files), draft, faults=tuple(faults))

    async def _undoes_nothing(
        self,
        files: Mapping[str, str],
        written_from: tuple[int, str],
        by: str,
        over: int,
        published: Mapping[str, str],
    ) -> None:
        """Raises Refused where others have changed pages since a folder was exported, and it has them otherwise."""
        number, known_by = written_from
        began = await self._shelf.files(number)
        if began is None or digest(began) != known_by:  # another shelf's
            return
        since = {
            path for path in {*began, *published} if began.get(path) != published.get(path) != files.get(path)
        }
        theirs: set[str] = set()
        for version in range(number + 1, over + 1) if since else ():
            log = await self._drafts.changes(version)
            theirs |= {each.path for each in log if each.by != by} if log else since
        if undone := sorted(since & theirs):
            more = f" and {len(undone) - 5} more" if len(undone) > 5 else ""
            raise Refused(
                f"the folder was exported from version {number}, and others have changed"
                f" {', '.join(undone[:5])}{more} since: `ivr import` keeps that and takes what you changed"
            )

    async def _put(self, plan: Plan, by: str, approved: str | None, note: str, at: datetime) -> Published:
        number = await self._shelf.publish(
            plan.files,
            by,
            note,
            at=at,
            approved_by=approved,
            over=plan.over,
            draft=plan.draft,
            restores=plan.restores,
        )
        return Published(number, by, approved, plan)

    async def _approval(self, by: str, approved_by: str | None, plan: Plan) -> str | None:
        """The name of whoever says yes as well. Raises Refused where the yes is missing or does not count."""
        if approved_by is None:
            before = await self._shelf.files(plan.over) or {}
            if _asks(before) or _asks(plan.files):
                raise Refused(
                    "the book asks for a second person's yes (publishing: approval in rules.yaml):"
                    " --approved-by a supervisor or an owner"
                )
            return None
        name = await self._may(approved_by, APPROVERS, "approve")
        if name == by:
            raise Refused(f"{name} publishes this; the yes must be somebody else's")
        return name

    async def _may(self, name: str, roles: tuple[str, ...], what: str) -> str:
        found = await self._people.role(name)
        if found is None:
            raise Refused(f"there is nobody called {name[:100]!r}; `ivr people list` says who there is")
        if found[1] not in roles:
            raise Refused(f"{found[0]} is here as {found[1]}; to {what} takes {' or '.join(roles)}")
        return found[0]


def noted(note: str) -> str:
    """A note or reason on one line. Raises Refused for none, or one that is too long."""
    note = " ".join("".join(each if each.isprintable() else " " for each in note).split())
    if not 0 < len(note) <= LONGEST_NOTE:
        raise Refused(f"say why, in {LONGEST_NOTE} characters at most")
    return note


def _asks(files: Mapping[str, str]) -> bool:
    """Whether a book asks for a second person's yes. One that cannot be read asks for nothing."""
    book = read(files)[0]
    return book is not None and book.rules.approval
