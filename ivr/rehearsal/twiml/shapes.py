"""The tables: each element's attributes, what may stand in it, and the verbs each place takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.rehearsal.twiml import Place
from ivr.rehearsal.twiml.values import ANY, FLAG, METHOD, Rule, address, one_of, pattern, some_of, whole
from ivr.rehearsal.twiml.voices import GATHER_LANGUAGES, SAY_LANGUAGES, known_voice


@dataclass(frozen=True, slots=True)
class Shape:
    """One element: its attributes, what may stand in it, and whether text may."""

    attributes: Mapping[str, Rule] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    text: bool = False


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
NOT_PLAYED = frozenset(
    {"Connect", "Echo", "Pay", "Prompt", "Record", "Refer", "Sms", "Start", "Stop", "Number", "Client", "Sip", "Sim",
     "Application", "WhatsApp"}
)  # fmt: skip

SHAPES: dict[str, Shape] = {
    "Response": Shape(children=_PLAYED),
    "Say": Shape(
        {"voice": Rule(13511, known_voice, "must be a voice that <Say> knows"), "language": one_of(13512, *SAY_LANGUAGES.split()), "loop": whole(13510, 0, 1000)},
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
            "language": one_of(13512, *GATHER_LANGUAGES.split()),
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
