"""What programs ask, and what is done about it: a wrap-up, a hold, the story of a call."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, TypeAlias

from ivr.book.book import Book
from ivr.calls import wrapup as noted
from ivr.calls.events import Arrived, Held, Resumed, WrappedUp
from ivr.calls.story import Story, left_during
from ivr.calls.wrapup import Wrapup
from ivr.farewell.composer import goes
from ivr.standing import Standing, lines_json, story_json
from ivr.store.ledger import Ledger
from ivr.wrapup.closing import Clock, Closing


class Telephone(Protocol):
    """What this act asks of the line."""

    async def to_farewell(self, call: str) -> str:
        """Bring a live call to its farewell: done, too_late, try_again or refused."""

    async def direction(self, call: str) -> str | None:
        """inbound, outbound-api … of a call Twilio knows and that is not over; None where it knows none."""


class Rooms(Protocol):
    """What this act asks of the line for a caller in a conference that is not ours."""

    async def begin(self, standing: Standing, way: str) -> str:
        """See to it that the caller can hear a farewell there, and let it begin unless the agent is to leave
        first: done, too_late, try_again, refused, or no_room where the conference cannot be found."""


Later: TypeAlias = Callable[[float, Callable[[], Awaitable[None]]], None]
"""Does something after so many seconds, beside the answers."""

INSISTS = (2.0, 5.0, 15.0)
"""Seconds before Twilio is asked again for what it was too busy to do: the agent waits with the caller."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of something a program asked for."""

    state: Literal["started", "kept", "too_late", "unknown", "impossible"]
    way: str = "aside"
    goes: tuple[str, ...] = ()
    says: tuple[dict[str, Any], ...] = ()
    done: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "way": self.way,
            "steps": [{"goes": where} for where in self.goes],
            "says": list(self.says),
        }


class Programs:
    """Answers programs: keeps what they tell, and sees to it that it happens."""

    def __init__(
        self,
        closing: Closing,
        ledger: Ledger,
        clock: Clock,
        telephone: Telephone,
        *,
        rooms: Rooms,
        later: Later,
    ) -> None:
        self._closing, self._ledger, self._clock = closing, ledger, clock
        self._telephone, self._rooms, self._later = telephone, rooms, later

    def book(self) -> Book:
        """The published book."""
        return self._closing.book()

    async def wrap_up(self, call: str, plain: Mapping[str, Any], key: str | None) -> Kept:
        """Keep what the agent noted, then let the farewell begin. Stored before Twilio is asked."""
        standing = await self._known(call)
        if standing is None:
            return Kept("unknown")
        wrapup, where_they_are = noted.from_json(plain), standing.story.caller_is
        key = key or _version(plain, standing.story)
        if wrapup.way == "together" and not standing.in_conference:
            return Kept("impossible", done="a call in a queue of ours cannot be heard together")
        if where_they_are == "gone":
            return Kept("too_late", done="nothing: the call was already over")
        if where_they_are == "waiting" and standing.latest is not None:
            return Kept("too_late", done="nothing: the caller is waiting for somebody else")
        if where_they_are == "farewell" and key != standing.story.wrapup_key:
            return Kept("too_late", done="nothing: the farewell had begun, with what was noted before")
        await self._keep_wrapup(call, plain, wrapup, key)
        standing = await self._closing.standing(call)
        way = self._closing.way(standing)
        if standing.queue.farewell != "on" and standing.latest is None:
            return Kept("kept")  # no farewell is spoken in this queue: nobody is torn from the agent for one
        farewell = await self._closing.preview(standing)
        where = goes(
            wrapup,
            standing.book,
            textable=self._closing.textable,
            locale=standing.locale,
            queue=standing.story.queue,
        )
        says = tuple(lines_json(farewell))
        if standing.story.caller_is == "farewell":
            return Kept("started", way, where, says)
        if not standing.in_conference and (
            self._closing.agent_leaves_first(standing) or where_they_are == "returning"
        ):
            return Kept("kept", way, where, says)
        outcome = await self._bring(standing, way)
        if outcome == "try_again":
            self._insist(call, key, INSISTS)
        if outcome == "too_late":
            return Kept(
                "too_late", done="kept: the call had left the agent; what can still be heard will use it"
            )
        started = outcome == "done" and not (
            standing.in_conference and self._closing.agent_leaves_first(standing)
        )
        return Kept("started" if started else "kept", way, where, says)

    async def _bring(self, standing: Standing, way: str) -> str:
        """Lead the caller to the farewell, wherever they are now."""
        if standing.in_conference:
            return await self._begin_in_room(standing, way)
        return await self._telephone.to_farewell(standing.story.call)

    def _insist(self, call: str, key: str, pauses: tuple[float, ...]) -> None:
        """Twilio was too busy, or silent: ask again in a while, for as long as this is what was noted last and
        the caller is still with the agent who noted it."""

        async def again() -> None:
            standing = await self._closing.standing(call)
            if standing.story.wrapup_key != key or standing.story.caller_is != "talking":
                return
            if await self._bring(standing, self._closing.way(standing)) == "try_again" and pauses[1:]:
                self._insist(call, key, pauses[1:])

        self._later(pauses[0], again)

    async def _begin_in_room(self, standing: Standing, way: str) -> str:
        """A room that cannot be found is none the caller could be spoken to in: their leg is led out of it,
        unless that is to wait for the agent."""
        outcome = await self._rooms.begin(standing, way)
        if outcome != "no_room":
            return outcome
        if self._closing.agent_leaves_first(standing):
            return "done"
        return await self._telephone.to_farewell(standing.story.call)

    async def hold(self, call: str, held: bool, key: str | None) -> Kept:
        """Record a hold or its end. A hold while held, or a resume while not, adds nothing."""
        standing = await self._known(call)
        if standing is None:
            return Kept("unknown")
        if standing.story.caller_is == "gone":
            return Kept("too_late", done="nothing: the call was already over")
        holds = [event for event in standing.record.events if isinstance(event, Held | Resumed)]
        holds.sort(key=lambda event: event.at)
        if bool(holds and isinstance(holds[-1], Held)) is not held:
            kind = Held if held else Resumed
            await self._ledger.append([kind(call=call, at=self._clock.now(), key=key or f"api-{len(holds)}")])
        return Kept("kept")

    async def _keep_wrapup(self, call: str, plain: Mapping[str, Any], wrapup: Wrapup, key: str) -> None:
        event = WrappedUp(
            call=call,
            at=self._clock.now(),
            key=key,
            held_seconds=wrapup.held_seconds,
            apologised=wrapup.apologised,
            same_person=wrapup.same_person,
        )
        await self._ledger.keep_wrapup(call, event.key, plain, event)

    async def _known(self, call: str) -> Standing | None:
        """The call's standing; one nobody told us of is looked up, since an outbound call begins elsewhere."""
        standing = await self._closing.standing(call)
        if standing.record.events:
            return (
                await self._closing.standing(call, [standing.story.caller])
                if standing.story.caller
                else standing
            )
        direction = await self._telephone.direction(call)
        if direction is None:
            return None
        outbound = direction.startswith("outbound")
        await self._ledger.append([Arrived(call=call, at=self._clock.now(), key="asked", outbound=outbound)])
        return await self._closing.standing(call)

    async def story_of(self, call: str) -> dict[str, Any] | None:
        """The call as the API tells it, or None where nobody knows it."""
        standing = await self._known(call)
        if standing is None:
            return None
        story, wait = standing.story, self._closing.weigh(standing)
        moments = [moment.name for moment in standing.latest.moments] if standing.latest else []
        return {
            "call": call,
            "story": story_json(story, wait),
            "caller": story.caller_is,
            "agent": standing.agent_is,
            "moment": standing.hearing,
            "outcome": story.outcome,
            "left_during": left_during(story, moments) if story.outcome == "left" else None,
            "book": {
                "version": standing.latest.version if standing.latest else standing.book.version,
                "locale": standing.locale,
            },
            "promises": [
                {**asdict(promise), "due": promise.due.isoformat()} for promise in standing.record.promises
            ],
            "says": [line for farewell in standing.record.farewells for line in lines_json(farewell)],
        }


def digest(plain: Mapping[str, Any]) -> str:
    """A wrap-up's own key: the same notes sent twice are one version."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def _version(plain: Mapping[str, Any], story: Story) -> str:
    """The key of a wrap-up sent without one: the same notes after a return are noted anew, and start again."""
    return f"{digest(plain)}.{story.returns}" if story.returns else digest(plain)
