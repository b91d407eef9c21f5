"""The farewell of a call, in order.

The events are read and told as one story; the story is weighed; a farewell is composed from the published
book; it is recorded, with its promises, in one transaction; and from then on it is only read back, so that
a repeated request hears the same words.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from ivr import watch
from ivr.book.book import Book
from ivr.calls import wrapup as noted
from ivr.calls.events import Queued, Returned, WrappedUp
from ivr.calls.telling import tell
from ivr.calls.waits import Wait, weigh
from ivr.calls.wrapup import NOTHING_NOTED
from ivr.farewell.composer import Means, compose, note
from ivr.farewell.moments import Farewell, Promise
from ivr.farewell.promises import may_give, promises_vouchers
from ivr.standing import Standing
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


class Closing:
    """Composes and keeps the farewells of calls."""

    def __init__(
        self,
        ledger: Ledger,
        book: Callable[[], Book],
        clock: Clock,
        *,
        zone: ZoneInfo | None = None,
        textable: bool = False,
        vouchers: CodesLeft | None = None,
    ) -> None:
        self._ledger, self.book, self._clock = ledger, book, clock
        self._zone, self.textable, self._vouchers = zone, textable, vouchers

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

    async def preview(self, standing: Standing) -> Farewell:
        """What would be heard if it began now; nothing is kept."""
        part, latest = self.due(standing), standing.latest
        if latest is not None and latest.part == part:
            return latest
        now, voucher = self._clock.now(), await self._voucher(standing)
        return self._compose(standing, now=now, part=part, way=self.way(standing), voucher=voucher)

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
        if self._vouchers is None or not self.textable or standing.queue.texts == "never":
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
                textable=self.textable,
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

    # --- where the agent is meanwhile ---------------------------------------------------------------

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

    def agent_leaves_first(self, standing: Standing) -> bool:
        """Whether the farewell waits until the agent has gone."""
        return standing.wrapup.start == "when_agent_leaves" or self.way(standing) == "after"

    # --- its promises --------------------------------------------------------------------------------

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


def _comes_by_us(standing: Standing) -> bool:
    """Whether this caller's next call here can be let in front: it is our own document that sends them to wait."""
    return any(isinstance(event, Queued) and event.stay for event in standing.record.events)
