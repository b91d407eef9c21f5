"""The words: what Liquid may say, what it may not, and what it gives."""

from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book import liquid
from ivr.book.liquid import LONGEST_LINE, parse
from ivr.book.source import Fault, Place, Words
from ivr.book.spoken import Value, plain
from ivr.book.template import FILTERS, LONGEST_OUTPUT, Template, Unsayable
from ivr.book.vocabulary import FACTS
from tests.book.small import english

HERE = Place("en-GB/next_steps.yaml", 7, 5)
FACTS_KNOWN: dict[str, Value] = {
    "caller.name": "Ana", "step.reference": "AB-4719", "wait.seconds": 870, "step.by": date(2026, 11, 28),
    "day.part": "evening", "day.weekday": "friday", "calls_today": 2, "step.what": "send a router",
    "step.to": "help@example.com", "line.phone": "+442079460000", "steps.ours": 1,
}  # fmt: skip


def template(text: str, page: str = "next_steps", part: str = "reference") -> Template:
    found = parse(Words(text, ((0, HERE),)), page, part, text=page == "texts")
    assert isinstance(found, Template), [str(fault) for fault in found]
    return found


def faults(text: str, page: str = "next_steps", part: str = "reference") -> list[Fault]:
    found = parse(Words(text, ((0, HERE),)), page, part, text=page == "texts")
    assert isinstance(found, list)
    return found


def said(text: str, page: str = "next_steps", part: str = "reference", **other: Value) -> str:
    return template(text, page, part).render(FACTS_KNOWN | other, english())


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("Thank you, {{ caller.name }}.", "Thank you, Ana."),
        ("You waited {{ wait.seconds | spoken_wait }}.", "You waited more than fourteen minutes."),
        ("By {{ step.by | spoken_date }}.", "By Saturday the twenty-eighth of November."),
        ("On {{ step.by | spoken_day }} or {{ day.weekday | spoken_day }}.", "On Saturday or Friday."),
        ("Good {{ day.part | spoken_part }}.", "Good evening."),
        ("Call {{ calls_today }} today.", "Call two today."),
        ("We've {{ step.what | list }}.", "We've send a router."),
        ("To {{ step.to | spoken_address }}.", "To help at example dot com."),
        ("Ring {{ line.phone | digits | slowly }}.", "Ring 0 2 0, 7 9 4 6, 0 0 0 0."),
        ("It is {{ step.reference | spell }}.", "It is A B, 4 7 1 9."),
        ("One [pause] two [long pause]  three.", "One two three."),
    ],
)
def test_a_fact_is_said_through_its_filter(written, heard):
    assert plain(said(written)) == heard


def test_what_a_line_needs_and_how_often_it_says_it_is_known_beforehand():
    line = template("{{ step.reference | spell }}, {{ step.reference | spell | slowly }}, {{ caller.name }}")
    assert line.needs == {"step.reference", "caller.name"}
    assert line.mentions == {"step.reference": 2, "caller.name": 1}


def test_a_value_is_escaped_wherever_it_stands():
    assert said("{{ caller.name }} & co", **{"caller.name": "<b>&"}) == "&lt;b&gt;&amp; &amp; co"
    slow = said("{{ caller.name | slowly }}", **{"caller.name": "A<B"})
    assert slow == '<prosody rate="80%">A&lt;B</prosody>'
    assert said("{{ step.what | list }}", part="done", **{"step.what": ("a<", "b&")}) == "a&lt; and b&amp;"


def test_control_characters_of_a_value_are_not_spoken():
    assert said("{{ caller.name }}!", **{"caller.name": "A\x00na\n\x0bBell"}) == "A na Bell!"


@pytest.mark.parametrize("value", ["", " ", "\x00", "\n\t"])
def test_a_value_that_would_be_said_as_nothing_is_unsayable(value):
    with pytest.raises(Unsayable):
        said("Hello {{ caller.name }}", **{"caller.name": value})


def test_a_line_that_grows_too_long_is_unsayable():
    with pytest.raises(Unsayable):
        said("{{ caller.name }}", **{"caller.name": "x" * (LONGEST_OUTPUT + 1)})


@pytest.mark.parametrize(
    ("written", "column", "about"),
    [
        ("Hello {{ caller.nam }}", 14, "caller.nam"),
        ("Hello {{ caller.name | spel }}", 28, "spel"),
        ("Hello {{ caller.name", 11, "Liquid"),
        ("Hello caller.name }}", 23, "no partner"),
        ("{{ wait.seconds }}", 5, "spoken_wait"),
        ("{{ step.by }}", 5, "spoken_date"),
        ("{{ day.part }}", 5, "spoken_part"),
        ("{{ caller.name | spoken_wait }}", 22, "spoken_wait"),
        ("{{ caller.name | spell }}", 22, "never a name"),
        ("{{ wait.seconds | spoken_wait: 3 }}", 23, "nothing after it"),
        ("{{ step.reference | slowly | spell }}", 34, "cannot follow"),
        ("{{ severity }}", 5, "code word"),
        ("{{ step.who }}", 5, "asked about"),
        ("{{ apologised }}", 5, "asked about"),
        ("{{ gift.detail }}", 8, "never be known on the page next_steps"),
        ("{{ 'words' }}", 5, "only a fact"),
        ("{{ (1..50000000) }}", 5, "only a fact"),
        ("{{ now }}", 8, "now"),
        ("{{ wait }}", 8, "wait"),
        ("{{ caller[caller.name] }}", 8, "caller"),
        ("{% if texted %}a{% endif %}", 8, "tag"),
        ("{% raw %}{{ caller.name }}{% endraw %}", 5, "no partner"),
        ("{{ caller.name | join }}", 22, "join"),
    ],
)
def test_what_is_not_on_the_list_is_a_fault_at_its_place(written, column, about):
    found = faults(written)
    assert (found[0].place.line, found[0].place.column) == (7, column)
    assert about in f"{found[0].message} {found[0].hint}"


def test_the_nearest_right_name_is_told():
    assert "caller.name" in (faults("{{ caller.nam }}")[0].hint or "")
    assert "spell" in (faults("{{ step.reference | spel }}")[0].hint or "")


def test_the_reference_is_said_by_its_own_part_alone():
    assert "reference" in faults("{{ step.reference | spell }}", part="ours")[0].message


def test_a_line_of_a_hundred_thousand_characters_is_one_sentence_of_fault():
    assert "at most" in faults("x" * 100_000)[0].message
    assert len(faults("{{" * (LONGEST_LINE // 2))) > 0


def test_deep_brackets_are_a_fault_not_an_exception():
    assert faults("{{ " + "a[" * 2000 + " }}")


# ---- text messages ----


def test_a_text_takes_conditions_and_plain_words():
    line = "{% if step.by %}By {{ step.by | spoken_date }}: {% endif %}{{ step.what }}. Ref {{ step.reference }} & so on"
    assert said(line, "texts", "note") == "By Saturday 28 November 2026: send a router. Ref AB-4719 & so on"


def test_a_fact_a_text_asks_about_first_need_not_be_known():
    line = template(
        "{% if step.by %}By {{ step.by | spoken_date }}: {% endif %}{{ step.what }}", "texts", "note"
    )
    assert line.needs == {"step.what"}
    assert line.render({"step.what": "ring"}, english()) == "ring"


@pytest.mark.parametrize(
    "line",
    [
        "{% if step.by or step.to %}{{ step.to }}{% endif %}",
        "{% if step.by %}x{% else %}{{ step.to }}{% endif %}",
        "{% unless step.to %}{{ step.to }}{% endunless %}",
        "{% if step.by %}x{% elsif step.what %}{{ step.to }}{% endif %}",
    ],
)
def test_a_fact_printed_where_it_was_not_asked_about_must_be_known(line):
    assert "step.to" in template(line, "texts", "note").needs


def test_a_case_of_a_text_knows_its_values():
    line = "{% case step.who %}{% when 'us' %}We will{% when 'you' %}Please{% endcase %} {{ step.what }}"
    assert said(line, "texts", "note", **{"step.who": "you"}) == "Please send a router"
    assert "holday" not in line
    wrong = faults("{% case step.who %}{% when 'uss' %}We{% endcase %}", "texts", "note")[0]
    assert "us" in (wrong.hint or "")


@pytest.mark.parametrize(
    "line",
    [
        "{% for x in (1..9) %}a{% endfor %}", "{% assign x = 1 %}", "{% if (1..9) contains 3 %}x{% endif %}",
        "{% if step.by %}", "[pause] x", "<break/> x", "{{ step.reference | spell }}", "{{ step.by }}",
        "{% if step.bye %}x{% endif %}", "{% include 'x' %}",
    ],
)  # fmt: skip
def test_what_a_text_may_not_hold_is_a_fault(line):
    assert faults(line, "texts", "note")


def test_a_text_whose_fact_is_missing_is_unsayable():
    with pytest.raises(Unsayable):
        template("{% if step.to %}{% endif %}{{ step.by | spoken_date }}", "texts", "note").render(
            {}, english()
        )


# ---- whatever is written ----

_BITS = st.sampled_from(
    [
        "{{ ", " }}", "{% ", " %}", "caller.name", "step.reference", " | ", "spell", "slowly", "list", "if ", "endif",
        "[pause]", "[", "]", "<p>", "</p>", "<break/>", "<sub alias='x'>", "</sub>", "&", "<", ">", "&amp;", "'", '"',
        "words ", "(1..9)", "\u00e9", "=", "-", "raw", "endraw", "step.by", "spoken_date",
    ]
)  # fmt: skip


@given(st.lists(_BITS, max_size=12).map("".join))
@settings(max_examples=200)
def test_every_line_is_either_well_formed_when_said_or_a_fault(line):
    found = parse(Words(line, ((0, HERE),)), "next_steps", "reference")
    if isinstance(found, Template):
        ElementTree.fromstring(f"<Say>{found.render(FACTS_KNOWN, english())}</Say>")
    else:
        assert all(isinstance(fault, Fault) for fault in found)


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_every_value_leaves_the_line_well_formed(value):
    line = template(
        "Dear {{ caller.name }}, {{ step.reference | spell | slowly }} {{ step.to | spoken_address }}"
    )
    facts = FACTS_KNOWN | {"caller.name": value, "step.to": value, "step.reference": value}
    try:
        said_ = line.render(facts, english())
    except Unsayable:
        return
    ElementTree.fromstring(f"<Say>{said_}</Say>")


def test_every_filter_is_a_way_of_speaking():
    for name, spec in FILTERS.items():
        assert callable(getattr(english(), name))
        assert spec.in_texts is None or callable(getattr(english(), spec.in_texts))


def test_every_fact_that_may_be_spoken_can_be_said_somehow():
    for fact in FACTS:
        if fact.spoken and fact.type not in ("flag",) and fact.name != "severity":
            page = fact.pages[0] if fact.pages else "goodbye"
            part = {"step.reference": "reference"}.get(fact.name, "ours")
            page = "next_steps" if fact.name.startswith("step.") else page
            ways = ["", *(f" | {name}" for name in FILTERS)]
            lines = [parse(Words(f"{{{{ {fact.name}{way} }}}}", ((0, HERE),)), page, part) for way in ways]
            assert any(isinstance(line, Template) for line in lines), fact.name


# ---- lines that need no parser ----

_PIECES = st.sampled_from(
    ["Bye", " ", ", ", "&", "<p>", "</p>", "[pause]", "}}", "{", '<break time="1s"/>', "<sub alias='a'>", "</sub>", "<", "é"]
)  # fmt: skip
_VALUES = st.builds(
    lambda fact, filters, space: "{{" + space + fact + "".join(f"{space}|{space}{name}" for name in filters) + space + "}}",
    st.sampled_from(["caller.name", "wait.queue", "step.by", "step.reference", "severity", "day.part", "call.resolved"]),
    st.lists(st.sampled_from(["spell", "slowly", "spoken_wait", "spoken_date", "list", "digits"]), max_size=3),
    st.sampled_from(["", " ", "  "]),
)  # fmt: skip


@given(
    st.lists(_PIECES | _VALUES, max_size=8).map("".join),
    st.sampled_from(["goodbye", "apology", "next_steps", "texts"]),
)
@settings(max_examples=300, deadline=None)
def test_a_line_that_needs_no_parser_is_read_as_the_parser_would(line: str, page: str):
    words, part = Words(line, ((0, HERE),)), "reference" if page == "next_steps" else ""
    quick = parse(words, page, part, text=page == "texts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(liquid, "_simple", lambda text: None)
        whole = parse(words, page, part, text=page == "texts")
    if isinstance(quick, list) or isinstance(whole, list):
        assert quick == whole
        return
    assert (quick.needs, quick.says) == (whole.needs, whole.says)
    facts = FACTS_KNOWN | {"caller.name": "A&B", "wait.queue": 700}
    assert quick.render(facts, english()) == whole.render(facts, english())
