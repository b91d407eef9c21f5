"""What a caller meant: our own phrases, and whatever else a recogniser may send."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.book.answers import MEANINGS, Answers
from ivr.farewell.answers import LEAST_CONFIDENCE, Answer, understood
from tests.farewell.test_prompts import the_book


def british() -> Answers:
    found = the_book().locales["en-GB"].answers
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("yes", "yes"),
        ("Yes, please.", "yes"),
        ("um, well, yeah", "yes"),
        ("yes thank you very much", "yes"),
        ("no", "no"),
        ("Not really", "no"),
        ("I don't think so", "no"),
        ("i dont think so", "no"),
        ("no I haven't", "no"),
        ("no, wait, yes", "yes"),
        ("actually, no", "no"),
        ("no thank you", "done"),
        ("no thank you, that's all", "done"),
        ("yes, that's everything", "done"),
        ("no, er, just, thank you", "done"),
        ("yeah no that's fine thanks", "done"),
        ("no thanks, I'm actually fine", "done"),
        ("there's nothing else I wanted to ask", "done"),
        ("okay, thanks, bye", "done"),
        ("thank you", "done"),
        ("right, lovely", "done"),
        ("Actually…", "more"),
        ("no, that's all good but actually…", "more"),
        ("yes, one more thing", "more"),
        ("yes, I'd like to know about my bill", "more"),
        ("no, I just wanted to ask about the charge", "more"),
        ("can I speak to somebody", "more"),
        ("I'm not sure", "more"),
        ("um, I don't know", "more"),
        ("carry on, please", "done"),
        ("zero", "more"),
        ("0", "more"),
        ("can you say that again please, thank you", "again"),
        ("sorry, what was that?", "again"),
        ("could you text me that", "text"),
        ("um", "unclear"),
        ("hello", "unclear"),
        ("my meter reading was wrong", "unclear"),
        ("there is no charge", "unclear"),
        ("somebody said it was broken again", "unclear"),
        ("", "unclear"),
        ("👋", "unclear"),
    ],
)
def test_what_callers_say_is_understood(said: str, meaning: str):
    assert understood(said, british()).meaning == meaning


def test_an_american_is_understood_in_both_ways():
    american = the_book().locales["en-US"].answers
    assert american is not None
    meanings = [understood(said, american).meaning for said in ("I'm all set", "no thank you", "uh-huh")]
    assert meanings == ["done", "done", "yes"]
    assert understood("I'm all set", british()).meaning == "unclear"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("no", True),
        ("no thanks pet", True),
        ("no, my engineer never came", False),
        ("the engineer never came, but thank you", False),
        ("no, you've been ever so helpful, thank you", True),
    ],
)
def test_what_was_said_besides_is_noticed(said: str, whole: bool):
    assert understood(said, british()).whole is whole


def test_a_guess_is_no_answer_and_one_without_confidence_is():
    assert understood("yes", british(), LEAST_CONFIDENCE - 0.01) == Answer("unclear")
    assert [understood("yes", british(), sure).meaning for sure in (None, 0.0, LEAST_CONFIDENCE, 1.0)] == [
        "yes"
    ] * 4


@given(st.text(), st.none() | st.floats())
def test_whatever_is_said_nothing_is_raised(said: str, confidence: float | None):
    answer = understood(said, british(), confidence)
    assert answer.meaning in (*MEANINGS, "unclear")


@given(
    st.lists(
        st.sampled_from(
            ["yes", "no", "that's all", "um", "actually", "say that again", "my bill", "thank you", "text me"]
        ),
        max_size=8,
    ),
    st.lists(
        st.sampled_from([*string.punctuation.replace("'", ""), "…", " ", "\t", "\x00", "👋"]), min_size=1
    ),
)
def test_capitals_and_signs_change_nothing(phrases: list[str], signs: list[str]):
    plain = understood(" ".join(phrases), british())
    assert understood("".join(signs).join(["", *phrases, ""]), british()) == plain
    assert understood(" ".join(phrases).upper(), british()) == plain
    assert understood(" ".join(phrases).title(), british()) == plain
    assert understood(" ".join(phrases).replace("'", "’"), british()) == plain


@given(st.lists(st.sampled_from(["yes", "no", "that's all", "one more thing", "say that again"]), min_size=1))
def test_of_several_answers_the_last_counts(phrases: list[str]):
    last = understood(phrases[-1], british())
    assert understood(" um, ".join(phrases), british()) == last


@pytest.mark.parametrize(
    "piece", ["no ", "um ", "thank ", "no um um um ", "that's ", "x ", "👋", "\x00", "no"]
)
def test_ten_thousand_characters_are_read_in_one_go(piece: str):
    """Each word is looked at a few times at most: counted, since a clock would tell of the machine."""
    looked = 0

    class Counting(dict[str, object]):
        def __contains__(self, word: object) -> bool:
            nonlocal looked
            looked += 1
            return super().__contains__(word)

    def counting(tree: dict[str, object]) -> Counting:
        return Counting({k: counting(v) if isinstance(v, dict) else v for k, v in tree.items()})

    answers = Answers(british().phrases)
    object.__setattr__(answers, "tree", counting(answers.tree))
    said = (piece * 10_000)[:10_000]
    understood(said, answers)
    assert looked <= 12 * (len(said.split()) + 1)
