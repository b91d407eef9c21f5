"""What comes next: the table, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.farewell import course
from ivr.farewell.answers import Answer
from ivr.farewell.course import Go, as_key, following, next_after, on_answer, on_key, rate
from ivr.farewell.moments import Farewell, Line, Moment, Promise
from tests.farewell.generated import NOW

NAMES = ("opening", "apology", "next_steps", "next_steps_2", "goodbye")


def farewell(
    *names: str, textable: bool = False, listens: str | None = None, texted: bool = False
) -> Farewell:
    steps = [name for name in names if name.startswith("next_steps")]
    listening = listens or (steps[-1] if steps else None)
    moments = tuple(Moment(name, (), name == listening) for name in names)
    promises = (Promise("text_note", NOW),) if texted else ()
    return Farewell("CA1", 1, "en-GB", 1, "aside", "plain", moments, promises, textable)


def asking(page: str, yes: str) -> Farewell:
    """A farewell that asks something on this page; `yes` is where a yes leads."""
    question = Line("en-GB/x/y", "a1b2c3", "Well?", "Well?", 1.0, part="keys", yes=yes)
    moments = (Moment(page, (question,), listens=True), Moment("goodbye", ()))
    return Farewell("CA1", 1, "en-GB", 1, "aside", "plain", moments, textable=True)


ANSWERS = [
    Answer(meaning, whole)  # type: ignore[arg-type]
    for meaning in ("yes", "no", "more", "done", "again", "text", "unclear")
    for whole in (True, False)
]
LONG = farewell(*NAMES, textable=True)
SHORT = farewell("opening", "question", "goodbye")


@pytest.mark.parametrize(
    ("said", "moment", "key", "goes"),
    [
        (LONG, "opening", "1", Go("on", "apology")),
        (LONG, "opening", "2", Go("on", "apology")),
        (LONG, "apology", "#", Go("on", "next_steps")),
        (LONG, "next_steps", "1", Go("restart", "next_steps", strays=1)),
        (LONG, "next_steps", "2", Go("restart", "next_steps", strays=1)),
        (LONG, "next_steps_2", "1", Go("again", "next_steps_2", again=1)),
        (LONG, "next_steps_2", "2", Go("text", "goodbye")),
        (LONG, "next_steps_2", "7", Go("unclear", "next_steps_2", strays=1)),
        (LONG, "goodbye", "1", Go("restart", "goodbye", strays=1)),
        (SHORT, "question", "1", Go("unclear", "question", strays=1)),
        *[(LONG, name, "0", Go("back")) for name in NAMES],
    ],
)
def test_a_key_leads_where_the_table_says(said: Farewell, moment: str, key: str, goes: Go):
    assert on_key(said, moment, key, agent_there=True) == goes


@pytest.mark.parametrize("page", ["question", "next_steps"])
@pytest.mark.parametrize(
    ("yes", "meaning", "to"),
    [
        ("back", "yes", "back"),
        ("back", "no", "on"),
        ("on", "yes", "on"),
        ("on", "no", "back"),
        ("", "yes", "unclear"),
        ("", "no", "on"),
        ("on", "more", "back"),
        ("back", "done", "on"),
        ("back", "again", "again"),
        ("back", "unclear", "unclear"),
    ],
)
def test_an_answer_leads_where_the_question_has_it(page: str, yes: str, meaning: str, to: str):
    answer = Answer(meaning)  # type: ignore[arg-type]
    assert on_answer(asking(page, yes), page, answer, agent_there=True).to == to


def test_a_text_is_asked_for_aloud_after_the_steps_and_nowhere_else():
    text = Answer("text")
    assert on_answer(asking("next_steps", ""), "next_steps", text, agent_there=True) == Go("text", "goodbye")
    assert on_answer(asking("question", ""), "question", text, agent_there=True).to == "unclear"


def test_only_an_answer_that_was_understood_whole_leads_on():
    said = asking("question", "back")
    part = [Answer(meaning, whole=False) for meaning in ("no", "done", "yes", "more")]
    assert [on_answer(said, "question", one, agent_there=True).to for one in part] == [
        "unclear",
        "unclear",
        "back",
        "back",
    ]


def test_what_is_not_understood_is_asked_once_more_and_then_leads_on():
    said, noise = asking("question", "back"), Answer("unclear")
    turns = [on_answer(said, "question", noise, agent_there=True, strays=number) for number in (0, 1)]
    assert turns == [Go("unclear", "question", strays=1), Go("on", "goodbye")]


def test_something_more_reaches_nobody_where_nobody_is_and_that_is_said():
    said, more = asking("question", "back"), Answer("more")
    told = [on_answer(said, "question", more, agent_there=False, nobody=number).to for number in range(3)]
    assert told == ["nobody", "nobody", "unclear"]


def test_an_answer_counts_as_the_key_it_is_as_good_as():
    meanings = ("yes", "no", "more", "done", "again", "text", "unclear")
    said = asking("next_steps", "on")
    keys = [as_key(said, "next_steps", Answer(meaning)) for meaning in meanings]  # type: ignore[arg-type]
    assert keys == ["", "0", "0", "", "1", "2", ""]


def test_words_where_nobody_asked_count_as_a_key_that_means_nothing():
    assert on_answer(LONG, "goodbye", Answer("done"), agent_there=True).to == "restart"
    assert on_answer(LONG, "opening", Answer("more"), agent_there=True) == Go("on", "apology")


def test_two_means_nothing_where_no_text_can_be_sent():
    plain = farewell("next_steps", "goodbye")
    assert on_key(plain, "next_steps", "2", agent_there=True) == Go("unclear", "next_steps", strays=1)


def test_two_leads_on_where_the_text_is_promised_already():
    promised = farewell("next_steps", "goodbye", textable=True, texted=True)
    assert on_key(promised, "next_steps", "2", agent_there=True) == Go("on", "goodbye")


def test_zero_says_that_nobody_is_there_twice_a_call_and_then_means_nothing():
    told = [on_key(LONG, "goodbye", "0", agent_there=False, nobody=number).to for number in range(3)]
    assert told == ["nobody", "nobody", "restart"]


def test_the_steps_are_heard_again_five_times_and_then_lead_on():
    turns = [on_key(LONG, "next_steps_2", "1", agent_there=True, again=number).to for number in range(6)]
    assert turns == ["again"] * 5 + ["on"]


def test_a_second_unclear_key_leads_on():
    assert on_key(LONG, "next_steps_2", "9", agent_there=True, strays=1) == Go("on", "goodbye")
    assert on_key(SHORT, "question", "9", agent_there=True, strays=1) == Go("on", "goodbye")


def test_a_goodbye_cut_by_a_key_is_begun_twice_again_and_then_counts_as_heard():
    turns = [on_key(LONG, "goodbye", "5", agent_there=False, strays=number) for number in range(3)]
    assert turns == [Go("restart", "goodbye", strays=1), Go("restart", "goodbye", strays=2), Go("on", None)]


def test_each_time_again_is_slower():
    rates = [rate(again) for again in range(course.MOST_AGAIN + 1)]
    assert rates[0] == 100
    assert rates == sorted(set(rates), reverse=True)
    assert rate(99) == rates[-1]
    assert rate(-1) == 100


def test_the_first_moment_without_proof_is_next():
    assert next_after(LONG, ()) == "opening"
    assert next_after(LONG, {"opening", "next_steps"}) == "apology"
    assert next_after(LONG, NAMES) is None


def test_an_unknown_moment_leads_to_the_last():
    assert following(LONG, "interlude") == "goodbye"
    assert following(LONG, "goodbye") is None
    assert following(farewell(), "goodbye") is None


@given(
    st.lists(st.sampled_from(("0", "1", "2", "3", "9", "*", "#", "", "12", *ANSWERS)), max_size=60),
    st.booleans(),
    st.booleans(),
)
def test_whatever_is_pressed_or_said_in_whatever_order_leads_to_the_end_or_to_the_agent(
    given: list[str | Answer], there: bool, textable: bool
):
    """Nothing loops: each moment takes few keys before it gives way, and 0 reaches whoever is there."""
    said = farewell(*NAMES, textable=textable)
    moment, again, strays, nobody, heard = "opening", 0, 0, 0, ["opening"]
    for one in given:
        step = on_answer if isinstance(one, Answer) else on_key
        go = step(said, moment, one, agent_there=there, again=again, strays=strays, nobody=nobody)
        if go.to == "back":
            assert there
            assert one == "0" or as_key(said, moment, one) == "0"
            return
        nobody += go.to == "nobody"
        if go.to in ("on", "text"):
            assert go.moment == following(said, moment)
            if go.moment is None:
                return
            moment, again, strays = go.moment, 0, 0
        else:
            assert go.moment == moment
            again, strays = max(go.again, again), max(go.strays, strays)
        heard.append(moment)
    most = course.MOST_AGAIN + course.MOST_RESTARTS + course.MOST_UNCLEAR + course.MOST_NOBODY + 1
    assert max(map(heard.count, heard)) <= most
