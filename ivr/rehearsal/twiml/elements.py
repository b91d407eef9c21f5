"""The rules an element has of its own, beyond the tables: how long, how many, and what goes with what."""

import json
from collections.abc import Callable
from urllib.parse import quote_plus, urlsplit
from xml.etree import ElementTree

from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.twiml import Element
from ivr.rehearsal.twiml.values import address
from ivr.rehearsal.twiml.voices import FOR_TELEPHONES, LONGEST_SAY

LONGEST_ATTRIBUTES = 4_096  # characters of a task's attributes


def check_base(value: str, where: str | None, inline: bool) -> None:
    """A relative address stands on the address of its document, which inline TwiML does not have."""
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
    if len(counted) > LONGEST_SAY[kind] or len(quote_plus(words)) > 4_500:
        raise TwilioRefuses(
            13521,
            f"one <Say> of this voice takes {LONGEST_SAY[kind]} characters; found {len(counted)}",
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
    check_base((play.text or "").strip(), where, inline)


def _check_redirect(redirect: Element, where: str | None, inline: bool) -> None:
    """Empty means the current document again, which inline TwiML does not have."""
    target = (redirect.text or "").strip()
    if inline and not target:
        raise TwilioRefuses(
            11100, "an empty <Redirect> means the current address, and inline TwiML has none", where
        )
    if not address(11100, empty=True).fits(target):
        raise TwilioRefuses(11100, f"not an address: {target!r}", where)
    check_base(target, where, inline)


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
    if model == "phone_call" and gather.get("language", "en-US") not in FOR_TELEPHONES.split():
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


OWN_RULES: dict[str, Callable[[Element, str | None, bool], None]] = {
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
