"""answers.yaml: the phrases of a locale, what is wrong with them, and where they must stand."""

from pathlib import Path

import pytest

from ivr.book.answers import MOST_PHRASES, words
from ivr.book.book import Answers, read
from ivr.book.phrases import LONGEST
from tests.book.small import RULES, VOICES, book, faults, the_fault

FOUR = "yes: |\n  yes\nno: |\n  no\nmore: |\n  actually\n  wait\ndone: |\n  that's all\n"
PROMPTS = Path(__file__).parents[2] / "prompts"


def answers(text: str, locale: str = "en-GB", **pages: str) -> Answers:
    found = book(answers=FOUR + text, **pages).locales[locale].answers
    assert found is not None
    return found


def test_a_phrase_is_read_under_its_meaning_whatever_its_signs():
    found = answers("again: |\n  Say that again, please.\n")
    assert found.phrases["thats", "all"] == "done"
    assert found.phrases["say", "that", "again", "please"] == "again"


def test_the_phrases_that_mean_something_are_hints_as_written_and_without_commas():
    found = answers("thanks: |\n  thank you\nfillers: |\n  um\nagain: |\n  sorry, what?\n")
    assert found.hints == ("yes", "no", "actually", "wait", "that's all", "sorry what?")


def test_a_locale_adds_its_phrases_and_its_own_word_for_one_wins():
    found = answers(
        "",
        "en-US",
        voices=VOICES + "en-US: {from: en-GB}\n",
        en_US_answers="yes: |\n  sure\n  actually\n",
    )
    assert found.phrases["sure",] == "yes"
    assert found.phrases["actually",] == "yes"
    assert found.phrases["no",] == "no"


def test_a_locale_without_phrases_has_none():
    assert book().locales["en-GB"].answers is None


@pytest.mark.parametrize(
    ("text", "line", "about"),
    [
        ("mroe: |\n  wait\n", 10, "did you mean “more”"),
        ("again: |\n  that's all\n", 11, "“that's all” stands under done already"),
        ("again: |\n  Thats ALL!\n", 11, "stands under done already"),
        ("again: |\n  again\n  again\n", 12, "stands under again already"),
        ("again: |\n  …\n", 11, "a phrase has words"),
        (f"again: |\n  {'x' * (LONGEST + 1)}\n", 11, "longer than 100 characters"),
        ("again: once more\n", 10, "one a line"),
        ("again: [once more]\n", 10, "one a line"),
    ],
)
def test_a_slip_in_the_phrases_is_shown_at_its_place(text: str, line: int, about: str):
    found = the_fault(answers=FOUR + text)
    assert (found.place.file, found.place.line) == ("en-GB/answers.yaml", line)
    assert about in f"{found.message} {found.hint}"


def test_no_meaning_that_a_question_needs_may_be_without_a_phrase():
    found = the_fault(answers=FOUR.replace("no: |\n  no\n", ""))
    assert found.message == "no phrase means no"


def test_more_phrases_than_the_recogniser_takes_are_a_fault():
    many = "again: |\n" + "".join(f"  again {number}\n" for number in range(MOST_PHRASES))
    assert "500 at most" in the_fault(answers=FOUR + many).message


# ---- where answers are listened for ----

SPEECH = RULES + "queues:\n  default: {speech: on}\n"
QUESTION = "- entry: ask\n  part: ask\n  say: |\n    Is that all? [yes goes on] Press 0.\n"


def test_speech_is_off_unless_a_queue_says_so():
    found = book(rules=RULES + "queues:\n  default: {}\n  aloud: {speech: on}\n", answers=FOUR).rules
    assert not found.queue("default").speech
    assert found.queue("aloud").speech


def test_a_queue_that_listens_without_phrases_is_a_fault():
    found = the_fault(rules=SPEECH)
    assert found.place.file == "en-GB/answers.yaml"
    assert found.message == "default listens for answers, and en-GB has no phrases"


def test_the_locale_of_a_number_of_that_queue_needs_phrases_too():
    rules = SPEECH + "numbers:\n  '+1202': {locale: en-US}\n"
    voices = "en-US: {voice: x}\n" + VOICES
    assert "en-US has no phrases" in the_fault(rules=rules, voices=voices, answers=FOUR).message


def test_a_question_says_where_a_yes_leads_once_somebody_listens():
    unsaid = QUESTION.replace(" [yes goes on]", "")
    assert not faults(question=unsaid, answers=FOUR)
    found = the_fault(rules=SPEECH, question=unsaid, answers=FOUR)
    assert (found.place.file, found.place.line) == ("en-GB/question.yaml", 4)
    assert "where a yes leads" in found.message
    assert not faults(rules=SPEECH, question=QUESTION, answers=FOUR)


def test_where_a_yes_leads_is_no_part_of_the_words():
    marked, bare = [
        book(question=text).locales["en-GB"].pages["question"][0].variants[0]
        for text in (QUESTION, QUESTION.replace(" [yes goes on]", ""))
    ]
    assert (marked.yes, bare.yes) == ("on", "")
    assert (marked.id, marked.words) == (bare.id, bare.words)


@pytest.mark.parametrize(
    ("page", "about"),
    [
        (QUESTION.replace("goes on]", "goes home]"), "is no way for a yes"),
        (QUESTION.replace("[yes", "[yes goes back] [yes"), "is no way for a yes"),
        (QUESTION.replace("part: ask", "part: back"), "nobody answers here"),
    ],
)
def test_a_yes_that_leads_nowhere_is_a_fault(page: str, about: str):
    assert about in the_fault(question=page).message


def test_our_own_book_is_ready_to_listen_in_every_queue():
    files = {str(path.relative_to(PROMPTS)): path.read_text("utf-8") for path in PROMPTS.rglob("*.yaml")}
    rules = files["rules.yaml"]
    assert "speech: off" in rules
    found, wrong = read(files | {"rules.yaml": rules.replace("speech: off", "speech: on")})
    assert not wrong
    assert found is not None
    assert found.rules.queue("billing").speech


def test_words_are_compared_without_capitals_signs_or_apostrophes():
    assert words("That’s ALL, thank-you… (bye!)") == ["thats", "all", "thank", "you", "bye"]
    assert words("_ \x00 👋") == []
