"""ivr export and ivr import: the book out of the store as a folder of YAML files, and back as a draft."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli import says
from ivr.cli.publish import By

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")]


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or one that is empty.")],
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", min=1, help="Which version; by default the one in force."),
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="The draft, as it stands, instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a version of the book as a folder, byte for byte as it was published: all of it, or nothing.

    The folder says in `.exported` which version it came from, so that `ivr import` can tell your changes from those
    that others publish meanwhile. A draft with pages that others published otherwise since is not written (exit
    code 1): who brought it back would undo theirs unseen.

    Example: ivr export my-book
    """
    from ivr.cli.comparing import plain_clash, tell_clashes
    from ivr.cli.opened import shelf
    from ivr.store.folder import BookFolderError, write_folder
    from ivr.store.shelf import digest

    if draft and version is not None:
        says.stop("name --version or --draft, not both")
    with shelf() as (kept, drafts, _):

        async def look() -> tuple[int, dict[str, str], dict[str, str]]:
            number, files = await kept.in_force()
            if version is not None:
                chosen = await kept.files(version)
                if chosen is None:
                    says.stop(f"there is no version {version}")
                number, files = version, chosen
            if not draft:
                return number, files, files
            begun = await drafts.current()
            if begun is None:
                says.stop("there is no draft")
            if clashes := await kept.clashes(begun):
                sentence = f"{'; '.join(map(str, clashes))}, after the draft of it was written"
                if as_json:
                    says.as_json({"refused": sentence, "clashes": [plain_clash(each) for each in clashes]})
                else:
                    tell_clashes(clashes)
                typer.echo(
                    f"{sentence}. Export version {number}, take your words into it and import that; or discard "
                    "the page. Nothing was written.",
                    err=True,
                )
                raise typer.Exit(1)
            return number, files, begun.files(files)

        number, base, files = asyncio.run(look())
    if not files:
        says.stop("nothing is published yet; `ivr publish` or `ivr serve` keeps the first version")
    try:
        write_folder(folder, files, mark=f"version {number} {digest(base)}\n")
    except BookFolderError as error:
        says.stop(str(error))
    if as_json:
        says.as_json({"folder": str(folder), "version": number, "draft": draft, "files": sorted(files)})
    else:
        what = f"The draft over version {number}" if draft else f"Version {number}"
        typer.echo(f"{what} is in {folder}: {len(files)} files.")


def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a book.")],
    by: By,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, for the log of changes.")] = "",
    based_on: Annotated[
        int | None,
        typer.Option("--based-on", metavar="N", min=1, help="The version it was begun from; see above."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="The draft becomes this folder, whoever wrote what is in it now."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a draft of a folder: what differs in it from the version it was exported from. Nothing is in force yet.

    A folder that was not exported is taken to have been begun from the version in force; --based-on says otherwise.

    A page that somebody else changed meanwhile, in the draft or in a version, is refused with all three texts, and
    nothing is written (exit code 1). What is no .yaml file is left alone.

    Example: ivr import my-book --by Ana --note "A softer apology"
    """
    from ivr.app import WallClock
    from ivr.cli.comparing import plain_clash, tell_clashes
    from ivr.cli.opened import shelf
    from ivr.publish import Refused, noted
    from ivr.store.drafts import DraftClash, DraftError, Page
    from ivr.store.folder import BookFolderError, left_alone, read_folder, written_from

    try:
        files = read_folder(folder)
        others = left_alone(folder)
    except BookFolderError as error:
        says.stop(str(error))
    if missing := [name for name in ("rules.yaml", "voices.yaml") if name not in files]:
        says.stop(f"{folder} holds no {' and no '.join(missing)}; is it a book?")
    with shelf() as (kept, drafts, publishing):

        async def go() -> tuple[list[str], list[str], list[Page]]:
            who, base = await publishing.who(by), based_on
            if base is None and (mark := written_from(folder)) is not None:
                known = {each.version: each.digest for each in await kept.versions()}
                if known.get(mark[0]) != mark[1]:
                    says.stop(
                        f"{folder} was exported from another shelf's version {mark[0]}; say --based-on N, "
                        "the version here it was begun from"
                    )
                base = mark[0]
            reason = noted(note or f"from the folder {folder.resolve().name}")
            changed, left = await drafts.take(
                files, base=base, by=who, reason=reason, at=WallClock().now(), replace=replace
            )
            published = (await kept.in_force())[1]
            back = [path for path in changed if files.get(path) == published.get(path)]
            return changed, back, left

        try:
            changed, back, left = asyncio.run(go())
        except DraftClash as error:
            if as_json:
                says.as_json(
                    {"refused": str(error), "clashes": [plain_clash(each) for each in error.clashes]}
                )
            else:
                tell_clashes(error.clashes)
            typer.echo(
                f"{error}. Take their words into yours and --based-on their version, or --replace.", err=True
            )
            raise typer.Exit(1) from None
        except (Refused, DraftError) as error:
            says.stop(str(error))
    if as_json:
        says.as_json(
            {
                "changed": changed,
                "taken_back": back,
                "left": [{"path": page.path, "by": page.by} for page in left],
                "left_alone": others,
            }
        )
        return
    if now := [path for path in changed if path not in back]:
        typer.echo(f"In the draft now: {', '.join(now)}.")
    if back:
        typer.echo(f"Taken back, being as published in this folder: {', '.join(back)}.")
    if not changed:
        typer.echo("The draft says all this already.")
    for page in left:
        typer.echo(f"{page.path} stays as {page.by} has it in the draft.")
    if others:
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        typer.echo(f"Left alone, being no .yaml files: {', '.join(others[:5])}{more}.")
