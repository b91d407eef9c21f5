"""A book may come from anyone with a text editor: whatever it holds, it is answered with sentences, and soon."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.book.book import Fault, read
from ivr.book.vocabulary import BY_NAME, PAGES
from ivr.proof import proof, proof_page
from ivr.store.shelf import BookFolderError, read_folder
from tests.book.small import VOICES, files

# A bomb takes minutes, or for ever. What these take is under half a second on an idle core, and several times that in
# a process that has run a thousand other tests: no figure is held here.
LONGEST = 60.0  # seconds of one core


def proved(book: dict[str, str]) -> list[Fault]:
    """What is found, without an exception, soon, and each with a sentence and a place."""
    began = time.process_time()
    found = proof(book, [])
    took = time.process_time() - began
    assert took < LONGEST, f"{took:.2f} s"
    for fault in found:
        assert fault.message.strip()
        assert fault.message.isprintable(), fault.message
        assert fault.place.file, fault
        assert fault.place.line >= 1
        assert fault.place.column >= 1
        assert len(str(fault)) < 2_000
    return found


def page(words: str, **others: str) -> dict[str, str]:
    return files(goodbye=f"- entry: a\n  tone: any\n  say: |\n    {words}\n", **others)


DEEP = 4_000
HUGE = "x" * 100_000
LIQUID = {
    "a range of a billion": "{% for n in (1..1000000000) %}a{% endfor %}",
    "a range in a value": "{{ (1..1000000000) | join }}",
    "a hundred filters": "{{ caller.name " + "| slowly " * 100 + "}}",
    "filters that double": "{{ caller.name" + " | append: caller.name" * 40 + " }}",
    "deep conditions": "{% if caller.name %}" * DEEP + "a" + "{% endif %}" * DEEP,
    "deep brackets": "{{ " + "(" * DEEP + "caller.name" + ")" * DEEP + " }}",
    "deep paths": "{{ " + "a[" * DEEP + "0" + "]" * DEEP + " }}",
    "a hundred kilobytes": HUGE,
    "a hundred kilobytes of braces": "{{" * 50_000,
    "a hundred kilobytes of values": "{{ caller.name }}" * 6_000,
    "a hundred kilobytes of tags": "<p>" * 33_000,
    "a hundred kilobytes of brackets": "[" * 100_000,
    "a hundred kilobytes of spaces": "a" + " " * 100_000 + "b",
    "a capture": "{% capture x %}{{ caller.name }}{% endcapture %}{{ x }}",
    "an include": "{% include '/etc/passwd' %}",
    "a raw block": "{% raw %}{{ caller.name }}{% endraw %}",
    "a comment left open": "{% comment %} a",
    "a liquid tag": "{% liquid\nassign a = 1 %}",
    "a division by nothing": "{{ 1 | divided_by: 0 }}",
    "a huge number": "{{ " + "9" * 5_000 + " }}",
    "an index": "{{ caller['na' }}",
    "Python's own": "{{ caller.__class__.__mro__ }}",
}
SSML = {
    "ten hours": '<break time="10h"/>',
    "a huge break": '<break time="99999999999999s"/>',
    "an entity": "&lol;&#0;&#x0;",
    "a doctype": '<!DOCTYPE lolz [<!ENTITY lol "lol">]>',
    "a comment": "<!-- - -- -->",
    "character data": "<![CDATA[ <Hangup/> ]]>",
    "another verb": "</Say><Dial>+15550100</Dial><Say>",
    "an audio of theirs": '<audio src="http://example.com/a.mp3"/>',
    "deep elements": "<p>" * 500 + "</p>" * 500,
    "attributes without end": "<prosody " + 'rate="slow" ' * 300 + ">a</prosody>",
    "right to left": "\u202eeybdoog\u202c",
    "no letters at all": "\U0001f600\U0001f600",
}
YAML = {
    "a bomb of aliases": "a: &a [x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
    "itself": "- &a [*a]\n",
    "a tag": "!!python/object/apply:os.system ['true']\n",
    "a set": "--- !!set {a}\n",
    "a merge": "- entry: a\n  <<: *b\n",
    "two documents": "- entry: a\n---\n- entry: b\n",
    "deep lists": "[" * 10_000,
    "deep mappings": "{a: " * 5_000,
    "deep indents": "".join(" " * n + "a:\n" for n in range(600)),
    "a huge indent": " " * 100_000 + "- entry: a\n",
    "a long line": "- entry: " + HUGE + "\n",
    "a long key": "? " + HUGE + "\n: b\n",
    "a hundred thousand entries": "- entry: a\n" * 20_000,
    "keys without end": "".join(f"k{n}: v\n" for n in range(20_000)),
    "a NUL": "- entry: a\x00b\n",
    "a bell": "- entry: \x07\n",
    "half a character": "- entry: \ud800\n",
    "a byte order mark": "\ufeff- entry: a\n",
    "an old line break": "- entry: a\r  say: |\r    Bye.\r",
    "a separator": "- entry: a\u2028  say: b\n",
    "tabs": "-\tentry:\ta\n\tsay:\tb\n",
    "a directive": "%YAML 9.9\n---\na: b\n",
    "a number": "42\n",
    "a word": "no\n",
    "nothing": "",
    "only a comment": "# nothing\n",
    "a quote left open": '- entry: "a\n',
    "empty keys": "- : \n- ? \n",
    "lists for words": "- entry: [a]\n  say: {b: c}\n  when: [d]\n  tone: {e: f}\n",
    "conditions without end": "- entry: a\n  when: |\n"
    + "    caller.name known\n" * 10_000
    + "  say: |\n    A.\n",
    "values without end": "- entry: a\n  when: call.queue is "
    + " or ".join(map(str, range(20_000)))
    + "\n  say: |\n    A.\n",
}


@pytest.mark.parametrize("words", LIQUID.values(), ids=LIQUID)
@pytest.mark.parametrize("where", ["goodbye", "texts"])
def test_no_liquid_is_a_bomb(words: str, where: str):
    part = "  part: note\n" if where == "texts" else ""
    found = proved(files(**{where: f"- entry: a\n  tone: any\n{part}  say: |\n    {words}\n"}))
    if words != "{% if caller.name %}":
        assert any(fault.place.file == f"en-GB/{where}.yaml" for fault in found)


@pytest.mark.parametrize("words", SSML.values(), ids=SSML)
def test_no_mark_reaches_the_line_unseen(words: str):
    book = page(f"Bye {words}")
    proved(book)
    made, faults = read(book)
    assert made is not None
    entries = made.entries("en-GB", "goodbye")
    if entries and entries[0].variants:
        assert not faults
        said = entries[0].variants[0].words
        assert not any(mark in said for mark in ("<!", "</Say", "<Dial", "<audio", "10h"))


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
@pytest.mark.parametrize(
    "path", ["en-GB/goodbye.yaml", "rules.yaml", "voices.yaml", "en-GB/taste.yaml", "en-GB/steps.yaml"]
)
def test_no_file_is_a_bomb(text: str, path: str):
    proved(page("Bye.") | {path: text})


@pytest.mark.parametrize("missing", ["rules.yaml", "voices.yaml", "en-GB/goodbye.yaml"])
def test_a_file_that_is_missing_is_named(missing: str):
    book = page("Bye.")
    del book[missing]
    assert any(fault.place.file == missing for fault in proved(book))


def test_no_files_at_all_are_a_sentence():
    assert [fault.message for fault in proved({})] == [
        "the book has no rules.yaml",
        "the book has no voices.yaml",
    ]


def test_paths_that_are_none_are_answered():
    odd = {
        "": "a",
        "/": "a",
        "../../etc/passwd.yaml": "a",
        "en-GB/../x.yaml": "a",
        "en-GB/": "a",
        ".yaml": "a",
        "\x00.yaml": "a",
    }
    for path, text in odd.items():
        proof(page("Bye.") | {path: text})


@pytest.mark.parametrize(
    "raw", [b"- entry: \xff\xfe\n", "- entry: né\n".encode("latin-1"), "- entry: a\n".encode("utf-16")]
)
def test_a_bad_encoding_is_named_with_its_line(raw: bytes, tmp_path: Path):
    (tmp_path / "en-GB").mkdir()
    (tmp_path / "en-GB" / "goodbye.yaml").write_bytes(raw)
    with pytest.raises(BookFolderError, match=r"goodbye\.yaml:1: not UTF-8"):
        read_folder(tmp_path)


def test_rules_that_ask_for_the_impossible_are_told():
    rules = "timezone: Europe/London\nlocale: en-GB\nmoments: [goodbye, goodbye]\nqueues: {default: {told: -1}}\nseconds: {goodbye: 0}\n"
    assert (
        len([fault for fault in proved(page("Bye.", rules=rules)) if fault.place.file == "rules.yaml"]) >= 3
    )


def test_locales_that_start_from_each_other_are_told():
    voices = VOICES + "en-JM: {from: en-IN}\nen-IN: {from: en-JM}\nen-NZ: {from: en-NZ}\n"
    assert (
        len([fault for fault in proved(page("Bye.", voices=voices)) if "stands above" in fault.message]) == 2
    )


# ---- and whatever nobody thought of ----

_PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "|", "<", ">", "/>", "[", "]", "&", '"', "'", ":", "- ", "  ", "\n", "\n    ", "#", "*", "&a", "!t",
     "if ", "endif", "entry: a", "say: |", "when: ", "tone: any", "[silence]", "[pause]", "[promise text_note]", "<break/>",
     "spell", "slowly", "list", *BY_NAME]
)  # fmt: skip
_TEXT = st.lists(_PIECES | st.text(max_size=8), max_size=40).map("".join)
_FILE = st.sampled_from(
    [
        *(f"en-GB/{name}.yaml" for name in (*PAGES, "steps", "names", "gifts", "answers", "taste")),
        "rules.yaml",
        "voices.yaml",
    ]
)


@given(_FILE, _TEXT)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_in_any_file_is_answered(path: str, text: str):
    proved(page("Bye.") | {path: text})


@given(
    st.lists(_TEXT.map(lambda text: text.replace("\n", " ")), min_size=1, max_size=4), st.sampled_from(PAGES)
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_words_on_any_page_are_answered(lines: list[str], name: str):
    text = "- entry: a\n  tone: any\n  say: |\n" + "".join(f"    {line}\n" for line in lines)
    proved(page("Bye.") | {f"en-GB/{name}.yaml": text})


@given(_TEXT, st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_page_being_typed_is_always_answered(text: str, raw: bytes):
    book = page("Bye.")
    made, _ = read(book)
    assert made is not None
    for typed in (text, raw.decode("utf-8", "replace")):
        found = proof_page(made, book | {"en-GB/goodbye.yaml": typed}, "en-GB/goodbye.yaml")
        assert all(fault.place.file == "en-GB/goodbye.yaml" for fault in found)
