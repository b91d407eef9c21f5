"""Simulated time: it stands still while anybody works, and jumps ahead when everybody waits.

All tasks of one event loop are watched. A task that waits on this clock is at rest; any other is at work,
and time does not move: a request to the service, its database and its threads take as long as they take
and cost no simulated second. When all are at rest the next of them is woken, one at a time and in order of
(time, turn), so that the same rehearsal runs the same way twice.

Some tasks never come to rest here: a service's own loop that waits for work, a request that hangs. Whoever
has not moved for a while of real time is taken for a resident and no longer waited for.
"""

import asyncio
import heapq
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

_SECOND = 1_000_000  # time is kept in whole microseconds: no rounding adds up over a call


def _micros(seconds: float) -> int:
    """Whole microseconds; never none for what is left of a wait, however little: it would be waited for for ever."""
    return max(1, round(seconds * _SECOND)) if seconds > 0 else 0


_LIVING: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, set[asyncio.Task[Any]]]" = (
    weakref.WeakKeyDictionary()
)


def _living() -> "set[asyncio.Task[Any]]":
    """The tasks of the running loop that are not over.

    asyncio's own list goes through the dead ones too, hundreds of them between two collections of garbage,
    and it is looked at with every step of every rehearsal; so each is noted down as it is made.
    """
    loop = asyncio.get_running_loop()
    living = _LIVING.get(loop)
    if living is None:
        living = _LIVING[loop] = set(asyncio.all_tasks(loop))
        for task in living:
            task.add_done_callback(living.discard)
        loop.set_task_factory(_born)
    return living


def _waits_for(future: Any) -> "list[asyncio.Task[Any]] | None":
    """The tasks behind what a task awaits, one or by gather, that are not over; None where it is anything else."""
    if future is None or future.done():
        return []
    if isinstance(future, asyncio.Task):
        return [future]
    behind: list[asyncio.Task[Any]] = []
    for child in getattr(future, "_children", (None,)):
        tasks = _waits_for(child) if child is not None else None
        if tasks is None:
            return None
        behind += tasks
    return behind


def _born(loop: asyncio.AbstractEventLoop, coroutine: Any, **others: Any) -> "asyncio.Task[Any]":
    living, task = _LIVING[loop], asyncio.Task(coroutine, loop=loop, **others)
    living.add(task)
    task.add_done_callback(living.discard)
    return task


class TimeRanOut(RuntimeError):
    """The rehearsal went past its bounds: too much simulated time, or too many steps."""


class NobodyMoves(RuntimeError):
    """Everybody waits, and nothing will ever wake them."""


@dataclass(slots=True, eq=False)
class _Sleeper:
    woken: asyncio.Future[None]
    task: "asyncio.Task[object] | None"
    name: str
    rung: bool = False


@dataclass(order=True, slots=True)
class _Turn:
    at: int
    number: int
    sleeper: _Sleeper = field(compare=False)


class Clock:
    """Now, sleep, and the driver that moves time. One to an event loop; `start` is aware."""

    played = True  # its seconds take none: whatever waits for real ones would hold everybody up

    def __init__(
        self,
        start: datetime,
        *,
        longest: timedelta = timedelta(hours=6),
        most_steps: int = 500_000,
        patience: float = 0.25,
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._start = start
        self._at = 0
        self._last = int(longest.total_seconds() * _SECOND)
        self._steps, self._most_steps = 0, most_steps
        self._patience = patience
        self._patient: weakref.WeakKeyDictionary[asyncio.Task[object], float] = weakref.WeakKeyDictionary()
        self._turns: list[_Turn] = []
        self._number = 0
        self._at_rest: dict[asyncio.Task[object], _Sleeper] = {}
        self._residents: weakref.WeakSet[asyncio.Task[object]] = weakref.WeakSet()
        self._watched: weakref.WeakSet[asyncio.Task[object]] = weakref.WeakSet()
        self._moved = asyncio.Event()
        try:  # whoever was there before the rehearsal is not ours to wait for
            self._residents.update(_living())
        except RuntimeError:
            pass  # no loop is running yet, so nobody was

    # --- for everybody -------------------------------------------------------------------------

    def now(self) -> datetime:
        """Simulated now, aware, in the zone it was started in."""
        return self._start + timedelta(microseconds=self._at)

    def monotonic(self) -> float:
        """Simulated seconds since the start."""
        return self._at / _SECOND

    @property
    def microseconds(self) -> int:
        """Simulated microseconds since the start: exact, for durations."""
        return self._at

    async def sleep(self, seconds: float) -> None:
        """Come back when `seconds` have passed; nought or less gives way to whoever else is due now."""
        sleeper = self._sleeper("sleep")
        self._set(sleeper, self._at + _micros(seconds))
        await self._rest(sleeper)

    # --- for the driver --------------------------------------------------------------------------

    async def run(self, until: "asyncio.Future[T]") -> T:
        """Move time until this future is done, and give its result. Raises what it raises.

        TimeRanOut and NobodyMoves say who was waiting, and for what.
        """
        if (driver := asyncio.current_task()) is not None:
            self._residents.add(driver)
        until.add_done_callback(self._has_moved)
        while not until.done():
            await self._settle(until)
            if not until.done():
                self._step()
        return until.result()

    async def calm(self, seconds: float = 0.02) -> None:
        """Take whoever is still at work after `seconds` of real quiet for a resident: a service has started."""
        if (driver := asyncio.current_task()) is not None:
            self._residents.add(driver)
        with self._patience_of(seconds):
            await self._settle(None)

    def patient(self, task: "asyncio.Task[object]", seconds: float) -> None:
        """Give this task more real time than others before it is taken for a resident."""
        self._patient[task] = seconds

    def resident(self, task: "asyncio.Task[Any]") -> None:
        """Do not wait for this task: it is known to have nothing to do until somebody calls it."""
        self._residents.add(task)

    def waiting(self) -> list[str]:
        """Who is at rest, and where: for an error's reader."""
        return sorted(sleeper.name for sleeper in self._at_rest.values())

    # --- inside ----------------------------------------------------------------------------------

    def _sleeper(self, name: str) -> _Sleeper:
        task = asyncio.current_task()
        label = f"{task.get_name()}: {name}" if task is not None else name
        return _Sleeper(asyncio.get_running_loop().create_future(), task, label)

    def _set(self, sleeper: _Sleeper, at: int) -> None:
        self._number += 1
        heapq.heappush(self._turns, _Turn(at, self._number, sleeper))

    async def _rest(self, sleeper: _Sleeper) -> None:
        task = sleeper.task
        if task is not None:
            self._at_rest[task] = sleeper
            self._residents.discard(task)
            self._has_moved()
        try:
            await sleeper.woken
        finally:
            sleeper.woken.cancel()
            if task is not None and self._at_rest.get(task) is sleeper:
                del self._at_rest[task]

    def _has_moved(self, _: object = None) -> None:
        self._moved.set()

    def _at_work(self) -> "set[asyncio.Task[object]]":
        return {task for task in _living() if not self._rests(task)}

    def _rests(self, task: "asyncio.Task[Any]") -> bool:
        """Whether a task waits on this clock, or for others that do: then it will not move before time does."""
        if task in self._at_rest or task in self._residents:
            return True
        waits_for = _waits_for(getattr(task, "_fut_waiter", None))
        return bool(waits_for) and all(self._rests(other) for other in waits_for or ())

    async def _settle(self, until: "asyncio.Future[T] | None") -> None:
        """Come back when nobody is at work any more."""
        while not (until is not None and until.done()):
            busy = self._at_work()
            if not busy:
                await asyncio.sleep(0)  # what was done just now may have called somebody: let it be heard
                if not (busy := self._at_work()):
                    return
            self._moved.clear()
            for task in busy - set(self._watched):
                self._watched.add(task)
                task.add_done_callback(self._has_moved)
            try:
                async with asyncio.timeout(max(self._patient.get(task, self._patience) for task in busy)):
                    await self._moved.wait()
            except TimeoutError:
                self._residents.update(busy)

    def _step(self) -> None:
        """Wake the next in turn, and let time jump there."""
        while self._turns:
            turn = heapq.heappop(self._turns)
            sleeper = turn.sleeper
            if sleeper.woken.done():
                continue
            self._steps += 1
            if turn.at > self._last or self._steps > self._most_steps:
                raise TimeRanOut(
                    f"the rehearsal reached {timedelta(seconds=turn.at // _SECOND)} of simulated time in "
                    f"{self._steps} steps; still waiting: {'; '.join(self.waiting()) or 'nobody'}"
                )
            self._at = max(self._at, turn.at)
            if sleeper.task is not None:
                self._at_rest.pop(sleeper.task, None)
            sleeper.woken.set_result(None)
            return
        raise NobodyMoves(
            f"everybody waits for somebody else: {'; '.join(self.waiting()) or 'nobody is left'}"
        )

    @contextmanager
    def _patience_of(self, seconds: float) -> Iterator[None]:
        usual, self._patience = self._patience, seconds
        try:
            yield
        finally:
            self._patience = usual


class Bell:
    """Wakes one waiting task before its time. A ring while nobody waits is kept for the next who does."""

    def __init__(self, clock: Clock, name: str = "bell") -> None:
        self._clock, self._name = clock, name
        self._rung = False
        self._sleeper: _Sleeper | None = None

    def ring(self) -> None:
        """Let the waiting task go on, in its turn."""
        if self._sleeper is None:
            self._rung = True
        elif not self._sleeper.rung:
            self._sleeper.rung = True
            self._clock._set(self._sleeper, self._clock._at)

    async def wait(self, seconds: float | None = None) -> bool:
        """True when rung, False when `seconds` passed first; None waits for as long as it takes."""
        if self._rung:
            self._rung = False
            return True
        sleeper = self._sleeper = self._clock._sleeper(self._name)
        if seconds is not None:
            self._clock._set(sleeper, self._clock._at + _micros(seconds))
        try:
            await self._clock._rest(sleeper)
        finally:
            self._sleeper = None
        return sleeper.rung
