"""Everybody a log names, as far as telling it again needs them: one day of calls, and the last ten goodbyes."""

import heapq
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ivr.calls.log import CallLog, Row
from ivr.calls.story import Story

REMEMBERED = 10
"""Goodbyes: a caller hears none of these again while the book has another that fits."""


@dataclass(slots=True)
class Caller:
    """What is known of a row's caller when the call arrives."""

    slot: int | None = None  # None: nobody is known
    today: "_Day | None" = None
    calls_today: int | None = None
    lost: int = 0  # seconds waited in vain earlier that day
    heard: tuple[str, ...] = ()  # goodbyes, latest first
    came_before: bool = False
    announced: frozenset[str] = frozenset()  # the coming events they were told of


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


class Callers:
    """Everybody the log names, remembered no longer than the log needs it."""

    def __init__(self, log: CallLog) -> None:
        self._slots = log.callers
        self._left = log.callers.counts[:]  # our own: another book may be telling the same log
        self._heard: list[tuple[str, ...] | None] = [None] * log.callers.size
        self._days: dict[date, _Day] = {}
        self._usual: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._announced: list[frozenset[str]] = []  # empty until somebody is told of something coming up
        self._told: dict[
            frozenset[str], frozenset[str]
        ] = {}  # each set of events once, for all who heard them

    def known(self, row: Row, arrived: datetime) -> Caller:
        if not row.caller:
            return Caller()
        today = self._day(arrived.date())
        slot = self._slots.slot(row.caller)
        today.calls[slot] = calls = today.calls.get(slot, 0) + 1
        lost = today.lost.get(slot)
        heard = self._heard[slot]
        seconds = lost.before(row.instant) if lost is not None else 0
        announced = self._announced[slot] if self._announced else frozenset[str]()
        return Caller(slot, today, calls, seconds, heard or (), heard is not None, announced)

    def told(
        self, caller: Caller, row: Row, story: Story, lost: int, goodbye: str | None, event: str | None
    ) -> None:
        slot, today = caller.slot, caller.today
        if slot is None or today is None:
            return
        self._left[slot] -= 1
        if not self._left[slot]:  # the log has no more of them
            self._heard[slot] = ()
            today.calls.pop(slot, None)
            today.lost.pop(slot, None)
            return
        heard = caller.heard if goodbye is None else (goodbye, *caller.heard[: REMEMBERED - 1])
        self._heard[slot] = self._usual.setdefault(heard, heard) if len(heard) < 2 else heard
        if event is not None:
            self._announced = self._announced or [frozenset()] * len(self._heard)
            events = caller.announced | {event}
            self._announced[slot] = self._told.setdefault(events, events)
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
