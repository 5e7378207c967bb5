"""Attempts to sign in: after five that failed an account waits, longer each time, and so does an address that tries many.

An attempt is counted before the password is looked at and forgotten when it was the right one, so that many at the
same time are not more than one after the other. An account that is not there waits like any other.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select, text

from records import sealed, tables
from records.database import Reading, Writing
from records.tables.base import utc

REMEMBERED = timedelta(days=1)
FREE = 5  # failures of an account without waiting
OF_ADDRESS = timedelta(hours=1)
FREE_OF_ADDRESS = 50  # a whole office behind one address
SHORTEST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
_LOCK = 11644  # PostgreSQL: two attempts are counted one after the other


def who(read: Reading, account: str) -> bytes:
    return sealed.blind_index(read.keys, "attempt", account)


def admit(write: Writing, account: str, address: str) -> tuple[timedelta, int]:
    """How long to wait; none: the attempt is counted, with how many failed before it."""
    if write.connection.dialect.name == "postgresql":
        write.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    row = {"who": who(write, account), "address": sealed.blind_index(write.keys, "address-of", address)}
    attempt = tables.attempt.c
    failed, of_account = _wait(write, attempt.who == row["who"], REMEMBERED, FREE)
    _, of_address = _wait(write, attempt.address == row["address"], OF_ADDRESS, FREE_OF_ADDRESS)
    wait = max(of_account, of_address)
    if wait <= timedelta(0):
        write.connection.execute(insert(tables.attempt), {**row, "at": write.at})
    return wait, failed


def forget(write: Writing, account: str) -> None:
    """It was the right password, or a new one was given; also whatever is too old to count."""
    attempt = tables.attempt.c
    write.connection.execute(
        delete(tables.attempt).where(
            (attempt.who == who(write, account)) | (attempt.at < write.at - REMEMBERED)
        )
    )


def wait_after(failures: int, free: int) -> timedelta:
    """From the last failure on: 30 seconds, doubled by each further one, up to a quarter of an hour."""
    if failures < free:
        return timedelta(0)
    return min(SHORTEST_WAIT * (1 << min(failures - free, 10)), LONGEST_WAIT)


def _wait(
    write: Writing, whose: ColumnElement[bool], remembered: timedelta, free: int
) -> tuple[int, timedelta]:
    attempt = tables.attempt.c
    failures, last = write.connection.execute(
        select(func.count(), func.max(attempt.at)).where(whose, attempt.at > write.at - remembered)
    ).one()
    if not failures:
        return 0, timedelta(0)
    since = write.at - utc(last)
    return failures, wait_after(failures, free) - since
