"""ivr versions and ivr compare: what was published, and what differs."""

import asyncio
from typing import Annotated

import typer

from ivr.cli import says

Side = Annotated[str | None, typer.Argument(help="A version's number, `draft`, or a book's folder.")]


def versions(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Every version of the book, the newest first, which is in force: when, by whom, with whose yes, and why.

    Example: ivr versions
    """
    from ivr.cli.opened import shelf

    with shelf() as (kept, _, _):
        every = asyncio.run(kept.versions())
    if as_json:
        says.as_json(
            [
                {
                    "version": each.version,
                    "in_force": number == 0,
                    "published": each.published_at.isoformat(),
                    "by": each.by,
                    "approved_by": each.approved_by,
                    "note": each.note,
                    "restores": each.restores,
                    "digest": each.digest,
                }
                for number, each in enumerate(every)
            ]
        )
        return
    for number, each in enumerate(every):
        who = f"{each.by}, {each.approved_by}" if each.approved_by else each.by
        back = f"[version {each.restores} again] " if each.restores else ""
        when = each.published_at.astimezone().strftime("%Y-%m-%d %H:%M")
        typer.echo(
            f"{each.version:>4}  {when}  {who:<24}  {back}{each.note}{'  (in force)' if number == 0 else ''}"
        )
    if not every:
        where = says.settings().ivr_database_url.rpartition("@")[2]  # no password
        typer.echo(
            f"Nothing is published yet in {where}: `ivr serve` keeps the first version, or `ivr publish` does."
        )


def compare(
    first: Side = None,
    second: Side = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """What differs between two books, page by page and entry by entry, the words side by side.

    With one name: between the version in force and that one, as it would come into force. With none: what
    `ivr publish` would change.

    Example: ivr compare 3 4
    """
    from ivr.book.difference import difference
    from ivr.cli.books import named
    from ivr.cli.comparing import plain, tell_difference
    from ivr.cli.opened import shelf
    from ivr.store.folder import BookFolderError

    with shelf() as (kept, drafts, _):

        async def both() -> list[tuple[str, dict[str, str]]]:
            names = [each for each in (first, second) if each is not None]
            if not names:
                there = await drafts.current() is not None
                names = ["draft" if there else str(says.settings().prompts_folder())]
            if len(names) == 1:
                names.insert(0, "")
            return [await named(name, kept, drafts) for name in names]

        try:
            (before, was), (after, now) = asyncio.run(both())
        except BookFolderError as error:
            says.stop(str(error))
    found = difference(was, now)
    if as_json:
        says.as_json({"before": before, "after": after} | plain(found))
    else:
        tell_difference(found, before, after)
