"""Conditions: one a line, all of an entry's must hold.

    fact is a or b · fact is not a · fact at least n · fact at most n
    fact known · fact unknown · flag · not flag

Nothing but `unknown` holds for a fact that is unknown. The language is closed and finite, so that what a
book leaves unsaid can be found exactly.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from ivr.book.source import Fault, Place, nearest
from ivr.book.vocabulary import BY_NAME, Fact

Op = Literal["is", "is_not", "at_least", "at_most", "known", "unknown"]

_FORM = re.compile(r"(?P<no>not\s+)?(?P<fact>\S+)(?:\s+(?P<rest>.*))?")
_OPS: tuple[tuple[str, Op], ...] = (
    ("is not", "is_not"),
    ("is", "is"),
    ("at least", "at_least"),
    ("at most", "at_most"),
    ("known", "known"),
    ("unknown", "unknown"),
)
_FORMS = {
    "flag": "“{0}”, “not {0}”, “{0} known” or “{0} unknown”",
    "number": "“{0} is 2”, “{0} at least 2”, “{0} at most 2”, “{0} known” or “{0} unknown”",
}
_USUAL_FORMS = "“{0} is …”, “{0} is not …”, “{0} known” or “{0} unknown”"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `values` are what the fact is compared with, in the fact's own type."""

    fact: str
    op: Op
    values: tuple[Any, ...]
    place: Place
    free: bool = False  # compared with any text, so small letters and underscores must not matter

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether it holds; only `unknown` does for a fact that is not there."""
        value = facts.get(self.fact)
        op = self.op
        if value is None:
            return op == "unknown"
        if self.free:
            value = plain_value(str(value))
        if op == "is":
            return value in self.values
        if op == "is_not":
            return value not in self.values
        if op == "at_least":
            return bool(value >= self.values[0])
        if op == "at_most":
            return bool(value <= self.values[0])
        return op == "known"

    def __str__(self) -> str:
        if self.values and isinstance(self.values[0], bool):
            return self.fact if self.values[0] else f"not {self.fact}"
        return " ".join([self.fact, self.op.replace("_", " "), " or ".join(map(str, self.values))]).strip()


@lru_cache(maxsize=1024)
def plain_value(value: str) -> str:
    """A value as it is compared: small letters, an underscore for every space."""
    return "_".join(value.casefold().split())


def parse(line: str, place: Place, page: str | None = None) -> Condition | Fault:
    """Read one condition; `place` is where the line's first character stands. Never raises."""
    bare = line.strip()
    found = _read(bare, page) if len(bare) < _SHORT else _read.__wrapped__(bare, page)
    at = Place(place.file, place.line, place.column + len(line) - len(line.lstrip()) + found.place.column)
    if isinstance(found, Fault):
        return Fault(at, found.message, found.hint)
    return Condition(found.fact, found.op, found.values, at, found.free)


_SHORT = 200  # characters of a condition worth remembering


@lru_cache(maxsize=4096)  # a book asks the same few hundred things over and over
def _read(line: str, page: str | None) -> Condition | Fault:
    """A condition without spaces around it, its place counted from 0 within the line."""
    form = _FORM.fullmatch(line)
    if form is None:
        return Fault(Place("", 1, 0), "an empty condition")
    name, rest = form["fact"], " ".join((form["rest"] or "").split())

    def fault(message: str, group: str = "fact", hint: str | None = None) -> Fault:
        start = form.start(group) if form[group] is not None else 0
        return Fault(Place("", 1, start), message, hint)

    fact = BY_NAME.get(name)
    if fact is None:
        return fault(f"no fact is called “{name[:60]}”", hint=nearest(name, BY_NAME))
    if page is not None and fact.pages and page not in fact.pages:
        return fault(f"{name} can never be known on the page {page}; it is on {', '.join(fact.pages)}")
    at = Place("", 1, form.start("fact"))
    usable = (_FORMS.get(fact.type) or _USUAL_FORMS).format(name)
    if not rest or form["no"]:
        if fact.type != "flag" or rest:
            return fault(f"“{line[:80]}” is not a condition", "fact", f"write {usable}")
        return Condition(name, "is", (not form["no"],), at)
    written, op = next(
        ((text, op) for text, op in _OPS if rest == text or rest.startswith(text + " ")), ("", None)
    )
    if op is None:
        return fault(f"“{rest[:60]}” is not something we can ask of {name}", "rest", f"write {usable}")
    values = _values(fact, op, rest[len(written) :].strip())
    if isinstance(values, str):
        message, _, hint = values.partition("\n")
        return fault(message, "rest", hint or f"write {usable}")
    return Condition(name, op, values, at, fact.type == "text" and bool(values))


def _values(fact: Fact, op: Op, written: str) -> tuple[Any, ...] | str:
    """The values compared with, or a message (and after a line break, a hint) about what is wrong."""
    if op in ("known", "unknown"):
        return () if not written else f"nothing may follow “{op}”"
    words = [word for word in re.split(r"\s+or\s+|\s*,\s*(?:or\s+)?", written) if word]
    if not words:
        return f"what should {fact.name} be compared with?"
    if op in ("at_least", "at_most"):
        if fact.type != "number":
            return f"{fact.name} is not a number"
        if len(words) > 1:
            return "one number, please"
    if fact.type == "number":
        wrong = next((word for word in words if not re.fullmatch(r"[0-9]{1,6}", word)), None)
        return f"“{wrong[:40]}” is not a number" if wrong else tuple(int(word) for word in words)
    if fact.type == "flag":
        return f"{fact.name} is a yes or no"
    if fact.type == "date":
        try:
            return tuple(date.fromisoformat(word) for word in words)
        except ValueError:
            return "a date is written like 2026-12-25"
    found = tuple(plain_value(word) for word in words)
    if fact.type == "choice":
        for value in found:
            if value not in fact.values:
                hint = nearest(value, fact.values) or f"it is one of: {', '.join(fact.values)}"
                return f"{fact.name} is never “{value[:40]}”\n{hint}"
    return found
