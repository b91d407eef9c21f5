"""Conditions: one a line."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.source import Fault, Place
from ivr.book.vocabulary import FACTS
from ivr.book.when import Condition, parse

HERE = Place("en-GB/goodbye.yaml", 12, 9)


def condition(line: str) -> Condition:
    found = parse(line, HERE)
    assert isinstance(found, Condition), found
    return found


def fault(line: str, page: str | None = None) -> Fault:
    found = parse(line, HERE, page)
    assert isinstance(found, Fault), found
    return found


@pytest.mark.parametrize(
    ("line", "facts", "holds"),
    [
        ("gift.kind is holiday", {"gift.kind": "holiday"}, True),
        ("gift.kind is holiday or journey", {"gift.kind": "journey"}, True),
        ("gift.kind is holiday or journey", {"gift.kind": "match"}, False),
        ("gift.kind is new baby", {"gift.kind": "new_baby"}, True),
        ("gift.kind is not holiday", {"gift.kind": "match"}, True),
        ("gift.kind is not holiday or match", {"gift.kind": "match"}, False),
        ("steps.ours at least 1", {"steps.ours": 1}, True),
        ("steps.ours at least 2", {"steps.ours": 1}, False),
        ("steps.ours at most 1", {"steps.ours": 1}, True),
        ("steps.ours at most 0", {"steps.ours": 1}, False),
        ("steps.ours is 1 or 2", {"steps.ours": 2}, True),
        ("caller.name known", {"caller.name": "Ana"}, True),
        ("caller.name unknown", {"caller.name": "Ana"}, False),
        ("call.resolved", {"call.resolved": True}, True),
        ("call.resolved", {"call.resolved": False}, False),
        ("not call.resolved", {"call.resolved": False}, True),
        ("not call.resolved", {"call.resolved": True}, False),
        ("call.queue is Late Night", {"call.queue": "late_night"}, True),
        ("call.queue is not billing", {"call.queue": "Billing"}, False),
        ("day.date is 2026-12-25", {"day.date": date(2026, 12, 25)}, True),
    ],
)
def test_a_condition_holds(line, facts, holds):
    assert condition(line).holds(facts) is holds


@pytest.mark.parametrize(
    "line",
    [
        "gift.kind is holiday", "gift.kind is not holiday", "calls_today at least 1", "calls_today at most 9",
        "calls_today is not 3", "caller.name known", "call.resolved", "not call.resolved", "call.queue is not x",
    ],
)  # fmt: skip
def test_nothing_but_unknown_holds_for_an_unknown_fact(line):
    assert condition(line).holds({}) is False


def test_unknown_holds_for_an_unknown_fact():
    assert condition("caller.name unknown").holds({}) is True


def test_zero_and_no_are_known():
    assert condition("steps.ours known").holds({"steps.ours": 0})
    assert condition("call.resolved known").holds({"call.resolved": False})


@pytest.mark.parametrize(
    ("line", "column", "hint"),
    [
        ("gift.knd is holiday", 9, "gift.kind"),
        ("gift.kind is holday", 19, "holiday"),
        ("not gift.knd", 13, "gift.kind"),
        ("severity is very_lng", 18, "very_long"),
        ("caller.name", 9, "caller.name known"),
        ("not caller.name", 13, "caller.name known"),
        ("call.resolved is yes", 23, "not call.resolved"),
        ("caller.name at least 2", 21, "caller.name known"),
        ("steps.ours at least many", 20, "at least 2"),
        ("steps.ours at least 1 or 2", 20, "at least 2"),
        ("gift.kind was holiday", 19, "gift.kind is"),
        ("gift.kind is", 19, "gift.kind is"),
        ("caller.name known today", 21, "caller.name known"),
        ("day.date is christmas", 18, "day.date is"),
    ],
)
def test_a_slip_is_shown_at_its_place_with_what_is_right(line, column, hint):
    found = fault(line)
    assert (found.place.line, found.place.column) == (12, column)
    assert hint in (found.hint or "")


def test_a_fact_that_cannot_be_known_on_a_page_is_a_fault_there():
    assert "can never be known on the page greeting" in fault("gift.kind known", "greeting").message
    assert isinstance(parse("gift.kind known", HERE, "goodbye"), Condition)


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_no_line_makes_the_reader_fail(line):
    assert isinstance(parse(line, HERE, "goodbye"), Condition | Fault)


@given(
    st.sampled_from([fact.name for fact in FACTS]),
    st.sampled_from(["", "is", "is not", "at least", "at most", "known", "unknown"]),
    st.sampled_from(["", "1", "holiday", "us or you", "2026-12-25", "9" * 400]),
    st.booleans(),
)
@settings(max_examples=200)
def test_no_near_miss_makes_the_reader_fail(fact, op, value, no):
    found = parse(f"{'not ' if no else ''}{fact} {op} {value}", HERE)
    assert isinstance(found, Fault) or found.fact == fact
