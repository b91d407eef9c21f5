"""ivr call-backs: the callers who asked to be rung back, and which of them somebody has rung."""

import asyncio
from typing import Annotated

import typer

from ivr.cli import says

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def call_backs(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """The callers who asked to be rung back, who asked first first. An agent rings them; nothing here dials.

    Example: ivr call-backs --json
    """
    if context.invoked_subcommand is not None:
        return
    from ivr.cli.opened import call_backs
    from ivr.cli.telling import minutes

    with call_backs() as asked:
        due = asyncio.run(asked.due())
    if as_json:
        says.as_json(
            [
                {
                    "id": one.call,
                    "asked": one.asked.isoformat(),
                    "queue": one.queue,
                    "number": one.number,
                    "waited": one.waited,
                }
                for one in due
            ]
        )
        return
    for one in due:
        when = one.asked.astimezone().strftime("%Y-%m-%d %H:%M")
        waited, number = f"waited {minutes(one.waited)}", one.number or "(number forgotten)"
        typer.echo(f"{when}  {one.queue or '':<12} {number:<18} {waited:<22} {one.call}")
    if not due:
        typer.echo("Nobody is waiting to be rung back.")


@app.command()
def done(
    call: Annotated[
        str, typer.Argument(metavar="ID", help="The call's id, or as much of it as tells which.")
    ],
) -> None:
    """Take somebody who has been rung off the list.

    Example: ivr call-backs done CA0a1b2c3d
    """
    from ivr.cli.opened import call_backs

    with call_backs() as asked:
        found = [one.call for one in asyncio.run(asked.due()) if one.call.startswith(call)]
        if len(found) != 1:
            says.stop(f"{len(found) or 'no'} call-backs begin with “{call}”; `ivr call-backs` lists them")
        asyncio.run(asked.done(found[0]))
    typer.echo(f"{found[0]} is off the list.")
