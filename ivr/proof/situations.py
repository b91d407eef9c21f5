"""Every situation a page can be asked in, as finite lists of values per fact, and which of them can be.

A fact has as many values as the book can tell apart: the words of a choice, yes and no, stretches of a
number between the limits that conditions name, a text's named values and "some other"; and unknown, where
it can be. Not every combination can happen: what cannot is said here, once, and the proof asks nowhere
else. Where it is doubtful whether a combination can happen, it counts as possible.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from ivr.book.book import TONED
from ivr.book.vocabulary import BY_NAME, Fact
from ivr.book.when import Condition
from ivr.calls.waits import Severities
from ivr.calls.wrapup import GENTLE_GIFTS, TONES, WHO

UNKNOWN: Final = None
OTHER = "\x00some other"  # a text that no condition names
OTHER_DAY = date.min
ENDLESS = 10**9

Stretch: TypeAlias = tuple[int, int]  # of a number, both ends included
Value: TypeAlias = Any  # UNKNOWN, a word, a flag, a day, or for a number a Stretch

_WHO = {"done": ("done",), "ours": ("us",), "theirs": ("you",), "reference": WHO, "note": WHO}
_COUNTED = {
    "done": "steps.done",
    "ours": "steps.ours",
    "theirs": "steps.theirs",
    "reference": "steps.references",
}
_ALWAYS_THERE = {("told", "wait.told"), ("call_back", "call_back.key"), ("voucher", "voucher.code")}
_UNTOLD = frozenset({"severity", "caller.name", "call.reason"})  # while no agent has told us of the call
_BETWEEN = frozenset({
    "severity", "textable", "call.way", "call_back.asked", "call_back.key", "agent.name", "call.queue", "day.part",
    "day.weekday", "day.date", "line.name", "line.phone", "line.hours", "line.notice", "line.event",
})  # fmt: skip
"""All that is known as a key or an answer is replied to, between the moments of a farewell."""
_LEAST = {"calls_today": 1, "wait.hold": 1, "wait.earlier": 1, "wait.told": 1}


def tones(page: str, part: str) -> tuple[str, ...]:
    """The tones a part of a page can be asked in."""
    if page not in TONED:
        return ("plain",)
    return ("plain", "sober") if (page, part) == ("question", "ask") else TONES


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing the program asks of a book: a part of a page, in a tone."""

    page: str
    part: str
    tone: str
    severities: Severities

    def values(self, name: str, conditions: Iterable[Condition]) -> tuple[Value, ...]:
        """The values of a fact that these conditions can tell apart, and that are possible here."""
        fact = BY_NAME[name]
        if fact.pages and self.page not in fact.pages:
            return (UNKNOWN,)
        if self._between_moments and name not in _BETWEEN:
            return (UNKNOWN,)
        found = [value for value in _told_apart(fact, conditions) if self._possible_alone(name, value)]
        if self._can_be_unknown(fact):
            found.append(UNKNOWN)
        return tuple(found)

    def _can_be_unknown(self, fact: Fact) -> bool:
        name = fact.name
        if name.startswith("step."):
            if not self._tells_a_step:
                return True
            return not fact.always and (self.part, name) != ("reference", "step.reference")
        if self.page == "apology" and name in ("wait.seconds", "wait.queue"):
            return False  # an unknown wait is not apologised for
        if self.page == "mishap" and name.startswith("day."):
            return True  # what is said while we cannot be reached at all was written down on another day
        return not fact.always and (self.part, name) not in _ALWAYS_THERE

    @property
    def _between_moments(self) -> bool:
        """Whether this answers a key or words of the caller's, with little more than the line's facts."""
        return self.page == "question" and self.part != "ask"

    @property
    def _tells_a_step(self) -> bool:
        """Whether this is asked once for a step, with its facts."""
        return self.part in _WHO

    def _possible_alone(self, name: str, value: Value) -> bool:
        """Whether a fact can be known here, with this value."""
        page, part = self.page, self.part
        if name == "call_back.asked" and self.part in ("waiting", "told", "call_back", "ask"):
            return value is False
        if name == "call_back.key" and self.part in ("ask", "unclear", "back"):
            return False
        if (page in ("greeting", "waiting") or self._between_moments) and name in _UNTOLD:
            return bool(value == "unknown")
        if name == "voucher.code":
            return part == "voucher"
        if name.startswith("step."):
            return self._tells_a_step and self._step_possible(name, value)
        if name == "gift.kind":
            return self.tone == ("gentle" if value in GENTLE_GIFTS else "plain")
        if name in ("gift.detail", "gift.whose"):
            return self.tone != "sober"
        if page == "apology" and name in ("severity", "apologised"):
            return value not in ("none", "unknown", True)
        if (page, part) == ("question", "ask"):
            if name.startswith("steps."):
                return bool(value[0] == 0)
            return not (name == "call.resolved" and value is False) and (name, value) != (
                "call.way",
                "together",
            )
        if (page == "texts" and name == "textable") or (part in ("rest", "note") and name == "texted"):
            return bool(value)
        if (part, name) == ("keys", "call.way"):
            return bool(value != "together")
        return not (_COUNTED.get(part) == name and value[1] < 1)

    def _step_possible(self, name: str, value: Value) -> bool:
        if name == "step.who":
            return value in _WHO[self.part]
        if name == "step.reference":
            return self.part in ("reference", "note")
        if self.part == "done" and name == "step.first":
            return bool(value)
        return self.part != "done" or name not in ("step.by", "step.to")

    def possible(self, group: tuple[str, ...], chosen: Mapping[str, Value]) -> bool:
        """Whether these values of one group's facts can be true together; `chosen` holds every one."""
        return _CAN_BE[group](self, chosen)


def _told_apart(fact: Fact, conditions: Iterable[Condition]) -> list[Value]:
    named = [value for condition in conditions for value in condition.values if condition.fact == fact.name]
    if fact.type == "choice":
        return list(fact.values)
    if fact.type == "flag":
        return [True, False]
    if fact.type == "date":
        return [*sorted(set(named)), OTHER_DAY]
    if fact.type != "number":
        return [*sorted(set(named)), OTHER]
    cuts = {_LEAST.get(fact.name, 0)}
    for condition in conditions:
        if condition.fact == fact.name and condition.values:
            for value in condition.values:
                cuts.update((value, value + 1) if condition.op != "at_least" else (value,))
    starts = sorted(cut for cut in cuts if cut >= _LEAST.get(fact.name, 0))
    return [(start, end - 1) for start, end in zip(starts, [*starts[1:], ENDLESS + 1], strict=True)]


# ---- what goes together ----


def _whole(stretch: Stretch | None) -> Stretch:
    return stretch if stretch is not None else (0, 0)


def _wait_can_be(asked: Asked, of: Mapping[str, Value]) -> bool:
    if asked.page not in BY_NAME["wait.seconds"].pages:
        return True
    severity, seconds, told, mostly = of["severity"], of["wait.seconds"], of["wait.told"], of["wait.mostly"]
    if severity == "unknown":
        names = ("wait.seconds", "wait.queue", "wait.hold", "wait.earlier", "wait.mostly")
        return told is UNKNOWN and all(of[name] is UNKNOWN for name in names)
    if seconds is UNKNOWN or of["wait.queue"] is UNKNOWN:
        return False
    queue, hold, earlier = of["wait.queue"], _whole(of["wait.hold"]), _whole(of["wait.earlier"])
    if mostly is not UNKNOWN:
        most = {"queue": queue, "hold": hold, "earlier": earlier}[mostly]
        if most[1] < 1 or max(queue[0], hold[0], earlier[0]) > most[1]:
            return False
    # the wait of this call is queue + hold, its weight that + earlier: each a sum of stretches
    least = max(queue[0] + hold[0], seconds[0])
    most_here = min(queue[1] + hold[1], seconds[1], ENDLESS if told is UNKNOWN else told[1])
    if least > most_here:
        return False
    limits = asked.severities
    begins = (0, limits.slight, limits.long, limits.very_long, limits.extreme, ENDLESS * 3)
    rank = ("none", "slight", "long", "very_long", "extreme").index(severity)
    return bool(least + earlier[0] < begins[rank + 1] and most_here + earlier[1] >= begins[rank])


def _person_can_be(_: Asked, of: Mapping[str, Value]) -> bool:
    again = of["calls_today"] is not UNKNOWN and of["calls_today"][0] > 1
    return not (of["first_time"] is True and again)


def _steps_can_be(asked: Asked, of: Mapping[str, Value]) -> bool:
    if of["steps.count"] is UNKNOWN:
        return True
    done, ours, theirs = of["steps.done"], of["steps.ours"], of["steps.theirs"]
    count, references = of["steps.count"], of["steps.references"]
    if max(ours[0] + theirs[0], count[0]) > min(ours[1] + theirs[1], count[1]):
        return False
    most = done[1] + min(ours[1] + theirs[1], count[1])
    return bool(references[0] <= most and (asked.page != "next_steps" or most >= 1))


def _texts_can_be(_: Asked, of: Mapping[str, Value]) -> bool:
    return of["textable"] is True or of["texted"] is not True


def _gift_can_be(_: Asked, of: Mapping[str, Value]) -> bool:
    if of["gift.kind"] is UNKNOWN:
        return of["gift.detail"] is UNKNOWN and of["gift.whose"] is UNKNOWN
    return of["gift.kind"] in GENTLE_GIFTS or of["call.resolved"] is not False


_CAN_BE = {
    (
        "severity", "wait.seconds", "wait.queue", "wait.hold", "wait.earlier", "wait.mostly", "wait.told",
    ): _wait_can_be,
    ("calls_today", "first_time"): _person_can_be,
    ("steps.done", "steps.ours", "steps.theirs", "steps.count", "steps.references"): _steps_can_be,
    ("texted", "textable"): _texts_can_be,
    ("gift.kind", "gift.detail", "gift.whose", "call.resolved"): _gift_can_be,
}  # fmt: skip

GROUPS: tuple[tuple[str, ...], ...] = tuple(_CAN_BE)
"""Facts whose values hang together. Every other fact is free."""
