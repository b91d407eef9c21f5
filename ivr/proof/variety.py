"""Whether there are enough ways to say it, so that who rings often does not hear the same again."""

from collections.abc import Iterator

from ivr.book.book import Entry, Fault, Variant
from ivr.book.spoken import Value
from ivr.book.vocabulary import FACTS
from ivr.proof.reading import Reading

FEWEST = 3  # variants of an entry
FEWEST_OF_A_GIFT = 2  # nobody goes on holiday every week
REMEMBERED = 10  # goodbyes of a caller, so one more is needed that anybody can hear
FEWEST_GENTLE = 6

_NOTHING_KNOWN: dict[str, Value] = {
    "severity": "none", "apologised": False, "texted": False, "textable": False, "call.way": "aside",
    "call_back.asked": False, "steps.done": 0, "steps.ours": 0, "steps.theirs": 0, "steps.references": 0,
    "steps.count": 0, "line.name": "x", "line.phone": "x", "line.hours": "x",
}  # fmt: skip
_ALWAYS = frozenset(fact.name for fact in FACTS if fact.always) | _NOTHING_KNOWN.keys()
_CALLS: tuple[tuple[str, str, dict[str, Value], int], ...] = (
    ("plain", "", {}, REMEMBERED + 1),
    ("plain", ", after trouble", {"call.trouble": True}, REMEMBERED + 1),
    ("plain", ", while nothing is settled", {"call.resolved": False}, REMEMBERED + 1),
    ("sober", "", {}, REMEMBERED + 1),
    ("gentle", "", {}, FEWEST_GENTLE),
)


def variety(reading: Reading, page: str) -> Iterator[Fault]:
    """Entries of one page with too few variants; on the goodbye's, too few that anybody can hear."""
    for entry in reading.locale.pages[page]:
        if entry.locale != reading.name or entry.silence or not entry.variants:
            continue
        fewest = FEWEST_OF_A_GIFT if any(c.fact == "gift.kind" for c in entry.when) else FEWEST
        if (count := len(entry.variants)) < fewest:
            ways = "one way" if count == 1 else f"{count} ways"
            yield Fault(
                entry.place, f"only {ways} to say it", f"{fewest} at least, to be heard more than once", False
            )
    if page == "goodbye":
        yield from _goodbyes(reading)


def _goodbyes(reading: Reading) -> Iterator[Fault]:
    for tone, where, facts, wanted in _CALLS:
        entries = reading.book.entries(reading.name, "goodbye", tone=tone)
        if not any(entry.variants and not entry.silence for entry in entries):
            continue
        if (count := len(for_anybody(entries, facts))) < wanted:
            told = f"{reading.name}: {count} goodbyes that anybody can hear on a {tone} call{where}"
            yield Fault(entries[-1].place, told, f"{wanted} at least, without a name, a gift or a day", False)


def for_anybody(entries: tuple[Entry, ...], facts: dict[str, Value]) -> list[Variant]:
    """The words that can be heard on such a call whoever rings and whenever: no name, no gift, no guess."""
    known = _NOTHING_KNOWN | facts
    found: dict[str, Variant] = {}
    for entry in entries:
        if entry.offer or not entry.fits(known):
            continue
        for variant in entry.variants:
            if not variant.silent and not variant.promises and variant.needs <= _ALWAYS | facts.keys():
                found[variant.id] = variant
    return [*found.values()]
