"""How answers are heard: the language, the recogniser, and what it may expect."""

import pytest

from ivr.book.book import Book
from ivr.line.hearing import LANGUAGES, LONGEST_HINTS, Hearing, hearing, nearest_language
from ivr.rehearsal.twiml.shapes import SHAPES
from tests.book.small import RULES, VOICES, book
from tests.book.test_answers import FOUR

ALOUD = RULES + "queues:\n  default: {}\n  aloud: {speech: on}\n"


def listening(voices: str = VOICES, answers: str = FOUR) -> Book:
    return book(rules=ALOUD, voices=voices, answers=answers)


def test_british_answers_are_heard_by_the_model_for_telephones_and_its_silence_in_seconds() -> None:
    found = listening()
    heard = hearing(found, found.rules.queue("aloud"), "en-GB")
    assert heard == Hearing("en-GB", "yes,no,actually,wait,that's all", "phone_call")
    assert heard.silence == "2"


def test_a_language_that_model_lacks_is_heard_without_one() -> None:
    found = listening(VOICES + "en-KE: {from: en-GB}\n")
    heard = hearing(found, found.rules.queue("aloud"), "en-KE")
    assert heard is not None
    assert (heard.language, heard.model, heard.silence) == ("en-KE", None, "auto")


def test_nothing_is_listened_for_where_the_queue_does_not_or_the_phrases_are_missing() -> None:
    found = listening(VOICES + "en-US: {voice: x}\n")
    assert hearing(found, found.rules.queue("default"), "en-GB") is None
    assert hearing(found, found.rules.queue("aloud"), "en-US") is None


@pytest.mark.parametrize(
    ("voice", "nearest"),
    [
        ("en-JM: {from: en-GB}", "en-GB"),
        ("en-JM: {voice: x, language: en-US}", "en-US"),
        ("en-JM: {voice: x}", "en-GB"),
        ("en-AU: {voice: x, language: en-GB}", "en-AU"),
    ],
)
def test_a_locale_the_recogniser_lacks_is_heard_as_its_nearest(voice: str, nearest: str) -> None:
    assert nearest_language(listening(VOICES + voice + "\n"), voice[:5]) == nearest


def test_the_languages_are_those_a_rehearsal_knows() -> None:
    fits = SHAPES["Gather"].attributes["language"].fits
    assert all(map(fits, LANGUAGES))


def test_hints_stop_before_a_document_grows_large() -> None:
    many = "again: |\n" + "".join(f"  {'once ' * 15}{number}\n" for number in range(400))
    found = listening(answers=FOUR + many)
    heard = hearing(found, found.rules.queue("aloud"), "en-GB")
    assert heard is not None
    assert LONGEST_HINTS - 100 < len(heard.hints) <= LONGEST_HINTS
    assert all(len(hint) <= 100 for hint in heard.hints.split(","))
