"""The memory, open, on each database."""

import pytest

from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.people import People
from ivr.store.seal import Seal
from ivr.store.shelf import Shelf


@pytest.fixture(scope="session")
def seal() -> Seal:
    return Seal(["a secret for tests"])


@pytest.fixture
def ledger(database: Database, seal: Seal) -> Ledger:
    return Ledger(database, seal)


@pytest.fixture
def people(database: Database, seal: Seal) -> People:
    return People(database, seal)


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)
