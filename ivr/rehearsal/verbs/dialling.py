"""The verb <Dial>, and its noun <Queue>: an agent takes the next caller, and talks to them.

Its noun <Conference>: see `joining.py`.
"""

from ivr.rehearsal.document import Document
from ivr.rehearsal.exchange import exchange_of
from ivr.rehearsal.interrupts import Over, Replaced
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.queues import Bridge, Offered, Parted, Whisper
from ivr.rehearsal.refusals import NotPlayed
from ivr.rehearsal.rooms import Interlude, RoomOver, Started
from ivr.rehearsal.telephone import Input
from ivr.rehearsal.twiml import Element, Place
from ivr.rehearsal.verbs.joining import dial_conference
from ivr.rehearsal.verbs.queueing import part


async def dial(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Dial>: with an action, it is asked when the dialling is over, and the verbs after <Dial> are never
    reached. An agent's leg that is hung up or redirected still has its action asked, its TwiML ignored.
    """
    noun = verb[0]
    dialled = dial_queue if noun.tag == "Queue" else dial_conference
    action = document.address(verb.attrib["action"]) if "action" in verb.attrib else None
    method = verb.get("method", "POST")
    fields: dict[str, str] = {}
    try:
        await dialled(leg, verb, noun, document, fields)
    except (Over, Replaced) as why:
        if action and not (isinstance(why, Replaced) and not why.by_rest):
            await leg.tell(action, method, fields)
        raise
    finally:
        leg.forget(Offered, Parted, RoomOver, Started, Interlude)
    return await leg.fetch(action, method, fields) if action else None


async def dial_queue(
    leg: Leg, verb: Element, noun: Element, document: Document, fields: dict[str, str]
) -> None:
    """<Dial><Queue>: takes whoever waited longest; an empty queue is waited at for `timeout` (30 s), then
    DialCallStatus=no-answer. A queue nobody ever named gives `failed`. The bridge lasts `timeLimit` at most.

    DialCallDuration is missing when the other leg was redirected. hangupOnStar: the star leaves the bridge.
    """
    exchange, name = exchange_of(leg), (noun.text or "").strip()
    fields.update(DialCallStatus="failed", DialBridged="false")
    if name not in exchange.queues:
        return
    if "reservationSid" in noun.attrib:
        raise NotPlayed("<Queue reservationSid>", document.url)
    whisper = Whisper(
        document.address(noun.attrib["url"]) if "url" in noun.attrib else None, noun.get("method", "POST")
    )
    fields["DialCallStatus"] = "no-answer"
    bridge = await exchange.queues[name].next_caller(leg, whisper, float(verb.get("timeout", "30")))
    if bridge is None:
        return
    caller = bridge.stay.leg
    fields.update(DialCallStatus="completed", DialBridged="true", DialCallSid=caller.sid)
    try:
        await _talk(leg, verb, bridge)
    except Parted:
        if caller.status == "completed":
            fields["DialCallDuration"] = str(_talked(bridge))
    except (Over, Replaced) as why:
        await part(leg, bridge, why)
        fields["DialCallDuration"] = str(_talked(bridge))
        raise


async def _talk(leg: Leg, verb: Element, bridge: Bridge) -> None:
    """The agent's side of a bridge, until the star or the time limit ends it; an interrupt ends it too."""
    star = verb.get("hangupOnStar") == "true"
    until = leg.clock.monotonic() + float(verb.get("timeLimit", "14400"))
    leg.deaf()
    while (left := until - leg.clock.monotonic()) > 0:
        given = await leg.wait(left)
        if given == Input("dtmf", "*") and star and bridge.up:
            if exchange_of(leg).star == "away":
                bridge.stay.leg.hang_up("rest")
            break
    bridge.part(leg)


def _talked(bridge: Bridge) -> int:
    return round((bridge.until or 0) - bridge.since) if bridge.since is not None else 0
