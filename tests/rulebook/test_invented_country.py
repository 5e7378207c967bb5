"""Another country, written in YAML alone: tests/rulebooks/vellana, with sums worked out by hand.

Vellana counts in dinars of a thousand parts, speaks French and English, and has hectares, boats and communes.
Its rulebook uses everything that docs/language.md describes.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.decision import Decision, decide
from engine.rulebook import Rulebook, load_rulebook

ROOT = Path(__file__).resolve().parents[2]
MAY_2023 = date(2023, 5, 10)


@cache
def vellana() -> Rulebook:
    return load_rulebook(ROOT / "tests" / "rulebooks" / "vellana")


def person(person_id: str, role: str, born: str, **facts: Any) -> dict[str, Any]:
    plain = {
        "care_level": "none",
        "at_sea": False,
        "studies": False,
        "both_parents_dead": False,
        "earnings": [],
    }
    return {"person_id": person_id, "role": role, "birth_date": born, **plain, **facts}


def earning(kind: str, amount: Decimal | int, yearly: bool = False) -> dict[str, Any]:
    return {"kind": kind, "amount": amount, "yearly": yearly}


def household(*people: dict[str, Any], **facts: Any) -> dict[str, Any]:
    plain = {
        "household_id": "h",
        "area": "hautmont",
        "statuses": [],
        "zone": "coast",
        "land": 0,
        "savings": 0,
        "rent": 0,
        "heated": False,
        "resettled_on": "2015-01-01",
        "help_choice": "rent_help",
        "visit_refused": False,
        "boats": [],
        "people": list(people),
    }
    return {**plain, **facts}


def family_of_six(**facts: Any) -> dict[str, Any]:
    """Father, fishing mother, two children of whom one studies; a pensioned grandfather and a guest beside
    them.
    """
    return household(
        person("p1", "head", "1980-02-01", earnings=[earning("wage", Decimal("200.250"))]),
        person(
            "p2", "partner", "1982-07-07", care_level="some", at_sea=True, earnings=[earning("catch", 75)]
        ),
        person("p3", "child", "2010-05-05", care_level="full"),
        person("p4", "child", "2003-03-03", studies=True, earnings=[earning("wage", 1000, yearly=True)]),
        person("p5", "elder", "1950-01-01", earnings=[earning("pension", 120)]),
        person("p6", "guest", "1990-01-01", care_level="some"),
        **{"land": Decimal("1.50"), "savings": 3000, "rent": 120, "heated": True, **facts},
    )


def alone(born: str = "1990-06-15", role: str = "head", earnings: Any = (), **facts: Any) -> dict[str, Any]:
    own = {
        key: facts.pop(key)
        for key in ("care_level", "at_sea", "studies", "both_parents_dead")
        if key in facts
    }
    return household(person("p1", role, born, earnings=list(earnings), **own), **facts)


def decided(document: dict[str, Any], on: date = MAY_2023, known: date | None = None) -> Decision:
    return decide(vellana(), deepcopy(document), on=on, known=known)


def outcomes(decision: Decision, policy: str) -> dict[str, str]:
    return {finding.subject: finding.outcome for finding in decision.policies[policy].findings}


def outcome(decision: Decision, policy: str, subject: str = "household") -> str:
    return outcomes(decision, policy)[subject]


def finding(decision: Decision, policy: str, subject: str = "household") -> Any:
    return next(one for one in decision.policies[policy].findings if one.subject == subject)


def amount(decision: Decision, policy: str, subject: str = "household") -> Any:
    return finding(decision, policy, subject).amount.value


def parts(decision: Decision, policy: str) -> dict[str, Any]:
    return {part.id: part.value for part in finding(decision, policy).amount.parts}


def month(decision: Decision) -> tuple[Any, Any]:
    return decision.would_be_due.total.month.min, decision.would_be_due.total.month.max


# --- one household through everything -------------------------------------------------------------------


def test_who_counts_and_what_they_have() -> None:
    values = decided(family_of_six()).definitions
    assert values["family"] == [
        "p1",
        "p2",
        "p3",
        "p4",
    ]  # the student by exception, the pensioner and the guest not
    assert values["people/p4/earned"] == Decimal("83.333")  # 1000 / 12
    assert values["family_income"] == Decimal("358.583")  # 200.250 + 75 + 83.333
    assert values["other_adults"] == 2  # the mother and the student; the father is the eldest
    assert (
        values["hard_pressed_members"] == 3
    )  # all but the father, who earns more than the minimum of 180.500


def test_a_person_value_from_a_household_value_from_person_values() -> None:
    values = decided(family_of_six()).definitions
    pressed = {name.split("/")[1]: value for name, value in values.items() if name.endswith("/hard_pressed")}
    assert pressed == {"p1": False, "p2": True, "p3": True, "p4": True, "p5": False, "p6": False}


def test_amounts_worked_out_by_hand() -> None:
    decision = decided(family_of_six())
    # 180.500 × 4 = 722; 722 − 358.583 = 363.417, up to a tenth: 363.5; two children at 15.125
    assert parts(decision, "base_income") == {"gap": Decimal("363.5"), "children": Decimal("30.25")}
    assert amount(decision, "heating_help") == Decimal("38.875")  # six people: 26.125 + 3 × 4.250
    assert amount(decision, "rent_help") == 60  # half of 120, at most 60
    assert amount(decision, "care_pay", "p2") == Decimal("45.5")
    assert amount(decision, "care_pay", "p3") == 91
    assert amount(decision, "sea_relief", "p2") == 25  # 100 − 75
    # brackets: 200 × 5 % + 158.583 × 20 % = 41.7166; 2 % of it: 0.834332
    assert parts(decision, "crew_help") == {"bonus": 5, "contribution": Decimal("-0.834")}
    fund = finding(decision, "hardship_fund")
    assert (fund.outcome, fund.amount.min, fund.amount.max) == (
        "discretionary",
        50,
        900,
    )  # 3 × 722 is more than 900


def test_conflicts_and_sums_worked_out_by_hand() -> None:
    decision = decided(family_of_six())
    assert [(one.rule, one.effect, one.policy, one.amount) for one in decision.conflicts] == [
        ("sea_lowers_base", "offset", "base_income", 25)
    ]
    # 393.750 − 25 + 38.875 + 60 + 45.500 + 91 + 25 + 4.166
    assert month(decision) == (Decimal("633.291"), Decimal("633.291"))
    once = decision.would_be_due.total.once
    assert (once.min, once.max) == (0, 900)  # the fund is for an officer to decide


def test_the_index_of_need() -> None:
    score = decided(family_of_six()).score
    # 70 × 358.583 / 1444 = 17.3828…; two adults beside the eldest: 30
    assert score is not None
    assert {term.id: term.worst for term in score.terms} == {"income": Decimal("17.38"), "helpers": 30}
    assert score.value == Decimal("47.38")


def test_policies_on_policies() -> None:
    """base_income -> sea_relief of a person -> crew_help of the household; base_income -> heating_help."""
    decision = decided(family_of_six())
    based = {
        name: [(one.policy, one.basis) for one in finding(decision, name, subject).depends_on]
        for name, subject in (("heating_help", "household"), ("sea_relief", "p2"), ("crew_help", "household"))
    }
    assert based == {
        "heating_help": [("base_income", "computed")],
        "sea_relief": [("base_income", "computed")],
        "crew_help": [("sea_relief", "computed")],
    }
    held = [{"policy": "base_income", "from": "2023-01-01"}]
    decision = decided(family_of_six(statuses=held))
    assert not finding(decision, "heating_help").depends_on
    assert not finding(decision, "sea_relief", "p2").depends_on


def test_a_status_on_record_serves_where_the_policy_would_not() -> None:
    rich = alone(earnings=[earning("catch", 99), earning("wage", 400)], at_sea=True, heated=True)
    assert outcomes(decided(rich), "base_income") == {"household": "ineligible"}
    assert outcomes(decided(rich), "heating_help") == {"household": "ineligible"}
    assert outcomes(decided(rich), "sea_relief") == {"p1": "ineligible"}
    held = {**rich, "statuses": [{"policy": "base_income", "from": "2023-01-01"}]}
    assert outcomes(decided(held), "heating_help") == {"household": "eligible"}
    assert outcomes(decided(held), "sea_relief") == {"p1": "eligible"}
    unsaid = {key: value for key, value in rich.items() if key != "statuses"}
    assert outcomes(decided(unsaid), "heating_help") == {"household": "undetermined"}


# --- versions and dated values ----------------------------------------------------------------------------


def test_a_correction_counts_once_it_is_known() -> None:
    family = family_of_six()
    before, after = (decided(family, known=date(2023, month, day)) for month, day in ((3, 31), (4, 1)))
    assert (before.versions["base_income"], after.versions["base_income"]) == ("2023-01-01", "2023-01-01.r2")
    assert (outcome(before, "base_income"), outcome(after, "base_income")) == ("ineligible", "eligible")
    assert finding(before, "base_income").failed == [
        "little-land"
    ]  # 1.50 hectares: more than 1, not more than 2


def test_a_correction_that_ends_a_programme_ends_it(tmp_path: Path) -> None:
    """What it corrects had no end, and does not come back behind it."""
    rules = Path(shutil.copytree(ROOT / "tests" / "rulebooks" / "vellana", tmp_path / "vellana"))
    [before] = rules.glob("*/base_income/2023-01-01.r2.yaml")
    text = before.read_text("utf-8").replace("{from: 2023-01-01}", "{from: 2023-01-01, until: 2023-05-31}")
    text = re.sub(r"published: \S+", "published: 2023-05-01", text)
    before.with_name("2023-01-01.r3.yaml").write_text(text, "utf-8")
    book, known = load_rulebook(rules), date(2023, 6, 2)
    found = [
        outcome(decide(book, family_of_six(), on=on, known=known), "base_income")
        for on in (date(2023, 5, 31), date(2023, 6, 1))
    ]
    assert found == ["eligible", "not-in-force"]


def test_the_general_rule_has_its_exception() -> None:
    wide = alone(land=3)
    assert outcome(decided(wide), "base_income") == "ineligible"
    assert (
        outcome(decided({**wide, "resettled_on": "2021-05-11"}), "base_income") == "eligible"
    )  # 23 whole months
    assert outcome(decided({**wide, "resettled_on": "2021-05-10"}), "base_income") == "ineligible"  # 24
    unknown = {key: value for key, value in wide.items() if key != "resettled_on"}
    assert outcome(decided(unknown), "base_income") == "undetermined"


def test_either_of_a_group() -> None:
    boat = {"length": Decimal("6.4"), "worth": 900, "seized": False}
    saver = alone(savings=2000)  # more than 6 × 180.500 = 1083, less than 24 × 180.500 = 4332
    assert outcome(decided(saver), "base_income") == "ineligible"
    assert outcome(decided({**saver, "boats": [boat]}), "base_income") == "eligible"
    assert outcome(decided({**saver, "boats": [{**boat, "seized": True}]}), "base_income") == "ineligible"
    # the two conditions hold for two boats, but for no boat together
    apart = [{**boat, "length": 7}, {**boat, "seized": True}]
    assert outcome(decided({**saver, "boats": apart}), "base_income") == "ineligible"


@pytest.mark.parametrize(
    ("on", "zone", "gap"),
    [
        (date(2023, 12, 31), "hills", Decimal("150.3")),
        (date(2024, 1, 1), "hills", None),  # the declared gap
        (date(2024, 2, 29), "hills", None),
        (date(2024, 3, 1), "hills", Decimal("160.2")),  # from 15 March, but the month that contains it
        (date(2024, 3, 1), "capital", None),  # a cell of its own that is a gap
        (date(2024, 6, 15), "hills", Decimal("160.2")),
    ],
)
def test_the_minimum_by_day_and_zone(on: date, zone: str, gap: Decimal | None) -> None:
    decision = decided(alone(zone=zone), on=on)
    if gap is None:
        assert outcome(decision, "base_income") == "undetermined"
        assert {one.parameter for one in finding(decision, "base_income").missing} == {"minimum"}
        if zone == "hills":
            assert "parameter-gap" in finding(decision, "base_income").warnings
    else:
        assert amount(decision, "base_income") == gap  # the whole minimum, up to a tenth


def test_a_row_published_later_changes_what_was_known_before() -> None:
    june = alone(zone="capital")
    assert (
        outcome(decided(june, on=date(2024, 6, 15), known=date(2024, 8, 31)), "base_income") == "undetermined"
    )
    assert amount(decided(june, on=date(2024, 6, 15), known=date(2024, 9, 1)), "base_income") == 230


def test_the_own_area_serves_alone() -> None:
    mother = household(person("p1", "head", "1990-01-01"), person("p2", "child", "2015-01-01"))
    assert parts(decided(mother), "base_income")["children"] == Decimal("15.125")
    sablon = {**mother, "area": "sablon"}  # has a series of its own, which begins in July 2024
    assert parts(decided(sablon), "base_income")["children"] is None
    later = decided(sablon, on=date(2024, 7, 1))
    assert parts(later, "base_income")["children"] == 18
    assert "assumed" in finding(later, "base_income").warnings


def test_the_day_of_the_application_chooses_the_version() -> None:
    august = date(2023, 8, 10)
    tenant = alone(rent=200)
    undated = decided(tenant, on=august)
    assert outcome(undated, "rent_help") == "undetermined"
    assert [one.fact for one in finding(undated, "rent_help").missing] == ["application_date"]
    assert amount(decided({**tenant, "application_date": "2023-06-30"}, on=august), "rent_help") == 60
    assert (
        amount(decided({**tenant, "application_date": "2023-07-01"}, on=august), "rent_help") == 80
    )  # of 120
    low = {**tenant, "rent": 10, "application_date": "2023-07-01"}
    assert amount(decided(low, on=august), "rent_help") == 10  # 6, but never less than 10


def test_where_a_version_has_ended_earlier_applications_go_on_and_an_unknown_day_leaves_it_open(
    tmp_path: Path,
) -> None:
    rules = Path(shutil.copytree(ROOT / "tests" / "rulebooks" / "vellana", tmp_path / "vellana"))
    newer = rules / "housing" / "rent_help" / "2023-07-01.yaml"
    text = newer.read_text("utf-8").replace("{from: 2023-07-01}", "{from: 2023-07-01, until: 2023-07-31}", 1)
    newer.write_text(text, "utf-8")
    book, august, tenant = load_rulebook(rules), date(2023, 8, 10), alone(rent=200)
    found = {
        day: outcome(
            decide(book, {**tenant, **({"application_date": day} if day else {})}, on=august), "rent_help"
        )
        for day in ("", "2023-06-30", "2023-07-01")
    }
    assert found == {"": "undetermined", "2023-06-30": "eligible", "2023-07-01": "not-in-force"}


def test_what_ends_without_a_successor() -> None:
    warm = alone(heated=True)
    assert outcome(decided(warm, on=date(2024, 12, 31)), "heating_help") == "eligible"
    assert outcome(decided(warm, on=date(2025, 1, 1)), "heating_help") == "not-in-force"


def test_a_policy_not_verified_since() -> None:
    tenant = alone(rent=200, application_date="2023-07-01")
    assert "not-verified-since" not in finding(decided(tenant, on=date(2025, 12, 31)), "rent_help").warnings
    assert "not-verified-since" in finding(decided(tenant, on=date(2026, 1, 1)), "rent_help").warnings


# --- tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "line"), [(1, "12.5"), (2, "20"), (3, "26.125"), (4, "30.375"), (9, "51.625")]
)
def test_a_table_that_goes_on(size: int, line: str) -> None:
    people = [person(f"p{n}", "head" if n == 1 else "guest", "1990-01-01") for n in range(1, size + 1)]
    assert amount(decided(household(*people, heated=True)), "heating_help") == Decimal(line)


@pytest.mark.parametrize(("crew", "bonus"), [(1, "5"), (2, "8.5"), (3, "11"), (4, "11"), (6, "11")])
def test_a_table_that_stops(crew: int, bonus: str) -> None:
    people = [
        person(
            f"p{n}", "head" if n == 1 else "guest", "1990-01-01", at_sea=True, earnings=[earning("catch", 0)]
        )
        for n in range(1, crew + 1)
    ]
    assert parts(decided(household(*people)), "crew_help")["bonus"] == Decimal(bonus)


@pytest.mark.parametrize(
    ("income", "contribution"),
    [("0", "0"), ("199.999", "-0.2"), ("200", "-0.2"), ("300", "-0.6"), ("400", "-1"), ("500", "-1.7")],
)
def test_marginal_brackets(income: str, contribution: str) -> None:
    """5 % of what lies below 200, 20 % of what lies between, 35 % of what lies above 400; 2 % of all that."""
    people = [person("p1", "head", "1990-01-01", earnings=[earning("wage", Decimal(income))])]
    people.append(person("p2", "guest", "1990-01-01", at_sea=True, earnings=[earning("catch", 0)]))
    held = [{"policy": "base_income", "from": "2023-01-01"}]
    decision = decided(household(*people, statuses=held))
    assert parts(decision, "crew_help")["contribution"] == Decimal(contribution)


@pytest.mark.parametrize(
    ("zone", "level", "rate"),
    [
        ("coast", "some", "45.5"),
        ("coast", "full", "91"),
        ("hills", "some", "40"),
        ("hills", "full", None),
        ("capital", "some", None),
    ],
)
def test_a_table_of_two_keys_with_gaps(zone: str, level: str, rate: str | None) -> None:
    decision = decided(alone(zone=zone, care_level=level))
    assert amount(decision, "care_pay", "p1") == (None if rate is None else Decimal(rate))
    assert [one.parameter for one in finding(decision, "care_pay", "p1").missing] == (
        [] if rate else ["care_rate"]
    )


# --- conflicts ----------------------------------------------------------------------------------------------


def effects(decision: Decision) -> set[tuple[str, str, str]]:
    return {(one.rule, one.effect, one.policy) for one in decision.conflicts}


def orphan(born: str, **facts: Any) -> dict[str, Any]:
    return alone(
        born, both_parents_dead=True, earnings=[earning("catch", 20)], at_sea=True, care_level="some", **facts
    )


def test_the_higher_of_two_and_what_is_excluded_first() -> None:
    decision = decided(orphan("2008-01-01"))  # fifteen years old
    assert amount(decision, "orphan_pay", "p1") == Decimal("67.688")  # 0.375 × 180.500 = 67.6875
    assert effects(decision) == {
        ("orphan_excludes_sea", "kept", "orphan_pay"),
        ("orphan_excludes_sea", "dropped", "sea_relief"),
        ("care_or_orphan", "kept", "orphan_pay"),
        ("care_or_orphan", "dropped", "care_pay"),
    }
    assert month(decision) == (
        Decimal("233.168"),
        Decimal("233.168"),
    )  # 160.5 + 67.688 + 4.98; nothing is offset any more


def test_the_test_of_a_conflict() -> None:
    decision = decided(orphan("2007-01-01"))  # sixteen: the sea relief stays and lowers the base income by 80
    assert ("sea_lowers_base", "offset", "base_income") in effects(decision)
    assert not {effect for effect in effects(decision) if effect[0] == "orphan_excludes_sea"}
    assert month(decision) == (Decimal("233.168"), Decimal("233.168"))  # 80.5 + 67.688 + 80 + 4.98


def test_a_choice_of_the_household() -> None:
    moved = alone(resettled_on="2023-02-01", rent=100)
    chosen = decided({**moved, "help_choice": "moving_grant"})
    assert amount(chosen, "moving_grant") == Decimal("175.5")  # 150 + 25.500
    assert effects(chosen) == {
        ("rent_or_moving", "kept", "moving_grant"),
        ("rent_or_moving", "dropped", "rent_help"),
    }
    assert month(chosen) == (Decimal("180.5"), Decimal("180.5"))
    open_choice = decided({key: value for key, value in moved.items() if key != "help_choice"})
    assert effects(open_choice) == {("rent_or_moving", "choice", "")}
    assert month(open_choice) == (Decimal("180.5"), Decimal("180.5"))  # neither is in the sums
    assert open_choice.would_be_due.total.once.min == 0


def test_a_cap_on_two_together() -> None:
    decision = decided(alone(rent=120, heated=True))
    assert [(one.rule, one.policy, one.amount) for one in decision.conflicts] == [
        ("housing_cap", "rent_help", Decimal("27.375"))  # 12.500 + 60 − a quarter of 180.500
    ]
    assert month(decision) == (Decimal("225.625"), Decimal("225.625"))  # 180.500 + 45.125


# --- outcomes -----------------------------------------------------------------------------------------------


def test_a_closed_procedure_leaves_what_rests_on_it_open() -> None:
    decision = decided(family_of_six(visit_refused=True))
    assert outcome(decision, "base_income") == "closed"
    assert outcome(decision, "heating_help") == "undetermined"
    assert outcome(decision, "sea_relief", "p2") == "undetermined"


def test_discretion() -> None:
    assert (
        outcome(decided(alone("2020-05-11", care_level="some")), "care_pay", "p1") == "discretionary"
    )  # two
    assert (
        outcome(decided(alone("2020-05-10", care_level="some")), "care_pay", "p1") == "eligible"
    )  # three today


def test_who_is_not_concerned() -> None:
    decision = decided(alone())
    assert {one.policy for one in decision.not_concerned} == {"care_pay", "orphan_pay", "sea_relief"}


def test_what_is_not_known_is_not_no() -> None:
    family = family_of_six()
    del family["people"][4]["earnings"]  # does the grandfather have a pension, or is he of the family?
    decision = decided(family)
    assert outcome(decision, "base_income") == "undetermined"
    assert {(one.fact, one.subject) for one in finding(decision, "base_income").missing} == {
        ("earnings", "p5")
    }
    assert outcome(decision, "rent_help") == "undetermined"
    assert outcomes(decision, "care_pay") == {
        "p2": "eligible",
        "p3": "eligible",
        "p6": "ineligible",
    }  # untouched


# --- and no Python ------------------------------------------------------------------------------------------


def test_the_engine_knows_no_country_programme_or_currency() -> None:
    """No code of engine/ says a name that only a rulebook can know; docstrings and comments may give
    examples.
    """
    names: set[str] = {
        "china",
        "chinese",
        "yuan",
        "rmb",
        "cny",
        "hukou",
        "dinar",
        "vellana",
        "元",
        "中国",
        "民政",
    }
    for book in (vellana(), load_rulebook(ROOT / "policies")):
        names |= {*book.policies, *book.departments, *book.areas, book.currency["unit"]}
    found = {
        (file.name, word)
        for file in (ROOT / "engine").rglob("*.py")
        for said in _said(ast.parse(file.read_text("utf-8")))
        for word in names & {said, said.lower()}
    }
    assert not found


def _said(tree: ast.Module) -> Iterator[str]:
    """Identifiers and texts of a module, docstrings left out."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    described = {
        id(one.body[0].value) for one in ast.walk(tree) if isinstance(one, documented) and _has_docstring(one)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
            yield node.value


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    return (
        bool(node.body)
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    )
