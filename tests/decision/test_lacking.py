"""What a finding lacks: everything that can still turn it, and nothing that cannot."""

from pathlib import Path
from typing import Any

from engine.decision import decide
from engine.decision.model import Finding
from engine.rulebook.source import plain, read_yaml_file
from tests.support.households import shipped

BOOK = shipped()
ON = 20260615


def guarantee(assets: int | None, refused: int | None) -> Finding:
    """The living guarantee of a household without income, where a member able to work is said to have refused work."""
    path = Path("features/households/case_04.yaml")
    _, tree, problems = read_yaml_file(path, path.name)
    assert tree is not None and not problems
    document: dict[str, Any] = plain(tree)
    worker = document["people"][0] | {"birth_date": "1980-04-12", "work_ability": "full"}
    document["people"][0] = worker
    for owner, fact, value in (
        (document, "financial_assets", assets),
        (worker, "refused_job_offers", refused),
    ):
        owner.pop(fact, None)
        if value is not None:
            owner[fact] = value
    return decide(BOOK, document, on=ON).policies["dibao"].findings[0]


def test_what_an_officer_would_go_by_is_named_while_it_is_open_whether_the_household_is_entitled() -> None:
    """Work refused three times leaves it to an officer (MF57 art 34), whatever else is known later."""
    assert [guarantee(0, refused).outcome for refused in (0, 3)] == ["eligible", "discretionary"]
    found = guarantee(None, None)
    assert found.outcome == "undetermined"
    assert [one.fact for one in found.missing] == ["financial_assets", "refused_job_offers"]


def test_it_is_not_asked_for_where_the_household_is_refused_anyway() -> None:
    found = guarantee(99_999_999, None)
    assert (found.outcome, list(found.missing)) == ("ineligible", [])
