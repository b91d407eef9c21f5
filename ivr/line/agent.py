"""The agent's side of a telephone queue: calling in, waiting while the caller hears the farewell, going back.

The waiting document never judges by DialCallStatus, which looks the same whether the caller was led to the
farewell or hung up: it asks the ledger what became of the caller, every few seconds, until that is known.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.calls.events import Event, Released, Returned
from ivr.calls.waits import callers_key
from ivr.farewell.facts import line_facts
from ivr.line import translate, twiml
from ivr.line.back import ASKING_SECONDS, room
from ivr.line.counter import Ask, Counter
from ivr.line.translate import FINAL
from ivr.standing import Standing

DIAL_SECONDS = 60  # how long an agent waits for a caller before hearing that nobody is there
FRONT_SECONDS = 5  # the same for somebody who was let in front, and may have hung up just now
MOST_ROUNDS = 30  # half an hour of nobody
PIN_TRIES = 3
LISTENING_SECONDS = 4
RELEASED_AFTER = timedelta(seconds=90)  # without news of the caller
ALONE_SECONDS = 10.0  # after the caller's end: an agent who was with them has been let go by then


class AgentDesk:
    """Answers for an agent's leg."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def agent(self, ask: Ask) -> bytes:
        """An agent calls in for the next caller. Who is unknown here is asked for a PIN, three times."""
        queue, tries = ask.query.get("queue") or "default", ask.number("try")
        address, known = callers_key(ask.said.from_), None
        if address:
            known = await self._counter.people.agent_by_address(address)
        pin = ask.said.keyed
        if known is None and pin:
            known = await self._counter.people.agent_by_pin(pin)
        if known is None:
            if tries >= PIN_TRIES:
                return twiml.document(twiml.hangup())
            words = self._words(ask, "pin", queue=queue)
            action = self._counter.url("/voice/agent", **{"queue": queue, "try": tries + 1})
            asked = twiml.gather(words, action, timeout=10, digits=6)
            return twiml.document(asked, twiml.redirect(action))
        return await self._next_caller(ask, queue)

    async def _next_caller(
        self,
        ask: Ask,
        queue: str,
        *,
        rounds: int = 0,
        words: list[str] | None = None,
        after: str | None = None,
        looked: bool = False,
    ) -> bytes:
        """Whoever was let in front, else whoever has waited longest.

        `looked`: nobody was found in front just now.
        `after` is the call they were released from: when it is still their latest, nobody has come since.
        """
        rules = self._counter.book().rules.queue(queue)
        ours = rules.workflow is None  # TaskRouter lets people in front by itself
        front = ours and not looked and await self._counter.somebody_in_front(ask, queue)
        action = self._counter.url(
            "/voice/agent/next", queue=queue, rounds=rounds, after=after, front=1 if front else None
        )
        dial = twiml.dial_queue(
            twiml.front_of(queue) if front else queue,
            url=self._counter.url("/voice/bridging", queue=queue),
            action=action,
            timeout=FRONT_SECONDS if front else DIAL_SECONDS,
            hangup_on_star=rules.star == "on",
            record=rules.record,
        )
        return twiml.document(*(words or []), dial)

    async def next(self, ask: Ask) -> bytes:
        """After a talk, and round and round while the caller's fate is open."""
        leg, caller = ask.call, ask.query.get("call")
        if not caller:
            caller = await self._counter.ledger.answered_by(leg)
        if not caller:
            return await self._nobody(ask) if ask.said.call_status not in FINAL else twiml.EMPTY
        standing = await self._counter.closing.standing(caller)
        if ask.said.call_status in FINAL:
            return await self._hung_up(ask, standing)
        story = standing.story
        done_with = story.released or story.heard or story.caller_is == "gone"
        if done_with and caller == ask.query.get("after"):
            return await self._nobody(ask)
        if story.caller_is == "waiting":  # for somebody: whoever is on the line may be the one
            return await self._next_caller(ask, story.queue or "default", looked=bool(ask.number("front")))
        if "room" in ask.query and story.caller_is != "gone":
            return await self._room(ask, standing, ask.number("room"))
        if ask.said.digits == "*" and (part := await self._taken_back(standing)) is not None:
            return await self._room(ask, standing, part)
        if ask.said.digits == "#" or self._may_go(ask, standing):
            return await self._let_go(ask, standing)
        return self._waiting(ask, standing)

    async def _hung_up(self, ask: Ask, standing: Standing) -> bytes:
        """An old action, asked for after the agent hung up: nobody hears the answer."""
        if standing.story.agent == ask.call and standing.story.caller_is != "gone":
            await self._counter.keep(self._released(ask, standing))
        return twiml.EMPTY

    async def _let_go(self, ask: Ask, standing: Standing) -> bytes:
        if standing.story.caller_is != "gone" and not standing.story.heard:
            await self._counter.keep(self._released(ask, standing))
        words = self._words(ask, "released", standing)
        if standing.queue.agent == "next":
            queue = ask.query.get("queue") or standing.story.queue or "default"
            return await self._next_caller(ask, queue, words=words, after=standing.story.call)
        return twiml.document(*words, twiml.hangup())

    async def _taken_back(self, standing: Standing) -> int | None:
        """Send the caller to the room; a repeat finds them on their way there already. The part they come from."""
        call, caller_is = standing.story.call, standing.story.caller_is
        if standing.latest is None or caller_is not in ("talking", "farewell"):
            return None
        part = standing.latest.part
        if caller_is == "talking":
            return part if standing.returned(part) else None
        door = self._counter.url("/voice/farewell/back", call=call, n=part, at=standing.hearing)
        outcome = await self._counter.phone.redirect(call, door, within=ASKING_SECONDS)
        return part if outcome == "done" else None

    def left_alone(self, call: str) -> None:
        """The caller's leg is over: an agent who came to the room after that would wait there for nobody."""

        async def look() -> None:
            story = (await self._counter.closing.standing(call)).story
            agent = translate.sid(story.agent)
            if not story.returns or agent is None or story.released:
                return
            if await self._counter.ledger.answered_by(agent) == call:  # and not somebody else's by now
                await self._counter.phone.release(agent, call)

        self._counter.later(ALONE_SECONDS, look)

    def _may_go(self, ask: Ask, standing: Standing) -> bool:
        """The goodbye was heard, the caller has gone, the news ran dry, or the queue lets them go sooner."""
        story = standing.story
        if story.caller_is == "gone" or story.heard or story.released:
            return True
        if story.agent_is == "gone" and standing.latest is not None and standing.latest.way == "after":
            return True  # they left by the star, and the caller went on without them
        news = [at for at in (story.last_news, _waits_since(ask)) if at is not None]
        if news and ask.now - max(news) > max(RELEASED_AFTER, standing.hearing_lasts):
            return True
        return standing.steps_told

    async def _room(self, ask: Ask, standing: Standing, part: int) -> bytes:
        """The agent's side of the room, which they leave with the star key. Serving it is what tells the caller's
        side to follow."""
        call = standing.story.call
        await self._counter.keep([Returned(call=call, at=ask.now, key=f"{part}", part=part)])
        action = self._counter.url("/voice/agent/next", call=call, talked=part)
        words = self._words(ask, "returning", standing, moment="returning")
        meeting = twiml.dial_conference(room(call, part), action=action, hangup_on_star=True)
        return twiml.document(*words, meeting)

    async def announcement(self, ask: Ask) -> bytes:
        """What the agents hear in a conference whose caller was taken aside: there are no keys in there."""
        call = ask.query.get("call") or ""
        ask = replace(ask, leg=call)
        standing = await self._counter.closing.standing(call)
        if standing.story.caller_is == "gone":
            return twiml.EMPTY
        return twiml.document(*self._words(ask, "conference", standing))

    def _waiting(self, ask: Ask, standing: Standing) -> bytes:
        """A word when the caller hears something new, quiet otherwise, and round again. # leaves, * takes them back."""
        call = standing.story.call
        hearing = standing.hearing or ""
        news = hearing and hearing != ask.query.get("seen")
        since, seen = _waits_since(ask), hearing or ask.query.get("seen") or None
        again = self._counter.url(
            "/voice/agent/next", call=call, seen=seen, since=int(since.timestamp()) if since else None
        )
        words = self._words(ask, "room", standing) if news else []
        listening = twiml.gather(words, again, timeout=LISTENING_SECONDS if hearing else 1)
        return twiml.document(listening, twiml.redirect(again))

    async def _nobody(self, ask: Ask) -> bytes:
        queue, after = ask.query.get("queue") or "default", ask.query.get("after")
        rounds = ask.number("rounds")
        if ask.number("front"):  # they have gone from there: there may be others
            return await self._next_caller(ask, queue, rounds=rounds, after=after, looked=True)
        words = self._words(ask, "nobody", queue=queue)
        if rounds >= MOST_ROUNDS:
            return twiml.document(*words, twiml.hangup())
        return await self._next_caller(ask, queue, rounds=rounds + 1, words=words, after=after)

    def _released(self, ask: Ask, standing: Standing) -> list[Event]:
        """The event, unless it was told. An agent who goes on may be the caller's a second time, on the same leg."""
        story = standing.story
        key = f"{ask.call}.{story.stays}" if standing.queue.agent == "next" else ask.call
        return [] if story.released else [Released(call=story.call, at=ask.now, key=key, agent=ask.call)]

    def _words(
        self,
        ask: Ask,
        part: str,
        standing: Standing | None = None,
        *,
        queue: str | None = None,
        moment: str | None = None,
    ) -> list[str]:
        """A line of the agent page, in the default locale of the queue: agents speak the house's language."""
        book = self._counter.book()
        queue = standing.story.queue if standing else queue
        locale = book.locale(book.rules.queue(queue).locale)
        facts = line_facts(book, queue, ask.now, locale)
        facts["call.way"] = "aside"
        if standing is not None:
            hearing = (
                "heard" if standing.story.heard else "gone" if standing.story.caller_is == "gone" else None
            )
            now_at = moment or hearing or standing.hearing
            if now_at:
                facts["moment.kind"] = "next_steps" if now_at.startswith("next_steps") else now_at
        return self._counter.spoken(locale, self._counter.line(locale, "agent", part, facts, ask.call))


def _waits_since(ask: Ask) -> datetime | None:
    """When the agent's wait began, to the second: as a talk ended, which is news too, and carried along since."""
    since = ask.query.get("since", "")
    if since.isascii() and since.isdigit() and len(since) <= 11:
        return datetime.fromtimestamp(int(since), UTC)
    return ask.now if "call" not in ask.query or "talked" in ask.query else None
