"""Many rows written at once, the quickest way that each database has: COPY for PostgreSQL, tuples for SQLite.

SQLAlchemy makes a dictionary of parameters for every row, which takes longer than writing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import JSON, Connection, Table, bindparam, column, func, insert, select

from records.driver import Question, in_driver, in_one_message
from records.tables.base import STAMP, metadata

MANY = {"postgresql": 8, "sqlite": 200}  # rows; below that nothing is gained
_PREPARED = 1024  # values of one column whose form for the database is remembered, such as days

Rows = Sequence[Mapping[str, Any]]


def insert_many(connection: Connection, table: Table, rows: Rows) -> None:
    """Rows with the same columns. Raises `DBAPIError` as any other statement does."""
    if len(rows) < MANY[connection.dialect.name]:
        connection.execute(insert(table), list(rows))
        return
    names = [column.name for column in table.columns if column.name in rows[0]]  # in the statement's order
    tuples = (_values(row, names) for row in rows)
    if connection.dialect.name == "postgresql":
        _copied(connection, table, names, tuples)
    else:
        _prepared(connection, table, names, tuples)


def insert_counted(connection: Connection, table: Table, rows: Rows) -> list[int]:
    """Rows with the same columns of a table that counts them: their numbers. Raises ValueError where columns differ, `DBAPIError`."""
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows for {table.name} have other columns than the first one: {', '.join(rows[0])}")
    if connection.dialect.name == "postgresql":
        one = _counting(table.name, tuple(rows[0]))
        return [found[0].seq for found in in_one_message(connection, [(one, row) for row in rows])]
    counted = insert(table).returning(table.c.seq, sort_by_parameter_order=True)
    return list(connection.execute(counted, list(rows)).scalars())


def inserting(table: Table, rows: Rows) -> tuple[Question, Mapping[str, Any]]:
    """One statement of PostgreSQL for rows with the same columns, to be sent among others. Several rows go as JSON, their stamp once."""
    if len(rows) == 1:
        return _inserting_one(table.name, tuple(rows[0])), rows[0]
    own = tuple(name for name in rows[0] if name not in STAMP)
    told = msgspec.json.encode([{name: row[name] for name in own} for row in rows]).decode()
    return _inserting_several(table.name, own), {"rows": told, **{name: rows[0][name] for name in STAMP}}


@cache
def _inserting_one(name: str, columns: tuple[str, ...]) -> Question:
    return Question(insert(metadata.tables[name]).values({one: bindparam(one) for one in columns}))


@cache
def _inserting_several(name: str, columns: tuple[str, ...]) -> Question:
    table = metadata.tables[name]
    typed = [column(one, table.c[one].type) for one in columns]
    told = (
        func.json_to_recordset(bindparam("rows", type_=JSON))
        .table_valued(*typed)
        .render_derived(with_types=True)
    )
    stamp = [bindparam(one, type_=table.c[one].type) for one in STAMP]
    chosen = select(*(told.c[one] for one in columns), *stamp)
    return Question(insert(table).from_select([*columns, *STAMP], chosen))


@cache
def _counting(name: str, columns: tuple[str, ...]) -> Question:
    table = metadata.tables[name]
    return Question(insert(table).values({one: bindparam(one) for one in columns}).returning(table.c.seq))


def _values(row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    if len(row) != len(names):
        raise ValueError(f"a row has {len(row)} columns where the first one names {len(names)} of the table")
    return [row[name] for name in names]


def _copied(
    connection: Connection, table: Table, names: Sequence[str], tuples: Iterator[Sequence[Any]]
) -> None:
    quoted = connection.dialect.identifier_preparer
    columns = ", ".join(quoted.quote(name) for name in names)
    statement = f"COPY {quoted.format_table(table)} ({columns}) FROM STDIN"
    with (
        in_driver(connection, statement) as driver,
        driver.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for one in tuples:
            copy.write_row(one)


def _prepared(
    connection: Connection, table: Table, names: Sequence[str], tuples: Iterator[Sequence[Any]]
) -> None:
    dialect = connection.dialect
    statement = str(
        insert(table).values(dict.fromkeys(names)).compile(dialect=dialect, column_keys=list(names))
    )
    ways = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    dated = [(place, _remembering(way)) for place, way in enumerate(ways) if way is not None]
    ready = []
    for one in tuples:
        row = list(one)
        for place, way in dated:
            row[place] = way(row[place])
        ready.append(tuple(row))
    connection.exec_driver_sql(statement, ready)


def _remembering(way: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Most values of a column that is written otherwise than it is are the same: the day of writing."""
    known: dict[Any, Any] = {}

    def written(value: Any) -> Any:
        try:
            return known[value]
        except (KeyError, TypeError):
            made = way(value)
        if len(known) < _PREPARED:
            known[value] = made
        return made

    return written
