"""The end of the audit chain: hashed by the program on SQLite and inside PostgreSQL, to the same bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from records import tables
from records.audit import count
from records.chain import FIRST, Entry, hash_of
from records.database import Database, writing
from records.people import Identity, register_person

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def chain(database: Database) -> list[dict[str, object]]:
    with database.engine.connect() as connection:
        found = connection.execute(select(tables.audit).order_by(tables.audit.c.seq))
        return [dict(one._mapping) for one in found]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4),
    st.text("李'\"\\\n王 a", min_size=1, max_size=8),
)
def test_whatever_is_written_down_is_hashed_to_the_same(
    database: Database, told: list[tuple[str, str]], actor: str
) -> None:
    before = len(chain(database))
    with writing(database, actor) as write:
        write.entries.extend(
            Entry(action, "person", subject, n, f"{before}-{n}", "0" * 64)
            for n, (action, subject) in enumerate(told)
        )
    entries = chain(database)
    assert len(entries) == before + len(told)
    previous = FIRST
    for number, one in enumerate(entries, 1):
        assert (one["seq"], one["previous"]) == (number, previous)
        previous = hash_of(one)
        assert one["hash"] == previous


def test_what_cannot_be_added_takes_the_whole_transaction_with_it(database: Database) -> None:
    with writing(database, "li") as write:
        register_person(write, Identity("p1", "甲"))
    before = chain(database)
    taken = str(before[0]["entry"])
    with pytest.raises(DBAPIError), writing(database, "li") as write:
        write.connection.execute(insert(tables.anchor), {"seq": 1, "hash": "x", "signature": b"", "at": ""})
        write.entries.append(Entry("again", "person", "p1", 0, taken, "0" * 64))
    assert chain(database) == before
    with database.engine.connect() as connection:
        assert connection.execute(select(tables.anchor)).first() is None
    with writing(database, "li") as write:  # and the connection is as good as before
        register_person(write, Identity("p2", "乙"))
    assert len(chain(database)) > len(before)


def test_many_who_write_at_once_make_one_chain(database: Database) -> None:
    def note(number: int) -> None:
        for again in range(5):
            with writing(database, f"clerk-{number}") as write:
                write.entries.append(Entry("look", "person", "p", 0, f"{number}-{again}", "0" * 64))

    with ThreadPoolExecutor(8) as at_once:
        list(at_once.map(note, range(8)))
    entries = chain(database)
    assert len(entries) == 40
    assert [one["previous"] for one in entries[1:]] == [one["hash"] for one in entries[:-1]]
    with database.engine.connect() as connection:
        assert count(connection) == 40


def test_more_entries_than_a_socket_takes_at_once(database: Database) -> None:
    """As of a county that is loaded: some ten megabytes in one message, of which nobody may wait for the rest."""
    many = 20_000
    with writing(database, "li") as write:
        if not database.is_sqlite:
            write.connection.exec_driver_sql("SET LOCAL statement_timeout = '60s'")
        write.entries.extend(
            Entry("load", "household", f"{n}-" + "x" * 150, 0, f"many-{n}", "0" * 64) for n in range(many)
        )
    with database.engine.connect() as connection:
        assert count(connection) == many
