"""How cases were decided: against what the rules found, and by approvers whose amounts lie apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from records import tables
from records.database import Database
from records.inspections.opening import Asked
from records.inspections.words import Answer, State, Step
from tests.records.casework import CAI, CHEN, TAO, WIN, Bureau
from tests.records.inspectorate import AUDIT, LEAD, SECOND, TOWN, Inspectorate, paid_after_a_death
from tests.records.test_cases import refuses
from tests.records.test_discretion import REASON, band, confirms, ready, struck

CASES = Asked("decisions", "sample_county", date(2025, 10, 1), date(2026, 12, 31), "审批质量抽查", share="1")


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database, "2026-07-06")


def test_a_refusal_against_the_finding_is_suggested_with_its_decision(
    bureau: Bureau, database: Database
) -> None:
    bureau.day = "2025-10-15"
    household = bureau.household()
    case = bureau.case(household, "dibao")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="refuse")
    step = bureau.takes(CAI, case, "refuse", text="邻居反映其有隐瞒", decision_id=bureau.decision(household))
    office = Inspectorate(database, bureau.day)
    number = office.opens(CASES)
    assert office.draws(number) == [household]
    assert office.runs(number)["against_finding"] == 1
    [row] = [row for row in office.found(number) if row.about == "against_finding"]
    assert (row.case_id, row.policy, row.decision, row.severity) == (case, "dibao", step.decision, "high")
    # whoever decided the case does not answer for it, and neither does who investigated it
    for viewer in (CAI, TAO):
        with refuses("four-eyes"):
            office.answers(row.seq, viewer=viewer)
    office.answers(row.seq, viewer=LEAD)


def test_another_period_or_programme_is_not_looked_at(bureau: Bureau, database: Database) -> None:
    bureau.day = "2025-10-15"
    household = bureau.household()
    case = bureau.case(household, "dibao")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="refuse")
    bureau.takes(CAI, case, "refuse", text="邻居反映其有隐瞒", decision_id=bureau.decision(household))
    office = Inspectorate(database, bureau.day)
    for asked in (
        Asked("decisions", "sample_county", date(2025, 1, 1), date(2025, 10, 14), "抽查", share="1"),
        Asked(
            "decisions",
            "sample_county",
            date(2025, 10, 1),
            date(2026, 12, 31),
            "抽查",
            policies=["tekun"],
            share="1",
        ),
    ):
        with refuses("nobody"):
            office.draws(office.opens(asked))


def test_approvers_whose_amounts_lie_apart_are_named_and_do_not_answer(
    bureau: Bureau, database: Database
) -> None:
    household = struck(bureau)
    least, most = band(bureau, household)
    low, high = str(least), str(min(most, least * 4))
    for viewer, amount in [(CAI, low)] * 6 + [(CHEN, high)] * 6:
        case = ready(bureau, household, amount)
        confirms(bureau, household, case, viewer, amount=amount, again="另一事故", **REASON)
    office = Inspectorate(database, bureau.day)
    number = office.opens(CASES, AUDIT)
    office.draws(number, AUDIT)
    assert office.runs(number, AUDIT)["discretion_outliers"] == 2
    rows = {row.subject: row for row in office.found(number) if row.about == "discretion_outliers"}
    assert set(rows) == {"cai", "chen"} and rows["chen"].household_id is None
    assert json.loads(rows["chen"].evidence)["found"][0]["cases"] == 6
    with refuses("four-eyes"):
        office.answers(rows["chen"].seq, viewer=CHEN)
    office.answers(rows["chen"].seq, viewer=AUDIT, reason="金额偏高，未见同类依据")


# --- whatever the program says ------------------------------------------------------------------------------


def raw(database: Database, table: str, **row: Any) -> None:
    """A row by SQL alone: nothing of the program looks at it."""
    stamp = {
        "recorded_on": date(2026, 11, 20),
        "recorded_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "recorded_by": row.pop("by", "x"),
        "entry": "raw",
    }
    with database.engine.begin() as connection:
        connection.execute(insert(tables.metadata.tables[table]), {**row, **stamp})


FINDING = {
    "origin": "hand", "about": "核查", "household_id": "h1", "subject": "household", "policy": "", "severity": "low",
    "gravity": 1, "certain": True, "evidence": "{}", "text": "核查", "person": "x",
}  # fmt: skip
STEP = {"text": "已查看", "day": date(2026, 11, 20)}


def statements(office: Inspectorate) -> dict[str, Callable[[], None]]:
    """What no statement may do. An inspection with a finding by hand, one confirmed, and one that is done by `tao`."""
    database = office.database
    number, empty = office.opens(), office.opens()
    [outside] = {"h1", "h2", "h3", "h4"} - set(office.draws(number))
    office.runs(number)
    own = office.writes_down(number, "h1")
    [first, *_] = [row.seq for row in office.found(number) if row.origin == "rule"]
    office.answers(first)
    ordered = office.orders(first)
    office.steps(ordered, Step.DONE, TOWN)
    other = office.orders(first)

    def finding(**more: Any) -> Callable[[], None]:
        return lambda: raw(
            database, "inspection_finding", **{**FINDING, "inspection": number, "same_as": "s", **more}
        )

    def step(rectification: int, state: str, turn: int, person: str, **more: Any) -> Callable[[], None]:
        told = {
            "rectification": rectification,
            "state": state,
            "number": turn,
            "person": person,
            **STEP,
            **more,
        }
        return lambda: raw(database, "rectification_step", **told)

    def answer(of: int, said: str, person: str, **more: Any) -> Callable[[], None]:
        return lambda: raw(
            database, "inspection_answer", finding=of, answer=said, reason="属实", person=person, **more
        )

    def ends(of: int, kind: str) -> Callable[[], None]:
        return lambda: raw(
            database, "inspection_end", inspection=of, kind=kind, report="结论", counts="{}", person="lin"
        )

    sampled = {"inspection": number, "stratum": "", "household_id": "h1", "policy": ""}
    return {
        "a finding before the draw": finding(inspection=empty),
        "a rule outside the sample": finding(origin="rule", household_id=outside),
        "one more in the sample": lambda: raw(database, "inspection_sample", **sampled, number=4, item="more"),
        "confirmed by who wrote it": answer(own, "confirmed", "lin"),
        "confirmed with the account of who wrote it": answer(own, "confirmed", "other", by="lin"),
        "another answer": answer(first, "refuted", "sun"),
        "put right and not confirmed": lambda: raw(
            database, "rectification", finding=own, area="a", department="", task="停发", due=date(2027, 1, 1), person="lin"
        ),
        "verified by who did it": step(ordered, "verified", 2, "tao"),
        "verified with the account of who did it": step(ordered, "verified", 2, "lin", by="tao"),
        "a step out of turn": step(ordered, "verified", 3, "lin"),
        "done twice": step(ordered, "done", 2, "tao"),
        "verified and not done": step(other, "verified", 1, "sun"),
        "dropped by who ordered it": step(other, "dropped", 1, "lin"),
        "closed with an open finding": ends(number, "closed"),
        "closed and not drawn": ends(empty, "closed"),
        "abandoned though confirmed": ends(number, "abandoned"),
    }  # fmt: skip


def test_what_no_statement_may_do(database: Database) -> None:
    office = paid_after_a_death(database, 4)
    for name, statement in statements(office).items():
        with pytest.raises(DBAPIError):
            statement()
            pytest.fail(name)


def test_each_rectification_has_to_be_over(database: Database) -> None:
    office = paid_after_a_death(database)
    number = office.opens()
    office.draws(number)
    finding = office.writes_down(number, "h1")
    office.answers(finding, Answer.CONFIRMED, SECOND)
    with refuses("still-open"):
        office.ends(number)  # nothing is ordered
    ordered = office.orders(finding)
    office.steps(ordered, Step.DONE, TOWN)
    with refuses("still-open"):
        office.ends(number)  # done and not verified
    office.steps(ordered, Step.VERIFIED, LEAD)
    office.ends(number)
    assert office.one(number).state is State.CLOSED
    with office.reads() as read:
        assert len(read.connection.execute(select(tables.inspection_end)).all()) == 1
