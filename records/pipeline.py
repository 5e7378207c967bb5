"""Statements in one message to PostgreSQL, by libpq's own pipeline. Only `records.driver` imports this, where there is a PostgreSQL.

The driver's pipeline goes to and fro for each statement, and takes some 50 µs of the processor for it, a multiple of
what this takes. What is prepared, and how a transaction begins, is the driver's to know: its registry is used, so that
a statement that it lets go is not believed to be there.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, errors
from psycopg._preparing import Prepare
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """query  the text, with $1, $2, … for its parameters
    wants  the names of the parameters in that order
    said   the values of those that are part of the statement
    types  none is told: the text says what each parameter is, or the database finds out
    """

    query: bytes
    wants: tuple[str, ...]
    said: Mapping[str, Any]
    types: tuple[int, ...] = ()

    def values(self, about: Mapping[str, Any]) -> list[Any]:
        said = self.said
        return [about[name] if name in about else said[name] for name in self.wants]


def exchanged(
    driver: Connection[Any], asked: Iterable[tuple[Statement, Mapping[str, Any]]], *, and_commit: bool = False
) -> list[list[Any]]:
    """The rows that each statement finds. Raises `psycopg.Error`; none of them is done then.

    A transaction is begun where there is none, and with `and_commit` ended, in the same message. All of it is sent before
    an answer is waited for: a socket takes some 100 KB, and who waited with more than that would wait for ever.
    """
    pgconn, transformer, sending = driver.pgconn, Transformer(driver), _Sending(driver)
    pgconn.enter_pipeline_mode()
    try:
        if not driver.autocommit and pgconn.transaction_status == TransactionStatus.IDLE:
            sending.plainly(driver._get_tx_start_command())
        places = [sending.prepared(statement, about, transformer) for statement, about in asked]
        if and_commit:
            sending.plainly(b"COMMIT")
        pgconn.pipeline_sync()
        replies = driver.wait(_replies(pgconn, sending.count + 1))
    except BaseException:
        driver.close()  # nobody knows what is still under way
        raise
    pgconn.exit_pipeline_mode()
    for (reply,) in replies:
        if reply.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(reply)
    sending.keep()
    return [_rows(transformer, replies[place][0]) for place in places]


class _Sending:
    """Counts what is sent, as each has its reply."""

    def __init__(self, driver: Connection[Any]) -> None:
        self.count = 0
        self._pgconn, self._registry = driver.pgconn, driver._prepared
        self._new: dict[Statement, bytes] = {}

    def plainly(self, command: bytes) -> None:
        self._pgconn.send_query_params(command, None)
        self.count += 1

    def prepared(self, statement: Statement, about: Mapping[str, Any], transformer: Any) -> int:
        """The place of its reply."""
        values = statement.values(about)
        formats = [PyFormat.BINARY if type(value) is bytes else PyFormat.TEXT for value in values]
        told = transformer.dump_sequence(values, formats)
        name = self._new.get(statement)
        if name is None:
            state, name = self._registry.get(statement, prepare=True)  # type: ignore[arg-type]
            if state is not Prepare.YES:
                self._pgconn.send_prepare(name, statement.query)
                self.count += 1
                self._new[statement] = name
        self._pgconn.send_query_prepared(name, told, transformer.formats)
        self.count += 1
        return self.count - 1

    def keep(self) -> None:
        for statement, name in self._new.items():
            self._registry.maybe_add_to_cache(statement, Prepare.SHOULD, name)  # type: ignore[arg-type]


def _replies(pgconn: Any, count: int) -> Generator[Any, Any, list[Any]]:
    yield from send(pgconn)
    replies = []
    for _ in range(count):
        replies.append((yield from fetch_many(pgconn)))
    return replies


_kinds: dict[tuple[bytes | None, ...], Callable[[Iterable[Any]], Any]] = {}


def _rows(transformer: Any, reply: Any) -> list[Any]:
    """With the columns by name."""
    names = tuple(reply.fname(place) for place in range(reply.nfields))
    if not names:
        return []
    if names not in _kinds:
        kind: Any = namedtuple("Row", [str(name, "utf-8") for name in names])  # type: ignore[misc]
        _kinds[names] = kind._make
    transformer.set_pgresult(reply)
    found: list[Any] = transformer.load_rows(0, reply.ntuples, _kinds[names])
    return found
