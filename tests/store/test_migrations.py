"""From an empty database to the tables the code names."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from ivr.store import migrations
from ivr.store.database import Database, StoreError, StoreUnavailable
from ivr.store.drafts import Drafts
from ivr.store.engine.opening import open_engine
from ivr.store.ledger import Ledger
from ivr.store.migrations import _config, is_current, migrate, newest
from ivr.store.published import packed, version_row
from ivr.store.seal import Seal
from ivr.store.shelf import Shelf
from ivr.store.tables import metadata
from tests.store.cast import NINE


def test_an_empty_database_is_brought_up_to_date_once(empty_database_url: str) -> None:
    assert not is_current(empty_database_url)
    assert migrate(empty_database_url) == newest()
    assert is_current(empty_database_url)
    assert migrate(empty_database_url) == newest()


def test_the_migrations_make_exactly_the_tables_the_code_names(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_index_of_callers_holds_only_rows_that_name_one(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            made = text("select sql from sqlite_master where name = 'ix_events_who'")
        else:
            made = text("select indexdef from pg_indexes where indexname = 'ix_events_who'")
        assert "who is not null" in connection.execute(made).scalar_one().lower()
    engine.dispose()


def test_workers_that_start_together_migrate_once(empty_database_url: str) -> None:
    program = f"from ivr.store.migrations import migrate; print(migrate({empty_database_url!r}))"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [worker.communicate() for worker in workers] == [(f"{newest()}\n", "")] * 4
    assert is_current(empty_database_url)


def test_a_database_of_a_newer_program_is_left_alone(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer version"):
        migrate(database_url)
    assert not is_current(database_url)


def test_a_database_that_is_away_is_said_to_be_so() -> None:
    with pytest.raises(StoreUnavailable):
        migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_database_in_memory_needs_no_migration() -> None:
    assert migrate("sqlite://") == newest()
    assert is_current("sqlite://")


OLD_ROWS = {
    "0001": [
        "insert into events values ('CA1', 'arrived', 'a', 1, 'ours', 'ana', '{}')",
        "insert into farewells values ('CA1', 1, 'en-GB', 1, 'aside', 'plain', 2, 'ana')",
        "insert into heard (caller, at, call, part, variants) values ('ana', 2, 'CA1', 1, '{\"goodbye\":[\"a\"]}')",
        "insert into heard (caller, at, call, part, variants) values ('ana', 3, 'CA2', 1, '{}')",
        "insert into promises (id, call, part, kind, due, state) values ('p', 'CA1', 1, 'call_back', 5, 'open')",
        "insert into versions (version, digest, files, by, note, published_at) values (1, 'd', :files, 'serve', 'n', 7)",
        "insert into people (name, role) values ('Ana', 'writer')",
        "insert into tokens (name, sha256) values ('crm', 's')",
    ],
    "0002": [],
    "0003": [
        "insert into drafts values (1, 1, 'Ana', 8, 1, null, null)",
        "insert into draft_pages values (1, 'en-GB/goodbye.yaml', :page, '', 'Ana', 8)",
        "insert into changes values (1, 1, 'en-GB/goodbye.yaml', 'Ana', 8, 'why', null, :page)",
    ],
    "0004": ["insert into places values ('ana', 'billing', 'CA1', 'p', 9, null)"],
}


@pytest.mark.parametrize("revision", OLD_ROWS)
async def test_a_database_in_use_is_brought_up_from_every_earlier_revision_with_all_that_is_in_it(
    empty_database_url: str, revision: str
) -> None:
    engine = open_engine(empty_database_url)
    with engine.begin() as connection:
        for each, rows in OLD_ROWS.items():
            command.upgrade(_config(connection), each)
            for row in rows:
                values = {"files": version_row(1, {"rules.yaml": "a: 1"}, "", "", NINE)["files"]}
                values |= {"page": packed("words")}
                made = text(row)
                connection.execute(made, {name: values[name] for name in made.compile().params})
            if each == revision:
                break
    engine.dispose()
    assert migrate(empty_database_url) == newest()
    database = Database(empty_database_url)
    database.start()
    try:
        shelf, drafts, ledger = Shelf(database), Drafts(database), Ledger(database, Seal(["s"]))
        assert await shelf.in_force() == (1, {"rules.yaml": "a: 1"})
        [version] = await shelf.versions()
        assert (version.by, version.approved_by, version.restores) == ("serve", None, None)
        record = await ledger.read("CA9", caller=["ana"])
        assert record.heard == {"goodbye": ("a",)}
        assert record.turn == 1
        current = await drafts.current()
        assert (current is not None) == (revision >= "0003")
        if current is not None:
            assert current.pages["en-GB/goodbye.yaml"].text == "words"
        with pytest.raises(StoreError):
            await database.change(
                lambda connection: connection.execute(text("update versions set note = 'x'"))
            )
    finally:
        database.stop()


def test_every_earlier_revision_is_tried() -> None:
    earlier = {each.stem[:4] for each in (Path(migrations.__file__).parent / "versions").glob("0*.py")}
    assert {*OLD_ROWS, newest()} == earlier
