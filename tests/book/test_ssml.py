"""The marks beside the words."""

import pytest

from ivr.book.ssml import Markup


def read(line: str, *, text: bool = False) -> tuple[str, list[str]]:
    """The words as XML, and what was wrong."""
    wrong: list[str] = []
    markup = Markup(
        lambda offset, message, hint=None: wrong.append(f"{offset}: {message} {hint or ''}"), text=text
    )
    said = "".join(markup.read(line, 0))
    markup.close()
    return said, wrong


@pytest.mark.parametrize(
    "line",
    [
        '<break time="300ms"/>', '<break strength="strong"/>', '<emphasis level="strong">now</emphasis>',
        '<lang xml:lang="fr-FR">bonjour</lang>', "<p>one</p>", "<p><s>one</s></p>",
        '<phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>', '<prosody rate="90%" volume="soft">x</prosody>',
        '<say-as interpret-as="digits">12</say-as>', '<sub alias="mister">Mr</sub>', '<w role="amazon:NN">lead</w>',
    ],
)  # fmt: skip
def test_an_element_twilio_says_is_kept(line):
    assert read(line) == (line, [])


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("<b>x</b>", "not an element"),
        ("<brake/>", "did you mean “break”"),
        ("<p>x", "never closed"),
        ("x</p>", "closes nothing"),
        ("<p><s>x</p></s>", "</s> comes first"),
        ("<break>", "holds nothing"),
        ('<break time="soon"/>', "not a time"),
        ('<break tim="1s"/>', "did you mean “time”"),
        ('<prosody rate="fast" rate="slow">x</prosody>', "not a rate"),
        ("<say-as>12</say-as>", "needs interpret-as"),
        ("<s><p>x</p></s>", "may not stand inside"),
        ("<sub alias='x'>a [pause] b</sub>", "no pause may stand"),
        ("<p", "not a whole SSML tag"),
        ("<!-- x -->", "not a whole SSML tag"),
        ("[sigh]", "means nothing here"),
        ("[pauze]", "did you mean “[pause]”"),
        ("a ] b", "means nothing here"),
    ],
)
def test_what_twilio_would_not_say_is_a_fault(line, about):
    assert about in " ".join(read(line)[1])


def test_everything_else_is_escaped_once():
    assert read("a & b &amp; c < 3 > 2") == ("a &amp; b &amp; c &lt; 3 &gt; 2", [])


def test_a_text_message_keeps_its_signs_and_takes_no_marks():
    assert read("a & b < 3", text=True) == ("a & b < 3", [])
    assert read("<break/>", text=True)[1]
    assert read("[pause]", text=True)[1]
