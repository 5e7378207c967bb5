"""Other eyes are a constraint of the database: what the program would not do, no statement can."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from records import tables
from records.cases import applying
from records.database import Database
from records.refused import Refused
from records.rights import Role
from tests.records.casework import CAI, TAO, WIN, Bureau, county, worker
from tests.records.test_cases import refuses


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


@pytest.fixture
def household(bureau: Bureau) -> str:
    return bureau.household()


@pytest.fixture
def case(bureau: Bureau, household: str) -> str:
    return bureau.case(household, "dibao")


def test_nobody_acts_in_two_tiers_of_one_case(bureau: Bureau, household: str, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    with refuses("four-eyes") as said:
        bureau.takes(WIN, case, "investigate", text="…", outcome="grant")
    assert "受理" in str(said.value) or "申请" in str(said.value)
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    twice = county("tao-2", person="tao")  # another account of the same person
    with refuses("four-eyes"):
        bureau.takes(twice, case, "refuse", text="…", decision_id=bureau.decision(household))


def test_one_account_is_one_pair_of_eyes_whoever_it_says_it_is(bureau: Bureau, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    lent = worker("win", Role.TOWNSHIP_OFFICER, person="somebody-else")
    with refuses("four-eyes"):
        bureau.takes(lent, case, "investigate", text="…", outcome="grant")


def raw_step(bureau: Bureau, case: str, **changed: Any) -> None:
    """A step by SQL alone: nothing of the program looks at it."""
    last = bureau.steps(case)[-1]
    with bureau.reads() as read:
        row = dict(
            read.connection.execute(
                select(tables.case_step).where(
                    tables.case_step.c.case_id == case, tables.case_step.c.number == 1
                )
            )
            .mappings()
            .one()
        )
    row |= {"number": last.number + 1, "before": last.after.value, "entry": f"{last.number}-raw"}
    row |= {
        "action": "investigate",
        "after": "investigated",
        "tier": "review",
        "person": "x",
        "recorded_by": "x",
    }
    del row["seq"]
    with bureau.database.engine.begin() as connection:
        connection.execute(insert(tables.case_step), row | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"person": "win"},
        {"recorded_by": "win"},
        {"number": 9},
        {"number": 1},
        {"before": "publicised"},
        {"tier": "approval"},
        {"tier": ""},
        {"person": ""},
        {"action": "confirm", "tier": "approval", "after": "confirmed"},
        {"action": "object", "tier": "", "after": "confirmed"},
        {"action": "anything"},
    ],
    ids=str,
)
def test_the_database_takes_no_such_step(bureau: Bureau, case: str, changed: dict[str, Any]) -> None:
    bureau.takes(WIN, case, "accept")
    with pytest.raises(DBAPIError):
        raw_step(bureau, case, **changed)
    assert len(bureau.steps(case)) == 2


def test_the_same_step_by_somebody_else_is_one(bureau: Bureau, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    raw_step(bureau, case)
    assert bureau.steps(case)[-1].person == "x"


def test_a_reviewer_cannot_be_written_in_as_the_approver(bureau: Bureau, household: str, case: str) -> None:
    bureau.until_public(case)
    confirm = {"action": "confirm", "tier": "approval", "after": "confirmed", "level": "county"}
    for changed in ({"person": "tao"}, {"person": "win"}, {"recorded_by": "tao"}):
        with pytest.raises(DBAPIError):
            raw_step(bureau, case, **confirm, **changed)


def test_who_acted_in_a_case_cannot_be_written_into_its_appeal(
    bureau: Bureau, household: str, case: str
) -> None:
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    bureau.takes(CAI, case, "refuse", text="…", decision_id=bureau.decision(household))
    with bureau.writes(WIN) as write:
        again = applying.appeal(write, bureau.book, WIN, case, "…").case_id
    bureau.takes(county("pang", area="mudanjiang"), again, "accept")
    for person in ("tao", "cai"):
        with pytest.raises(DBAPIError):
            raw_step(bureau, again, person=person)
    raw_step(bureau, again, person="nobody-before")


def test_steps_and_notices_are_never_changed(bureau: Bureau, case: str) -> None:
    bureau.until_public(case)
    for table in (tables.case_step, tables.relief_case, tables.application, tables.publicity):
        column = next(iter(table.columns))
        for statement in (table.update().values({column.name: column}), table.delete()):
            with (
                pytest.raises(DBAPIError, match="only added to"),
                bureau.database.engine.begin() as connection,
            ):
                connection.execute(statement)


# --- two at the same time -----------------------------------------------------------------------------------


def test_of_two_clicks_one_wins(bureau: Bureau, case: str) -> None:
    seen = bureau.steps(case)[-1].number
    bureau.takes(WIN, case, "accept", seen=seen)
    with refuses("case-moved"):
        bureau.takes(WIN, case, "accept", seen=seen)


def test_of_two_people_on_two_connections_one_wins(bureau: Bureau, household: str, case: str) -> None:
    bureau.until_public(case)
    bureau.later(8)
    decision, seen = bureau.decision(household), bureau.steps(case)[-1].number
    together = threading.Barrier(2)
    said: list[str] = []

    def decides(name: str, action: str) -> None:
        together.wait()
        try:
            bureau.takes(county(name), case, action, seen=seen, decision_id=decision, text="…")
            said.append("done")
        except Refused as refused:
            said.append(refused.code)

    threads = [threading.Thread(target=decides, args=one) for one in (("cai", "confirm"), ("chen", "refuse"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) in (["case-moved", "done"], ["done", "wrong-step"])
    assert [one.action.value for one in bureau.steps(case)].count("confirm") + [
        one.action.value for one in bureau.steps(case)
    ].count("refuse") == 1
    with bureau.reads() as read:
        awards = read.connection.execute(select(func.count()).select_from(tables.award)).scalar_one()
    assert awards == [one.action.value for one in bureau.steps(case)].count("confirm")
