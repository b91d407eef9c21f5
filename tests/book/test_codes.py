"""Codes, read back letter by letter; and what no locale may do with any value."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.liquid import parse
from ivr.book.source import Place, Words
from ivr.book.spoken import plain, seconds, speaker
from ivr.book.template import LONGEST_OUTPUT, Template, Unsayable
from ivr.line.twiml import say
from tests.book.small import TODAY

LOCALES = ("en-GB", "en-US", "en-JM", "es-ES", "es-MX", "fr-FR", "fr-CA", "pt-BR")
CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/", min_size=1, max_size=20)
ALIKE = {
    "en": "BCDEGPTV FS MN", "es": "BCDEGPTV FS MN", "fr": "BCDGPTV FS MN", "pt": "BCDEGPTVZ FS MN",
}  # fmt: skip


def read_back(ssml: str, locale: str) -> str:
    """The code that somebody writes down who hears this."""
    spelling = speaker(locale, TODAY).spelling
    said = plain(ssml)
    for letter, word in spelling.words.items():
        said = said.replace(spelling.form.format(letter=spelling.name(letter), word=word), letter)
    for sign, name in sorted(spelling.names.items(), key=lambda pair: -len(pair[1])):
        said = re.sub(rf"(?<!\w){name}(?!\w)", sign, said)
    return re.sub(r"[ ,]", "", said.replace(spelling.signs["/"], "/"))


@pytest.mark.parametrize("locale", LOCALES)
@given(CODES)
@settings(max_examples=100, deadline=None)
def test_a_code_that_is_spelled_is_written_down_as_it_was(locale: str, code: str):
    told = speaker(locale, TODAY)
    assert read_back(told.spell(code), locale) == code.replace("-", "")
    assert read_back(told.spell_out(code), locale) == code.replace("-", "")


@pytest.mark.parametrize("locale", LOCALES)
@given(CODES)
@settings(max_examples=60, deadline=None)
def test_groups_hold_two_to_four_signs_and_a_break_stands_between(locale: str, code: str):
    told = speaker(locale, TODAY)
    for said in (told.spell(code), told.spell_out(code)):
        assert set(re.findall("<[^>]*>", said)) <= {'<break time="300ms"/>'}
    groups = told.spell(code.replace("-", "").replace("/", "")).split('<break time="300ms"/>')
    sizes = [len(read_back(group, locale)) for group in groups]
    assert max(sizes) <= 4
    assert len(sizes) <= max(1, len(re.findall("[0-9]+|[A-Z]+", code)) + len(code) // 4)


@pytest.mark.parametrize("locale", LOCALES)
def test_each_letter_that_sounds_like_another_has_its_word_and_no_other_has(locale: str):
    words = dict(speaker(locale, TODAY).spelling.words)
    if locale == "en-US":
        assert words.pop("Z"), "zee rhymes with B"
    assert set(words) == set(ALIKE[locale[:2]].replace(" ", ""))
    assert all(word[0].upper() == letter for letter, word in words.items())
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_voice_without_ssml_is_given_the_words_and_commas(locale: str):
    told = speaker(locale, TODAY)
    for ssml in (told.spell("AB-4719"), told.spell_out("AB-4719"), told.digits("+442079460000")):
        document = say(told.slowly(ssml), "alice", locale, plain=True)
        inner = re.fullmatch(r"<Say [^>]*>(.*)</Say>", document)
        assert inner is not None
        assert "<" not in inner[1]
        assert " ".join(inner[1].split()) == plain(ssml)
        assert plain(ssml).count(",") >= ssml.count("<break")


def test_what_is_spelled_out_takes_the_time_of_its_words():
    told = speaker("en-GB", TODAY)
    assert seconds(told.spell_out("AB"), 60) == seconds("A B for Bravo", 60) == 4.0


LINES = (
    "{{ caller.name }}", "{{ step.what }}", "{{ step.to | spoken_address }}", "{{ step.reference | spell }}",
    "{{ step.reference | spell_out | slowly }}", "{{ step.to | digits }}", "{{ step.what | slowly }}",
)  # fmt: skip
NONSENSE = (
    "", " ", "None", "a" * 10_000, "B" * 1_100, "1" * 10_000, "\u200f\u202eAna", "\u200f", "🎉", "🎉" * 10_000, "\x00",
    "A\x00\x0bB", "\ud800", "\ufffe\uffff", "<break time='10h'/>", "{{ caller.name }}", "]]>", "&amp;&#0;", "\u2028",
    "a@" * 3_000, "£9 " * 2_000, "2026-11-28" * 500, "&" * 2_999,
)  # fmt: skip


def rendered(line: str, value: str, locale: str) -> str | None:
    found = parse(Words(line, ((0, Place("x.yaml", 1, 1)),)), "next_steps", "reference")
    assert isinstance(found, Template), line
    try:
        return found.render(dict.fromkeys(found.needs, value), speaker(locale, TODAY))
    except Unsayable:
        return None


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("line", LINES)
def test_nonsense_is_said_within_the_limit_or_not_at_all(line: str, locale: str):
    for value in NONSENSE:
        said = rendered(line, value, locale)
        if said is not None:
            assert len(said) <= LONGEST_OUTPUT
            assert ElementTree.fromstring(f"<Say>{said}</Say>") is not None
            assert not re.search("[\u200e\u200f\u202a-\u202e]", said)


@given(st.sampled_from(LINES), st.sampled_from(LOCALES), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_value_is_said_within_the_limit_or_not_at_all(line: str, locale: str, value: str):
    said = rendered(line, value, locale)
    if said is not None:
        assert len(said) <= LONGEST_OUTPUT
        assert plain(said)
        ElementTree.fromstring(f"<Say>{said}</Say>")


def test_a_right_to_left_mark_is_not_heard_and_cuts_no_word():
    assert rendered("{{ caller.name }}", "A\u200fn\u00ada", "en-GB") == "Ana"
    assert rendered("{{ caller.name }}", "🎉", "en-GB") is None
