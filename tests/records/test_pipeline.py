"""Statements in one message to PostgreSQL: all of them or none, and what the driver lets go is prepared again."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from records import tables
from records.database import Database, reading
from records.driver import Question, in_one_message

anchor = tables.anchor.c
ADDED = Question(
    insert(tables.anchor).values({one: bindparam(one) for one in ("seq", "hash", "signature", "at")})
)
FOUND = Question(
    select(anchor.seq, anchor.signature).where(anchor.hash == bindparam("hash")).order_by(anchor.seq)
)


def signed(seq: int, hash_: str = "x") -> dict[str, object]:
    return {"seq": seq, "hash": hash_, "signature": bytes(range(256)), "at": "2026"}


@pytest.fixture
def postgres(database: Database) -> Database:
    if database.is_sqlite:
        pytest.skip("there is no pipeline")
    return database


def test_a_transaction_is_one_message(postgres: Database) -> None:
    with postgres.engine.connect() as connection, connection.begin() as transaction:
        large = 2**40  # a number of another kind than the first one is the same parameter
        said = [(ADDED, signed(1)), (ADDED, signed(large)), (FOUND, {"hash": "x", "more": 1})]
        *_, found = in_one_message(connection, said, and_commit=True)
        transaction.commit()
    assert [(row.seq, row.signature) for row in found] == [(1, bytes(range(256))), (large, bytes(range(256)))]
    with reading(postgres) as read:
        assert FOUND.asked(read.connection, {"hash": "x"}) == found


def test_none_is_done_when_one_fails(postgres: Database) -> None:
    twice = [(ADDED, signed(1)), (ADDED, signed(1)), (ADDED, signed(2))]
    with postgres.engine.connect() as connection:
        with pytest.raises(IntegrityError), connection.begin():
            in_one_message(connection, twice, and_commit=True)
        with connection.begin():
            assert FOUND.asked(connection, {"hash": "x"}) == []
            in_one_message(connection, [(ADDED, signed(1))])
        assert len(FOUND.asked(connection, {"hash": "x"})) == 1


def test_what_was_let_go_is_prepared_again(postgres: Database) -> None:
    for _ in range(3):  # a transaction that is taken back lets everything go that was prepared
        with reading(postgres) as read:
            assert FOUND.asked(read.connection, {"hash": "x"}) == []
            driver = read.connection.connection.driver_connection
            assert driver is not None
    with reading(postgres) as read:
        for _ in range(7):  # SQLAlchemy's own statements are prepared beside ours
            read.connection.execute(text("SELECT 1"))
            FOUND.asked(read.connection, {"hash": "x"})
        kept = read.connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar()
        assert kept == 2


def test_a_connection_that_was_ended_is_told_as_one(postgres: Database) -> None:
    with postgres.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        own = connection.connection.driver_connection
        assert own is not None
        with postgres.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own.info.backend_pid})
        with pytest.raises(DBAPIError) as told:
            FOUND.asked(connection, {"hash": "x"})
        assert told.value.connection_invalidated or connection.invalidated
    with reading(postgres) as read:
        assert FOUND.asked(read.connection, {"hash": "x"}) == []
