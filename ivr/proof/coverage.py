"""Every situation a book has no words for, exactly; and words that no situation ever reaches.

A situation is one value for every fact that the entries of a page name; nothing is said there when it can
happen and no entry both fits and has usable words (or says [silence]).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ivr.book.book import TONED, Book, Fault, Place
from ivr.book.vocabulary import BY_NAME, PARTS
from ivr.calls.wrapup import TONES
from ivr.proof.holes import Hole, Narrowed, TooTangled, holes, reached
from ivr.proof.situations import ENDLESS, OTHER, OTHER_DAY, UNKNOWN, Asked, tones


class Coverage:
    """Proves page after page; a locale that takes one over unchanged is not told again."""

    def __init__(self, files: Mapping[str, str], broken: set[str]) -> None:
        self.files, self.broken = files, broken  # `broken`: files that could not be read whole
        self.told: set[tuple[Any, ...]] = set()

    def __call__(self, book: Book, locale: str, page: str) -> Iterator[Fault]:
        """What one page leaves unsaid, and what on it can never be said."""
        entries = book.locales[locale].pages[page]
        if not entries:
            if f"{locale}/{page}.yaml" not in self.broken and (page, None) not in self.told:
                yield Fault(Place(f"{locale}/{page}.yaml"), f"{locale} has no page {page}")
            self.told.add((page, None))
            return
        for part in PARTS[page]:
            key = (page, part, *map(id, book.entries(locale, page, part)))
            if key not in self.told:
                self.told.add(key)
                yield from _prove_part(book, locale, page, part, self.files)


def _prove_part(book: Book, locale: str, page: str, part: str, files: Mapping[str, str]) -> Iterator[Fault]:
    everything = book.entries(locale, page, part)
    place = everything[-1].place if everything else _own_file(book, locale, page, files)
    where = f"{locale} {page} {part}".rstrip()
    try:
        unsaid = _unsaid(book, locale, page, part)
        reachable = _reachable(book, locale, page, part)
    except (TooTangled, RecursionError):
        yield Fault(place, f"{where}: too many conditions to be proved", "fewer entries, or fewer limits")
        return
    for sentence, in_tones in unsaid.items():
        tone = f", tone {' or '.join(in_tones)}" if page in TONED else ""
        if len(in_tones) == len(TONES):
            tone = ", any tone"
        yield Fault(place, f"{where}{tone}: nothing is said{sentence}", "it needs an entry, or [silence]")
    for entry in everything:
        if entry.variants and not entry.silence and entry.place not in reachable:
            yield Fault(entry.place, f"“{entry.name[:60]}” can never be reached", _NEVER_TRUE, fault=False)
            continue
        for variant in entry.variants:
            if not entry.silence and variant.place not in reachable:
                yield Fault(variant.place, "these words can never be used", _NEVER_KNOWN, fault=False)


_NEVER_TRUE = "its conditions are never true together where it is asked for"
_NEVER_KNOWN = "a fact they name is never known where they are asked for"


def _unsaid(book: Book, locale: str, page: str, part: str) -> dict[str, list[str]]:
    """Where nothing is said, in words, and the tones in which it is so."""
    said: dict[str, list[str]] = {}
    for tone in tones(page, part):
        entries = book.entries(locale, page, part, tone)
        asked = Asked(page, part, tone, book.rules.severities)
        for hole in holes(asked, entries):
            said.setdefault(sentence(hole), []).append(tone)
        if _asked_at_large(book, page, part):
            general = tuple(e for e in entries if all(c.fact != "call.reason" for c in e.when))
            for hole in holes(asked, general) if general != entries else ():
                told = f"{sentence(hole)}, in a queue that asks about anything else"
                said.setdefault(told, []).append(tone)
    return said


def _reachable(book: Book, locale: str, page: str, part: str) -> set[Place]:
    places: set[Place] = set()
    for tone in tones(page, part) if page in TONED else TONES:
        asked = Asked(page, part, tone, book.rules.severities)
        places |= reached(asked, book.entries(locale, page, part, tone))
    return places


def _asked_at_large(book: Book, page: str, part: str) -> bool:
    queues = book.rules.queues.values()
    return (page, part) == ("question", "ask") and any(q.question == "anything_else" for q in queues)


def _own_file(book: Book, locale: str, page: str, files: Mapping[str, str]) -> Place:
    """The page's file, or that of the locale it was taken over from."""
    at: str | None = locale
    while at is not None:
        if f"{at}/{page}.yaml" in files:
            return Place(f"{at}/{page}.yaml")
        at = book.locales[at].voice.start
    return Place(f"{locale}/{page}.yaml")


# ---- telling it ----


def sentence(hole: Hole) -> str:
    """ "when gift.kind is unknown and caller.name is unknown", or " at all"."""
    if not hole:
        return ", ever"
    return " when " + " and ".join(_told(name, values) for name, values in hole.items())


def _told(name: str, narrowed: Narrowed) -> str:
    fact, unknown = BY_NAME[name], UNKNOWN in narrowed.values
    known = [value for value in narrowed.values if value is not UNKNOWN]
    others = [value for value in narrowed.others if value is not UNKNOWN]
    if not known:
        return f"{name} is unknown"
    if not others:
        return f"{name} is known"
    if fact.type == "number":
        words = _stretches(known)
    elif fact.type == "flag":
        words = ["yes" if value else "no" for value in known]
    elif (fact.type == "choice" and len(others) >= len(known)) or (
        fact.type != "choice" and known[-1] not in (OTHER, OTHER_DAY)
    ):
        words = [str(value) for value in known]
    else:
        words = [f"not {' or '.join(str(value) for value in others)}"]
        return f"{name} is {'unknown or ' if unknown else ''}{words[0]}"
    return f"{name} is {' or '.join([*words, 'unknown'] if unknown else words)}"


def _stretches(stretches: list[tuple[int, int]]) -> list[str]:
    joined: list[tuple[int, int]] = []
    for start, end in stretches:
        if joined and joined[-1][1] + 1 == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [_stretch(start, end) for start, end in joined]


def _stretch(start: int, end: int) -> str:
    if end >= ENDLESS:
        return f"at least {start}"
    return str(start) if start == end else f"{start} to {end}"
