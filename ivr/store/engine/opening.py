"""Which database a URL names."""

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ivr.store.engine.gathering import StoreError
from ivr.store.engine.hand import Hand
from ivr.store.engine.postgres import PostgresHand, open_postgres
from ivr.store.engine.sqlite import SqliteHand, open_sqlite


def open_engine(url: str, *, timeout: float = 5.0) -> Engine:
    """An engine for `sqlite:///file`, `sqlite://` (in memory) or `postgresql://…`; nothing is connected yet.

    `timeout`: seconds for one statement, waiting for others' locks included. Raises StoreError in a sentence for the operator.
    """
    parsed = _parse(url)
    if _kind(parsed) == "sqlite":
        return open_sqlite(parsed, memory=in_memory(url), timeout=timeout)
    return open_postgres(parsed, timeout=timeout)


def hand(engine: Engine) -> Hand:
    """A connection for one thread."""
    return SqliteHand(engine) if engine.dialect.name == "sqlite" else PostgresHand(engine)


def in_memory(url: str) -> bool:
    """Whether this database lives and dies with the process."""
    parsed = _parse(url)
    return _kind(parsed) == "sqlite" and parsed.database in (None, "", ":memory:")


def place(url: str) -> str:
    """Where a database is, for the operator: without user and password."""
    parsed = _parse(url)
    if _kind(parsed) == "sqlite":
        return parsed.database or "memory"
    host = parsed.host or parsed.query.get("host") or "this machine"
    return f"{host if isinstance(host, str) else host[0]}{f':{parsed.port}' if parsed.port else ''}"


def _kind(url: URL) -> str:
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        return kind
    if kind in ("postgresql", "postgres"):
        return "postgresql"
    raise StoreError(f"IVR_DATABASE_URL names {kind!r}; it may be sqlite:///… or postgresql://…")


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, NoSuchModuleError, ValueError):  # not quoted: a URL may hold a password
        raise StoreError("IVR_DATABASE_URL is not a URL; try sqlite:///var/ivr.sqlite3") from None
