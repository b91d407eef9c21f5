"""Whole farewells from the small book."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.voices import Pace
from ivr.calls.wrapup import Gift, Step, Wrapup
from ivr.farewell.composer import note, say
from ivr.farewell.facts import line_facts
from ivr.farewell.moments import page_of
from tests.farewell.generated import (
    LOCALE,
    NOW,
    Situation,
    names_of,
    situation,
    situations,
    texts_of,
    wait_of,
    without_steps,
)
from tests.farewell.small_book import FILES, book_with, small_book

ROUTER = Step(who="us", what="send a replacement router", by=date(2026, 11, 28), reference="AB-4719")
PHOTO = Step(who="you", what="email a photo of the label", to="help@example.com")
CHARGE = Step(who="done", what="cancelled the second charge")
ANA = Wrapup(
    name="Ana", agent="Sam", steps=(CHARGE, ROUTER, PHOTO), gifts=(Gift(kind="holiday", detail="in Tobago"),)
)


def test_a_call_ends_with_an_apology_the_next_steps_and_a_goodbye_by_name():
    farewell = situation(ANA, wait_of(750, 120)).farewell(small_book())
    assert names_of(farewell) == ["opening", "apology", "next_steps", "goodbye"]
    assert "more than fourteen minutes" in texts_of(farewell, "apology")[0]
    assert texts_of(farewell, "next_steps") == [
        "This comes next.",
        "We have cancelled the second charge.",
        texts_of(farewell, "next_steps")[2],
        "Please email a photo of the label to help at example dot com.",
        "Quote A B, 4 7 1 9. Again: A B, 4 7 1 9.",
        "To hear that again, press 1.",
    ]
    assert "by Saturday the twenty-eighth of November" in texts_of(farewell, "next_steps")[2]
    assert texts_of(farewell, "goodbye") == ["Have a good time in Tobago, Ana."]
    assert [line.step for line in farewell.moments[2].lines] == [None, 1, 2, 3, 2, None]
    assert (farewell.version, farewell.locale, farewell.tone, farewell.agent) == (7, "en-GB", "plain", "Sam")
    assert farewell.left_out == ()


def test_a_call_without_a_word_from_the_agent_is_asked_and_let_go():
    farewell = situation(way="after").farewell(small_book())
    assert names_of(farewell) == ["opening", "question", "goodbye"]
    assert farewell.moments[1].listens
    assert farewell.agent is None


def test_a_farewell_remembers_which_version_of_the_book_it_came_from():
    assert situation().farewell(replace(small_book(), version=12)).version == 12


def test_the_moments_come_in_the_order_of_the_rules():
    book = book_with(rules="timezone: UTC\nlocale: en-GB\nmoments: [apology, opening, next_steps, goodbye]\n")
    assert names_of(situation(ANA, wait_of(400)).farewell(book)) == [
        "apology",
        "opening",
        "next_steps",
        "goodbye",
    ]


def test_where_both_listen_no_key_is_spoken_of_and_nothing_is_asked():
    farewell = situation(ANA, way="together").farewell(small_book())
    assert "To hear that again, press 1." not in texts_of(farewell)
    assert not any(moment.listens for moment in farewell.moments)
    assert "question" not in names_of(situation(way="together").farewell(small_book()))


def test_a_slow_pace_slows_every_line_and_lengthens_it():
    quick, slow = (situation(replace(ANA, pace=pace)).farewell(small_book()) for pace in ("normal", "slow"))
    assert texts_of(quick) == texts_of(slow)
    lines = [line for moment in slow.moments for line in moment.lines]
    assert all(
        line.ssml.startswith('<prosody rate="80%">') and line.ssml.endswith("</prosody>") for line in lines
    )
    assert slow.seconds > 1.1 * quick.seconds


def test_a_line_lasts_as_long_as_its_own_voice_takes():
    usual = small_book()
    locale = replace(usual.locales["en-GB"], voice=replace(usual.voice("en-GB"), pace=Pace(75, 50)))
    unhurried = replace(usual, locales={**usual.locales, "en-GB": locale})
    quick, slow = (situation(replace(ANA, pace="slow")).farewell(book) for book in (usual, unhurried))
    assert texts_of(quick) == texts_of(slow)
    assert slow.seconds > 1.3 * quick.seconds
    assert all(
        line.ssml.startswith('<prosody rate="66%">') for moment in slow.moments for line in moment.lines
    )


@pytest.mark.parametrize("mishap", ["fallback", "mishap"])
def test_without_words_for_the_goodbye_the_mishap_pages_are_spoken(mishap: str):
    book = book_with(
        goodbye="", mishap=f"- entry: oh\n  part: {mishap}\n  tone: any\n  say: |\n    We stop here.\n"
    )
    farewell = situation().farewell(book)
    assert texts_of(farewell, "goodbye") == ["We stop here."]
    assert farewell.left_out == ("goodbye",) if mishap == "fallback" else ("goodbye", "mishap/fallback")


def test_a_goodbye_is_never_silence():
    book = book_with(goodbye="- entry: hush\n  tone: any\n  say: |\n    [silence]\n")
    assert texts_of(situation().farewell(book), "goodbye") == ["We have to stop here. Goodbye."]


def test_steps_without_words_make_no_moment():
    book = book_with(
        next_steps="- entry: opening\n  part: opening\n  tone: any\n  say: |\n    This comes next.\n"
    )
    farewell = situation(ANA).farewell(book)
    assert names_of(farewell) == ["opening", "goodbye"]
    assert set(farewell.left_out) == {
        "next_steps/done",
        "next_steps/ours",
        "next_steps/theirs",
        "next_steps/reference",
    }


def pen_book():
    """Whoever is to write something down is told so beforehand."""
    words = """
- entry: a pen
  part: opening
  tone: any
  when: steps.references at least 1
  say: |
    Have a pen ready.

"""
    return book_with(next_steps=words + FILES["en-GB/next_steps.yaml"])


@pytest.mark.parametrize(
    ("number", "reference", "pen"), [(1, "AB-4719", True), (1, "--", False), (3, "AB-4719", False)]
)
def test_a_pen_is_asked_for_only_where_a_reference_will_be_said(number: int, reference: str, pen: bool):
    steps = [Step(who="you", what=f"do {what}") for what in "abcd"]
    steps[number - 1] = replace(steps[number - 1], reference=reference)
    farewell = situation(Wrapup(steps=tuple(steps), text_note=True), textable=True).farewell(pen_book())
    assert ("Have a pen ready." in texts_of(farewell)) is pen
    assert any(line.part == "reference" for moment in farewell.moments for line in moment.lines) is pen


def test_steps_of_one_kind_do_not_all_begin_alike():
    ours = "- entry: ours\n  part: ours\n  tone: any\n  say: |\n    We will {{ step.what }}.\n    Next, we {{ step.what }}.\n"
    for call in range(8):
        wrapup = Wrapup(steps=(Step(who="us", what="ring you"), Step(who="us", what="write to you")))
        said = texts_of(
            situation(wrapup, call=f"CA{call}").farewell(book_with(next_steps=ours)), "next_steps"
        )
        assert len({text.split()[0] for text in said}) == 2


# ---- after a return to the agent ----

HEARD = {1: ["opening", "apology", "next_steps"]}


def second(first: Situation, wrapup: Wrapup, heard: dict[int, list[str]] = HEARD, **more: bool):
    """The part after a return, with another wrap-up."""
    begun = first.farewell(small_book())
    return replace(first, wrapup=wrapup).farewell(small_book(), part=2, earlier_parts=[begun], proven=heard)


def test_after_a_return_only_what_is_new_is_said():
    new = Step(who="us", what="ring you on Monday")
    farewell = second(situation(ANA, wait_of(750)), replace(ANA, steps=(*ANA.steps, new)))
    assert texts_of(farewell, "next_steps") == [
        "This comes next.",
        "We will ring you on Monday.",
        "To hear that again, press 1.",
    ]
    assert names_of(farewell) == ["next_steps", "goodbye"]
    assert farewell.part == 2
    assert farewell.moments[0].lines[1].step == 4


def test_after_a_return_with_nothing_new_there_is_the_goodbye_alone():
    assert names_of(second(situation(ANA, wait_of(750)), ANA)) == ["goodbye"]
    assert names_of(second(situation(), Wrapup(), {1: ["opening"]})) == ["goodbye"]


def test_steps_that_were_told_in_the_same_words_are_each_known_to_have_been_told():
    days = (date(2026, 11, 28), date(2026, 11, 28), None, date(2026, 11, 28))
    many = Wrapup(
        steps=tuple(Step(who="us", what=f"do {what}", by=by) for what, by in zip("abcd", days, strict=True))
    )
    heard = {1: ["opening", "next_steps", "next_steps_2"]}
    assert names_of(second(situation(many), many, heard)) == ["goodbye"]


def test_a_step_whose_day_has_changed_is_new():
    moved = replace(ANA, steps=(CHARGE, replace(ROUTER, by=date(2026, 11, 30)), PHOTO))
    said = texts_of(second(situation(ANA), moved), "next_steps")
    assert any("Monday the thirtieth of November" in text for text in said)
    assert not any("4 7 1 9" in text or "photo" in text or "charge" in text for text in said)


def test_a_step_whose_words_are_part_of_another_is_not_taken_for_it():
    first = situation(
        Wrapup(steps=(Step(who="us", what="send it back"), Step(who="done", what="changed it all")))
    )
    wrapup = Wrapup(steps=(Step(who="us", what="send it"), Step(who="done", what="changed i")))
    said = texts_of(second(first, wrapup), "next_steps")
    assert said[1:3] == ["We have changed i.", "We will send it."]


def test_what_is_done_is_not_said_again_though_it_was_typed_in_figures():
    paid = replace(ANA, steps=(Step(who="done", what="refunded £12.50 & wrote to ana@example.com"),))
    assert "We have refunded twelve pounds fifty & wrote to ana at example dot com." in texts_of(
        situation(paid).farewell(small_book())
    )
    assert names_of(second(situation(paid), paid)) == ["goodbye"]


def test_what_was_cut_off_by_the_return_is_said():
    farewell = second(situation(ANA, wait_of(750)), ANA, {1: ["opening"]})
    assert "We have cancelled the second charge." in texts_of(farewell)
    assert names_of(farewell) == ["next_steps", "goodbye"]


def test_a_goodbye_that_was_heard_is_not_said_again():
    assert names_of(second(situation(ANA), ANA, {1: ["opening", "next_steps", "goodbye"]})) == []


def test_a_note_is_not_sent_twice_and_a_second_one_holds_what_is_new():
    agreed = replace(ANA, text_note=True, check_in=NOW + timedelta(days=3))
    first = situation(agreed, textable=True)
    assert [promise.kind for promise in first.farewell(small_book()).promises] == ["text_note", "check_in"]
    assert second(first, agreed).promises == ()
    new = replace(agreed, steps=(*agreed.steps, Step(who="us", what="ring you on Monday")))
    assert [promise.body for promise in second(first, new).promises] == [
        "From the help line: ring you on Monday."
    ]


def test_a_reference_that_only_a_note_not_spoken_of_carries_is_said_twice():
    agreed = replace(ANA, text_note=True)
    later = second(situation(agreed, textable=True), agreed, {1: ["opening"]})
    assert "Quote A B, 4 7 1 9. Again: A B, 4 7 1 9." in texts_of(later, "next_steps")
    assert later.left_out == ()


@given(situations, st.booleans())
@settings(max_examples=100, deadline=None)
def test_nothing_is_said_twice_after_a_return(of: Situation, all_heard: bool):
    first = of.farewell(small_book())
    heard = names_of(first) if all_heard else [name for name in names_of(first) if name != "goodbye"]
    later = of.farewell(small_book(), part=2, earlier_parts=[first], proven={1: heard})
    assert names_of(later) == ([] if all_heard and "goodbye" in heard else ["goodbye"])
    other = replace(of, wrapup=without_steps(of.wrapup)).farewell(
        small_book(), part=2, earlier_parts=[first], proven={1: heard}
    )
    assert not [name for name in names_of(other) if page_of(name) != "goodbye"]


# ---- promises ----


def test_a_note_has_every_step_with_its_day_and_reference_and_the_line_named_once():
    farewell = situation(replace(ANA, text_note=True), textable=True).farewell(small_book())
    promise = farewell.promises[0]
    assert (promise.kind, promise.due) == ("text_note", NOW)
    assert promise.body.splitlines() == [
        "From the help line: cancelled the second charge.",
        "Send a replacement router by Saturday 28 November 2026. Ref AB-4719.",
        "Email a photo of the label.",
    ]
    assert "Your reference is A B, 4 7 1 9." in texts_of(farewell)


def test_nothing_is_promised_that_cannot_be_kept():
    agreed = replace(ANA, text_note=True, check_in=NOW + timedelta(days=1))
    assert situation(agreed, textable=False).farewell(small_book()).promises == ()
    assert situation(agreed, textable=True, queue="wordless").farewell(small_book()).promises == ()
    no_words = situation(agreed, textable=True).farewell(book_with(texts=""))
    assert no_words.promises == ()
    assert {"texts/note", "texts/check_in"} <= set(no_words.left_out)
    assert "Quote A B, 4 7 1 9. Again: A B, 4 7 1 9." in texts_of(no_words)


def test_nothing_is_promised_that_was_not_agreed():
    assert situation(ANA, textable=True).farewell(small_book()).promises == ()


def test_a_check_in_is_due_in_the_zone_of_the_rules_and_never_in_the_past():
    def promises(at: datetime):
        return situation(Wrapup(check_in=at), textable=True).farewell(small_book()).promises

    typed = datetime(2027, 7, 1, 10, 0, tzinfo=UTC).replace(tzinfo=None)  # as typed, without an offset
    assert promises(typed)[0].due == datetime(2027, 7, 1, 9, 0, tzinfo=UTC)
    assert promises(typed)[0].due.tzinfo == ZoneInfo("Europe/London")
    assert promises(NOW - timedelta(minutes=1)) == ()


def test_a_caller_who_asks_for_a_text_gets_all_the_steps():
    of = situation(ANA, textable=True)
    body = note(of.story, of.wait, of.wrapup, small_book(), now=NOW, farewell=of.farewell(small_book()))
    assert body is not None
    assert body.count("\n") == 2
    plain = situation(ANA)
    farewell = plain.farewell(small_book())
    assert note(plain.story, plain.wait, plain.wrapup, small_book(), now=NOW, farewell=farewell) is None


# ---- single lines ----


def test_any_page_can_be_spoken_from():
    line = say(
        small_book(), LOCALE, "greeting", "", line_facts(small_book(), "default", NOW, LOCALE), call="CA1"
    )
    assert line is not None
    assert (line.text, line.entry) == ("Hello from the help line.", "en-GB/greeting/hello")


def test_a_page_without_words_gives_no_line():
    assert say(small_book(), LOCALE, "waiting", "waiting", {}, call="CA1") is None


def test_the_way_back_names_the_agent_where_one_is_known():
    def back(**facts: str) -> set[str]:
        known = {name.replace("_", "."): value for name, value in facts.items()}
        lines = [say(small_book(), LOCALE, "question", "back", known, call=f"CA{n}") for n in range(12)]
        return {line.text for line in lines if line}

    assert back() == {"Back to the person you spoke to."}
    assert back(agent_name="Sam") == {"Back to Sam.", "Back to the person you spoke to."}
