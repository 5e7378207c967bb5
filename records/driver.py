"""Past SQLAlchemy, to PostgreSQL's own driver: for what only it can do, such as several questions in one message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from records.pipeline import Statement

FAILED = "relief_failed"
"""The execution option of an engine that says who is told of errors that SQLAlchemy does not see."""


class Question:
    """What is asked again and again: on PostgreSQL in words that are made once.

    SQLAlchemy takes longer to work out what it has asked before than the driver takes to ask it.
    """

    def __init__(self, statement: Executable) -> None:
        self.statement = statement

    @cached_property
    def words(self) -> Statement:
        from records.pipeline import Statement

        dialect = postgresql.psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
        compiled: Any = self.statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        said = {name: value for name, value in compiled.params.items() if value is not None}
        return Statement(str(compiled).encode(), tuple(compiled.positiontup or ()), said)

    def asked(self, connection: Connection, about: Mapping[str, Any]) -> Sequence[Any]:
        """The rows that it finds, their columns by name. Raises `DBAPIError`."""
        if connection.dialect.name != "postgresql":
            return connection.execute(self.statement, dict(about)).all()
        return in_one_message(connection, [(self, about)])[0]


Said = tuple[Question, Mapping[str, Any]]
"""A statement with its parameters by name; there may be more of them than it has."""


def in_one_message(
    connection: Connection, said: Sequence[Said], *, and_commit: bool = False
) -> list[list[Any]]:
    """What each statement finds, on PostgreSQL; with `and_commit` the transaction is over then. Raises `DBAPIError`."""
    from records.pipeline import exchanged

    with in_driver(connection, "several statements") as driver:
        return exchanged(driver, [(one.words, about) for one, about in said], and_commit=and_commit)


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
