"""The comparison's pack says the same in every form: rule files, ZEN content, oracle."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
import yaml

from benchmarks.one_household import missing
from benchmarks.one_household.check import check, disagreements, expected_answers, untested, zen_answers
from benchmarks.one_household.formula import RuleWriter, ZenWriter, parse
from benchmarks.one_household.households import random_households, without
from benchmarks.one_household.oracle import Answer, Document, Oracle
from benchmarks.one_household.pack import PACK
from benchmarks.one_household.rulebook_files import rulebook_files
from benchmarks.one_household.timing import Subject, Timing, interleaved
from benchmarks.one_household.zen_side import by_static_loader, decision_content


def test_zen_agrees_with_the_oracle_in_every_layout_and_every_clause_is_exercised() -> None:
    assert check() == []


def test_a_threshold_moved_on_one_side_is_noticed() -> None:
    first, *others = PACK.policies
    moved = replace(first, clauses={**first.clauses, "cheap_vehicle": "vehicle_value <= 20001"})
    pack = replace(PACK, policies=(moved, *others))
    decide = zen_answers(by_static_loader(decision_content(pack, "policy")))
    households = [
        {**household, "vehicle_value": value}
        for household, value in zip(random_households(3), (19999.99, 20000, 20000.01), strict=True)
    ]
    oracle = Oracle(PACK)
    lines = disagreements(decide, [(household, oracle.decide(household)) for household in households])
    assert [line.split()[:2] for line in lines] == [["h2", "living_allowance:"]]


def test_a_clause_that_never_changes_is_reported() -> None:
    one = expected_answers(1)
    assert len(untested(one)) == sum(len(policy.clauses) + 1 for policy in PACK.policies)


def test_the_oracle_computes_a_policy_as_by_hand() -> None:
    adult = _person(relation="head", birth_date="1986-06-01", monthly_income=500.25, work="casual")
    child = _person(relation="child", birth_date="2008-06-02", monthly_income=0, work="none")
    household = {
        **random_households(1)[0],
        "people": [adult, child],
        "residence": "town",
        "moved_in": "2025-12-03",  # 180 days before
        "consents_to_checks": True,
        "savings": 30336,  # twice the asset line
        "owns_second_home": False,
        "vehicle_value": 20000,
        "refused_work": False,
    }
    decide = Oracle(PACK).decide
    assert decide(household)["living_allowance"].amount == Decimal("900.75")  # 2 * 700.50 - 500.25
    assert decide({**household, "savings": 30336.01})["living_allowance"].amount is None
    assert decide({**household, "moved_in": "2025-12-04"})["living_allowance"].clauses["settled"] is False
    assert decide(household)["orphan_support"].clauses["children"] is True  # 18 tomorrow
    adult_tomorrow = {**household, "people": [adult, {**child, "birth_date": "2008-06-01"}]}
    assert decide(adult_tomorrow)["orphan_support"].clauses["children"] is False


def _person(**facts: object) -> Document:
    return {**random_households(1)[0]["people"][0], "pension": 0, "lives_here": True, **facts}


@pytest.mark.parametrize(
    ("formula", "ours", "zen"),
    [
        ("not a or b == 'x'", 'not(a) or b = "x"', 'not(a) or b == "x"'),
        ("a and (b or c)", "a and (b or c)", "a and (b or c)"),
        ("2 * (a + b) - c", "2 * (a + b) - c", "2 * (a + b) - c"),
        ("a - (b - c)", "a - (b - c)", "a - (b - c)"),
        ("a - (1 if b else 2)", "a - (if b then 1 else 2)", "a - ((b) ? 1 : 2)"),
        (
            "any(p.ok for p in people) or a",
            "(some p in people satisfies p.ok) or a",
            "some(people, #.ok) or a",
        ),
        ("1 <= a <= 6", "a in [1..6]", "a in [1..6]"),
        ("a in ('x', 'y')", 'a in ("x", "y")', 'a in ["x", "y"]'),
        ("days_since(moved) >= 90", 'on - moved >= duration("P90D")', "days_since_moved >= 90"),
        ("count(p for p in people)", "count(people)", "len(people)"),
        ("count(p for p in people if p.age < 18)", "count(people[age < 18])", "count(people, #.age < 18)"),
        (
            "sum(p.pay for p in people if p.here)",
            "sum(people[here].pay)",
            "sum(map(filter(people, #.here), #.pay))",
        ),
        (
            "sum(p.a + p.b for p in people)",
            "sum(for p in people return p.a + p.b)",
            "sum(map(people, #.a + #.b))",
        ),
        (
            "all(p.ok for p in people if p.ill)",
            "every p in people[ill] satisfies p.ok",
            "all(filter(people, #.ill), #.ok)",
        ),
        ("any(p.ok for p in people)", "some p in people satisfies p.ok", "some(people, #.ok)"),
        ("cents(min(a, b))", "round half up(min(a, b), 2)", "round(min([a, b]), 2)"),
        ("a if b else c", "if b then a else c", "(b) ? a : c"),
    ],
)
def test_a_formula_is_written_in_both_languages(formula: str, ours: str, zen: str) -> None:
    assert RuleWriter("").write(parse(formula)) == ours
    assert ZenWriter("", lambda name: name).write(parse(formula)) == zen


@pytest.mark.parametrize(
    "formula", ["a / b", "f'{a}'", "count(q for q in people)", "a[0]", "a.b", "a not in (1, 2)", "abs(a)"]
)
def test_a_formula_outside_the_pack_s_language_is_refused(formula: str) -> None:
    for writer in (RuleWriter(""), ZenWriter("", lambda name: name)):
        with pytest.raises(ValueError, match=r"may not use|not a selection"):
            writer.write(parse(formula))


def test_the_rulebook_has_every_policy_and_reads_every_fact_and_parameter() -> None:
    files = {path: yaml.safe_load(text) for path, text in rulebook_files(PACK)}
    policies = [content for content in files.values() if "policy" in content]
    assert len(policies) == 24
    assert all(len(policy["eligible"]["all"]) == 8 for policy in policies)
    expressions = " ".join(
        [clause["when"] for policy in policies for clause in policy["eligible"]["all"]]
        + [policy["amount"]["parts"][0]["value"] for policy in policies]
        + [content["value"] for content in files.values() if "definition" in content]
    )
    keys = " ".join(key for content in files.values() for key in content.get("by", []))
    named = [*files["facts.yaml"]["facts"], *(c["parameter"] for c in files.values() if "parameter" in c)]
    assert len(named) == len(PACK.facts) + len(PACK.parameters) + len(PACK.tables)
    assert set(named) - set(re.findall(r"\w+", f"{expressions} {keys}")) == set()


def test_a_fact_is_taken_from_the_household_or_from_its_first_person() -> None:
    household = random_households(1, people=2)[0]
    assert "savings" not in without(household, "savings")
    first, second = without(household, "disability")["people"]
    assert "disability" not in first
    assert "disability" in second
    assert "disability" in household["people"][0]


def test_missing_facts_are_counted_by_how_they_ended() -> None:
    right = {"a": Answer({}, True, Decimal(5)), "b": Answer({}, False, None)}
    expected = [({"known": 1, "people": []}, right)]
    ended: dict[str, Callable[[Document], dict[str, Answer]]] = {
        "2 lost to an error": _raise,
        "2 decided, 0 of them wrongly": lambda _: right,
        "2 decided, 1 of them wrongly": lambda _: {**right, "a": Answer({}, True, Decimal(4))},
        "1 left open; 1 decided, 0 of them wrongly": lambda _: {**right, "a": Answer({}, None, None)},
    }
    for words, decide in ended.items():
        assert str(missing.outcome(decide, "known", expected)) == words


def _raise(_: Document) -> dict[str, Answer]:
    raise RuntimeError("a fact is missing")


def test_rounds_are_interleaved_and_ratios_taken_round_by_round() -> None:
    order: list[str] = []
    names = ("a", "b")
    timings = interleaved([Subject(name, partial(order.append, name), 0) for name in names], 2, 1)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert [len(timing.rounds) for timing in timings] == [2, 2]
    slow, fast = Timing(timings[0].subject, (4.0, 9.0, 2.0)), Timing(timings[1].subject, (1.0, 3.0, 1.0))
    assert slow.ratio_to(fast) == 3.0
    assert slow.median() == 4.0
