"""Places at the front of a queue: for one number, one queue, seven days, one call."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from ivr.calls.events import Answered, Ended, Event, LeftQueue, Queued
from ivr.farewell.moments import Promise
from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.places import Places
from ivr.store.tables import promises
from tests.store.cast import NINE, a_farewell, at

WEEK = NINE + timedelta(days=7)


@pytest.fixture
def places(database: Database) -> Places:
    return Places(database)


async def promised(ledger: Ledger, call: str = "CA1", caller: str | None = "ana") -> None:
    farewell = a_farewell(call, promises=[Promise("front_of_queue", WEEK)])
    await ledger.keep_farewell(farewell, caller=caller, at=NINE, queue="billing")


async def test_the_next_call_of_that_number_to_that_queue_is_let_in_front_once(
    database: Database, ledger: Ledger, places: Places
) -> None:
    await promised(ledger)
    assert not await places.take("CA2", ["bo"], "billing", at(60))
    assert not await places.take("CA2", ["ana"], "sales", at(60))
    assert not await places.take("CA1", ["ana"], "billing", at(60))  # the call it was promised on
    assert await places.take("CA2", ["ana"], "billing", at(60))
    assert await places.take("CA2", ["ana"], "billing", at(61))  # asked again: the same answer
    assert not await places.take("CA3", ["ana"], "billing", at(70))
    states = await database.look(lambda connection: list(connection.execute(select(promises.c.state))))
    assert states == [("kept",)]


async def test_a_place_is_kept_for_seven_days(ledger: Ledger, places: Places) -> None:
    await promised(ledger)
    assert not await places.take("CA2", ["ana"], "billing", WEEK)
    assert await places.take("CA2", ["ana"], "billing", WEEK - timedelta(seconds=1))
    assert await places.take("CA2", ["ana"], "billing", WEEK)  # the call that took it goes on


async def test_two_calls_at_once_take_one_place_each(ledger: Ledger, places: Places) -> None:
    await promised(ledger, "CA1")
    await promised(ledger, "CA2")
    taken = await asyncio.gather(*(places.take(f"CA-next-{n}", ["ana"], "billing", at(9)) for n in range(3)))
    assert sorted(taken) == [False, True, True]


async def test_a_place_given_back_is_there_for_the_next_call_and_promised_still(
    database: Database, ledger: Ledger, places: Places
) -> None:
    await promised(ledger, "CA1", "ana")
    await promised(ledger, "CA3", "bo")
    assert await places.take("CA2", ["ana"], "billing", at(60))
    assert await places.take("CA4", ["bo"], "billing", at(60))
    await places.give_back("CA2")
    states = await database.look(
        lambda connection: list(connection.execute(select(promises.c.call, promises.c.state)))
    )
    assert sorted(states) == [("CA1", "open"), ("CA3", "kept")]
    assert await places.take("CA5", ["ana"], "billing", at(70))


async def test_of_two_places_the_one_that_ends_first_is_taken(
    database: Database, ledger: Ledger, places: Places
) -> None:
    for call, days in (("CA1", 7), ("CA2", 3)):
        farewell = a_farewell(call, promises=[Promise("front_of_queue", NINE + timedelta(days=days))])
        await ledger.keep_farewell(farewell, caller="ana", at=NINE, queue="billing")
    assert await places.take("CA3", ["ana"], "billing", at(60))
    kept = select(promises.c.call).where(promises.c.state == "kept")
    assert await database.look(lambda connection: connection.execute(kept).scalars().all()) == ["CA2"]


async def test_a_number_hashed_with_an_older_secret_is_known(ledger: Ledger, places: Places) -> None:
    await promised(ledger, caller="old-key")
    assert await places.take("CA2", ["new-key", "old-key"], "billing", at(60))


async def test_who_cannot_be_told_from_others_has_no_place(ledger: Ledger, places: Places) -> None:
    await promised(ledger, caller=None)
    assert not await places.take("CA2", [], "billing", at(60))


def queued(call: str, seconds: float, stay: int = 1) -> Queued:
    return Queued(call=call, at=at(seconds), key=f"{stay}", queue="billing", stay=stay)


def left(call: str, seconds: float, result: str, stay: int = 1) -> LeftQueue:
    return LeftQueue(call=call, at=at(seconds), key=f"{stay}", result=result, stay=stay)


async def test_whoever_was_let_in_front_waits_there_until_something_else_is_told(
    ledger: Ledger, places: Places
) -> None:
    await promised(ledger)
    await ledger.append([queued("CA2", 50), queued("CA-other", 40)])
    assert not await places.waiting("billing", at(55))  # in the queue, as anybody
    assert await places.take("CA2", ["ana"], "billing", at(60))
    assert await places.waiting("billing", at(61))
    assert not await places.waiting("sales", at(61))
    assert not await places.waiting("billing", at(5 * 3600))  # something was lost: nobody waits for so long
    await ledger.append([left("CA2", 65, "bridging-in-process"), queued("CA2", 65, stay=2)])
    assert await places.waiting("billing", at(66))


@pytest.mark.parametrize(
    "event",
    [
        left("CA2", 70, "leave"),
        left("CA2", 70, "hangup"),
        Answered(call="CA2", at=at(70), key="1", agent="CA-agent"),
        Ended(call="CA2", at=at(70), key="1"),
    ],
    ids=["left for the queue", "hung up", "answered", "ended"],
)
async def test_nobody_waits_in_front_who_has_gone_from_there(
    event: Event, ledger: Ledger, places: Places
) -> None:
    await promised(ledger)
    await ledger.append([queued("CA2", 60)])
    assert await places.take("CA2", ["ana"], "billing", at(60))
    await ledger.append([event])
    assert not await places.waiting("billing", at(71))
    await promised(ledger, "CA3", "bo")
    await ledger.append([queued("CA4", 72)])
    assert await places.take("CA4", ["bo"], "billing", at(72))
    assert await places.waiting("billing", at(73))  # one who has gone hides nobody
