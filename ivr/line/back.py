"""The caller's way back: to the agent on 0 while one is there, else into the queue again or on to the goodbye.

The agent's leg is sent to a room first, and the caller follows once its document was served. Whoever leaves
the room ends it, and the other goes on to an address of their own; nobody is left alone in it.
"""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Protocol

from ivr.calls.events import Event, Pressed, Queued, Released, Returned
from ivr.farewell.moments import Farewell
from ivr.line import twiml
from ivr.line.call_back import PROMISED, number_of, put_on_the_list, waiting_line
from ivr.line.counter import Ask, Counter
from ivr.line.moment import LISTENING_SECONDS, Moments, heard_out, known, part_of, spoke
from ivr.standing import Standing

MOST_TRIES = 8  # of one second each, for an agent's leg to be fetched: it takes well under one
QUIET_TRIES = 2  # of these in a row without a word: then they hear again that they are being brought back
ASKING_SECONDS = 1.5  # for asking Twilio while Twilio waits for our own answer
CALL_BACK_KEY = "2"  # beside 1, the queue again; the queue's own key is for those who wait
MOST_STAYS = 3  # the first, and the queue again at most twice
ALONE_SECONDS = 1.0  # after an agent's end: by then a caller who was with them has asked what comes next

_NEXT = timedelta(microseconds=1)  # between two events of one instant that must be told in this order


class Begin(Protocol):
    """How the farewell begins, or goes on."""

    def __call__(self, ask: Ask, *, way: str) -> Awaitable[bytes]: ...


def room(call: str, part: int) -> str:
    """The room in which a caller meets the agent again: a fresh name for each return."""
    return f"back-{call}-{part}"


class WayBack:
    """Answers for a caller's leg between a key 0 and whoever it reaches."""

    def __init__(self, counter: Counter, moments: Moments, begin: Begin) -> None:
        self._counter, self._moments, self._begin = counter, moments, begin

    # --- to the agent --------------------------------------------------------------------------------

    async def bring(self, ask: Ask, standing: Standing, farewell: Farewell, pressed: Pressed) -> bytes:
        """The agent's leg is sent to the room at once; the caller follows when its document was served.

        The key is kept only after Twilio was asked: one that is known already has sent the agent on its way,
        and a second time would take them out of the room again.
        """
        agent, at = standing.story.agent, pressed.moment
        if standing.room is not None:
            return await self._to_conference(ask, standing, farewell, pressed)
        if agent is not None and not known(standing, pressed):
            door = self._counter.url("/voice/agent/next", call=ask.call, room=farewell.part)
            outcome = await self._counter.phone.redirect(agent, door, within=ASKING_SECONDS)
            events: list[Event] = [pressed]
            if heard_out(ask, farewell, at):
                events.append(spoke(ask, farewell.part, at))
            if outcome == "too_late":  # their leg is over, though nobody has told us yet
                events.append(Released(call=ask.call, at=ask.now, key=agent, agent=agent))
            await self._counter.keep(events)
            if outcome in ("too_late", "refused"):
                return self.nobody(ask, standing, farewell, at)
        # Where Twilio gave no answer the agent may be on the way all the same: the next document will see.
        words = self._moments.question(ask, standing, farewell, "back")
        return twiml.document(*words, twiml.redirect(self._moments.url(ask, "back", farewell, at=at)))

    async def _to_conference(
        self, ask: Ask, standing: Standing, farewell: Farewell, pressed: Pressed
    ) -> bytes:
        """Into the room they came from, which goes on for the agents: by its own name."""
        room, at = standing.story.room_name, pressed.moment
        if room is None:
            await self._counter.keep([pressed])
            return self.nobody(ask, standing, farewell, at)
        events: list[Event] = [pressed]
        if heard_out(ask, farewell, at):
            events.append(spoke(ask, farewell.part, at))
        part = farewell.part
        events.append(Returned(call=ask.call, at=ask.now, key=f"{part}", part=part))
        await self._counter.keep(events)
        words = self._moments.question(ask, standing, farewell, "back")
        action = self._moments.url(ask, "talked", farewell)
        return twiml.document(*words, twiml.dial_conference(room, action=action))

    async def back(self, ask: Ask) -> bytes:
        """The caller's side of the room, once the agent's leg has been served its own."""
        part, tries, at = max(ask.number("n"), 1), ask.number("tries"), ask.query.get("at") or ""
        standing = await self._counter.closing.standing(ask.call)
        farewell = part_of(standing, part)
        if farewell is None:
            return await self._begin(ask, way="after")
        if not standing.agent_there:
            return self.nobody(ask, standing, farewell, at)
        if standing.returned(part):
            action = self._moments.url(ask, "talked", farewell)
            return twiml.document(twiml.dial_conference(room(ask.call, part), action=action))
        if tries < MOST_TRIES:
            later = self._moments.url(ask, "back", farewell, at=at, tries=tries + 1)
            again = tries % QUIET_TRIES == QUIET_TRIES - 1
            words = self._moments.question(ask, standing, farewell, "back", turn=tries) if again else []
            return twiml.document(*words, twiml.pause(1), twiml.redirect(later))
        return self.nobody(ask, standing, farewell, at)

    async def talked(self, ask: Ask) -> bytes:
        """The room has ended: the agent hung up, or wrapped up a second time."""
        standing = await self._counter.closing.standing(ask.call)
        return await self._begin(ask, way=self._counter.closing.way_after_talking(standing))

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

    # --- when nobody is there --------------------------------------------------------------------------

    def nobody(self, ask: Ask, standing: Standing, farewell: Farewell, at: str) -> bytes:
        """Nobody is there any more: that is said, and the caller chooses the queue again or the goodbye."""
        onward = twiml.redirect(self._past(ask, farewell, at))
        if standing.story.stays - standing.moves >= MOST_STAYS:
            return twiml.document(onward)
        key = CALL_BACK_KEY if _may_ring_back(ask, standing) else None
        words = self._moments.question(ask, standing, farewell, "nobody", call_back_key=key)
        action = self._moments.url(ask, "queue-again", farewell, at=at)
        return twiml.document(twiml.gather(words, action, timeout=LISTENING_SECONDS), onward)

    async def queue_again(self, ask: Ask) -> bytes:
        """After “nobody is there”: 1 into the queue once more, 2 on the list of those to be rung back where that
        was offered. Any other key leads on to the goodbye."""
        part, at = max(ask.number("n"), 1), ask.query.get("at") or ""
        standing = await self._counter.closing.standing(ask.call)
        farewell = part_of(standing, part)
        if farewell is None:
            return await self._begin(ask, way="after")
        key = ask.token or f"{part}:nobody"
        if ask.said.digits == CALL_BACK_KEY and _may_ring_back(ask, standing):
            return await self._rung_back(ask, standing, farewell, at, key)
        pressed = Pressed(call=ask.call, at=ask.now - _NEXT, key=key, digit="1", moment=at, part=part)
        queue, stay = standing.story.queue or "default", standing.story.stays
        if not known(standing, pressed):
            stay += 1
            if ask.said.digits != "1" or stay - standing.moves > MOST_STAYS:
                return twiml.document(twiml.redirect(self._past(ask, farewell, at)))
            waiting = Queued(call=ask.call, at=ask.now, key=f"{stay}", queue=queue, stay=stay)
            await self._counter.keep([pressed, waiting])
        return twiml.document(self._counter.into_queue(queue, farewell.locale, stay=stay))

    async def _rung_back(self, ask: Ask, standing: Standing, farewell: Farewell, at: str, key: str) -> bytes:
        """They have been talked to, and would rather be rung again than wait: that is kept, and we finish here."""
        number, queue, locale = number_of(ask), standing.queue, farewell.locale
        assert number is not None
        await put_on_the_list(self._counter, ask, number, key=key)
        line = waiting_line(self._counter, ask, locale, queue, "key", asked=True, agreed=PROMISED)
        onward = twiml.redirect(self._past(ask, farewell, at))
        return twiml.document(*self._counter.spoken(locale, line), onward)

    def _past(self, ask: Ask, farewell: Farewell, at: str) -> str:
        """The way on after a 0 that reached nobody; the last words, which it cut, are said once more."""
        last = farewell.moments[-1].name if farewell.moments else None
        if at and at == last:
            return self._moments.url(ask, at, farewell)
        return self._moments.onward(ask, farewell, at)


def _may_ring_back(ask: Ask, standing: Standing) -> bool:
    """Whether a call-back can be offered where nobody is there; who is on the list is told so instead."""
    wanted = standing.queue.call_back is not None and not standing.story.call_back
    return wanted and number_of(ask) is not None


def told_nobody(standing: Standing, pressed: Pressed) -> int:
    """How often a 0 has reached nobody on this call, this one not counted."""
    zeros = {
        event.key for event in standing.record.events if isinstance(event, Pressed) and event.digit == "0"
    }
    return max(len(zeros - {pressed.key}) - standing.story.returns, 0)
