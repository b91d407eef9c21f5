"""ivr draft: what is to become the next version, who changed it and why; and taking a change back."""

import asyncio
from typing import Annotated

import typer

from ivr.cli import says
from ivr.cli.publish import By, Note

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def draft(
    context: typer.Context,
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", min=1, help="The log of a version instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """The draft's pages, and the log of who changed what, when and why. `ivr import` makes one from a folder.

    Example: ivr draft --version 4
    """
    if context.invoked_subcommand is not None:
        return
    from ivr.cli.opened import shelf
    from ivr.store.drafts import Change, Draft

    with shelf() as (_, drafts, _):

        async def look() -> tuple[Draft | None, list[Change]]:
            return (await drafts.current() if version is None else None), await drafts.changes(version)

        now, log = asyncio.run(look())
    if as_json:
        says.as_json(
            {
                "draft": None
                if now is None
                else {"base": now.base, "by": now.by, "begun": now.begun_at.isoformat(), "pages": [*now.pages]},
                "changes": [
                    {"path": each.path, "by": each.by, "at": each.at.isoformat(), "reason": each.reason,
                     "before": each.before, "after": each.after}
                    for each in log
                ],
            }
        )  # fmt: skip
        return
    if now is not None:
        typer.echo(f"A draft over version {now.base or 0}, begun by {now.by}:")
        for page in now.pages.values():
            typer.echo(f"  {page.path}, {'' if page.text is not None else 'taken out '}by {page.by}")
    elif version is None:
        typer.echo("There is no draft.")
    for each in log:
        when = each.at.astimezone().strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{when}  {each.by:<16}  {each.path:<28}  {each.reason}")
    if version is not None and not log:
        typer.echo(f"Nothing is written down of how version {version} came about.")


@app.command()
def discard(
    by: By,
    note: Note,
    page: Annotated[
        str | None, typer.Argument(metavar="[PAGE]", help="A page, as en-GB/apology.yaml; without it, all.")
    ] = None,
) -> None:
    """Take back one page's change, or the whole draft. The log keeps what they said.

    Example: ivr draft discard en-GB/apology.yaml --by Ana --note "Not today"
    """
    from ivr.app import WallClock
    from ivr.cli.opened import shelf
    from ivr.publish import Refused, noted
    from ivr.store.drafts import DraftError

    with shelf() as (_, drafts, publishing):

        async def go() -> list[str]:
            who, reason = await publishing.who(by), noted(note)
            return await drafts.discard(page, by=who, reason=reason, at=WallClock().now())

        try:
            taken = asyncio.run(go())
        except (Refused, DraftError) as error:
            says.stop(str(error))
    typer.echo(f"Taken back: {', '.join(taken)}.")
