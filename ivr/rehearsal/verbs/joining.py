"""The noun <Conference> of <Dial>: a leg joins a room, is in it, and leaves it."""

from ivr.rehearsal.document import Document
from ivr.rehearsal.exchange import exchange_of
from ivr.rehearsal.interrupts import OLD_ACTION_AFTER, PARTS_AFTER, Over, Replaced
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.rooms import Interlude, Listener, Person, Room, RoomOver, Started
from ivr.rehearsal.telephone import Input
from ivr.rehearsal.twiml import Element


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
