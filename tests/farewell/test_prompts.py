"""The words this project ships, in every situation a call can end in."""

import re
from datetime import date
from functools import lru_cache
from itertools import product
from pathlib import Path

import pytest

from ivr.book.book import Book, read
from ivr.book.vocabulary import PARTS, SEVERITIES
from ivr.calls.wrapup import GIFTS, TONES, WAYS, Gift, Step, Wrapup
from ivr.farewell.moments import Farewell
from tests.farewell.generated import situation, texts_of, wait_of

PROMPTS = Path(__file__).parents[2] / "prompts"
WAITS = dict(zip(SEVERITIES, (0, 90, 200, 600, 1500, None), strict=True))
STEPS = {
    "nothing to do": (),
    "only done": (Step(who="done", what="cancelled the second charge", reference="4417"),),
    "ours": (Step(who="us", what="send a replacement router", by=date(2026, 11, 28), reference="AB-4719"),),
    "theirs": (Step(who="you", what="email a photo of the label", to="help@example.com"),),
    "many": (
        Step(who="done", what="stopped the payment"),
        Step(who="us", what="refund you", by=date(2026, 11, 22), reference="AB-4719"),
        Step(who="us", ready_made="refund"),
        Step(who="you", what="ring the surgery", to="020 7946 0000", by=date(2027, 1, 4)),
        Step(who="you", what="send us the form", reference="Q 88/2"),
        Step(who="you", what="keep the box", locale="fr-FR"),
    ),
}


@lru_cache(maxsize=1)
def the_book() -> Book:
    files = {
        str(path.relative_to(PROMPTS)): path.read_text(encoding="utf-8") for path in PROMPTS.rglob("*.yaml")
    }
    book, faults = read(files)
    assert book is not None
    assert not faults, "\n".join(map(str, faults))
    return book


def well_said(farewell: Farewell) -> None:
    assert texts_of(farewell, "goodbye"), farewell
    assert not [gap for gap in farewell.left_out if gap != "next_steps/another language"], farewell
    for text in [*texts_of(farewell), *(promise.body for promise in farewell.promises)]:
        assert not set(text) & set("{}[]<>_"), text
        assert "None" not in text
        assert "  " not in text
        assert text[-1] in ".?!…", text


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_there_are_good_words_for_every_severity_tone_and_way(severity: str, tone: str):
    for way, (kind, steps), resolved, textable, named in product(
        WAYS, STEPS.items(), (None, True, False), (False, True), (False, True)
    ):
        wrapup = Wrapup(
            name="Ana" if named else None, agent="Sam" if named else None, tone=tone, steps=steps, resolved=resolved,
            trouble=named or None, text_note=textable and named, pace="slow" if named else "normal",
        )  # fmt: skip
        of = situation(
            wrapup, wait_of(WAITS[severity], 45 if kind == "ours" else 0), way=way, textable=textable
        )
        farewell = of.farewell(the_book())
        well_said(farewell)
        apologises = "apology" in [moment.name for moment in farewell.moments]
        assert apologises == (
            severity in ("long", "very_long", "extreme") or (severity == "slight" and apologises)
        )


@pytest.mark.parametrize("kind", GIFTS)
def test_there_are_good_words_for_every_gift(kind: str):
    example = the_book().locales["en-GB"].gifts[kind].detail
    for whose, detail, resolved, name in product(
        ("caller", "theirs"), (example, None), (None, True), ("Ana", None)
    ):
        wrapup = Wrapup(name=name, resolved=resolved, gifts=(Gift(kind=kind, detail=detail, whose=whose),))
        well_said(situation(wrapup).farewell(the_book()))


ENGLISH = ("en-GB", "en-US", "en-JM")
TWICE_AS_MANY = ("holiday", "birthday", "new_baby", "exam", "wedding")


def anybody(locale: str, tone: str = "plain", **facts: object) -> set[str]:
    """The goodbyes that somebody without a name can hear, when this much is known of the call."""
    known: dict[str, object] = {
        "severity": "none", "call_back.asked": False, "steps.ours": 0, "steps.theirs": 0, "line.name": "us",
        "day.part": "morning", "day.weekday": "tuesday",
    }  # fmt: skip
    known |= {name.replace("__", "."): value for name, value in facts.items()}
    entries = the_book().entries(locale, "goodbye", tone=tone)
    return {
        variant.id
        for entry in entries
        if all(condition.holds(known) for condition in entry.when)  # type: ignore[arg-type]
        for variant in entry.variants
        if variant.needs <= known.keys()
    }


def first(locale: str, tone: str = "plain", **facts: object) -> tuple[int, int]:
    """Of the first goodbye that fits: how many ways there are to say it with a detail, and without one."""
    known: dict[str, object] = {
        "severity": "none", "call_back.asked": False, "steps.ours": 0, "steps.theirs": 0, "line.name": "us",
    }  # fmt: skip
    known |= {name.replace("__", "."): value for name, value in facts.items()}
    for entry in the_book().entries(locale, "goodbye", tone=tone):
        if all(condition.holds(known) for condition in entry.when):  # type: ignore[arg-type]
            usable = [v for v in entry.variants if v.needs <= known.keys() | {"gift.detail"}]
            detailed = [v for v in usable if "gift.detail" in v.needs]
            return len(detailed), len(usable) - len(detailed)
    raise AssertionError(f"no goodbye in {locale} for {facts}")


@pytest.mark.parametrize("locale", ENGLISH)
def test_more_goodbyes_than_a_memory_is_long_that_anybody_can_hear(locale: str):
    for facts in ({}, {"call__trouble": True}, {"call__resolved": False}, {"call_back__asked": True}):
        assert len(anybody(locale, **facts)) >= 11, facts
    assert len(anybody(locale, "sober")) >= 11
    assert len(anybody(locale, "gentle")) >= 6
    by_name = [e for e in the_book().entries(locale, "goodbye", tone="plain") if e.name == "by name"]
    assert len(by_name[0].variants) >= 6


@pytest.mark.parametrize("locale", ENGLISH)
def test_every_gift_has_two_ways_to_be_said_with_its_detail_and_two_without(locale: str):
    for kind, whose in product(GIFTS, ("caller", "theirs")):
        tone = "gentle" if kind in ("illness", "loss", "hard_time") else "plain"
        fewest = 4 if kind in TWICE_AS_MANY else 2
        with_it, without = first(locale, tone, gift__kind=kind, gift__whose=whose)
        assert with_it >= fewest, (kind, whose)
        assert without >= fewest, (kind, whose)


@pytest.mark.parametrize("locale", ENGLISH)
def test_nothing_cheerful_is_said_in_ten_calls_that_settle_nothing(locale: str):
    heard: list[str] = []
    book = the_book()
    named = {v.id: e.name for e in book.entries(locale, "goodbye", tone="plain") for v in e.variants}
    for number in range(10):
        told = situation(Wrapup(resolved=False), call=f"CA{number}").farewell(
            book, locale, heard_before={"goodbye": heard}
        )
        goodbye = told.moment("goodbye")
        assert goodbye is not None
        heard.insert(0, goodbye.lines[0].variant)
    assert len(set(heard)) == 10
    assert {named[variant] for variant in heard} == {"still not settled"}


OTHER_PEOPLES_WORDS = {
    "en-US": ("ring", "rings", "ringing", "rung", "rang", "queue", "sorted", "diary", "parcel", "whilst"),
    "en-JM": ("ring", "rings", "ringing", "rung", "rang", "sorted", "likkle", "walk good"),
}


@pytest.mark.parametrize("locale", OTHER_PEOPLES_WORDS)
def test_nobody_hears_the_words_of_another_place(locale: str):
    book = the_book()
    said = [
        variant.words
        for page in book.locales[locale].pages
        for part in PARTS[page]
        for entry in book.entries(locale, page, part)
        for variant in entry.variants
    ]
    said += [step.what for step in book.locales[locale].steps.values()]
    said = [re.sub(r"\{[{%].*?[%}]\}|\[promise \w+\]", "", words) for words in said]
    for word in OTHER_PEOPLES_WORDS[locale]:
        assert not [words for words in said if re.search(rf"\b{word}\b", words, re.IGNORECASE)], word


@pytest.mark.parametrize("locale", ENGLISH)
def test_ten_calls_of_one_caller_end_in_ten_goodbyes(locale: str):
    heard: list[str] = []
    for number in range(10):
        of = situation(Wrapup(name="Ana", resolved=True), call=f"CA{number}")
        told = of.farewell(the_book(), locale, heard_before={"goodbye": heard})
        goodbye = told.moment("goodbye")
        assert goodbye is not None
        heard.insert(0, goodbye.lines[0].variant)
    assert len(set(heard)) == 10


def test_no_two_lines_of_a_page_are_taken_for_one():
    """Six hexadecimal digits tell lines apart. Of 300 entries with three lines each, two would share theirs in
    one book of forty; a caller would then be spared a line they had not heard, and nothing worse."""
    for locale in the_book().locales.values():
        for entries in locale.pages.values():
            words = {(variant.id, variant.words) for entry in entries for variant in entry.variants}
            assert len({id for id, _ in words}) == len(words)
