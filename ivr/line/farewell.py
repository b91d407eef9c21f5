"""The farewell on the telephone: one document per moment, each proving the one before it.

A moment's document ends in a redirect to the next; *arrival there is the proof that it was heard*. Every
spoken moment stands in a Gather, the goodbye too, so that a key is never lost; and where a caller stands is
in the address and the ledger, so that doubled requests and retries say nothing twice.
"""

from datetime import timedelta

from ivr import watch
from ivr.calls.events import Event, Heard, Pressed, Queued, Released, Spoke
from ivr.calls.waits import callers_key
from ivr.farewell import course
from ivr.farewell.facts import line_facts
from ivr.farewell.moments import Farewell, Moment, page_of
from ivr.line import twiml
from ivr.line.counter import Ask, Counter
from ivr.line.translate import FINAL
from ivr.wrapup import Standing, agent_there

LISTENING_SECONDS = 6  # after the options; a little over Twilio's own 5, for somebody putting a pen down
BREATH_SECONDS = 1  # after any other moment
MOST_TRIES = 8  # of one second each, for an agent's leg to be fetched: it takes well under one
ASKING_SECONDS = 1.5  # for asking Twilio while Twilio waits for our own answer
MOST_STAYS = 3  # the first, and the queue again at most twice
NOBODY = "nobody"  # what a key is pressed in when nobody is there any more
SPOKEN_SLOWER = 1.1  # than the book reckons: nothing counts as heard that may not have been
UNCLEAR_SECONDS = 5.0  # for saying that a key meant nothing
ALONE_SECONDS = 1.0  # after an agent's end: by then a caller who was with them has asked what comes next
_NEXT = timedelta(microseconds=1)  # between two events of one instant that must be told in this order


def room(call: str, part: int) -> str:
    """The room in which a caller meets the agent again: a fresh name for each return."""
    return f"back-{call}-{part}"


class FarewellDesk:
    """Answers for a caller's leg at its farewell."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    # --- beginning and going on --------------------------------------------------------------------

    async def farewell(self, ask: Ask) -> bytes:
        """The caller's leg arrives: begin, or go on at the first moment without proof."""
        return await self.begin(ask, way=ask.query.get("way") or "after")

    async def begin(self, ask: Ask, *, way: str) -> bytes:
        """Compose and record the farewell unless it is already under way; speak its next moment."""
        if ask.said.call_status in FINAL:
            return twiml.EMPTY  # nobody can hear one any more: an old action, asked for after a hang-up
        keys = self._keys(ask)
        standing = await self._counter.closing.standing(ask.call, keys)
        if standing.queue.farewell != "on" and standing.latest is None:
            return twiml.document(twiml.hangup())
        farewell = await self._counter.closing.farewell(
            standing,
            caller=keys[0] if keys else standing.story.caller,
            way=way if way == "aside" else "after",
        )
        return self._next(ask, standing, farewell, standing.proven(farewell))

    async def moment(self, ask: Ask) -> bytes:
        """One moment's address: what led here was heard."""
        part, heard = max(ask.number("n"), 1), ask.query.get("heard") or ""
        standing = await self._standing(ask)
        farewell = _part(standing, part)
        if farewell is None:
            return await self.begin(ask, way="after")
        if farewell.moment(heard) is not None:
            await self._counter.keep([_spoke(ask, part, heard)])
        return self._next(ask, standing, farewell, standing.proven(farewell) | {heard})

    async def done(self, ask: Ask) -> bytes:
        """After the last word: it was heard, and only now is the line closed."""
        part = max(ask.number("n"), 1)
        events: list[Event] = [Heard(call=ask.call, at=ask.now, key=f"{part}", part=part)]
        if heard := ask.query.get("heard"):
            events.insert(0, _spoke(ask, part, heard))
        await self._counter.keep(events)
        watch.HEARD.inc()
        return twiml.document(twiml.hangup())

    def _next(self, ask: Ask, standing: Standing, farewell: Farewell, proven: set[str]) -> bytes:
        name = course.next_after(farewell, proven)
        moment = farewell.moment(name) if name else None
        if moment is None:
            return twiml.document(twiml.redirect(self._url(ask, "done", farewell)))
        return self._document(ask, standing, farewell, moment)

    def _document(
        self,
        ask: Ask,
        standing: Standing,
        farewell: Farewell,
        moment: Moment,
        *,
        again: int = 0,
        strays: int = 0,
        first: list[str] | None = None,
        deaf: bool = False,
    ) -> bytes:
        """One moment: its lines inside a Gather, slower each time they are asked for again, then the way on.

        `deaf`: where no key may cut them any more.
        """
        rate = course.rate(again)
        said = [self._counter.voiced(standing.book, farewell.locale, line, rate) for line in moment.lines]
        onward = twiml.redirect(self._onward(ask, farewell, moment.name))
        if deaf:
            return twiml.document(*said, onward)
        listening = twiml.gather(
            [*(first or []), *said],
            self._url(
                ask,
                "key",
                farewell,
                at=moment.name,
                again=again or None,
                strays=strays or None,
                since=_instant(ask),
            ),
            timeout=LISTENING_SECONDS if moment.listens or moment.name == "question" else BREATH_SECONDS,
        )
        return twiml.document(listening, onward)

    def _onward(self, ask: Ask, farewell: Farewell, heard: str) -> str:
        return self._url(ask, course.following(farewell, heard) or "done", farewell, heard=heard)

    # --- keys --------------------------------------------------------------------------------------

    async def key(self, ask: Ask) -> bytes:
        """A key pressed during a moment."""
        part, at, digit = max(ask.number("n"), 1), ask.query.get("at") or "", ask.said.digits
        again, strays = ask.number("again"), ask.number("strays")
        standing = await self._standing(ask)
        farewell = _part(standing, part)
        moment = farewell.moment(at) if farewell else None
        if farewell is None or moment is None or not digit:
            return await self.begin(ask, way="after")
        key = ask.token or f"{part}:{at}:{again}:{strays}:{digit}"
        pressed = Pressed(call=ask.call, at=ask.now, key=key, digit=digit, moment=at, part=part)
        go = course.on_key(
            farewell,
            at,
            digit,
            agent_there=farewell.way == "aside" and agent_there(standing.story),
            again=again,
            strays=strays,
            nobody=_told_nobody(standing, pressed),
        )
        if go.to == "back":
            return await self._bring_back(ask, standing, farewell, pressed)
        events: list[Event] = [pressed]
        last_words = go.to == "on" and at == "goodbye"  # keys have cut it often enough: now it is said whole
        if go.to in ("on", "text") and not last_words:
            events.append(_spoke(ask, part, at))
        await self._counter.keep(events)
        if go.to in ("again", "unclear", "restart"):
            first = self._question(ask, standing, farewell, "unclear") if go.to == "unclear" else []
            return self._document(
                ask, standing, farewell, moment, again=go.again, strays=go.strays, first=first
            )
        if last_words:
            return self._document(ask, standing, farewell, moment, deaf=True)
        if go.to == "nobody":
            return self._nobody(ask, standing, farewell, at)
        if go.to == "text":
            await self._counter.closing.text_note(standing, farewell)
        return twiml.document(twiml.redirect(self._onward(ask, farewell, at)))

    # --- back to the agent ---------------------------------------------------------------------------

    async def _bring_back(self, ask: Ask, standing: Standing, farewell: Farewell, pressed: Pressed) -> bytes:
        """The agent's leg is sent to the room at once; the caller follows when its document was served.

        The key is kept only after Twilio was asked: one that is known already has sent the agent on its way,
        and a second time would take them out of the room again.
        """
        agent, at = standing.story.agent, pressed.moment
        if agent is not None and not _known(standing, pressed):
            door = self._counter.url("/voice/agent/next", call=ask.call, room=farewell.part)
            outcome = await self._counter.phone.redirect(agent, door, within=ASKING_SECONDS)
            events: list[Event] = [pressed]
            if _heard_out(ask, farewell, at):
                events.append(_spoke(ask, farewell.part, at))
            if outcome == "too_late":  # their leg is over, though nobody has told us yet
                events.append(Released(call=ask.call, at=ask.now, key=agent, agent=agent))
            await self._counter.keep(events)
            if outcome in ("too_late", "refused"):
                return self._nobody(ask, standing, farewell, at)
        # Where Twilio gave no answer the agent may be on the way all the same: the next document will see.
        words = self._question(ask, standing, farewell, "back")
        return twiml.document(*words, twiml.redirect(self._url(ask, "back", farewell, at=at)))

    async def back(self, ask: Ask) -> bytes:
        """The caller's side of the room, once the agent's leg has been served its own."""
        part, tries, at = max(ask.number("n"), 1), ask.number("tries"), ask.query.get("at") or ""
        standing = await self._standing(ask)
        farewell = _part(standing, part)
        if farewell is None:
            return await self.begin(ask, way="after")
        if not agent_there(standing.story):
            return self._nobody(ask, standing, farewell, at)
        if standing.returned(part):
            action = self._url(ask, "talked", farewell)
            return twiml.document(twiml.dial_conference(room(ask.call, part), action=action))
        if tries < MOST_TRIES:
            later = self._url(ask, "back", farewell, at=at, tries=tries + 1)
            return twiml.document(twiml.pause(1), twiml.redirect(later))
        return self._nobody(ask, standing, farewell, at)

    async def talked(self, ask: Ask) -> bytes:
        """The room has ended: the agent hung up, or wrapped up a second time."""
        standing = await self._standing(ask)
        return await self.begin(ask, way=self._counter.closing.way_after_talking(standing))

    def left_alone(self, call: str) -> None:
        """The agent's leg is over: a caller who came to the room after that would wait there for nobody."""

        async def look() -> None:
            standing = await self._counter.closing.standing(call)
            latest = standing.latest
            if latest is None or not standing.returned(latest.part) or standing.story.caller_is != "talking":
                return  # in no room, or gone on from it already
            talked = self._counter.url("/voice/farewell/talked", call=call, n=latest.part)
            await self._counter.phone.redirect(call, talked)

        self._counter.later(ALONE_SECONDS, look)

    def _nobody(self, ask: Ask, standing: Standing, farewell: Farewell, at: str) -> bytes:
        """Nobody is there any more: that is said, and the caller chooses the queue again or the goodbye."""
        onward = twiml.redirect(self._past(ask, farewell, at))
        if standing.story.stays >= MOST_STAYS:
            return twiml.document(onward)
        words = self._question(ask, standing, farewell, "nobody")
        action = self._url(ask, "queue-again", farewell, at=at)
        return twiml.document(twiml.gather(words, action, timeout=LISTENING_SECONDS), onward)

    async def queue_again(self, ask: Ask) -> bytes:
        """1 after “nobody is there”: into the queue once more. Any other key leads on to the goodbye."""
        part, at = max(ask.number("n"), 1), ask.query.get("at") or ""
        standing = await self._standing(ask)
        farewell = _part(standing, part)
        if farewell is None:
            return await self.begin(ask, way="after")
        key = ask.token or f"{part}:{NOBODY}"
        pressed = Pressed(call=ask.call, at=ask.now, key=key, digit="1", moment=at, part=part)
        queue, stay = standing.story.queue or "default", standing.story.stays
        if not _known(standing, pressed):
            stay += 1
            if ask.said.digits != "1" or stay > MOST_STAYS:
                return twiml.document(twiml.redirect(self._past(ask, farewell, at)))
            waiting = Queued(call=ask.call, at=ask.now + _NEXT, key=f"{stay}", queue=queue, stay=stay)
            await self._counter.keep([pressed, waiting])
        return twiml.document(self._counter.into_queue(queue, farewell.locale, stay=stay))

    def _past(self, ask: Ask, farewell: Farewell, at: str) -> str:
        """The way on after a 0 that reached nobody; the last words, which it cut, are said once more."""
        last = farewell.moments[-1].name if farewell.moments else None
        return self._url(ask, at, farewell) if at and at == last else self._onward(ask, farewell, at)

    # --- small things --------------------------------------------------------------------------------

    def _question(self, ask: Ask, standing: Standing, farewell: Farewell, part: str) -> list[str]:
        """A line of the question page, as verbs."""
        facts = line_facts(
            standing.book, standing.story.queue, ask.now, farewell.locale, textable=farewell.textable
        )
        facts["call.way"] = farewell.way
        if farewell.agent:
            facts["agent.name"] = farewell.agent
        line = self._counter.line(farewell.locale, "question", part, facts, ask.call, tone=farewell.tone)
        return self._counter.spoken(farewell.locale, line)

    async def _standing(self, ask: Ask) -> Standing:
        return await self._counter.closing.standing(ask.call)

    def _keys(self, ask: Ask) -> tuple[str, ...]:
        address = callers_key(ask.said.to if ask.said.outbound else ask.said.from_)
        return self._counter.caller_keys(address) if address else ()

    def _url(self, ask: Ask, below: str, farewell: Farewell, **query: object) -> str:
        return self._counter.url(f"/voice/farewell/{below}", call=ask.call, n=farewell.part, **query)


def _part(standing: Standing, part: int) -> Farewell | None:
    return next((farewell for farewell in standing.record.farewells if farewell.part == part), None)


def _spoke(ask: Ask, part: int, moment: str) -> Spoke:
    return Spoke(call=ask.call, at=ask.now, key=f"{part}:{moment}", moment=moment, part=part)


def _instant(ask: Ask) -> int:
    """When a document was asked for: milliseconds by our own clock."""
    return int(ask.now.timestamp() * 1000)


def _heard_out(ask: Ask, farewell: Farewell, at: str) -> bool:
    """Whether the steps had been told when a key was pressed beside them: then they are not told again after a
    return. Reckoned from the lengths the book gives its lines, and rather too late than too soon."""
    moment, since = farewell.moment(at), ask.query.get("since", "")
    if (
        moment is None
        or page_of(at) != "next_steps"
        or not (since.isascii() and since.isdigit())
        or len(since) > 15
    ):
        return False
    told = sum(line.seconds for line in moment.lines if line.part != "keys")
    slower = 100 / course.rate(ask.number("again"))
    before = UNCLEAR_SECONDS if ask.number("strays") else 0.0
    return _instant(ask) - int(since) >= (told * slower * SPOKEN_SLOWER + before) * 1000


def _known(standing: Standing, pressed: Pressed) -> bool:
    """Whether this very key was kept before: the request is a repeat."""
    return any(event.kind == pressed.kind and event.key == pressed.key for event in standing.record.events)


def _told_nobody(standing: Standing, pressed: Pressed) -> int:
    """How often a 0 has reached nobody on this call, this one not counted."""
    zeros = {
        event.key for event in standing.record.events if isinstance(event, Pressed) and event.digit == "0"
    }
    return max(len(zeros - {pressed.key}) - standing.story.returns, 0)
