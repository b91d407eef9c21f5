"""A call log told again: what would your callers have heard?

Each row of the log is told as a story, weighed, and given the farewell this book would have composed. In
a log a caller is a person we know, so earlier calls of the day count; a date is that of the row's own
offset. Rows may come in any order and are told in order of arrival. What is remembered of a caller is one
day of calls and the last ten goodbyes, and only for as long as the log has more of them.
"""

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeAlias

from ivr.book.book import Book, Queue
from ivr.calls.log import CallLog, LogError, Row
from ivr.calls.story import Story, tell
from ivr.calls.waits import Wait, in_vain, sum_up
from ivr.calls.wrapup import TONES, Wrapup
from ivr.farewell.composer import Means, compose
from ivr.farewell.moments import Farewell

REMEMBERED = 10
"""Goodbyes: a caller hears none of these again while the book has another that fits."""

OFTEN = 200
"""Calls between two reports of progress."""

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is going on ("reading", "telling"), how many rows are done, and of how many if that is known."""


class ReplayError(Exception):
    """The log cannot be replayed. Its text is for whoever gave us the log."""


class Out(Protocol):
    """Where the JSON lines go: an open text file, or anything that can be written to."""

    def write(self, text: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Summary:
    """What the replay of a whole log comes to. Quantiles are by nearest rank; None where nothing was known."""

    rows: int  # the header and blank lines not counted
    calls: int  # good rows
    answered: int
    waits: Mapping[str, int | None]  # p50 p75 p90 p95 p99 max: seconds, of answered calls whose wait is known
    severities: Mapping[str, int]  # answered calls by severity
    apologies: int
    mean_seconds: float | None  # of a farewell
    p95_seconds: float | None
    distinct_goodbyes: int
    repeats: int  # goodbyes that the caller had heard in their last ten calls
    skipped: Mapping[str, Sequence[int]]  # reason → the lines where the rows begin

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        return asdict(replace(self, skipped={})) | {
            "skipped": {why: list(lines) for why, lines in self.skipped.items()}
        }


def replay(lines: Iterable[str], book: Book, out: Out | None, *, progress: Progress | None = None) -> Summary:
    """Tell every call of a log and write one JSON line for each, in order of arrival.

    `lines` is the log's text (UTF-8 with bad bytes replaced, so that one letter never stops a run); `out`
    may be None when only the summary is wanted. Bad rows are skipped and named in the summary. Raises
    ReplayError when the header is not that of a call log.
    """
    report = progress or _silent
    try:
        log = CallLog(lines, lambda rows: report("reading", rows, None))
    except LogError as error:
        raise ReplayError(str(error)) from error
    report("reading", log.rows, log.rows)
    callers = _Callers(log)
    sums = _Sums()
    queues: dict[str, Queue] = {}
    encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
    for number, row in enumerate(log.in_order(), 1):
        story = _story(row)
        queue = queues.get(row.queue) or queues.setdefault(row.queue, book.rules.queue(row.queue or None))
        locale = book.locale(row.locale or queue.locale)
        arrived = story.arrived
        assert arrived is not None
        caller = callers.known(row, arrived)
        wait = sum_up(story, book.rules.severities, earlier=caller.lost, calls_today=caller.calls_today)
        farewell = _farewell(row, story, wait, book, queue, locale, caller)
        goodbye = _goodbye(farewell) if farewell is not None else None
        callers.told(caller, row, story, in_vain(story, book.rules.answered_within), goodbye)
        sums.add(story, wait, farewell, goodbye, goodbye is not None and goodbye in caller.heard)
        if out is not None:
            out.write(encode(_line(story, wait, locale, farewell)) + "\n")
        if number % OFTEN == 0:
            report("telling", number, log.good)
    report("telling", log.good, log.good)
    return sums.summary(log)


def _silent(what: str, done: int, total: int | None) -> None:
    """Nobody is watching."""


def _story(row: Row) -> Story:
    story = tell(row.events())
    if row.held or story.queue != (row.queue or None):
        # A row may name the queue of a call that was never queued: its rules hold all the same.
        story = replace(story, queue=row.queue or None, held_seconds=row.held or None)
    return story


def _farewell(
    row: Row, story: Story, wait: Wait, book: Book, queue: Queue, locale: str, caller: "_Caller"
) -> Farewell | None:
    """What this caller would have heard; None where nobody answered, or the queue's farewells are off."""
    if story.answered is None or queue.farewell != "on":
        return None
    wrapup = Wrapup(
        name=row.name or None,
        tone=row.tone if row.tone in TONES else "plain",
        agent=row.agent or None,
        held_seconds=story.held_seconds,
    )
    return compose(
        story,
        wait,
        wrapup,
        book,
        now=story.ended or story.answered,
        means=Means(way=queue.way),
        locale=locale,
        heard_before={"goodbye": caller.heard},
        first_time=False if caller.came_before else None,  # what came before the log, nobody knows
    )


def _goodbye(farewell: Farewell) -> str | None:
    moment = farewell.moment("goodbye")
    return moment.lines[-1].variant if moment is not None and moment.lines else None


def _line(story: Story, wait: Wait, locale: str, farewell: Farewell | None) -> dict[str, Any]:
    moments = farewell.moments if farewell is not None else ()
    return {
        "call": story.call,
        "wait": {"seconds": wait.seconds, "queue": wait.queue, "hold": wait.hold, "earlier": wait.earlier},
        "severity": wait.severity,
        "calls_today": wait.calls_today,
        "locale": locale,
        "moments": [
            {"moment": moment.name, "entry": line.entry, "variant": line.variant, "text": line.text}
            for moment in moments
            for line in moment.lines
        ],
        "seconds": round(farewell.seconds, 1) if farewell is not None else 0.0,
    }


@dataclass(slots=True)
class _Caller:
    """What is known of a row's caller when the call arrives."""

    slot: int | None = None  # None: nobody is known
    today: "_Day | None" = None
    calls_today: int | None = None
    lost: int = 0  # seconds waited in vain earlier that day
    heard: tuple[str, ...] = ()  # goodbyes, latest first
    came_before: bool = False


class _Day:
    """One date's calls, by caller."""

    __slots__ = ("calls", "lost")

    def __init__(self) -> None:
        self.calls: dict[int, int] = {}
        self.lost: dict[int, _Lost] = {}


class _Lost:
    """Waits in vain: those of calls that have ended, and those of calls that may not have."""

    __slots__ = ("ended", "open")

    def __init__(self) -> None:
        self.ended = 0
        self.open: list[tuple[float, int]] = []  # a heap of (when it ended, seconds)

    def before(self, instant: float) -> int:
        """Seconds of all that ended before `instant`, which never goes back."""
        while self.open and self.open[0][0] < instant:
            self.ended += heapq.heappop(self.open)[1]
        return self.ended


class _Callers:
    """Everybody the log names, remembered no longer than the log needs it."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self._heard: list[tuple[str, ...] | None] = [None] * log.callers.size
        self._days: dict[date, _Day] = {}
        self._usual: dict[tuple[str, ...], tuple[str, ...]] = {}

    def known(self, row: Row, arrived: datetime) -> _Caller:
        if not row.caller:
            return _Caller()
        today = self._day(arrived.date())
        slot = self._log.callers.slot(row.caller)
        today.calls[slot] = calls = today.calls.get(slot, 0) + 1
        lost = today.lost.get(slot)
        heard = self._heard[slot]
        seconds = lost.before(row.instant) if lost is not None else 0
        return _Caller(slot, today, calls, seconds, heard or (), heard is not None)

    def told(self, caller: _Caller, row: Row, story: Story, lost: int, goodbye: str | None) -> None:
        slot, today = caller.slot, caller.today
        if slot is None or today is None:
            return
        left = self._log.callers.counts
        left[slot] -= 1
        if not left[slot]:  # the log has no more of them
            self._heard[slot] = ()
            today.calls.pop(slot, None)
            today.lost.pop(slot, None)
            return
        heard = caller.heard if goodbye is None else (goodbye, *caller.heard[: REMEMBERED - 1])
        self._heard[slot] = self._usual.setdefault(heard, heard) if len(heard) < 2 else heard
        if lost and story.ended is not None:
            heapq.heappush(today.lost.setdefault(slot, _Lost()).open, (story.ended.timestamp(), lost))

    def _day(self, today: date) -> _Day:
        day = self._days.get(today)
        if day is None:
            # Offsets differ by less than two days, so that a date older than this comes no more.
            for past in [past for past in self._days if today - past > timedelta(days=2)]:
                del self._days[past]
            day = self._days[today] = _Day()
        return day


class _Sums:
    """What the calls come to."""

    def __init__(self) -> None:
        self.answered = self.apologies = self.repeats = 0
        self.waits: Counter[int] = Counter()  # how many of each length: few lengths, many calls
        self.tenths: Counter[int] = Counter()  # of a second of farewell
        self.severities = dict.fromkeys(("none", "slight", "long", "very_long", "extreme", "unknown"), 0)
        self.goodbyes: set[str] = set()

    def add(
        self, story: Story, wait: Wait, farewell: Farewell | None, goodbye: str | None, repeat: bool
    ) -> None:
        if story.answered is None:
            return
        self.answered += 1
        self.severities[wait.severity] += 1
        if wait.seconds is not None:
            self.waits[wait.seconds] += 1
        if farewell is None:
            return
        self.tenths[round(farewell.seconds * 10)] += 1
        self.repeats += repeat
        if goodbye is not None:
            self.goodbyes.add(goodbye)
        # Below `long`, the apology page gives thanks.
        if wait.severity in ("long", "very_long", "extreme") and farewell.moment("apology") is not None:
            self.apologies += 1

    def summary(self, log: CallLog) -> Summary:
        quantiles = {f"p{percent}": _quantile(self.waits, percent) for percent in (50, 75, 90, 95, 99)}
        spoken = self.tenths.total()
        p95 = _quantile(self.tenths, 95)
        return Summary(
            rows=log.rows,
            calls=log.good,
            answered=self.answered,
            waits={**quantiles, "max": max(self.waits, default=None)},
            severities=self.severities,
            apologies=self.apologies,
            mean_seconds=round(sum(t * n for t, n in self.tenths.items()) / spoken / 10, 1)
            if spoken
            else None,
            p95_seconds=p95 / 10 if p95 is not None else None,
            distinct_goodbyes=len(self.goodbyes),
            repeats=self.repeats,
            skipped=dict(sorted(log.skipped.items())),
        )


def _quantile(counts: Counter[int], percent: int) -> int | None:
    """The smallest value that at least so many per cent do not exceed."""
    wanted = -(-counts.total() * percent // 100)
    for value in sorted(counts):
        wanted -= counts[value]
        if wanted <= 0:
            return value
    return None
