"""Our own pages, locale by locale: how many goodbyes a caller can hear, and how long anything takes.

Counted by the code that chooses: a caller rings again and again, and remembers what they heard.
"""

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from ivr.book.book import Book, Entry, Variant, read
from ivr.book.spoken import Value, seconds
from ivr.book.template import Unsayable
from ivr.book.vocabulary import PAGES
from ivr.calls.wrapup import GENTLE_GIFTS, GIFTS
from ivr.farewell.choice import choose
from ivr.proof.reading import facts_for, reading

PROMPTS = Path(__file__).parents[2] / "prompts"
NOTHING: dict[str, Value] = {
    "severity": "none", "apologised": False, "texted": False, "textable": False, "call.way": "aside",
    "call_back.asked": False, "steps.done": 0, "steps.ours": 0, "steps.theirs": 0, "steps.references": 0,
    "steps.count": 0, "day.part": "afternoon", "day.weekday": "tuesday", "day.date": date(2026, 11, 24),
}  # fmt: skip
"""What is known of every call."""

NAMED = {"caller.name": "Ana"}
OFTEN = ("holiday", "birthday", "new_baby", "exam", "wedding")


@cache
def the_book() -> Book:
    files = {
        path.relative_to(PROMPTS).as_posix(): path.read_text("utf-8") for path in PROMPTS.rglob("*.yaml")
    }
    book, faults = read(files)
    assert book is not None
    assert not faults, "\n".join(map(str, faults))
    return book


LOCALES = sorted(the_book().locales)
each_locale = pytest.mark.parametrize("locale", LOCALES)


def heard(locale: str, tone: str = "plain", **facts: Value) -> list[tuple[Entry, Variant]]:
    """The goodbyes a caller hears before one is heard again, with these facts and no others."""
    known = NOTHING | {name.replace("_", ".", 1): value for name, value in facts.items()}
    entries = the_book().entries(locale, "goodbye", tone=tone)
    found: list[tuple[Entry, Variant]] = []
    while len(found) < 100:
        before = [variant.id for _, variant in reversed(found)]
        chosen = choose(entries, known, seed=7, heard=before, sells=tone == "plain", wander=tone != "gentle")
        assert chosen is not None
        if chosen[1].id in before:
            return found
        assert not chosen[1].silent
        found.append(chosen)
    return found


def of_the_gift(locale: str, kind: str, **facts: Value) -> int:
    """How many goodbyes speak of the gift before any that does not."""
    tone = "gentle" if kind in GENTLE_GIFTS else "plain"
    count = 0
    for entry, _ in heard(locale, tone, gift_kind=kind, caller_name="Ana", **facts):
        if not any(condition.fact == "gift.kind" for condition in entry.when):
            break
        count += 1
    return count


@each_locale
def test_eleven_goodbyes_are_for_anybody(locale: str):
    assert len(heard(locale)) >= 11


@each_locale
def test_six_more_are_by_name(locale: str):
    assert len(heard(locale, caller_name="Ana")) >= len(heard(locale)) + 6


@each_locale
def test_eleven_are_for_anybody_after_trouble(locale: str):
    assert len(heard(locale, call_trouble=True)) >= 11
    settled = heard(locale, call_trouble=True, call_resolved=True)
    assert len(settled) >= 11
    assert not any(entry.offer for entry, _ in settled)


@each_locale
def test_ten_calls_that_settle_nothing_end_in_ten_ways(locale: str):
    assert len(heard(locale, call_resolved=False)) >= 10
    assert len(heard(locale, "sober", call_resolved=False)) >= 10


@each_locale
def test_eleven_sober_and_six_gentle_ones_are_for_anybody(locale: str):
    assert len(heard(locale, "sober")) >= 11
    assert len(heard(locale, "gentle")) >= 6


@each_locale
@pytest.mark.parametrize("known", [{}, {"call_resolved": True}, {"caller_name": "Ana"}])
def test_after_far_too_long_a_wait_six_goodbyes_neither_cheer_nor_ask_anybody_back(
    locale: str, known: dict[str, Value]
):
    taste = the_book().locales[locale].taste
    for _, variant in heard(locale, severity="extreme", **known)[:6]:
        kinds = {phrase.kind for phrase, _ in taste.heard(variant.words)}
        assert not kinds & {"cheer", "invites"}, variant.words


@each_locale
@pytest.mark.parametrize("kind", GIFTS)
def test_each_gift_has_two_goodbyes_and_the_commonest_four(locale: str, kind: str):
    wanted = 4 if kind in OFTEN else 2
    assert of_the_gift(locale, kind, gift_whose="caller") >= wanted
    assert of_the_gift(locale, kind, gift_whose="caller", gift_detail="x") >= wanted
    assert of_the_gift(locale, kind, gift_whose="theirs") >= 2
    assert of_the_gift(locale, kind, gift_whose="theirs", gift_detail="x") >= 2


@each_locale
def test_every_page_has_words_and_a_dozen_steps_are_ready(locale: str):
    found = the_book().locales[locale]
    assert all(found.pages[page] for page in PAGES)
    assert len(found.steps) >= 12
    assert set(GIFTS) <= set(found.gifts)
    assert found.taste.phrases


# ---- how long it takes ----

MOST = {"opening": 8.0, "apology": 8.0, "next_steps": 20.0, "question": 14.0, "goodbye": 10.0}
EXTREME = 13.0  # an apology with its repair, or with a supervisor's own sentence in it
ROUNDED = 0.5  # a pace in words a minute is an estimate


def takes(locale: str, entry: Entry, variant: Variant) -> float:
    """Seconds, with usual names and dates."""
    read_as = reading(the_book(), locale)
    assert read_as.speaker is not None
    kinds = [kind for c in entry.when if c.fact == "gift.kind" and c.op == "is" for kind in c.values]
    facts = facts_for(read_as.usual, read_as.locale, entry.part, kinds)
    try:
        said = variant.template.render(facts, read_as.speaker)
    except Unsayable:
        return 0.0
    return seconds(said, the_book().pace(locale).words_per_minute)


@each_locale
@pytest.mark.parametrize("page", MOST)
def test_no_line_takes_longer_than_people_listen(locale: str, page: str):
    slow = []
    for entry in the_book().locales[locale].pages[page]:
        if entry.part == "nobody":
            continue
        extreme = any(c.fact == "severity" and "extreme" in c.values for c in entry.when)
        for variant in entry.variants:
            longer = page == "apology" and (extreme or "line.notice" in variant.says)
            took = takes(locale, entry, variant)
            if took > (EXTREME if longer else MOST[page]) + ROUNDED:
                slow.append(f"{took:.1f} s: {variant.words}")
    assert not slow, "\n".join(slow)
