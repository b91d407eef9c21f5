"""How SQLite looks up what webhooks ask for: by an index, each time, whatever lies in the tables."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from ivr.farewell.moments import Promise
from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.migrations import migrate
from ivr.store.places import Places
from ivr.store.seal import Seal
from ivr.store.vouchers import Vouchers
from tests.store.cast import NINE, a_call, a_farewell


def plan(connection: Connection, question: str) -> str:
    return str(connection.exec_driver_sql(f"explain query plan {question}").all())


async def test_nothing_that_webhooks_ask_reads_a_whole_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ivr.sqlite3"
    migrate(url)
    database = Database(url)
    asked: list[str] = []
    seal = Seal(["s"])
    ledger, places, vouchers = Ledger(database, seal), Places(database), Vouchers(database, seal)
    database.start()
    try:
        await ledger.append(a_call("CA1", "ana"))
        farewell = a_farewell("CA1", promises=[Promise("front_of_queue", NINE + timedelta(days=7))])
        await ledger.keep_farewell(farewell, caller="ana", at=NINE, queue="billing")
        await vouchers.add(["A-1"], queue=None, at=NINE)
        for hand in (database._reader, database._writer):
            driver = hand.connection.connection.driver_connection
            assert driver is not None
            driver.set_trace_callback(asked.append)
        await ledger.read("CA1", caller=["ana", "bo"], since=NINE, announced=True)
        await ledger.answered_by("CA1-agent")
        await ledger.room("CF1")
        await ledger.caller_among(["CA1", "CA2"])
        await ledger.knows("CA1")
        await ledger.number("CA1")
        assert [call async for call in ledger.unfinished(NINE, ended_by=NINE)] == ["CA1"]
        assert await places.take("CA2", ["ana"], "billing", NINE)
        assert not await places.waiting("billing", NINE)
        assert await vouchers.one_for("CA1", "billing") is not None
        questions = [statement for statement in asked if statement.lower().startswith("select")]
        plans = {question: await database.look(partial(plan, question=question)) for question in questions}
    finally:
        database.stop()
    assert len(plans) > 12
    assert [question for question, how in plans.items() if "SCAN" in how] == []
    assert any("ix_places_queue_until (queue=? AND until>?)" in how for how in plans.values())
