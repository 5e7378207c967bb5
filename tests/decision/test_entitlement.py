"""What was due month by month: only what is held, by the rules of each month, as known on a day."""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import decide
from engine.decision.document import read_household
from engine.decision.entitlement import Entitlement, NothingSaid, entitlement
from engine.decision.explain import as_text
from engine.decision.explain.months import explain_entitlement
from engine.decision.month_lines import MonthLine
from tests.conftest import SOAK
from tests.support.households import DAYS, Families, shipped

BOOK = shipped()
FAMILIES = Families(BOOK)
HOUSEHOLDS = Path(__file__).parents[2] / "features" / "households"
KNOWN = 20261231


def case(name: str, **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((HOUSEHOLDS / f"{name}.yaml").read_text("utf-8"))
    return {**document, **more}


def told(document: dict[str, Any], first: int, last: int, known: int = KNOWN) -> Entitlement:
    return entitlement(BOOK, read_household(BOOK, document), first, last, known)


def lines(found: Entitlement, policy: str) -> list[MonthLine]:
    return [line for line in found.lines if line.policy == policy]


def test_nothing_is_due_of_what_is_not_held() -> None:
    document = case("case_01", statuses=[], payments=[])
    assert decide(BOOK, document, on=20251015).policies["dibao"].findings[0].outcome == "eligible"
    assert told(document, 20251001, 20251201).lines == []


def test_a_payment_without_a_status_is_all_too_much() -> None:
    paid = {"policy": "dibao", "month": "2025-10", "amount": 1132}
    found = told(case("case_01", statuses=[], payments=[paid, paid]), 20251001, 20251001)
    (line,) = found.lines
    assert (line.held, line.due.max, line.paid, line.verdict) == (False, 0, 2264, "overpaid")
    assert found.totals.overpaid == 2264


def test_a_document_that_says_nothing_of_what_is_held_is_not_answered() -> None:
    document = case("case_01")
    document.pop("statuses", None)
    with pytest.raises(NothingSaid):
        told(document, 20251001, 20251001)


@pytest.mark.parametrize(("first", "last"), [(20250201, 20250101), (19000101, 20260101)])
def test_a_range_must_be_months_in_order_and_not_endless(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="months; 1 to 600"):
        told(case("case_10"), first, last)


def test_without_payments_nothing_is_compared() -> None:
    found = told(case("case_10"), 20250101, 20250301)
    assert {line.verdict for line in found.lines} == {"not-compared"}
    assert found.totals.paid is None


def test_a_status_begins_with_the_month_it_begins_in_and_ends_with_the_month_it_ends_in() -> None:
    statuses = [{"policy": "dibao", "from": "2025-02-20", "to": "2025-04-10"}]
    found = told(case("case_10", statuses=statuses), 20250101, 20250601)
    assert [line.month for line in lines(found, "dibao")] == ["2025-02", "2025-03", "2025-04"]


def test_what_is_eligible_but_not_held_takes_nothing_away() -> None:
    """Both disability subsidies are held; the guarantee that comes first in conflicts is not."""
    document = case("case_10")
    document["statuses"] = [one for one in document["statuses"] if one["policy"] != "dibao"]
    found = told(document, 20250601, 20250601)
    assert {line.policy for line in found.lines} == {"disabled_living", "disabled_care"}


def test_a_benefit_of_the_year_is_shown_and_not_compared_by_months() -> None:
    yearly = next(
        (policy.id, policy.unit)
        for policy in BOOK.policies.values()
        for version in policy.versions
        if version.amount is not None and version.amount.period == "once"
    )
    paid: dict[str, Any] = {"policy": yearly[0], "month": "2026-08", "amount": 5}
    if yearly[1] == "person":
        paid["person_id"] = "p1"
    found = told(case("case_10", payments=[paid]), 20260801, 20260801)
    assert [(one.policy, one.paid) for one in found.not_by_month] == [(yearly[0], 5)]


def test_the_months_are_told_in_both_languages() -> None:
    paid = [{"policy": "dibao", "month": f"2025-0{n}", "amount": 350} for n in range(1, 7)]
    found = told(case("case_10", payments=paid), 20250101, 20250601)
    chinese, english = (as_text(explain_entitlement(BOOK, found, language)) for language in ("zh", "en"))
    assert "2025年1月至 2025年6月：应发 90 元，已发 0 元，少发 90 元，6 个月共 540 元" in chinese
    assert "January 2025 to June 2025: due 350 yuan, paid 350 yuan" in english
    assert "nothing is paid, stopped or recovered by itself" in english


# --- properties -------------------------------------------------------------------------------------------

seeds = st.integers(0, 2**48)


def random_household(random: Random) -> dict[str, Any]:
    """A random household that holds, and was paid, some of what it fits."""
    document = FAMILIES.document(random, random.choice(DAYS))
    document["payments"] = [
        {
            "policy": status["policy"],
            **({"person_id": status["person_id"]} if "person_id" in status else {}),
            "month": random.choice(("2025-06", "2026-04", "2026-09")),
            "amount": random.choice((0, 100, 350, 1132)),
        }
        for status in document["statuses"]
        if random.random() < 0.5
    ]
    return document


@settings(max_examples=5000 if SOAK else 20)
@given(seeds)
def test_a_month_is_what_the_decision_of_its_first_day_gives_to_whom_holds_it(seed: int) -> None:
    """Where no conflict touches a finding, the month's amount is the decision's."""
    document = random_household(Random(seed))
    for month in (20250601, 20260401, 20260901):
        decision = decide(BOOK, document, on=month, known=KNOWN, advice=False)
        touched = {policy for one in decision.conflicts for policy in one.between}
        for line in told(document, month, month).lines:
            decided = decision.policies.get(line.policy)
            finding = (
                next((one for one in decided.findings if one.subject == line.subject), None)
                if decided
                else None
            )
            in_force = decided is None or decided.version is not None
            silent = "not-concerned" if in_force else "not-in-force"
            assert line.outcome == (finding.outcome if finding else silent)
            if finding and finding.outcome == "eligible" and line.held and line.policy not in touched:
                amount = finding.amount
                if amount is not None and amount.value is not None:
                    assert line.due.min == line.due.max == amount.value
            if not line.held or line.outcome in ("ineligible", "not-concerned"):
                assert line.due.max == 0


@settings(max_examples=5000 if SOAK else 20)
@given(seeds)
def test_months_one_by_one_give_what_they_give_together_and_the_sums_fit(seed: int) -> None:
    document = random_household(Random(seed))
    whole = told(document, 20260301, 20260901)
    alone = [line for month in range(20260301, 20260902, 100) for line in told(document, month, month).lines]
    order = lambda line: (line.policy, line.subject, line.month)  # noqa: E731
    assert list(whole.lines) == sorted(alone, key=order)
    assert whole.totals.arrears == sum(
        line.difference.min for line in whole.lines if line.difference and line.verdict == "arrears"
    )


@settings(max_examples=5000 if SOAK else 20)
@given(seeds)
def test_what_is_recorded_later_plays_no_part_before(seed: int) -> None:
    random = Random(seed)
    document = random_household(random)
    before = told(document, 20260401, 20260601, 20260630)
    later = copy.deepcopy(document)
    for person in later["people"]:
        was = person["whereabouts"]
        person["whereabouts"] = [
            {"value": was},
            {"value": "dead", "from": "2026-04-02", "recorded": "2026-07-01"},
        ]
    for status in list(later["statuses"]):
        later["statuses"].append({**status, "recorded": "2026-07-01"})
    later["payments"] += [{**one, "recorded": "2026-07-01"} for one in later["payments"]]
    assert told(later, 20260401, 20260601, 20260630).lines == before.lines
