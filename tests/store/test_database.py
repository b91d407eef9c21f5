"""Group commit: what is acknowledged is kept, and one bad row spoils nothing but itself."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, event, func, insert, make_url, select

from ivr.store.database import Database, StoreConflict, StoreError, StoreUnavailable
from ivr.store.engine.hand import Among, Hand, Newest
from ivr.store.tables import events, farewells, heard, personal, tokens

CALLS = Among(select(events.c.call, events.c.key), events.c.call)
LATEST = Newest(select(events.c.call, events.c.at), events.c.who, events.c.at, 2)

Row = tuple[Table, dict[str, Any]]


def row(call: str, key: str = "k", *, at: int = 1, who: str | None = None) -> Row:
    return events, {
        "call": call,
        "kind": "queued",
        "key": key,
        "at": at,
        "clock": "ours",
        "who": who,
        "data": "",
    }


def farewell(call: str, locale: str) -> Row:
    return farewells, {"call": call, "part": 1, "locale": locale, "way": "aside", "tone": "plain", "at": 1}


def calls(hand: Hand, asked: list[list[str]]) -> list[list[str]]:
    return [sorted(call for call, _ in hand.among(CALLS, one)) for one in asked]


async def count(database: Database, table: Table = events) -> int:
    counted: int = await database.look(
        lambda connection: connection.scalar(select(func.count()).select_from(table))
    )
    return counted


async def test_what_is_written_can_be_read(database: Database) -> None:
    assert await database.write([row("CA1", "a"), row("CA1", "b"), row("CA2")])
    assert await database.read(calls, ["CA1", "CA9"]) == ["CA1", "CA1"]


async def test_nothing_to_write_is_written_at_once(database: Database) -> None:
    assert await database.write([])


async def test_a_repeat_changes_nothing(database: Database) -> None:
    await asyncio.gather(*(database.write([row("CA1"), row("CA1")]) for _ in range(20)))
    assert await count(database) == 1


async def test_many_writers_are_committed_together_and_each_is_answered(database: Database) -> None:
    answers = await asyncio.gather(*(database.write([row(f"CA{n}"), row(f"CB{n}")]) for n in range(700)))
    assert answers == [True] * 700
    assert await count(database) == 1400


async def test_many_readers_are_answered_together_and_each_with_its_own(database: Database) -> None:
    await database.write([row(f"CA{n}") for n in range(700)])
    answers = await asyncio.gather(*(database.read(calls, [f"CA{n}"]) for n in range(700)))
    assert answers == [[f"CA{n}"] for n in range(700)]
    everything = sorted(f"CA{n}" for n in range(700))
    assert await database.read(calls, everything) == everything


async def test_the_newest_rows_are_found_for_each_value(database: Database) -> None:
    await database.write([row(f"CA{n}", at=n, who="Ana") for n in range(5)] + [row("CB", at=9, who="Bo")])

    def latest(hand: Hand, asked: list[list[str]]) -> list[list[Any]]:
        return [hand.newest(LATEST, one) for one in asked]

    found = await database.read(latest, ["Ana", "Bo", "nobody"])
    assert sorted(map(tuple, found)) == [("Ana", "CA3", 3), ("Ana", "CA4", 4), ("Bo", "CB", 9)]
    assert [at for who, _, at in found if who == "Ana"] == [4, 3]


@pytest.mark.parametrize(
    "bad", [{"at": 2**70}, {"clock": None}, {"data": {"not": "text"}}, {"key": "\ud800"}]
)
async def test_a_bad_row_fails_alone(database: Database, bad: dict[str, Any]) -> None:
    spoilt = (events, row("CA-bad")[1] | bad)
    answers = await asyncio.gather(
        database.write([row("CA1")]),
        database.write([row("CA-with-bad"), spoilt]),
        database.write([row("CA2")]),
        return_exceptions=True,
    )
    assert answers[0] is answers[2] is True
    assert isinstance(answers[1], StoreError)
    assert not isinstance(answers[1], StoreUnavailable)
    assert await database.read(calls, ["CA1", "CA-with-bad", "CA2", "CA-bad"]) == ["CA1", "CA2"]


async def test_what_the_database_says_of_a_bad_row_is_not_repeated(database: Database) -> None:
    with pytest.raises(StoreError) as told:
        await database.write([(events, row("CA +447700900123")[1] | {"clock": None})])
    assert "+447700900123" not in str(told.value)
    assert told.value.__cause__ is None


async def test_the_first_row_decides_for_the_rest(database: Database) -> None:
    answers = await asyncio.gather(
        *(
            database.write([farewell("CA1", name), row(f"CA-{name}")], deciding=1)
            for name in ("en-GB", "en-US", "en-JM")
        ),
        database.write([farewell("CA2", "en-GB"), row("CA-other")], deciding=1),
        database.write([row("CA-beside")]),
    )
    assert answers == [True, False, False, True, True]
    kept = await database.read(calls, ["CA-en-GB", "CA-en-US", "CA-en-JM", "CA-other", "CA-beside"])
    assert kept == ["CA-beside", "CA-en-GB", "CA-other"]
    assert not await database.write([farewell("CA1", "fr-FR"), row("CA-late")], deciding=1)
    assert await count(database, farewells) == 2


async def test_several_rows_decide_together_and_a_unit_that_loses_one_leaves_nothing(
    database: Database,
) -> None:
    def heard_by(caller: str, call: str, turn: int) -> Any:
        row = {"caller": caller, "at": 1, "call": call, "part": 1, "variants": "{}", "turn": turn}
        return heard, row

    def unit(call: str, caller: str, turn: int) -> Any:
        rows = [farewell(call, "en-GB"), heard_by(caller, call, turn), row(call)]
        return database.write(rows, deciding=2)

    assert await unit("CA1", "ana", 1)
    answers = await asyncio.gather(
        unit("CA2", "ana", 1),  # her turn is taken
        unit("CA3", "ana", 2),
        unit("CA4", "ana", 2),  # the same turn, at the same time
        unit("CA1", "bo", 1),  # that call has its farewell
        unit("CA5", "cy", 1),
    )
    assert answers == [False, True, False, False, True]
    assert await database.read(calls, ["CA1", "CA2", "CA3", "CA4", "CA5"]) == ["CA1", "CA3", "CA5"]
    assert await count(database, farewells) == await count(database, heard) == 3
    assert await unit("CA2", "ana", 3)
    answers = await asyncio.gather(
        unit("CA6", "ana", 3),  # taken: so that it is not in the way of the next
        database.write([farewell("CA6", "en-US"), row("CA6")], deciding=1),
    )
    assert answers == [False, True]


async def test_rows_of_several_tables_are_one_unit(database: Database) -> None:
    sealed = personal, {"call": "CA1", "kind": "number", "key": "n", "at": 1, "sealed": b"\x00\xff"}
    told = heard, {"caller": "x", "at": 1, "call": "CA1", "part": 1, "variants": None}  # may not be null
    with pytest.raises(StoreError):
        await database.write([row("CA1"), sealed, told])
    assert await count(database) == await count(database, personal) == 0
    assert await database.write([row("CA1"), sealed])
    read = await database.look(lambda connection: connection.execute(select(personal.c.sealed)).scalar())
    assert bytes(read or b"") == b"\x00\xff"


async def test_a_change_is_a_transaction_of_its_own(database: Database) -> None:
    def add(connection: Any) -> str:
        connection.execute(insert(tokens).values(name="crm", sha256="0"))
        return "added"

    assert await database.change(add) == "added"
    with pytest.raises(StoreConflict):
        await database.change(add)

    def fail(connection: Any) -> None:
        connection.execute(insert(tokens).values(name="other", sha256="1"))
        raise LookupError("thought better of it")

    with pytest.raises(LookupError):
        await database.change(fail)
    assert await count(database, tokens) == 1


async def test_a_query_that_fails_for_one_is_answered_for_the_others(database: Database) -> None:
    def fussy(hand: Hand, asked: list[str]) -> list[str]:
        if "bad" in asked:
            raise LookupError("bad")
        return [one.upper() for one in asked]

    answers = await asyncio.gather(
        *(database.read(fussy, one) for one in ("a", "bad", "b")), return_exceptions=True
    )
    assert [answers[0], answers[2]] == ["A", "B"]
    assert isinstance(answers[1], LookupError)


async def test_who_looks_sees_what_was_committed_since(database: Database) -> None:
    assert await count(database) == 0
    await database.write([row("CA1")])
    assert await count(database) == 1


async def test_stopping_keeps_all_that_was_asked_and_refuses_what_comes_after(database_url: str) -> None:
    database = Database(database_url, timeout=10.0)
    database.start()
    asked = [asyncio.ensure_future(database.write([row(f"CA{n}")])) for n in range(300)]
    await asyncio.sleep(0)
    database.stop()
    assert await asyncio.gather(*asked) == [True] * 300
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.write([row("CA-late")])
    again = Database(database_url)
    again.start()
    assert await count(again) == 300
    again.stop()


async def test_a_database_serves_one_event_loop_after_another(database: Database) -> None:
    await database.write([row("CA1")])
    elsewhere = threading.Thread(target=lambda: asyncio.run(database.write([row("CA2")])))
    elsewhere.start()
    await asyncio.to_thread(elsewhere.join)
    assert await count(database) == 2


async def test_a_cancelled_writer_harms_nobody(database: Database) -> None:
    gone = asyncio.ensure_future(database.write([row("CA1")]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await database.write([row("CA2")])


async def test_a_locked_database_is_unavailable_and_comes_back(tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "locked.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}", timeout=0.2)
    database.start()
    await database.write([row("CA1")])
    with sqlite3.connect(file) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreUnavailable):
            await database.write([row("CA2")])
        assert await database.read(calls, ["CA1"]) == ["CA1"]  # readers are not held up
        other.rollback()
    other.close()
    assert await database.write([row("CA3")])
    database.stop()


async def test_a_file_that_is_gone_is_unavailable_and_nothing_is_written_to_where_it_was(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file, aside = tmp_path / "gone.sqlite3", tmp_path / "aside.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}")
    database.start()
    await database.write([row("CA1")])
    file.rename(aside)
    with pytest.raises(StoreUnavailable):
        await database.write([row("CA2")])
    with pytest.raises(StoreUnavailable):
        await database.read(calls, ["CA1"])
    assert not await database.answers()
    assert not file.exists()  # no empty one is left in its place
    aside.rename(file)
    assert await database.write([row("CA3")])
    assert await database.read(calls, ["CA1", "CA2", "CA3"]) == ["CA1", "CA3"]
    database.stop()


async def test_a_file_put_in_its_place_is_the_one_that_is_read_and_written(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file, copy = tmp_path / "ivr.sqlite3", tmp_path / "restored.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    copy.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}")
    database.start()
    await database.write([row("CA1")])
    assert await database.read(calls, ["CA1"]) == ["CA1"]
    for name in (Path(f"{file}-wal"), Path(f"{file}-shm")):
        name.unlink(missing_ok=True)
    copy.replace(file)
    assert await database.write([row("CA2")])
    assert await database.read(calls, ["CA1", "CA2"]) == ["CA2"]
    assert await database.answers()
    database.stop()


async def test_a_connection_that_cannot_even_roll_back_is_replaced(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file = tmp_path / "ivr.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    made: list[sqlite3.Connection] = []

    def connected(driver: sqlite3.Connection, _: object) -> None:
        made.append(driver)

    event.listen(Engine, "connect", connected)
    database = Database(f"sqlite:///{file}")
    database.start()
    try:
        await database.write([row("CA1")])

        def authorise(action: int, what: str | None, *_: object) -> int:
            ends = action == sqlite3.SQLITE_TRANSACTION and what in ("COMMIT", "ROLLBACK")
            return sqlite3.SQLITE_DENY if ends else sqlite3.SQLITE_OK

        made[0].set_authorizer(authorise)
        assert await database.write([row("CA2")])
        assert len(made) > 1
        assert await database.read(calls, ["CA1", "CA2"]) == ["CA1", "CA2"]
    finally:
        event.remove(Engine, "connect", connected)
        database.stop()


async def test_whoever_waits_too_long_is_told_to_try_again(database_url: str) -> None:
    database = Database(database_url, timeout=0.1)
    database.start()
    busy = threading.Event()
    held = asyncio.ensure_future(database.change(lambda _: busy.wait(20)))
    late = asyncio.ensure_future(database.write([row("CA1")]))
    answers = await asyncio.gather(held, late, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable, StoreUnavailable]
    busy.set()
    database.stop()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file does not hang up
async def test_a_connection_that_died_is_replaced_without_anybody_noticing(
    request: pytest.FixtureRequest, database: Database, database_url: str
) -> None:
    await database.write([row("CA1")])
    await database.read(calls, ["CA1"])
    with request.getfixturevalue("server").connect() as connection:
        connection.exec_driver_sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
            (make_url(database_url).database,),
        )
    assert await database.write([row("CA2")])
    assert await database.read(calls, ["CA1", "CA2"]) == ["CA1", "CA2"]
    assert await count(database) == 2


async def test_a_server_that_is_away_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    database.start()
    with pytest.raises(StoreUnavailable):
        await database.write([row("CA1")])
    with pytest.raises(StoreUnavailable):
        await database.read(calls, ["CA1"])
    assert not await database.answers()
    database.stop()


async def test_a_database_without_tables_says_what_to_run(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.start()
    assert not await database.answers()
    with pytest.raises(StoreError) as told:
        await database.write([row("CA1")])
    assert not isinstance(told.value, StoreUnavailable)
    database.stop()


async def test_a_database_in_memory_begins_with_its_tables_and_is_shared_by_both_threads() -> None:
    database = Database("sqlite://")
    database.start()
    assert await database.answers()
    asked = [database.write([row(f"CA{n}")]) for n in range(200)]
    await asyncio.gather(*asked, *(database.read(calls, [f"CA{n}"]) for n in range(200)))
    assert await count(database) == 200
    database.stop()


@pytest.mark.parametrize("url", ["mysql://here/ivr", "nonsense", ""])
def test_a_url_of_no_database_we_know_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="IVR_DATABASE_URL"):
        Database(url)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Database(f"sqlite:///{tmp_path}/file/ivr.sqlite3")
