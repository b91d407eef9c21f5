"""What a second book changes for the callers of a log: counted by page and severity, and shown."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ivr.farewell.moments import page_of
from ivr.replay.sums import Summary
from ivr.replay.telling import Told

MOST_EXAMPLES = 10

SAID, UNSAID, CHANGED, OTHER = "said", "unsaid", "changed", "other"
"""What may become of a page on one call: something is said where nothing was; nothing where something was;
its words have been rewritten, since the first book has no such words; or it is another of the words both
books have."""


@dataclass(frozen=True, slots=True)
class Example:
    """One call as both books tell it. The lines are (moment, words)."""

    call: str
    severity: str
    changed: int  # words that stand in one of the two and not in the other
    seconds: tuple[float, float]
    before: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the second of two books changes for the callers of one log."""

    before: Summary
    after: Summary
    changed: int  # calls that hear something else
    severities: int  # calls weighed otherwise, since the rules differ
    pages: Mapping[
        str, Mapping[str, Mapping[str, int]]
    ]  # page → severity → said, unsaid, changed, other: calls
    seconds: Mapping[
        str, float
    ]  # page → caller seconds gained (more to listen to) or lost, over the whole log
    examples: Sequence[Example]  # the ten most changed; a second of one kind of change only after one of each

    @property
    def caller_seconds(self) -> float:
        """Seconds all callers together listen longer; below zero, less long."""
        return round(sum(self.seconds.values()), 1)

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        return {
            "changed": self.changed,
            "severities": self.severities,
            "caller_seconds": self.caller_seconds,
            "repeats": {"before": self.before.repeats, "after": self.after.repeats},
            "pages": {
                page: {
                    "seconds": self.seconds.get(page, 0.0),
                    "calls": {severity: dict(counts) for severity, counts in by_severity.items()},
                }
                for page, by_severity in self.pages.items()
            },
            "examples": [asdict(example) for example in self.examples],
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        }


class Differences:
    """Counts what differs, call by call."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        """`known`: the variants the first book has, in any locale."""
        self._known = known
        self._changed = self._severities = 0
        self._pages: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(
            lambda: defaultdict(Counter)
        )
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._kinds: dict[
            _Kind, tuple[int, int, Example]
        ] = {}  # the most changed call of each kind of change
        self._runners_up: list[tuple[int, int, Example]] = []  # a heap of the most changed of all
        self._number = 0

    def add(self, was: Told, would_be: Told) -> bool:
        """Count one call; whether its caller hears anything else."""
        self._number += 1
        self._severities += was.wait.severity != would_be.wait.severity
        before, after = _pages(was), _pages(would_be)
        kind = []
        for page in {**before, **after}:
            old, new = before.get(page, _NOTHING), after.get(page, _NOTHING)
            if old.variants == new.variants and old.texts == new.texts:
                continue
            what = self._what(old, new)
            self._pages[page][was.wait.severity][what] += 1
            self._seconds[page] += new.seconds - old.seconds
            kind.append((page, what, old.entries, new.entries))
        if not kind:
            return False
        self._changed += 1
        self._keep(tuple(kind), was, would_be)
        return True

    def _what(self, old: "_Said", new: "_Said") -> str:
        if not old.variants or not new.variants:
            return SAID if new.variants else UNSAID
        return OTHER if self._known.issuperset(new.variants) and old.texts != new.texts else CHANGED

    def _keep(self, kind: "_Kind", was: Told, would_be: Told) -> None:
        before, after = _lines(was), _lines(would_be)
        words = Counter(word for _, text in before for word in text.split())
        others = Counter(word for _, text in after for word in text.split())
        changed = (words - others).total() + (others - words).total()
        ranked = (changed, -self._number)
        best = self._kinds.get(kind)
        full = len(self._runners_up) == MOST_EXAMPLES
        if best is not None and best[:2] >= ranked and full and self._runners_up[0][:2] >= ranked:
            return
        seconds = [
            round(told.farewell.seconds, 1) if told.farewell is not None else 0.0 for told in (was, would_be)
        ]
        example = Example(was.story.call, was.wait.severity, changed, (seconds[0], seconds[1]), before, after)
        if best is None or best[:2] < ranked:
            self._kinds[kind] = (*ranked, example)
        heapq.heappush(self._runners_up, (*ranked, example))
        if len(self._runners_up) > MOST_EXAMPLES:
            heapq.heappop(self._runners_up)

    def comparison(self, before: Summary, after: Summary) -> Comparison:
        """What has been counted."""
        ranked = sorted(self._kinds.values(), key=_rank)[:MOST_EXAMPLES]
        shown = {example.call for _, _, example in ranked}
        more = [one for one in sorted(self._runners_up, key=_rank) if one[2].call not in shown]
        return Comparison(
            before=before,
            after=after,
            changed=self._changed,
            severities=self._severities,
            pages={
                page: {severity: dict(sorted(counts.items())) for severity, counts in by_severity.items()}
                for page, by_severity in sorted(self._pages.items())
            },
            seconds={page: round(seconds, 1) for page, seconds in sorted(self._seconds.items())},
            examples=[example for _, _, example in [*ranked, *more][:MOST_EXAMPLES]],
        )


_Kind = tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]


def _rank(one: tuple[int, int, Example]) -> tuple[int, int]:
    return -one[0], -one[1]


@dataclass(frozen=True, slots=True)
class _Said:
    """What one page said on one call."""

    variants: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    seconds: float = 0.0


_NOTHING = _Said()


def _pages(told: Told) -> dict[str, _Said]:
    moments = told.farewell.moments if told.farewell is not None else ()
    pages: defaultdict[str, list[Any]] = defaultdict(list)
    for moment in moments:
        pages[page_of(moment.name)] += moment.lines
    return {
        page: _Said(
            tuple(line.variant for line in lines),
            tuple(line.entry for line in lines),
            tuple(line.text for line in lines),
            sum(line.seconds for line in lines),
        )
        for page, lines in pages.items()
    }


def _lines(told: Told) -> tuple[tuple[str, str], ...]:
    moments = told.farewell.moments if told.farewell is not None else ()
    return tuple((moment.name, line.text) for moment in moments for line in moment.lines)
