"""The words this project ships, in every situation a call can end in."""

from datetime import date
from functools import lru_cache
from itertools import product
from pathlib import Path

import pytest

from ivr.book.book import Book, read
from ivr.book.vocabulary import SEVERITIES
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


@pytest.mark.parametrize("locale", ["en-GB", "en-US"])
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
