"""SSML → what is said in one breath, and the pauses between."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.speech.utterances import Pause, Piece, Utterance, utterances
from ivr.speech.voices import SpeechError

END = Pause(0.5)


@pytest.mark.parametrize(
    ("ssml", "pieces"),
    [
        ("Thank you, Ana.", (Utterance("Thank you, Ana.", 100), END)),
        ("Tom &amp; Ana", (Utterance("Tom & Ana", 100), END)),
        ("", ()),
        (" <break time='2s'/> ", (Pause(2.0),)),
        ("…", ()),
        ("One.<break time='300ms'/>Two.", (Utterance("One.", 100), END, Utterance("Two.", 100), END)),
        ("One.<break time='1s'/>Two.", (Utterance("One.", 100), Pause(1.0), Utterance("Two.", 100), END)),
        ("One,<break/><break/> two", (Utterance("One,", 100), END, Utterance("two", 100), END)),
        ("One <break strength='none'/>two", (Utterance("One", 100), Pause(0.1), Utterance("two", 100), END)),
        ("One <break time='99s'/>two", (Utterance("One", 100), Pause(10.0), Utterance("two", 100), END)),
        ("One <break time='soon'/>two", (Utterance("One", 100), Pause(0.25), Utterance("two", 100), END)),
        ("<p>One</p><p>two</p>", (Utterance("One", 100), Pause(0.75), Utterance("two", 100), Pause(0.75))),
        ("<s>One</s>\n<s>two</s>", (Utterance("One", 100), END, Utterance("two", 100), END)),
        ("A <emphasis>dear</emphasis> friend", (Utterance("A dear friend", 100), END)),
        ("<prosody volume='loud'>Dear</prosody> friend", (Utterance("Dear friend", 100), END)),
        ("<amazon:effect name='drc'>Hello</amazon:effect>", (Utterance("Hello", 100), END)),
        ("on <sub alias='the Web'>www</sub>", (Utterance("on the Web", 100), END)),
        ("[[hi]]", (Utterance("hi", 100), END)),
    ],
)
def test_words_and_pauses_come_in_the_order_they_are_written(ssml: str, pieces: tuple[Piece, ...]):
    assert utterances(ssml) == pieces


def test_a_reference_is_said_one_character_at_a_time_and_slower_the_second_time():
    code = 'A B,<break time="300ms"/> 4 7 1 9'
    assert utterances(f'It is {code}. Again: <prosody rate="80%">{code}</prosody>. Goodbye.') == (
        Utterance("It is A, B,", 100),
        Pause(0.3),
        Utterance("4, 7, 1, 9. Again:", 100),
        Pause(0.25),
        Utterance("A, B,", 80),
        Pause(0.3),
        Utterance("4, 7, 1, 9.", 80),
        END,
        Utterance("Goodbye.", 100),
        END,
    )


def test_a_letter_alone_is_no_article():
    assert utterances("A") == (Utterance("A.", 100), END)


def test_digits_of_another_script_are_said_as_digits():
    assert utterances("٤ ７ ①") == (Utterance("4, 7, 1", 100), END)


@pytest.mark.parametrize("kind", ["characters", "spell-out", "digits", "telephone"])
def test_what_is_to_be_spelt_is_spelt(kind: str):
    assert utterances(f"<say-as interpret-as='{kind}'>ab-47</say-as>") == (Utterance("A, B, 4, 7", 100), END)


def test_a_date_is_left_to_the_voice():
    assert utterances("<say-as interpret-as='date'>28 May</say-as>") == (Utterance("28 May", 100), END)


@pytest.mark.parametrize(
    ("rate", "percent"),
    [
        ("80%", 80),
        ("-20%", 80),
        ("slow", 80),
        ("+10%", 110),
        ("fast", 120),
        ("5%", 20),
        ("900%", 200),
        ("?", 100),
    ],
)
def test_a_rate_is_understood_as_ssml_writes_it(rate: str, percent: int):
    assert utterances(f"<prosody rate='{rate}'>Hello</prosody>")[0] == Utterance("Hello", percent)


def test_a_rate_within_a_rate_and_the_pace_of_the_whole_line_multiply():
    ssml = "<prosody rate='80%'>One <prosody rate='50%'>two</prosody></prosody>"
    assert [piece.rate for piece in utterances(ssml, 110) if isinstance(piece, Utterance)] == [88, 44]


def test_a_full_stop_after_slow_words_belongs_to_them():
    assert utterances("<prosody rate='80%'>Slow</prosody>. Quick.") == (
        Utterance("Slow.", 80), END, Utterance("Quick.", 100), END,
    )  # fmt: skip


@pytest.mark.parametrize("broken", ["a < b", "<s>a", "Tom & Ana", "<!DOCTYPE a []>", "<x:y/>", "\x07"])
def test_what_is_no_xml_is_refused_with_its_place_and_without_its_words(broken: str):
    with pytest.raises(SpeechError, match=r"not well-formed SSML \(line 1, column \d+\)$"):
        utterances(broken)


PARTS = st.sampled_from(
    ["Hello. ", "A B, 4 ", " 7", ". ", "<break time='1s'/>", "<break/>", "<s>", "<p>", "<prosody rate='80%'>"]
)


@given(st.lists(PARTS, max_size=12))
@settings(max_examples=150)
def test_whatever_stands_in_a_line_every_word_is_said_and_it_ends_in_a_pause(parts: list[str]):
    ends = [f"</{part.strip('<>').split()[0]}>" for part in parts if part[:2] in ("<s", "<p")]
    pieces = utterances("".join([*parts, *reversed(ends)]))
    said = "".join(piece.text for piece in pieces if isinstance(piece, Utterance))
    written = "".join(part for part in parts if not part.startswith("<"))
    assert [c for c in said if c.isalnum()] == [c for c in written if c.isalnum()]
    assert not pieces or isinstance(pieces[-1], Pause)
    kinds = [type(piece) for piece in pieces]
    assert all(a is not b for a, b in pairwise(kinds)), "a pause stands between any two"
