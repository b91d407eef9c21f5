"""The command line: one file a command, which parses and prints and leaves the work to an act.

Exit codes: 0 ok, 1 "looked and found faults", 2 "could not run". Imports are late, so that `ivr --help` is
there at once.
"""

import sys
from typing import Annotated

import typer

from ivr import __version__
from ivr.cli import (
    call_backs,
    carrying,
    check,
    connect,
    draft,
    people,
    proof,
    publish,
    rehearse,
    replay,
    serve,
    token,
    versions,
    vouchers,
)

app = typer.Typer(
    name="ivr",
    help="The end of a telephone call, done well.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ivr {__version__}")
        raise typer.Exit


@app.callback()
def ivr(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """The end of a telephone call, done well."""


app.command()(serve.serve)
app.command()(rehearse.rehearse)
app.command()(replay.replay)
app.command()(proof.proof)
app.command()(publish.publish)
app.command("roll-back")(publish.roll_back)
app.command()(versions.versions)
app.command()(versions.compare)
app.command()(carrying.export)
app.command("import")(carrying.import_)
app.add_typer(draft.app, name="draft")
app.command()(check.check)
app.command()(check.migrate)
app.command()(connect.connect)
app.add_typer(call_backs.app, name="call-backs")
app.add_typer(people.app, name="people")
app.add_typer(token.app, name="token")
app.add_typer(vouchers.app, name="vouchers")


def main() -> None:
    """The program's entry: an unexpected error is a sentence and exit code 2, never a traceback."""
    from ivr.cli.says import could_not_run

    try:
        app()
    except Exception as error:
        could_not_run(error)
        sys.exit(2)
