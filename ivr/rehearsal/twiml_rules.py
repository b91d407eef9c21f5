"""What Twilio takes for TwiML, of the verbs that are played here: elements, attributes, values, nesting.

Stricter than the real one on purpose: where Twilio would only warn and go on without the attribute, a
rehearsal refuses and names the rule, since nobody reads warnings.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote_plus, urlsplit
from xml.etree import ElementTree

Element = ElementTree.Element
Place = Literal["call", "wait", "whisper", "room"]
"""Where a document runs: a leg's own course, a queue's waitUrl, <Queue url>, or a conference's wait, hold or announcement."""

LARGEST = 64 * 1024  # bytes of a document
LONGEST_INLINE = 4_000  # characters of the REST parameter Twiml
LONGEST_ATTRIBUTES = 4_096  # characters of a task's attributes


class TwilioRefuses(Exception):
    """Something Twilio would refuse, or would stumble over: its error number and its rule."""

    def __init__(self, code: int | None, rule: str, where: str | None = None) -> None:
        self.code, self.rule, self.where = code, rule, where
        number = f"Twilio error {code}: " if code else ""
        super().__init__(f"{number}{rule}" + (f" (in {where})" if where else ""))


class NotPlayed(TwilioRefuses):
    """Good TwiML that this pretend Twilio does not play."""

    def __init__(self, what: str, where: str | None = None) -> None:
        super().__init__(None, f"{what} is TwiML, but it is not played here", where)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one attribute's value must be; `code` is Twilio's number when it is not."""

    code: int
    fits: Callable[[str], bool]
    wants: str
    address: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One element: its attributes, what may stand in it, and whether text may."""

    attributes: Mapping[str, Rule] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    text: bool = False


def one_of(code: int, *values: str) -> Rule:
    """One of a few words."""
    return Rule(code, frozenset(values).__contains__, f"must be one of: {', '.join(values)}")


def some_of(code: int, *values: str) -> Rule:
    """Some of a few words, with spaces between."""
    known = frozenset(values)
    return Rule(
        code,
        lambda text: bool(text.split()) and set(text.split()) <= known,
        f"takes, with spaces between: {', '.join(values)}",
    )


def whole(code: int, low: int, high: int) -> Rule:
    """A whole number, both ends included."""

    def fits(text: str) -> bool:
        return text.isascii() and text.isdigit() and low <= int(text) <= high

    return Rule(code, fits, f"must be a whole number from {low} to {high}")


def pattern(code: int, expression: str, wants: str) -> Rule:
    """A text that fits a regular expression from end to end; `wants` says it in words."""
    return Rule(code, lambda text: re.fullmatch(expression, text) is not None, wants)


def address(code: int, *, empty: bool = False) -> Rule:
    """An address, absolute or relative; `empty`: it may also be left empty."""

    def fits(text: str) -> bool:
        if not text:
            return empty
        parts = urlsplit(text)
        return (
            parts.scheme in ("", "http", "https")
            and "_" not in (parts.hostname or "")
            and not re.search(r"\s", text)
        )

    return Rule(
        code, fits, "must be an http(s) address, without spaces, its host without underscores", address=True
    )


ANY = pattern(12200, r".*", "may be anything")
FLAG = one_of(12200, "true", "false")
METHOD = ("GET", "POST")

# --- voices ---------------------------------------------------------------------------------------

BASIC_VOICES = frozenset({"man", "woman", "alice"})
_POLLY = {
    "": """Aditi Amy Astrid Bianca Brian Camila Carla Carmen Celine Chantal Conchita Cristiano Dora Emma Enrique
        Ewa Filiz Geraint Giorgio Gwyneth Hans Ines Ivy Jacek Jan Joanna Joey Justin Karl Kendra Kevin Kimberly
        Lea Liv Lotte Lucia Lupe Mads Maja Marlene Mathieu Matthew Maxim Mia Miguel Mizuki Naja Nicole Penelope
        Raveena Ricardo Ruben Russell Salli Seoyeon Takumi Tatyana Vicki Vitoria Zeina Zhiyu""",
    "-Neural": """Adriano Amy Andres Aria Arlet Arthur Ayanda Bianca Brian Burcu Camila Daniel Danielle Elin Emma
        Gabrielle Gregory Hala Hannah Hiujin Ida Ines Isabelle Ivy Joanna Joey Justin Kajal Kazuha Kendra Kevin
        Kimberly Laura Lea Liam Lisa Lucia Lupe Matthew Mia Niamh Ola Olivia Pedro Remi Ruth Salli Seoyeon Sergio
        Sofie Stephen Suvi Takumi Thiago Tomoko Vicki Vitoria Zayd Zhiyu""",
    "-Generative": """Amy Andres Ayanda Bianca Daniel Danielle Joanna Kajal Lea Lucia Lupe Matthew Mía Olivia Pedro
        Rémi Ruth Sergio Stephen Vicki""",
}
POLLY_VOICES = frozenset(f"Polly.{name}{kind}" for kind, names in _POLLY.items() for name in names.split())
_GOOGLE = re.compile(
    r"Google\.(?:(?:[a-z]{2,3}-[A-Z]{2}|fil-ph)-(?:Standard|Wavenet|Neural2)-[A-JNO]"
    r"|[a-z]{2,3}-[A-Z]{2}-Chirp3-HD-(?:Aoede|Charon|Fenrir|Kore|Leda|Orus|Puck|Zephyr))"
)
_LONGEST_SAY = {"basic": 4096, "polly": 3000, "google": 5000}


def known_voice(voice: str) -> bool:
    """Whether <Say> has this voice. Google's are known by their form, the others by name."""
    return voice in BASIC_VOICES or voice in POLLY_VOICES or _GOOGLE.fullmatch(voice) is not None


_SAY_LANGUAGES = """
    af-ZA am-ET ar-AE ar-XA arb bg-BG bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-AT de-DE el-GR en-AU
    en-CA en-GB en-GB-WLS en-IE en-IN en-NZ en-US en-ZA es-ES es-MX es-US fi-FI fil-PH fr-CA fr-FR fr-BE
    gu-IN he-IL hi-IN hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR lv-LV ml-IN mr-IN ms-MY nb-NO nl-BE nl-NL
    pa-IN pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sr-RS sv-SE ta-IN te-IN th-TH tr-TR uk-UA vi-VN yue-HK
    zh-CN zh-HK zh-TW
"""
_GATHER_LANGUAGES = """
    af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IL ar-IQ ar-JO ar-KW ar-LB ar-MA ar-OM ar-PS ar-QA ar-SA ar-TN
    az-AZ bg-BG bn-BD bn-IN ca-ES cs-CZ da-DK de-DE el-GR en-AU en-CA en-GB en-GH en-IE en-IN en-KE en-NG
    en-NZ en-PH en-SG en-TZ en-US en-ZA es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-ES es-GT es-HN es-MX
    es-NI es-PA es-PE es-PR es-PY es-SV es-US es-UY es-VE et-EE eu-ES fa-IR fi-FI fil-PH fr-CA fr-FR
    gl-ES gu-IN he-IL hi-IN hr-HR hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE km-KH kn-IN ko-KR lo-LA
    lt-LT lv-LV mk-MK ml-IN mn-MN mr-IN ms-MY my-MM nar-IQ nb-NO ne-NP nl-BE nl-NL pa-guru-IN pl-PL pt-BR
    pt-PT ro-RO ru-RU si-LK sk-SK sl-SI sq-AL sr-RS su-ID sv-SE sw-KE sw-TZ ta-IN ta-LK ta-MY ta-SG te-IN
    th-TH tr-TR uk-UA ur-IN ur-PK uz-UZ vi-VN yue-Hant-HK zh cmn-Hans-CN zh-TW cmn-Hant-TW zu-ZA
"""
_FOR_TELEPHONES = "en-US en-GB en-AU fr-FR fr-CA ja-JP ru-RU es-US es-ES pt-BR"

# --- elements ---------------------------------------------------------------------------------------

_SSML = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})
_INLINE = _SSML - {"p"}
_RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
)
_RECORDING = {
    "recordingStatusCallback": address(12200),
    "recordingStatusCallbackMethod": one_of(12200, *METHOD),
    "recordingStatusCallbackEvent": some_of(12200, "in-progress", "completed", "absent"),
    "recordingConfigurationId": ANY,
    "trim": one_of(12200, "trim-silence", "do-not-trim"),
}
_SPOKEN = frozenset({"Say", "Play", "Pause"})
_PLAYED = _SPOKEN | {"Gather", "Redirect", "Hangup", "Reject", "Enqueue", "Leave", "Dial"}
_NOT_PLAYED = frozenset(
    {"Connect", "Echo", "Pay", "Prompt", "Record", "Refer", "Sms", "Start", "Stop", "Number", "Client", "Sip", "Sim",
     "Application", "WhatsApp"}
)  # fmt: skip

SHAPES: dict[str, Shape] = {
    "Response": Shape(children=_PLAYED),
    "Say": Shape(
        {"voice": Rule(13511, known_voice, "must be a voice that <Say> knows"), "language": one_of(13512, *_SAY_LANGUAGES.split()), "loop": whole(13510, 0, 1000)},
        _SSML,
        text=True,
    ),
    "Play": Shape({"loop": whole(13410, 0, 1000), "digits": pattern(12200, r"[0-9A-D*#wW]+", "takes 0-9 A-D * # w W")}, text=True),
    "Pause": Shape({"length": whole(12200, 1, 14_400)}),
    "Gather": Shape(
        {
            "action": address(12200),
            "method": one_of(13312, *METHOD),
            "input": some_of(12200, "dtmf", "speech"),
            "timeout": whole(13313, 1, 14_400),
            "speechTimeout": pattern(13327, r"auto|[1-9][0-9]*", "must be auto or a positive whole number"),
            "numDigits": whole(13314, 1, 1_000_000),
            "finishOnKey": pattern(13310, r"[0-9*#]?", "must be one key, or empty for none"),
            "actionOnEmptyResult": FLAG,
            "language": one_of(13512, *_GATHER_LANGUAGES.split()),
            "hints": Rule(13330, lambda text: len(text.split(",")) <= 500 and all(len(p) <= 100 for p in text.split(",")), "takes 500 phrases of 100 characters"),
            "profanityFilter": FLAG,
            "partialResultCallback": address(12200),
            "partialResultCallbackMethod": one_of(12200, *METHOD),
            "speechModel": pattern(12200, r"default|numbers_and_commands|phone_call|experimental_(conversations|utterances)|googlev2_(long|short|telephony|telephony_short)|deepgram_nova-[23](-\w+)?", "must be a model Twilio lists"),
            "enhanced": FLAG,
            "bargeIn": FLAG,
            "maxSpeechTime": whole(12200, 1, 60),
            "debug": FLAG,
        },
        _SPOKEN,
    ),
    "Redirect": Shape({"method": one_of(12200, *METHOD)}, text=True),
    "Hangup": Shape(),
    "Reject": Shape({"reason": one_of(12200, "rejected", "busy")}),
    "Leave": Shape(),
    "Enqueue": Shape(
        {
            "action": address(14203),
            "method": one_of(14201, *METHOD),
            "waitUrl": address(14202, empty=True),
            "waitUrlMethod": one_of(14206, *METHOD),
            "maxQueueSize": whole(12200, 1, 5000),
            "workflowSid": pattern(14220, r"WW[0-9a-f]{32}", "must be a workflow's SID"),
        },
        frozenset({"Task"}),
        text=True,
    ),
    "Task": Shape({"priority": whole(12200, 0, 2**31 - 1), "timeout": whole(12200, 1, 2**31 - 1)}, text=True),
    "Dial": Shape(
        {
            "action": address(12200),
            "method": one_of(12200, *METHOD),
            "answerOnBridge": FLAG,
            "callerId": ANY,
            "callReason": pattern(12200, r".{0,50}", "takes at most 50 characters"),
            "hangupOnStar": FLAG,
            "record": one_of(12200, *_RECORD),
            "recordingTrack": one_of(12200, "both", "inbound", "outbound"),
            "referUrl": address(12200),
            "referMethod": one_of(12200, *METHOD),
            "ringTone": pattern(12200, r"[a-z]{2}|us-old", "must be a country's tone"),
            "sequential": FLAG,
            "timeLimit": whole(12200, 1, 86_400),
            "timeout": whole(12200, 1, 600),
            "events": one_of(12200, "call-progress-event"),
            **_RECORDING,
        },
        frozenset({"Queue", "Conference"}),
    ),
    "Queue": Shape(
        {"url": address(14211), "method": one_of(14210, *METHOD), "reservationSid": pattern(14215, r"WR[0-9a-f]{32}", "must be a reservation's SID"), "postWorkActivitySid": pattern(14218, r"WA[0-9a-f]{32}", "must be an activity's SID")},
        text=True,
    ),
    "Conference": Shape(
        {
            "muted": FLAG,
            "beep": one_of(12200, "true", "false", "onEnter", "onExit"),
            "startConferenceOnEnter": FLAG,
            "endConferenceOnExit": FLAG,
            "participantLabel": pattern(12200, r".{1,128}", "takes at most 128 characters"),
            "jitterBufferSize": one_of(12200, "off", "small", "medium", "large"),
            "waitUrl": address(12200, empty=True),
            "waitMethod": one_of(12200, *METHOD),
            "maxParticipants": whole(12200, 2, 250),
            "record": one_of(12200, "do-not-record", "record-from-start"),
            "region": one_of(12200, "us1", "us2", "ie1", "de1", "sg1", "br1", "au1", "jp1"),
            "coach": pattern(13240, r"CA[0-9a-f]{32}", "must be a call's SID"),
            "statusCallback": address(12200),
            "statusCallbackMethod": one_of(12200, *METHOD),
            "statusCallbackEvent": some_of(12200, "start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"),
            "eventCallbackUrl": address(12200),
            **_RECORDING,
        },
        text=True,
    ),
    "break": Shape({"strength": one_of(13520, "none", "x-weak", "weak", "medium", "strong", "x-strong"), "time": pattern(13520, r"\d+(\.\d+)?(ms|s)", "must be a time such as 300ms")}),
    "emphasis": Shape({"level": one_of(13520, "strong", "moderate", "reduced")}, _INLINE - {"s"}, text=True),
    "lang": Shape({"xml:lang": pattern(13520, r"[a-z]{2,3}(-[A-Z]{2}(-WLS)?)?", "must be a language")}, _SSML, text=True),
    "p": Shape({}, _INLINE, text=True),
    "s": Shape({}, _INLINE - {"s"}, text=True),
    "phoneme": Shape({"alphabet": one_of(13520, "ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin", "x-amazon-pron-kana", "x-amazon-yomigana"), "ph": ANY}, text=True),
    "prosody": Shape({"volume": ANY, "rate": pattern(13520, r"x-slow|slow|medium|fast|x-fast|default|\d+(\.\d+)?%", "must be a word or a percentage"), "pitch": ANY}, _SSML, text=True),
    "say-as": Shape(
        {
            "interpret-as": one_of(13520, "characters", "spell-out", "cardinal", "number", "ordinal", "digits", "fraction", "unit", "date", "time", "address", "expletive", "telephone"),
            "format": one_of(13520, "mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y", "yyyymmdd"),
        },
        text=True,
    ),
    "sub": Shape({"alias": ANY}, text=True),
    "w": Shape({"role": ANY}, frozenset({"break", "emphasis", "phoneme", "prosody", "say-as", "sub"}), text=True),
}  # fmt: skip

ALLOWED: dict[Place, tuple[frozenset[str], int, str]] = {
    "call": (_PLAYED - {"Leave"}, 12200, "<Leave> has a meaning only while waiting in a queue"),
    "wait": (
        _SPOKEN | {"Hangup", "Redirect", "Leave", "Gather"},
        14202,
        "a queue's waitUrl takes only Play Say Pause Hangup Redirect Leave Gather",
    ),
    "whisper": (_SPOKEN | {"Redirect"}, 14211, "the url of <Queue> takes only Play Say Pause Redirect"),
    "room": (
        _SPOKEN | {"Redirect"},
        13238,
        "a conference's wait, hold and announcement take only Play Say Pause Redirect",
    ),
}
"""The verbs each place takes, and what Twilio says to any other."""


# --- reading ----------------------------------------------------------------------------------------


def parse(body: bytes, where: str | None = None) -> Element:
    """A document's <Response>. Raises TwilioRefuses for what Twilio cannot read."""
    if not body.strip():
        raise TwilioRefuses(11770, "the body is empty; an answer with nothing to do is <Response/>", where)
    if len(body) > LARGEST:
        raise TwilioRefuses(11750, f"a document takes at most 64 kB; this one has {len(body)} bytes", where)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the service under rehearsal is our own, and its size is bounded
    except (ElementTree.ParseError, ValueError, LookupError) as broken:
        raise TwilioRefuses(12100, f"the document is not XML: {broken}", where) from broken
    if root.tag != "Response":
        raise TwilioRefuses(12200, f"the root must be <Response>, not <{root.tag}>", where)
    return root


def check(root: Element, place: Place, where: str | None = None, *, inline: bool = False) -> None:
    """Hold a parsed document against Twilio's rules for the place it runs in. Raises TwilioRefuses.

    `inline`: it came as the REST parameter Twiml, so that a relative address has nothing to stand on.
    """
    allowed, code, rule = ALLOWED[place]
    _check_element(root, where, inline)
    for position, verb in enumerate(root):
        if verb.tag not in allowed:
            raise TwilioRefuses(code, f"{rule}; found <{verb.tag}>", where)
        if verb.tag == "Reject" and position:
            raise TwilioRefuses(12200, "<Reject> may stand only before anything else", where)


def child(parent: Element, tag: str, text: str) -> None:
    """Put a verb with text into an element."""
    ElementTree.SubElement(parent, tag).text = text


def conference(name: str, attributes: Mapping[str, str]) -> Element:
    """A document that does nothing but put a leg into a room, as Twilio itself has it do."""
    root = Element("Response")
    noun = ElementTree.SubElement(ElementTree.SubElement(root, "Dial"), "Conference", dict(attributes))
    noun.text = name
    check(root, "call", "Twilio's own document", inline=True)
    return root


def enqueue(workflow: str, attributes: str) -> str:
    """A document that makes a leg a task, as a Studio flow does."""
    root = Element("Response")
    verb = ElementTree.SubElement(root, "Enqueue", {"workflowSid": workflow})
    ElementTree.SubElement(verb, "Task").text = attributes
    return ElementTree.tostring(root, "unicode")


def _check_element(element: Element, where: str | None, inline: bool) -> None:
    shape = SHAPES[element.tag]
    for name, value in element.attrib.items():
        name = name.replace("{http://www.w3.org/XML/1998/namespace}", "xml:")
        wanted = shape.attributes.get(name)
        if wanted is None:
            raise TwilioRefuses(12200, f"<{element.tag}> has no attribute {name}", where)
        if not wanted.fits(value):
            raise TwilioRefuses(
                wanted.code, f"{name} of <{element.tag}> {wanted.wants}; found {value!r}", where
            )
        if wanted.address:
            _check_base(value, where, inline)
    if not shape.text and (
        (element.text or "").strip() or any((child.tail or "").strip() for child in element)
    ):
        raise TwilioRefuses(12200, f"<{element.tag}> takes no text of its own", where)
    for child in element:
        if child.tag not in shape.children:
            if child.tag in _NOT_PLAYED:
                raise NotPlayed(f"<{child.tag}>", where)
            what = "may not stand in" if child.tag in SHAPES else "is no TwiML; found in"
            raise TwilioRefuses(
                13320 if element.tag == "Gather" else 12200, f"<{child.tag}> {what} <{element.tag}>", where
            )
        _check_element(child, where, inline)
    if (own := _OWN_RULES.get(element.tag)) is not None:
        own(element, where, inline)


def _check_base(value: str, where: str | None, inline: bool) -> None:
    if inline and value and not urlsplit(value).scheme:
        raise TwilioRefuses(11100, f"a relative address in inline TwiML has no base: {value}", where)


def _check_say(say: Element, where: str | None, inline: bool) -> None:
    """At most 3,000 characters with Polly, tags not counted; 4,096 with a basic voice; 5,000, all counted, with Google."""
    voice = say.get("voice", "man")
    kind = voice.split(".")[0].lower() if "." in voice else "basic"
    words = "".join(say.itertext())
    counted = ElementTree.tostring(say, "unicode") if kind == "google" else words
    if not words.strip():
        raise TwilioRefuses(13520, "<Say> has nothing to say", where)
    if len(counted) > _LONGEST_SAY[kind] or len(quote_plus(words)) > 4_500:
        raise TwilioRefuses(
            13521,
            f"one <Say> of this voice takes {_LONGEST_SAY[kind]} characters; found {len(counted)}",
            where,
        )
    if kind == "basic" and len(say):
        raise TwilioRefuses(13520, f"the basic voice {voice} knows no SSML; found <{say[0].tag}>", where)
    if voice.endswith(("-Neural", "-Generative")):
        if say.find(".//emphasis") is not None:
            raise TwilioRefuses(13520, f"{voice} does not know <emphasis>", where)
        if say.find(".//prosody[@pitch]") is not None:
            raise TwilioRefuses(13520, f"{voice} cannot change the pitch of <prosody>", where)


def _check_play(play: Element, where: str | None, inline: bool) -> None:
    """An address or digits, one of them."""
    if bool((play.text or "").strip()) == ("digits" in play.attrib):
        raise TwilioRefuses(12200, "<Play> takes an address or digits, one of them", where)
    _check_base((play.text or "").strip(), where, inline)


def _check_redirect(redirect: Element, where: str | None, inline: bool) -> None:
    """Empty means the current document again, which inline TwiML does not have."""
    target = (redirect.text or "").strip()
    if inline and not target:
        raise TwilioRefuses(
            11100, "an empty <Redirect> means the current address, and inline TwiML has none", where
        )
    if not address(11100, empty=True).fits(target):
        raise TwilioRefuses(11100, f"not an address: {target!r}", where)
    _check_base(target, where, inline)


def _check_gather(gather: Element, where: str | None, inline: bool) -> None:
    """Digits cannot be played while listening for them; without an action the current address is asked.

    A speech model wants its own silence in seconds, and `phone_call` knows few languages.
    """
    if gather.find("Play[@digits]") is not None:
        raise TwilioRefuses(13325, "<Play digits> may not stand in <Gather>", where)
    if inline and "action" not in gather.attrib:
        raise TwilioRefuses(
            11100, "<Gather> without an action means the current address, and inline TwiML has none", where
        )
    model = gather.get("speechModel")
    if model is not None and gather.get("speechTimeout") == "auto":
        raise TwilioRefuses(13335, 'speechTimeout="auto" cannot be used with a speechModel', where)
    if model == "phone_call" and gather.get("language", "en-US") not in _FOR_TELEPHONES.split():
        raise TwilioRefuses(13512, f"phone_call does not know {gather.get('language')}", where)


def _check_enqueue(enqueue: Element, where: str | None, inline: bool) -> None:
    """A queue's name; or a workflow and no name, and at most one <Task>."""
    tasks = enqueue.findall("Task")
    if "workflowSid" not in enqueue.attrib:
        if tasks:
            raise TwilioRefuses(12200, "<Task> stands only in an <Enqueue> with a workflowSid", where)
        _check_queue_name(enqueue, where, inline)
        return
    if len(tasks) > 1 or "".join([enqueue.text or "", *(task.tail or "" for task in tasks)]).strip():
        raise TwilioRefuses(12200, "<Enqueue workflowSid> holds one <Task>, and no queue's name", where)


def _check_task(task: Element, where: str | None, inline: bool) -> None:
    """A task's attributes: a JSON object of at most 4,096 characters."""
    text = (task.text or "").strip() or "{}"
    try:
        read = json.loads(text)
    except ValueError as broken:
        raise TwilioRefuses(14221, f"the attributes in <Task> are not JSON: {broken}", where) from broken
    if not isinstance(read, dict):
        raise TwilioRefuses(14221, "the attributes in <Task> must be a JSON object", where)
    if len(text) > LONGEST_ATTRIBUTES:
        raise TwilioRefuses(
            14221, f"<Task> takes {LONGEST_ATTRIBUTES} characters of attributes; found {len(text)}", where
        )


def _check_queue_name(element: Element, where: str | None, inline: bool) -> None:
    """A queue's name: 1 to 64 characters."""
    name = (element.text or "").strip()
    if not name:
        raise TwilioRefuses(
            14204 if element.tag == "Enqueue" else 14212, f"<{element.tag}> names no queue", where
        )
    if len(name) > 64:
        raise TwilioRefuses(
            14205 if element.tag == "Enqueue" else 14213, "a queue's name has at most 64 characters", where
        )


def _check_dial(dial: Element, where: str | None, inline: bool) -> None:
    """One noun: a number as bare text would be dialled, and nobody is dialled here."""
    if len(dial) != 1:
        raise TwilioRefuses(13201, f"<Dial> holds one noun here; found {len(dial)}", where)


def _check_conference(conference: Element, where: str | None, inline: bool) -> None:
    """A room has a name."""
    if not (conference.text or "").strip():
        raise TwilioRefuses(13230, "<Conference> names no room", where)


_OWN_RULES: dict[str, Callable[[Element, str | None, bool], None]] = {
    "Say": _check_say,
    "Play": _check_play,
    "Redirect": _check_redirect,
    "Gather": _check_gather,
    "Enqueue": _check_enqueue,
    "Task": _check_task,
    "Queue": _check_queue_name,
    "Dial": _check_dial,
    "Conference": _check_conference,
}
