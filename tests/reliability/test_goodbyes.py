"""Many workers at once: one farewell a call, never the same goodbye twice, and each voucher given once."""

from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.vouchers import Vouchers
from tests.reliability.goodbyes import ASKED, SEAL, at_once
from tests.store.cast import NINE, a_call

WORKERS = 3


async def rung(database: Database, calls: list[tuple[str, str]]) -> None:
    for call, caller in calls:
        await Ledger(database, SEAL).append(a_call(call, caller=caller))


async def test_calls_of_one_caller_that_end_at_once_end_in_different_words(
    database: Database, database_url: str
) -> None:
    calls = [(f"CA{number}", "ana") for number in range(5)]
    await rung(database, calls)
    found = at_once(database_url, calls, workers=WORKERS)
    assert {call: len(answers) for call, answers in found.items()} == {
        call: WORKERS * ASKED for call, _ in calls
    }
    told = {call: {goodbye for goodbye, *_ in answers} for call, answers in found.items()}
    assert all(len(goodbyes) == 1 for goodbyes in told.values()), told  # whichever worker was asked
    assert len(set.union(*told.values())) == len(calls), told
    record = await Ledger(database, SEAL).read("CA-next", caller=["ana"])
    assert record.turn == len(calls) + 1
    assert len(record.heard["goodbye"]) == len(calls)


async def test_two_farewells_never_give_one_voucher_and_who_comes_too_late_is_promised_none(
    database: Database, database_url: str
) -> None:
    calls = [(f"CA{number}", f"caller-{number}") for number in range(6)]
    await rung(database, calls)
    codes = ["TEA-1", "TEA-2", "TEA-3", "TEA-4"]
    vouchers = Vouchers(database, SEAL)
    await vouchers.add(codes, queue=None, at=NINE)
    found = at_once(database_url, calls, workers=WORKERS)
    given = {call: {tuple(texts) for _, *texts in answers} for call, answers in found.items()}
    assert all(len(texts) == 1 for texts in given.values()), given
    texts = sorted(text for (said,) in given.values() for text in said)
    assert texts == [f"Your code: {code}." for code in codes]
    assert [(one.left, one.given) for one in await vouchers.lists()] == [(0, 4)]
