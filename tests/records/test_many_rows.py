"""Many rows at once are the same rows as one by one, and refused as those are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from api import metrics
from records import tables
from records.database import Database
from records.many_rows import MANY as LIMITS
from records.many_rows import insert_counted, insert_many

STAMP = {
    "recorded_on": date(2026, 9, 1),
    "recorded_at": datetime(2026, 9, 1, 8, 30, 1, 250, tzinfo=UTC),
    "recorded_by": "li",
    "entry": "e",
}
ODD = ("a\tb\\n\n", "王 O'Neill", "\\N", "", '","')


MANY = max(LIMITS.values())


def rows(many: int) -> list[dict[str, Any]]:
    made = [
        {
            "kind": "task",
            "about": f"{ODD[number % len(ODD)]}{number}",
            "household_id": "h1",
            "subject": "household",
            "policy": "",
            "owner": "township",
            "severity": "low",
            "gravity": number,
            "due": None if number % 3 else date(2026, 9, 1 + number % 28),
            "term": "{}",
            "evidence": ODD[number % len(ODD)],
            "certain": number % 2 == 0,
            "harm": None if number % 5 else "1.50",
            "same_as": f"{number:064d}",
        }
        for number in range(many)
    ]
    return [{**one, **STAMP, "seq": number} for number, one in enumerate(made, 1)]  # in an order of their own


@pytest.fixture
def household(database: Database) -> Database:
    with database.engine.begin() as connection:
        row = {"household_id": "h1", "version": 1, "area": "sample_county", **STAMP}
        connection.execute(insert(tables.household), row)
    return database


def written(database: Database) -> list[dict[str, Any]]:
    with database.engine.connect() as connection:
        found = connection.execute(select(tables.notice).order_by(tables.notice.c.seq))
        return [dict(one._mapping) for one in found]


def test_many_are_what_each_would_be(household: Database) -> None:
    with household.engine.begin() as connection:
        connection.execute(insert(tables.notice), rows(MANY + 1))
        one_by_one = [
            dict(one._mapping)
            for one in connection.execute(select(tables.notice).order_by(tables.notice.c.seq))
        ]
        connection.rollback()
    with household.engine.begin() as connection:
        insert_many(connection, tables.notice, rows(MANY + 1))
    assert written(household) == one_by_one and len(one_by_one) == MANY + 1
    assert {one["evidence"] for one in one_by_one} == set(ODD)


def test_sealed_bytes_stay_what_they_are(household: Database) -> None:
    sealed = [
        {"subject": f"s{n}", "wrapped": bytes([n % 256, 0, 92, 10, 255]), "key_version": 1}
        for n in range(MANY)
    ]
    with household.engine.begin() as connection:
        insert_many(connection, tables.data_key, [one | STAMP for one in sealed])
        found = connection.execute(select(tables.data_key.c.subject, tables.data_key.c.wrapped)).all()
    assert {one.subject: bytes(one.wrapped) for one in found} == {
        one["subject"]: one["wrapped"] for one in sealed
    }


@pytest.mark.parametrize("wrong", [{"same_as": f"{3:064d}"}, {"kind": "gossip"}, {"household_id": "nobody"}])
def test_all_or_none_are_written(household: Database, wrong: dict[str, Any]) -> None:
    many = rows(MANY + 50)
    many[-1] |= wrong
    with pytest.raises(IntegrityError) as refused, household.engine.begin() as connection:
        insert_many(connection, tables.notice, many)
    assert isinstance(refused.value, DBAPIError) and refused.value.orig is not None
    assert written(household) == []


def test_rows_that_are_counted_have_their_own_numbers(household: Database) -> None:
    many = [{name: value for name, value in row.items() if name != "seq"} for row in rows(12)]
    with household.engine.begin() as connection:
        numbers = insert_counted(connection, tables.notice, many)
    assert {number: row["about"] for number, row in zip(numbers, many, strict=True)} == {
        row["seq"]: row["about"] for row in written(household)
    }


def test_who_watches_the_database_is_told_of_what_it_refuses(household: Database) -> None:
    metrics.watch(household.engine)
    refused = metrics.ERRORS.labels("IntegrityError")
    before = refused._value.get()
    with pytest.raises(IntegrityError), household.engine.begin() as connection:
        insert_counted(connection, tables.notice, [rows(1)[0] | {"household_id": "nobody"}])
    assert refused._value.get() == before + 1


def test_rows_have_the_same_columns(household: Database) -> None:
    many = rows(MANY)
    del many[5]["due"]
    for insert_them in (insert_many, insert_counted):
        with pytest.raises(ValueError, match="columns"), household.engine.begin() as connection:
            insert_them(connection, tables.notice, many)
    assert written(household) == []
