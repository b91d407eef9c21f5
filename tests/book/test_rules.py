"""rules.yaml and voices.yaml."""

import pytest

from ivr.book.book import Pace
from ivr.calls.waits import Severities
from tests.book.small import RULES, VOICES, book, the_fault


def rules(text: str):
    return book(rules=RULES + text).rules


def test_everything_but_the_zone_and_the_locale_has_a_default():
    found = rules("")
    assert found.severities == Severities()
    assert found.moments == ("opening", "apology", "next_steps", "question", "goodbye")
    assert found.queue("billing").way == "usual"
    assert found.queue("billing").name == "billing"
    assert found.timezone.key == "Europe/London"


def test_a_queue_starts_from_the_default_queue():
    found = rules(
        "queues:\n"
        "  default: {told: 600, texts: never, line: {name: the help line, phone: '+44'}}\n"
        "  billing: {told: 300, question: anything_else, line: {name: billing}}\n"
    )
    billing = found.queue("billing")
    assert (billing.told, billing.texts, billing.question) == (300, "never", "anything_else")
    assert (billing.line_name, billing.line_phone) == ("billing", "+44")
    assert found.queue("support").told == 600


def test_a_queue_may_ring_back_by_a_key_and_another_may_not():
    found = rules(
        "queues:\n  default: {call_back: '1', star: on, agent: next}\n  billing: {call_back: off}\n"
    )
    assert found.queue("support").call_back == "1"
    assert (found.queue("support").star, found.queue("support").agent) == ("on", "next")
    assert found.queue("billing").call_back is None


def test_numbers_say_their_queue_and_locale():
    found = rules(
        "queues:\n  default:\n  billing: {}\nnumbers:\n  '+4420': {queue: billing, locale: en-GB}\n"
    )
    assert (found.numbers["+4420"].queue, found.numbers["+4420"].locale) == ("billing", "en-GB")


def test_severities_budgets_pace_and_order_are_the_books_to_choose():
    found = rules(
        "severities: {slight: 30, long: 120}\npace: {words_per_minute: 150, slow: 120}\nseconds: {goodbye: 9}\n"
        "moments: [next_steps, apology, goodbye]\nearlier: {answered_within: 30}\n"
    )
    assert found.severities == Severities(slight=30, long=120)
    assert (found.pace.words_per_minute, found.pace.slow) == (150, 120)
    assert found.budgets["goodbye"] == 9.0
    assert found.moments == ("next_steps", "apology", "goodbye")
    assert found.answered_within == 30


@pytest.mark.parametrize(
    ("text", "line", "about"),
    [
        ("severitys: {}", 3, "did you mean “severities”"),
        ("severities: {long: 400}", 3, "each begins later"),
        ("severities: {long: soon}", 3, "a whole number"),
        ("moments: [goodbye, apology]", 3, "the last moment is the goodbye"),
        ("moments: [hello, goodbye]", 3, "is no moment"),
        ("moments: goodbye", 3, "moments is a list"),
        ("queues:\n  default: {way: asied}", 4, "did you mean “aside”"),
        ("queues:\n  default: {farewell: sometimes}", 4, "on, paused, off"),
        ("queues:\n  default: {told: soon}", 4, "a number of seconds"),
        ("queues:\n  default: {call_back: 0}", 4, "off, or a key from 1 to 9"),
        ("queues:\n  default: {star: sometimes}", 4, "off, on"),
        ("queues:\n  default: {agent: nxt}", 4, "did you mean “next”"),
        ("queues:\n  billing: {}\n  default: {}", 4, "`default` stands first"),
        ("queues:\n  default: {line: {nam: x}}", 4, "did you mean “name”"),
        ("queues:\n  default: {locale: fr-FR}", 4, "no locale “fr-FR”"),
        ("numbers:\n  '+44': {queue: bills}", 4, "no queue “bills”"),
        ("pace: {words_per_minute: 9000}", 3, "from 60 to 400"),
        ("earlier: often", 3, "key: value"),
    ],
)
def test_a_slip_in_the_rules_is_shown_at_its_place(text, line, about):
    found = the_fault(rules=RULES + text + "\n")
    assert found.place.line == line
    assert about in f"{found.message} {found.hint}"


def test_a_zone_nobody_knows_is_a_fault():
    found = the_fault(rules="timezone: Europe/Lodnon\nlocale: en-GB\n")
    assert "a time zone like Europe/London" in found.message


@pytest.mark.parametrize(
    "zone", ["../../etc/passwd", "/etc/passwd", "Europe", "x" * 5000, "Europe/London\\0"]
)
def test_no_zone_makes_the_reader_fail(zone):
    assert "time zone" in the_fault(rules=f"timezone: {zone}\nlocale: en-GB\n").message


def test_rules_that_say_no_zone_or_locale_are_a_fault():
    assert "says no timezone" in the_fault(rules="locale: en-GB\n").message
    assert "says no locale" in the_fault(rules="timezone: Europe/London\n").message


def test_a_voice_takes_over_what_its_parents_says():
    found = book(
        voices=VOICES + "en-JM: {from: en-GB}\nen-US: {from: en-GB, voice: Polly.Joanna-Neural, ssml: no}\n"
    )
    assert found.voice("en-JM").voice == "Polly.Amy-Neural"
    assert found.voice("en-JM").language == "en-JM"
    assert found.voice("en-JM").native_of == ()
    assert (found.voice("en-US").voice, found.voice("en-US").ssml) == ("Polly.Joanna-Neural", False)


def test_a_voice_may_have_a_pace_of_its_own():
    found = book(
        rules=RULES + "pace: {words_per_minute: 150, slow: 120}\n",
        voices=VOICES
        + "  pace: 170\n  slow: 130\n"
        + "en-JM: {from: en-GB}\nen-US: {from: en-GB, voice: Polly.Joanna-Neural}\n"
        + "fr-FR: {voice: Polly.Lea-Neural, pace: 180}\n",
    )
    assert found.pace("en-GB") == found.pace("en-JM") == Pace(170, 130)
    assert found.pace("en-US") == Pace(150, 120), "another voice, and nothing is said of its pace"
    assert found.pace("fr-FR") == Pace(180, 144)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("en-JM: {voice: x, pace: quick}", "from 60 to 400"),
        ("en-JM: {voice: x, pace: 120, slow: 150}", "slow is no faster"),
        ("en-JM: {voice: x, slow: 100}", "slow is no faster"),
        ("en-JM: {from: en-GV, voice: x}", "did you mean “en-GB”"),
        ("en-JM: {voyce: x, voice: y}", "did you mean “voice”"),
        ("en-JM: {}", "has no voice"),
        ("english: {voice: x}", "not a locale"),
        ("en-JM: {voice: x, ssml: perhaps}", "yes or no"),
        ("de-DE: {voice: x}", "nobody here speaks de-DE yet"),
    ],
)
def test_a_slip_in_the_voices_is_shown(text, about):
    from tests.book.small import faults

    assert about in " ".join(f"{fault.message} {fault.hint}" for fault in faults(voices=VOICES + text + "\n"))


def test_a_book_asks_for_a_second_persons_yes_only_where_it_says_so():
    assert rules("").approval is False
    assert rules("publishing: {approval: yes}\n").approval is True
    assert rules("publishing: {approval: no}\n").approval is False


def test_a_second_persons_yes_is_yes_or_no():
    faults = the_fault(rules=RULES + "publishing: {approval: perhaps}\n")
    assert "yes or no" in str(faults)
