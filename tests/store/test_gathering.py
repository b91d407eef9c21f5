"""The threads' queues: bounded whatever the database does, and stopped whatever it does."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from ivr.store.engine import gathering
from ivr.store.engine.gathering import Gatherer, StoreUnavailable

Line = Gatherer[int, int]


class Database:
    """Doubles what it is given; hangs while it is told to."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.done: list[int] = []

    def work(self, asked: list[int]) -> list[int]:
        self.free.wait(60)
        self.done += asked
        return [one * 2 for one in asked]


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.free.set()


@pytest.fixture
def line(database: Database) -> Iterator[Line]:
    made: Line = Gatherer("test", database.work, timeout=0.2, waiting=50)
    made.start()
    yield made
    database.free.set()
    made.stop()


async def asked(line: Line, numbers: range) -> list[int | BaseException]:
    return await asyncio.gather(*(line.ask(number) for number in numbers), return_exceptions=True)


async def test_what_is_asked_while_it_hangs_is_bounded_though_its_askers_gave_up(
    line: Line, database: Database
) -> None:
    database.free.clear()
    for first in range(0, 1000, 25):  # each lot waits until it is told that nothing came
        answers = await asked(line, range(first, first + 25))
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    assert line._queue.qsize() <= 50


async def test_once_the_queue_is_full_nobody_waits_to_be_told_so(line: Line, database: Database) -> None:
    database.free.clear()
    for _ in range(2):  # one lot is in hand, the rest fill the queue
        await asked(line, range(60))
    answers = await asked(line, range(1000))
    assert all("too much" in str(answer) for answer in answers)


async def test_when_it_comes_back_the_next_is_answered_and_what_was_given_up_is_not_done(
    line: Line, database: Database
) -> None:
    database.free.clear()
    first = asyncio.ensure_future(line.ask(1))
    await asyncio.sleep(0.05)  # its work has begun
    await asyncio.gather(first, asked(line, range(2, 40)), return_exceptions=True)
    database.free.set()
    for _ in range(100):
        if await asked(line, range(100, 101)) == [200]:
            break
        await asyncio.sleep(0.01)
    assert database.done[0] == 1
    assert not set(database.done) & set(range(2, 40))


async def test_stopping_does_not_wait_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_PATIENCE", 0.1)
    line: Line = Gatherer("test", database.work, timeout=0.1)
    line.start()
    database.free.clear()
    with pytest.raises(StoreUnavailable):
        await line.ask(1)
    began = time.monotonic()
    line.stop()
    assert time.monotonic() - began < 5
