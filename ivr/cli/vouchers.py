"""ivr vouchers: codes that farewells may give to callers, each once."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli import says

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

LONGEST = 60  # characters of a code: it is texted with a sentence around it


@app.callback()
def vouchers() -> None:
    """Codes that farewells may give to callers, each once, by text."""


@app.command()
def add(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A code a line; - reads them as they come in.")
    ],
    queue: Annotated[
        str | None, typer.Option(help="The queue whose callers they are for; any queue's if none is named.")
    ] = None,
) -> None:
    """Add codes to a list. One that was added before is not added again.

    Example: ivr vouchers add codes.txt --queue billing
    """
    from ivr.app import WallClock
    from ivr.cli.opened import book, vouchers

    codes = _codes(file)
    if queue is not None and queue not in (named := book().rules.queues):
        says.stop(f"the book has no queue “{queue}”; it has {', '.join(named)}")
    with vouchers() as lists:
        added = asyncio.run(lists.add(codes, queue=queue, at=WallClock().now()))
    known = f", {added.known} were there already" if added.known else ""
    typer.echo(f"{added.new} added{known}.")


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """How many are left on each list. The codes themselves are shown to nobody.

    Example: ivr vouchers list --json
    """
    from ivr.cli.opened import vouchers

    with vouchers() as lists:
        found = asyncio.run(lists.lists())
    if as_json:
        says.as_json([{"queue": one.queue, "left": one.left, "given": one.given} for one in found])
        return
    for one in found:
        typer.echo(f"{one.queue or 'any queue':<20} {one.left:>7} left {one.given:>7} given")
    if not found:
        typer.echo("There are no vouchers; `ivr vouchers add FILE` adds some.")


def _codes(file: str) -> list[str]:
    """The codes in a file, a line each. Stops at one that no text could carry."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        says.stop(f"{file} cannot be read ({type(error).__name__}); it is plain text with a code a line")
    codes = []
    for number, line in enumerate(text.splitlines(), 1):
        code = line.strip()
        if not code:
            continue
        if len(code) > LONGEST or not code.isprintable() or not any(map(str.isalnum, code)):
            says.stop(
                f"line {number} is no code: letters, digits and signs, {LONGEST} characters at most; none was added"
            )
        codes.append(code)
    if not codes:
        says.stop(f"there are no codes in {file}")
    return codes
