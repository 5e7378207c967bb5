"""Golden errors of a whole rulebook: what an officer is told when files do not fit together (README.md)."""

import os
from pathlib import Path

import pytest
from rulebooks import BASE, RULES, lay_over_base, told

from engine.rulebook import load_rulebook

CASES = sorted(RULES.glob("*.yaml"))


def test_the_base_has_no_mistake() -> None:
    assert load_rulebook(BASE).policies.keys() == {"grant", "care"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_problems_are_told_as_agreed(case: Path, tmp_path: Path) -> None:
    printed = told(lay_over_base(case.read_text("utf-8"), tmp_path / "rulebook"))
    assert printed, f"{case.name} has no mistake"
    golden = case.with_suffix(".txt")
    if os.environ.get("RELIEF_UPDATE_GOLDENS") == "1":
        golden.write_text(printed, "utf-8")
    assert golden.exists(), f"{golden.name} is missing: run the tests once with RELIEF_UPDATE_GOLDENS=1"
    assert printed == golden.read_text("utf-8")


def test_there_are_cases_and_each_golden_has_one() -> None:
    assert len(CASES) >= 150
    assert {golden.stem for golden in RULES.glob("*.txt")} <= {case.stem for case in CASES}
