"""Amounts and boundaries to the last unit: the shipped rules against fractions, one cent below, at and above.

The oracle is the law's arithmetic written down again in `Fraction`s; it knows neither the rule files nor the
engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest

from engine.decision.decide import decide, situate
from engine.decision.document import read_household
from engine.decision.reads import needed_for
from engine.language.check import check_expression
from engine.language.compile import Computed, Program, compile_program
from engine.language.scope import Scope, Symbol
from engine.language.syntax import plain_source
from engine.language.types import Number, parse_unit
from tests.support import oracle
from tests.support.households import Document, shipped

ON = 20260901
STANDARD = {"rural": 632, "urban": 832}  # of the sample county from April 2026, for each member and month
SIZES = range(1, 16)
CASES = 50_000


# --- the shipped rules --------------------------------------------------------------------------------------


def household(
    size: int, residence: str, kind: str = "other", cents: int = 0, per: str = "year", assets: int = 0
) -> Document:
    """Adults who all count, one income, one sum of assets; everything else that the rules ask is in order."""
    adult = {
        "hukou_county": "sample_county",
        "birth_date": "1980-01-01",
        "whereabouts": "ordinary",
        "income_items": [],
        "severe_illness": False,
        "disability_grade": "none",
        "work_ability": "full",
        "refused_job_offers": 0,
        "school_level": "none",
    }
    people = [{"person_id": f"p{i}", "relation": "spouse", **adult} for i in range(size)]
    people[0] |= {
        "relation": "head",
        "income_items": [{"kind": kind, "amount": Decimal(cents) / 100, "per": per}],
    }
    nothing: dict[str, list[Any]] = {
        name: []
        for name in ("transfers_paid", "spending_items", "vehicles", "houses", "businesses", "statuses")
    }
    return {
        "household_id": "h",
        "area": "sample_county",
        "residence": residence,
        "residence_permit_pilot": False,
        "consent_refused": False,
        "financial_assets": Decimal(assets) / 100,
        "people": people,
        **nothing,
    }


@dataclass(frozen=True, slots=True)
class Case:
    """`cents` of income each year or month, `assets` in cents."""

    size: int
    residence: str
    kind: str
    per: str
    cents: int
    assets: int

    @property
    def line(self) -> int:
        return STANDARD[self.residence] * self.size

    @property
    def income(self) -> Fraction:
        """Of a month: a fifth of wages is left out."""
        annual = Fraction(self.cents, 100) * (12 if self.per == "month" else 1)
        return annual * (Fraction(4, 5) if self.kind == "wage" else 1) / 12

    def expected(self) -> tuple[Any, ...]:
        return (
            self.income < self.line,
            self.income < Fraction(3, 2) * self.line,
            Fraction(self.assets, 100) <= 24 * self.line,
            Fraction(self.assets, 100) <= 36 * self.line,
            100 * oracle.rounded("round up", self.line - self.income, 0),
        )


NAMES = (
    "dibao:income-below-standard",
    "dibao_edge:income-below-multiple",
    "dibao:assets-within-limit",
    "dibao_edge:assets-within-limit",
)


@cache
def fast() -> Callable[[Case], tuple[Any, ...]]:
    """The compiled rules, cut down to the tests and the amount in question."""
    at = situate(shipped(), read_household(shipped(), household(1, "rural")), ON, ON)
    truths = compile_program(needed_for(at.plan.decide, NAMES))
    gap = compile_program(needed_for(at.plan.amounts, ("dibao+gap",)))
    statuses = [None] * (len(at.plan.amounts.household) - len(at.plan.decide.household))
    personal = [None] * (len(at.plan.amounts.person) - len(at.plan.decide.person))
    income = at.plan.decide.person.index("income_items")
    assets = at.plan.decide.household.index("financial_assets")
    inputs = {
        (size, residence): situate(
            shipped(), read_household(shipped(), household(size, residence)), ON, ON
        ).inputs
        for size in SIZES
        for residence in STANDARD
    }
    order = [truths.household.index(name) for name in NAMES]

    def answer(case: Case) -> tuple[Any, ...]:
        base = inputs[case.size, case.residence]
        own, people = base.household.copy(), base.people.copy()
        own[assets] = case.assets
        people[0] = people[0].copy()
        people[0][income] = [(case.kind, case.cents, case.per)], ()
        values, _ = truths.run(own, people, at.parameters.values, ON)
        amounts, _ = gap.run(
            [*own, *statuses], [[*row, *personal] for row in people], at.parameters.values, ON
        )
        return (*(values[place] for place in order), amounts[gap.household.index("dibao+gap")])

    return answer


def boundaries() -> Iterator[Case]:
    """One cent below, at and above every line, for every size of household."""
    for size in SIZES:
        for residence, standard in STANDARD.items():
            for line in (standard * size, Fraction(3, 2) * standard * size):
                for kind, per in (
                    ("other", "year"),
                    ("other", "month"),
                    ("wage", "year"),
                    ("pension", "month"),
                ):
                    exact = (
                        line * 100 * (12 if per == "year" else 1) * (Fraction(5, 4) if kind == "wage" else 1)
                    )
                    for months in (24, 36):
                        for step in (-1, 0, 1):
                            assets = months * standard * size * 100 + step
                            yield Case(size, residence, kind, per, int(exact) + step, assets)


def random_cases(random: Random, count: int) -> Iterator[Case]:
    for _ in range(count):
        size, residence = random.choice(SIZES), random.choice(tuple(STANDARD))
        line = STANDARD[residence] * size * 1200
        cents = random.choice(
            (random.randint(0, 2 * line), line + random.randint(-1300, 1300), random.randint(0, 99))
        )
        kind, per = random.choice(
            (("other", "year"), ("wage", "year"), ("wage", "month"), ("farming", "month"))
        )
        yield Case(size, residence, kind, per, cents, random.randint(0, 4 * line))


def test_income_tests_asset_tests_and_the_gap_are_exact() -> None:
    answer, cases = fast(), [*boundaries(), *random_cases(Random(1), CASES)]
    wrong = [case for case in cases if answer(case) != case.expected()]
    assert not wrong, (len(wrong), wrong[0], answer(wrong[0]), wrong[0].expected())


def test_the_boundaries_lie_on_both_sides() -> None:
    """Else the boundary cases would test nothing."""
    seen = Counter((place, truth) for case in boundaries() for place, truth in enumerate(case.expected()[:4]))
    assert len(seen) == 8, seen


def test_a_whole_decision_gives_the_same_outcome_and_amount() -> None:
    random = Random(2)
    for case in random.sample([*boundaries(), *random_cases(random, 300)], 150):
        document = household(case.size, case.residence, case.kind, case.cents, case.per, case.assets)
        decision = decide(shipped(), document, on=ON, policies=("dibao", "dibao_edge"), advice=False)
        below, near, assets, edge_assets, gap = case.expected()
        (dibao,), (edge,) = (decision.policies[name].findings for name in ("dibao", "dibao_edge"))
        assert (dibao.outcome == "eligible") is (below and assets)
        assert (edge.outcome == "eligible") is (near and edge_assets and not (below and assets))
        if dibao.outcome == "eligible":
            assert dibao.amount is not None and dibao.amount.value == gap / 100
            assert not dibao.failed
        else:
            assert dibao.failed == [
                name.partition(":")[2]
                for name, fits in zip(NAMES[::2], (below, assets), strict=True)
                if not fits
            ]


# --- quotients and rounding in expressions ------------------------------------------------------------------

MONEY, COUNT = Number(2, parse_unit("yuan"), -(10**12), 10**12), Number(0, parse_unit("1"), 1, 15)
SCOPE = Scope(
    {"x": Symbol("x", "fact", MONEY), "line": Symbol("line", "fact", MONEY), "n": Symbol("n", "fact", COUNT)}
)


def compiled(*texts: str) -> Callable[[int, int, int], list[Any]]:
    """Several expressions over x and line (cents) and n, as one function."""
    nodes = []
    for text in texts:
        node, problems = check_expression(plain_source(text), SCOPE)
        assert node is not None, problems
        nodes.append(node)
    computed = tuple(Computed(f"v{i}", "household", node) for i, node in enumerate(nodes))
    program = compile_program(Program(("x", "line", "n"), (), {}, (), computed))
    order = [program.household.index(f"v{i}") for i in range(len(texts))]

    def run(x: int, line: int, n: int) -> list[Any]:
        values, _ = program.run([x, line, n], [], [], ON)
        return [values[place] for place in order]

    return run


def test_a_share_is_compared_exactly_where_rounding_early_would_err() -> None:
    run = compiled(
        "x / n < line", "round half up(x / n, 2) < line", "x < line * n", "x / n <= line", "x / n = line"
    )
    random, traps, below = Random(3), 0, 0
    for number in range(CASES):
        n = SIZES[number % 15]
        line = random.randint(1, 100_000)
        x = line * n + random.randint(-n, n)
        exact = Fraction(x, n)
        rounded = oracle.rounded("round half up", exact, 0)
        expected = [exact < line, rounded < line, exact < line, exact <= line, exact == line]
        assert run(x, line, n) == expected, (x, line, n)
        traps += expected[0] != expected[1]
        below += expected[0]
    assert traps > CASES / 20  # the trap is real
    assert CASES / 4 < below < CASES * 3 / 4


@pytest.mark.parametrize("mode", oracle.ROUND)
def test_every_rounding_of_quotients_is_exact(mode: str) -> None:
    run = compiled(
        *(f"{mode}(x / n, {digits})" for digits in range(4)), f"{mode}(x * 0.125, 1)", f"{mode}(x, 0)"
    )
    random = Random(4)
    for number in range(CASES // len(oracle.ROUND)):
        n = SIZES[number % 15]
        x = random.choice(
            (random.randint(-5000, 5000), 50 * random.randint(-99, 99), random.randint(-(10**12), 10**12))
        )
        value = Fraction(x, 100)
        expected = [10**digits * oracle.rounded(mode, value / n, digits) for digits in range(4)]
        expected += [10 * oracle.rounded(mode, value / 8, 1), oracle.rounded(mode, value, 0)]
        assert run(x, 0, n) == expected, (x, n)


def test_sums_differences_and_products_of_quotients_are_exact() -> None:
    run = compiled(
        "round half up(x / n + line / 7, 2)",
        "round down(x / n * 3 - line / (n + 1), 2)",
        "round up(min(x / n, line / 3), 2)",
        "if x / n > line / 9 then round half up(x / n / 0.7, 1) else 0",
    )
    random = Random(5)
    for number in range(CASES // 5):
        n = SIZES[number % 15]
        x, line = random.randint(-(10**6), 10**6), random.randint(-(10**6), 10**6)
        share, other = Fraction(x, 100 * n), Fraction(line, 100)
        expected = [
            100 * oracle.rounded("round half up", share + other / 7, 2),
            100 * oracle.rounded("round down", share * 3 - other / (n + 1), 2),
            100 * oracle.rounded("round up", min(share, other / 3), 2),
            10 * oracle.rounded("round half up", share / Fraction(7, 10), 1) if share > other / 9 else 0,
        ]
        assert run(x, line, n) == expected, (x, line, n)
