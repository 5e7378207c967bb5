"""Past SQLAlchemy, to PostgreSQL's own driver: for what only it can do, such as several questions in one message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


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
