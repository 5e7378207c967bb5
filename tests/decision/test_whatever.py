"""A finding that comes to the same whatever the missing facts are: nobody is asked, everybody is told."""

from pathlib import Path
from typing import Any

from engine.decision import decide
from engine.decision.explain import as_text, explain
from engine.decision.model import Decision, Finding
from engine.rulebook.source import plain, read_yaml_file
from tests.support.households import shipped

BOOK = shipped()
ON = 20260630
UNKNOWN_SEX = {"sex": None}


def worker(**changed: Any) -> Decision:
    """A registered unemployed person of 31 in a household that needs nothing else."""
    path = Path("features/households/town_worker.yaml")
    _, tree, problems = read_yaml_file(path, path.name)
    assert tree is not None and not problems
    document: dict[str, Any] = plain(tree)
    person = document["people"][0]
    person |= {"birth_date": "1995-03-10", "registered_unemployed": True, "employed": False} | changed
    for name in [name for name, value in person.items() if value is None]:
        del person[name]
    return decide(BOOK, document, on=ON)


def finding(decision: Decision) -> Finding:
    return decision.policies["hard_to_employ"].findings[0]


def test_an_age_that_is_too_low_for_women_and_men_settles_it() -> None:
    found = finding(worker(**UNKNOWN_SEX))
    assert (found.outcome, found.whatever, list(found.missing)) == ("undetermined", "ineligible", [])
    assert all(finding(worker(sex=sex)).outcome == "ineligible" for sex in ("female", "male"))


def test_an_age_that_is_enough_for_women_only_does_not() -> None:
    found = finding(worker(birth_date="1982-03-10", **UNKNOWN_SEX))
    assert (found.outcome, found.whatever) == ("undetermined", "")
    assert [one.fact for one in found.missing] == ["sex"]
    outcomes = {finding(worker(birth_date="1982-03-10", sex=sex)).outcome for sex in ("female", "male")}
    assert outcomes == {"eligible", "ineligible"}


def test_nobody_is_asked_and_everybody_is_told() -> None:
    decision = worker(**UNKNOWN_SEX)
    assert all("hard_to_employ" not in one.policies for one in decision.questions if one.fact == "sex")
    said = {language: as_text(explain(BOOK, decision, "caseworker", language)) for language in BOOK.languages}
    assert "没有查清的信息无论如何，结果都是“不符合”，不必再补" in said["zh"]
    assert "However the missing facts turn out, the outcome is: " in said["en"]
