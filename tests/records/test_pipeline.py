"""Statements in one message to PostgreSQL: all of them or none, and what the driver lets go is prepared again."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from records import tables
from records.database import Database, reading
from records.driver import Question, in_one_message

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite sends nothing

anchor = tables.anchor.c
ADDED = Question(
    insert(tables.anchor).values({one: bindparam(one) for one in ("seq", "hash", "signature", "at")})
)
FOUND = Question(
    select(anchor.seq, anchor.signature).where(anchor.hash == bindparam("hash")).order_by(anchor.seq)
)


def signed(seq: int, hash_: str = "x") -> dict[str, object]:
    return {"seq": seq, "hash": hash_, "signature": bytes(range(256)), "at": "2026"}


def test_a_transaction_is_one_message(database: Database) -> None:
    with database.engine.connect() as connection, connection.begin() as transaction:
        large = 2**40  # a number of another kind than the first one is the same parameter
        said = [(ADDED, signed(1)), (ADDED, signed(large)), (FOUND, {"hash": "x", "more": 1})]
        *_, found = in_one_message(connection, said, and_commit=True)
        transaction.commit()
    assert [(row.seq, row.signature) for row in found] == [(1, bytes(range(256))), (large, bytes(range(256)))]
    with reading(database) as read:
        assert FOUND.asked(read.connection, {"hash": "x"}) == found


def test_none_is_done_when_one_fails(database: Database) -> None:
    twice = [(ADDED, signed(1)), (ADDED, signed(1)), (ADDED, signed(2))]
    with database.engine.connect() as connection:
        with pytest.raises(IntegrityError), connection.begin():
            in_one_message(connection, twice, and_commit=True)
        with connection.begin():
            assert FOUND.asked(connection, {"hash": "x"}) == []
            in_one_message(connection, [(ADDED, signed(1))])
        assert len(FOUND.asked(connection, {"hash": "x"})) == 1


def prepared(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())


def test_what_was_let_go_is_prepared_again(database: Database) -> None:
    with database.engine.connect() as connection:
        for _ in range(3):  # a transaction that is taken back lets everything go that was prepared
            transaction = connection.begin()
            assert FOUND.asked(connection, {"hash": "x"}) == []
            transaction.rollback()
        assert prepared(connection) == 0
        for _ in range(7):  # SQLAlchemy's own statements are prepared beside ours
            connection.execute(text("SELECT 1"))
            FOUND.asked(connection, {"hash": "x"})
        assert prepared(connection) == 2


def test_a_reading_leaves_prepared_what_is_asked_again(database: Database) -> None:
    for _ in range(3):
        with reading(database) as read:
            assert FOUND.asked(read.connection, {"hash": "x"}) == []
    with reading(database) as read:
        assert prepared(read.connection) == 1


def test_nothing_is_written_in_a_reading(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), reading(database) as read:
        in_one_message(read.connection, [(ADDED, signed(1))])
    with database.engine.connect() as connection, connection.begin():  # the next one writes again
        in_one_message(connection, [(ADDED, signed(1))])
    with reading(database) as read:
        assert len(FOUND.asked(read.connection, {"hash": "x"})) == 1


def test_a_connection_that_was_ended_is_told_as_one(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        own = connection.connection.driver_connection
        assert own is not None
        with database.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own.info.backend_pid})
        with pytest.raises(DBAPIError) as told:
            FOUND.asked(connection, {"hash": "x"})
        assert told.value.connection_invalidated or connection.invalidated
    with reading(database) as read:
        assert FOUND.asked(read.connection, {"hash": "x"}) == []
