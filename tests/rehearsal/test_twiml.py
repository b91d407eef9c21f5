"""Twilio's rules for documents, each with the document that breaks it."""

import pytest
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse  # noqa: TID251 - the library as the oracle

from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.twiml import Place
from ivr.rehearsal.twiml.reading import check, parse
from ivr.rehearsal.twiml.shapes import ALLOWED, SHAPES
from ivr.rehearsal.twiml.voices import known_voice

POLLY = 'voice="Polly.Amy-Neural"'


def refused(inner: str, place: Place = "call", *, inline: bool = False) -> TwilioRefuses | None:
    try:
        check(parse(f"<Response>{inner}</Response>".encode()), place, inline=inline)
    except TwilioRefuses as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 11770),
        (b" \n", 11770),
        (b"<Response><Say>" + b"a" * 70_000 + b"</Say></Response>", 11750),
        (b"<Response><Say>Fish & chips</Say></Response>", 12100),
        (b"<Response><Say>\x0b</Say></Response>", 12100),
        (b" <?xml version='1.0'?><Response/>", 12100),
        (b"<response/>", 12200),
        (b"<Say>hello</Say>", 12200),
    ],
    ids=[
        "empty",
        "blank",
        "over 64 kB",
        "bad entity",
        "control character",
        "text before the declaration",
        "case",
        "root",
    ],
)
def test_what_cannot_be_read_is_refused_by_number(body: bytes, code: int) -> None:
    with pytest.raises(TwilioRefuses) as refusal:
        parse(body)
    assert refusal.value.code == code
    assert f"Twilio error {code}" in str(refusal.value)


def test_a_document_of_64_kb_is_still_read() -> None:
    body = b"<Response>" + b" " * (64 * 1024 - 21) + b"</Response>"
    assert len(body) == 64 * 1024
    assert parse(body).tag == "Response"


BROKEN: list[tuple[str, str, int]] = [
    ("an unknown verb", "<Shout>hello</Shout>", 12200),
    ("a verb in lower case", "<say>hello</say>", 12200),
    ("an unknown attribute", '<Say colour="red">hello</Say>', 12200),
    ("an attribute in another case", '<Gather numdigits="1"/>', 12200),
    ("text between verbs", "hello", 12200),
    ("text inside Gather", "<Gather>press one</Gather>", 12200),
    ("an unknown voice", '<Say voice="Polly.Nobody-Neural">hello</Say>', 13511),
    ("a language Say lacks", '<Say language="en-JM">hello</Say>', 13512),
    ("a loop below nought", '<Say loop="-1">hello</Say>', 13510),
    ("nothing to say", "<Say> </Say>", 13520),
    ("3,001 characters with Polly", f"<Say {POLLY}>{'a ' * 1500}a</Say>", 13521),
    ("4,097 characters with a basic voice", f"<Say>{'a' * 4097}</Say>", 13521),
    ("SSML with a basic voice", '<Say voice="alice">a <break time="1s"/></Say>', 13520),
    ("emphasis with a neural voice", f"<Say {POLLY}><emphasis>so</emphasis></Say>", 13520),
    ("pitch with a neural voice", f'<Say {POLLY}><prosody pitch="high">so</prosody></Say>', 13520),
    ("an SSML tag nobody knows", f"<Say {POLLY}><loud>so</loud></Say>", 12200),
    ("a paragraph in a sentence", f"<Say {POLLY}><s><p>so</p></s></Say>", 12200),
    ("a break without a unit", f'<Say {POLLY}>a <break time="300"/></Say>', 13520),
    ("an unknown way to say it", f'<Say {POLLY}><say-as interpret-as="song">a</say-as></Say>', 13520),
    ("Play without an address", "<Play/>", 12200),
    ("Play with both", '<Play digits="1">https://a.example/x.wav</Play>', 12200),
    ("Play with a loop of words", '<Play loop="twice">https://a.example/x.wav</Play>', 13410),
    ("a pause of nought", '<Pause length="0"/>', 12200),
    ("a pause of half a second", '<Pause length="0.5"/>', 12200),
    ("Gather with a verb that is not spoken", "<Gather><Hangup/></Gather>", 13320),
    ("Gather in Gather", "<Gather><Gather/></Gather>", 13320),
    ("digits played inside Gather", '<Gather><Play digits="1"/></Gather>', 13325),
    ("Gather with two finishing keys", '<Gather finishOnKey="*#"/>', 13310),
    ("Gather by another method", '<Gather method="PUT"/>', 13312),
    ("Gather with no time", '<Gather timeout="0"/>', 13313),
    ("Gather of no digits", '<Gather numDigits="0"/>', 13314),
    ("Gather in a language it lacks", '<Gather input="speech" language="en-JM"/>', 13512),
    ("Gather with a silence of no length", '<Gather input="speech" speechTimeout="0"/>', 13327),
    ("Gather with a hint of 101", f'<Gather input="speech" hints="{"x" * 101}"/>', 13330),
    ("Gather by a model nobody has", '<Gather input="speech" speechModel="parrot"/>', 12200),
    (
        "Gather by a model that guesses the end",
        '<Gather input="speech" speechModel="default" speechTimeout="auto"/>',
        13335,
    ),
    (
        "Gather by phone_call in Kenya",
        '<Gather input="speech" speechModel="phone_call" language="en-KE"/>',
        13512,
    ),
    ("Gather by an input it lacks", '<Gather input="dtmf,speech"/>', 12200),
    ("Enqueue without a name", "<Enqueue/>", 14204),
    ("Enqueue with a name of 65", f"<Enqueue>{'q' * 65}</Enqueue>", 14205),
    ("Enqueue by another method", '<Enqueue method="PUT">q</Enqueue>', 14201),
    ("Enqueue waiting at no address", '<Enqueue waitUrl="ftp://a.example/">q</Enqueue>', 14202),
    ("Enqueue waiting by another method", '<Enqueue waitUrl="/w" waitUrlMethod="PUT">q</Enqueue>', 14206),
    ("Queue without a name", "<Dial><Queue/></Dial>", 14212),
    ("Queue by another method", '<Dial><Queue method="PUT">q</Queue></Dial>', 14210),
    ("Queue asking no address", '<Dial><Queue url="a b">q</Queue></Dial>', 14211),
    ("Dial with nobody", "<Dial/>", 13201),
    ("Dial with two nouns", "<Dial><Queue>a</Queue><Queue>b</Queue></Dial>", 13201),
    ("a conference without a name", "<Dial><Conference/></Dial>", 13230),
    ("a conference coaching nobody", '<Dial><Conference coach="me">r</Conference></Dial>', 13240),
    ("events with commas", '<Dial><Conference statusCallbackEvent="join,leave">r</Conference></Dial>', 12200),
    ("a beep of another kind", '<Dial><Conference beep="loud">r</Conference></Dial>', 12200),
    ("a host with an underscore", "<Redirect>https://my_host.example/</Redirect>", 11100),
    ("Reject after something else", "<Say>hello</Say><Reject/>", 12200),
    ("Leave outside a queue", "<Leave/>", 12200),
]


@pytest.mark.parametrize(
    ("inner", "code"), [(inner, code) for _, inner, code in BROKEN], ids=[name for name, _, _ in BROKEN]
)
def test_a_document_against_a_rule_is_refused_by_its_number(inner: str, code: int) -> None:
    refusal = refused(inner)
    assert refusal is not None
    assert refusal.code == code


@pytest.mark.parametrize(
    ("place", "verbs", "code"),
    [
        ("wait", ["<Dial><Queue>q</Queue></Dial>", "<Enqueue>q</Enqueue>", "<Reject/>"], 14202),
        (
            "whisper",
            ["<Gather/>", "<Hangup/>", "<Leave/>", "<Dial><Queue>q</Queue></Dial>", "<Enqueue>q</Enqueue>"],
            14211,
        ),
        (
            "room",
            ["<Gather/>", "<Hangup/>", "<Leave/>", "<Dial><Queue>q</Queue></Dial>", "<Enqueue>q</Enqueue>"],
            13238,
        ),
    ],
)
def test_each_place_takes_only_its_verbs(place: Place, verbs: list[str], code: int) -> None:
    for verb in verbs:
        refusal = refused(verb, place)
        assert refusal is not None, verb
        assert refusal.code == code


@pytest.mark.parametrize(
    ("place", "inner"),
    [
        ("wait", "<Say>a</Say><Play>/m.wav</Play><Pause/><Gather/><Hangup/><Redirect>/x</Redirect><Leave/>"),
        ("whisper", "<Say>a</Say><Play>/m.wav</Play><Pause/><Redirect>/x</Redirect>"),
        ("room", "<Say>a</Say><Play>/m.wav</Play><Pause/><Redirect>/x</Redirect>"),
        ("call", '<Enqueue action="/a" waitUrl="">billing</Enqueue>'),
        ("call", "<!-- a remark --><Hangup/>"),
        ("call", ""),
    ],
)
def test_what_a_place_takes_passes(place: Place, inner: str) -> None:
    assert refused(inner, place) is None


@pytest.mark.parametrize(
    "inner",
    [
        "<Redirect>/next</Redirect>",
        "<Redirect/>",
        '<Gather action="/key"/>',
        "<Gather/>",
        '<Dial action="/next"><Queue>q</Queue></Dial>',
        "<Play>/music.wav</Play>",
        '<Enqueue waitUrl="/wait">q</Enqueue>',
    ],
)
def test_a_relative_address_in_inline_twiml_has_nothing_to_stand_on(inner: str) -> None:
    refusal = refused(inner, inline=True)
    assert refusal is not None
    assert refusal.code == 11100
    assert refused(inner) is None


@pytest.mark.parametrize(
    "verb", ["<Record/>", "<Sms>a</Sms>", "<Connect/>", "<Start/>", "<Pay/>", "<Refer/>"]
)
def test_good_twiml_that_is_not_played_here_says_so(verb: str) -> None:
    with pytest.raises(NotPlayed, match="is TwiML, but it is not played here"):
        check(parse(f"<Response>{verb}</Response>".encode()), "call")


@pytest.mark.parametrize(
    "noun", ["<Number>+442079460000</Number>", "<Client>a</Client>", "<Sip>sip:a@b.example</Sip>"]
)
def test_nobody_is_dialled_here(noun: str) -> None:
    with pytest.raises(NotPlayed):
        check(parse(f"<Response><Dial>{noun}</Dial></Response>".encode()), "call")


@pytest.mark.parametrize(
    "voice",
    [
        "man",
        "Polly.Amy",
        "Polly.Amy-Neural",
        "Polly.Rémi-Generative",
        "Google.en-GB-Neural2-O",
        "Google.es-US-Chirp3-HD-Kore",
    ],
)
def test_voices_that_say_has(voice: str) -> None:
    assert known_voice(voice)


@pytest.mark.parametrize(
    "voice",
    ["", "amy", "Polly.Remi-Generative", "Polly.Arthur", "Google.en-GB", "Google.en-GB-Chirp3-HD-Amy"],
)
def test_voices_that_say_lacks(voice: str) -> None:
    assert not known_voice(voice)


def test_polly_counts_words_and_not_tags() -> None:
    assert refused(f"<Say {POLLY}>{'a' * 2990}<break time='1s'/></Say>") is None


def test_what_twilios_own_builder_writes_passes() -> None:
    response = VoiceResponse()
    gather = Gather(
        action="/key",
        num_digits=1,
        finish_on_key="",
        timeout=6,
        input="dtmf speech",
        action_on_empty_result=True,
    )
    say = gather.say(voice="Polly.Amy-Neural", language="en-GB")
    say.append("Your code is A B,")
    say.break_(strength="weak", time="300ms")
    say.prosody("4 7 1 9", rate="80%")
    gather.pause(length=1)
    response.append(gather)
    dial = Dial(action="/next", timeout=60, hangup_on_star=True, record="record-from-answer-dual")
    dial.conference(
        "room",
        end_conference_on_exit=True,
        beep=False,
        wait_url="",
        status_callback="/e",
        status_callback_event="join leave hold",
    )
    response.append(dial)
    response.enqueue("billing", action="/left", wait_url="/wait", method="POST")
    response.redirect("/on", method="GET")
    check(parse(str(response).encode()), "call")


def test_every_verb_that_is_played_has_a_shape() -> None:
    names = {name for allowed, _, _ in ALLOWED.values() for name in allowed}
    assert names <= set(SHAPES)
    assert all(child in SHAPES for shape in SHAPES.values() for child in shape.children)
