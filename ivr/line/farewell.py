"""The farewell on the telephone: one document per moment, each proving the one before it.

A moment's document ends in a redirect to the next; *arrival there is the proof that it was heard*. Every
spoken moment stands in a Gather, the goodbye too, so that a key is never lost; and where a caller stands is
in the address and the ledger, so that doubled requests and retries say nothing twice.
"""

from ivr import watch
from ivr.calls.events import Event, Heard, Joined, Parted, Pressed
from ivr.calls.waits import callers_key
from ivr.farewell import course
from ivr.farewell.answers import Answer, understood
from ivr.farewell.moments import Farewell
from ivr.line import twiml
from ivr.line.back import WayBack, told_nobody
from ivr.line.counter import Ask, Counter
from ivr.line.moment import Moments, part_of, spoke
from ivr.line.rooms import Rooms
from ivr.line.translate import FINAL
from ivr.standing import Standing


class FarewellDesk:
    """Answers for a caller's leg at its farewell."""

    def __init__(self, counter: Counter, rooms: Rooms) -> None:
        self._counter, self._moments, self._rooms = counter, Moments(counter), rooms
        self.way_back = WayBack(counter, self._moments, self.begin)

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
        if (out := _led_out(ask, standing)) is not None:
            await self._counter.keep([out])
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
        standing = await self._counter.closing.standing(ask.call)
        farewell = part_of(standing, part)
        if farewell is None:
            return await self.begin(ask, way="after")
        if farewell.moment(heard) is not None:
            await self._counter.keep([spoke(ask, part, heard)])
            if standing.agents and standing.queue.release == "after_steps":
                self._rooms.release(ask.call)
        return self._next(ask, standing, farewell, standing.proven(farewell) | {heard})

    async def done(self, ask: Ask) -> bytes:
        """After the last word: it was heard, and only now is the line closed."""
        part = max(ask.number("n"), 1)
        events: list[Event] = [Heard(call=ask.call, at=ask.now, key=f"{part}", part=part)]
        if heard := ask.query.get("heard"):
            events.insert(0, spoke(ask, part, heard))
        await self._counter.keep(events)
        watch.HEARD.inc()
        self._rooms.over(ask.call)
        return twiml.document(twiml.hangup())

    def _next(self, ask: Ask, standing: Standing, farewell: Farewell, proven: set[str]) -> bytes:
        name = course.next_after(farewell, proven)
        moment = farewell.moment(name) if name else None
        if moment is None:
            return twiml.document(twiml.redirect(self._moments.url(ask, "done", farewell)))
        return self._moments.document(ask, standing, farewell, moment)

    def _keys(self, ask: Ask) -> tuple[str, ...]:
        address = callers_key(ask.said.to if ask.said.outbound else ask.said.from_)
        return self._counter.caller_keys(address) if address else ()

    # --- keys --------------------------------------------------------------------------------------

    async def key(self, ask: Ask) -> bytes:
        """A key pressed during a moment, or an answer said aloud."""
        part, at, digit = max(ask.number("n"), 1), ask.query.get("at") or "", ask.said.digits
        again, strays = ask.number("again"), ask.number("strays")
        standing = await self._counter.closing.standing(ask.call)
        farewell = part_of(standing, part)
        answer = None if digit or farewell is None else _answer(ask, standing, farewell)
        if farewell is None or farewell.moment(at) is None or not (digit or answer):
            return await self.begin(ask, way="after")
        meant = answer.meaning if answer else None
        key = ask.token or f"{part}:{at}:{again}:{strays}:{meant or digit}"
        if answer is not None:
            watch.ANSWERED.labels(meant).inc()
            digit = course.as_key(farewell, at, answer)
        pressed = Pressed(call=ask.call, at=ask.now, key=key, digit=digit, moment=at, part=part, said=meant)
        there, nobody = standing.agent_there, told_nobody(standing, pressed)
        if answer is None:
            go = course.on_key(
                farewell, at, digit, agent_there=there, again=again, strays=strays, nobody=nobody
            )
        else:
            go = course.on_answer(
                farewell, at, answer, agent_there=there, again=again, strays=strays, nobody=nobody
            )
        if go.to == "back":
            if standing.room is not None:
                self._rooms.came_back(ask.call)
            return await self.way_back.bring(ask, standing, farewell, pressed)
        return await self._gone(ask, standing, farewell, pressed, go)

    async def _gone(
        self, ask: Ask, standing: Standing, farewell: Farewell, pressed: Pressed, go: course.Go
    ) -> bytes:
        """Where a key, or an answer, leads that does not lead back to the agent."""
        at, moment, events = pressed.moment, farewell.moment(pressed.moment), list[Event]([pressed])
        assert moment is not None
        cut_often = go.to == "on" and at == "goodbye"  # by keys: now it is said whole
        if go.to in ("on", "text") and not cut_often:
            events.append(spoke(ask, farewell.part, at))
        await self._counter.keep(events)
        if cut_often:
            return self._moments.uncut(ask, standing, farewell, moment)
        if go.to in ("again", "unclear", "restart"):
            part = "unclear" if pressed.said is None else "misheard"
            first = self._moments.question(ask, standing, farewell, part) if go.to == "unclear" else []
            return self._moments.document(
                ask, standing, farewell, moment, again=go.again, strays=go.strays, first=first
            )
        if go.to == "nobody":
            return self.way_back.nobody(ask, standing, farewell, at)
        if go.to == "text":
            await self._counter.closing.text_note(standing, farewell)
        return twiml.document(twiml.redirect(self._moments.onward(ask, farewell, at)))


def _answer(ask: Ask, standing: Standing, farewell: Farewell) -> Answer | None:
    """What a caller meant who said something; None where nothing was said, or nobody knows the words."""
    spoken = standing.book.locales.get(farewell.locale)  # another version may be in force by now
    answers = spoken.answers if spoken is not None else None
    if ask.said.speech is None or answers is None:
        return None
    return understood(ask.said.speech, answers, ask.said.confidence)


def _led_out(ask: Ask, standing: Standing) -> Parted | None:
    """Whoever asks for the farewell has left the conference they were in, whenever its own news of that comes:
    an agent's leaving, told later, is not to lead them out of it once more."""
    room = standing.story.room
    if room is None or not standing.story.in_room:
        return None
    events = standing.record.events
    joined = max((e.sequence for e in events if isinstance(e, Joined) and e.room == room), default=0)
    if not joined:  # it was looked up, and tells us nothing itself
        return None
    # its own count goes on by one at least with each who comes or leaves, so that this is before they come again
    return Parted(call=ask.call, at=ask.now, key=f"{room}:led:{joined}", room=room, sequence=joined + 1)
