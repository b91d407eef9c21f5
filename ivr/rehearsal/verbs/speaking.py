"""The verbs that are heard, <Say>, <Play> and <Pause>: how long each takes, and what may cut it."""

from collections.abc import Collection
from html import escape

from ivr.book import spoken
from ivr.rehearsal.document import Document
from ivr.rehearsal.exchange import exchange_of
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.telephone import Input, Sound
from ivr.rehearsal.twiml import Element, Place

RECORDING_SECONDS = 10.0  # how long a recording plays when its file does not tell


def ssml(element: Element) -> str:
    """What stands in an element, with its tags."""
    inner = escape(element.text or "", quote=False)
    for child in element:
        attributes = "".join(f' {_plain(name)}="{escape(value)}"' for name, value in child.attrib.items())
        held = ssml(child)
        inner += f"<{child.tag}{attributes}>{held}</{child.tag}>" if held else f"<{child.tag}{attributes}/>"
        inner += escape(child.tail or "", quote=False)
    return inner


def _plain(name: str) -> str:
    return name.replace("{http://www.w3.org/XML/1998/namespace}", "xml:")


def words_seconds(document: Document, pace: int) -> float:
    """How long a document's words and pauses take when nobody interrupts: its <Say> and <Pause>, loops counted."""
    total = 0.0
    for element in document.root.iter():
        if element.tag == "Say":
            total += spoken.seconds(ssml(element), pace) * loops(element)
        elif element.tag == "Pause":
            total += float(element.get("length", "1"))
    return total


def loops(element: Element) -> int:
    """`loop`: once unless said; 0 means on and on, up to a thousand times."""
    return int(element.get("loop", "1")) or 1000


async def say(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Say>: the words, spoken by a voice, `loop` times. Keys pressed meanwhile are lost."""
    leg.deaf()
    for _ in range(loops(verb)):
        await say_once(leg, verb, document)
    return None


async def say_once(leg: Leg, verb: Element, document: Document, cut_by: Collection[str] = ()) -> Input | None:
    """<Say> once; what cut it, if anything did."""
    inner = ssml(verb)
    sound = Sound(
        leg.clock.monotonic(),
        spoken.seconds(inner, exchange_of(leg).pace),
        document.url,
        text=spoken.plain(inner),
        ssml=inner,
        voice=verb.get("voice", "man"),
        language=verb.get("language", "en-US"),
        document=document,
    )
    return await leg.hear(sound, cut_by)


async def play(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Play>: a recording, fetched by GET without the call's parameters; or digits, half a second each.

    13420 for a type that is no audio. What lies on another host is taken as it is.
    """
    for _ in range(loops(verb)):
        await play_once(leg, verb, document)
    return None


async def play_once(
    leg: Leg, verb: Element, document: Document, cut_by: Collection[str] = ()
) -> Input | None:
    """<Play> once; what cut it, if anything did."""
    digits, url = verb.get("digits"), document.address((verb.text or "").strip())
    seconds = len(digits) / 2 if digits else await _recording_seconds(leg, url)
    sound = Sound(leg.clock.monotonic(), seconds, document.url, played=digits or url, document=document)
    return await leg.hear(sound, cut_by)


async def _recording_seconds(leg: Leg, url: str) -> float:
    wire = leg.exchange.wire
    if not url.startswith(wire.base + "/"):
        return RECORDING_SECONDS
    answer = await wire.ask(url, "GET", client=leg.client, leg=leg.sid)
    kind = (answer.content_type or "").partition(";")[0].strip().lower()
    if not kind.startswith("audio/"):
        raise TwilioRefuses(13420, f"<Play> was given {kind or 'no type'}, which is no audio", url)
    return _wav_seconds(answer.body) or RECORDING_SECONDS


def _wav_seconds(body: bytes) -> float | None:
    """The length of a WAV, from its header: bytes of sound by bytes a second; None for anything else."""
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        return None
    place, rate = 12, 0
    while place + 8 <= len(body):
        name, size = body[place : place + 4], int.from_bytes(body[place + 4 : place + 8], "little")
        if name == b"fmt ":
            rate = int.from_bytes(body[place + 16 : place + 20], "little")
        if name == b"data" and rate:
            return min(size, len(body) - place - 8) / rate
        place += 8 + size + size % 2
    return None


async def pause(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Pause>: silence, `length` whole seconds, one unless said."""
    await pause_once(leg, verb)
    return None


async def pause_once(leg: Leg, verb: Element, cut_by: Collection[str] = ()) -> Input | None:
    """<Pause>; what cut it, if anything did."""
    until = leg.clock.monotonic() + float(verb.get("length", "1"))
    while (left := until - leg.clock.monotonic()) > 0:
        given = await leg.wait(left)
        if given is not None and given.kind in cut_by:
            return given
    return None
