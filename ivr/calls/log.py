"""A call log: rows read once, checked, and given back in order of arrival.

A log may be long and in no order at all, so rows are kept packed: sorted by the chunk, compressed by the
block, merged as they are read back. Ids and callers are remembered as 64-bit hashes in a flat table; two
of a million rows share one by chance about once in forty million logs.
"""

import csv
import heapq
import json
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from difflib import get_close_matches
from operator import itemgetter
from typing import NamedTuple

from ivr.calls.events import Answered, Arrived, Ended, Event, Queued

COLUMNS = (
    "call", "caller", "queue", "locale", "agent", "name", "tone",
    "arrived", "queued", "answered", "ended", "held_seconds",
)  # fmt: skip
REQUIRED = ("call", "arrived")

CHUNK = 10_000  # rows sorted at once
BLOCK = 100  # rows compressed at once
OFTEN = 1_000  # rows between two reports of progress
LONGEST_RECORD = 20  # lines that one quoted field may span

NO_CALL = "no call id"
NO_ARRIVAL = "no time of arrival"
UNREADABLE_TIME = "unreadable time"
NO_OFFSET = "time without an offset"
OUT_OF_ORDER = "times out of order"
UNREADABLE_HOLD = "held_seconds is not a whole number"
NEGATIVE_HOLD = "negative hold"
TWICE = "call id seen before"
TOO_MANY = "more cells than columns"
BROKEN = "broken quotation"


class LogError(ValueError):
    """The log cannot be read at all. Its text says why, to the person who made the log."""


class Row(NamedTuple):
    """One good row. Times are as written: ISO 8601 with an offset, or blank for what did not happen."""

    instant: float  # of the arrival; rows sort by it, then by their place in the log
    line: int  # the first is 1, and the header has it
    call: str
    caller: str
    queue: str
    locale: str
    agent: str
    name: str
    tone: str
    arrived: str
    queued: str
    answered: str
    ended: str
    held: int  # seconds

    def events(self) -> list[Event]:
        """What happened. A caller in a log is a person we know; a call never queued waited for nothing."""
        call = self.call
        arrived = datetime.fromisoformat(self.arrived)
        told: list[Event] = [
            Arrived(
                call=call,
                at=arrived,
                caller=self.caller or None,
                verified=self.caller != "",
                locale=self.locale or None,
            )
        ]
        if self.queued:
            told.append(Queued(call=call, at=datetime.fromisoformat(self.queued), queue=self.queue))
        if self.answered:
            waited = None if self.queued else 0
            at = datetime.fromisoformat(self.answered)
            told.append(Answered(call=call, at=at, agent=self.agent or None, waited=waited, source="log"))
        if self.ended:
            told.append(Ended(call=call, at=datetime.fromisoformat(self.ended)))
        return told


class Tally:
    """How often each of many texts was seen, in a few bytes a text."""

    __slots__ = ("_names", "counts", "seen", "size")

    def __init__(self) -> None:
        self.size = 1 << 12
        self.seen = 0
        self._names = array("Q", bytes(8 * self.size))  # 0: free
        self.counts = array("I", bytes(4 * self.size))

    def add(self, text: str) -> int:
        """Count it; how often it has been seen now."""
        if self.seen * 5 > self.size * 3:
            self._grow()
        slot = self.slot(text)
        if not self._names[slot]:
            self._names[slot] = _name(text)
            self.seen += 1
        self.counts[slot] += 1
        return self.counts[slot]

    def slot(self, text: str) -> int:
        """Its place in the table; the place may change with the next `add`."""
        return self._find(_name(text))

    def _find(self, name: int) -> int:
        names, last = self._names, self.size - 1
        slot = name & last
        while names[slot] and names[slot] != name:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        names, counts = self._names, self.counts
        self.size *= 2
        self._names = array("Q", bytes(8 * self.size))
        self.counts = array("I", bytes(4 * self.size))
        for name, count in zip(names, counts, strict=True):
            if name:
                slot = self._find(name)
                self._names[slot], self.counts[slot] = name, count


def _name(text: str) -> int:
    return (hash(text) & 0xFFFF_FFFF_FFFF_FFFF) or 1


class CallLog:
    """A log, read and checked.

    `lines`: its text, line by line, each with or without its line ending. `progress` is told the number
    of rows read, now and then. Raises LogError when the header is not a call log's.
    """

    def __init__(self, lines: Iterable[str], progress: Callable[[int], None] | None = None) -> None:
        self.rows = 0  # good and bad
        self.good = 0
        self.skipped: dict[str, array[int]] = {}  # reason → the rows' first lines
        self.callers = Tally()
        self._ids = Tally()
        self._chunks: list[deque[bytes]] = []
        self._lines = _Lines(lines)
        width, pick = self._header()
        chunk: list[Row] = []
        for line, cells in self._lines.records():
            self.rows += 1
            row = BROKEN if cells is None else self._checked(line, cells, width, pick)
            if isinstance(row, str):
                self.skipped.setdefault(row, array("Q")).append(line)
            else:
                chunk.append(row)
                self.good += 1
                if row.caller:
                    self.callers.add(row.caller)
            if len(chunk) == CHUNK:
                self._pack(chunk)
                chunk = []
            if progress is not None and self.rows % OFTEN == 0:
                progress(self.rows)
        self._pack(chunk)
        self._ids = Tally()  # no longer needed

    def in_order(self) -> Iterator[Row]:
        """Every good row in order of arrival, then of place in the log. Once only: it forgets as it goes."""
        chunks, self._chunks = self._chunks, []
        return heapq.merge(*map(_unpack, chunks))

    def _header(self) -> tuple[int, Callable[[list[str]], tuple[str, ...]]]:
        """How many columns there are, and what picks ours out of a row's cells."""
        first = next(self._lines.records(), None)
        if first is None:
            raise LogError(f"the log is empty: its first line should name its columns ({', '.join(COLUMNS)})")
        if first[1] is None:
            raise LogError("the first line cannot be read: a quotation in it is not closed")
        names = [cell.strip().lower() for cell in first[1]]
        names[0] = names[0].removeprefix("\ufeff")
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            raise LogError(_missing(missing, names))
        for name in COLUMNS:
            if names.count(name) > 1:
                raise LogError(f"the header names the column '{name}' {names.count(name)} times")
        width = len(names)
        places = [names.index(name) if name in names else width for name in COLUMNS]
        return width, itemgetter(*places)

    def _checked(
        self, line: int, cells: list[str], width: int, pick: Callable[[list[str]], tuple[str, ...]]
    ) -> Row | str:
        """The row, or why it is skipped."""
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            return TOO_MANY
        cells = cells[:width] + [""] * (max(width - len(cells), 0) + 1)  # the last: for a missing column
        call, caller, queue, locale, agent, name, tone, arrived, queued, answered, ended, held = [
            cell.strip() for cell in pick(cells)
        ]
        if not call:
            return NO_CALL
        if not arrived:
            return NO_ARRIVAL
        latest: datetime | None = None
        instant = 0.0
        for text in (arrived, queued, answered, ended):
            if not text:
                continue
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                return UNREADABLE_TIME
            if at.tzinfo is None:
                return NO_OFFSET
            if latest is None:
                instant = at.timestamp()
            elif at < latest:
                return OUT_OF_ORDER
            latest = at
        seconds = _seconds(held)
        if isinstance(seconds, str):
            return seconds
        if self._ids.add(call) > 1:
            return TWICE
        times = (arrived, queued, answered, ended)
        return Row(instant, line, call, caller, queue, locale, agent, name, tone, *times, seconds)

    def _pack(self, chunk: list[Row]) -> None:
        if chunk:
            chunk.sort()
            blocks = (chunk[start : start + BLOCK] for start in range(0, len(chunk), BLOCK))
            packed = (zlib.compress(json.dumps(block, separators=(",", ":")).encode(), 1) for block in blocks)
            self._chunks.append(deque(packed))


def _unpack(blocks: deque[bytes]) -> Iterator[Row]:
    while blocks:
        for cells in json.loads(zlib.decompress(blocks.popleft())):
            yield Row._make(cells)


def _seconds(held: str) -> int | str:
    """A hold's seconds, or why there is none. Blank is 0."""
    digits = held.removeprefix("-")
    if not held:
        return 0
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        return UNREADABLE_HOLD
    return NEGATIVE_HOLD if held != digits and int(digits) else int(digits)


def _missing(missing: list[str], names: list[str]) -> str:
    found = ", ".join(repr(name[:30]) for name in names[:20])
    said = (
        f"the header has no column {' and no column '.join(repr(name) for name in missing)} (it has {found})"
    )
    for mark, what in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            return f"{said}; columns are separated by commas, not {what}"
    near = [match for name in missing for match in get_close_matches(name, names, 1)]
    return f"{said}; did you mean {' and '.join(map(repr, near))}?" if near else said


class _Lines:
    """The lines of a log as records of cells, so that an unclosed quotation spoils one line only."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._source = iter(lines)
        self._ahead: deque[str] = deque()
        self._number = 0

    def records(self) -> Iterator[tuple[int, list[str] | None]]:
        """(number of its first line, its cells); None for cells that cannot be told apart."""
        while (line := self._next()) is not None:
            number = self._number
            if '"' in line:
                yield number, self._quoted(line)
            elif line.strip():
                yield number, line.rstrip("\r\n").split(",")

    def _next(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else next(self._source, None)
        self._number += line is not None
        return line

    def _quoted(self, line: str) -> list[str] | None:
        taken = [line]
        while True:
            try:
                return next(csv.reader(taken, strict=True), None)
            except csv.Error:  # perhaps a quotation goes on in the next line
                more = self._next() if len(taken) < LONGEST_RECORD else None
                if more is not None:
                    taken.append(more)
                    continue
            self._ahead.extendleft(reversed(taken[1:]))
            self._number -= len(taken) - 1
            return None
