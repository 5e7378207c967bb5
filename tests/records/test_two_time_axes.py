"""What was true on a day as known on a day: worked cases 6 and 10 of the fact sheet, from the record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.decision import decide
from records import households
from records.database import Database, reading, writing
from records.documents import document
from records.households import Asserted
from records.refused import Refused
from tests.records.conftest import Clerk, at
from tests.support.households import shipped

BOOK = shipped()


def amounts(database: Database, household: str, on: date, known: date, *policies: str) -> list[Any]:
    with reading(database) as read:
        made = document(read, household, on, known)
    decision = decide(BOOK, made, on=on, known=known, policies=policies, advice=False)
    found = [one.findings[0].amount for one in decision.policies.values()]
    return [None if amount is None else amount.value for amount in found]


def test_a_back_dated_notice_changes_the_answer_for_later_days_only(database: Database, clerk: Clerk) -> None:
    """Case 10: 80 and 80 as known on 2025-05-31; 90 and 90 for the same day as known on 2025-09-30."""
    household = clerk.writes_down("case_10", "2023-03-06")
    on = date(2025, 5, 15)
    subsidies = ("disabled_living", "disabled_care")
    assert amounts(database, household, on, date(2025, 5, 31), *subsidies) == [80, 80]
    assert amounts(database, household, on, date(2025, 9, 30), *subsidies) == [90, 90]


def test_a_death_that_is_told_late_is_known_later_only(database: Database, clerk: Clerk) -> None:
    """Case 6: whoever decides for June before the death is told sees somebody alive."""
    household = clerk.writes_down("case_06", "2025-01-10")
    with reading(database) as read:
        made = document(read, household, date(2026, 9, 1), date(2026, 9, 1))
        version = households.version_of(read.connection, household)
    person = made["people"][0]["person_id"]
    dead = Asserted("whereabouts", "dead", "civil_affairs", person, valid_from=date(2026, 6, 20))
    with writing(database, "wang", at("2026-09-14")) as write:
        households.claim(write, household, version or 0)
        households.tell(write, household, [dead])

    def rows(known: date) -> list[Any]:
        with reading(database) as read:
            found = document(read, household, date(2026, 7, 1), known)
        owner = next(one for one in found["people"] if one["person_id"] == person)
        return [row["value"] for row in owner.get("whereabouts", [])]

    assert "dead" not in rows(date(2026, 9, 13))
    assert rows(date(2026, 9, 14))[-1] == "dead"


def test_nobody_before_it_was_written_down(database: Database, clerk: Clerk) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    with reading(database) as read:
        made = document(read, household, date(2023, 3, 1), date(2023, 3, 5))
    assert made["people"] == [] and "residence" not in made


def test_two_that_start_from_the_same_version_do_not_overwrite_each_other(
    database: Database, clerk: Clerk
) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    with reading(database) as read:
        version = households.version_of(read.connection, household)
    assert version is not None
    rent = [Asserted("financial_assets", 2000, "bank")]
    with writing(database, "li", at("2023-04-01")) as write:
        assert households.claim(write, household, version) == version + 1
        households.tell(write, household, rent)
    with pytest.raises(Refused) as refused, writing(database, "wang", at("2023-04-01")) as write:
        households.claim(write, household, version)
    assert refused.value.code == "stale"
    with reading(database) as read:
        made = document(read, household, date(2023, 4, 2), date(2023, 4, 2))
    assert [row["value"] for row in made["financial_assets"]] == [1000, 2000]


def test_one_person_in_two_households_is_found_on_entry(database: Database, clerk: Clerk) -> None:
    clerk.writes_down("case_10", "2023-03-06")
    with writing(database, "li", at("2024-01-01")) as write:
        households.register(write, "other", "guangxi_sample")
        assert households.join(write, "other", "p1", date(2024, 1, 1)) == ("case_10",)
    with writing(database, "li", at("2024-02-01")) as write:
        households.claim(write, "other", 1)
        households.leave(write, "other", "p1", date(2024, 1, 31))
    with reading(database) as read:
        for day, there in ((date(2024, 1, 31), ["p1"]), (date(2024, 2, 1), [])):
            made = document(read, "other", day, date(2024, 3, 1))
            assert [one["person_id"] for one in made["people"]] == there


def told_of(database: Database, household: str, on: date, known: date) -> dict[str, dict[str, Any]]:
    with reading(database) as read:
        return {one["person_id"]: one for one in document(read, household, on, known)["people"]}


def test_a_household_that_splits_takes_along_what_is_known_of_its_people(
    database: Database, clerk: Clerk
) -> None:
    household = clerk.writes_down("case_06", "2025-01-10")
    day = date(2026, 3, 1)
    before = told_of(database, household, day, day)
    person, *others = before
    with writing(database, "li", at("2026-03-02")) as write:
        households.claim(write, household, households.version_of(write.connection, household) or 0)
        households.split(write, household, "new", [person], date(2026, 3, 2), "sample_county")
    day = date(2026, 3, 2)
    assert told_of(database, "new", day, day) == {person: before[person]}
    assert list(told_of(database, household, day, day)) == others
    with writing(database, "li", at("2026-04-01")) as write:
        households.claim(write, "new", households.version_of(write.connection, "new") or 0)
        households.claim(write, household, households.version_of(write.connection, household) or 0)
        assert households.merge(write, "new", household, date(2026, 4, 1)) == (person,)
    day = date(2026, 4, 1)
    assert told_of(database, "new", day, day) == {}
    assert told_of(database, household, day, day)[person] == before[person]


def test_what_is_told_of_a_person_is_a_write_to_each_of_his_or_her_households(
    database: Database, clerk: Clerk
) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    with writing(database, "li", at("2024-01-01")) as write:
        households.register(write, "other", "guangxi_sample")
        households.join(write, "other", "p1", date(2024, 1, 1))
    with reading(database) as read:
        read_version = households.version_of(read.connection, "other")
        version = households.version_of(read.connection, household)
    with writing(database, "li", at("2024-01-02")) as write:
        households.claim(write, household, version or 0)
        households.tell(write, household, [Asserted("whereabouts", "dead", "civil_affairs", "p1")])
    with (
        pytest.raises(Refused, match="changed meanwhile"),
        writing(database, "wang", at("2024-01-02")) as write,
    ):
        households.claim(write, "other", read_version or 0)
    assert told_of(database, "other", date(2024, 1, 2), date(2024, 1, 2))["p1"]["whereabouts"]


def test_a_household_that_moves_lives_elsewhere_from_then_on(database: Database, clerk: Clerk) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    with writing(database, "li", at("2024-05-01")) as write:
        households.claim(write, household, households.version_of(write.connection, household) or 0)
        households.move(write, household, "guangxi", date(2024, 5, 1), "新城路1号")

    def area(on: date, known: date) -> str:
        with reading(database) as read:
            return str(document(read, household, on, known)["area"])

    assert area(date(2024, 4, 30), date(2024, 5, 2)) == "guangxi_sample"
    assert area(date(2024, 5, 1), date(2024, 5, 2)) == "guangxi"
    assert area(date(2024, 5, 1), date(2024, 4, 30)) == "guangxi_sample"


def test_writing_to_a_household_that_was_not_claimed_is_a_mistake_of_the_program(
    database: Database, clerk: Clerk
) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    with pytest.raises(RuntimeError, match="not claimed"), writing(database, "li", at("2024-01-01")) as write:
        households.tell(write, household, [Asserted("financial_assets", 9, "bank")])
