"""Searching for situations in which no entry says anything.

An entry says something when all its conditions hold and one of its variants is usable. A hole is where
every entry fails; so each is made to fail, in every way it can, and what is left is narrowed from entry to
entry until nothing can happen in it, or a hole is found. Nothing is enumerated, and nothing is missed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from ivr.book.book import Entry, Place, Variant
from ivr.book.vocabulary import BY_NAME
from ivr.book.when import Condition
from ivr.proof.situations import GROUPS, UNKNOWN, Asked

MOST_HOLES = 8  # told of one part in one tone
MOST_STEPS = 300_000  # of one search; the widest of our own pages takes a few thousand


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The values of a fact with which nothing is said, and the others it can have there."""

    values: tuple[Any, ...]
    others: tuple[Any, ...]


Hole: TypeAlias = dict[str, Narrowed]
"""A situation by its facts; a fact that does not matter is not there."""

Literal: TypeAlias = tuple[int, int]  # a fact's number, and a bit for each value that satisfies
Clause: TypeAlias = tuple[Literal, ...]
Box: TypeAlias = tuple[int, ...]  # for each fact, a bit for each value still open


class TooTangled(Exception):
    """The conditions of one page are too many to be proved."""


@dataclass(frozen=True, slots=True)
class _Cover:
    """What must be true for an entry to say something: every clause (one literal of it), and one option."""

    clauses: tuple[Clause, ...]
    options: tuple[Clause, ...]

    @property
    def size(self) -> int:
        return len(self.clauses) + min(map(len, self.options), default=0)


def holes(asked: Asked, entries: Iterable[Entry], most: int = MOST_HOLES) -> list[Hole]:
    """Situations in which none of these entries says anything, each as wide as it can be told."""
    return _Search(asked, tuple(entries)).holes(most)


def reached(asked: Asked, entries: Iterable[Entry]) -> set[Place]:
    """The places of entries that can fit, and of variants that can be used when theirs does."""
    search = _Search(asked, tuple(entries))
    places: set[Place] = set()
    for entry in search.entries:
        clauses = search.clauses(entry)
        if search.covered(search.everything, _Cover(clauses, ((),))):
            places.add(entry.place)
        for variant in entry.variants:
            option = _Cover(clauses, _fewest([search.option(variant, kept=True)]))
            if search.covered(search.everything, option):
                places.add(variant.place)
    return places


class _Search:
    """One part of a page in one tone."""

    def __init__(self, asked: Asked, entries: tuple[Entry, ...]) -> None:
        self.asked, self.entries = asked, entries
        conditions = [condition for entry in entries for condition in entry.when]
        self.names = _facts(entries, conditions)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.values = [asked.values(name, conditions) for name in self.names]
        self.everything: Box = tuple((1 << len(values)) - 1 for values in self.values)
        self.groups = [
            (group, tuple(self.number[name] for name in group)) for group in GROUPS if group[0] in self.number
        ]
        self.checked: dict[tuple[Any, ...], bool] = {}
        covers = [
            _Cover(self.clauses(entry), _fewest(self.option(variant) for variant in entry.variants))
            for entry in entries
            if entry.variants
        ]
        self.covers = sorted(covers, key=lambda cover: cover.size)
        self.steps = 0

    def holes(self, most: int) -> list[Hole]:
        found: list[Hole] = []
        told: list[_Cover] = []
        while len(found) < most and self.possible(self.everything):
            box = self._uncovered(self.everything, 0, told + self.covers)
            if box is None:
                break
            box = self._widened(box)
            narrowed = [n for n, mask in enumerate(box) if mask != self.everything[n]]
            told.append(_Cover(tuple(((n, box[n]),) for n in narrowed), ((),)))
            found.append({self.names[n]: self._narrowed(box, n) for n in narrowed})
        return found

    # -- literals --

    def clauses(self, entry: Entry) -> tuple[Clause, ...]:
        found: list[Clause] = [(self._holding(condition),) for condition in entry.when]
        if entry.offer:  # nothing is sold to somebody for whom something is amiss
            found.append((self._among("call.trouble", lambda value: value is not True),))
            found.append((self._among("call.resolved", lambda value: value is not False),))
            if self.asked.tone != "plain":
                found.append(())  # no literal: never true
        return (*found, *self._kept_for_thanks(entry))

    def _kept_for_thanks(self, entry: Entry) -> Iterator[Clause]:
        """A slight wait, and one within what was announced, is thanked for by entries that ask about it."""
        if self.asked.page != "apology" or entry.silence:
            return
        if not any(c.fact == "wait.told" and c.op != "unknown" for c in entry.when):
            not_long = self._among("severity", lambda value: value != "long")
            yield not_long, self._among("wait.told", lambda value: value is UNKNOWN)
        asked = [c for c in entry.when if c.fact == "severity" and c.op == "is"]
        if not any({"slight"}.issuperset(c.values) for c in asked):
            yield (self._among("severity", lambda value: value != "slight"),)

    def option(self, variant: Variant, *, kept: bool = False) -> Clause | None:
        """What must be so for these words to be usable; None where that cannot be counted on.

        `kept`: as if what they promise (but for the text note, which is a fact) were agreed and kept.
        """
        found = {self._among(name, lambda value: value is not UNKNOWN) for name in variant.needs}
        if (self.asked.page, self.asked.part) == ("next_steps", "reference") and not variant.silent:
            once = variant.mentions.get("step.reference") == 1
            found.add(self._among("texted", lambda value: value is once))
        a_voucher = (self.asked.page, self.asked.part) == ("texts", "voucher") and not variant.silent
        if a_voucher and "voucher.code" not in variant.says:
            return None  # without its code it is worth nothing
        for promise in variant.promises:
            if promise == "text_note" and "texted" in self.number:
                found.add(self._among("texted", lambda value: value is True))
            elif not kept:
                return None
        return tuple(sorted(found))

    def _holding(self, condition: Condition) -> Literal:
        return self._among(condition.fact, lambda value: condition.holds(_as_fact(condition.fact, value)))

    def _among(self, name: str, wanted: Any) -> Literal:
        number = self.number[name]
        return number, sum(1 << bit for bit, value in enumerate(self.values[number]) if wanted(value))

    # -- boxes --

    def _step(self) -> bool:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooTangled
        return True

    def possible(self, box: Box) -> bool:
        """Whether any situation in the box can happen."""
        if not all(box):
            return False
        for group, numbers in self.groups:
            key = (group[0], *(box[number] for number in numbers))
            if key not in self.checked:
                self.checked[key] = any(
                    self._step() and self.asked.possible(group, dict(zip(group, values, strict=True)))
                    for values in product(*(self._open(box, number) for number in numbers))
                )
            if not self.checked[key]:
                return False
        return True

    def _open(self, box: Box, number: int) -> tuple[Any, ...]:
        return tuple(value for bit, value in enumerate(self.values[number]) if box[number] >> bit & 1)

    def covered(self, box: Box, cover: _Cover) -> bool:
        """Whether an entry says something anywhere in the box."""
        for ways in product(*cover.clauses):
            for option in cover.options:
                inside = list(box)
                for number, mask in (*ways, *option):
                    inside[number] &= mask
                if self.possible(tuple(inside)):
                    return True
        return False

    def _narrowed(self, box: Box, number: int) -> Narrowed:
        rest = _without(self.everything, tuple(enumerate(box)))
        return Narrowed(self._open(box, number), self._open(rest, number))

    def _uncovered(self, box: Box, start: int, covers: list[_Cover]) -> Box | None:
        """A part of the box that can happen and that no cover from `start` on says anything in."""
        self._step()
        for number in range(start, len(covers)):
            cover = covers[number]
            if any(all(not box[n] & mask for n, mask in clause) for clause in cover.clauses):
                continue
            options = [o for o in cover.options if all(box[n] & mask for n, mask in o)]
            if not options:
                continue
            for smaller in self._failing(box, cover.clauses, options):
                if (
                    self.possible(smaller)
                    and (found := self._uncovered(smaller, number + 1, covers)) is not None
                ):
                    return found
            return None
        return box

    def _failing(self, box: Box, clauses: tuple[Clause, ...], options: list[Clause]) -> Iterator[Box]:
        """Every way to make an entry say nothing: a clause fails, or all of its words are unusable."""
        for clause in clauses:
            yield _without(box, clause)
            if len(clause) == 1:
                box = _within(box, clause[0])
                if not all(box):
                    return
        if not options:
            yield box
            return
        first, rest = options[0], options[1:]
        for literal in first:
            smaller = _without(box, (literal,))
            if all(smaller):
                yield from self._failing(
                    smaller, (), [o for o in rest if all(smaller[n] & mask for n, mask in o)]
                )
            box = _within(box, literal)
            if not all(box):
                return

    def _widened(self, box: Box) -> Box:
        """The same hole with every fact opened that does not matter."""
        for number in range(len(box)):
            wider = (*box[:number], self.everything[number], *box[number + 1 :])
            if wider != box and not any(self.covered(wider, cover) for cover in self.covers):
                box = wider
        return box


def _without(box: Box, literals: Clause) -> Box:
    smaller = list(box)
    for number, mask in literals:
        smaller[number] &= ~mask
    return tuple(smaller)


def _within(box: Box, literal: Literal) -> Box:
    number, mask = literal
    return (*box[:number], box[number] & mask, *box[number + 1 :])


def _fewest(options: Iterable[Clause | None]) -> tuple[Clause, ...]:
    """Options without those that ask for more than another does."""
    kept: list[frozenset[Literal]] = []
    for option in sorted({frozenset(option) for option in options if option is not None}, key=len):
        if not any(less <= option for less in kept):
            kept.append(option)
    return tuple(tuple(sorted(option)) for option in kept)


def _facts(entries: Iterable[Entry], conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Every fact that matters, and those it hangs together with."""
    named = {condition.fact for condition in conditions}
    for entry in entries:
        for variant in entry.variants:
            named |= variant.needs
            if "text_note" in variant.promises or (entry.page, entry.part) == ("next_steps", "reference"):
                named.add("texted")
        if entry.offer:
            named |= {"call.trouble", "call.resolved"}
        if entry.page == "apology":
            named |= {"severity", "wait.told"}
    for group in GROUPS:
        if named & set(group):
            named |= set(group)
    return tuple(name for name in BY_NAME if name in named)


def _as_fact(name: str, value: Any) -> dict[str, Any]:
    if value is UNKNOWN:
        return {}
    return {name: value[0] if BY_NAME[name].type == "number" else value}
