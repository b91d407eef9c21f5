"""What a whole log comes to, told by one book."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ivr.calls.log import CallLog
from ivr.replay.telling import Told


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
    moments: Mapping[str, Mapping[str, float]]  # moment → p95 and max: seconds of it, where it was spoken
    distinct_goodbyes: int
    repeats: int  # goodbyes that the caller had heard in their last ten calls
    skipped: Mapping[str, Sequence[int]]  # reason → the lines where the rows begin

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        return asdict(replace(self, skipped={})) | {
            "skipped": {why: list(lines) for why, lines in self.skipped.items()}
        }


class Sums:
    """What the calls come to."""

    def __init__(self) -> None:
        self.answered = self.apologies = self.repeats = 0
        self.waits: Counter[int] = Counter()  # how many of each length: few lengths, many calls
        self.tenths: Counter[int] = Counter()  # of a second of farewell
        self.moments: defaultdict[str, Counter[int]] = defaultdict(Counter)  # the same, moment by moment
        self.severities = dict.fromkeys(("none", "slight", "long", "very_long", "extreme", "unknown"), 0)
        self.goodbyes: set[str] = set()

    def add(self, told: Told) -> None:
        """Count one call."""
        wait, farewell = told.wait, told.farewell
        if told.story.answered is None:
            return
        self.answered += 1
        self.severities[wait.severity] += 1
        if wait.seconds is not None:
            self.waits[wait.seconds] += 1
        if farewell is None:
            return
        self.tenths[round(farewell.seconds * 10)] += 1
        for moment in farewell.moments:
            self.moments[moment.name][round(moment.seconds * 10)] += 1
        self.repeats += told.repeat
        if (goodbye := told.goodbye) is not None:
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
            moments={
                name: {"p95": (_quantile(lengths, 95) or 0) / 10, "max": max(lengths) / 10}
                for name, lengths in sorted(self.moments.items())
            },
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
