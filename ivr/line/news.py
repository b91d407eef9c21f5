"""News that never comes: a call that has fallen silent is looked up, and closed where Twilio says it is over.

Who is on the line is known from what Twilio asks us, and after a restart from the ledger, which is also read
every quarter of an hour for calls that another machine began and left. One task serves them all, and runs
only while there is a call to wait for. To look twice, here or on two machines, does no harm.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from ivr import watch
from ivr.calls.events import LOOKED_UP, Ended, Released
from ivr.line import translate
from ivr.line.counter import Ask, Counter
from ivr.line.phone import Outcome
from ivr.line.phone.calls import End
from ivr.line.rooms import Rooms
from ivr.line.translate import FINAL
from ivr.standing import Standing

FAREWELL_QUIET = timedelta(seconds=60)  # or a little longer than what they are hearing lasts
CALL_QUIET = timedelta(hours=4)
LONGEST_PAUSE = timedelta(hours=1)  # between two questions about a call that is still going on
SWEEP_EVERY = timedelta(minutes=15)  # the ledger is read so often, for each call and for all
LOOK_BACK = timedelta(hours=24)  # a call that began before that is history
JUST_ENDED = timedelta(minutes=10)  # whom an end so recent left alone may still be there
TRY_AGAIN = timedelta(seconds=20)  # after the ledger gave no answer
AT_ONCE = 0.1  # seconds
BETWEEN = 0.25  # seconds between two questions to Twilio, however many calls have fallen silent
MOST = 20_000  # calls kept in mind; the ledger knows the others

_GARBLED = timedelta(days=2)  # an end so far from now is none


@dataclass(frozen=True, slots=True)
class _Open:
    """A call under way: when to look at it, and for how long to leave it alone if it is still going on then."""

    due: datetime
    pause: timedelta


class News:
    """Waits for news of every call under way, and asks for it where none comes."""

    def __init__(
        self,
        counter: Counter,
        *,
        callers_alone: Callable[[str], None],
        gone: Callable[[str], None],
        rooms: Rooms,
    ) -> None:
        """What is done for a caller whose agent has gone, and for whoever was with a caller who has, is the
        desks' own; each looks for itself first whether anything is to be done."""
        self._counter, self._rooms = counter, rooms
        self._callers_alone, self._gone = callers_alone, gone
        self._open: dict[str, _Open] = {}
        self._started = self._swept = False
        self._sweep_due = datetime.max.replace(tzinfo=UTC)  # not before the start
        self._wakes: datetime | None = None  # while it sleeps
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Find what was under way before, and begin to wait."""
        self._started, self._sweep_due = True, self._counter.clock.now()
        self._run()

    async def stop(self) -> None:
        """Wait no longer."""
        task, self._task, self._started = self._task, None, False
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def of(self, ask: Ask) -> None:
        """Twilio asked something and was answered: the leg it asked about is there, or just now over."""
        call, path = ask.call, ask.path
        if path == "/events/call":
            if ask.said.call_status in FINAL and call in self._open:
                del self._open[call]
                if not self._open:
                    self._break_off()
        elif path.startswith("/voice/farewell"):
            self._expect(call, _Open(ask.now + FAREWELL_QUIET, FAREWELL_QUIET))
        elif path.startswith("/voice/") and not path.startswith("/voice/agent"):
            self._expect(call, _Open(ask.now + SWEEP_EVERY, FAREWELL_QUIET))

    # --- waiting -------------------------------------------------------------------------------------

    def _expect(self, call: str, one: _Open) -> None:
        if not self._started or translate.sid(call) is None:
            return
        if len(self._open) >= MOST and call not in self._open:
            return
        self._open[call] = one
        if self._wakes is not None and one.due < self._wakes:
            self._break_off()
        self._run()

    def _run(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(self._wait())

    def _break_off(self) -> None:
        """End a sleep, but nothing else: who is being looked at is seen to first."""
        if self._wakes is not None and self._task is not None:
            self._task.cancel()
            self._task = self._wakes = None

    async def _wait(self) -> None:
        clock = self._counter.clock
        while self._open or not self._swept:
            now = clock.now()
            wakes = min((one.due for one in self._open.values()), default=self._sweep_due)
            wakes = self._wakes = min(wakes, self._sweep_due)
            if wakes > now:
                await clock.sleep((wakes - now).total_seconds())
            self._wakes = None
            if self._sweep_due <= clock.now():
                await self._sweep()
            for call in [call for call, one in self._open.items() if one.due <= clock.now()]:
                await self._look(call)
        self._task = None

    async def _sweep(self) -> None:
        """Calls without an end, from the ledger. Those found at the start are looked at once, others in turn."""
        now = self._counter.clock.now()
        self._sweep_due = now + SWEEP_EVERY
        try:
            async for call in self._counter.ledger.unfinished(now - LOOK_BACK, ended_by=now - JUST_ENDED):
                if call not in self._open:
                    later = FAREWELL_QUIET * _spread(call) if self._swept else timedelta(0)
                    self._expect(call, _Open(now + later, FAREWELL_QUIET))
        except Exception as error:
            watch.log().warning("not looked for", error=type(error).__name__)
            self._sweep_due = now + TRY_AGAIN
        else:
            self._swept = True

    async def _look(self, call: str) -> None:
        one = self._open.get(call)
        if one is None:
            return
        now = self._counter.clock.now()
        try:
            onward = await self._seen_to(call, one, now)
        except Exception as error:
            watch.log().warning("not looked at", call=call, error=type(error).__name__)
            onward = _Open(now + TRY_AGAIN * (1 + _spread(call)), one.pause)
        if self._open.get(call) is not one:
            return  # there has been news meanwhile
        if onward is None:
            del self._open[call]
        else:
            self._open[call] = onward

    # --- looking -------------------------------------------------------------------------------------

    async def _seen_to(self, call: str, one: _Open, now: datetime) -> _Open | None:
        """When to look at the call again; None once it is over."""
        standing = await self._counter.closing.standing(call)
        story = standing.story
        if story.caller_is == "gone" or story.last_news is None:
            self._free(standing)
            return None
        await self._not_alone(standing, now)
        closing = story.caller_is in ("farewell", "returning")
        quiet = max(FAREWELL_QUIET, standing.hearing_lasts) if closing else CALL_QUIET
        due = min(story.last_news, now) + quiet
        if due > now:
            wait = one.pause if _in_our_room(standing) else SWEEP_EVERY
            return _Open(min(due, now + wait), min(one.pause * 2, LONGEST_PAUSE))
        if await self._over(call, standing, now):
            self._free(standing)
            return None
        self._go_on(standing)
        wait = min(one.pause, LONGEST_PAUSE)
        return _Open(now + wait * (1 + _spread(call) / 4), min(wait * 2, LONGEST_PAUSE))

    async def _over(self, call: str, standing: Standing, now: datetime) -> bool:
        """Ask Twilio, and close the call where it is over. When it ended is Twilio's to say, else the last
        we heard of it: in doubt the shorter call."""
        end = await self._asked(call)
        if end is None or not end.over:
            return False
        last = max(standing.record.events, key=lambda event: event.at)
        ended = Ended(call=call, at=last.at, key=LOOKED_UP, clock=last.clock)
        if end.at is not None and abs(end.at - now) < _GARBLED:
            ended = replace(ended, at=end.at, clock="twilio")
        await self._counter.ledger.append([ended])
        watch.log().info("closed", call=call)
        return True

    async def _not_alone(self, standing: Standing, now: datetime) -> None:
        """See to a caller who may be in a room with nobody: the agent's end was told before a restart, or never."""
        call, agent, room = standing.story.call, translate.sid(standing.story.agent), standing.room
        if room is not None and room.told and not room.over and room.inside == (call,) and len(room.seen) > 1:
            self._rooms.worker_left(call)
        if not _in_our_room(standing):
            return
        if not standing.story.released and agent is not None:
            end = await self._asked(agent)
            if end is None or not end.over:
                return
            await self._counter.ledger.append([Released(call=call, at=now, key=agent, agent=agent)])
        self._callers_alone(call)

    def _go_on(self, standing: Standing) -> None:
        """The caller is still in a room at their farewell and hears nothing: its announcement was lost."""
        call, latest, story = standing.story.call, standing.latest, standing.story
        if story.caller_is != "farewell" or not story.in_room or latest is None:
            return
        if story.heard:
            self._rooms.over(call)
        else:
            self._rooms.watch_over(call, AT_ONCE, latest.part, standing.hearing)

    async def _asked(self, leg: str) -> End | None:
        """What Twilio says of a leg; one it does not know is over. None where it could not be asked."""
        found = await self._counter.phone.end_of(leg)
        end = End(True) if found.outcome is Outcome.TOO_LATE else found.value
        watch.LOOKED_UP.labels("not asked" if end is None else "over" if end.over else "going on").inc()
        await self._counter.clock.sleep(BETWEEN)
        return end

    def _free(self, standing: Standing) -> None:
        """The caller has gone: an agent or a room that waited for them may be there still."""
        story = standing.story
        if story.assigned or standing.in_conference or (story.returns and not story.released):
            self._gone(story.call)


def _in_our_room(standing: Standing) -> bool:
    """Whether the caller was brought back to the agent, in a room of ours, and has not come on since."""
    latest = standing.latest
    if latest is None or standing.in_conference:
        return False
    return standing.story.caller_is == "talking" and standing.returned(latest.part)


def _spread(call: str) -> float:
    """0 to 1, another for each call: whatever fell silent at one time is not asked about at one time."""
    return crc32(call.encode()) / 2**32
