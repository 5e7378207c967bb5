"""Past SQLAlchemy, to PostgreSQL's own driver: for what only it can do, such as several questions in one message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.selectable import GenerativeSelect


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question as the driver takes it. `said`: the parameters that it brings along."""

    text: str
    said: Mapping[str, Any]


def prepared(question: GenerativeSelect) -> Prepared:
    """To be made once: SQLAlchemy takes longer to hand on what it knows than the driver to ask it."""
    compiled = question.compile(dialect=postgresql.psycopg.dialect())  # type: ignore[no-untyped-call]
    return Prepared(
        str(compiled), {name: value for name, value in compiled.params.items() if value is not None}
    )


def in_one_message(
    connection: Connection, questions: Sequence[Prepared], asked: Mapping[str, Any]
) -> list[list[Any]]:
    """What each question finds: rows as named tuples. Raises `DBAPIError`."""
    from psycopg.rows import namedtuple_row

    with in_driver(connection, questions[0].text) as driver:
        with driver.pipeline():
            cursors = [
                driver.cursor(row_factory=namedtuple_row).execute(one.text, {**one.said, **asked})
                for one in questions
            ]
        return [cursor.fetchall() for cursor in cursors]


@contextmanager
def in_driver(connection: Connection, statement: str) -> Iterator[Any]:
    """The driver's connection. What goes wrong is told as SQLAlchemy tells it: raises `DBAPIError`.

    statement: what the error is about.
    """
    from psycopg import Error

    driver: Any = connection.connection.driver_connection
    try:
        yield driver
    except Error as error:
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, Error, hide_parameters=True, dialect=connection.dialect
        ) from error
