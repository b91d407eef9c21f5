"""Which of a book's words are spoken, and speaking them: one line at a time.

Entries are tried from the top; the first that fits and has usable words is spoken. Words are usable when
every fact they name is known and every promise they make was agreed and can be kept. Words that leave out
something the caller needs lose to sisters that say it; of the rest, those this caller heard least recently
win, and the call's own id settles ties, so that the same call composed twice is told the same.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeAlias
from zlib import crc32

from ivr.book.book import Book, Entry, Variant
from ivr.book.spoken import Speaker, Value, plain, seconds
from ivr.book.template import Unsayable
from ivr.farewell.moments import Line

_NEEDED = frozenset({"step.by", "step.reference", "step.to", "gift.detail"})
"""What is not left out for variety's sake while the book has words that say it."""

WANDERING = frozenset({"opening", "apology", "question", "goodbye"})
"""Pages where the next fitting entry is tried before words repeat. On the others each entry says something
of its own (the first step, the keys that work), so there the words repeat instead."""

ONCE = frozenset({"line.notice", "line.event"})
"""Whole sentences that a farewell says once at most, wherever the book has them."""

_REPAIRS = frozenset({"voucher", "front_of_queue"})
"""Promises that are made once at most."""

Chosen: TypeAlias = tuple[Entry, Variant]
EntryTest: TypeAlias = Callable[[Entry], bool]
VariantTest: TypeAlias = Callable[[Variant], bool]


@dataclass(slots=True)
class Telling:
    """What all the lines of one call have in common."""

    book: Book
    locale: str
    speaker: Speaker
    call: str
    tone: str
    facts: dict[str, Value]
    heard: Mapping[str, Sequence[str]] = field(default_factory=dict)  # page → variants, latest first
    agreed: frozenset[str] = frozenset()  # the kinds of promise that will be kept
    slow: bool = False
    left_out: list[str] = field(default_factory=list)  # where the book had no words
    made: set[str] = field(default_factory=set)  # the kinds of promise that were spoken
    told: set[str] = field(default_factory=set)  # those of ONCE that were said: unknown from then on
    seed: int = field(init=False)  # settles ties: the same call is always told the same

    def __post_init__(self) -> None:
        self.seed = crc32(self.call.encode("utf-8", "replace"))

    def line(
        self,
        page: str,
        part: str = "",
        *,
        step: int | None = None,
        turn: int = 0,
        wander: bool = True,
        entry_fits: EntryTest | None = None,
        variant_fits: VariantTest | None = None,
    ) -> Line | None:
        """The line for one part of a page; None when the book is silent there, or has no words.

        `turn` counts the lines of the same part in one farewell, so that they need not sound alike;
        without `wander` no later entry is tried for variety's sake. Having no words is noted.
        """
        found = self.words(page, part, turn, wander, entry_fits, variant_fits)
        if found is None:
            return None
        (entry, variant), ssml = found
        if variant.promises:
            self.made.update(variant.promises)
            self.agreed -= _REPAIRS.intersection(variant.promises)
        if not ONCE.isdisjoint(variant.says):
            self._said(variant)
        pace = self.book.pace(self.locale)
        if self.slow and pace.slow < pace.words_per_minute:
            ssml = f'<prosody rate="{100 * pace.slow // pace.words_per_minute}%">{ssml}</prosody>'
        return Line(
            entry=entry.id,
            variant=variant.id,
            ssml=ssml,
            text=plain(ssml),
            seconds=seconds(ssml, pace.words_per_minute),
            part=part,
            step=step,
            recording=variant.recording,
            yes=variant.yes,
        )

    def _said(self, variant: Variant) -> None:
        """What is said once at most has been said."""
        for name in ONCE & variant.says:
            self.told.add(name)
            self.facts.pop(name, None)

    def words(
        self,
        page: str,
        part: str = "",
        turn: int = 0,
        wander: bool = True,
        entry_fits: EntryTest | None = None,
        variant_fits: VariantTest | None = None,
    ) -> tuple[Chosen, str] | None:
        """What `line` speaks, as rendered: SSML, or plain text for a text message."""
        unsayable: set[str] = set()
        while True:
            chosen = choose(
                self.book.entries(self.locale, page, part, self.tone),
                self.facts,
                seed=crc32(f"{page}/{part}".encode(), self.seed) + turn,
                heard=self.heard.get(page, ()),
                agreed=self.agreed,
                sells=self.tone == "plain",
                wander=wander and page in WANDERING and self.tone != "gentle",
                entry_fits=entry_fits,
                variant_fits=variant_fits,
                without=unsayable,
            )
            if chosen is None:
                self.left_out.append(f"{page}/{part}" if part else page)
                return None
            if chosen[1].silent:
                return None
            try:
                said = chosen[1].template.render(self.facts, self.speaker)
                if plain(said):
                    return chosen, said
            except Unsayable:
                pass  # other words may do
            unsayable.add(chosen[1].id)

    def as_text(self, variant: Variant, facts: Mapping[str, Value]) -> str | None:
        """The words of one variant with these facts; None where it cannot be said with them."""
        try:
            return (
                plain(variant.template.render(facts, self.speaker)) if variant.needs <= facts.keys() else None
            )
        except Unsayable:
            return None


def choose(
    entries: Sequence[Entry],
    facts: Mapping[str, Value],
    *,
    seed: int,
    heard: Sequence[str] = (),
    agreed: frozenset[str] = frozenset(),
    sells: bool = False,
    wander: bool = True,
    entry_fits: EntryTest | None = None,
    variant_fits: VariantTest | None = None,
    without: Set[str] = frozenset(),
) -> Chosen | None:
    """The entry and the words to speak, or None when nothing fits.

    `entries` are those of the page, part and tone. Nothing is sold where `sells` is False, or after
    trouble, or when the caller goes without what they came for. With `wander`, when this caller heard all
    the words of the first fitting entry, the next fitting one is tried before anything repeats, as long as
    it says no less of what the caller needs. `without` are variants already found to be unsayable.
    """
    known = facts.keys()
    repeating: Chosen | None = None
    for entry in entries:
        if not entry.fits(facts) or (entry.offer and not (sells and _may_sell(facts))):
            continue
        if entry_fits is not None and not entry_fits(entry):
            continue
        usable: Sequence[Variant] = entry.variants
        if not (entry.needs <= known and entry.promises <= agreed):
            usable = [v for v in usable if v.needs <= known and agreed.issuperset(v.promises)]
        if without:
            usable = [v for v in usable if v.id not in without]
        if variant_fits is not None:
            usable = [v for v in usable if v.silent or variant_fits(v)]
        if len(usable) > 1:
            usable = _fullest(usable, facts)
        if repeating is not None:
            usable = [v for v in usable if _says_no_less(v, repeating[1])]
        fresh = [v for v in usable if v.id not in heard] if heard else usable
        if fresh:
            return entry, fresh[seed % len(fresh)]
        if usable and repeating is None:
            repeating = entry, max(usable, key=lambda variant: heard.index(variant.id))
            if not wander:
                break
    return repeating


def _may_sell(facts: Mapping[str, Value]) -> bool:
    return facts.get("call.trouble") is not True and facts.get("call.resolved") is not False


def _fullest(variants: Sequence[Variant], facts: Mapping[str, Value]) -> Sequence[Variant]:
    """Those that say the most of what the caller needs."""
    needed = frozenset([name for name in _NEEDED if name in facts])
    if not needed:
        return variants
    counts = [len(needed & variant.says) for variant in variants]
    most = max(counts)
    if most == 0:
        return variants
    return [variant for variant, count in zip(variants, counts, strict=True) if count == most]


def _says_no_less(variant: Variant, than: Variant) -> bool:
    """Whether it says all that the other does of what the caller needs, and is not silence."""
    return not variant.silent and _NEEDED & than.says <= variant.says
