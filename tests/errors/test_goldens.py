"""Golden errors: what an officer is told about each mistake.

A case is two files in `cases/`: `<name>.yaml`, a file with a mistake, whose first line names its schema; and
`<name>.txt`, exactly what is printed. RELIEF_UPDATE_GOLDENS=1 writes the second; read it before committing.
"""

import os
from pathlib import Path

import pytest

from engine.language.problems import Problems
from engine.rulebook.kinds import kind_of
from engine.rulebook.shape import check_shape
from engine.rulebook.source import read_yaml_file

CASES = Path(__file__).parent / "cases"
UPDATE = os.environ.get("RELIEF_UPDATE_GOLDENS") == "1"


def told(case: Path) -> str:
    text, tree, problems = read_yaml_file(case, case.name)
    kind = kind_of(text)
    assert kind, f"the first line of {case.name} does not name a schema"
    if tree is not None:
        problems = problems + check_shape(tree, kind)
    assert problems, f"{case.name} has no mistake"
    return f"{Problems(problems, {case.name: text})}\n"


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda case: case.stem)
def test_the_problems_are_told_as_agreed(case: Path) -> None:
    golden = case.with_suffix(".txt")
    if UPDATE:
        golden.write_text(told(case), "utf-8")
    assert golden.exists(), f"{golden.name} is missing: run the tests once with RELIEF_UPDATE_GOLDENS=1"
    assert told(case) == golden.read_text("utf-8")


def test_there_are_cases_and_each_golden_has_one() -> None:
    cases = {case.stem for case in CASES.glob("*.yaml")}
    assert len(cases) >= 40
    assert {golden.stem for golden in CASES.glob("*.txt")} <= cases
