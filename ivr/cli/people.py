"""ivr people: who works here, and which telephones agents ring from."""

from typing import Annotated

import typer

from ivr.cli import says

app = typer.Typer(
    help="Who works here, and which telephones agents ring from.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="Their name, as colleagues know them.")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="agent, writer, supervisor or owner.")],
    telephone: Annotated[
        str | None, typer.Option(help="The agent's telephone: +44…, sip:… or client:…")
    ] = None,
) -> None:
    """Add somebody. An agent's PIN is shown once, and kept hashed.

    Example: ivr people add Sam --role agent --telephone +442079460012
    """
    from ivr.cli.opened import people
    from ivr.store.people import PeopleError

    with people() as who:
        try:
            pin = who.add(name, role, telephone)
        except PeopleError as error:
            says.stop(str(error))
    typer.echo(f"{name} is here as {role}.")
    if pin:
        typer.echo(
            f"PIN: {pin}   (for calling in from any other telephone; this is the only time it is shown)"
        )


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Who works here.

    Example: ivr people list
    """
    from ivr.cli.opened import people

    with people() as who:
        everybody = who.everybody()
    if as_json:
        says.as_json([{"name": one.name, "role": one.role, "telephone": one.telephone} for one in everybody])
        return
    for one in everybody:
        typer.echo(f"{one.name:<24} {one.role:<12} {one.telephone or ''}".rstrip())
    if not everybody:
        typer.echo("Nobody yet. Example: ivr people add Sam --role agent --telephone +442079460012")


@app.command()
def remove(name: Name) -> None:
    """Remove somebody.

    Example: ivr people remove Sam
    """
    from ivr.cli.opened import people

    with people() as who:
        if not who.remove(name):
            says.stop(f"there is nobody named “{name}”")
    typer.echo(f"{name} is no longer here.")


@app.command("new-pin")
def new_pin(name: Name) -> None:
    """Give an agent a new PIN; the old one is of no use from now on.

    Example: ivr people new-pin Sam
    """
    from ivr.cli.opened import people
    from ivr.store.people import PeopleError

    with people() as who:
        try:
            pin = who.new_pin(name)
        except PeopleError as error:
            says.stop(str(error))
    typer.echo(f"PIN: {pin}   (this is the only time it is shown)")
