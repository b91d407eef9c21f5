"""A thread that takes whatever is waiting as one piece of work.

What arrives while it works is its next piece: under load the pieces grow and each costs less, and alone
nobody waits for company. The event loop pays for a future and a place in a queue; answers come back to it
once for a whole piece.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeVar


class StoreError(Exception):
    """The database refused this, and would refuse it again."""


class StoreUnavailable(StoreError):
    """The database could not be reached or did not answer in time: try again.

    What was to be written may still be: everything we write may be written twice without harm.
    """


class StoreConflict(StoreError):
    """Another row has what only one row may have."""


_PATIENCE = 5.0  # seconds beyond an asker's own, for a thread to finish when it is stopped

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

Work = Callable[[list[Ask]], Sequence[Answer | Exception]]
"""Works on a list and gives an answer, or an exception, for each in its order. Runs in the thread."""


class _Item(Generic[Ask, Answer]):
    """Something asked, and who waits for it until when."""

    __slots__ = ("deadline", "future", "loop", "what")

    def __init__(self, what: Ask, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        self.what = what
        self.loop = loop
        self.future: asyncio.Future[Answer] = loop.create_future()
        self.deadline = deadline  # by time.monotonic


class Gatherer(Generic[Ask, Answer]):
    """One thread and its queue, serving one event loop at a time."""

    def __init__(
        self, name: str, work: Work[Ask, Answer], *, timeout: float, most: int = 1000, waiting: int = 20_000
    ) -> None:
        """`timeout`: seconds an asker waits. `most`: asks in one piece. `waiting`: asks in the queue, those
        whose askers gave up included, since only the thread takes them out."""
        self._name, self._work = name, work
        self._timeout, self._most, self._waiting = timeout, most, waiting
        self._queue: SimpleQueue[_Item[Ask, Answer] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        # Of the loop being served, in the order asked, which is also the order of their deadlines.
        self._pending: deque[_Item[Ask, Answer]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the thread. Starting twice changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Finish all that was asked, then end the thread. The answers reach the loop when it next runs.

        A database that has not come back by then keeps its thread, which ends with the process: nobody can
        be told any more, and stopping is not to wait for ever.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(self._timeout + _PATIENCE)

    async def ask(self, what: Ask) -> Answer:
        """The work's answer. Raises StoreUnavailable when there is none in time, or what the work raised."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            raise StoreUnavailable("the database is closed")
        if loop is not self._loop:
            self._loop, self._timer = loop, None
            self._pending.clear()
        if max(len(self._pending), self._queue.qsize()) >= self._waiting:
            raise StoreUnavailable("too much is waiting for the database")
        item: _Item[Ask, Answer] = _Item(what, loop, monotonic() + self._timeout)
        self._pending.append(item)
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._give_up)
        self._queue.put(item)
        return await item.future

    def _give_up(self) -> None:
        """Fail what is overdue. One timer serves all: a timer for each would cost more than asking."""
        now = monotonic()
        pending = self._pending
        while pending and (pending[0].future.done() or pending[0].deadline <= now):
            late = pending.popleft()
            if not late.future.done():
                late.future.set_exception(StoreUnavailable("the database did not answer in time"))
        self._timer = None
        if pending and self._loop is not None:
            self._timer = self._loop.call_later(max(pending[0].deadline - now, 0.001), self._give_up)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = self._take(first)
            # Whoever gave up on an ask has been told to try again: after an outage the doomed are skipped.
            now = monotonic()
            batch = [item for item in batch if item.deadline > now]
            if batch:
                self._answer(batch)
            if last:
                return

    def _take(self, first: _Item[Ask, Answer]) -> tuple[list[_Item[Ask, Answer]], bool]:
        """All that is waiting, `first` included, and whether the queue has come to its end."""
        batch = [first]
        try:
            while len(batch) < self._most:
                item = self._queue.get_nowait()
                if item is None:
                    return batch, True
                batch.append(item)
        except Empty:
            pass
        return batch, False

    def _answer(self, batch: list[_Item[Ask, Answer]]) -> None:
        try:
            answers = self._work([item.what for item in batch])
        except Exception as error:  # the thread must outlive anything: the next piece may go well
            answers = [error] * len(batch)
        answered = zip(batch, answers, strict=True)
        for loop, pairs in groupby(answered, key=lambda pair: pair[0].loop):
            try:
                loop.call_soon_threadsafe(self._hand_back, list(pairs))
            except RuntimeError:
                pass  # that loop is closed, and nobody waits any more

    def _hand_back(self, answered: list[tuple[_Item[Ask, Answer], Answer | Exception]]) -> None:
        for item, answer in answered:
            future = item.future
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        pending = self._pending
        while pending and pending[0].future.done():
            pending.popleft()
