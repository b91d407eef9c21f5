"""What a thread asks of its own connection, whichever database it is.

Statements are SQLAlchemy's, compiled once and then run on the driver's cursor: passing through SQLAlchemy's
execution costs more than most of these statements do.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Connection, Select, Table

Row = tuple[Any, ...]


class Unit:
    """Rows that are written together or not at all."""

    __slots__ = ("deciding", "rows")

    def __init__(self, rows: Sequence[tuple[Table, dict[str, Any]]], deciding: int = 0) -> None:
        self.rows = rows
        self.deciding = deciding  # so many of the first rows must all be new, or none of the unit is written


class Among:
    """`query` where `column` is one of many values; asked for all of them at once."""

    def __init__(self, query: Select[Any], column: ColumnElement[str]) -> None:
        self.query, self.column = query, column


class Newest:
    """For each of many values, the `most` rows of `query` with the highest `order`.

    Each row is (value, then what the query selects), newest first for one value.
    """

    def __init__(self, query: Select[Any], column: ColumnElement[str], order: Column[int], most: int) -> None:
        self.query, self.column, self.order, self.most = query, column, order, most


class Hand(Protocol):
    """One thread's own connection, opened when first used, and opened anew after `drop`."""

    @property
    def connection(self) -> Connection:
        """For statements too rare to compile beforehand. Reads only."""

    def among(self, query: Among, values: Sequence[str]) -> list[Row]: ...

    def newest(self, query: Newest, values: Sequence[str]) -> list[Row]: ...

    def keep(self, units: Sequence[Unit]) -> list[bool]:
        """Write units in one transaction; for each, whether it was written: its deciding rows were all new."""

    def dead(self) -> bool:
        """Whether the connection broke, so that a new one may do what this one could not."""

    def drop(self) -> None:
        """Close the connection, if there is one."""


def gathered(units: Iterable[Unit]) -> dict[Table, list[Row]]:
    """The rows of all units but their deciding ones, by table, in the columns' order; tables by name.

    Every writer goes through the tables in one order, so that no two wait for each other in a ring.
    """
    tables: dict[Table, list[Row]] = {}
    for unit in units:
        for table, row in unit.rows[unit.deciding :] if unit.deciding else unit.rows:
            rows = tables.get(table)
            if rows is None:
                rows = tables[table] = []
            rows.append(values(table, row))
    return dict(sorted(tables.items(), key=lambda item: item[0].name)) if len(tables) > 1 else tables


def values(table: Table, row: dict[str, Any]) -> Row:
    """A row in the columns' order; a column that is not named is null."""
    names = _NAMES.get(table)
    if names is None:
        names = _NAMES[table] = tuple(table.columns.keys())
    return tuple(map(row.get, names))


_NAMES: dict[Table, tuple[str, ...]] = {}
