"""From an empty database to the tables the code names."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from ivr.store.database import StoreError, StoreUnavailable
from ivr.store.engine.opening import open_engine
from ivr.store.migrations import is_current, migrate, newest
from ivr.store.tables import metadata


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
