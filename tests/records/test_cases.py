"""A case from the application to the decision: its steps in order, by the right people, and what each leaves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from records import tables
from records.cases import applying
from records.cases.words import State
from records.database import Database
from records.refused import Refused
from tests.records.casework import CAI, CHEN, PAN, PEI, TAO, TIAN, VERA, WIN, Bureau, county


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


@pytest.fixture
def household(bureau: Bureau) -> str:
    return bureau.household()


@pytest.fixture
def case(bureau: Bureau, household: str) -> str:
    return bureau.case(household, "dibao")


def refuses(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.raises(Refused, check=lambda refused: refused.code == code)


def awards(bureau: Bureau) -> list[tuple[object, ...]]:
    with bureau.reads() as read:
        award = tables.award.c
        return [
            tuple(row)
            for row in read.connection.execute(
                select(
                    award.policy, award.person_id, award.valid_from, award.valid_to, award.amount, award.basis
                )
            )
        ]


def test_a_case_goes_from_the_application_to_an_award(bureau: Bureau, household: str, case: str) -> None:
    assert bureau.awaited(case) == {"accept"}
    bureau.takes(WIN, case, "accept")
    assert bureau.awaited(case) == {"investigate"}
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    assert bureau.awaited(case) == {"publicise"}
    bureau.takes(TAO, case, "publicise")
    assert bureau.at(case).public_until == date(2025, 10, 22)
    assert bureau.awaited(case) == set()
    bureau.day = "2025-10-22"
    assert bureau.awaited(case) == set()
    bureau.day = "2025-10-23"
    assert bureau.awaited(case) == {"confirm", "refuse"}
    step = bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    assert (step.after, step.amount, step.outcome) == (State.CONFIRMED, "1132", "eligible")
    assert awards(bureau) == [("dibao", None, date(2025, 11, 1), None, "1132", f"case:{case}")]
    assert bureau.awaited(case) == {"notify"}
    bureau.takes(WIN, case, "notify", text="当面告知")
    assert bureau.at(case).possible == ()
    assert bureau.steps(case)[-1].after is State.NOTIFIED
    assert "dibao" in bureau.document(household)["held"] or bureau.day < "2025-11-01"


def test_steps_are_taken_in_their_order(bureau: Bureau, household: str, case: str) -> None:
    for action, viewer in (("investigate", TAO), ("publicise", TAO), ("confirm", CAI), ("notify", WIN)):
        with refuses("wrong-step"):
            bureau.takes(viewer, case, action, text="…", outcome="grant", decision_id="x")
    bureau.until_public(case)
    with refuses("wrong-step") as said:
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    assert "公示至 2025-10-22" in str(said.value)


def test_each_step_is_for_its_level_and_department(bureau: Bureau, household: str, case: str) -> None:
    with refuses("not-your-level"):
        bureau.takes(CAI, case, "accept")
    bureau.takes(WIN, case, "accept")
    for viewer in (VERA, CHEN):
        with refuses("not-your-level"):
            bureau.takes(viewer, case, "investigate", text="…", outcome="grant")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    decision = bureau.decision(household)
    for viewer in (TIAN, PEI, county("hao", "housing")):
        with refuses("not-your-level"):
            bureau.takes(viewer, case, "refuse", text="…", decision_id=decision)
    elsewhere = county("gui", area="guangxi_sample")
    with refuses("no-case"):
        bureau.takes(elsewhere, case, "refuse", text="…", decision_id=decision)


def test_what_is_missing_neither_pays_nor_denies(bureau: Bureau) -> None:
    bureau.day = "2026-06-15"
    household = bureau.household()
    case = bureau.case(household, "dibao")
    assert bureau.outcome(household, case) == "undetermined"
    bureau.until_public(case)
    bureau.later(8)
    decision = bureau.decision(household)
    with refuses("not-eligible"):
        bureau.takes(CAI, case, "confirm", decision_id=decision)
    with refuses("undetermined"):
        bureau.takes(CAI, case, "refuse", text="材料不全", decision_id=decision)
    assert awards(bureau) == []


def test_what_was_read_has_to_be_what_is_decided(bureau: Bureau, household: str, case: str) -> None:
    bureau.until_public(case)
    bureau.later(8)
    decision = bureau.decision(household)
    bureau.tells(household, "financial_assets", 900_000)
    with refuses("finding-changed") as said:
        bureau.takes(CAI, case, "confirm", decision_id=decision)
    assert "ineligible" in str(said.value)
    step = bureau.takes(CAI, case, "refuse", text="财产超标", decision_id=bureau.decision(household))
    assert (step.after, step.outcome) == (State.REFUSED, "ineligible")
    assert awards(bureau) == []


def test_a_refusal_of_somebody_eligible_is_listed(bureau: Bureau, household: str, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="不属实", outcome="refuse")
    assert bureau.awaited(case) == {"refuse"}
    with refuses("wrong-step"):
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    step = bureau.takes(CAI, case, "refuse", text="…", decision_id=bureau.decision(household))
    assert step.outcome == "against"


def test_the_refusal_is_told_within_three_working_days(bureau: Bureau, household: str, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    bureau.takes(CAI, case, "refuse", text="…", decision_id=bureau.decision(household))
    (notify,) = bureau.at(case).due
    assert (notify.action.value, notify.days) == ("notify", 3)


def test_returned_papers_come_and_a_withdrawn_case_is_over(bureau: Bureau, case: str) -> None:
    with refuses("no-text"):
        bureau.takes(WIN, case, "return")
    bureau.takes(WIN, case, "return", text="缺收入证明", until=date(2025, 10, 30))
    assert bureau.awaited(case) == {"supplement"}
    bureau.takes(WIN, case, "supplement", text="已补")
    bureau.takes(WIN, case, "accept")
    bureau.takes(VERA, case, "withdraw", text="申请人撤回")
    assert bureau.at(case).possible == ()
    with refuses("wrong-step"):
        bureau.takes(TAO, case, "investigate", text="…", outcome="grant")


def test_what_was_sent_back_is_investigated_and_made_public_again(
    bureau: Bureau, household: str, case: str
) -> None:
    bureau.until_public(case)
    bureau.later(8)
    with refuses("no-text"):
        bureau.takes(CAI, case, "send_back")
    bureau.takes(CAI, case, "send_back", text="收入核对不全")
    assert bureau.awaited(case) == {"investigate"}
    bureau.takes(TAO, case, "investigate", text="已补充核对", outcome="grant")
    assert bureau.awaited(case) == {"publicise"}
    bureau.takes(TAO, case, "publicise")
    bureau.later(8)
    assert bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household)).after is State.CONFIRMED


def test_an_objection_that_is_upheld_goes_to_the_village_and_begins_anew(
    bureau: Bureau, household: str, case: str
) -> None:
    bureau.until_public(case)
    bureau.takes(VERA, case, "object", who="邻居", text="有房出租未报")
    bureau.later(8)
    assert bureau.awaited(case) == {"settle"}
    with refuses("wrong-step"):
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    with refuses("no-outcome"):
        bureau.takes(TAO, case, "settle", text="…", outcome="maybe")
    bureau.takes(TAO, case, "settle", text="经查属实", outcome="upheld")
    bureau.takes(TAO, case, "investigate", text="已更正", outcome="grant")
    assert bureau.awaited(case) == {"review"}
    bureau.takes(
        VERA, case, "review", text="12 人到会，10 人同意", outcome="grant", more={"participants": 12}
    )
    bureau.takes(TAO, case, "publicise")
    bureau.later(8)
    assert bureau.awaited(case) == {"confirm", "refuse"}


def test_an_objection_that_is_rejected_holds_nothing_up(bureau: Bureau, case: str) -> None:
    bureau.until_public(case)
    bureau.takes(VERA, case, "object", who="邻居", text="…")
    bureau.takes(TAO, case, "settle", text="查无实据", outcome="rejected")
    assert bureau.awaited(case) == set()
    bureau.later(8)
    assert bureau.awaited(case) == {"confirm", "refuse"}
    with refuses("wrong-step"):  # objections come while it is public
        bureau.takes(VERA, case, "object", who="邻居", text="…")


def test_of_2012_two_sign_the_village_meets_and_it_is_public_twice(bureau: Bureau) -> None:
    bureau.day = "2019-03-04"
    household = bureau.household()
    case = bureau.case(household, "dibao")
    bureau.takes(WIN, case, "accept")
    first = bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    assert first.after is State.INVESTIGATING
    with refuses("wrong-step"):
        bureau.takes(VERA, case, "review", text="…", outcome="grant")
    bureau.takes(TAO, case, "investigate", text="同一人再签不算", outcome="grant")
    assert bureau.awaited(case) == {"investigate"}
    bureau.takes(TIAN, case, "investigate", text="…", outcome="grant")
    assert bureau.awaited(case) == {"review"}
    bureau.takes(VERA, case, "review", text="…", outcome="grant")
    bureau.takes(TAO, case, "publicise")
    bureau.later(8)
    (round_two,) = bureau.at(case).due
    assert (round_two.levels, round_two.days) == (("county",), 5)
    bureau.takes(CHEN, case, "publicise")
    assert bureau.awaited(case) == set()
    bureau.later(8)
    assert bureau.awaited(case) == {"confirm", "refuse"}


def test_a_relative_of_the_staff_is_visited_by_the_county(bureau: Bureau, household: str, case: str) -> None:
    bureau.takes(WIN, case, "declare", text="申请人系本镇经办人之父")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    assert bureau.awaited(case) == {"visit"}
    with refuses("not-your-level"):
        bureau.takes(TAO, case, "visit", text="…")
    bureau.takes(CHEN, case, "visit", text="县级入户核实")
    bureau.takes(TAO, case, "publicise")
    bureau.later(8)
    with refuses("four-eyes"):
        bureau.takes(CHEN, case, "confirm", decision_id=bureau.decision(household))
    bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))


# --- to stop, to reduce, to appeal --------------------------------------------------------------------------


def opens(bureau: Bureau, household: str, purpose: str, policy: str = "dibao") -> str:
    with bureau.writes(WIN) as write:
        return applying.open_case(write, bureau.book, WIN, household, policy, "", purpose, "收入增加").case_id


def test_before_anything_is_stopped_somebody_is_heard(bureau: Bureau) -> None:
    bureau.day = "2025-10-15"
    household = bureau.household()
    bureau.confirmed(household, bureau.case(household, "dibao"))
    bureau.day = "2026-07-06"
    case = opens(bureau, household, "stop")
    with refuses("case-open"):
        opens(bureau, household, "stop")
    bureau.takes(TAO, case, "investigate", text="存款超标", outcome="grant")
    assert bureau.awaited(case) == {"hear"}
    bureau.tells(household, "financial_assets", 900_000)
    with refuses("wrong-step"):
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    with refuses("no-text"):
        bureau.takes(WIN, case, "hear", outcome="heard", text="…")
    bureau.takes(WIN, case, "hear", who="户主", outcome="declined", text="表示没有意见")
    step = bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household), text="停发")
    assert step.after is State.CONFIRMED
    assert awards(bureau)[-1][2:5] == (date(2025, 11, 1), date(2026, 7, 31), "1132")


def test_before_july_2026_nobody_had_to_be_heard(bureau: Bureau) -> None:
    household = bureau.household()
    bureau.confirmed(household, bureau.case(household, "dibao"))
    bureau.day = "2025-12-01"
    case = opens(bureau, household, "stop")
    bureau.tells(household, "financial_assets", 900_000)
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    assert bureau.awaited(case) == {"confirm", "refuse"}


def test_nobody_is_stopped_who_is_still_eligible(bureau: Bureau) -> None:
    household = bureau.household()
    bureau.confirmed(household, bureau.case(household, "dibao"))
    bureau.day = "2025-12-01"
    case = opens(bureau, household, "stop")
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    with refuses("still-eligible"):
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    bureau.takes(
        CAI, case, "confirm", decision_id=bureau.decision(household), reason="own-wish", text="自愿放弃"
    )
    assert awards(bureau)[-1][3] == date(2025, 12, 31)


def test_what_is_reduced_becomes_less_from_the_next_month(bureau: Bureau) -> None:
    household = bureau.household()
    bureau.confirmed(household, bureau.case(household, "dibao"))
    bureau.day = "2025-12-01"
    case = opens(bureau, household, "reduce")
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    with refuses("not-less"):
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    bureau.tells(household, "income_items", [{"kind": "farming", "amount": 12_000, "per": "year"}], "p1")
    step = bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    assert Decimal(step.amount or "") < 1132
    assert [row[2:5] for row in awards(bureau)][-2:] == [
        (date(2025, 11, 1), date(2025, 12, 31), "1132"),
        (date(2026, 1, 1), None, step.amount),
    ]


def test_an_appeal_is_looked_at_one_level_above_by_others(bureau: Bureau, household: str, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")

    def appeals() -> str:
        with bureau.writes(WIN) as write:
            return applying.appeal(write, bureau.book, WIN, case, "金额有误").case_id

    with refuses("not-decided"):
        appeals()
    bureau.takes(CAI, case, "refuse", text="…", decision_id=bureau.decision(household))
    bureau.takes(WIN, case, "notify", text="送达")
    again = appeals()
    with refuses("appealed"):
        appeals()
    with refuses("not-your-level"):
        bureau.takes(WIN, again, "accept")
    bureau.takes(county("pang", area="mudanjiang"), again, "accept")
    same_person = county("cai-2", area="mudanjiang", person="cai")
    with refuses("four-eyes"):
        bureau.takes(same_person, again, "investigate", text="…", outcome="grant")
    bureau.takes(PEI, again, "investigate", text="原调查有误", outcome="grant")
    bureau.takes(PEI, again, "publicise")
    bureau.later(8)
    step = bureau.takes(PAN, again, "confirm", decision_id=bureau.decision(household))
    assert (step.after, step.level, step.amount) == (State.CONFIRMED, "prefecture", "1132")


def test_an_appeal_comes_within_sixty_days_of_being_told(bureau: Bureau, household: str, case: str) -> None:
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    bureau.takes(CAI, case, "refuse", text="…", decision_id=bureau.decision(household))
    bureau.takes(WIN, case, "notify", text="送达")
    bureau.later(61)
    with refuses("too-late"), bureau.writes(WIN) as write:
        applying.appeal(write, bureau.book, WIN, case, "…")
