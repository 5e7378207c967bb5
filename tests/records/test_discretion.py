"""Temporary relief: inside the band, with a reason, not twice for one cause, and at once where it is urgent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import true

from records.cases.discretion import outliers, similar
from records.cases.words import State
from records.database import Database
from tests.records.casework import CAI, CHEN, TAO, TIAN, WIN, Bureau
from tests.records.test_cases import awards, refuses

REASON = {"reason": "sudden-loss", "text": "房屋被烧，无力自救"}


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database, "2026-07-06")


def struck(bureau: Bureau, known: bool = True, case: str = "case_01") -> str:
    """A household whose house has burnt. `known`: all that the rules ask is written down."""
    household = bureau.household(case)
    bureau.tells(household, "sudden_event", "fire")
    if known:
        for fact, value in (
            ("basic_living_in_difficulty", True),
            ("hard_after_other_aid", True),
            ("aided_for_same_cause", False),
        ):
            bureau.tells(household, fact, value)
    return household


def band(bureau: Bureau, household: str) -> tuple[Decimal, Decimal]:
    (finding,) = bureau.document(household)["policies"]["temporary_relief"]["findings"]
    return Decimal(str(finding["amount"]["min"])), Decimal(str(finding["amount"]["max"]))


def ready(bureau: Bureau, household: str, amount: str) -> str:
    """A case of temporary relief as far as its decision; the amount has been made public."""
    case = bureau.case(household, "temporary_relief")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    bureau.takes(TAO, case, "publicise", amount=amount, **REASON)
    bureau.later(4)
    return case


def confirms(bureau: Bureau, household: str, case: str, viewer: Any = CAI, **told: Any) -> Any:
    return bureau.takes(viewer, case, "confirm", decision_id=bureau.decision(household), **told)


def test_the_amount_lies_inside_the_band_and_has_a_reason(bureau: Bureau) -> None:
    household = struck(bureau)
    least, most = band(bureau, household)
    case = ready(bureau, household, str(most))
    for amount in (str(least - 1), str(most + 1), "1e9"):
        with refuses("outside-band"):
            confirms(bureau, household, case, amount=amount, **REASON)
    for amount in (None, "much", ""):
        with refuses("no-amount"):
            confirms(bureau, household, case, amount=amount, **REASON)
    with refuses("no-reason"):
        confirms(bureau, household, case, amount=str(most), reason="friend", text="…")
    with refuses("no-text"):
        confirms(bureau, household, case, amount=str(most), reason="sudden-loss")
    step = confirms(bureau, household, case, amount=str(most), **REASON)
    assert (step.after, step.amount, step.outcome, step.reason) == (
        State.CONFIRMED,
        str(most),
        "discretionary",
        "sudden-loss",
    )
    assert awards(bureau) == [("temporary_relief", None, bureau.today, None, str(most), f"case:{case}")]


def test_what_the_rules_say_nobody_sets_otherwise(bureau: Bureau) -> None:
    bureau.day = "2025-10-15"
    household = bureau.household()
    case = bureau.case(household, "dibao")
    bureau.until_public(case)
    bureau.later(8)
    with refuses("fixed-amount"):
        confirms(bureau, household, case, amount="1200")
    assert confirms(bureau, household, case, amount="1132").amount == "1132"


def test_one_cause_is_not_aided_twice_unless_it_is_reasoned(bureau: Bureau) -> None:
    household = struck(bureau)
    least, _ = band(bureau, household)
    confirms(bureau, household, ready(bureau, household, str(least)), amount=str(least), **REASON)
    again = ready(bureau, household, str(least))
    with refuses("same-cause") as said:
        confirms(bureau, household, again, amount=str(least), **REASON)
    assert "fire" in str(said.value)
    confirms(bureau, household, again, amount=str(least), again="二次起火，另一事故", **REASON)
    bureau.tells(household, "sudden_event", "sudden_illness")
    other = ready(bureau, household, str(least))
    confirms(bureau, household, other, amount=str(least), **REASON)
    assert len(awards(bureau)) == 3


def test_after_a_year_it_may_be_aided_again(bureau: Bureau) -> None:
    household = struck(bureau)
    least, _ = band(bureau, household)
    confirms(bureau, household, ready(bureau, household, str(least)), amount=str(least), **REASON)
    bureau.day = "2027-07-12"
    case = ready(bureau, household, str(least))
    confirms(bureau, household, case, amount=str(least), **REASON)


def test_similar_cases_stand_beside_it_and_who_lies_apart_is_listed(bureau: Bureau) -> None:
    """Ten households of one size after fires; one approver always gives more than three times as much."""
    household = struck(bureau)
    least, most = band(bureau, household)
    low, high = str(least), str(min(most, least * 4))
    bureau.day = "2026-07-06"
    given: list[tuple[Any, str]] = [(CAI, low)] * 6 + [(CHEN, high)] * 6
    for viewer, amount in given:
        case = ready(bureau, household, amount)
        confirms(bureau, household, case, viewer, amount=amount, again="另一事故", **REASON)
    with bureau.reads() as read:
        peers = similar(read, "temporary_relief", "fire", 3)
        beside = similar(read, "temporary_relief", "fire", 3, amount=Decimal(high))
        apart = similar(read, "temporary_relief", "fire", 4)
        found = outliers(read, "temporary_relief", true())
    assert (peers.count, peers.least, peers.most) == (12, Decimal(low), Decimal(high))
    assert peers.median == (Decimal(low) + Decimal(high)) / 2
    assert (apart.count, beside.below, peers.below) == (0, 6, None)
    assert [one.person for one in found] == ["chen", "cai"]
    assert found[0].distance == Decimal(high) / Decimal(low) - 1


# --- urgent -------------------------------------------------------------------------------------------------


def urgent(bureau: Bureau, household: str) -> str:
    return bureau.case(household, "temporary_relief", urgent=("temporary_relief",))


def test_relief_comes_first_and_papers_by_a_day(bureau: Bureau) -> None:
    household = struck(bureau, known=False)
    case = urgent(bureau, household)
    assert bureau.awaited(case) == {"relieve", "accept"}
    least, most = band(bureau, household)
    with refuses("no-day"):
        bureau.takes(TIAN, case, "relieve", amount=str(least), **REASON)
    papers = date(2026, 7, 20)
    with refuses("outside-band"):
        bureau.takes(TIAN, case, "relieve", amount=str(most + 1), until=papers, **REASON)
    with refuses("four-eyes"):
        bureau.takes(WIN, case, "relieve", amount=str(least), until=papers, **REASON)
    step = bureau.takes(TIAN, case, "relieve", amount=str(least), until=papers, **REASON)
    assert step.after is State.RELIEVED
    assert awards(bureau) == [("temporary_relief", None, bureau.today, None, str(least), f"case:{case}")]
    (papers_due,) = bureau.at(case).due
    assert (papers_due.action.value, papers_due.until) == ("supplement", papers)


def test_what_was_given_at_once_is_a_part_of_what_is_confirmed(bureau: Bureau) -> None:
    household = struck(bureau, known=False)
    case = urgent(bureau, household)
    least, _ = band(bureau, household)
    bureau.takes(TIAN, case, "relieve", amount=str(least), until=date(2026, 7, 20), **REASON)
    bureau.later(3)
    for fact, value in (
        ("basic_living_in_difficulty", True),
        ("hard_after_other_aid", True),
        ("aided_for_same_cause", False),
    ):
        bureau.tells(household, fact, value)
    bureau.takes(WIN, case, "supplement", text="材料已补")
    assert bureau.awaited(case) == {"accept"}
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    assert bureau.awaited(case) == {"confirm", "refuse"}  # urgent cases are not made public
    whole = least + 500
    confirms(bureau, household, case, amount=str(whole), **REASON)
    assert [row[4] for row in awards(bureau)] == [str(least), "500"]


def test_relief_at_once_is_never_against_the_rules(bureau: Bureau) -> None:
    household = bureau.household()  # nothing has happened to it
    case = urgent(bureau, household)
    with refuses("not-eligible"):
        bureau.takes(TIAN, case, "relieve", amount="500", until=date(2026, 7, 20), **REASON)


def test_only_what_the_rulebook_lets_be_urgent_is(bureau: Bureau) -> None:
    household = bureau.household()
    with refuses("not-urgent"):
        bureau.case(household, "dibao", urgent=("dibao",))
