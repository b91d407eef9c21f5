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
    version: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="A version on the shelf, in place of a folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Proofread a prompt book: every fault with its file, line and column, and advice beside them.

    A fault stops a publish; advice does not. Exit code 0: no faults; 1: faults found; 2: could not look.

    Example: ivr proof prompts
    """
    from ivr.cli import books
    from ivr.proof import as_plain
    from ivr.proof import proof as proofread

    if folder is not None and version is not None:
        says.stop("a folder or a version, not both")
    if version is not None:
        files, recorded = books.version(version), None  # a version holds words, no sound
    else:
        where = folder or says.settings().prompts_folder()
        files, recorded = books.files(where), recordings_of(where)
    faults = proofread(files, recorded)
    wrong = [fault for fault in faults if fault.fault]
    if as_json:
        says.as_json([as_plain(fault) for fault in faults])
    else:
        for fault in faults:
            typer.echo(f"{fault}\n")
        typer.echo(_summed_up(len(wrong), len(faults) - len(wrong), len(files)))
    raise typer.Exit(1 if wrong else 0)


def recordings_of(folder: Path) -> list[str] | None:
    """The names of a book's sound files; None for what is no folder."""
    return (
        None if not folder.is_dir() else sorted(path.name for path in (folder / "recordings").glob("*.wav"))
    )


def _summed_up(faults: int, advice: int, files: int) -> str:
    pieces = "1 piece" if advice == 1 else f"{advice or 'no'} pieces"
    counted = "1 fault" if faults == 1 else f"{faults or 'No'} faults"
    return f"{counted}{f', {pieces} of advice' if advice else ''}, in {files} files."
