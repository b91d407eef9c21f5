"""What came with a caller on the line is kept as soon as it can be, for a minute, and memory has its bounds."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ivr import watch
from ivr.calls.events import Event, Spoke
from ivr.line import keeping
from ivr.line.keeping import Keeping
from ivr.rehearsal.clock import Clock
from ivr.store.database import StoreError, StoreUnavailable

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)


class Ledger:
    """Keeps what it is given, unless it is told what to raise; None never answers."""

    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.asked = 0
        self.raises: dict[str, Exception | None] = {}
        self.away: Exception | bool | None = False
        self.at_hand: Any = None

    async def append(self, events: Sequence[Event], personal: Sequence[Any] = ()) -> None:
        self.asked += 1
        wrong = self.raises.get(events[0].call, self.away)
        if wrong is None:
            await asyncio.Event().wait()
        if isinstance(wrong, Exception):
            raise wrong
        self.kept += events


def event(call: str = "CA1", moment: str = "opening") -> Event:
    return Spoke(call=call, at=NINE, key=f"1:{moment}", moment=moment)


@pytest.fixture
def clock() -> Clock:
    return Clock(NINE, patience=10.0)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def kept(ledger: Ledger, clock: Clock) -> Keeping:
    return Keeping(ledger, clock)  # type: ignore[arg-type]


async def passes(clock: Clock, seconds: float) -> None:
    await clock.run(asyncio.ensure_future(clock.sleep(seconds)))


def unkept() -> float:
    return watch.UNKEPT._value.get()


async def test_what_can_be_kept_at_once_is_and_nothing_stays_in_memory(kept: Keeping, ledger: Ledger) -> None:
    await kept.keep([event()])
    assert (ledger.kept, list(kept.of("CA1"))) == ([event()], [])


async def test_what_cannot_is_read_from_memory_and_kept_when_the_database_is_back(
    kept: Keeping, ledger: Ledger, clock: Clock
) -> None:
    ledger.away = StoreUnavailable("away")
    for moment in ("opening", "apology"):
        await kept.keep([event(moment=moment)])
    await passes(clock, 50)
    assert [each.moment for each in ledger.at_hand("CA1")] == ["opening", "apology"]
    ledger.away = False
    await passes(clock, 2)
    assert ledger.kept == [event(), event(moment="apology")]
    assert list(kept.of("CA1")) == []
    assert clock.waiting() == []


async def test_after_a_minute_it_is_given_up_and_counted(kept: Keeping, ledger: Ledger, clock: Clock) -> None:
    before, ledger.away = unkept(), StoreUnavailable("away")
    await kept.keep([event(), event("CA2")])
    await passes(clock, 58)
    assert unkept() == before
    await passes(clock, 5)
    assert unkept() == before + 2
    assert (list(kept.of("CA1")), clock.waiting()) == ([], [])


async def test_while_it_is_away_nobody_else_waits_to_find_that_out_and_one_asks_for_all(
    kept: Keeping, ledger: Ledger, clock: Clock
) -> None:
    ledger.away = StoreUnavailable("away")
    for number in range(500):
        await kept.keep([event(f"CA{number}")])
    assert ledger.asked == 1
    await passes(clock, 10)
    assert ledger.asked <= 14
    ledger.away = False
    await passes(clock, 2)
    assert len(ledger.kept) == 500
    await kept.keep([event("CA-after")])
    assert ledger.kept[-1].call == "CA-after"


async def test_what_is_refused_holds_up_nothing_else(kept: Keeping, ledger: Ledger, clock: Clock) -> None:
    before, ledger.raises["CA-bad"] = unkept(), StoreError("refused")
    await kept.keep([event("CA-bad")])
    await kept.keep([event("CA1")])
    assert ledger.kept == [event("CA1")]
    await passes(clock, 70)
    assert unkept() == before + 1


async def test_a_database_that_does_not_answer_is_not_waited_for(
    kept: Keeping, ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 0.05)
    ledger.away = None
    async with asyncio.timeout(5):
        await kept.keep([event()])
    assert list(kept.of("CA1")) == [event()]


async def test_an_answer_that_is_given_up_does_not_take_its_event_with_it(
    kept: Keeping, ledger: Ledger, clock: Clock
) -> None:
    ledger.away = None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await kept.keep([event()])
    ledger.away = False
    await passes(clock, 2)
    assert ledger.kept == [event()]


async def test_memory_has_its_bounds(
    kept: Keeping, ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST", 10)
    before, ledger.away = unkept(), StoreUnavailable("away")
    for number in range(25):
        await kept.keep([event(f"CA{number}")])
    assert unkept() == before + 15
    ledger.away = False
    await passes(clock, 2)
    assert len(ledger.kept) == 10


async def test_a_service_that_stops_keeps_what_it_still_can_and_counts_the_rest(
    kept: Keeping, ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ledger.away = unkept(), StoreUnavailable("away")
    await kept.keep([event()])
    ledger.away = False
    await kept.close()
    assert (ledger.kept, unkept()) == ([event()], before)
    ledger.away = None
    monkeypatch.setattr(keeping, "LAST_TRY", 0.05)
    monkeypatch.setattr(keeping, "AT_ONCE", 0.05)
    await kept.keep([event("CA2")])
    await kept.close()
    assert unkept() == before + 1
    assert clock.now() - NINE < timedelta(minutes=1)
