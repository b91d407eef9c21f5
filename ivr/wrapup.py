"""What happens when a call ends well, in order.

The events are read and told as one story; the story is weighed; a farewell is composed from the published
book; it is recorded, with its promises, in one transaction; and from then on it is only read back, so that
a repeated request hears the same words.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from ivr import watch
from ivr.book.book import Book
from ivr.calls import wrapup as noted
from ivr.calls.events import Arrived, Held, Queued, Resumed, Returned, WrappedUp
from ivr.calls.story import Story, left_during, tell
from ivr.calls.waits import Wait, weigh
from ivr.calls.wrapup import NOTHING_NOTED, Wrapup
from ivr.farewell.composer import Means, compose, goes, note
from ivr.farewell.moments import Farewell, Promise
from ivr.farewell.promises import may_give, promises_vouchers
from ivr.standing import Standing, lines_json, story_json
from ivr.store.ledger import Ledger
from ivr.store.vouchers import Voucher

MOST_TRIES = (
    8  # to compose what no other farewell has taken; whoever loses more often is told it all the same
)


class Clock(Protocol):
    """Whoever knows what time it is: the machine, or a rehearsal."""

    def now(self) -> datetime:
        """Aware, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Come back after `seconds`."""


class CodesLeft(Protocol):
    """Whoever has vouchers to give: the lists of codes, or a rehearsal."""

    async def one_for(self, call: str, queue: str | None) -> Voucher | None:
        """One that nobody has yet; None when none is left."""


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


class Closing:
    """Brings calls to a good end."""

    def __init__(
        self,
        ledger: Ledger,
        book: Callable[[], Book],
        clock: Clock,
        telephone: Telephone,
        *,
        zone: ZoneInfo | None = None,
        textable: bool = False,
        vouchers: CodesLeft | None = None,
    ) -> None:
        self._ledger, self.book, self._clock, self._telephone = ledger, book, clock, telephone
        self._zone, self._textable, self._vouchers = zone, textable, vouchers
        self.rooms: Rooms | None = None  # these two are handed in once the line stands
        self.later: Later | None = None

    # --- reading ---------------------------------------------------------------------------------

    async def standing(self, call: str, caller: Sequence[str] = ()) -> Standing:
        """Everything about a call; `caller` are the keyed hashes of who rings, where the request says so."""
        now = self._clock.now()
        book = self.book()
        midnight = now.astimezone(self._zone or book.rules.timezone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        record = await self._ledger.read(call, caller=caller, since=midnight, announced=book.rules.announces)
        story = tell(record.events, begun=len(record.farewells))
        wrapup = noted.from_json(record.wrapup) if record.wrapup else NOTHING_NOTED
        queue = book.rules.queue(story.queue)
        locale = book.locale(wrapup.locale or story.locale or queue.locale)
        room = await self._ledger.room(story.room) if story.room is not None else None
        return Standing(record, story, wrapup, book, queue, locale, room)

    def weigh(self, standing: Standing) -> Wait:
        """The call's wait, with the earlier calls that may count."""
        return weigh(
            standing.story,
            standing.book.rules.severities,
            earlier=[tell(events) for events in standing.record.earlier],
            same_person=standing.wrapup.same_person,
            zone=self._zone or standing.book.rules.timezone,
            answered_within=standing.book.rules.answered_within,
        )

    # --- the farewell ------------------------------------------------------------------------------

    def due(self, standing: Standing) -> int:
        """Which part of the farewell is due: the latest begun, or one more once they were back with us."""
        latest = standing.latest
        if latest is None:
            return 1
        over = standing.returned(latest.part) or standing.queued_since(latest.part)
        return latest.part + 1 if over else latest.part

    async def farewell(self, standing: Standing, *, caller: str | None, way: str) -> Farewell:
        """The farewell this call hears now: the one already begun, or a fresh one, composed and recorded."""
        part, latest = self.due(standing), standing.latest
        if latest is not None and latest.part == part:
            return latest
        farewell = await self._composed_and_kept(standing, caller=caller, part=part, way=way)
        for moment in farewell.left_out:
            watch.LEFT_OUT.labels(moment.partition("/")[0]).inc()
        watch.FAREWELLS.labels(farewell.way, farewell.tone).inc()
        return farewell

    async def _composed_and_kept(
        self, standing: Standing, *, caller: str | None, part: int, way: str
    ) -> Farewell:
        """A fresh farewell. Where another call of the same caller, or another caller, has just taken what it took,
        it is composed again from what is known then."""
        if caller is not None and not standing.record.callers:  # the request did not say who rings
            standing = await self.standing(standing.story.call, [caller])
        for tries in range(MOST_TRIES):
            last, now = tries == MOST_TRIES - 1, self._clock.now()
            voucher = None if last else await self._voucher(standing)
            farewell = self._compose(standing, now=now, part=part, way=way, voucher=voucher)
            gives = any(promise.kind == "voucher" for promise in farewell.promises)
            kept = await self._ledger.keep_farewell(
                farewell,
                caller=caller,
                at=now,
                turn=None if last else standing.record.turn,
                voucher=voucher.id if voucher is not None and gives else None,
                queue=standing.story.queue or "default",
            )
            if kept is not None:
                return kept
            standing = await self.standing(standing.story.call, standing.record.callers)
        raise AssertionError("a farewell that takes nothing is always kept")

    async def _voucher(self, standing: Standing) -> Voucher | None:
        """One that could be given on this call; none where no text can be sent or no words promise one."""
        if self._vouchers is None or not self._textable or standing.queue.texts == "never":
            return None
        if not may_give(standing.wrapup) or not promises_vouchers(standing.book, standing.locale):
            return None
        return await self._vouchers.one_for(standing.story.call, standing.story.queue)

    def _compose(
        self, standing: Standing, *, now: datetime, part: int, way: str, voucher: Voucher | None
    ) -> Farewell:
        wait = self.weigh(standing)
        before = standing.record.called_before
        farewell = compose(
            standing.story,
            wait,
            standing.wrapup,
            standing.book,
            now=now,
            means=Means(
                # in a room no key is heard, whoever of those in it we were told of
                way=way if way == "together" or (way == "aside" and standing.agent_there) else "after",
                textable=self._textable,
                voucher=voucher.code if voucher is not None else None,
                front_of_queue=bool(standing.record.callers) and _comes_by_us(standing),
            ),
            locale=standing.locale,
            heard_before=standing.record.heard,
            first_time=None if before is None else not before,
            part=part,
            earlier_parts=standing.record.farewells,
            proven={each.part: standing.proven(each) for each in standing.record.farewells},
            announced=standing.record.announced,
        )
        return farewell

    # --- what programs ask -------------------------------------------------------------------------

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
        standing = await self.standing(call)
        way = self.way(standing)
        if standing.queue.farewell != "on" and standing.latest is None:
            return Kept("kept")  # no farewell is spoken in this queue: nobody is torn from the agent for one
        farewell = await self._preview(standing)
        where = goes(
            wrapup, standing.book, textable=self._textable, locale=standing.locale, queue=standing.story.queue
        )
        says = tuple(lines_json(farewell))
        if standing.story.caller_is == "farewell":
            return Kept("started", way, where, says)
        if not standing.in_conference and (
            self.agent_leaves_first(standing) or where_they_are == "returning"
        ):
            return Kept("kept", way, where, says)
        outcome = await self._bring(standing, way)
        if outcome == "try_again":
            self._insist(call, key, INSISTS)
        if outcome == "too_late":
            return Kept(
                "too_late", done="kept: the call had left the agent; what can still be heard will use it"
            )
        started = outcome == "done" and not (standing.in_conference and self.agent_leaves_first(standing))
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
            standing = await self.standing(call)
            if standing.story.wrapup_key != key or standing.story.caller_is != "talking":
                return
            if await self._bring(standing, self.way(standing)) == "try_again" and pauses[1:]:
                self._insist(call, key, pauses[1:])

        assert self.later is not None, "the line has not been wired"
        self.later(pauses[0], again)

    async def _begin_in_room(self, standing: Standing, way: str) -> str:
        """A room that cannot be found is none the caller could be spoken to in: their leg is led out of it,
        unless that is to wait for the agent."""
        assert self.rooms is not None, "the line has not been wired"
        outcome = await self.rooms.begin(standing, way)
        if outcome != "no_room":
            return outcome
        if self.agent_leaves_first(standing):
            return "done"
        return await self._telephone.to_farewell(standing.story.call)

    def agent_leaves_first(self, standing: Standing) -> bool:
        """Whether the farewell waits until the agent has gone."""
        return standing.wrapup.start == "when_agent_leaves" or self.way(standing) == "after"

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

    def way(self, standing: Standing) -> str:
        """Where the agent will be: as they chose, else as the queue's rules say, else as is usual: both hear it
        in a conference, and the agent of a queue of ours waits aside, where there is no room to hear it in."""
        way = standing.wrapup.way or standing.queue.way
        if standing.in_conference:
            return "together" if way == "usual" else way
        return "aside" if way in ("usual", "together") else way

    def way_after_talking(self, standing: Standing) -> str:
        """Where the agent is when a room has ended: gone, unless they wrapped up again since the return."""
        back = max(
            (event.at for event in standing.record.events if isinstance(event, Returned)), default=None
        )
        noted_at = max(
            (event.at for event in standing.record.events if isinstance(event, WrappedUp)), default=None
        )
        again = (
            back is not None and noted_at is not None and noted_at > back and standing.wrapup.start == "now"
        )
        return self.way(standing) if again else "after"

    async def text_note(self, standing: Standing, farewell: Farewell) -> None:
        """The caller pressed 2: the steps go by text. Recorded once however often the key arrives."""
        now = self._clock.now()
        body = note(
            standing.story,
            self.weigh(standing),
            standing.wrapup,
            standing.book,
            now=now,
            farewell=farewell,
        )
        if body is not None:
            await self._ledger.keep_promise(farewell, Promise("text_note", now, body), at=now)

    async def _preview(self, standing: Standing) -> Farewell:
        part, latest = self.due(standing), standing.latest
        if latest is not None and latest.part == part:
            return latest
        now, voucher = self._clock.now(), await self._voucher(standing)
        return self._compose(standing, now=now, part=part, way=self.way(standing), voucher=voucher)

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
        standing = await self.standing(call)
        if standing.record.events:
            return await self.standing(call, [standing.story.caller]) if standing.story.caller else standing
        direction = await self._telephone.direction(call)
        if direction is None:
            return None
        outbound = direction.startswith("outbound")
        await self._ledger.append([Arrived(call=call, at=self._clock.now(), key="asked", outbound=outbound)])
        return await self.standing(call)

    async def story_of(self, call: str) -> dict[str, Any] | None:
        """The call as the API tells it, or None where nobody knows it."""
        standing = await self._known(call)
        if standing is None:
            return None
        story, wait = standing.story, self.weigh(standing)
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


def _comes_by_us(standing: Standing) -> bool:
    """Whether this caller's next call here can be let in front: it is our own document that sends them to wait."""
    return any(isinstance(event, Queued) and event.stay for event in standing.record.events)


def _version(plain: Mapping[str, Any], story: Story) -> str:
    """The key of a wrap-up sent without one: the same notes after a return are noted anew, and start again."""
    return f"{digest(plain)}.{story.returns}" if story.returns else digest(plain)
