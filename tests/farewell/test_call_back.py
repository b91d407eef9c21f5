"""What somebody hears who asked to be rung back: nobody has talked to them, and somebody will."""

import re
from dataclasses import replace

import pytest

from ivr.book.vocabulary import SEVERITIES
from ivr.calls.wrapup import Step, Wrapup
from ivr.farewell.moments import Farewell
from tests.farewell.generated import situation, texts_of, wait_of
from tests.farewell.test_prompts import the_book

WAITS = dict(zip(SEVERITIES, (0, 90, 200, 600, 1500, None), strict=True))
LOCALES = ("en-GB", "en-US")


def rung_back(
    severity: str, locale: str = "en-GB", *, call: str = "CA1", told: int | None = None
) -> Farewell:
    wait = wait_of(WAITS[severity], told=told)
    return situation(wait=wait, way="after", call=call, call_back=True).farewell(the_book(), locale)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_they_hear_the_apology_they_are_owed_and_a_goodbye_and_nothing_else(severity: str, locale: str):
    farewell = rung_back(severity, locale)
    owed = ["apology"] if severity not in ("none", "unknown") else []
    assert [moment.name for moment in farewell.moments] == [*owed, "goodbye"]
    assert farewell.left_out == ()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_nothing_they_hear_says_that_anybody_answered_or_talked_to_them(severity: str, locale: str):
    for number in range(40):
        said = " ".join(texts_of(rung_back(severity, locale, call=f"CA{number}")))
        assert not re.search(r"answer|talk(ing|ed)|went through|back to|press 0|the person you", said), said


@pytest.mark.parametrize("locale", LOCALES)
def test_a_wait_within_what_we_said_is_thanked_and_not_as_if_they_had_seen_it_through(locale: str):
    for number in range(20):
        (apology,) = texts_of(rung_back("long", locale, call=f"CA{number}", told=600), "apology")
        assert "sorry" not in apology
        assert "you stayed" not in apology


def test_who_has_heard_every_apology_for_it_hears_one_of_them_again():
    of, heard = situation(wait=wait_of(600), way="after", call_back=True), list[str]()
    for number in range(12):
        again = replace(of, story=replace(of.story, call=f"CA{number}"))
        farewell = again.farewell(the_book(), heard_before={"apology": heard})
        (line,) = farewell.moments[0].lines
        assert "nobody" in line.entry, line.entry
        heard = [line.variant, *heard]


def test_who_has_heard_every_goodbye_for_it_hears_one_of_them_again():
    entry = next(
        entry for entry in the_book().entries("en-GB", "goodbye") if entry.name == "we will ring them"
    )
    heard = {"goodbye": [variant.id for variant in entry.variants]}
    farewell = situation(wait=wait_of(20), way="after", call_back=True).farewell(
        the_book(), heard_before=heard
    )
    (line,) = farewell.moments[-1].lines
    assert line.entry == "en-GB/goodbye/we will ring them"
    assert line.variant == heard["goodbye"][-1]  # the one heard longest ago


def test_what_an_agent_noted_before_they_queued_again_is_still_told():
    noted = Wrapup(steps=(Step(who="us", what="send a form"),))
    farewell = situation(noted, wait_of(20), way="after", call_back=True).farewell(the_book())
    assert [moment.name for moment in farewell.moments] == ["next_steps", "goodbye"]
