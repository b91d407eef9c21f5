"""ivr token: bearer tokens for programs that use the API."""

from typing import Annotated

import typer

from ivr.cli import says

app = typer.Typer(
    help="Tokens for programs that use the API. Example: ivr token add crm",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the token is for: the name of a program or a desk.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Make a token and show it, once.

    Example: ivr token add crm
    """
    from ivr.cli.opened import people
    from ivr.store.people import PeopleError

    with people() as who:
        try:
            token = who.add_token(name)
        except PeopleError as error:
            says.stop(str(error))
    if as_json:
        says.as_json({"name": name, "token": token})
    else:
        typer.echo(
            f"{token}\n\nThis is the only time it is shown. Programs send it as: Authorization: Bearer TOKEN"
        )


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Which tokens there are, and since when; never the tokens themselves, of which only a trace is kept.

    Example: ivr token list
    """
    from ivr.cli.opened import people

    with people() as who:
        tokens = who.tokens()
    if as_json:
        says.as_json([{"name": name, "since": since.isoformat()} for name, since in tokens.items()])
        return
    for name, since in tokens.items():
        typer.echo(f"{name:<24} since {since.astimezone():%Y-%m-%d %H:%M}")
    if not tokens:
        typer.echo("None yet. Example: ivr token add crm")


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="The name it was made with.")]) -> None:
    """Let a token be of no use from now on.

    Example: ivr token revoke crm
    """
    from ivr.cli.opened import people

    with people() as who:
        if not who.revoke_token(name):
            says.stop(f"there is no token named “{name}”")
    typer.echo(f"The token “{name}” is revoked.")
