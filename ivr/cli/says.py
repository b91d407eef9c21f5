"""How commands speak: sentences on standard error, answers on standard output."""

import json
import os
import sys
from typing import Any, NoReturn

import typer


def stop(sentence: str) -> NoReturn:
    """The command could not run: one sentence, exit code 2."""
    typer.echo(f"could not run: {sentence}", err=True)
    raise typer.Exit(2)


def could_not_run(error: Exception) -> None:
    """An error nobody expected: its kind and message, and the traceback only for who asks for it."""
    sentence = " ".join(str(error).split()) or type(error).__name__
    typer.echo(f"could not run: {sentence}", err=True)
    if os.environ.get("IVR_TRACEBACK"):
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    else:
        typer.echo("(set IVR_TRACEBACK=1 to see where)", err=True)


def as_json(answer: Any) -> None:
    """An answer for a program."""
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def settings() -> Any:
    """The settings, or a sentence for each that is wrong."""
    from pydantic import ValidationError

    from ivr.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = str(fault["loc"][0]).upper() if fault["loc"] else "?"
            typer.echo(f"{name}: {fault['msg'].removeprefix('Value error, ')}", err=True)
        stop("the settings above are wrong; the README lists them all")
