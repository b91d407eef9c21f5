"""ivr replay: what would your own callers have heard?"""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli import says


def replay(
    log: Annotated[
        Path, typer.Argument(metavar="CALLS.csv", help="A call log: a header, then a call a row.")
    ],
    book: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The prompt book; by default the one serve would use.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", help="Write every call's story and words here, one JSON object a line."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Tell a call log as stories and compose what each caller would have heard.

    Needs the columns call and arrived; queued, answered, ended, caller, queue, locale, agent, name, tone and
    held_seconds are used where they are there. A bad row is skipped, counted and named.

    Example: ivr replay calls.csv --out heard.jsonl
    """
    from ivr.book.book import read
    from ivr.cli.telling import progress, tell_summary
    from ivr.replay import ReplayError
    from ivr.replay import replay as tell_again
    from ivr.store.shelf import BookFolderError, read_folder

    try:
        files = read_folder(book or says.settings().prompts_folder())
    except BookFolderError as error:
        says.stop(str(error))
    words, faults = read(files)
    if words is None or any(fault.fault for fault in faults):
        says.stop("\n\n".join(["the prompt book has faults:", *(str(f) for f in faults if f.fault)]))
    if not log.is_file():
        says.stop(f"there is no file {log}")
    partial = out.with_name(out.name + ".partial") if out else None
    try:
        with ExitStack() as opened:
            lines = opened.enter_context(log.open(encoding="utf-8-sig", errors="replace", newline=""))
            written = opened.enter_context(partial.open("w", encoding="utf-8")) if partial else None
            report = opened.enter_context(progress())
            summary = tell_again(lines, words, written, progress=report)
    except (ReplayError, OSError) as error:
        if partial is not None:
            partial.unlink(missing_ok=True)  # half an answer is none
        says.stop(str(error))
    if partial is not None and out is not None:
        partial.replace(out)
    if as_json:
        says.as_json(summary.to_json())
    else:
        tell_summary(summary)
