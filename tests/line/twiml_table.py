"""Twilio's verbs, as far as we write them: what each may hold, and a check of a document against that.

A verb's attributes are each a kind: text, number, boolean, one of some words, or a list of some words set
apart by spaces. Read off Twilio's own libraries.
"""

import re
from xml.etree import ElementTree

TEXT, NUMBER, BOOLEAN = "text", "number", "boolean"

_RECORDED = (
    "do-not-record record-from-answer record-from-ringing record-from-answer-dual record-from-ringing-dual"
)
_ROOM_EVENTS = "list: start end join leave mute hold modify speaker announcement"
_SPOKEN = (
    "af-ZA am-ET ar-AE ar-XA arb bg-BG bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-AT de-DE el-GR "
    "en-AU en-CA en-GB en-GB-WLS en-IE en-IN en-NZ en-US en-ZA es-ES es-MX es-US fi-FI fil-PH fr-CA "
    "fr-FR fr-BE gu-IN he-IL hi-IN hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR lv-LV ml-IN mr-IN ms-MY "
    "nb-NO nl-BE nl-NL pa-IN pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sr-RS sv-SE ta-IN te-IN th-TH tr-TR "
    "uk-UA vi-VN yue-HK zh-CN zh-HK zh-TW"
)
_HEARD = (
    "en-AU en-CA en-GB en-GH en-IE en-IN en-KE en-NG en-NZ en-PH en-SG en-TZ en-US en-ZA "
    "es-ES es-MX es-US fr-CA fr-FR de-DE pt-BR pt-PT"
)

ATTRIBUTES: dict[str, dict[str, str]] = {
    "Response": {},
    "Say": {"voice": TEXT, "language": _SPOKEN, "loop": NUMBER},
    "Play": {"loop": NUMBER, "digits": TEXT},
    "Pause": {"length": NUMBER},
    "Redirect": {"method": TEXT},
    "Hangup": {},
    "Leave": {},
    "Gather": {
        "action": TEXT, "method": TEXT, "timeout": NUMBER, "numDigits": NUMBER, "finishOnKey": TEXT,
        "actionOnEmptyResult": BOOLEAN, "input": "list: dtmf speech", "language": _HEARD, "speechTimeout": "auto 2",
        "speechModel": "phone_call", "hints": TEXT,
    },
    "Enqueue": {
        "action": TEXT, "method": TEXT, "waitUrl": TEXT, "waitUrlMethod": TEXT, "workflowSid": TEXT,
        "maxQueueSize": NUMBER,
    },
    "Task": {"priority": NUMBER, "timeout": NUMBER},
    "Dial": {
        "action": TEXT, "method": TEXT, "timeout": NUMBER, "timeLimit": NUMBER, "hangupOnStar": BOOLEAN,
        "record": _RECORDED, "answerOnBridge": BOOLEAN, "callerId": TEXT,
    },
    "Queue": {"url": TEXT, "method": TEXT, "reservationSid": TEXT, "postWorkActivitySid": TEXT},
    "Conference": {
        "beep": "true false onEnter onExit", "endConferenceOnExit": BOOLEAN,
        "startConferenceOnEnter": BOOLEAN,
        "muted": BOOLEAN, "waitUrl": TEXT, "waitMethod": TEXT, "maxParticipants": NUMBER,
        "statusCallback": TEXT, "statusCallbackEvent": _ROOM_EVENTS, "statusCallbackMethod": TEXT,
        "participantLabel": TEXT, "record": "do-not-record record-from-start",
    },
    "break": {"strength": "none x-weak weak medium strong x-strong", "time": TEXT},
    "emphasis": {"level": "strong moderate reduced"},
    "lang": {"{http://www.w3.org/XML/1998/namespace}lang": TEXT},
    "p": {},
    "phoneme": {"alphabet": "ipa x-sampa x-amazon-jyutping x-amazon-pinyin", "ph": TEXT},
    "prosody": {"volume": TEXT, "rate": TEXT, "pitch": TEXT},
    "s": {},
    "say-as": {
        "interpret-as": "characters spell-out cardinal number ordinal digits fraction unit date time address "
        "expletive telephone",
        "format": "mdy dmy ymd md dm ym my d m y yyyymmdd",
    },
    "sub": {"alias": TEXT},
    "w": {"role": TEXT},
}  # fmt: skip

_IN_SPEECH = "break emphasis lang p phoneme prosody s say-as sub w"
CHILDREN: dict[str, str] = {
    "Response": "Dial Enqueue Gather Hangup Leave Pause Play Redirect Say",
    "Gather": "Pause Play Say",
    "Dial": "Conference Queue",
    "Enqueue": "Task",
    "Say": _IN_SPEECH,
    "lang": _IN_SPEECH,
    "prosody": _IN_SPEECH,
    "emphasis": "break emphasis lang phoneme prosody say-as sub w",
    "p": "break emphasis lang phoneme prosody s say-as sub w",
    "s": "break emphasis lang phoneme prosody say-as sub w",
    "w": "break emphasis phoneme prosody say-as sub",
}
WITH_TEXT = frozenset({"Say", "Play", "Redirect", "Enqueue", "Task", "Queue", "Conference"}) | frozenset(
    _IN_SPEECH.split()
) - {"break"}

WAITING = "Gather Hangup Leave Pause Play Redirect Say"
"""The verbs of a document run while somebody waits in a queue."""

BRIDGING = "Pause Play Redirect Say"
"""The verbs of a document run for a queued caller just before an agent is heard, or in a room."""


def faults(document: bytes, verbs: str | None = None) -> list[str]:
    """What Twilio would object to in a document; only `verbs` may stand in it, when they are given."""
    found = [] if len(document) <= 64_000 else [f"{len(document)} bytes"]
    root = ElementTree.fromstring(document)
    if root.tag != "Response":
        found.append(f"a document of <{root.tag}>")
    if verbs is not None:
        found += [f"<{verb.tag}> is not allowed here" for verb in root if verb.tag not in verbs.split()]
    return found + _within(root)


def _within(element: ElementTree.Element) -> list[str]:
    name = element.tag
    if name not in ATTRIBUTES:
        return [f"<{name}> is nobody's verb"]
    found = [
        f"{name} {attribute}={value!r}"
        for attribute, value in element.attrib.items()
        if attribute not in ATTRIBUTES[name] or not _fits(value, ATTRIBUTES[name][attribute])
    ]
    if (
        name not in WITH_TEXT
        and "".join([element.text or "", *[child.tail or "" for child in element]]).strip()
    ):
        found.append(f"text in <{name}>")
    for child in element:
        if child.tag not in CHILDREN.get(name, "").split():
            found.append(f"<{child.tag}> in <{name}>")
        found += _within(child)
    return found


def _fits(value: str, kind: str) -> bool:
    if kind == TEXT:
        return True
    if kind == NUMBER:
        return re.fullmatch("[0-9]+", value) is not None
    if kind == BOOLEAN:
        return value in ("true", "false")
    if kind.startswith("list: "):
        return set(value.split()) <= set(kind.split()[1:])
    return value in kind.split()
