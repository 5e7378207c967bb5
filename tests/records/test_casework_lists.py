"""One window, work lists, clocks, and many cases at once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from records import database as records_database
from records import tables
from records.cases import applying, clocks
from records.cases.bulk import Asked, Verdict, take_all
from records.cases.clocks import Todo
from records.cases.slip import slip_page
from records.cases.words import Action
from records.database import Database
from records.rights import Viewer
from tests.records.casework import AUDITOR, CAI, CHEN, TAO, TIAN, VERA, WIN, Bureau, county
from tests.records.conftest import at
from tests.records.test_cases import refuses
from tests.records.test_discretion import REASON, band, struck, urgent


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


# --- one window ---------------------------------------------------------------------------------------------


def test_an_application_becomes_a_case_for_each_programme_that_may_fit(bureau: Bureau) -> None:
    household = bureau.household()
    applied = bureau.applies(household)
    opened = {(one.policy, one.subject): one.outcome for one in applied.cases}
    assert opened["dibao", "household"] == "eligible"
    assert opened["disabled_care", "p3"] == "eligible"
    assert not any(outcome in ("ineligible", "not-in-force") for outcome in opened.values())
    assert ("tekun", "p1") not in opened
    assert applied.facts_known > 50
    with refuses("nothing-to-open"):
        bureau.applies(household)  # every case is open already


def test_what_is_missing_is_asked_with_its_question_and_who_knows(bureau: Bureau) -> None:
    bureau.day = "2026-06-15"
    applied = bureau.applies(bureau.household("case_08"), "dibao")
    (asked,) = applied.missing
    assert (asked.fact, asked.of, asked.ask) == ("financial_assets", "household", "civil_affairs")
    assert asked.question["zh"].endswith("？") and asked.policies == ("dibao",)
    page = slip_page(bureau.book, applied, "成***")
    assert "受理单" in page and asked.question["zh"] in page and "成***" in page and "最低生活保障" in page


def test_a_gap_of_the_rules_is_nothing_that_an_applicant_can_bring(bureau: Bureau) -> None:
    bureau.day = "2026-06-15"
    applied = bureau.applies(bureau.household(), "dibao")
    assert [one.parameter for one in applied.gaps] == ["central_basic_pension_disregarded"]
    assert applied.missing == ()


def test_whoever_names_a_programme_gets_a_case_and_an_answer(bureau: Bureau) -> None:
    household = bureau.household()
    applied = bureau.applies(household, "dibao_edge")
    assert [(one.policy, one.outcome) for one in applied.cases] == [("dibao_edge", "ineligible")]
    case = applied.cases[0].case_id
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    bureau.takes(CAI, case, "refuse", text="已属低保范围", decision_id=bureau.decision(household))
    for wrong, code in (
        ({"policies": ("dibau",)}, "no-policy"),
        ({"applicant": "nobody"}, "not-a-member"),
    ):
        with refuses(code), bureau.writes(WIN) as write:
            applying.apply(
                write, bureau.book, WIN, household, str(wrong.get("applicant", "")), "window",
                tuple(wrong.get("policies", ())),
            )  # fmt: skip


def test_the_slip_can_be_printed_again(bureau: Bureau) -> None:
    household = bureau.household()
    applied = bureau.applies(household, "dibao", applicant="p2")
    with bureau.reads() as read:
        again = applying.applied(read, bureau.book, WIN, applied.application_id)
    assert again == applied


# --- clocks -------------------------------------------------------------------------------------------------


def todo(bureau: Bureau, viewer: Viewer) -> list[Todo]:
    with bureau.reads() as read:
        return clocks.mine(read, bureau.book, viewer, bureau.today)


def actions(bureau: Bureau, viewer: Viewer) -> list[str]:
    return [one.action.value for one in todo(bureau, viewer)]


def test_my_list_holds_what_i_may_do_and_nothing_that_i_have_touched(bureau: Bureau) -> None:
    household = bureau.household()
    case = bureau.case(household, "dibao")
    assert actions(bureau, WIN) == actions(bureau, TAO) == ["accept"]
    assert actions(bureau, CAI) == actions(bureau, VERA) == actions(bureau, AUDITOR) == []
    bureau.takes(WIN, case, "accept")
    assert actions(bureau, WIN) == []  # who took it in does not investigate
    assert actions(bureau, TAO) == ["investigate"]
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    bureau.takes(TAO, case, "publicise")
    assert actions(bureau, CAI) == []
    bureau.later(8)
    assert actions(bureau, CAI) == ["confirm", "refuse"]
    assert actions(bureau, county("hao", "housing")) == []
    assert actions(bureau, county("gui", area="guangxi_sample")) == []


def test_the_list_is_ordered_by_deadline_then_by_hardship(bureau: Bureau) -> None:
    bureau.day = "2025-10-15"
    household = bureau.household()
    first, second, third = (
        bureau.case(household, one) for one in ("dibao", "disabled_care", "disabled_living")
    )
    bureau.takes(WIN, second, "accept")
    bureau.takes(WIN, first, "accept")
    listed = [(one.case.case_id, one.deadline) for one in todo(bureau, TIAN)]
    # the investigation of the first is begun within 3 working days; the others have no limit
    assert listed[0] == (first, date(2025, 10, 20))
    assert {case for case, _ in listed[1:]} == {second, third} and listed[1][1] is None


def test_limits_run_in_working_days_and_late_is_who_surely_is(bureau: Bureau) -> None:
    bureau.day = "2025-09-26"
    household = bureau.household()
    case = bureau.case(household, "dibao")
    bureau.takes(WIN, case, "accept")
    (waits,) = todo(bureau, TAO)
    assert waits.due is not None and waits.due.day == date(2025, 9, 30)  # 28 September, a Sunday, is worked
    assert waits.limit is not None and waits.limit.day == date(2025, 11, 13)
    assert not waits.overdue(date(2025, 9, 30)) and waits.overdue(date(2025, 10, 1))
    bureau.day = "2026-12-28"
    late = bureau.case(household, "rigid_expenditure")
    bureau.takes(WIN, late, "accept")
    bureau.takes(TAO, late, "investigate", text="…", outcome="refuse")
    unsure = next(one for one in todo(bureau, CAI) if one.case.case_id == late)
    assert unsure.limit is not None and unsure.limit.day is None and unsure.limit.unknown_years == (2027,)
    assert not unsure.overdue(date(2027, 12, 31))


def test_papers_that_never_come_are_a_task_that_is_late(bureau: Bureau) -> None:
    bureau.day = "2026-07-06"
    household = struck(bureau, known=False)
    case = urgent(bureau, household)
    least, _ = band(bureau, household)
    bureau.takes(TIAN, case, "relieve", amount=str(least), until=date(2026, 7, 20), **REASON)
    bureau.day = "2026-07-21"
    (papers,) = todo(bureau, WIN)
    assert (papers.action, papers.overdue(bureau.today)) == (Action.SUPPLEMENT, True)


# --- many at once -------------------------------------------------------------------------------------------


def batch(bureau: Bureau, names: tuple[str, ...]) -> dict[str, str]:
    """Households with a case of dibao each, on the same day."""
    return {name: bureau.case(bureau.another("case_01", name), "dibao") for name in names}


def together(bureau: Bureau, viewer: Viewer, action: str, asked: list[Asked], **more: Any) -> list[Verdict]:
    told = {"text": "", "each": False} | more
    return take_all(bureau.database, bureau.book, viewer, Action(action), asked, told["text"], told["each"])


def now(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many steps are taken in transactions of their own, at the time of the clock."""

    class Clock(records_database.datetime):  # type: ignore[name-defined]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at(bureau.day)

    monkeypatch.setattr(records_database, "datetime", Clock)


def test_many_are_taken_each_by_the_same_way(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    now(bureau, monkeypatch)
    cases = batch(bureau, ("one", "two"))
    asked = [Asked(case, 1) for case in cases.values()]
    assert [one.number for one in together(bureau, WIN, "accept", asked)] == [2, 2]
    with refuses("one-by-one"):
        together(bureau, TAO, "investigate", asked)
    with refuses("no-batch"):
        together(bureau, TAO, "publicise", [asked[0], asked[0]])


def test_all_or_each(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    now(bureau, monkeypatch)
    one, two = batch(bureau, ("one", "two")).values()
    bureau.takes(WIN, two, "return", text="缺材料")
    asked = [Asked(one, 1), Asked(two, 2)]
    found = together(bureau, TIAN, "accept", asked)
    assert [(verdict.number, verdict.code) for verdict in found] == [(None, "left"), (None, "wrong-step")]
    assert len(bureau.steps(one)) == 1
    found = together(bureau, TIAN, "accept", asked, each=True)
    assert [(verdict.number, verdict.code) for verdict in found] == [(2, ""), (None, "wrong-step")]


def test_only_one_and_the_same_outcome_is_decided_together(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    now(bureau, monkeypatch)
    cases = batch(bureau, ("one", "two"))
    for case in cases.values():
        bureau.until_public(case)
    bureau.later(8)
    decisions = {case: bureau.decision(household) for household, case in cases.items()}
    asked = [Asked(case, len(bureau.steps(case)), decision) for case, decision in decisions.items()]
    found = together(bureau, CAI, "confirm", asked)
    assert [one.number is not None for one in found] == [True, True]
    with bureau.reads() as read:
        assert read.connection.execute(select(func.count()).select_from(tables.award)).scalar_one() == 2


def test_the_outcomes_of_a_batch_are_alike(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    now(bureau, monkeypatch)
    cases = batch(bureau, ("one", "two"))
    bureau.tells("two", "financial_assets", 900_000)
    asked = [Asked(case, 1, bureau.decision(household)) for household, case in cases.items()]
    with refuses("unlike"):
        together(bureau, CHEN, "confirm", asked)
