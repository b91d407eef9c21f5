"""Who works here, and which programs may call: people, agents' PINs and addresses, API tokens.

Neither a PIN nor a token is kept: a PIN as an argon2 hash, a token, which nobody can guess, as its SHA-256.
A telephone is sealed, and recognised by its keyed hash.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from time import monotonic

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, delete, insert, select, update

from ivr.calls.waits import callers_key
from ivr.store.database import Database, StoreConflict
from ivr.store.seal import Seal, SealError
from ivr.store.tables import people, tokens

ROLES = ("agent", "writer", "supervisor", "owner")

LOOK_EVERY = 30.0
"""Seconds for which a list of tokens is trusted: so long may a revoked one still open a door."""
LOOK_AGAIN = 1.0
"""Seconds after which an unknown token is looked for again: it may be new."""


class PeopleError(Exception):
    """Somebody who cannot be added, found or removed. The message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works here."""

    name: str
    role: str
    telephone: str | None
    added_at: datetime


class Roles:
    """Who may do what. Names and roles are no secret, so this needs none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def role(self, name: str) -> tuple[str, str] | None:
        """Somebody's name as it is written here, and their role; None where nobody is called so."""
        try:
            chosen = select(people.c.name, people.c.role).where(people.c.name == _named(name))
        except PeopleError:
            return None
        row = await self._database.look(lambda connection: connection.execute(chosen).first())
        return None if row is None else (row.name, row.role)


class People:
    """The list of people and tokens. Every method may raise StoreError.

    What changes the list is for the command line, and waits; what is asked while the service runs does not.
    """

    def __init__(
        self,
        database: Database,
        seal: Seal,
        *,
        look_every: float = LOOK_EVERY,
        look_again: float = LOOK_AGAIN,
    ) -> None:
        self._database, self._seal = database, seal
        self._look_every, self._look_again = look_every, look_again
        self._tokens: dict[str, str] = {}  # name → SHA-256
        self._looked = float("-inf")  # by time.monotonic

    def add(self, name: str, role: str, telephone: str | None = None) -> str | None:
        """Add somebody. An agent's PIN is returned, and never again. Raises PeopleError."""
        name = _named(name)
        if role not in ROLES:
            raise PeopleError(f"{role!r} is no role; there are {', '.join(ROLES)}")
        row: dict[str, object] = {"name": name, "role": role}
        if telephone is not None:
            address = callers_key(telephone)
            if address is None:
                raise PeopleError(f"{telephone!r} is no telephone; write +15551234567, sip:… or client:…")
            row["address_key"] = self._seal.keys("agent", address)[0]
            row["address"] = self._seal.seal(address.encode(), _about(name))
        with self._opened() as connection:
            if connection.execute(select(people.c.name).where(people.c.name == name)).first():
                raise PeopleError(f"{name} is already here")
            if telephone is not None and (other := self._at_address(connection, telephone)):
                raise PeopleError(f"that telephone is already {other}'s")
            pin = self._free_pin(connection) if role == "agent" else None
            connection.execute(insert(people).values(row | self._pinned(pin)))
        return pin

    def everybody(self) -> list[Person]:
        """Everybody, by name."""
        with self._opened() as connection:
            rows = connection.execute(select(people).order_by(people.c.name)).all()
        return [
            Person(row.name, row.role, self._telephone(row.name, row.address), _utc(row.added_at))
            for row in rows
        ]

    def remove(self, name: str) -> bool:
        """Take somebody off the list; False if nobody there has that name."""
        with self._opened() as connection:
            return bool(connection.execute(delete(people).where(people.c.name == name)).rowcount)

    def new_pin(self, name: str) -> str:
        """Give an agent another PIN, returned and never again. Raises PeopleError."""
        with self._opened() as connection:
            role = connection.execute(select(people.c.role).where(people.c.name == name)).scalar()
            if role is None:
                raise PeopleError(f"there is nobody called {name}")
            if role != "agent":
                raise PeopleError(f"{name} is no agent, and needs no PIN")
            pin = self._free_pin(connection)
            connection.execute(update(people).where(people.c.name == name).values(self._pinned(pin)))
        return pin

    def add_token(self, name: str) -> str:
        """Make a token for a program. Returned, and never again. Raises PeopleError."""
        name, token = _named(name), f"ivr_{secrets.token_urlsafe(32)}"
        with self._opened() as connection:
            if connection.execute(select(tokens.c.name).where(tokens.c.name == name)).first():
                raise PeopleError(f"there is already a token {name}")
            connection.execute(insert(tokens).values(name=name, sha256=_sha256(token)))
        return token

    def revoke_token(self, name: str) -> bool:
        """Take a token's right away, within half a minute on services that run; False if there is none."""
        with self._opened() as connection:
            return bool(connection.execute(delete(tokens).where(tokens.c.name == name)).rowcount)

    def tokens(self) -> dict[str, datetime]:
        """Every token's name, and since when it has been there."""
        with self._opened() as connection:
            rows = connection.execute(
                select(tokens.c.name, tokens.c.created_at).order_by(tokens.c.name)
            ).all()
        return {name: _utc(created) for name, created in rows}

    async def agent_by_address(self, address: str) -> str | None:
        """The name of whose telephone this is: everybody here with one may take calls from it."""
        key = callers_key(address)
        if key is None:
            return None
        keys = self._seal.keys("agent", key)
        chosen = select(people.c.name).where(people.c.address_key.in_(keys))
        return await self._database.look(lambda connection: connection.execute(chosen).scalar())

    async def agent_by_pin(self, pin: str) -> str | None:
        """The name of the agent whose PIN this is.

        Found by its keyed hash, then made sure of by argon2: one verification however many agents there are,
        and one as well for a PIN that is nobody's. It takes some 50 ms, in a thread.
        """
        keys = self._seal.keys("pin", pin)
        chosen = select(people.c.name, people.c.pin).where(
            people.c.role == "agent", people.c.pin_key.in_(keys)
        )
        found = await self._database.look(lambda connection: connection.execute(chosen).first())
        name, kept = found if found is not None else (None, _nobodys())
        right = await asyncio.to_thread(_hasher().verify, pin.encode("utf-8", "surrogatepass"), kept)
        return name if right else None

    async def token_holder(self, token: str) -> str | None:
        """The name of the program whose token this is; None for a token nobody has.

        Raises StoreUnavailable when the list is out of date and the database is away.
        """
        age = monotonic() - self._looked
        name = self._known(token)
        if age > self._look_every or (name is None and age > self._look_again):
            rows = await self._database.look(
                lambda connection: connection.execute(select(tokens.c.name, tokens.c.sha256)).all()
            )
            self._tokens = {row[0]: row[1] for row in rows}
            self._looked = monotonic()
            name = self._known(token)
        return name

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        try:
            with self._database.transaction() as connection:
                yield connection
        except StoreConflict:
            raise PeopleError("somebody else added the same just now") from None

    def _at_address(self, connection: Connection, telephone: str) -> str | None:
        keys = self._seal.keys("agent", callers_key(telephone) or "")
        return connection.execute(select(people.c.name).where(people.c.address_key.in_(keys))).scalar()

    def _telephone(self, name: str, sealed: bytes | None) -> str | None:
        if sealed is None:
            return None
        try:
            return self._seal.open(sealed, _about(name)).decode()
        except SealError:
            return "(sealed with a secret that is gone; remove and add again)"

    def _free_pin(self, connection: Connection) -> str:
        """A PIN nobody has: it alone tells who rings."""
        for _ in range(100):
            pin = f"{secrets.randbelow(1_000_000):06d}"
            keys = self._seal.keys("pin", pin)
            if not connection.execute(select(people.c.name).where(people.c.pin_key.in_(keys))).first():
                return pin
        raise PeopleError("no PIN is free; there are too many agents for six digits")

    def _pinned(self, pin: str | None) -> dict[str, str | None]:
        if pin is None:
            return {"pin": None, "pin_key": None}
        return {"pin": _hasher().hash(pin), "pin_key": self._seal.keys("pin", pin)[0]}

    def _known(self, token: str) -> str | None:
        """Every token is compared, each in constant time, so that the time taken tells nothing."""
        given, found = _sha256(token), None
        for name, kept in self._tokens.items():
            if hmac.compare_digest(kept, given):
                found = name
        return found


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise PeopleError("a name has between 1 and 100 characters, all of them printable")
    return name


def _utc(at: datetime) -> datetime:
    """SQLite hands its own times back without a zone; they are in UTC."""
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _about(name: str) -> bytes:
    return f"people\0{name}".encode()


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys() -> str:
    """The hash of a PIN that cannot be typed: verified where there is none, so that it takes as long."""
    return _hasher().hash(secrets.token_hex(16))
