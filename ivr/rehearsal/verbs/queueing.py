"""The verbs of who waits in a queue, <Enqueue> and <Leave>: the wait, being taken from it, and its end."""

from ivr.rehearsal.document import Document
from ivr.rehearsal.exchange import exchange_of
from ivr.rehearsal.interrupts import OLD_ACTION_AFTER, PARTS_AFTER, Interrupt, Over, Replaced
from ivr.rehearsal.leg import Fields, Leg
from ivr.rehearsal.queues import Bridge, Dequeued, Parted, Stay
from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.twiml import Element, Place


class _Left(Interrupt):
    """<Leave/> was reached."""


async def leave(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Leave/>: ends the stay in the queue; the call goes on with the Enqueue action, QueueResult=leave."""
    raise _Left("<Leave/>")


async def enqueue(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Enqueue>: waits in a queue, hearing the waitUrl again and again.

    The action is asked with QueueResult and QueueTime: at once for `leave`, `queue-full`, `redirected` and
    `hangup`; after a bridge only when both have parted (`bridged`). Of a leg that was redirected or hung up
    it is still asked, and its TwiML is ignored. Without an action the next verb runs.

    With a workflowSid the stay is a task of TaskRouter's, which moves the leg into a room when a worker has
    taken it: that is a redirect like any other. Who goes before, by whatever way, cancels the task.
    """
    taskrouter = exchange_of(leg).taskrouter if "workflowSid" in verb.attrib else None
    if taskrouter is None and "workflowSid" in verb.attrib:
        raise NotPlayed("<Enqueue workflowSid> without a workspace", document.url)
    queue = exchange_of(leg).queue(verb.get("workflowSid") or (verb.text or "").strip())
    if "maxQueueSize" in verb.attrib:
        queue.max_size = int(verb.attrib["maxQueueSize"])
    action = document.address(verb.attrib["action"]) if "action" in verb.attrib else None
    method = verb.get("method", "POST")
    stay = queue.join(leg)
    task = taskrouter.enter(stay, verb, document.url) if taskrouter and stay else None
    exchange_of(leg).queued(leg)
    if stay is None:
        return await leg.fetch(action, method, {"QueueResult": "queue-full"}) if action else None
    bridge: Bridge | None = None
    try:
        try:
            await _in_line(leg, stay, verb, document)
        except Dequeued as taken:
            bridge = taken.bridge
            result = await _bridge_up(leg, bridge)
        except _Left:
            result = "leave"
    except (Over, Replaced) as why:
        queue.leave(stay)
        if taskrouter and task:
            taskrouter.left(task, "hangup" if isinstance(why, Over) else "redirected")
        ending = _ending(why, bridge)
        await part(leg, bridge, why)
        if action and not (isinstance(why, Replaced) and not why.by_rest):
            await leg.tell(action, method, _queue_fields(stay, ending))
        raise
    finally:
        queue.leave(stay)
        if taskrouter and task:
            taskrouter.left(task, "leave")
        for late in leg.forget(Dequeued, Parted):
            if isinstance(late, Dequeued):
                late.bridge.part(leg)
    return await leg.fetch(action, method, _queue_fields(stay, result)) if action else None


async def _in_line(leg: Leg, stay: Stay, verb: Element, document: Document) -> None:
    """The waitUrl, round and round, until an interrupt ends it; without one, Twilio's own music."""
    url = verb.get("waitUrl")
    while not url:
        await leg.wait()
    address, method = document.address(url), verb.get("waitUrlMethod", "POST")
    while True:
        began = leg.clock.microseconds
        await leg.follow(await leg.fetch(address, method, stay.fields(), "wait"), "wait")
        if leg.clock.microseconds == began:
            raise TwilioRefuses(None, "a wait document that takes no time is asked for without end", address)


async def _bridge_up(leg: Leg, bridge: Bridge) -> str:
    """<Queue url> for the queued caller, then both hear each other until one of them leaves."""
    try:
        if bridge.whisper.url:
            fields = {
                "QueueSid": bridge.stay.queue.sid,
                "QueueTime": str(bridge.stay.seconds),
                "DequeingCallSid": bridge.agent.sid,
            }
            whispered = await leg.fetch(bridge.whisper.url, bridge.whisper.method, fields, "whisper")
            await leg.follow(whispered, "whisper")
        leg.check()
        bridge.open()
        exchange_of(leg).bridged(bridge)
        while True:
            await leg.wait()
    except Parted:
        return "bridged" if bridge.since is not None else "bridging-in-process"


def _ending(why: Interrupt, bridge: Bridge | None) -> str:
    """QueueResult of a leg that is hung up or redirected."""
    if bridge is None:
        return "hangup" if isinstance(why, Over) else "redirected"
    if bridge.since is None:
        return "bridging-in-process"
    return "bridged" if isinstance(why, Over) else "redirected-from-bridged"


async def part(leg: Leg, bridge: Bridge | None, why: Interrupt) -> None:
    """Leave a bridge as Twilio does: of a redirect the other side hears a little later."""
    if isinstance(why, Replaced):
        await leg.clock.sleep(PARTS_AFTER)
    if bridge is not None:
        bridge.part(leg)
    if isinstance(why, Replaced):
        await leg.clock.sleep(OLD_ACTION_AFTER)


def _queue_fields(stay: Stay, result: str) -> Fields:
    return {"QueueResult": result, "QueueSid": stay.queue.sid, "QueueTime": str(stay.seconds)}
