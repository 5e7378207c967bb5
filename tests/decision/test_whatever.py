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


# --- conditions that two policies share ---------------------------------------------------------------------

CAR = {"use": "private"}


def household(**changed: Any) -> dict[str, Any]:
    """A household whose income is below the line; `None` takes a fact out."""
    path = Path("features/households/case_04.yaml")
    _, tree, problems = read_yaml_file(path, path.name)
    assert tree is not None and not problems
    document: dict[str, Any] = plain(tree)
    return {key: value for key, value in (document | changed).items() if value is not None}


def near_the_line(document: dict[str, Any], on: int) -> Finding:
    return decide(BOOK, document, on=on, advice=False).policies["dibao_edge"].findings[0]


def test_who_would_get_the_guarantee_by_the_same_conditions_is_never_near_the_line() -> None:
    found = near_the_line(household(vehicles=None), 20260915)
    assert (found.outcome, found.whatever, list(found.missing)) == ("undetermined", "ineligible", [])
    told = [near_the_line(household(vehicles=cars), 20260915) for cars in ([], [CAR])]
    assert [one.outcome for one in told] == ["ineligible", "ineligible"]
    (guarantee,) = decide(BOOK, household(vehicles=None), on=20260915).policies["dibao"].findings
    assert [one.fact for one in guarantee.missing] == ["vehicles"]


def test_whatever_a_line_will_be_set_to_nobody_without_income_lies_above_it() -> None:
    people = [person | {"income_items": []} for person in household()["people"]]
    poor = household(vehicles=None, people=people, financial_assets=0)
    found = near_the_line(poor, 20260201)
    assert (found.outcome, found.whatever, list(found.missing)) == ("undetermined", "ineligible", [])
    earning = near_the_line(household(vehicles=None), 20260201)
    assert [one.fact or one.parameter for one in earning.missing] == ["dibao_standard", "vehicles"]
