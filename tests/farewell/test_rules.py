"""What a farewell never does, whatever was told, noted or written in the book."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.book import Book, Entry, Variant
from ivr.book.spoken import speaker
from ivr.calls.wrapup import GENTLE_GIFTS, Gift, Step, Wrapup
from ivr.farewell.composer import goes
from ivr.farewell.facts import facts_of, gift_facts, same_language, tidy, tone_of, worded
from ivr.farewell.moments import Farewell, Line, page_of
from tests.farewell.generated import (
    LOCALE,
    NOW,
    Situation,
    names_of,
    situation,
    situations,
    texts_of,
    wait_of,
)
from tests.farewell.small_book import bad_book, book_with, small_book

books = st.integers(-1, 60)  # the small book, or the seed of a bad one
many = settings(max_examples=150, deadline=None)
VOICE = speaker(LOCALE, NOW.date())


def book_of(seed: int) -> Book:
    return small_book() if seed < 0 else bad_book(seed)


def lines_of(farewell: Farewell, part: str | None = None) -> list[Line]:
    lines = [line for moment in farewell.moments for line in moment.lines]
    return [line for line in lines if part is None or line.part == part]


def source(book: Book, line: Line) -> tuple[Entry, Variant]:
    """The entry and the words a line came from."""
    entries = [
        e
        for p in book.locales[LOCALE].pages.values()
        for e in p
        if e.id == line.entry and e.part == line.part
    ]
    return next((e, v) for e in entries for v in e.variants if v.id == line.variant)


def texted(farewell: Farewell) -> bool:
    return any(promise.kind == "text_note" for promise in farewell.promises)


# ---- 1: apologies ----


@given(situations, books)
@many
def test_nobody_is_apologised_to_for_a_wait_that_was_short_unknown_or_made_good(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    if "apology" not in names_of(farewell):
        return
    assert of.wait.seconds is not None
    assert not of.story.apologised
    assert not of.wrapup.apologised
    assert names_of(farewell).count("apology") == 1
    if of.wait.severity == "slight":
        assert set(names_of(farewell)) <= {"opening", "apology", "goodbye"}
        entry, _ = source(
            book, next(line for m in farewell.moments if m.name == "apology" for line in m.lines)
        )
        assert any(condition.fact == "severity" for condition in entry.when)
    else:
        assert of.wait.severity in ("long", "very_long", "extreme")


@given(situations, books)
@many
def test_no_figure_is_larger_than_the_wait_of_this_call(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    facts = facts_of(of.story, of.wait, of.wrapup, book, NOW, of.means, LOCALE)
    for name in ("wait.seconds", "wait.queue", "wait.hold"):
        assert int(str(facts.get(name, 0))) <= of.wait.here
    for line in lines_of(farewell):
        _, variant = source(book, line)
        if "wait.seconds" in variant.needs:
            assert VOICE.spoken_wait(of.wait.here) in line.text


def test_a_wait_within_what_was_announced_is_thanked_for_and_a_longer_one_is_not():
    book = small_book()
    assert "Thank you" in texts_of(situation(wait=wait_of(200, told=240)).farewell(book), "apology")[0]
    assert "sorry" in texts_of(situation(wait=wait_of(241, told=240)).farewell(book), "apology")[0].lower()


def test_a_slight_wait_is_thanked_for_only_when_nothing_else_is_said_before_the_goodbye():
    alone = situation(wait=wait_of(90), queue="quiet").farewell(small_book())
    assert names_of(alone) == ["opening", "apology", "goodbye"]
    steps = Wrapup(steps=(Step(who="us", what="ring you"),))
    assert "apology" not in names_of(situation(steps, wait_of(90), queue="quiet").farewell(small_book()))
    assert "apology" not in names_of(
        situation(wait=wait_of(90)).farewell(small_book())
    )  # the question is asked
    no_thanks = book_with(apology="- entry: sorry\n  tone: any\n  say: |\n    Sorry.\n")
    assert "apology" not in names_of(situation(wait=wait_of(90), queue="quiet").farewell(no_thanks))


# ---- 2: nothing that is not meant to be heard ----


@given(situations, books)
@many
def test_nothing_blank_nothing_unfilled_and_no_code_word_is_spoken(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    for moment in farewell.moments:
        assert moment.lines
    for line in lines_of(farewell):
        assert line.text == " ".join(line.text.split()) != ""
        assert line.text.isprintable()
        assert not set(line.text) & set("{}[]<>")
        assert not {"None", "null", "very_long", "caller.name"} & set(line.text.split())
        assert line.seconds > 0
    for promise in farewell.promises:
        assert promise.body.strip()
        assert "{" not in promise.body


# ---- 3: tone, sales and gifts ----


@given(situations, books)
@many
def test_each_line_is_of_the_calls_tone_and_nothing_is_sold_after_trouble(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    assert farewell.tone == tone_of(of.wrapup)
    for line in lines_of(farewell):
        entry, variant = source(book, line)
        # Where a book has no goodbye of this tone, the mishap page's plain words are better than none.
        assert farewell.tone in entry.tones or entry.page == "mishap"
        assert set(variant.promises) <= {promise.kind for promise in farewell.promises}
        if entry.offer:
            assert farewell.tone == "plain"
            assert of.wrapup.resolved is not False
            assert of.wrapup.trouble is not True


@given(situations, books)
@many
def test_one_gift_at_most_is_spoken_and_a_happy_one_only_where_nothing_is_amiss(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    for line in lines_of(farewell):
        entry, variant = source(book, line)
        asked = {condition.fact for condition in entry.when if condition.op != "unknown"} | variant.needs
        if not any(fact.startswith("gift.") for fact in asked):
            continue
        assert page_of(next(m.name for m in farewell.moments if line in m.lines)) == "goodbye"
        kind = gift_facts(of.wrapup)["gift.kind"]
        if kind not in GENTLE_GIFTS:
            assert farewell.tone == "plain"
            assert of.wrapup.resolved is not False
    spoken = " ".join(texts_of(farewell))
    assert sum(detail in spoken for detail in ("gift one", "gift two", "gift three")) <= 1


def test_sad_news_is_spoken_of_and_the_holiday_is_not():
    wrapup = Wrapup(
        name="Ana", gifts=(Gift(kind="holiday", detail="in Tobago"), Gift(kind="loss", detail="your mother"))
    )
    farewell = situation(wrapup).farewell(small_book())
    assert texts_of(farewell, "goodbye") == ["We are sorry about your mother. Goodbye."]


# ---- 4: the steps ----


@given(situations, books)
@many
def test_three_steps_are_spoken_when_the_rest_can_go_by_text_and_three_to_a_moment_otherwise(
    of: Situation, seed: int
):
    book = book_of(seed)
    farewell = of.farewell(book)
    steps = [moment for moment in farewell.moments if page_of(moment.name) == "next_steps"]
    for moment in steps:
        assert len([line for line in moment.lines if line.part in ("ours", "theirs")]) <= 3
    if texted(farewell):
        assert len(steps) <= 1
        assert len(lines_of(farewell, "theirs")) <= 2
    assert [moment.name for moment in steps] == ["next_steps", "next_steps_2", "next_steps_3"][: len(steps)]


@given(situations)
@many
def test_every_step_reaches_the_caller_or_is_named_as_left_out(of: Situation):
    farewell = of.farewell(small_book())
    said = " ".join(texts_of(farewell))
    note = " ".join(promise.body for promise in farewell.promises if promise.kind == "text_note")
    where = goes(of.wrapup, small_book(), textable=of.means.textable, locale=LOCALE, queue=of.story.queue)
    assert len(where) == len(of.wrapup.steps)
    for step, goes_by in zip(of.wrapup.steps, where, strict=True):
        ready = worded(step, small_book(), LOCALE)
        words = ready.what if ready else tidy(step.what)
        if words is None or step.who == "somebody":
            assert goes_by == "unsaid"
            continue
        assert (words in said) >= (goes_by in ("spoken", "both"))
        assert (words in note or words[0].upper() + words[1:] in note) >= (goes_by in ("text", "both"))
        if goes_by == "unsaid":
            assert "next_steps/another language" in farewell.left_out


@given(situations, books)
@many
def test_the_last_line_holds_nothing_the_caller_needs(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    if "goodbye" in names_of(farewell):
        assert names_of(farewell)[-1] == "goodbye"
        assert not any("mend thing" in text for text in texts_of(farewell, "goodbye"))


def test_ours_come_first_and_the_callers_own_are_two_at_most():
    named = (("you", "a"), ("you", "b"), ("you", "c"), ("us", "d"), ("us", "e"), ("done", "f"))
    wrapup = Wrapup(text_note=True, steps=tuple(Step(who=who, what=f"do {what}") for who, what in named))
    farewell = situation(wrapup, textable=True).farewell(small_book())
    assert texts_of(farewell, "next_steps") == [
        "This comes next.", "We have do f.", "We will do d.", "Please do a.", "Please do b.",
        "The rest is in a text.", "To hear that again, press 1.",
    ]  # fmt: skip
    assert goes(wrapup, small_book(), textable=True, locale=LOCALE) == (
        "both",
        "both",
        "text",
        "both",
        "text",
        "both",
    )
    plain = situation(wrapup).farewell(small_book())
    assert texts_of(plain, "next_steps", "next_steps_2") == [
        "This comes next.", "We have do f.", "We will do d.", "We will do e.", "Please do a.",
        "Please do b.", "Please do c.", "To hear that again, press 1.",
    ]  # fmt: skip
    assert [moment.listens for moment in plain.moments] == [False, False, True, False]


# ---- 5: references ----


@given(situations, books)
@many
def test_a_reference_is_said_twice_the_second_time_slower_or_once_when_texted(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    note = "\n".join(promise.body for promise in farewell.promises if promise.kind == "text_note")
    for line in lines_of(farewell, "reference"):
        assert line.step is not None
        reference = tidy(of.wrapup.steps[line.step - 1].reference)
        assert reference is not None
        spelled = VOICE.spell(reference)
        assert line.ssml.count(spelled) == (1 if reference in note else 2)
        if reference not in note:
            assert VOICE.slowly(spelled) in line.ssml.partition(spelled)[2]
    told = [source(book, line)[1] for line in lines_of(farewell) if line.part != "reference"]
    assert not any("step.reference" in variant.mentions for variant in told)
    spoken = [
        tidy(of.wrapup.steps[(line.step or 0) - 1].reference) for line in lines_of(farewell, "reference")
    ]
    assert len(spoken) == len(set(spoken))


# ---- 7: listening ----


@given(situations, books)
@many
def test_there_is_one_listening_point_at_most_and_only_the_goodbye_follows_it(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    names = names_of(farewell)
    listening = [moment.name for moment in farewell.moments if moment.listens]
    assert len(listening) <= 1
    if of.means.way == "together":
        assert not listening
    elif any(page_of(name) == "next_steps" for name in names):
        assert listening == [[name for name in names if page_of(name) == "next_steps"][-1]]
    if listening:
        assert names[names.index(listening[0]) + 1 :] in ([], ["goodbye"])
    if "question" in names:
        assert not of.wrapup.steps
        assert farewell.tone != "gentle"
        assert of.wrapup.resolved is not False
        assert of.story.queue != "quiet"


def test_what_is_asked_is_as_the_queue_says():
    wrapup = Wrapup(reason="delivery")
    asked = [
        texts_of(situation(wrapup, queue=queue).farewell(small_book()), "question")
        for queue in ("default", "at_large", "quiet")
    ]
    assert asked == [["Who will be in for the delivery?"], ["Is there anything else?"], []]


# ---- 8: memory ----


@given(st.integers(0, 60), situations, st.integers(0, 30))
@many
def test_no_goodbye_is_said_again_while_the_book_has_another_that_fits(seed: int, of: Situation, first: int):
    """Each caller rings twelve times; every repeat is checked against all the words that would have fitted."""
    book = bad_book(seed)
    heard: list[str] = []
    for number in range(12):
        said = replace(of, story=replace(of.story, call=f"CA{first}-{number}")).farewell(
            book, heard_before={"goodbye": heard}
        )
        lines = [line for line in lines_of(said) if "/goodbye/" in line.entry]
        if not lines:
            return
        _, variant = source(book, lines[0])
        if variant.id in heard and said.tone != "gentle":
            assert not fitting(book, of, said, variant) - set(heard)
        heard = [variant.id, *heard][:10]


@given(st.integers(0, 60), st.lists(situations, min_size=2, max_size=4), st.randoms(use_true_random=False))
@many
def test_no_goodbye_is_said_again_in_whatever_order_a_callers_situations_come(
    seed: int, several: list[Situation], chance: Random
):
    """Twelve calls of one caller, each unlike the last; the words of gentle calls are remembered too."""
    book = bad_book(seed)
    heard: list[str] = []
    for number in range(12):
        of = chance.choice(several)
        of = replace(of, story=replace(of.story, call=f"CA-{number}"))
        said = of.farewell(book, heard_before={"goodbye": heard})
        assert of.farewell(book, heard_before={"goodbye": heard}) == said  # asked again: the same words
        lines = [line for line in lines_of(said) if "/goodbye/" in line.entry]
        if not lines:
            continue
        _, variant = source(book, lines[0])
        if variant.id in heard and said.tone != "gentle":
            assert not fitting(book, of, said, variant) - set(heard)
        heard = [variant.id, *heard][:10]


def fitting(book: Book, of: Situation, said: Farewell, chosen: Variant) -> set[str]:
    """Every goodbye that fits this call and says no less of the gift than the chosen one; worked out anew."""
    facts = facts_of(of.story, of.wait, of.wrapup, book, NOW, of.means, LOCALE, of.first_time) | gift_facts(
        of.wrapup
    )
    facts["texted"] = texted(said)
    promised = {promise.kind for promise in said.promises}
    amiss = said.tone != "plain" or of.wrapup.resolved is False or of.wrapup.trouble is True
    found: set[str] = set()
    for entry in book.entries(LOCALE, "goodbye", "", said.tone):
        usable = [
            v
            for v in entry.variants
            if v.needs <= set(facts) and set(v.promises) <= promised and not v.silent
        ]
        if "gift.detail" in facts and any("gift.detail" in v.needs for v in usable):
            usable = [v for v in usable if "gift.detail" in v.needs]
        elif "gift.detail" in chosen.needs:
            usable = []
        if entry.silence or (entry.offer and amiss) or not all(c.holds(facts) for c in entry.when):
            continue
        found |= {v.id for v in usable}
    return found


# ---- 9: a number is not a person ----


@given(situations, books)
@many
def test_earlier_calls_are_spoken_of_only_to_somebody_we_know(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    if of.story.verified or of.story.same_person or of.wrapup.same_person:
        return
    for line in lines_of(farewell):
        _, variant = source(book, line)
        assert "wait.earlier" not in variant.needs
        assert "calls_today" not in variant.needs or of.wait.calls_today == 1


# ---- 10: languages ----


@given(situations, books)
@many
def test_a_step_in_another_language_is_not_spoken(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    for line in lines_of(farewell):
        if line.step is not None:
            step = of.wrapup.steps[line.step - 1]
            assert same_language(step.locale, LOCALE) or book.step(LOCALE, step.ready_made or "") is not None


def test_a_step_in_another_language_goes_by_text_or_is_named_as_left_out():
    wrapup = Wrapup(text_note=True, steps=(Step(who="us", what="vous rappeler", locale="fr-FR"),))
    written = situation(wrapup, textable=True).farewell(small_book())
    assert texts_of(written, "next_steps") == [
        "This comes next.",
        "The rest is in a text.",
        "To hear that again, press 1.",
    ]
    assert "ous rappeler" in written.promises[0].body
    unwritten = situation(wrapup).farewell(small_book())
    assert "next_steps/another language" in unwritten.left_out
    assert goes(wrapup, small_book(), textable=False, locale=LOCALE) == ("unsaid",)


# ---- always ----


@given(situations, books)
@many
def test_the_same_call_composed_twice_is_told_the_same_and_survives_json(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    assert of.farewell(book) == farewell
    assert Farewell.from_json(json.loads(json.dumps(farewell.to_json()))) == farewell
    assert farewell.way == of.means.way
    assert (farewell.agent is None) >= (of.means.way == "after")


def test_a_farewell_kept_before_questions_were_answered_aloud_is_read_as_it_was():
    kept = situation(Wrapup(resolved=True)).farewell(small_book()).to_json()
    for _, _, lines in kept["moments"]:
        for line in lines:
            assert line.pop() == ""  # where a yes leads
    assert Farewell.from_json(kept) == situation(Wrapup(resolved=True)).farewell(small_book())
    for _, _, lines in kept["moments"]:
        for line in lines:
            line += ["", "and more"]
    with pytest.raises(ValueError, match="longer"):
        Farewell.from_json(kept)


@given(situations, books)
@many
def test_what_the_book_has_no_words_for_is_named(of: Situation, seed: int):
    book = book_of(seed)
    farewell = of.farewell(book)
    goodbye = [line for moment in farewell.moments if moment.name == "goodbye" for line in moment.lines]
    if not goodbye or "/mishap/" in goodbye[0].entry:
        assert "goodbye" in farewell.left_out
    assert len(farewell.left_out) == len(set(farewell.left_out))
