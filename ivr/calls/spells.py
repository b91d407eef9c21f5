"""Stretches of waiting: stays in the queue and holds, each measured by one clock.

A duration is Twilio's own figure, or the time between two timestamps of the same clock; never one of
each. A stay or a hold counts once, however many witnesses report it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ivr.calls.events import Answered, Event, LeftQueue

LOST = timedelta(hours=4)
"""A spell longer than this was not waited: the event that ended it was lost."""

ANSWERED_RESULTS = frozenset({"bridged", "redirected", "redirected-from-bridged"})
"""What Twilio calls a stay in the queue after which somebody was spoken to."""

BEST, QUEUE_TIME, RECKONED, NO_FIGURE = range(4)
"""How good a figure of the wait is: read just before the answer, when the stay ended, or worked out."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One stretch of waiting."""

    kind: Literal["queue", "hold"]
    length: timedelta
    start: datetime | None = None  # None: only its length is known


class Stay:
    """One stay in the queue, as its witnesses report it."""

    __slots__ = (
        "answer", "bridged", "ends", "failed", "figure", "late", "left", "number", "rank", "requeued", "starts",
        "talked", "tasked",
    )  # fmt: skip

    def __init__(self, number: int, late: bool = False) -> None:
        self.number = number  # 0: an answer whose queueing nobody told of
        self.starts: dict[str, datetime] = {}  # by clock
        self.ends: dict[str, datetime] = {}
        self.figure = timedelta(0)
        self.rank = NO_FIGURE
        self.answer: Answered | None = None
        self.left: LeftQueue | None = None
        self.bridged = False  # the queue says that somebody was spoken to
        self.failed = False  # the queue says that nobody was, an answer notwithstanding
        self.talked = False  # something happened that only happens to a caller who was answered
        self.late = late  # begun after a farewell had
        self.tasked = False  # TaskRouter told of it
        self.requeued = False  # the task was passed on to another queue

    @property
    def open(self) -> bool:
        return self.answer is None and self.left is None

    def take(self, seconds: int | None, rank: int) -> bool:
        """Keep a figure if it is the best so far; False when it cannot be one."""
        if seconds is None:
            return True
        if seconds < 0:
            return False
        if rank < self.rank:
            self.figure, self.rank = timedelta(seconds=min(seconds, 10**9)), rank
        return True

    def length(self) -> timedelta | None:
        """How long it was; None when nobody can know."""
        if self.rank < RECKONED:
            return self.figure
        for clock in ("twilio", "ours"):
            start, end = self.starts.get(clock), self.ends.get(clock)
            if start is not None and end is not None and end >= start:
                return end - start
        return self.figure if self.rank == RECKONED else None

    def start(self) -> datetime | None:
        """When it began, near enough to see whether it overlaps another spell."""
        for start in self.starts.values():
            return start
        end = self.answer or (None if self.bridged else self.left)
        return None if end is None else shifted(end.at, -self.figure)

    def answered(self, arrived: datetime) -> datetime | None:
        """When somebody was spoken to. `arrived` is when the call reached us."""
        if self.answer is not None:
            return None if self.failed else self.answer.at
        if not self.bridged or self.left is None:
            return None
        # The queue tells of an answer only when the talk is over; the figure says when the talk began.
        begun = next(iter(self.starts.values()), arrived)
        return min(self.left.at, shifted(begun, self.figure))


class Holds:
    """The holds of one call: a hold while held, and a resume while not, add nothing."""

    __slots__ = ("_marks", "_open", "_resumed_by", "ended")

    def __init__(self) -> None:
        self.ended: list[tuple[datetime, datetime]] = []
        self._open: dict[str, datetime] = {}  # when the present hold began, by clock
        self._marks: dict[str, datetime] = {}
        self._resumed_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether somebody is on hold."""
        return bool(self._open)

    def begin(self, event: Event) -> bool:
        """False when the same clock said so already."""
        if event.clock in self._open:
            return False
        self._open[event.clock] = event.at
        return True

    def resume(self, event: Event) -> bool:
        """False when nothing was held, or by another clock only."""
        start = self._open.get(event.clock)
        if start is None and not self._open:
            return self._resumed_by not in (None, event.clock)  # another clock's is a second witness
        self._open.clear()
        self._resumed_by = event.clock
        if start is None:
            return False
        self.ended.append((start, event.at))
        return True

    def mark(self, event: Event) -> None:
        """A wrap-up, or the end of the bridge: a hold that nobody resumes is taken to end here."""
        self._marks[event.clock] = event.at

    def close(self, end: Event | None = None) -> bool:
        """Nobody is held any more. False when a hold was open and nothing says how long it was."""
        if not self._open:
            return True
        span = self._span(end)
        self._open.clear()
        if span is not None:
            self.ended.append(span)
        return span is not None

    def so_far(self) -> None:
        """The story ends with the call still going on: an open hold counts up to its mark."""
        if self._open and (span := self._span(None)) is not None:
            self.ended.append(span)

    def _span(self, end: Event | None) -> tuple[datetime, datetime] | None:
        for clock, start in self._open.items():
            mark = self._marks.get(clock)
            if mark is not None and mark >= start:
                return start, mark
            if end is not None and end.clock == clock and end.at >= start:
                return start, end.at
        return None


def union(spans: Iterable[tuple[datetime, str, timedelta]]) -> Iterator[Spell]:
    """Spells in order of time, each second in one of them only."""
    covered: datetime | None = None
    for start, kind, length in sorted(spans):
        if covered is not None and start < covered:
            length -= covered - start
            start = covered
        if length > timedelta(0):
            yield Spell("hold" if kind == "hold" else "queue", length, start)
            covered = shifted(start, length)


def shifted(at: datetime, by: timedelta) -> datetime:
    """`at + by`, or `at` where the calendar has no such time."""
    try:
        return at + by
    except OverflowError:
        return at
