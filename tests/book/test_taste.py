"""What the proof listens for: phrases as a writer types them, found in words as a writer types those."""

from pathlib import Path

import pytest

from ivr.book.book import read
from ivr.book.taste import KINDS, Taste
from tests.book.small import VOICES, files

GUIDE = (Path(__file__).parents[2] / "prompts" / "README.md").read_text("utf-8")


def taste(text: str, **others: str) -> Taste:
    book, faults = read(files(en_GB_taste=text, **others))
    assert book is not None
    assert not faults, [str(fault) for fault in faults]
    return book.locales["en-GB"].taste


def faults_of(text: str) -> list[tuple[int, int, str]]:
    _, faults = read(files(en_GB_taste=text))
    return [(fault.place.line, fault.place.column, fault.message) for fault in faults]


def heard(phrases: str, words: str) -> list[tuple[str, str]]:
    """Each phrase that is heard, and the words from there on."""
    lines = "".join(f"  {line}\n" for line in phrases.split(" / "))
    return [(phrase.written, words[at:]) for phrase, at in taste(f"forced: |\n{lines}").heard(words)]


def test_a_phrase_is_found_in_any_capitals_and_where_it_stands():
    assert heard("any inconvenience", "Sorry for Any Inconvenience caused") == [
        ("any inconvenience", "Any Inconvenience caused")
    ]


def test_only_whole_words_count():
    assert heard("ton / art", "A ton of cartons, and a party.") == [("ton", "ton of cartons, and a party.")]


def test_a_star_stands_for_any_ending_and_for_none():
    words = "Apology, apologies, apologise; apolo."
    assert [found for found, _ in heard("apolog*", words)] == ["apolog*"] * 3
    assert heard("obrigad* por", "Obrigada por ligar") == [("obrigad* por", "Obrigada por ligar")]


def test_accents_are_respected_and_may_be_written_in_two_pieces():
    assert heard("té", "te tu\u0301 té te\u0301") == [("té", "té te\u0301"), ("té", "te\u0301")]
    assert heard("te", "té te\u0301") == []


def test_an_elided_word_is_a_word_of_its_own():
    assert heard("t' / toi", "Je t’aide, et toi aussi, dit 't'") == [
        ("t'", "t’aide, et toi aussi, dit 't'"),
        ("toi", "toi aussi, dit 't'"),
    ]


def test_straight_and_curly_apostrophes_are_the_same():
    assert heard("we're sorry", "We’re sorry.") == [("we're sorry", "We’re sorry.")]


def test_a_comma_or_a_line_break_may_stand_between_and_a_full_stop_may_not():
    assert heard("see you soon", "see you, soon")
    assert heard("see you soon", "see you\nsoon")
    assert not heard("see you soon", "We see you. Soon it ends.")


def test_of_phrases_that_begin_together_the_longest_is_told():
    assert [found for found, _ in heard("have a / have a nice day", "Have a nice day")] == ["have a nice day"]


def test_a_phrase_within_another_of_its_kind_is_not_told_again():
    assert heard("le pedimos disculpas / disculp*", "Le pedimos disculpas. Disculpe.") == [
        ("le pedimos disculpas", "Le pedimos disculpas. Disculpe."),
        ("disculp*", "Disculpe."),
    ]


def test_a_locale_adds_to_the_phrases_of_the_one_it_starts_from():
    voices = VOICES + "en-JM: {from: en-GB}\n"
    book, faults = read(
        files(voices=voices, en_GB_taste="sorry: |\n  sorry\n", en_JM_taste="sorry: |\n  beg pardon\n")
    )
    assert book is not None
    assert faults == []
    assert [phrase.written for phrase in book.locales["en-JM"].taste.of("sorry")] == ["sorry", "beg pardon"]
    assert [phrase.written for phrase in book.locales["en-GB"].taste.of("sorry")] == ["sorry"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_writers_guide_has_heard_of_every_kind(kind):
    assert f"| `{kind}` |" in GUIDE


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_written_down(kind):
    assert [phrase.kind for phrase in taste(f"{kind}: |\n  word\n").phrases] == [kind]


def test_a_kind_nobody_knows_is_named_with_the_nearest():
    _, (fault,) = read(files(en_GB_taste="sory: |\n  sorry\n"))
    assert (fault.place.line, fault.message, fault.hint) == (
        1,
        "taste.yaml has no “sory”",
        "did you mean “sorry”?",
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("forced: |\n  fine\n  ...\n", 3, 3, "an empty phrase"),
        ("forced: |\n  *\n", 2, 3, "an empty phrase"),
        ("forced: |\n", 1, 9, "no phrase stands beneath forced"),
        ("forced: your patience\n", 1, 9, "phrases stand beneath"),
        ("forced: |\n  your *tience\n", 2, 8, "a star stands at a word's end"),
        ("forced: |\n" + "".join(f"  w{n}\n" for n in range(1_001)), 1, 1, "more than 1,000 phrases"),
        ("forced: |\n  " + "a " * 60 + "\n", 2, 3, "longer than 100 characters"),
        ("familiar: |\n  tu\nformal: |\n  tu\n", 4, 3, "“tu” stands under familiar already"),
        ("forced: |\n  one\n  One\n", 3, 3, "“One” is listened for already"),
        ("- forced\n", 1, 1, "taste.yaml is a list of “key: value” lines"),
    ],
)
def test_what_is_no_phrase_is_told_at_its_place(text, line, column, message):
    (found,) = faults_of(text)
    assert found[:2] == (line, column)
    assert message in found[2]
