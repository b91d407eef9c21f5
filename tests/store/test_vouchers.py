"""Vouchers: each code once on a list, sealed, and given once."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from ivr.farewell.moments import Farewell, Promise
from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.seal import Seal
from ivr.store.tables import farewells, given, heard
from ivr.store.tables import vouchers as table
from ivr.store.vouchers import Added, VoucherList, Vouchers
from tests.store.cast import NINE, a_farewell, at


@pytest.fixture
def vouchers(database: Database, seal: Seal) -> Vouchers:
    return Vouchers(database, seal)


def promising(call: str, code: str) -> Farewell:
    return a_farewell(call, promises=[Promise("voucher", NINE, f"Your code: {code}.")])


async def give(ledger: Ledger, vouchers: Vouchers, call: str, queue: str | None = None) -> str | None:
    """The code that this call is given; None when there is none left."""
    one = await vouchers.one_for(call, queue)
    if one is None:
        return None
    kept = await ledger.keep_farewell(promising(call, one.code), caller=None, at=NINE, voucher=one.id)
    assert kept is not None
    return one.code


async def test_a_code_is_added_once_however_often_it_is_brought(vouchers: Vouchers) -> None:
    assert await vouchers.add(["A-1", "A-2", "A-1"], queue=None, at=NINE) == Added(new=2, known=1)
    assert await vouchers.add(["A-2", "A-3"], queue="billing", at=NINE) == Added(new=1, known=1)
    assert await vouchers.lists() == [VoucherList(None, 2, 0), VoucherList("billing", 1, 0)]


async def test_a_code_added_under_an_older_secret_is_known_under_the_newer(database: Database) -> None:
    await Vouchers(database, Seal(["old"])).add(["A-1"], queue=None, at=NINE)
    later = Vouchers(database, Seal(["new", "old"]))
    assert await later.add(["A-1"], queue=None, at=NINE) == Added(new=0, known=1)
    one = await later.one_for("CA1", None)
    assert one is not None
    assert one.code == "A-1"


async def test_no_code_stands_in_the_table_as_it_is(database: Database, vouchers: Vouchers) -> None:
    await vouchers.add(["TEA-4471"], queue=None, at=NINE)
    rows = await database.look(lambda connection: list(connection.execute(select(table))))
    assert "TEA-4471" not in repr(rows)


async def test_what_no_secret_opens_any_more_is_passed_over(database: Database, vouchers: Vouchers) -> None:
    await Vouchers(database, Seal(["a secret that is gone"])).add(["A-1", "A-2"], queue=None, at=NINE)
    assert await vouchers.one_for("CA1", None) is None
    await vouchers.add(["B-1"], queue=None, at=NINE)
    one = await vouchers.one_for("CA1", None)
    assert one is not None
    assert one.code == "B-1"


async def test_however_many_no_secret_opens_the_codes_behind_them_are_given(
    database: Database, ledger: Ledger, vouchers: Vouchers
) -> None:
    gone = [f"A-{number}" for number in range(40)]
    await Vouchers(database, Seal(["a secret that is gone"])).add(gone, queue=None, at=NINE)
    await vouchers.add(["B-1", "B-2"], queue=None, at=NINE)
    assert {await give(ledger, vouchers, "CA1"), await give(ledger, vouchers, "CA2")} == {"B-1", "B-2"}
    assert await give(ledger, vouchers, "CA3") is None
    await vouchers.add(["B-3"], queue=None, at=NINE)
    assert await give(ledger, vouchers, "CA4") == "B-3"


async def test_callers_of_one_moment_are_seldom_offered_the_same_code(vouchers: Vouchers) -> None:
    await vouchers.add([f"A-{number}" for number in range(20)], queue=None, at=NINE)
    offered = [await vouchers.one_for(f"CA{number}", None) for number in range(40)]
    assert len({one.code for one in offered if one is not None}) > 8


async def test_two_who_add_codes_at_once_number_them_one_after_another(database_url: str, seal: Seal) -> None:
    opened = [Database(database_url, timeout=10.0) for _ in range(2)]
    for each in opened:
        each.start()
    try:
        codes = [[f"{name}-{number}" for number in range(200)] for name in "ABCD"]
        await asyncio.gather(
            *(
                Vouchers(opened[number % 2], seal).add(each, queue=None, at=NINE)
                for number, each in enumerate(codes)
            )
        )
        chosen = select(table.c.number).order_by(table.c.number)
        numbers = await opened[0].look(lambda connection: connection.execute(chosen).scalars().all())
        assert numbers == list(range(1, 801))
    finally:
        for each in opened:
            each.stop()


async def test_each_code_is_given_once_the_queues_own_first(ledger: Ledger, vouchers: Vouchers) -> None:
    await vouchers.add(["A-1", "A-2"], queue=None, at=NINE)
    await vouchers.add(["B-1", "B-2"], queue="billing", at=NINE)
    codes: Sequence[str | None] = [await give(ledger, vouchers, f"CA{n}", "billing") for n in range(5)]
    assert sorted(map(str, codes[:2])) == ["B-1", "B-2"]
    assert sorted(map(str, codes[2:4])) == ["A-1", "A-2"]
    assert codes[4] is None
    assert await vouchers.lists() == [VoucherList(None, 0, 2), VoucherList("billing", 0, 2)]


async def test_a_list_of_another_queue_is_left_alone(ledger: Ledger, vouchers: Vouchers) -> None:
    await vouchers.add(["B-1"], queue="billing", at=NINE)
    assert await vouchers.one_for("CA1", "sales") is None
    assert await vouchers.one_for("CA1", None) is None


async def test_more_codes_than_are_looked_at_at_once_are_all_given(
    ledger: Ledger, vouchers: Vouchers
) -> None:
    codes = [f"A-{number}" for number in range(40)]
    await vouchers.add(codes, queue=None, at=NINE)
    found = [await give(ledger, vouchers, f"CA{number}") for number in range(40)]
    assert sorted(map(str, found)) == sorted(codes)
    await vouchers.add(["B-1"], queue=None, at=NINE)
    assert await give(ledger, vouchers, "CA99") == "B-1"


async def test_who_loses_the_code_to_another_call_keeps_nothing_and_can_try_again(
    database: Database, ledger: Ledger, vouchers: Vouchers
) -> None:
    await vouchers.add(["A-1"], queue=None, at=NINE)
    one = await vouchers.one_for("CA1", None)
    assert one is not None
    first, second = promising("CA1", one.code), promising("CA2", one.code)
    assert await ledger.keep_farewell(first, caller="ana", at=at(1), turn=1, voucher=one.id) == first
    assert await ledger.keep_farewell(second, caller="bo", at=at(1), turn=1, voucher=one.id) is None
    record = await ledger.read("CA2", caller=["bo"])
    assert (record.farewells, record.promises, record.turn) == ((), (), 1)
    assert await vouchers.one_for("CA2", None) is None
    without = a_farewell("CA2")
    assert await ledger.keep_farewell(without, caller="bo", at=at(2), turn=1) == without
    for own, many in ((given, 1), (farewells, 2), (heard, 2)):
        rows = await database.look(lambda connection, own=own: list(connection.execute(select(own))))
        assert len(rows) == many
