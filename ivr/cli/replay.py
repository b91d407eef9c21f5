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
    version: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="The book: a version that was published.")
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|N|draft",
            help="A second book, a folder, a version or the draft: what would it change for these callers?",
        ),
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

    Example: ivr replay calls.csv --version 14 --compare draft
    """
    import ivr.replay
    from ivr.cli import books
    from ivr.cli.telling import progress, tell_comparison, tell_summary

    if book is not None and version is not None:
        says.stop("--book and --version name two books; give one of them")
    first = books.words(str(version) if version is not None else book or says.settings().prompts_folder())
    second = books.words(compare) if compare is not None else None
    if not log.is_file():
        says.stop(f"there is no file {log}")
    partial = out.with_name(out.name + ".partial") if out else None
    summary = comparison = None
    try:
        with ExitStack() as opened:
            lines = opened.enter_context(log.open(encoding="utf-8-sig", errors="replace", newline=""))
            written = opened.enter_context(partial.open("w", encoding="utf-8")) if partial else None
            report = opened.enter_context(progress())
            if second is None:
                summary = ivr.replay.replay(lines, first, written, progress=report)
            else:
                comparison = ivr.replay.compare(lines, first, second, written, progress=report)
        if partial is not None and out is not None:
            partial.replace(out)
    except ivr.replay.ReplayError as error:
        says.stop(str(error))
    except OSError as error:
        says.stop(f"{error.filename or log}: {error.strerror or error}")
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)  # half an answer is none
    if comparison is not None:
        if as_json:
            says.as_json(comparison.to_json())
        else:
            tell_comparison(comparison)
    elif summary is not None:
        if as_json:
            says.as_json(summary.to_json())
        else:
            tell_summary(summary)
