"""How values are said aloud."""

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.spoken import plain, seconds, speaker
from tests.book.small import TODAY

british = speaker("en-GB", TODAY)
american = speaker("en-US", TODAY)


@pytest.mark.parametrize(
    ("waited", "said"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "a minute"),
        (61, "more than a minute"),
        (119, "more than a minute"),
        (120, "two minutes"),
        (720, "twelve minutes"),
        (750, "more than twelve minutes"),
        (870, "more than fourteen minutes"),
        (1200, "twenty minutes"),
        (1499, "more than twenty minutes"),
        (1500, "twenty-five minutes"),
        (3599, "more than fifty-five minutes"),
        (3600, "an hour"),
        (4499, "more than an hour"),
        (4500, "an hour and a quarter"),
        (5401, "more than an hour and a half"),
        (6300, "an hour and three quarters"),
        (7200, "two hours"),
        (9001, "more than two and a half hours"),
    ],
)
def test_a_wait_is_said_in_minutes_then_fives_then_quarters(waited, said):
    assert british.spoken_wait(waited) == said


@pytest.mark.parametrize(
    ("day", "in_britain", "in_america"),
    [
        (date(2026, 11, 21), "today", "today"),
        (date(2026, 11, 22), "tomorrow", "tomorrow"),
        (date(2026, 11, 28), "Saturday the twenty-eighth of November", "Saturday, November twenty-eighth"),
        (date(2026, 11, 20), "Friday the twentieth of November", "Friday, November twentieth"),
        (
            date(2027, 1, 2),
            "Saturday the second of January twenty twenty-seven",
            "Saturday, January second, twenty twenty-seven",
        ),
    ],
)
def test_a_date_is_said_as_people_of_the_place_say_it(day, in_britain, in_america):
    assert british.spoken_date(day) == in_britain
    assert american.spoken_date(day) == in_america


def test_a_text_message_shows_the_whole_date():
    assert british.written_date(date(2026, 11, 22)) == "Sunday 22 November 2026"
    assert american.written_date(date(2026, 11, 22)) == "Sunday, November 22, 2026"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (time(9, 0), "nine o'clock in the morning"),
        (time(9, 5), "nine oh five in the morning"),
        (time(14, 30), "two thirty in the afternoon"),
        (time(12, 0), "noon"),
        (time(0, 0), "midnight"),
    ],
)
def test_a_time_of_day_says_its_half_of_the_day(at, said):
    assert british.spoken_time(at) == said


def test_a_weekday_is_said_of_a_date_and_of_its_name():
    assert british.spoken_day("friday") == british.spoken_day(date(2026, 11, 20)) == "Friday"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AB-4719", "A B, 4 7 1 9"),
        ("4417", "4 4 1 7"),
        ("ab 12", "A B, 1 2"),
        ("ABCDE12345", "A B C, D E, 1 2 3, 4 5"),
        ("A1B2C3", "A 1 B 2, C 3"),
        ("X", "X"),
        ("12345A", "1 2 3, 4 5 A"),
        ("A12345", "A 1 2 3, 4 5"),
        ("ABCD1", "A B C D, 1"),
        ("REF/26", "R E F, slash, 2 6"),
        ("A_B", "A, B"),
        ("1234567890", "1 2 3 4, 5 6 7, 8 9 0"),
    ],
)
def test_a_code_is_spelled_in_groups(code, said):
    assert plain(british.spell(code)) == said


@given(st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=24))
@settings(max_examples=200)
def test_spelling_keeps_every_sign_in_order_in_groups_of_four_at_most(code):
    groups = plain(british.spell(code)).split(", ")
    assert "".join(groups).replace(" ", "") == code
    assert all(len(group.split()) <= 4 for group in groups)


def test_between_groups_there_is_a_short_break():
    assert british.spell("AB-4719") == 'A B,<break time="300ms"/> 4 7 1 9'


def test_slowly_is_four_fifths_of_the_pace():
    assert british.slowly("4 7") == '<prosody rate="80%">4 7</prosody>'


def test_a_telephone_number_is_said_as_at_home_or_as_from_abroad():
    assert plain(british.digits("+442079460000")) == "0 2 0, 7 9 4 6, 0 0 0 0"
    assert plain(american.digits("+442079460000")) == "plus 4 4, 2 0, 7 9 4 6, 0 0 0 0"
    assert plain(american.digits("+12025550143")) == "2 0 2, 5 5 5, 0 1 4 3"


@given(st.text(max_size=30))
@settings(max_examples=100)
def test_no_text_makes_the_digits_fail(text):
    assert isinstance(british.digits(text), str)


def test_an_address_is_said_sign_by_sign():
    assert british.spoken_address("help@example.com") == "help at example dot com"
    assert (
        british.spoken_address("help-desk_2@example.com")
        == "help hyphen desk underscore 2 at example dot com"
    )


@pytest.mark.parametrize(
    ("items", "said"),
    [(("one",), "one"), (("one", "two"), "one and two"), (("a", "b", "c"), "a, b and c"), ("alone", "alone")],
)
def test_several_things_are_said_in_a_row(items, said):
    assert british.list(items) == said


def test_a_locale_nobody_speaks_is_a_lookup_error():
    with pytest.raises(LookupError, match="xx-XX"):
        speaker("xx-XX", TODAY)


def test_the_words_alone_have_no_marks_and_no_spare_spaces():
    assert (
        plain('A &amp; B,<break time="300ms"/>  and <emphasis level="strong">C</emphasis> &lt;3')
        == "A & B, and C <3"
    )


def test_a_line_takes_its_words_and_its_breaks():
    assert seconds("one two three", 60) == 3.0
    assert seconds('one <break time="500ms"/> two', 60) == 2.5
    assert seconds('one <break time="1.2s"/>', 60) == 2.2


def test_what_is_said_slowly_takes_longer():
    assert seconds('<prosody rate="50%">one two</prosody> three', 60) == 5.0
    assert seconds('<prosody rate="50%"><prosody rate="50%">one</prosody></prosody>', 60) == 4.0


def test_a_code_takes_a_word_for_each_sign():
    assert seconds("4719", 60) == seconds("4 7 1 9", 60) == 4.0


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-GB", "A, B for Bravo, 4 7 1 9"),
        ("en-JM", "A, B for Bravo, 4 7 1 9"),
        ("en-US", "A, B as in Bravo, 4 7 1 9"),
        ("es-ES", "A, B de Barcelona, 4 7 1 9"),
        ("es-MX", "A, B de burro, 4 7 1 9"),
        ("fr-FR", "A, B comme Berthe, 4 7 1 9"),
        ("fr-CA", "A, B comme Berthe, 4 7 1 9"),
        ("pt-BR", "A, B de bola, 4 7 1 9"),
    ],
)
def test_letters_that_sound_alike_are_told_apart_as_people_of_the_place_do(locale, said):
    told = speaker(locale, TODAY)
    assert plain(told.spell("AB-4719")) == "A B, 4 7 1 9"
    assert plain(told.spell_out("AB-4719")) == said
    assert told.spell_out("4719-A") == told.spell("4719-A")
