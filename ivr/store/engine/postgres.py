"""PostgreSQL, through psycopg."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    URL,
    BindParameter,
    Column,
    Connection,
    Engine,
    LargeBinary,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    literal_column,
    select,
    true,
)  # fmt: skip

from ivr.store.engine.hand import Among, Newest, Row, Unit, gathered, values


def open_postgres(url: URL, *, timeout: float) -> Engine:
    """An engine; nothing is connected yet. `timeout`: seconds for one statement."""
    # A vanished server is noticed within seconds, also while we only wait for it to answer: the thread that
    # waits holds everybody up.
    arguments = {
        "connect_timeout": 2, "tcp_user_timeout": 3000, "keepalives_idle": 3, "keepalives_interval": 1,
        "keepalives_count": 3, "application_name": "ivr",
    }  # fmt: skip
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=arguments,
        pool_size=3,
        max_overflow=2,
        pool_timeout=2,
        pool_pre_ping=True,
    )

    def connected(driver: Any, _: object) -> None:
        driver.execute(f"set statement_timeout = {int(timeout * 1000)}")
        # A commit is answered when it is on the disk, even where the server's default is looser.
        driver.execute(
            "select set_config('synchronous_commit', 'on', false)"
            " where current_setting('synchronous_commit') = 'off'"
        )
        driver.commit()

    event.listen(engine, "connect", connected)
    return engine


class PostgresHand:
    """One thread's connection to PostgreSQL. Each statement is its own transaction unless one is begun."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._statements: dict[object, str] = {}

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def among(self, query: Among, values: Sequence[str]) -> list[Row]:
        statement = self._statements.get(query)
        if statement is None:
            found = query.query.where(query.column == any_(_many()))
            statement = self._statements[query] = str(found.compile(dialect=self._engine.dialect))
        return self._rows(statement, values)

    def newest(self, query: Newest, values: Sequence[str]) -> list[Row]:
        statement = self._statements.get(query)
        if statement is None:
            asked = func.unnest(_many()).table_valued("value").render_derived("asked")
            found = query.query.where(query.column == asked.c.value).order_by(query.order.desc())
            newest = found.limit(literal_column(str(query.most))).lateral("newest")
            joined = select(asked.c.value, *newest.c).select_from(asked.join(newest, true()))
            statement = self._statements[query] = str(joined.compile(dialect=self._engine.dialect))
        return self._rows(statement, values)

    def keep(self, units: Sequence[Unit]) -> list[bool]:
        deciding = [unit for unit in units if unit.deciding]
        driver = self._driver()
        if not deciding:
            tables = gathered(units)
            if len(tables) == 1:  # one statement is one transaction: no round trip for BEGIN and COMMIT
                self._insert(driver.cursor(), *tables.popitem())
            else:
                with driver.pipeline(), driver.transaction():
                    for table, rows in tables.items():
                        self._insert(driver.cursor(), table, rows)
            return [True] * len(units)
        with driver.pipeline(), driver.transaction():
            losing = self._losing(driver, deciding)
            for table, rows in gathered([unit for unit in units if id(unit) not in losing]).items():
                self._insert(driver.cursor(), table, rows)
        return [id(unit) not in losing for unit in units]

    def dead(self) -> bool:
        return self._connection is not None and bool(self._driver().closed)

    def drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _driver(self) -> Any:
        return self.connection.connection.driver_connection

    def _rows(self, statement: str, values: Sequence[str]) -> list[Row]:
        rows: list[Row] = self._driver().execute(statement, {"values": list(values)}).fetchall()
        return rows

    def _losing(self, driver: Any, deciding: Sequence[Unit]) -> set[int]:
        """Which units found one of their deciding rows there already, by id; those of the others are there now.

        Waits for others who write the same.
        """
        losing: set[int] = set()
        while deciding:
            lost, again = self._decide(driver, deciding)
            losing |= lost
            deciding = again
        return losing

    def _decide(self, driver: Any, deciding: Sequence[Unit]) -> tuple[set[int], list[Unit]]:
        """Who loses, by id, and who may try again: those who gave way to one that lost in its turn.

        What a unit had written before it lost is taken back.
        """
        own: dict[Table, dict[Row, tuple[Unit, Row]]] = {}
        gave_way: dict[int, list[Unit]] = {}
        for unit in deciding:
            for table, row in unit.rows[: unit.deciding]:
                whole = values(table, row)
                first = own.setdefault(table, {}).setdefault(whole[: len(table.primary_key)], (unit, whole))
                if first[0] is not unit:
                    gave_way.setdefault(id(unit), []).append(first[0])
        lost: set[int] = set()
        taken: dict[Table, list[Row]] = {}
        for table in sorted(own, key=lambda table: table.name):
            cursor = driver.cursor()
            self._insert(cursor, table, [whole for _, whole in own[table].values()], returning=True)
            taken[table] = cursor.fetchall()
            new = set(taken[table])
            lost |= {id(unit) for key, (unit, _) in own[table].items() if key not in new}
        out = lost | gave_way.keys()
        for table, keys in taken.items() if out else ():
            if back := [key for key in keys if id(own[table][key][0]) in out]:
                driver.cursor().execute(self._taking_back(table), _columns(back))
        again = [
            unit
            for unit in deciding
            if id(unit) in gave_way
            and id(unit) not in lost
            and all(id(rival) in out for rival in gave_way[id(unit)])
        ]
        return out - {id(unit) for unit in again}, again

    def _insert(self, cursor: Any, table: Table, rows: list[Row], *, returning: bool = False) -> None:
        """All rows in one statement, in the order of their keys: two machines then cannot deadlock."""
        keys = len(table.primary_key)
        rows.sort(key=lambda row: row[:keys])
        statement = self._statements.get((table, returning))
        if statement is None:
            statement = self._statements[table, returning] = self._compiled(table, returning)
        cursor.execute(statement, _columns(rows))

    def _compiled(self, table: Table, returning: bool) -> str:
        columns, arrays = self._arrays(table.columns)
        own, _ = self._arrays(table.primary_key)
        taken = f"insert into {table.name} ({columns}) select * from unnest({arrays})"  # noqa: S608 -- our own names
        return f"{taken} on conflict do nothing{f' returning {own}' if returning else ''}"

    def _taking_back(self, table: Table) -> str:
        """Deletes the rows with these keys; too rare to be kept compiled."""
        own, arrays = self._arrays(table.primary_key)
        return f"delete from {table.name} where ({own}) in (select * from unnest({arrays}))"  # noqa: S608 -- our own names

    def _arrays(self, columns: Iterable[Column[Any]]) -> tuple[str, str]:
        """The columns' names, and the places of a list of values for each."""
        dialect = self._engine.dialect
        name = dialect.identifier_preparer.format_column
        arrays = (
            # Bytes travel as bytes; the rest as text, which needs no type to be told beforehand.
            f"{'%b' if isinstance(column.type, LargeBinary) else '%s'}::{column.type.compile(dialect)}[]"
            for column in columns
        )
        return ", ".join(name(column) for column in columns), ", ".join(arrays)


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows as a list of values for each column."""
    return list(map(list, zip(*rows, strict=True)))


def _many() -> BindParameter[Any]:
    return bindparam("values", type_=ARRAY(Text))
