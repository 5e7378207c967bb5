"""Past SQLAlchemy, to PostgreSQL's own driver: for what only it can do, such as several questions in one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

FAILED = "relief_failed"
"""The execution option of an engine that says who is told of errors that SQLAlchemy does not see."""


class Question:
    """What is asked again and again: on PostgreSQL in the words of the driver, made once.

    SQLAlchemy takes longer to work out what it has asked before than the driver takes to ask it.
    """

    def __init__(self, statement: Executable) -> None:
        self.statement = statement

    @cached_property
    def _words(self) -> tuple[str, dict[str, Any]]:
        compiled = self.statement.compile(dialect=postgresql.psycopg.dialect())  # type: ignore[attr-defined,no-untyped-call]
        return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}

    def asked(self, connection: Connection, about: Mapping[str, Any]) -> Sequence[Any]:
        """The rows that it finds, their columns by name. Raises `DBAPIError`."""
        if connection.dialect.name != "postgresql":
            return connection.execute(self.statement, dict(about)).all()
        with in_driver(connection, self._words[0]) as driver:
            return self.sent(driver, about).fetchall()  # type: ignore[no-any-return]

    def sent(self, driver: Any, about: Mapping[str, Any]) -> Any:
        """The driver's cursor for its answer."""
        from psycopg.rows import namedtuple_row

        text, said = self._words
        return driver.cursor(row_factory=namedtuple_row).execute(text, {**said, **about})


def in_one_message(
    connection: Connection, questions: Iterable[tuple[Question, Mapping[str, Any]]]
) -> list[list[Any]]:
    """What each question finds, on PostgreSQL. Raises `DBAPIError`."""
    with in_driver(connection, "several questions") as driver:
        with driver.pipeline():
            cursors = [one.sent(driver, about) for one, about in questions]
            sent_off(driver)
        return [cursor.fetchall() for cursor in cursors]


def sent_off(driver: Any) -> None:
    """Waits until the database has taken all of what was said in a pipeline so far.

    The driver waits for answers as soon as nothing is left to begin; what had no room in the socket then stays where
    it is, and both sides wait for ever. Belongs behind whatever may be longer than a socket takes at once (some 100 KB).
    """
    from psycopg.generators import send

    driver.wait(send(driver.pgconn))


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
        failed = DBAPIError.instance(
            statement, None, error, Error, hide_parameters=True, dialect=connection.dialect
        )
        connection.get_execution_options().get(FAILED, _nobody)(failed)
        raise failed from error


def _nobody(_: Exception) -> None:
    pass
