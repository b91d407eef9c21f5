"""The vocabulary filled in: what is unknown is left out."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.spoken import Value
from ivr.book.vocabulary import BY_NAME
from ivr.calls.wrapup import Gift, Step, Wrapup
from ivr.farewell.facts import (
    facts_of,
    gift_facts,
    line_facts,
    part_of_day,
    same_language,
    spoken_name,
    step_facts,
    tidy,
    tone_of,
    worded,
)
from tests.farewell.generated import NOW, Situation, situation, situations, wait_of
from tests.farewell.small_book import book_with, small_book

BOOK = small_book()


def facts(of: Situation) -> dict[str, Value]:
    return facts_of(of.story, of.wait, of.wrapup, BOOK, NOW, of.means, "en-GB", of.first_time)


def test_nothing_noted_leaves_all_that_only_an_agent_knows_unknown():
    known = facts(situation())
    assert not {"caller.name", "agent.name", "call.resolved", "call.trouble", "call.reason"} & known.keys()


def test_an_unknown_wait_has_no_figures():
    known = facts(situation(wait=wait_of(None)))
    assert known["severity"] == "unknown"
    assert not [name for name in known if name.startswith("wait.")]


def test_the_figure_is_of_this_call_alone():
    known = facts(situation(wait=wait_of(100, 50, 900), verified=True))
    assert (known["wait.seconds"], known["wait.queue"], known["wait.hold"]) == (150, 100, 50)
    assert (known["wait.earlier"], known["wait.mostly"], known["severity"]) == (900, "earlier", "extreme")


def test_hold_time_nobody_told_of_is_not_mentioned():
    assert "wait.hold" not in facts(situation(wait=wait_of(400)))


@pytest.mark.parametrize(
    ("wrapup", "story"), [(Wrapup(), {"verified": True}), (Wrapup(same_person=True), {}), (Wrapup(), {"same_person": True})]
)  # fmt: skip
def test_earlier_calls_are_known_of_a_customer_or_of_somebody_the_agent_knows_again(
    wrapup: Wrapup, story: dict[str, bool]
):
    known = facts(situation(wrapup, wait_of(100, 0, 300, calls=3), **story))
    assert (known["wait.earlier"], known["calls_today"]) == (300, 3)


def test_a_number_is_not_a_person():
    of = situation(wait=wait_of(100, 0, 300, calls=3))
    known = facts(Situation(of.story, of.wait, of.wrapup, of.means, first_time=False))
    assert not {"wait.earlier", "calls_today", "first_time", "wait.mostly"} & known.keys()


def test_the_day_is_that_of_the_rules_zone():
    night = datetime(2026, 7, 3, 23, 30, tzinfo=UTC)  # half past midnight in London
    known = line_facts(BOOK, "default", night, "en-GB")
    assert (known["day.part"], known["day.weekday"], known["day.date"]) == (
        "night",
        "saturday",
        date(2026, 7, 4),
    )


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (4, "night"), (5, "morning"), (11, "morning"), (12, "afternoon"), (17, "afternoon"),
     (18, "evening"), (21, "evening"), (22, "night")],
)  # fmt: skip
def test_the_parts_of_the_day(hour: int, part: str):
    assert part_of_day(hour) == part


def test_the_line_is_what_the_queues_rules_say():
    known = line_facts(BOOK, "default", NOW, "en-GB")
    assert (known["line.name"], known["line.phone"]) == ("the help line", "+442079460000")
    assert "line.hours" not in known
    assert line_facts(BOOK, None, NOW, "en-GB").keys() == known.keys() - {"call.queue"}


def test_a_queue_may_forbid_texts():
    assert facts(situation(textable=True))["textable"] is True
    assert facts(situation(textable=True, queue="wordless"))["textable"] is False
    assert facts(situation(textable=False))["textable"] is False


@pytest.mark.parametrize(
    "name", ["ANA", "MARÍA LÓPEZ", "J", "Dr Ana Maria Diaz", "", "  ", "None", "null", "{{ name }}", "[name]", "<Ana>",
             "a@b.example", "Caller 7", "--", "\x00", None]
)  # fmt: skip
def test_what_is_no_name_to_somebodys_face_is_not_spoken(name: str | None):
    assert spoken_name(name, BOOK, "en-GB") is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [("Ana", "Ana"), (" Ana\x07  Maria ", "Ana Maria"), ("Mrs van Dyke", "Mrs van Dyke"), ("Siobhan", "Shivawn"),
     ("Zoë", "Zoë"), ("O’Brien", "O’Brien"), ("Ana\u200b", "Ana")],
)  # fmt: skip
def test_a_name_is_said_as_the_agent_would_and_as_the_book_says_it(typed: str, said: str):
    assert spoken_name(typed, BOOK, "en-GB") == said


@pytest.mark.parametrize(
    ("typed", "said"),
    [(" send  it. ", "send it"), ("a\x00b\nc", "a b c"), ("\ud800x", "x"), ("{{ what }}", None), ("${what}", None),
     ("undefined", None), (None, None), ("...", None), ("send [two] parts", "send two parts"), ("<none>", None),
     ("\u202etext", "text")],
)  # fmt: skip
def test_typed_text_is_made_fit_to_be_spoken(typed: str | None, said: str | None):
    assert tidy(typed) == said


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_whatever_is_typed_nothing_unspeakable_is_left(typed: str):
    said = tidy(typed)
    assert said is None or (
        said == " ".join(said.split()) and said.isprintable() and not set(said) & set("{}[]<>")
    )


def test_sad_news_makes_the_call_gentle_and_silences_every_other_gift():
    wrapup = Wrapup(
        tone="sober",
        gifts=(Gift(kind="holiday", detail="in Tobago"), Gift(kind="loss", detail="your mother")),
    )
    assert tone_of(wrapup) == "gentle"
    assert gift_facts(wrapup) == {"gift.kind": "loss", "gift.detail": "your mother", "gift.whose": "caller"}


@pytest.mark.parametrize("wrapup", [{"resolved": False}, {"tone": "sober"}, {"tone": "gentle"}])
def test_a_happy_gift_is_not_known_where_it_would_hurt(wrapup: dict[str, object]):
    assert gift_facts(Wrapup(gifts=(Gift(kind="holiday"),), **wrapup)) == {}  # type: ignore[arg-type]


def test_one_gift_is_known_the_first_that_anybody_has_words_for():
    gifts = (
        Gift(kind="yacht"),
        Gift(kind="match", detail="on Sunday.", whose="nobody"),
        Gift(kind="holiday"),
    )
    assert gift_facts(Wrapup(gifts=gifts)) == {"gift.kind": "match", "gift.detail": "on Sunday"}


def test_an_unknown_tone_is_plain():
    assert tone_of(Wrapup(tone="jolly")) == "plain"


def test_a_ready_made_step_is_worded_by_the_book_in_any_language():
    step = worded(Step(who="us", what="rembourser", locale="fr-FR", ready_made="refund"), BOOK, "en-GB")
    assert step is not None
    assert step.what == "refund you in full"


def test_a_step_typed_in_another_language_has_no_words_here():
    assert worded(Step(who="us", what="rembourser", locale="fr-FR"), BOOK, "en-GB") is None
    assert worded(Step(who="us", what="refund", locale="en_US"), BOOK, "en-GB") is not None
    assert same_language(None, "en-GB")


def test_the_facts_of_a_step_hold_no_reference_and_no_blank():
    step = worded(
        Step(who="you", what="send it.", by=date(2026, 11, 28), reference="AB", to="\x0b"), BOOK, "en-GB"
    )
    assert step is not None
    assert step_facts(step) == {"step.who": "you", "step.what": "send it", "step.by": date(2026, 11, 28)}


@given(situations)
@settings(max_examples=150)
def test_every_fact_is_in_the_vocabulary_and_none_is_blank(of: Situation):
    known = facts(of) | gift_facts(of.wrapup)
    for name, value in known.items():
        fact = BY_NAME[name]
        assert value != ""
        assert value is not None
        if fact.type == "choice":
            assert value in fact.values
        if fact.type == "flag":
            assert type(value) is bool
    assert {fact.name for fact in BY_NAME.values() if fact.always and not fact.pages} <= known.keys()


def test_notices_are_facts_of_the_queue():
    book = book_with(
        rules="timezone: UTC\nlocale: en-GB\nqueues:\n  default: {notice: Our Leeds office is closed.}\n"
    )
    assert line_facts(book, "any", NOW, "en-GB")["line.notice"] == "Our Leeds office is closed."
