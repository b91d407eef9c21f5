"""ivr proof: proofreading a prompt book."""

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli import says


def proof(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The book's folder; by default the one serve would use."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Proofread a prompt book: every fault with its file, line and column.

    Exit code 0: nothing found; 1: faults found; 2: could not look.

    Example: ivr proof prompts
    """
    from ivr.proof import as_plain
    from ivr.proof import proof as proofread
    from ivr.store.shelf import BookFolderError, read_folder

    where = folder or says.settings().prompts_folder()
    try:
        files = read_folder(where)
    except BookFolderError as error:
        says.stop(str(error))
    faults = proofread(files)
    wrong = [fault for fault in faults if fault.fault]
    if as_json:
        says.as_json([as_plain(fault) for fault in faults])
    else:
        for fault in faults:
            typer.echo(f"{fault}\n")
        advice = len(faults) - len(wrong)
        typer.echo(
            f"{len(wrong)} faults, {advice} pieces of advice, in {len(files)} files."
            if faults
            else f"No faults in {len(files)} files."
        )
    raise typer.Exit(1 if wrong else 0)
