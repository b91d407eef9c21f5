"""What the proof weighs, check by check, where a whole broken book does not show it."""

from functools import cache

import pytest

from ivr.book.book import Fault, read
from ivr.proof import proof, proof_page
from ivr.proof.lengths import segments
from ivr.proof.voices import kind_of
from tests.book.small import VOICES, files
from tests.proof.broken import TASTE, sound
from tests.proof.test_coverage import quiet, whole


def told(found: list[Fault], piece: str) -> list[str]:
    return [f"{f.place.file}:{f.place.line}:{f.place.column}" for f in found if piece in f.message]


def goodbyes(count: int, tone: str = "any", words: str = "Bye {}.") -> str:
    return f"- entry: a\n  tone: {tone}\n  say: |\n" + "".join(
        f"    {words.format(n)}\n" for n in range(count)
    )


# ---- texts ----


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("à" * 160, 1), ("ê" * 70, 1), ("ê" * 71, 2), ("ê" * 134, 2), ("ê" * 201, 3), ("ê" * 202, 4),
        ("\U0001f600" * 35, 1), ("\U0001f600" * 36, 2), ("", 1),
    ],
)  # fmt: skip
def test_a_text_is_counted_in_the_segments_it_is_sent_in(text: str, count: int):
    assert segments(text) == count


# ---- variety ----


def test_ten_goodbyes_are_one_too_few_and_eleven_are_enough():
    assert len(told(proof(whole(goodbye=goodbyes(10))), "goodbyes that anybody can hear")) == 4
    assert told(proof(whole(goodbye=goodbyes(11))), "goodbyes that anybody can hear") == []


def test_five_gentle_goodbyes_are_one_too_few_and_six_are_enough():
    for count, advised in ((5, 1), (6, 0)):
        page = goodbyes(count, "gentle") + goodbyes(11, "plain, sober").replace("- entry: a", "- entry: b")
        assert len(told(proof(whole(goodbye=page)), "can hear on a gentle call")) == advised


def test_goodbyes_that_need_a_name_are_not_for_anybody():
    page = (
        goodbyes(11, words="Bye {}, {{{{ caller.name }}}}.") + "- entry: b\n  tone: any\n  say: |\n    Bye.\n"
    )
    assert "en-GB: 1 goodbyes that anybody can hear on a gentle call" in [
        f.message for f in proof(whole(goodbye=page))
    ]


# ---- seconds ----


def test_a_line_is_measured_at_the_pace_of_its_own_voice():
    page = goodbyes(11, words="Bye {}" + " and again" * 16 + ".")
    assert told(proof(whole(goodbye=page)), "this takes") == []
    slow = VOICES + "  pace: 100\n"
    assert len(told(proof(whole(goodbye=page, voices=slow)), "this takes")) == 11


def test_an_apology_for_an_extreme_wait_alone_has_seconds_of_its_own():
    """It takes a repair as well; one that serves other waits too is held to theirs."""
    words = "Sorry" + " and again" * 14 + "."
    page = "".join(
        f"- entry: {waits}\n  tone: any\n  when: severity is {waits}\n  say: |\n    {words}\n"
        for waits in ("extreme", "extreme or very_long", "long")
    )
    found = told(proof(whole(apology=page)), "this takes")
    assert found == ["en-GB/apology.yaml:10:5", "en-GB/apology.yaml:15:5"]


def test_a_whole_farewell_is_weighed_with_the_line_of_rules_yaml_beside_it():
    rules = "timezone: Europe/London\nlocale: en-GB\nseconds:\n  farewell: 1\n"
    (found,) = [f for f in proof(whole(goodbye=goodbyes(11), rules=rules)) if "a farewell with" in f.message]
    assert (found.place.line, found.place.column, found.fault) == (4, 3, False)


# ---- voices ----


@pytest.mark.parametrize(
    ("voice", "said", "fault"),
    [
        ("Polly.Amy-Neural", "does not know <emphasis>", True),
        ("Google.en-GB-Neural2-A", "may not know <emphasis>", False),
        ("Polly.Amy", None, None),
    ],
)
def test_an_element_a_voice_lacks_is_a_fault_and_one_it_may_lack_is_advice(
    voice: str, said: str | None, fault: bool | None
):
    page = goodbyes(11, words="<emphasis>Bye</emphasis> {}.")
    found = proof(whole(goodbye=page, voices=f"en-GB:\n  voice: {voice}\n  native_of: en-GB\n"))
    heard = [(f.message.partition("voice ")[2], f.fault) for f in found if "the voice " in f.message]
    assert set(heard) == ({(said, fault)} if said else set())


# ---- the name ----


def test_a_name_in_the_opening_and_the_goodbye_is_twice_and_no_more():
    name = goodbyes(3, words="{}, {{{{ caller.name }}}}.") + goodbyes(1).replace("- entry: a", "- entry: b")
    assert told(proof(whole(goodbye=name, opening=name)), "can say the name") == []
    apology = "- entry: a\n  tone: any\n  say: |\n    {{ caller.name }}.\n"
    assert told(proof(whole(goodbye=name, opening=name, apology=apology)), "can say the name 3 times") == [
        "en-GB/apology.yaml:4:8"
    ]


# ---- taste, and who inherits it ----


def test_what_is_taken_over_is_told_once_and_by_the_taste_of_its_own_locale():
    voices = VOICES + "en-JM: {from: en-GB}\n"
    page = goodbyes(11, words="Thy custom is dear {}.")
    found = proof(whole(goodbye=page, voices=voices, en_GB_taste=TASTE))
    assert len(told(found, "is stale")) == 11


def test_a_phrase_that_a_child_adds_is_listened_for_in_what_it_takes_over():
    voices = VOICES + "en-JM: {from: en-GB}\n"
    found = proof(whole(goodbye=goodbyes(11), voices=voices, en_JM_taste="forced: |\n  bye 7\n"))
    assert told(found, "is stale") == ["en-GB/goodbye.yaml:11:5"]


def test_a_phrase_is_not_heard_across_a_value():
    page = goodbyes(11, words="Thy custom {} {{{{ caller.name }}}} is dear.")
    assert told(proof(whole(goodbye=page, en_GB_taste=TASTE)), "is stale") == []


# ---- voices ----


@pytest.mark.parametrize(
    ("voice", "kind"),
    [
        ("alice", "basic"), ("Polly.Amy", "standard"), ("Polly.Amy-Neural", "neural"), ("Polly.Mía-Generative", "generative"),
        ("Google.en-GB-Neural2-A", "google"), ("Google.fr-CA-Wavenet-D", "google"), ("Google.pt-BR-Standard-B", "google"),
        ("Google.en-US-Chirp3-HD-Kore", "chirp"), ("Polly.Amy-Nueral", None), ("Google.en-GB-Chirp3-HD-Ana", None), ("amy", None),
    ],
)  # fmt: skip
def test_a_voice_is_known_by_the_shape_of_its_name(voice: str, kind: str | None):
    assert kind_of(voice) == kind


def test_a_place_nobody_knows_speaks_as_its_language_does():
    voices = VOICES + "en-QZ: {from: en-GB}\n"
    page = goodbyes(11, words="Bye {}, on {{{{ day.weekday | spoken_day }}}}.")
    assert [f for f in proof(whole(goodbye=page, voices=voices)) if f.fault] == []


# ---- recordings ----


def test_one_file_holds_one_line():
    page = "- entry: a\n  tone: any\n  say: |\n    Bye. [recording a.wav]\n    Ta. [recording a.wav]\n"
    found = proof(whole(goodbye=page), ["a.wav", "b.wav"])
    assert told(found, "holds other words already") == ["en-GB/goodbye.yaml:5:5"]
    assert told(found, "no words name this file") == ["recordings/b.wav:1:1"]


def test_where_nobody_knows_the_files_none_is_missed():
    page = "- entry: a\n  tone: any\n  say: |\n    Bye. [recording a.wav]\n"
    assert told(proof(whole(goodbye=page)), "recordings/") == []


# ---- a page, as it is typed ----


@pytest.mark.parametrize("path", [path for path in sound() if path not in ("rules.yaml",)])
def test_a_page_by_itself_is_told_what_the_whole_book_is(path: str):
    book, _ = read(sound())
    assert book is not None
    by_itself = {(f.place, f.message) for f in proof_page(book, sound(), path)}
    assert by_itself >= {(f.place, f.message) for f in _everything() if f.place.file == path and f.fault}
    assert {f.place.file for f in proof_page(book, sound(), path)} <= {path}


@cache
def _everything() -> list[Fault]:
    return proof(sound())


def test_a_page_that_nobody_had_is_read_too():
    book, _ = read(files(goodbye=quiet("goodbye")))
    assert book is not None
    changed = files(goodbye=quiet("goodbye"), opening="- entry: a\n  say: |\n    {{ caller.nam }}\n")
    (found,) = [f for f in proof_page(book, changed, "en-GB/opening.yaml") if "caller.nam" in f.message]
    assert (found.place.line, found.place.column) == (3, 8)


def test_what_a_slower_voice_takes_over_is_measured_anew():
    page = goodbyes(11, words="Bye {}" + " and again" * 16 + ".")
    voices = VOICES + "en-JM: {from: en-GB, voice: Polly.Brian-Neural, pace: 100}\n"
    assert len(told(proof(whole(goodbye=page, voices=voices)), "this takes")) == 11
