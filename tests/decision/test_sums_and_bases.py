"""What a decision says about sums that are not known, and about findings that rest on other findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.decision import decide
from engine.decision.model import Decision
from engine.rulebook import Rulebook, load_rulebook

HOUSEHOLDS = Path("features/households")


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook(Path("policies"))


def decided(book: Rulebook, case: str, on: int) -> Decision:
    document: Any = yaml.safe_load((HOUSEHOLDS / f"{case}.yaml").read_text(encoding="utf-8"))
    return decide(book, document, on=on)


def bases(decision: Decision, policy: str, subject: str) -> list[str]:
    found = [one for one in decision.policies[policy].findings if one.subject == subject]
    return [basis.policy for basis in found[0].depends_on]


def test_an_amount_that_is_not_known_leaves_the_sum_open(book: Rulebook) -> None:
    month = decided(book, "case_13", 20260315).would_be_due.total.month
    assert (month.min, month.max) == (0, None)


def test_a_known_range_stays_a_range(book: Rulebook) -> None:
    month = decided(book, "case_08", 20260615).would_be_due.subjects["p1"].month
    assert (month.min, month.max) == (25, 100)


def test_a_finding_rests_on_the_status_it_was_computed_from(book: Rulebook) -> None:
    """Without it the household would be near the line and the son taken in alone; still it rests on it."""
    assert bases(decided(book, "case_01", 20251015), "disabled_living", "p3") == ["dibao"]


def test_a_finding_rests_on_a_status_that_a_definition_reads(book: Rulebook) -> None:
    """The clause reads a definition, and that one the status of a policy that is computed after it."""
    document: Any = yaml.safe_load((HOUSEHOLDS / "village_family.yaml").read_text(encoding="utf-8"))
    document |= {"sudden_event": "fire", "basic_living_in_difficulty": True}
    assert bases(decide(book, document, on=20260915), "pension_premium", "p1") == ["poverty_watch"]


def test_a_finding_that_another_clause_carries_rests_on_nothing(book: Rulebook) -> None:
    assert bases(decided(book, "case_02", 20260515), "dibao_single", "p4") == []


def test_an_assumed_amount_is_warned_about(book: Rulebook) -> None:
    """No condition of the orphan allowance reads a parameter; its amount reads an assumed one."""
    decision = decided(book, "case_04", 20260615)
    allowance = next(one for one in decision.policies["orphan_allowance"].findings if one.subject == "p3")
    assert list(allowance.warnings) == ["assumed", "local-text-needed"]


def test_a_refusal_is_not_warned_about_for_an_amount_nobody_gets(book: Rulebook) -> None:
    decision = decided(book, "case_01", 20251015)
    refused = next(one for one in decision.policies["elderly_80"].findings if one.subject == "p1")
    assert list(refused.warnings) == ["local-text-needed"]


def test_a_list_that_is_not_known_leaves_the_amount_open(book: Rulebook) -> None:
    document: Any = yaml.safe_load((HOUSEHOLDS / "case_13.yaml").read_text(encoding="utf-8"))
    del document["transfers_paid"]
    found = decide(book, document, on=20260415).policies["dibao"].findings[0]
    assert found.outcome == "undetermined"
    assert found.amount is not None and found.amount.because == "missing"
