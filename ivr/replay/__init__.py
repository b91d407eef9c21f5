"""A call log told again: what would your callers have heard?

Each row of the log is told as a story, weighed, and given the farewell this book would have composed. In
a log a caller is a person we know, so earlier calls of the day count; a date is that of the row's own
offset. Rows may come in any order and are told in order of arrival. What is remembered of a caller is one
day of calls, the last ten goodbyes and what is coming up that they were told of; the first two only for as
long as the log has more of them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeAlias

from ivr.book.book import Book
from ivr.calls.log import CallLog, LogError, Row
from ivr.calls.story import Story
from ivr.replay.comparison import Comparison, Differences
from ivr.replay.sums import Summary, Sums
from ivr.replay.telling import Telling, Told, story_of

__all__ = ["Comparison", "Out", "Progress", "ReplayError", "Summary", "compare", "replay"]

OFTEN = 200
"""Calls between two reports of progress."""

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is going on ("reading", "telling"), how many rows are done, and of how many if that is known."""


class ReplayError(Exception):
    """The log cannot be replayed. Its text is for whoever gave us the log."""


class Out(Protocol):
    """Where the JSON lines go: an open text file, or anything that can be written to."""

    def write(self, text: str, /) -> Any: ...


def replay(lines: Iterable[str], book: Book, out: Out | None, *, progress: Progress | None = None) -> Summary:
    """Tell every call of a log and write one JSON line for each, in order of arrival.

    `lines` is the log's text (UTF-8 with bad bytes replaced, so that one letter never stops a run); `out`
    may be None when only the summary is wanted. Bad rows are skipped and named in the summary. Raises
    ReplayError when the header is not that of a call log.
    """
    log = _log(lines, progress)
    telling, sums = Telling(book, log), Sums()
    for row, story in _stories(log, progress):
        told = telling.tell(row, story)
        sums.add(told)
        if out is not None:
            out.write(_encode(_line(told)) + "\n")
    return sums.summary(log)


def compare(
    lines: Iterable[str], before: Book, after: Book, out: Out | None, *, progress: Progress | None = None
) -> Comparison:
    """Tell every call of a log by two books, and say what the second changes.

    `out` gets the second book's line for each call, with what the first would have said under `before`
    where they differ. Both books have their own memory of who heard what. Raises ReplayError as `replay`.
    """
    log = _log(lines, progress)
    old, new = Telling(before, log), Telling(after, log)
    sums, differences = (Sums(), Sums()), Differences(_variants(before))
    for row, story in _stories(log, progress):
        was, would_be = old.tell(row, story), new.tell(row, story)
        sums[0].add(was)
        sums[1].add(would_be)
        changed = differences.add(was, would_be)
        if out is not None:
            line = _line(would_be)
            out.write(_encode(line | {"before": _line(was)} if changed else line) + "\n")
    return differences.comparison(sums[0].summary(log), sums[1].summary(log))


def _variants(book: Book) -> frozenset[str]:
    return frozenset(
        variant.id
        for locale in book.locales.values()
        for entries in locale.pages.values()
        for entry in entries
        for variant in entry.variants
    )


def _log(lines: Iterable[str], progress: Progress | None) -> CallLog:
    report = progress or _silent
    try:
        log = CallLog(lines, lambda rows: report("reading", rows, None))
    except LogError as error:
        raise ReplayError(str(error)) from error
    report("reading", log.rows, log.rows)
    return log


def _stories(log: CallLog, progress: Progress | None) -> Iterator[tuple[Row, Story]]:
    report = progress or _silent
    for number, row in enumerate(log.in_order(), 1):
        yield row, story_of(row)
        if number % OFTEN == 0:
            report("telling", number, log.good)
    report("telling", log.good, log.good)


def _silent(what: str, done: int, total: int | None) -> None:
    """Nobody is watching."""


_encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def _line(told: Told) -> dict[str, Any]:
    wait, farewell = told.wait, told.farewell
    return {
        "call": told.story.call,
        "wait": {"seconds": wait.seconds, "queue": wait.queue, "hold": wait.hold, "earlier": wait.earlier},
        "severity": wait.severity,
        "calls_today": wait.calls_today,
        "locale": told.locale,
        "moments": [
            {"moment": moment.name, "entry": line.entry, "variant": line.variant, "text": line.text}
            for moment in (farewell.moments if farewell is not None else ())
            for line in moment.lines
        ],
        "seconds": round(farewell.seconds, 1) if farewell is not None else 0.0,
    }
