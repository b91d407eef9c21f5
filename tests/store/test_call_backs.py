"""Callers to be rung back: kept once, listed in order, and taken off the list by hand."""

import pytest

from ivr.calls.events import Answered, Arrived, LeftQueue, Pressed, Queued
from ivr.store.call_backs import CallBack, CallBacks
from ivr.store.database import Database
from ivr.store.ledger import Ledger, Personal
from ivr.store.seal import Seal
from tests.store.cast import at

NUMBER = "+447700900123"


@pytest.fixture
def call_backs(database: Database, ledger: Ledger) -> CallBacks:
    return CallBacks(database, ledger)


async def asks(ledger: Ledger, call: str, minutes: float, *, number: str = NUMBER) -> None:
    """Waits five minutes, presses the key, and leaves the queue a few seconds later."""
    await ledger.append(
        [
            Arrived(call=call, at=at(minutes), key="a"),
            Queued(call=call, at=at(minutes), key="1", queue="billing"),
        ]
    )
    pressed = Pressed(call=call, at=at(minutes + 5), key="k", digit="1", moment="call_back")
    sealed = Personal(call, "number", "caller", at(minutes + 5), number)
    for _ in range(2):
        await ledger.keep_call_back(pressed, sealed)
    await ledger.append([LeftQueue(call=call, at=at(minutes + 5.1), key="l", result="leave", waited=306)])


async def test_who_asked_first_is_listed_first_with_number_queue_and_wait(
    ledger: Ledger, call_backs: CallBacks
) -> None:
    await asks(ledger, "CA2", 20)
    await asks(ledger, "CA1", 0, number="+447700900124")
    assert await call_backs.due() == [
        CallBack("CA1", at(5), "billing", "+447700900124", 306),
        CallBack("CA2", at(25), "billing", NUMBER, 306),
    ]


async def test_who_has_been_rung_is_off_the_list_for_good(ledger: Ledger, call_backs: CallBacks) -> None:
    await asks(ledger, "CA1", 0)
    assert await call_backs.done("CA1")
    assert not await call_backs.done("CA1")
    await asks(ledger, "CA1", 0)  # news that comes late changes nothing
    assert await call_backs.due() == []
    assert not await call_backs.done("CA9")


async def test_who_was_talked_to_after_all_is_not_listed(ledger: Ledger, call_backs: CallBacks) -> None:
    await asks(ledger, "CA1", 0)
    await ledger.append([Answered(call="CA1", at=at(5.2), key="b", agent="CA7", waited=306)])
    assert await call_backs.due() == []


async def test_a_number_nobody_can_open_any_more_is_forgotten(database: Database, ledger: Ledger) -> None:
    await asks(ledger, "CA1", 0)
    other = CallBacks(database, Ledger(database, Seal(["another secret"])))
    assert [one.number for one in await other.due()] == [None]
