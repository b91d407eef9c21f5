"""Simulated time: jumps only when nobody works, in an order that never changes."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.rehearsal.clock import Bell, Clock, NobodyMoves, TimeRanOut

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)


async def test_an_hour_passes_in_no_time_and_to_the_second() -> None:
    clock = Clock(NINE)
    began = time.monotonic()
    await clock.run(asyncio.ensure_future(clock.sleep(3600)))
    assert clock.now() == NINE + timedelta(hours=1)
    assert clock.monotonic() == 3600
    assert time.monotonic() - began < 60


async def test_sleepers_wake_in_the_order_of_their_times_and_then_of_their_turns() -> None:
    clock, woken = Clock(NINE), []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    await clock.run(
        asyncio.gather(sleeper("late", 2), sleeper("first", 1), sleeper("second", 1), sleeper("now", 0))
    )
    assert woken == [("now", 0), ("first", 1), ("second", 1), ("late", 2)]


async def test_who_waits_for_others_that_sleep_is_at_rest_too() -> None:
    """Else time would stand still until real patience ran out: far longer than the bound here."""
    clock = Clock(NINE, patience=3_600)

    async def several() -> None:
        await asyncio.gather(clock.sleep(5), asyncio.gather(clock.sleep(7), clock.sleep(1)))
        await asyncio.ensure_future(clock.sleep(10))

    async with asyncio.timeout(60):
        await clock.run(asyncio.ensure_future(several()))
    assert clock.monotonic() == 17


@given(st.lists(st.lists(st.floats(0, 100), max_size=5), max_size=6))
def test_the_same_play_runs_the_same_way_twice(naps: list[list[float]]) -> None:
    def play() -> list[tuple[int, float]]:
        log: list[tuple[int, float]] = []

        async def whole() -> None:
            clock = Clock(NINE)

            async def sleeper(number: int) -> None:
                for nap in naps[number]:
                    await clock.sleep(nap)
                    log.append((number, clock.monotonic()))

            await clock.run(asyncio.gather(*(sleeper(number) for number in range(len(naps)))))

        asyncio.run(whole())
        return log

    first = play()
    assert first == play()
    assert [at for _, at in first] == sorted(at for _, at in first)


async def test_time_stands_still_while_a_thread_works() -> None:
    clock = Clock(NINE, patience=30)
    at: list[float] = []

    async def request() -> None:
        await clock.sleep(5)
        await asyncio.to_thread(time.sleep, 0.05)
        at.append(clock.monotonic())

    await clock.run(asyncio.gather(request(), clock.sleep(60)))
    assert at == [5]


async def test_a_task_begun_by_another_is_waited_for_before_time_moves() -> None:
    clock, at = Clock(NINE, patience=30), []

    async def works() -> None:
        await asyncio.sleep(0.01)
        at.append(clock.monotonic())

    tasks = []

    async def begins() -> None:
        await clock.sleep(1)
        tasks.append(asyncio.create_task(works()))
        await clock.sleep(100)

    await clock.run(asyncio.ensure_future(begins()))
    assert at == [1]


async def test_a_background_loop_on_the_same_clock_ticks_and_does_not_stall_it() -> None:
    clock, ticks = Clock(NINE), []

    async def loop() -> None:
        while True:
            await clock.sleep(10)
            ticks.append(clock.monotonic())

    background = asyncio.create_task(loop())
    await clock.run(asyncio.ensure_future(clock.sleep(35)))
    background.cancel()
    assert ticks == [10, 20, 30]


async def test_a_loop_that_waits_for_work_is_no_reason_to_stop_time() -> None:
    clock, queue = Clock(NINE, patience=0.01), asyncio.Queue[int]()
    waits = asyncio.create_task(queue.get())
    await clock.run(asyncio.ensure_future(clock.sleep(1)))
    assert clock.monotonic() == 1
    waits.cancel()


async def test_after_calm_who_waits_for_work_is_not_waited_for_again() -> None:
    clock, queue = Clock(NINE, patience=1000), asyncio.Queue[int]()
    waits = asyncio.create_task(queue.get())
    await clock.calm(0.01)
    await clock.run(asyncio.ensure_future(clock.sleep(1)))
    assert clock.monotonic() == 1
    waits.cancel()


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = Clock(NINE)
    forgotten = asyncio.create_task(clock.sleep(1000))
    await asyncio.sleep(0)
    forgotten.cancel()
    await clock.run(asyncio.ensure_future(clock.sleep(5)))
    assert clock.monotonic() == 5
    assert clock.waiting() == []


async def test_what_the_play_raises_comes_out() -> None:
    clock = Clock(NINE)

    async def fails() -> None:
        await clock.sleep(1)
        raise LookupError("as told")

    with pytest.raises(LookupError, match="as told"):
        await clock.run(asyncio.ensure_future(fails()))


async def test_past_its_bounds_a_rehearsal_says_who_still_waited() -> None:
    clock = Clock(NINE, longest=timedelta(minutes=1))
    waits = asyncio.create_task(clock.sleep(3600), name="the caller")
    with pytest.raises(TimeRanOut, match=r"1:00:00 of simulated time"):
        await clock.run(waits)
    waits.cancel()


async def test_too_many_steps_are_an_error_too() -> None:
    clock = Clock(NINE, most_steps=50)

    async def spins() -> None:
        while True:
            await clock.sleep(0)

    spinning = asyncio.create_task(spins())
    with pytest.raises(TimeRanOut, match="51 steps"):
        await clock.run(spinning)
    spinning.cancel()


async def test_when_everybody_waits_for_somebody_else_they_are_named() -> None:
    clock = Clock(NINE)

    async def waits() -> None:
        await Bell(clock, "a ring that never comes").wait()

    waiting = asyncio.create_task(waits(), name="agent")
    with pytest.raises(NobodyMoves, match="agent: a ring that never comes"):
        await clock.run(waiting)
    waiting.cancel()


async def test_a_bell_wakes_before_the_time_and_says_which_it_was() -> None:
    clock, told = Clock(NINE), []
    bell = Bell(clock)

    async def waits() -> None:
        told.append((await bell.wait(10), clock.monotonic()))
        told.append((await bell.wait(10), clock.monotonic()))

    async def rings() -> None:
        await clock.sleep(3)
        bell.ring()
        bell.ring()

    await clock.run(asyncio.gather(waits(), rings()))
    assert told == [(True, 3), (False, 13)]


async def test_a_ring_while_nobody_waits_is_kept() -> None:
    clock = Clock(NINE)
    bell = Bell(clock)
    bell.ring()
    assert await clock.run(asyncio.ensure_future(bell.wait(10)))
    assert clock.monotonic() == 0


def test_a_clock_starts_at_an_aware_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        Clock(datetime(2026, 11, 21, 9))  # noqa: DTZ001
