"""Whatever is typed into a wrap-up: refused with the field and the reason, or harmless on the air."""

import json

import pytest

from ivr.rehearsal.happened import Happening
from ivr.rehearsal.scene import BEGINS, Scene
from tests.chaos.witness import Played, played

HOSTILE = {
    "a break of ten hours": '<break time="10h"/>',
    "a tag in a name": 'Ana <break time="10h"/>',
    "an element that says nothing": "<say-as interpret-as='spell-out'>Ana</say-as>",
    "the end of the document": "Ana</Say></Gather><Hangup/>",
    "an entity": "Ana &lt;b&gt; &#x202e; &amp;",
    "control characters": "A\x00n\x07a\x1b[31m\x7f",
    "a line break": "Ana\r\nBcc: somebody",
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "a " * 10_000,
    "right to left": "\u202enaomi\u202c \u200fAna",
    "emoji": "🎉👩\u200d👩\u200d👧 🏳️\u200d🌈",
    "a name with one": "Ana 🎉",
    "nobody": "None",
    "nothing": "",
    "blanks": " \t\u00a0\u2003 ",
    "a Liquid tag": "{% for i in (1..1000000000) %}a{% endfor %}",
    "a Liquid value": "{{ caller.name | append: 'x' }}",
    "a placeholder": "[name]",
    "marks upon marks": "A" + "\u0301" * 500,
    "no character": "\ufffe\uffff",
}
FIELDS = ("name", "agent", "reason", "what", "reference", "to", "detail")


def wrapup(field: str, value: str) -> dict[str, object]:
    step = {
        "who": "us",
        "what": "send a form",
        "by": "2026-11-28",
        "reference": "AB-4719",
        "to": "the old address",
    }
    gift = {"kind": "holiday", "detail": "in Tobago"}
    noted = {"name": "Ana", "agent": "Sam", "reason": "delivery", "resolved": True}
    return {
        **{key: value if key == field else usual for key, usual in noted.items()},
        "steps": [{key: value if key == field else usual for key, usual in step.items()}],
        "gifts": [{key: value if key == field else usual for key, usual in gift.items()}],
    }


async def rung(name: str, noted: dict[str, object]) -> Played:
    nine = 9 * 3600.0
    happened = (
        Happening(nine, "caller", "queued", ""),
        Happening(nine + 20, "agent", "answered"),
        Happening(nine + 60, "agent", "wrapped up", wrapup=noted),
        Happening(nine + 90, "agent", "hangs up"),
    )
    return await played(Scene(name, happened, begins=BEGINS))


@pytest.mark.parametrize("field", FIELDS)
async def test_what_is_typed_is_refused_in_a_sentence_or_harmless_on_the_air(field):
    for number, (what, value) in enumerate(HOSTILE.items()):
        call = await rung(f"hostile_{field}_{number}", wrapup(field, value))
        assert not call.witness.wrong, what
        faults = [
            fault for fault in call.report.faults if "no longer there" not in fault
        ]  # let go before then
        assert not faults, (what, faults)
        errors = [line for line in call.witness.logged if line["log_level"] == "error"]
        assert not errors, (what, errors)
        status, told = next((status, told) for name, status, told in call.report.answers if "wrap" in name)
        if status == 422:
            assert field in json.dumps(told), (what, told)
        else:
            assert status == 202, (what, told)
        assert call.report.outcome == "heard", what
        said = " ".join(line.text for line in call.report.heard if line.by == "line")
        for mark in (
            "<",
            ">",
            "{",
            "}",
            "[",
            "]",
            "None",
            "\ufffe",
            "\x00",
            "\x07",
            "\u202e",
            "\u200f",
            "10h",
        ):
            assert mark not in said, (what, said)
        assert len(said) < 3_000, what
        assert all(line.seconds < 60 for line in call.report.heard), what


async def test_the_test_hears_what_is_typed():
    call = await rung("harmless", wrapup("detail", "in Tobago"))
    said = " ".join(line.text for line in call.report.heard)
    assert "send a form" in said
