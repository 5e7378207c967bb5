"""The sample county in the record: people with numbers that could be theirs, villages, awards and their payments."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select

from cli.county_record import AREA_CODE, DAY, arrivals, identity_number, registered
from county.sample import Sample, sample
from engine.decision import decide, read_household
from records import households, people, tables
from records.arrivals import Arrival
from records.database import Database, reading, writing
from records.documents import document
from records.intake import write_down_all
from records.standards.gb11643 import problem_with
from records.verify import verify
from tests.support.households import shipped

BOOK = shipped()
KNOWN = date(2099, 1, 1)


@pytest.fixture(scope="module")
def county() -> Sample:
    return sample(BOOK, 150, 3)


@pytest.fixture(scope="module")
def coming(county: Sample) -> list[Arrival]:
    return list(arrivals(BOOK, county.households, registered(county.persons)))


def test_everybody_has_a_number_that_fits(county: Sample) -> None:
    found = registered(county.persons)
    numbers = Counter(one.identity.id_number for one in found.values())
    assert set(numbers.values()) == {1} and len(found) == len(set(county.persons["person_id"].to_pylist()))
    for row in county.persons.to_pylist():
        number = found[row["person_id"]].identity.id_number
        assert number is not None and problem_with(number) == "" and number.startswith(AREA_CODE)
        assert number[6:14] == f"{row['birth_date']:%Y%m%d}"
        assert int(number[16]) % 2 == (row["sex"] == "male")
    assert registered(county.persons) == found


def test_two_entries_of_one_person_share_a_number_and_two_numbers_stay_two(county: Sample) -> None:
    key = [row for row in county.key.to_pylist() if row["command"] == "duplicates"]
    found = registered(county.persons)
    [one, other] = [
        {(row["person_id"], row["other_person_id"]) for row in key if row["kind"] == kind}
        for kind in ("two-households", "two-numbers")
    ]
    assert one and all(a == b or b is None for a, b in one)
    assert other and all(found[a].identity.id_number != found[b].identity.id_number for a, b in other)


def test_there_are_so_many_numbers_and_no_more() -> None:
    day = date(1980, 1, 1)
    assert problem_with(identity_number(day, "male", 499)) == ""
    with pytest.raises(ValueError, match="1980-01-01"):
        identity_number(day, "female", 499)


def test_payments_fit_awards(coming: list[Arrival]) -> None:
    months = 0
    for one in coming:
        awards = {(a["policy"], a.get("person_id")): a for a in one.document.get("awards", ())}
        assert len(awards) == len(one.document.get("statuses", ()))
        for paid in one.document.get("payments", ()):
            award = awards[paid["policy"], paid.get("person_id")]
            assert paid["amount"] == award["amount"] and award["from"] < f"{paid['month']}-01" <= str(DAY)
            months += 1
    assert months > 100


def test_the_county_is_written_down_whole(database: Database, county: Sample, coming: list[Arrival]) -> None:
    for some in (coming[:70], coming[70:]):
        with writing(database, "li") as write:
            write_down_all(write, BOOK, some)
    with reading(database) as read:
        assert verify(read.connection, database.keys.signing.public_key()) is None
        counted = {
            table: read.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.household, tables.person, tables.number, tables.payment)
        }
        assert list(counted.values()) == [
            150,
            len(set(county.persons["person_id"].to_pylist())),
            counted[tables.person],
            sum(len(one.document.get("payments", ())) for one in coming),
        ]
        areas = read.connection.execute(select(tables.household.c.area)).scalars().all()
        assert all(BOOK.areas[area].level == "village" for area in areas)
        for one in coming[::15]:
            _is_the_same(read, one)


def _is_the_same(read, arrival: Arrival) -> None:  # type: ignore[no-untyped-def]
    """The record says what came in, and it is decided alike."""
    told = dict(arrival.document)
    found = document(read, told["household_id"], DAY, KNOWN)
    read_household(BOOK, found)
    before, after = (decide(BOOK, one, on=DAY, known=KNOWN) for one in (told, found))
    assert {name: [f.outcome for f in one.findings] for name, one in before.policies.items()} == {
        name: [f.outcome for f in one.findings] for name, one in after.policies.items()
    }
    head = told["people"][0]["person_id"]
    number = arrival.identities[head].id_number
    assert number is not None and people.find_by_number(read, number) == head
    assert told["household_id"] in households.households_of(read.connection, head, DAY)


def test_more_is_written_after_it(database: Database, coming: list[Arrival]) -> None:
    """The database goes on counting where the many rows end."""
    with writing(database, "li") as write:
        write_down_all(write, BOOK, coming[:3])
    with writing(database, "li") as write:
        household = coming[0].document["household_id"]
        households.claim_as_it_is(write, household)
        households.tell(write, household, [households.Asserted("financial_assets", 1, "bank")])
    with reading(database) as read:
        assert verify(read.connection, database.keys.signing.public_key()) is None
