"""Every document is one Twilio takes, and the same that Twilio's own builder would have written."""

import json
import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qsl, quote_plus, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml.voice_response import (  # noqa: TID251  # the builder is the oracle of ours
    Dial,
    Gather,
    Say,
    VoiceResponse,
)

from ivr.line import twiml
from ivr.line.hearing import Hearing
from tests.line.twiml_table import BRIDGING, WAITING, faults

BASE = "https://ivr.example.com"
URL = twiml.voice_url(BASE, "/voice/farewell", call="CA1", way="aside")
AMY = ("Polly.Amy-Neural", "en-GB")


def same(ours: bytes, theirs: VoiceResponse) -> bool:
    """Whether two documents are one, however their quotes and empty elements are written."""
    return ElementTree.canonicalize(ours.decode()) == ElementTree.canonicalize(str(theirs))


def spoken(document: bytes) -> list[str]:
    """The words of each <Say>, tags left out."""
    return ["".join(said.itertext()) for said in ElementTree.fromstring(document).iter("Say")]


# ---------------------------------------------- the same as the builder
def ours_and_theirs() -> dict[str, tuple[bytes, VoiceResponse]]:
    theirs: dict[str, VoiceResponse] = {}
    ours: dict[str, bytes] = {}

    def case(name: str, document: bytes, build: Callable[[VoiceResponse], object]) -> None:
        ours[name], theirs[name] = document, VoiceResponse()
        build(theirs[name])

    def ssml(response: VoiceResponse) -> None:
        say = Say(voice=AMY[0], language=AMY[1])
        say.append("It is ")
        say.say_as("AB", interpret_as="characters")
        say.append(",")
        say.break_(time="300ms")
        say.append(" 4 & 7.")
        response.append(say)

    def listening(response: VoiceResponse) -> None:
        gather = Gather(action=URL, timeout=4, num_digits=1, finish_on_key="")
        gather.say("Press 1.", voice=AMY[0], language=AMY[1])
        gather.pause(length=2)
        gather.play("https://ivr.example.com/a.wav")
        response.append(gather)
        response.redirect(URL)

    def pin(response: VoiceResponse) -> None:
        response.append(Gather(action=URL, timeout=9, finish_on_key="#", action_on_empty_result=True))

    def hearing(response: VoiceResponse) -> None:
        gather = Gather(
            action=URL, timeout=6, num_digits=1, finish_on_key="", input="dtmf speech", language="en-GB",
            speech_timeout="2", speech_model="phone_call", hints="yes,that's all",
        )  # fmt: skip
        gather.say("Is that all?", voice=AMY[0], language=AMY[1])
        response.append(gather)

    def hearing_elsewhere(response: VoiceResponse) -> None:
        response.append(
            Gather(
                action=URL, timeout=5, num_digits=1, finish_on_key="", input="dtmf speech", language="en-KE",
                speech_timeout="auto",
            )
        )  # fmt: skip

    def bridge(response: VoiceResponse) -> None:
        dial = Dial(action=URL, timeout=60, record="record-from-answer", hangup_on_star=True)
        dial.queue("billing & more", url=URL)
        response.append(dial)

    def room(response: VoiceResponse) -> None:
        dial = Dial(action=URL, hangup_on_star=True)
        dial.conference("CA1-2", end_conference_on_exit=True, beep="false", wait_url="")
        response.append(dial)

    def watched_room(response: VoiceResponse) -> None:
        dial = Dial(action=URL)
        dial.conference(
            "CA1-2",
            end_conference_on_exit=True,
            beep="false",
            wait_url="",
            status_callback=URL,
            status_callback_event="join leave hold",
        )
        response.append(dial)

    document, say = twiml.document, twiml.say
    case("nothing", document(), lambda response: None)
    case(
        "words",
        document(say("Thank you, Ana.", *AMY)),
        lambda r: r.say("Thank you, Ana.", voice=AMY[0], language=AMY[1]),
    )
    case(
        "SSML",
        document(
            say('It is <say-as interpret-as="characters">AB</say-as>,<break time="300ms"/> 4 &amp; 7.', *AMY)
        ),
        ssml,
    )
    case(
        "a sound",
        document(twiml.play("https://a.example/x?a=1&b=2")),
        lambda r: r.play("https://a.example/x?a=1&b=2"),
    )
    case("a pause", document(twiml.pause(3)), lambda r: r.pause(length=3))
    case("going on", document(twiml.redirect(URL)), lambda r: r.redirect(URL))
    case("hanging up", document(twiml.hangup()), lambda r: r.hangup())
    case("leaving", document(twiml.leave()), lambda r: r.leave())
    case(
        "listening",
        document(
            twiml.gather(
                [say("Press 1.", *AMY), twiml.pause(2), twiml.play("https://ivr.example.com/a.wav")],
                URL,
                timeout=4,
            ),
            twiml.redirect(URL),
        ),
        listening,
    )
    case(
        "listening for many keys",
        document(twiml.gather([], URL, timeout=9, digits=None, finish_on_key="#", on_empty=True)),
        pin,
    )
    case(
        "hearing words",
        document(
            twiml.gather(
                [say("Is that all?", *AMY)],
                URL,
                timeout=6,
                hearing=Hearing("en-GB", "yes,that's all", "phone_call"),
            )
        ),
        hearing,
    )
    case(
        "hearing words where no model is for telephones",
        document(twiml.gather([], URL, hearing=Hearing("en-KE", ""))),
        hearing_elsewhere,
    )
    case(
        "queueing",
        document(twiml.enqueue('a "queue"', action=URL, wait_url=URL)),
        lambda r: r.enqueue('a "queue"', action=URL, wait_url=URL),
    )
    case(
        "a worker of TaskRouter's",
        document(
            twiml.enqueue_task("WW" + "1" * 32, {"queue": 'a "queue" & <more>'}, action=URL, wait_url=URL)
        ),
        lambda r: r.enqueue(None, workflow_sid="WW" + "1" * 32, action=URL, wait_url=URL).task(
            json.dumps({"queue": 'a "queue" & <more>'})
        ),
    )
    case("plain queueing", document(twiml.enqueue("billing")), lambda r: r.enqueue("billing"))
    case(
        "the next caller",
        document(
            twiml.dial_queue(
                "billing & more", url=URL, action=URL, hangup_on_star=True, record="record-from-answer"
            )
        ),
        bridge,
    )
    case("a room", document(twiml.dial_conference("CA1-2", action=URL, hangup_on_star=True)), room)
    case(
        "a watched room",
        document(twiml.dial_conference("CA1-2", action=URL, status_callback=URL)),
        watched_room,
    )
    return {name: (ours[name], theirs[name]) for name in ours}


CASES = ours_and_theirs()


@pytest.mark.parametrize("case", CASES)
def test_what_we_write_is_what_the_builder_writes(case: str) -> None:
    ours, theirs = CASES[case]
    assert same(ours, theirs)


@pytest.mark.parametrize("case", CASES)
def test_twilio_has_nothing_to_object_to(case: str) -> None:
    assert faults(CASES[case][0]) == []


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_any_text_is_escaped_as_the_builder_escapes_it(text: str) -> None:
    theirs = VoiceResponse()
    theirs.redirect(text)
    theirs.append(Gather(action=text, timeout=5, num_digits=1, finish_on_key=""))
    assert same(twiml.document(twiml.redirect(text), twiml.gather([], text)), theirs)


def test_white_space_survives_in_an_address() -> None:
    document = ElementTree.fromstring(twiml.document(twiml.gather([], "a\tb\nc\rd")))
    assert document[0].get("action") == "a\tb\nc\rd"


# ------------------------------------------------- whatever is put in it
@given(text=st.text(st.characters()))
@settings(max_examples=150, deadline=None)
def test_whatever_text_comes_the_document_is_one_twilio_takes(text: str) -> None:
    document = twiml.document(
        twiml.say(text, text, "en-GB"),
        twiml.say(text, *AMY, plain=True),
        twiml.gather([twiml.say(text, *AMY)], text, finish_on_key="#"),
        twiml.play(text),
        twiml.enqueue(text, action=text, wait_url=text),
        twiml.dial_queue(text, url=text, action=text),
        twiml.dial_conference(text, action=text, status_callback=text),
        twiml.redirect(twiml.voice_url(BASE, "/voice/wait", queue=text)),
    )
    assert faults(document) == []


@pytest.mark.parametrize(
    "broken",
    [
        "Tom & Jerry",
        "wait < 3 minutes",
        "<prosody>never closed",
        "</Say><Hangup/><Say>",
        "<Hangup/>",
        "<!-- hidden -->Hello",
        "<![CDATA[Hello]]>",
        "a]]>b",
        "&#0; &#xD800; &bogus;",
        '<sub alias="a<b">x</sub>',
        "<a:b>prefixed</a:b>",
    ],
)
def test_broken_ssml_is_spoken_as_its_words_and_never_breaks_the_document(broken: str) -> None:
    document = twiml.document(twiml.say(f"Goodbye, Ana. {broken}", *AMY), twiml.hangup())
    assert faults(document) == []
    assert spoken(document)[0].startswith("Goodbye, Ana.")
    assert [verb.tag for verb in ElementTree.fromstring(document)] == ["Say", "Hangup"]


def test_a_voice_without_ssml_is_given_the_words_alone() -> None:
    ssml = 'Tom &amp; Ana:<break time="300ms"/> <prosody rate="80%">4  7</prosody>'
    assert spoken(twiml.document(twiml.say(ssml, "man", "en-GB", plain=True))) == ["Tom & Ana: 4 7"]


@pytest.mark.parametrize("nothing", ["", "  ", '<break time="1s"/>', "\x00", "<p></p>"])
def test_nothing_to_say_is_no_say(nothing: str) -> None:
    assert twiml.say(nothing, *AMY) == ""


def test_control_characters_are_left_out() -> None:
    assert spoken(twiml.document(twiml.say("An\x0ba\x00 \ud800Go\ufffemez", *AMY))) == ["Ana Gomez"]


@pytest.mark.parametrize(("seconds", "length"), [(0, "1"), (-3, "1"), (2, "2")])
def test_a_pause_is_at_least_one_whole_second(seconds: int, length: str) -> None:
    assert f'length="{length}"' in twiml.pause(seconds)


def test_a_queues_name_is_cut_to_what_twilio_takes_before_it_is_escaped() -> None:
    assert ElementTree.fromstring(twiml.enqueue("&" * 100)).text == "&" * 63


# ------------------------------------------------------------ the limits
def limits_kept(document: bytes) -> bool:
    # Measured as it was written: a parser writes an empty element back longer than it was.
    pieces = re.findall("<Say[^>]*>(.*?)</Say>", document.decode(), re.DOTALL)
    return all(
        len(unescape(re.sub("<[^>]*>", "", piece))) <= 3_000 and len(quote_plus(piece)) <= 4_500
        for piece in pieces
    )


def test_a_long_line_is_split_at_its_sentences() -> None:
    sentence = "Your engineer comes on Friday, between nine and one. "
    document = twiml.document(twiml.say(sentence * 200, *AMY))
    said = spoken(document)
    assert len(said) > 2
    assert "".join(said) == sentence * 200
    assert all(piece.strip().endswith("one.") for piece in said)
    assert limits_kept(document)


def test_elements_open_at_a_cut_are_closed_and_opened_again() -> None:
    sentence = 'It is <say-as interpret-as="characters">AB</say-as>,<break time="300ms"/> 4 7. '
    document = twiml.document(twiml.say(f'<prosody rate="80%"><s>{sentence * 100}</s></prosody>', *AMY))
    assert faults(document) == []
    assert limits_kept(document)
    says = list(ElementTree.fromstring(document).iter("Say"))
    assert len(says) > 2
    assert all([child.tag for child in said] == ["prosody"] for said in says)
    assert all(said[0].get("rate") == "80%" and said[0][0].tag == "s" for said in says)
    assert len(re.findall("AB", "".join(spoken(document)))) == 100


def test_a_word_longer_than_any_limit_is_cut_but_no_entity_is() -> None:
    document = twiml.document(twiml.say("x" * 4_000 + "&amp;" * 4_000, *AMY))
    assert limits_kept(document)
    assert "".join(spoken(document)) == "x" * 4_000 + "&" * 4_000


@given(
    pieces=st.lists(
        st.sampled_from(
            ["Yes. ", "well ", "é", "👋", "&amp;", "x" * 900, " ", '<break time="1s"/>', "<s>Oh! </s>"]
        )
        | st.sampled_from(['<prosody rate="80%">', "</prosody>"]),
        max_size=60,
    ),
    times=st.integers(1, 40),
)
@settings(max_examples=100, deadline=None)
def test_however_it_is_split_the_words_stay_and_the_limits_are_kept(pieces: list[str], times: int) -> None:
    document = twiml.document(twiml.say("".join(pieces) * times, *AMY))
    if len(document) < 40_000:
        said = "".join(spoken(document)).split()
        words = unescape(re.sub("<[^>]*>", " ", "".join(pieces) * times)).split()
        assert "".join(said) == "".join(words)
    assert faults(document) == []
    assert limits_kept(document)


def test_a_document_too_large_loses_what_stands_before_its_last_verb() -> None:
    words = twiml.say("Goodbye for now. " * 20, *AMY)
    document = twiml.document(*[words] * 500, twiml.redirect(URL))
    assert 60_000 < len(document) <= 64_000
    assert faults(document) == []
    tags = [verb.tag for verb in ElementTree.fromstring(document)]
    assert tags == ["Say"] * (len(tags) - 1) + ["Redirect"]


def test_a_gather_too_large_loses_its_last_words_and_the_way_on_stays() -> None:
    words = twiml.say("Ségolène répète. " * 15, *AMY)
    document = twiml.document(twiml.gather([words] * 900, URL), twiml.redirect(URL))
    assert len(document) <= 64_000
    gather, redirect = ElementTree.fromstring(document)
    assert (gather.tag, redirect.tag, redirect.text) == ("Gather", "Redirect", URL)
    assert len(gather) > 50


def test_letters_of_several_bytes_are_counted_as_bytes() -> None:
    document = twiml.document(*[twiml.play("é" * 14_000)] * 3, twiml.hangup())
    assert len(document) <= 64_000
    assert [verb.tag for verb in ElementTree.fromstring(document)] == ["Play", "Play", "Hangup"]


# --------------------------------------------------------- our addresses
def test_an_address_for_the_line_is_absolute_and_asks_for_one_quick_second_try() -> None:
    assert twiml.voice_url(BASE + "/", "/voice/wait", queue="billing", stay=2) == (
        f"{BASE}/voice/wait?queue=billing&stay=2#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
    )


def test_an_address_for_events_asks_for_five_more_tries() -> None:
    assert twiml.event_url(BASE, "/events/call") == f"{BASE}/events/call#rc=5&rp=all&rt=3000&tt=15000"


def test_what_is_none_is_left_out_of_an_address() -> None:
    assert urlsplit(twiml.voice_url(BASE, "/voice/wait", queue=None, locale="en-GB")).query == "locale=en-GB"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_whatever_an_address_carries_comes_back(value: str) -> None:
    url = urlsplit(twiml.voice_url(BASE, "/voice/wait", queue=value))
    assert parse_qsl(url.query, keep_blank_values=True) == [("queue", value)]
    assert url.fragment == twiml.VOICE_OVERRIDES[1:]
    assert url.query.isascii()


# ------------------------------------------------------ the check itself
@pytest.mark.parametrize(
    ("document", "verbs", "fault"),
    [
        ("<Response><Shout/></Response>", None, "<Shout> is nobody's verb"),
        ("<Response><Pause length='long'/></Response>", None, "Pause length='long'"),
        ("<Response><Say tone='kind'>a</Say></Response>", None, "Say tone='kind'"),
        ("<Response><Say language='en-JM'>a</Say></Response>", None, "Say language='en-JM'"),
        ("<Response><Gather><Hangup/></Gather></Response>", None, "<Hangup> in <Gather>"),
        ("<Response>stray</Response>", None, "text in <Response>"),
        ("<Response><Enqueue>q</Enqueue></Response>", WAITING, "<Enqueue> is not allowed here"),
        ("<Response><Gather/></Response>", BRIDGING, "<Gather> is not allowed here"),
        ("<Reply/>", None, "a document of <Reply>"),
    ],
)
def test_the_table_finds_what_twilio_would(document: str, verbs: str | None, fault: str) -> None:
    assert fault in faults(document.encode(), verbs)


def test_the_front_of_a_queue_of_the_longest_name_has_a_name_of_its_own() -> None:
    front = twiml.front_of("q" * 80)
    assert len(front) == twiml.LONGEST_QUEUE_NAME
    assert front.endswith("q (front)")
    assert twiml.queue_name(front) != twiml.queue_name("q" * 80)
