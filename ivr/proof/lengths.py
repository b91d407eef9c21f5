"""How long it takes: every line against the seconds its moment may last, texts against their segments, and
a usual farewell as a whole."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from ivr.book.book import Entry, Fault, Place, Variant
from ivr.book.rules import MOMENTS
from ivr.book.spoken import plain, seconds
from ivr.book.template import Unsayable
from ivr.calls.events import Answered, Arrived, Queued
from ivr.calls.story import Story
from ivr.calls.telling import tell
from ivr.calls.waits import weigh
from ivr.calls.wrapup import Gift, Step, Wrapup
from ivr.farewell.composer import Means, compose
from ivr.proof.reading import Facts, Reading, facts_for
from ivr.proof.wording import bare

MOST_SEGMENTS = {"en": 2}  # of a text; three in every other language, whose accents cost more
_SEGMENTS = 3
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")  # sent with an escape before each
_COSTLY = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": "a plain space",
    "\u202f": "a plain space", "«": '"', "»": '"',
}  # fmt: skip


_LENIENT = 1.1  # what is measured is an estimate, and a tenth over is no fault yet
_FREE = {("question", "nobody")}  # asked of somebody who chose, in a call without a goodbye yet


def lengths(reading: Reading, page: str) -> Iterator[Fault]:
    """What on one page takes too long to hear, or too many segments to send."""
    if reading.speaker is None or (page not in MOMENTS and page != "texts"):
        return
    for entry in reading.locale.pages[page]:
        if not reading.is_first_to_say(entry.locale):
            continue
        of = "extreme" if page == "apology" and _for_extreme(entry) else page
        kinds = [kind for c in entry.when if c.fact == "gift.kind" and c.op == "is" for kind in c.values]
        usual, longest = (
            facts_for(facts, reading.locale, entry.part, kinds) for facts in (reading.usual, reading.longest)
        )
        words = [variant for variant in entry.variants if not variant.silent]
        if page == "texts":
            found = [fault for variant in words for fault in _sent(reading, variant, usual, longest)]
        elif (page, entry.part) not in _FREE:
            found = _said(reading, of, words, usual, longest)
        else:
            continue
        yield from found


def _for_extreme(entry: Entry) -> bool:
    """Whether an entry is for extreme waits alone: they take a repair as well."""
    return any(c.fact == "severity" and c.op == "is" and set(c.values) == {"extreme"} for c in entry.when)


def _said(
    reading: Reading, moment: str, words: Sequence[Variant], usual: Facts, longest: Facts
) -> list[Fault]:
    """Words that are too long as it is; and of those that only long names make so, the longest of an entry."""
    most, found = reading.book.rules.budgets[moment], list[Fault]()
    worst: tuple[float, Variant] | None = None
    pace = reading.book.pace(reading.name).words_per_minute
    hint = f"rules.yaml allows {moment} {most:.0f}, at {pace} words a minute"
    for variant in words:
        at_worst = _seconds(reading, variant, longest)
        if at_worst <= most:
            continue
        usually = _seconds(reading, variant, usual)
        if usually > most:
            told = f"this takes {usually:.1f} seconds"
            found.append(Fault(variant.place, told, hint, usually > most * _LENIENT))
        elif worst is None or at_worst > worst[0]:
            worst = at_worst, variant
    if worst is not None:
        told = f"this takes up to {worst[0]:.1f} seconds with long names and dates"
        found.append(Fault(worst[1].place, told, hint, False))
    return found


def _seconds(reading: Reading, variant: Variant, facts: Facts) -> float:
    """About how long these words take; nothing for what cannot be said with these facts."""
    assert reading.speaker is not None
    try:
        said = variant.template.render(facts, reading.speaker)
    except Unsayable:
        return 0.0
    return seconds(said, reading.book.pace(reading.name).words_per_minute)


# ---- texts ----


def _sent(reading: Reading, variant: Variant, usual: Facts, longest: Facts) -> Iterator[Fault]:
    assert reading.speaker is not None
    language = reading.name.partition("-")[0]
    most = MOST_SEGMENTS.get(language, _SEGMENTS)
    counts = []
    for facts in (usual, longest):
        try:
            counts.append(segments(plain(variant.template.render(facts, reading.speaker))))
        except Unsayable:
            counts.append(0)
    if max(counts) > most:
        too_long = counts[0] > most
        often = f"{counts[0]} segments" if too_long else f"up to {counts[1]} segments, with long values"
        yield Fault(variant.place, f"this text takes {often}", f"{most} at most; each is paid for", too_long)
    words = bare(variant.source).replace("\0", "")
    odd = [letter for letter in words if letter not in _GSM and letter not in _GSM_TWICE]
    if odd and all(letter in _COSTLY for letter in odd):
        place = variant.source.at(variant.source.text.index(odd[0]))
        told = f"“{odd[0]}” alone makes this text cost twice" if odd[0].strip() else _SPACE
        yield Fault(place, told, f"write {_COSTLY[odd[0]]}", False)


_SPACE = "a space that does not break makes this text cost twice"


def segments(text: str) -> int:
    """How many segments a text is sent in: of 160 septets or 153 each, or of 70 UTF-16 units or 67 each."""
    if all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        septets = len(text) + sum(letter in _GSM_TWICE for letter in text)
        return 1 if septets <= 160 else -(-septets // 153)
    units = len(text.encode("utf-16-le", "replace")) // 2
    return 1 if units <= 70 else -(-units // 67)


# ---- a whole farewell ----

_TRIES = 6  # calls, each with its own choice of words


def farewell(reading: Reading, files: Mapping[str, str]) -> Iterator[Fault]:
    """How long a usual farewell takes, in the longest of a few: a very long wait, a step of ours by a day, a gift."""
    if reading.speaker is None:
        return
    budget = reading.book.rules.budgets["farewell"]
    longest: dict[str, float] = {}
    for number in range(_TRIES):
        found = _farewell(reading, number)
        if sum(found.values()) > sum(longest.values()):
            longest = found
    if sum(longest.values()) > budget:
        told = ", ".join(f"{name} {took:.0f}" for name, took in longest.items())
        yield Fault(
            _where_allowed(files), f"{reading.name}: a farewell with an apology and one step takes {sum(longest.values()):.0f} seconds",
            f"{budget:.0f} are allowed; {told}", False,
        )  # fmt: skip


def _farewell(reading: Reading, number: int) -> dict[str, float]:
    """Seconds by moment."""
    story = _story(number)
    gift = next(
        (Gift(kind=kind, detail=gift.detail) for kind, gift in reading.locale.gifts.items() if gift.detail),
        None,
    )
    step = Step(who="us", what=str(reading.usual["step.what"]), by=date(2026, 1, 13))
    wrapup = Wrapup(name="Ana", agent="Sam", resolved=True, steps=(step,), gifts=(gift,) if gift else ())
    rules = reading.book.rules
    wait = weigh(story, rules.severities, zone=rules.timezone)
    now = _AT + timedelta(minutes=rules.severities.very_long // 60 + 10)
    made = compose(story, wait, wrapup, reading.book, now=now, means=Means(), locale=reading.name)
    return {moment.name: moment.seconds for moment in made.moments}


_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
_WAITED = 750


@lru_cache(maxsize=_TRIES)
def _story(number: int) -> Story:
    call, answered = f"CA{number:032x}", _AT + timedelta(seconds=_WAITED)
    return tell([
        Arrived(call=call, at=_AT, key="1", caller="c"),
        Queued(call=call, at=_AT, key="1", queue="default"),
        Answered(call=call, at=answered, key="1", agent="CA", waited=_WAITED),
    ])  # fmt: skip


def _where_allowed(files: Mapping[str, str]) -> Place:
    for number, line in enumerate(files.get("rules.yaml", "").splitlines(), 1):
        if found := re.match(r"\s+(farewell)\s*:\s*[0-9]", line):
            return Place("rules.yaml", number, found.start(1) + 1)
    return Place("rules.yaml")
