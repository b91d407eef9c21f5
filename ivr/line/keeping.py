"""Events that came with a caller on the line and could not be kept at once: tried again from memory for a minute.

One task tries for all of them: a database that comes back is not met by everybody at the same time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice, repeat

from ivr import watch
from ivr.calls.events import Event
from ivr.store.database import StoreUnavailable
from ivr.store.ledger import Ledger, Personal
from ivr.wrapup.closing import Clock

AT_ONCE = 1.5  # seconds: of the caller's silence, not more goes into keeping
FOR = timedelta(minutes=1)
PAUSES = (0.2, 0.5)  # seconds before the first tries; then
PAUSE = 1.0
TOGETHER = 100
MOST = 10_000  # units in memory: some ten megabytes
LAST_TRY = 2.0  # seconds, when the service stops


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    events: tuple[Event, ...]
    personal: tuple[Personal, ...]
    until: datetime


class Keeping:
    """Keeps events durably where that can be done at once, and otherwise as soon as it can."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock
        self._units: dict[_Unit, None] = {}  # in the order they came
        self._calls: dict[str, list[Event]] = {}  # what these hold, by call
        self._away = False  # the last try found no database: nobody else waits to find the same
        self._task: asyncio.Task[None] | None = None
        ledger.at_hand = self.of

    async def keep(self, events: Sequence[Event], personal: Sequence[Personal] = ()) -> None:
        """Never waits long, and raises nothing but a cancellation: then, too, the events are not lost."""
        unit = _Unit(tuple(events), tuple(personal), self._clock.now() + FOR)
        if self._away:
            self._later(unit)
            return
        try:
            async with asyncio.timeout(AT_ONCE):
                await self._ledger.append(unit.events, unit.personal)
        except BaseException as error:
            watch.log().warning("keeping later", count=len(unit.events), error=type(error).__name__)
            self._away = _not_there(error)
            self._later(unit)
            if not isinstance(error, Exception):
                raise

    def of(self, call: str) -> Sequence[Event]:
        """What is in memory about a call: nothing of a farewell is said twice for want of its proof."""
        return self._calls.get(call, ())

    async def close(self) -> None:
        """One last try; called as the service stops."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        try:
            async with asyncio.timeout(LAST_TRY):
                await self._try()
        except TimeoutError:
            pass  # what is left is counted below
        self._give_up(list(self._units))

    def _later(self, unit: _Unit) -> None:
        if len(self._units) >= MOST:
            watch.UNKEPT.inc(len(unit.events))
            return
        self._units[unit] = None
        for event in unit.events:
            self._calls.setdefault(event.call, []).append(event)
        if self._task is None:
            self._task = asyncio.ensure_future(self._again())

    async def _again(self) -> None:
        for pause in chain(PAUSES, repeat(PAUSE)):
            await self._clock.sleep(pause)
            await self._try()
            now = self._clock.now()
            self._give_up([unit for unit in self._units if unit.until <= now])
            if not self._units:
                break
        self._away = False
        self._task = None

    async def _try(self) -> None:
        """The oldest alone, and the others once that one met a database."""
        together = 1
        tried: set[_Unit] = set()
        while some := list(islice((unit for unit in self._units if unit not in tried), together)):
            tried.update(some)
            asked = [self._ledger.append(unit.events, unit.personal) for unit in some]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            for unit, answer in zip(some, answers, strict=True):
                if answer is None:
                    self._forget(unit)
            self._away = any(map(_not_there, answers))
            if self._away:
                return
            together = TOGETHER

    def _give_up(self, units: Sequence[_Unit]) -> None:
        for unit in units:
            self._forget(unit)
            watch.UNKEPT.inc(len(unit.events))

    def _forget(self, unit: _Unit) -> None:
        del self._units[unit]
        for event in unit.events:
            waiting = self._calls[event.call]
            waiting.remove(event)
            if not waiting:
                del self._calls[event.call]


def _not_there(answer: BaseException | None) -> bool:
    """Whether it was the database that failed, and not what was to be kept."""
    return isinstance(answer, StoreUnavailable | TimeoutError | asyncio.CancelledError)
