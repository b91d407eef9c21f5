"""What was under way is found again, without reading everything there is."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from ivr.calls.events import Answered, Ended, Queued
from ivr.store import unfinished
from ivr.store.database import Database
from ivr.store.engine.opening import open_engine
from ivr.store.ledger import Ledger
from tests.store.cast import NINE, a_call, at


async def found(ledger: Ledger, minutes: float = 0, ended_by: float = 1000) -> list[str]:
    return [call async for call in ledger.unfinished(at(minutes), ended_by=at(ended_by))]


async def test_calls_without_an_end_are_found_in_the_order_they_began(ledger: Ledger) -> None:
    for number, minutes in enumerate((30, 10, 20)):
        await ledger.append(a_call(f"CA{number}", minutes=minutes)[:3])
        await ledger.append(a_call(f"CA-over-{number}", minutes=minutes))
    assert await found(ledger) == ["CA1", "CA2", "CA0"]


async def test_what_began_before_the_time_asked_for_is_passed_over(ledger: Ledger) -> None:
    await ledger.append(a_call("CA1", minutes=10)[:3])
    await ledger.append(a_call("CA2", minutes=20)[:3])
    assert await found(ledger, minutes=15) == ["CA2"]


async def test_what_ended_a_moment_ago_is_found_too(ledger: Ledger) -> None:
    await ledger.append(a_call("CA1", minutes=0))  # ends after nine minutes
    assert await found(ledger, ended_by=9) == ["CA1"]
    assert await found(ledger, ended_by=9.1) == []


async def test_of_two_ends_the_first_counts(ledger: Ledger) -> None:
    await ledger.append([*a_call("CA1"), Ended(call="CA1", at=at(500), key="another")])
    assert await found(ledger, ended_by=100) == []


async def test_a_call_whose_arrival_was_lost_began_when_it_was_queued(ledger: Ledger) -> None:
    await ledger.append([Queued(call="CA1", at=NINE, key="q", queue="billing")])
    await ledger.append([Answered(call="CA2", at=NINE, key="b")])  # began before we were there
    assert await found(ledger) == ["CA1"]


async def test_many_are_read_a_page_at_a_time_and_none_is_missed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "PAGE", 7)
    calls = [f"CA{number:03}" for number in range(40)]
    for call in calls:  # many began in one microsecond
        await ledger.append([Queued(call=call, at=NINE + timedelta(seconds=len(call) % 2), key="q")])
    assert sorted(set(await found(ledger))) == calls


async def test_the_index_of_beginnings_holds_only_those_and_is_used(
    database: Database, database_url: str
) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            made = text("select sql from sqlite_master where name = 'ix_events_begun'")
            plan = text(
                "explain query plan select at from events"
                " where kind IN ('arrived', 'queued') and at >= 1 order by at, call"
            )
            assert "ix_events_begun" in str(connection.execute(plan).all())
        else:
            made = text("select indexdef from pg_indexes where indexname = 'ix_events_begun'")
        assert "'queued'" in connection.execute(made).scalar_one().lower()
    engine.dispose()
