"""What is said or promised once: the notice, what is coming up, a voucher, a place at the front."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.book import Book
from ivr.calls.wrapup import Gift, Step, Wrapup
from ivr.farewell.facts import event_hash
from ivr.farewell.moments import Farewell, Promise
from ivr.farewell.promises import IN_FRONT_FOR
from tests.farewell.generated import NOW, Situation, names_of, situation, situations, texts_of, wait_of
from tests.farewell.small_book import RULES, book_with

NOTICE = "Our Leeds office is closed & quiet today."
EVENT = "Our open day is on Sunday."
STEP = Wrapup(resolved=True, steps=(Step(who="us", what="ring you"),))
TOLD = RULES.replace("queues:\n", f"queues:\n  default: {{notice: '{NOTICE}', event: {EVENT}}}\n", 1).replace(
    '  default: {question: likely_next, texts: allowed, line: {name: the help line, phone: "+442079460000"}}\n',
    "",
)
EXTREME = wait_of(1000)


def told_book() -> Book:
    """A notice in the apology and, in case it was not said there, in the goodbye; an event in both."""
    return book_with(
        rules=TOLD,
        apology="""
- entry: reason
  tone: any
  when: line.notice known
  say: |
    {{ line.notice }} We're sorry.

- entry: sorry
  tone: any
  say: |
    We're sorry.
""",
        goodbye="""
- entry: notice again
  tone: any
  when: line.notice known
  say: |
    {{ line.notice }} Bye.

- entry: event
  tone: any
  offer: true
  when: line.event known
  say: |
    {{ line.event }} Bye.

- entry: bye
  tone: any
  say: |
    Bye.
""",
    )


def test_the_notice_is_the_reason_and_is_said_once():
    farewell = situation(STEP, wait_of(400)).farewell(told_book())
    assert texts_of(farewell, "apology") == [f"{NOTICE} We're sorry."]
    assert texts_of(farewell, "goodbye") == [f"{EVENT} Bye."]


def test_where_nothing_was_said_of_it_before_the_goodbye_may_say_it():
    farewell = situation(STEP, wait_of(20)).farewell(told_book())
    assert texts_of(farewell, "goodbye") == [f"{NOTICE} Bye."]
    assert farewell.event is None


def test_after_a_return_the_notice_is_not_said_again_where_it_was_heard():
    of = situation(STEP, wait_of(400))
    first = of.farewell(told_book())
    again = of.farewell(told_book(), part=2, earlier_parts=[first], proven={1: {"opening", "apology"}})
    assert texts_of(again, "goodbye") == [f"{EVENT} Bye."]
    cut = of.farewell(told_book(), part=2, earlier_parts=[first], proven={1: {"opening"}})
    assert texts_of(cut, "goodbye") == [f"{NOTICE} Bye."]


def test_an_event_is_told_to_a_caller_on_one_call_and_another_event_is_told():
    of, book = situation(STEP, wait_of(400)), told_book()
    farewell = of.farewell(book)
    assert farewell.event == event_hash(EVENT)
    later = of.farewell(book, announced={event_hash(EVENT)})
    assert (texts_of(later, "goodbye"), later.event) == (["Bye."], None)
    another = of.farewell(book, announced={event_hash("Our fair is on Monday.")})
    assert texts_of(another, "goodbye") == [f"{EVENT} Bye."]


@pytest.mark.parametrize(
    "wrapup", [{"trouble": True}, {"resolved": False}, {"tone": "sober"}, {"tone": "gentle"}]
)
def test_an_event_is_not_told_and_not_counted_as_told_where_something_is_amiss(wrapup: dict[str, Any]):
    farewell = situation(replace(STEP, **wrapup), wait_of(400)).farewell(told_book())
    assert EVENT not in " ".join(texts_of(farewell))
    assert farewell.event is None


def test_a_farewell_that_told_of_an_event_comes_back_the_same_and_one_from_before_without():
    farewell = situation(STEP, wait_of(400)).farewell(told_book())
    kept = farewell.to_json()
    assert Farewell.from_json(kept) == farewell
    del kept["event"]
    assert Farewell.from_json(kept).event is None


# ---- what the words promise of their own accord ----


def promising_book(**more: str) -> Book:
    return book_with(
        apology="""
- entry: both
  tone: any
  when: severity is extreme
  say: |
    We're sorry. You go to the front next time. [promise front_of_queue]

- entry: sorry
  tone: any
  say: |
    We're sorry.
""",
        goodbye="""
- entry: voucher
  tone: any
  say: |
    We'll text you a voucher. [promise voucher]

- entry: front
  tone: any
  say: |
    And to the front you go. [promise front_of_queue]

- entry: bye
  tone: any
  say: |
    Bye.
""",
        texts="""
- entry: voucher
  part: voucher
  tone: any
  say: |
    Your code: {{ voucher.code }}.

- entry: note
  part: note
  tone: any
  say: |
    {{ step.what }}
""",
        **more,
    )


def able(of: Situation, *, voucher: str | None = "TEA-4471", front: bool = True) -> Situation:
    return replace(of, means=replace(of.means, voucher=voucher, front_of_queue=front))


def test_a_voucher_and_a_place_are_promised_where_they_are_spoken_of():
    of = able(situation(STEP, EXTREME, textable=True))
    farewell = of.farewell(promising_book())
    assert texts_of(farewell, "apology") == ["We're sorry. You go to the front next time."]
    assert texts_of(farewell, "goodbye") == ["We'll text you a voucher."]
    assert farewell.promises == (
        Promise("front_of_queue", NOW + IN_FRONT_FOR),
        Promise("voucher", NOW, "Your code: TEA-4471."),
    )


def test_a_place_is_promised_once_however_many_words_promise_it():
    farewell = able(situation(STEP, EXTREME), voucher=None).farewell(promising_book())
    assert texts_of(farewell, "goodbye") == ["Bye."]
    assert [promise.kind for promise in farewell.promises] == ["front_of_queue"]


def test_what_no_words_promise_is_not_promised():
    book = book_with(texts="- entry: v\n  part: voucher\n  say: |\n    {{ voucher.code }}\n")
    assert able(situation(STEP, EXTREME, textable=True)).farewell(book).promises == ()


@pytest.mark.parametrize(
    "of",
    [
        situation(STEP, EXTREME, textable=False),
        situation(STEP, EXTREME, textable=True, queue="wordless"),
        situation(replace(STEP, trouble=True), EXTREME, textable=True),
        situation(replace(STEP, resolved=False), EXTREME, textable=True),
        situation(replace(STEP, tone="sober"), EXTREME, textable=True),
        situation(replace(STEP, tone="gentle"), EXTREME, textable=True),
        situation(replace(STEP, gifts=(Gift(kind="loss"),)), EXTREME, textable=True),
    ],
)
def test_a_voucher_is_never_promised_where_it_would_hurt_or_could_not_be_sent(of: Situation):
    farewell = able(of).farewell(promising_book())
    assert [promise.kind for promise in farewell.promises] == ["front_of_queue"]
    assert "voucher" not in " ".join(texts_of(farewell))


def test_no_voucher_is_promised_when_none_is_left_or_no_text_would_say_its_code():
    of = situation(STEP, EXTREME, textable=True)
    assert "voucher" not in " ".join(texts_of(able(of, voucher=None).farewell(promising_book())))
    no_code = book_with(
        goodbye="- entry: v\n  say: |\n    A voucher comes. [promise voucher]\n\n- entry: bye\n  say: |\n    Bye.\n",
        texts="- entry: voucher\n  part: voucher\n  say: |\n    Your voucher is on its way.\n",
    )
    farewell = able(of).farewell(no_code)
    assert (texts_of(farewell, "goodbye"), farewell.promises) == (["Bye."], ())


def test_a_place_is_promised_after_an_extreme_wait_alone_and_where_it_can_be_kept():
    for of in (
        able(situation(STEP, wait_of(800)), voucher=None),
        able(situation(STEP, wait_of(None)), voucher=None),
        able(situation(STEP, EXTREME), voucher=None, front=False),
    ):
        farewell = of.farewell(promising_book())
        assert farewell.promises == ()
        assert "front" not in " ".join(texts_of(farewell))


def test_after_a_return_neither_is_promised_again():
    of, book = able(situation(STEP, EXTREME, textable=True)), promising_book()
    first = of.farewell(book)
    again = of.farewell(book, part=2, earlier_parts=[first], proven={1: {"opening"}})
    assert (again.promises, texts_of(again, "goodbye")) == ((), ["Bye."])


# ---- whatever the book says ----

_POOL = (
    "Words.",
    "Other words.",
    "{{ line.notice }} Words.",
    "{{ line.event }} Words.",
    "{{ line.event }} and {{ line.notice }}",
    "A voucher. [promise voucher]",
    "A place. [promise front_of_queue]",
    "A voucher and a place. [promise front_of_queue] [promise voucher]",
)
_VOUCHER = "- entry: v\n  part: voucher\n  tone: any\n  say: |\n    Your code: {{ voucher.code }}.\n"
_PARTS = {"opening": "", "apology": "", "next_steps": "ours", "question": "ask", "goodbye": ""}


@st.composite
def odd_books(draw: st.DrawFn) -> Book:
    """Notices, events and promises wherever a writer might put them."""
    pages = {}
    for page, part in _PARTS.items():
        entries = []
        for number in range(draw(st.integers(1, 3))):
            lines = draw(st.lists(st.sampled_from(_POOL), min_size=1, max_size=3, unique=True))
            offer = draw(st.sampled_from(("", "  offer: true\n")))
            head = f"- entry: e{number}\n  tone: any\n{offer}" + (f"  part: {part}\n" if part else "")
            entries.append(f"{head}  say: |\n" + "".join(f"    {line}\n" for line in lines))
        pages[page] = "\n".join(entries)
    return book_with(rules=TOLD, texts=_VOUCHER, **pages)


@given(odd_books(), situations, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_the_book_says_each_is_said_and_promised_once(
    book: Book, of: Situation, told: bool, all_heard: bool
):
    of = able(replace(of, story=replace(of.story, queue="default")))
    announced = {event_hash(EVENT)} if told else set()
    first = of.farewell(book, announced=announced)
    heard = [name for name in names_of(first) if name != "goodbye"] if all_heard else []
    second = of.farewell(book, announced=announced, part=2, earlier_parts=[first], proven={1: heard})
    for said in (texts_of(first), [*(texts_of(first, *heard) if heard else []), *texts_of(second)]):
        assert sum(NOTICE in text for text in said) <= 1
        assert sum(EVENT in text for text in said) <= (0 if told else 1)
    for kind, word in (("voucher", "voucher"), ("front_of_queue", "place")):
        promises = [promise for one in (first, second) for promise in one.promises if promise.kind == kind]
        spoken = [text for one in (first, second) for text in texts_of(one) if word in text]
        assert len(promises) == len(spoken) <= 1
    assert first.event == (event_hash(EVENT) if any(EVENT in text for text in texts_of(first)) else None)
    amiss = first.tone != "plain" or of.wrapup.resolved is False or of.wrapup.trouble is True
    assert not (amiss and "voucher" in " ".join(texts_of(first)))
    assert of.wait.severity == "extreme" or "place" not in " ".join(texts_of(first))
