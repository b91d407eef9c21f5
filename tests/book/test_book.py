"""Reading a book: its pages, what they inherit, and everything that can be wrong with them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.book import Fault, read
from ivr.book.source import DEEPEST, LARGEST_FILE
from tests.book.small import RULES, VOICES, book, faults, files, heard_by, said_by, the_fault

GOODBYE = """\
- aim: They leave free to go.
- entry: on holiday
  when: gift.kind is holiday
  note: Never without its preposition.
  say: |
    Safe travels, {{ caller.name }}, and a happy
      time {{ gift.detail }}.
    A very happy holiday: to you! # no comment
- entry: not settled
  tone: [sober, gentle]
  when: |
    not call.resolved
    steps.ours at least 1
  say: |
    We stay on it.
- entry: anybody
  tone: any
  say: |
    Thank you for calling.
"""

MISHAP = (
    "- entry: usual\n  say: |\n    Sorry.\n- entry: gently\n  tone: gentle\n  say: |\n    We are sorry.\n"
)


# ---- a page ----


def test_a_page_is_read_entry_by_entry():
    holiday, unsettled, anybody = book(goodbye=GOODBYE).entries("en-GB", "goodbye")
    assert (holiday.name, holiday.tones, holiday.aim) == ("on holiday", {"plain"}, "They leave free to go.")
    assert holiday.note == "Never without its preposition."
    assert [str(condition) for condition in unsettled.when] == ["not call.resolved", "steps.ours at least 1"]
    assert unsettled.tones == {"sober", "gentle"}
    assert anybody.tones == {"plain", "sober", "gentle"}


def test_a_variant_is_a_line_and_a_deeper_indent_continues_it():
    holiday = book(goodbye=GOODBYE).entries("en-GB", "goodbye")[0]
    said = heard_by(holiday, caller_name="Ana", gift_detail="in Tobago")
    assert said == "Safe travels, Ana, and a happy time in Tobago."
    assert holiday.variants[1].words == "A very happy holiday: to you! # no comment"
    assert [variant.needs for variant in holiday.variants] == [{"caller.name", "gift.detail"}, frozenset()]


def test_places_are_the_files_own():
    holiday = book(goodbye=GOODBYE).entries("en-GB", "goodbye")[0]
    assert (holiday.place.file, holiday.place.line) == ("en-GB/goodbye.yaml", 2)
    assert (holiday.variants[1].place.line, holiday.variants[1].place.column) == (8, 5)


def test_only_the_entries_of_a_tone_are_asked():
    small = book(goodbye=GOODBYE)
    assert [entry.name for entry in small.entries("en-GB", "goodbye", tone="sober")] == [
        "not settled",
        "anybody",
    ]
    assert small.entries("en-GB", "opening") == ()


def test_a_page_without_tones_prefers_words_of_the_calls_tone():
    small = book(mishap=MISHAP)
    assert [e.name for e in small.entries("en-GB", "mishap", "mishap", "gentle")] == ["gently", "usual"]
    assert [e.name for e in small.entries("en-GB", "mishap", "mishap", "plain")] == ["usual"]


def test_a_variant_is_known_by_its_words_not_its_place():
    one = book(goodbye="- entry: a\n  say: |\n    Goodbye.\n    Farewell.\n").entries("en-GB", "goodbye")[0]
    other = book(goodbye="- entry: b\n  say: |\n    Farewell.\n    Goodbye.\n").entries("en-GB", "goodbye")[0]
    assert [v.id for v in one.variants] == [v.id for v in reversed(other.variants)]
    assert len(one.variants[0].id) == 6


def test_marks_belong_to_the_words_and_not_to_what_is_said():
    page = "- entry: a\n  say: |\n    We'll text you. [promise text_note] [recording bye.wav]\n"
    variant = book(goodbye=page).entries("en-GB", "goodbye")[0].variants[0]
    assert (variant.promises, variant.recording, variant.words) == (
        ("text_note",),
        "bye.wav",
        "We'll text you.",
    )


def test_silence_is_said_on_purpose():
    entry = book(goodbye="- entry: a\n  say: |\n    [silence]\n").entries("en-GB", "goodbye")[0]
    assert entry.silence
    assert entry.variants[0].silent
    assert said_by(entry) == ""


def test_no_scalar_is_anything_but_text():
    page = "- entry: no\n  note: 9:30\n  offer: yes\n  say: |\n    null\n"
    entry = book(goodbye=page).entries("en-GB", "goodbye")[0]
    assert (entry.name, entry.note, entry.offer, entry.variants[0].words) == ("no", "9:30", True, "null")


def test_an_omitted_part_is_the_pages_own():
    page = "- entry: a\n  say: |\n    Please hold on.\n"
    assert book(waiting=page).entries("en-GB", "waiting", "waiting")
    assert book(mishap=page).entries("en-GB", "mishap", "mishap")
    assert "which part of agent?" in the_fault(agent=page).message


def test_a_reference_is_said_twice_the_second_time_slower():
    page = "- entry: a\n  part: reference\n  say: |\n    {}\n"
    twice = "{{ step.reference | spell }}, {{ step.reference | spell | slowly }}"
    apart = "{{ step.reference | spell }}, {{ step.reference | spell_out | slowly }}"
    for good in (twice, apart, "{{ step.reference | spell }}"):
        assert book(next_steps=page.format(good)).entries("en-GB", "next_steps", "reference")
    for bad in (
        "None.",
        "{{ step.reference }}",
        f"{twice} {twice}",
        "{{ step.reference | spell | slowly }} " + twice,
        "{{ step.reference | spell_out | slowly }} " + apart,
        "{{ step.reference | spell_out }}",
    ):
        assert "twice" in the_fault(next_steps=page.format(bad)).message


@pytest.mark.parametrize(
    ("page", "line", "column", "about"),
    [
        ("- entry: a\n  say: |\n    Hello {{ caller.nam }}\n", 3, 14, "caller.name"),
        ("- entry: a\n  when: gift.knd known\n  say: |\n    x\n", 2, 9, "gift.kind"),
        (
            "- entry: a\n  when: |\n    call.resolved\n    gift.kind is holday\n  say: |\n    x\n",
            4,
            15,
            "holiday",
        ),
        ("- entry: a\n  say: |\n    one\n      two {{ gift.knd }}\n", 4, 14, "gift.kind"),
        ("- entry: a\n  tone: sobre\n  say: |\n    x\n", 2, 9, "sober"),
        ("- entry: a\n  part: ours\n  say: |\n    x\n", 2, 9, "leave the line out"),
        ("- entry: a\n  says: |\n    x\n", 2, 3, "say"),
        ("- entry: a\n  say: words\n", 2, 8, "say: |"),
        ("- entry: a\n  say: [silence]\n", 2, 8, "say: |"),
        ("- entry: a\n  say: |\n", 2, 8, "no words"),
        ("- entry: a\n", 1, 3, "says nothing"),
        ("- say: |\n    x\n", 1, 3, "without a name"),
        ("- entry: a\n  say: |\n    x\n- entry: a\n  say: |\n    y\n", 4, 10, "line 1"),
        ("- entry: a\n  say: |\n    x\n    x\n", 4, 5, "twice"),
        ("- entry: a\n  say: |\n    x\n    [silence]\n", 4, 5, "stands alone"),
        ("- entry: a\n  say: |\n    x [silence]\n", 3, 5, "stands alone"),
        ("- entry: a\n  say: |\n    x [promise txt_note]\n", 3, 7, "text_note"),
        ("- entry: a\n  say: |\n    x [recording ../x.wav]\n", 3, 7, "recording"),
        ("- entry: a\n  say: |\n    [promise text_note]\n", 3, 5, "no words"),
        ("- entry: a\n  drop: true\n", 1, 10, "dropped"),
        ("- entry: a\n  offer: perhaps\n  say: |\n    x\n", 2, 10, "yes or no"),
        ("- entry: a\n  when:\n    call.resolved\n    call.trouble\n  say: |\n    x\n", 3, 5, "when: |"),
        ("- words\n", 1, 3, "- entry:"),
        ("entry: a\n", 1, 1, "list of entries"),
        ("- {entry: a, entry: b}\n", 1, 14, "twice"),
        ("- entry: a: b\n", 1, 11, "not YAML"),
        ("- entry: &x a\n  say: |\n    x\n", 1, 10, "anchors"),
        ("- entry: a\n  note: *x\n", 2, 9, "aliases"),
        ("- entry: !!python/object a\n", 1, 10, "tags"),
        ("- entry: a\n--- \n- entry: b\n", 2, 1, "second document"),
        ('- entry: a\n  note: "\\x00"\n\tsay: x\n', 3, 1, "not YAML"),
        ("- entry: a\x07\n", 1, 11, "cannot be typed"),
        ("- entry: a\u2028b\n", 1, 11, "cannot be typed"),
        ("[" * (DEEPEST + 2), 1, DEEPEST + 1, "deeper"),
    ],
)
def test_a_slip_on_a_page_is_shown_at_its_place(page, line, column, about):
    found = faults(goodbye=page)
    assert found, "no fault"
    shown = [f for f in found if (f.place.line, f.place.column) == (line, column)]
    assert shown, "\n".join(map(str, found))
    assert any(about in f"{fault.message} {fault.hint}" for fault in shown), "\n".join(map(str, found))


def test_a_fault_shows_its_line_with_a_caret_beneath():
    shown = str(the_fault(goodbye="- entry: a\n  say: |\n    Hello {{ caller.nam }}\n")).splitlines()
    assert shown[0] == "en-GB/goodbye.yaml:3:14: no fact is called “caller.nam”"
    assert shown[1][shown[2].index("^") :].startswith("caller.nam")
    assert shown[3] == "  did you mean “caller.name”?"


def test_the_caret_of_a_very_long_line_stays_beneath_its_place():
    page = f"- entry: a\n  say: |\n    {'word ' * 200}{{{{ caller.nam }}}}\n"
    shown = str(the_fault(goodbye=page)).splitlines()
    assert shown[1][shown[2].index("^") :].startswith("caller.nam")
    assert len(shown[1]) < 120


def test_windows_line_ends_and_a_byte_order_mark_change_no_place():
    plain = faults(goodbye="- entry: a\n  say: |\n    Hello {{ caller.nam }}\n")
    windows = faults(goodbye="\ufeff- entry: a\r\n  say: |\r\n    Hello {{ caller.nam }}\r\n")
    assert [f.place for f in plain] == [f.place for f in windows]


def test_an_entry_whose_condition_is_wrong_says_nothing_by_mistake():
    page = "- entry: a\n  when: gift.kind is holday\n  say: |\n    Happy holidays.\n"
    found, _ = read(files(goodbye=page))
    assert found is not None
    assert found.entries("en-GB", "goodbye")[0].variants == ()


# ---- locales ----

TWO = VOICES + "en-JM:\n  from: en-GB\n"
CHILD = """\
- entry: new here
  say: |
    Walk good.
- entry: not settled
  drop: true
- entry: anybody
  say: |
    Thanks for calling.
"""


def test_a_locale_starts_from_another():
    small = book(voices=TWO, goodbye=GOODBYE, en_JM_goodbye=CHILD)
    assert [(e.name, e.locale) for e in small.entries("en-JM", "goodbye")] == [
        ("new here", "en-JM"),
        ("on holiday", "en-GB"),
        ("anybody", "en-JM"),
    ]
    assert small.entries("en-JM", "goodbye")[2].tones == {"plain"}, "the whole entry is replaced"
    assert [e.name for e in small.entries("en-GB", "goodbye")] == ["on holiday", "not settled", "anybody"]


def test_a_locale_takes_over_pages_steps_and_names_it_does_not_have():
    steps = "call: {who: us, what: ring you back}\n"
    small = book(
        voices=TWO, goodbye=GOODBYE, steps=steps, names="Siobhan: Shivawn\n", en_JM_names="Ana: Anna\n"
    )
    assert small.entries("en-JM", "goodbye") == small.entries("en-GB", "goodbye")
    assert small.step("en-JM", "call") == "ring you back"
    assert small.name("en-JM", "siobhan") == "Shivawn"
    assert small.name("en-JM", "Ana Siobhan Bell") == "Anna Shivawn Bell"
    assert small.name("en-GB", "Ana") == "Ana"
    assert small.step("en-GB", "fetch") is None


def test_words_for_a_native_voice_are_spoken_by_one_alone():
    page = "- entry: local\n  native_voice: true\n  say: |\n    Cheerio.\n"
    small = book(voices=TWO, goodbye=page)
    assert small.entries("en-GB", "goodbye")
    assert not small.entries("en-JM", "goodbye")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en-GB", "en-GB"), ("en_jm", "en-JM"), ("en-AU", "en-GB"), ("fr-FR", "en-GB"), (None, "en-GB"), ("", "en-GB"),
        ("\x00", "en-GB"),
    ],
)  # fmt: skip
def test_the_nearest_locale_is_found(wanted, found):
    assert book(voices=TWO).locale(wanted) == found


@pytest.mark.parametrize(
    ("name", "text", "about"),
    [
        ("steps", "call: ring you back\n", "key: value"),
        ("steps", "call: {who: them, what: x}\n", "who is never “them”"),
        ("steps", "call: {who: us}\n", "who acts, and what"),
        ("steps", f"call: {{who: us, what: {'x' * 91}}}\n", "90 characters"),
        ("names", "Ana: [a, b]\n", "as said"),
        ("gifts", "holday: {detail: in Tobago}\n", "did you mean “holiday”"),
        ("gudbye", "- entry: a\n", "did you mean “goodbye”"),
    ],
)
def test_a_slip_in_the_small_files_is_shown(name, text, about):
    assert about in " ".join(f"{fault.message} {fault.hint}" for fault in faults(**{name: text}))


def test_gifts_say_how_their_detail_is_typed():
    small = book(gifts="holiday: {detail: in Tobago, note: with its preposition}\n")
    assert small.locales["en-GB"].gifts["holiday"].detail == "in Tobago"


def test_a_locale_without_a_voice_is_named():
    assert "voices.yaml has no en-US" in the_fault(en_US_goodbye=GOODBYE).message


def test_a_book_without_rules_or_voices_is_no_book():
    found, wrong = read({"en-GB/goodbye.yaml": GOODBYE})
    assert found is None
    assert {"the book has no rules.yaml", "the book has no voices.yaml"} <= {fault.message for fault in wrong}


def test_what_is_not_yaml_is_left_alone():
    found, wrong = read(files(goodbye=GOODBYE) | {"README.md": "{{{", "recordings/a.wav": "RIFF"})
    assert found is not None
    assert not wrong


def test_a_book_is_known_by_its_words():
    one, two = book(goodbye=GOODBYE), book(goodbye=GOODBYE.replace("Thank", "I thank"))
    assert one.digest != two.digest
    assert one.digest == book(goodbye=GOODBYE).digest


# ---- hostile files ----

BOMBS = {
    "aliases": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "open brackets": "[" * 100_000,
    "open braces": "{a: " * 50_000,
    "one long line": f"- entry: a\n  say: |\n    {'x' * 100_000}\n",
    "one long condition": f"- entry: a\n  when: {'not ' * 20_000}\n  say: |\n    x\n",
    "too large": "#" * (LARGEST_FILE + 1),
    "many entries": "".join(
        f"- entry: e{n}\n  when: call.queue is q{n}\n  say: |\n    x{n}\n" for n in range(3000)
    ),
    "many faults": "- entry: a\n" * 10_000,
    "binary": "\x00\x01\x02\ufffe",
    "surrogates": "- entry: \ud800\n",
    "many filters": "- entry: a\n  say: |\n    {{ caller.name " + "| slowly " * 400 + "}}\n",
    "range": "- entry: a\n  say: |\n    {{ (1..50000000) | join }}\n",
    "a key that is a list": "? [a, b]\n: c\n",
    "only a word": "words",
    "directives": "%YAML 9.9\n%TAG ! tag:x,2000:\n---\n- a\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_every_bomb_is_a_sentence_not_an_exception(name):
    found = faults(goodbye=BOMBS[name])
    assert found
    assert all(isinstance(fault, Fault) and fault.message and str(fault) for fault in found)
    assert all(len(str(fault)) < 600 for fault in found)


def test_too_many_files_are_a_sentence():
    assert "files" in read({f"en-GB/{n}.yaml": "" for n in range(3000)})[1][0].message


_LINES = st.sampled_from(
    [
        "- entry: a", "- entry: b", "  say: |", "    words", "      more", "    {{ caller.name }}", "    {{ x", "  when: |",
        "    call.resolved", "  when: gift.kind is holiday", "  tone: [plain, sober]", "  tone: any", "  drop: true",
        "- aim: x", "  note: 'x", "  part: ours", "    [silence]", "\t", "- - -", "? x", ": y", "--- ", "<<: *x", "&a b",
        "  offer: [", "]", "{", "}", "#", "  say: >", "  native_voice: true", "\u00a0", "'", "  say: |2", "  say: |+",
    ]
)  # fmt: skip


@given(
    st.lists(_LINES, max_size=14).map("\n".join),
    st.sampled_from(["goodbye", "rules", "voices", "steps", "texts"]),
)
@settings(max_examples=200, deadline=None)
def test_no_file_makes_the_reader_fail(text, name):
    for fault in read(files(**{name: text}))[1]:
        assert fault.place.line >= 1
        assert fault.place.column >= 1
        assert str(fault)


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_text_makes_the_reader_fail(text):
    assert all(
        str(fault)
        for fault in read({"rules.yaml": RULES, "voices.yaml": text, "en-GB/goodbye.yaml": text})[1]
    )
