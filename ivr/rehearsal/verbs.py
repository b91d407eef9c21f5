"""The verbs, one function each, with Twilio's rule above it.

A verb gives the document that takes the place of the running one, or None to go on with the next verb.
"""

from collections.abc import Collection, Mapping
from html import escape

from ivr.book import spoken
from ivr.rehearsal.call import (
    OLD_ACTION_AFTER,
    PARTS_AFTER,
    Document,
    Fields,
    Input,
    Interrupt,
    Leg,
    Over,
    Replaced,
    Sound,
    Verb,
)
from ivr.rehearsal.exchange import exchange_of
from ivr.rehearsal.queues import Bridge, Dequeued, Offered, Parted, Stay, Whisper
from ivr.rehearsal.rooms import Interlude, Listener, Person, Room, RoomOver, Started
from ivr.rehearsal.twiml_rules import Element, NotPlayed, Place, TwilioRefuses

RECORDING_SECONDS = 10.0  # how long a recording plays when its file does not tell


# --- speaking -----------------------------------------------------------------------------------------


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
            total += spoken.seconds(ssml(element), pace) * _loops(element)
        elif element.tag == "Pause":
            total += float(element.get("length", "1"))
    return total


def _loops(element: Element) -> int:
    """`loop`: once unless said; 0 means on and on, up to a thousand times."""
    return int(element.get("loop", "1")) or 1000


async def say(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Say>: the words, spoken by a voice, `loop` times. Keys pressed meanwhile are lost."""
    leg.deaf()
    for _ in range(_loops(verb)):
        await _say_once(leg, verb, document)
    return None


async def _say_once(
    leg: Leg, verb: Element, document: Document, cut_by: Collection[str] = ()
) -> Input | None:
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
    for _ in range(_loops(verb)):
        await _play_once(leg, verb, document)
    return None


async def _play_once(
    leg: Leg, verb: Element, document: Document, cut_by: Collection[str] = ()
) -> Input | None:
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
    await _pause_once(leg, verb)
    return None


async def _pause_once(leg: Leg, verb: Element, cut_by: Collection[str] = ()) -> Input | None:
    until = leg.clock.monotonic() + float(verb.get("length", "1"))
    while (left := until - leg.clock.monotonic()) > 0:
        given = await leg.wait(left)
        if given is not None and given.kind in cut_by:
            return given
    return None


# --- listening ----------------------------------------------------------------------------------------


async def gather(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Gather>: says its children while listening; the first key or word cuts them.

    `timeout` (5 s) starts when they end, or with each key. `numDigits` keys, or `finishOnKey` ("#", never
    part of the digits), end the entry at once. With an input the action is asked (the current address when
    there is none) and its document takes over; without one the next verb runs, unless actionOnEmptyResult.
    Inside a waitUrl the action's document is held to the same verbs.
    """
    leg.deaf()
    kinds = verb.get("input", "dtmf").split()
    leg.listens = frozenset(kinds)
    try:
        given = await _while_speaking(leg, verb, document, kinds)
        fields = await _entry(leg, verb, kinds, given)
    finally:
        leg.listens = frozenset()
    if fields is None and verb.get("actionOnEmptyResult") != "true":
        return None
    url = document.address(verb.get("action", ""))
    return await leg.fetch(url, verb.get("method", "POST"), fields or {"Digits": ""}, place)


async def _while_speaking(leg: Leg, verb: Element, document: Document, kinds: list[str]) -> Input | None:
    for child in verb:
        for _ in range(_loops(child) if child.tag != "Pause" else 1):
            given: Input | None
            if child.tag == "Say":
                given = await _say_once(leg, child, document, kinds)
            elif child.tag == "Play":
                given = await _play_once(leg, child, document, kinds)
            else:
                given = await _pause_once(leg, child, kinds)
            if given is not None:
                return given
    return None


async def _entry(leg: Leg, verb: Element, kinds: list[str], given: Input | None) -> dict[str, str] | None:
    """The whole entry, once its first key or word has come, or the time-out has passed without."""
    finish, most = verb.get("finishOnKey", "#"), int(verb.get("numDigits", "0"))
    seconds, digits = float(verb.get("timeout", "5")), ""
    while True:
        if given is None:
            given = await leg.wait(seconds)
            if given is not None and given.kind not in kinds:
                given = None
                continue
        if given is None:
            return {"Digits": digits} if digits else None
        if given.kind == "speech":
            return await _words(leg, verb, given.text)
        if finish and given.text == finish:
            return {"Digits": digits, "FinishedOnKey": finish} if digits else None
        digits, given = digits + given.text, None
        if most and len(digits) >= most:
            return {"Digits": digits, "FinishedOnKey": ""}


async def _words(leg: Leg, verb: Element, said: str) -> dict[str, str]:
    """What is said until `speechTimeout` seconds of silence (`auto`: one; else `timeout`). A noise is no words,
    and the confidence of nothing is nought."""
    silence = verb.get("speechTimeout", verb.get("timeout", "5"))
    while (more := await leg.wait(1.0 if silence == "auto" else float(silence))) is not None:
        if more.kind == "speech":
            said = f"{said} {more.text}".strip()
    return {"SpeechResult": said, "Confidence": "0.9" if said else "0.0"}


# --- going elsewhere ----------------------------------------------------------------------------------


async def redirect(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Redirect>: another document takes over; the verbs after it never run. Relative to the current one."""
    return await leg.fetch(
        document.address((verb.text or "").strip()), verb.get("method", "POST"), place=place
    )


async def hangup(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Hangup/>: ends the call. The words before it have been played to their end."""
    leg.status, leg.ended_by = "completed", leg.ended_by or "line"
    raise Over("<Hangup/>")


async def reject(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Reject>: does not answer; only as the very first verb."""
    if leg.status != "ringing":
        raise TwilioRefuses(12200, "<Reject> comes too late: the call has been answered", document.url)
    leg.status, leg.ended_by = "busy" if verb.get("reason") == "busy" else "completed", "line"
    raise Over("<Reject>")


# --- waiting in a queue -------------------------------------------------------------------------------


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
        await _part(leg, bridge, why)
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


async def _part(leg: Leg, bridge: Bridge | None, why: Interrupt) -> None:
    """Leave a bridge as Twilio does: of a redirect the other side hears a little later."""
    if isinstance(why, Replaced):
        await leg.clock.sleep(PARTS_AFTER)
    if bridge is not None:
        bridge.part(leg)
    if isinstance(why, Replaced):
        await leg.clock.sleep(OLD_ACTION_AFTER)


def _queue_fields(stay: Stay, result: str) -> Fields:
    return {"QueueResult": result, "QueueSid": stay.queue.sid, "QueueTime": str(stay.seconds)}


# --- dialling -----------------------------------------------------------------------------------------


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
        await _part(leg, bridge, why)
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


async def dial_conference(
    leg: Leg, verb: Element, noun: Element, document: Document, fields: dict[str, str]
) -> None:
    """<Dial><Conference>: into a room. It begins when two are in; who came first hears the waitUrl once, or
    silence when that is "". When one with endConferenceOnExit leaves, it ends for all, and each goes on to
    its own action, with DialCallStatus=answered and no duration. hangupOnStar: the star leaves the room.
    """
    exchange = exchange_of(leg)
    room = exchange.room((noun.text or "").strip())
    fields["DialCallStatus"] = "answered"
    person = Person(
        leg,
        noun.get("participantLabel"),
        starts=noun.get("startConferenceOnEnter") != "false",
        ends_room=noun.get("endConferenceOnExit") == "true",
        muted=noun.get("muted") == "true",
    )
    label = person.label
    if label and any(other.label == label for other in room.people):
        raise TwilioRefuses(16025, f"the label {label} is in use in this room", document.url)
    if len(room.people) >= int(noun.get("maxParticipants", "250")):
        raise TwilioRefuses(16020, "the room is full", document.url)
    room.enter(person, _listener(leg, noun, document))
    leg.deaf()
    try:
        await _in_room(leg, verb, noun, document, room)
    except RoomOver as over:
        leg.put_out = over.by is not None
        return
    except (Over, Replaced) as why:
        if isinstance(why, Replaced):
            await leg.clock.sleep(PARTS_AFTER)
        room.leave(person)
        if isinstance(why, Replaced):
            await leg.clock.sleep(OLD_ACTION_AFTER)
        raise
    room.leave(person)


def _listener(leg: Leg, noun: Element, document: Document) -> Listener | None:
    url = noun.get("statusCallback")
    if url is None:
        return None
    events = frozenset(noun.get("statusCallbackEvent", "start end").split())
    return Listener(document.address(url), noun.get("statusCallbackMethod", "POST"), events, leg)


async def _in_room(leg: Leg, verb: Element, noun: Element, document: Document, room: Room) -> None:
    """Being in a room, until the star leaves it: the music of a hold is heard and gone on from."""
    star, wait_url = verb.get("hangupOnStar") == "true", noun.get("waitUrl")
    interlude: Interlude | None = None
    alone = room.status == "init"
    while True:
        try:
            if interlude is not None:
                music, interlude = interlude.document, None
                if music is not None:
                    await leg.follow(music, "room")
            elif alone and wait_url:
                alone = False
                fields = {"ConferenceSid": room.sid}
                waiting = await leg.fetch(
                    document.address(wait_url), noun.get("waitMethod", "POST"), fields, "room"
                )
                await leg.follow(waiting, "room")
            else:
                given = await leg.wait()
                if given == Input("dtmf", "*") and star:
                    return
        except Started:
            alone = False
        except Interlude as other:
            interlude = other


VERBS: Mapping[str, Verb] = {
    "Say": say,
    "Play": play,
    "Pause": pause,
    "Gather": gather,
    "Redirect": redirect,
    "Hangup": hangup,
    "Reject": reject,
    "Enqueue": enqueue,
    "Leave": leave,
    "Dial": dial,
}
