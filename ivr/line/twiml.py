"""Every document we answer, written as text.

Each function writes one verb; `document` puts verbs into a response. Text and addresses are escaped here;
SSML arrives escaped and is written as it stands, unless it is broken, when its words are said alone: Twilio
refuses a whole document for one bad character. No document passes Twilio's 64 kB, and no <Say> the limits
of its voices.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import unescape
from urllib.parse import parse_qsl, quote, urlsplit
from xml.parsers.expat import ExpatError, ParserCreate

from ivr.line.hearing import Hearing
from ivr.line.limits import TAG, within_limits

VOICE_OVERRIDES = "#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
"""A caller is listening: one quick second try, nine seconds in all. A fragment is neither sent nor signed."""

EVENT_OVERRIDES = "#rc=5&rp=all&rt=3000&tt=15000"
"""Nobody is listening: try until the event is kept."""

LARGEST_DOCUMENT = 64_000  # bytes; Twilio's 64 kB, read the smaller way
_LARGEST_GATHER = 48_000  # bytes of what is said inside one <Gather>, so that there is room to go on
LONGEST_QUEUE_NAME = 63  # Twilio wants a queue's name shorter than 64

_HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
_TAIL = "</Response>"

# What XML 1.0 cannot hold: most controls, halves of characters, two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")
_NOT_SSML = re.compile(
    r"<(?!/?(?:break|emphasis|lang|p|phoneme|prosody|s|say-as|sub|w)[\s/>])"  # Twilio's list, whole
)
_SPACES = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
_AFTER_SAY = re.compile("(?<=</Say>)(?=<Say )")  # one line too long for one <Say> is several, in one text


# ---------------------------------------------------- text and addresses
def escape(text: str) -> str:
    """Text that may stand between tags or in an attribute."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    if not text.isprintable():  # white space would be tidied away in an attribute, unless written so
        text = _FORBIDDEN.sub("", text).replace("\t", "&#09;").replace("\n", "&#10;").replace("\r", "&#13;")
    return text


def voice_url(base: str, path: str, **query: str | int | None) -> str:
    """The absolute address of a document for somebody on the line. What is None is left out of the query."""
    return _url(base, path, query) + VOICE_OVERRIDES


def event_url(base: str, path: str, **query: str | int | None) -> str:
    """The absolute address of a callback. What is None is left out of the query."""
    return _url(base, path, query) + EVENT_OVERRIDES


def query_of(url: str, path: str) -> dict[str, str]:
    """The query of an address of ours that Twilio quotes; nothing for another's, or one not below `path`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}
    return dict(parse_qsl(parts.query)) if parts.path.startswith(path) else {}


def _url(base: str, path: str, query: dict[str, str | int | None]) -> str:
    pairs = [f"{name}={_quoted(str(value))}" for name, value in query.items() if value is not None]
    return f"{base.rstrip('/')}{path}{'?' if pairs else ''}{'&'.join(pairs)}"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return quote(_FORBIDDEN.sub("", value), safe="")


# ------------------------------------------------------------- documents
def document(*verbs: str) -> bytes:
    """A whole response. Without verbs: nothing more to do.

    Too many verbs for one document are left out from just before the last one, which leads onward, so that
    the call never stops short.
    """
    body = "".join(verbs)
    if len(body) > LARGEST_DOCUMENT // 4:  # UTF-8 takes at most four bytes a character
        *before, last = [piece for verb in verbs for piece in _AFTER_SAY.split(verb) if piece]
        room = LARGEST_DOCUMENT - len(_HEAD) - len(_TAIL) - len(last.encode())
        body = "".join([*_fitting(before, room), last])
    return (_HEAD + body + _TAIL).encode() if body else EMPTY


EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Nothing more to do: a call whose running document this is ends; else it is simply an answer."""


def _fitting(pieces: Iterable[str], room: int) -> list[str]:
    """The first pieces that fit into so many bytes together."""
    kept = []
    for piece in pieces:
        room -= len(piece.encode())
        if room < 0:
            break
        kept.append(piece)
    return kept


# ----------------------------------------------------------------- verbs
def say(ssml: str, voice: str, language: str, *, plain: bool = False) -> str:
    """One line, in as many <Say> as the voices' limits ask for; none where there is nothing to say.

    `plain` is for voices that know no SSML: the words alone.
    """
    if not ssml.isprintable():
        ssml = _FORBIDDEN.sub("", ssml)
    if plain or not _sound(ssml):
        ssml = _words(ssml)
    head, tail = _say(voice, language), "</Say>"
    return "".join([head + piece + tail for piece in within_limits(ssml) if TAG.sub("", piece).strip()])


def _sound(ssml: str) -> bool:
    """Whether the SSML can stand in a document: well-formed on its own, and of Twilio's elements only."""
    if "<" not in ssml and "&" not in ssml and "]]>" not in ssml:
        return True
    if _NOT_SSML.search(ssml):
        return False
    parser = ParserCreate("utf-8")
    try:
        parser.Parse(f"<Say>{ssml}</Say>", True)
    except ExpatError:
        return False
    return True


def _words(ssml: str) -> str:
    """The words alone, fit to stand in a document whatever the SSML was."""
    return escape(_SPACES.sub(" ", unescape(TAG.sub(" ", ssml))).strip())


@lru_cache(256)
def _say(voice: str, language: str) -> str:
    return f'<Say voice="{escape(voice)}" language="{escape(language)}">'


def play(url: str) -> str:
    """A sound, by its absolute address."""
    return f"<Play>{escape(url)}</Play>"


def pause(seconds: int = 1) -> str:
    """Silence, in whole seconds, at least one."""
    return f'<Pause length="{max(1, int(seconds))}"/>'


def gather(
    children: Iterable[str],
    action: str,
    *,
    timeout: int = 5,
    digits: int | None = 1,
    finish_on_key: str = "",
    on_empty: bool = False,
    hearing: Hearing | None = None,
) -> str:
    """Listen for keys, and with `hearing` for words, during `children`: any of <Say>, <Play> and <Pause>.

    `timeout` is the quiet after the last word, in seconds. As it stands one key is enough and none ends the
    entry early; `on_empty` asks the action even when nothing was pressed. Children that pass a document's
    size are left out from the end.
    """
    inner = "".join(said := list(children))
    if len(inner) > _LARGEST_GATHER // 4:
        inner = "".join(_fitting(said, _LARGEST_GATHER))
    count = "" if digits is None else f' numDigits="{digits}"'
    empty = ' actionOnEmptyResult="true"' if on_empty else ""
    return (
        f'<Gather action="{escape(action)}" timeout="{timeout}"{count} finishOnKey="{escape(finish_on_key)}"'
        f"{empty}{'' if hearing is None else _words_too(hearing)}>{inner}</Gather>"
    )


def _words_too(hearing: Hearing) -> str:
    return (
        f' input="dtmf speech" language="{escape(hearing.language)}" speechTimeout="{hearing.silence}"'
        f"{_maybe('speechModel', hearing.model)}{_maybe('hints', hearing.hints or None)}"
    )


def redirect(url: str) -> str:
    """Go on with another document; nothing after it is run."""
    return f"<Redirect>{escape(url)}</Redirect>"


def hangup() -> str:
    """End the call."""
    return "<Hangup/>"


def enqueue(queue: str, *, action: str | None = None, wait_url: str | None = None) -> str:
    """Wait in a queue. Without addresses: Twilio's music, then whatever verb follows."""
    return f"<Enqueue{_maybe('action', action)}{_maybe('waitUrl', wait_url)}>{queue_name(queue)}</Enqueue>"


def enqueue_task(
    workflow: str,
    task: Mapping[str, str],
    *,
    action: str | None = None,
    wait_url: str | None = None,
    priority: int = 0,
) -> str:
    """Wait for a worker of TaskRouter's; `task` is what its workflow may choose by. The highest `priority` is
    taken first; 0 is usual."""
    head = (
        f"<Enqueue{_maybe('action', action)}{_maybe('waitUrl', wait_url)}{_maybe('workflowSid', workflow)}>"
    )
    first = _maybe("priority", str(priority) if priority else None)
    return f"{head}<Task{first}>{escape(json.dumps(task, ensure_ascii=False))}</Task></Enqueue>"


def leave() -> str:
    """Leave the queue; only in a document run while waiting in one."""
    return "<Leave/>"


def dial_queue(
    queue: str,
    *,
    url: str,
    action: str,
    timeout: int = 60,
    hangup_on_star: bool = False,
    record: str | None = None,
) -> str:
    """Take the next caller of a queue; `url` is run for that caller just before the two are connected.

    `timeout` is how many seconds to wait for somebody in an empty queue; `record` as Twilio spells it.
    """
    opening = _dial(action, timeout, hangup_on_star, record)
    return f'{opening}<Queue url="{escape(url)}">{queue_name(queue)}</Queue></Dial>'


def dial_conference(
    room: str,
    *,
    action: str,
    hangup_on_star: bool = False,
    record: str | None = None,
    status_callback: str | None = None,
    status_events: str = "join leave hold",
) -> str:
    """Into a room that ends for everybody as soon as one leaves. No beep, and silence until the other comes.

    The first to enter decides which events go to `status_callback`; `status_events` are space-separated.
    """
    status = ""
    if status_callback is not None:
        status = _maybe("statusCallback", status_callback) + _maybe("statusCallbackEvent", status_events)
    opening = _dial(action, None, hangup_on_star, record)
    rules = 'endConferenceOnExit="true" beep="false" waitUrl=""'
    return f"{opening}<Conference {rules}{status}>{escape(room)}</Conference></Dial>"


def _dial(action: str, timeout: int | None, hangup_on_star: bool, record: str | None) -> str:
    wait = "" if timeout is None else f' timeout="{timeout}"'
    star = ' hangupOnStar="true"' if hangup_on_star else ""
    return f'<Dial action="{escape(action)}"{wait}{star}{_maybe("record", record)}>'


def front_of(queue: str) -> str:
    """The name of the queue beside it, for those who are let in front: Twilio itself knows no such place."""
    mark = " (front)"
    return queue[: LONGEST_QUEUE_NAME - len(mark)] + mark


def queue_name(name: str) -> str:
    """A queue's name as it stands in a document, cut to what Twilio takes."""
    return escape(name[:LONGEST_QUEUE_NAME])


def _maybe(attribute: str, value: str | None) -> str:
    return "" if value is None else f' {attribute}="{escape(value)}"'
