"""What the checker proves, at the edges where a proof is easily lost, and what it refuses for want of one."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from engine.language.check import check_expression
from engine.language.compile import Computed, Program, compile_program
from engine.language.scope import Scope, Symbol
from engine.language.syntax import plain_source
from engine.language.types import DATE, INT64_MAX, List, Number, Record, parse_unit

WHOLE, CENTS = Number(0, parse_unit("1"), 0, 10_000_000), Number(2, parse_unit("1"), 0, 10_000_000_00)
NAMES = {
    "n": Symbol("n", "fact", WHOLE),
    "x": Symbol("x", "fact", CENTS),
    "most": Symbol("most", "fact", Number(0, parse_unit("1"), -INT64_MAX // 2, INT64_MAX // 2)),
    "day": Symbol("day", "fact", DATE),
    "costs": Symbol("costs", "fact", List(Record("costs"), 3)),
    "by_size": Symbol("by_size", "parameter", CENTS, (), "size"),
    "slices": Symbol("slices", "parameter", Number(2, parse_unit("1"), 0, 100_000), (), "brackets", 2),
}
SCOPE = Scope(NAMES, {"costs": {"whole": Symbol("whole", "fact", WHOLE)}})


def value(text: str, **facts: Any) -> Any:
    """The value of an accepted expression, as a fraction when it is a number."""
    node, problems = check_expression(plain_source(text), SCOPE)
    assert node is not None, problems
    program = Program(
        tuple(facts), (), {"costs": ("whole",)}, ("slices",), (Computed("v", "household", node),)
    )
    slices = ((0, 10), (1_000_00, 20))
    (found,), _ = compile_program(program).run(list(facts.values()), [], [slices], 20240229)
    if isinstance(node.type, Number):
        assert node.type.lo <= found <= node.type.hi
        return Fraction(found, 10 ** (node.type.decimals or 0))
    return found


def refusal(text: str) -> str:
    node, problems = check_expression(plain_source(text), SCOPE)
    assert node is None, f"{text} was accepted"
    return problems[0].code


@pytest.mark.parametrize(
    "text", ["n ** 1.5", "round up(x, 0.5)", "date(2024, 2, 2.9)", "add months(day, 1.5)"]
)
def test_a_number_with_decimals_is_not_taken_for_a_whole_one(text: str) -> None:
    assert refusal(text) == "type"


def test_a_whole_number_may_be_written_with_decimals() -> None:
    assert value("n ** 2.0", n=3) == 9
    assert value("round up(x / 3, 1.0)", x=1_00) == Fraction(4, 10)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("most + most + most", "overflow"),
        ("round half up(most, 1)", "overflow"),
        ("by_size(n)", "too-large"),  # the values of a size table are proved for a thousand rows
        ('duration("P99999Y")', "overflow"),
        ('duration("P9Y") + duration("P9Y")', "type"),
        ("marginal(round up(x, 3), slices)", "unrounded"),
        ("1 / n", "unguarded-division"),
        ("if n >= 0 then 1 / n else 0", "unguarded-division"),
        ("if n > 0 or x > 0 then 1 / n else 0", "unguarded-division"),
        ("max(costs.whole)", "unguarded-empty"),
    ],
)
def test_what_cannot_be_proved_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


@pytest.mark.parametrize(("birth", "years"), [(10101, 2023), (19800301, 43), (99991231, -7975)])
def test_ages_of_any_birth_date_keep_to_the_range_they_claim(birth: int, years: int) -> None:
    assert value("age(day)", day=birth) == years


@pytest.mark.parametrize(
    ("amount", "tax"), [(0, 0), (999, "99.9"), (1000, 100), (1001, "100.2"), (3000, 500)]
)
def test_slices_of_an_amount_with_other_decimals_than_the_thresholds(amount: int, tax: Any) -> None:
    assert value("marginal(n, slices)", n=amount) == Fraction(tax)
    assert value("marginal(x, slices)", x=amount * 100) == Fraction(tax)


def test_the_entries_of_a_list_may_have_different_decimals() -> None:
    assert value("sum([1, 2.50, 3.125])") == Fraction("6.625")


def test_a_value_is_found_in_a_list_with_fewer_decimals() -> None:
    costs = ([(3,), (700,)], ())
    assert value("x in costs.whole", x=7_00, costs=costs) is False
    assert value("x in costs.whole", x=3_00, costs=costs) is True
    assert value("list contains(costs.whole, x)", x=7_01, costs=costs) is False


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("count(costs[whole > 5]) < count(costs)", None),
        ("count(costs[whole > 5]) < 3.5", True),
        ("count(costs[whole > 5]) < 2.5", None),
        ("count(costs[whole > 5]) > 4 / 3", True),
        ("count(costs[whole > 5]) > 7 / 3", None),
        ("count(costs[whole <= 5]) < count(costs[whole > 5])", True),
        ("count(costs[whole <= 5]) = count(costs[whole > 5])", False),
        ("count(costs[whole <= 5]) != count(costs[whole < 5])", None),
    ],
)
def test_counts_with_a_doubtful_entry_decide_when_they_can(text: str, truth: bool | None) -> None:
    """Two of three entries are above five, of the third nothing is known."""
    assert value(text, costs=([(9,), (9,), (None,)], ())) is truth


@pytest.mark.parametrize(
    "text",
    [
        "sum(costs.whole)",
        "sum(for c in costs return 3 - c.whole)",
        "sum(for c in costs return c.whole + 2)",
        "sum(3 - n, -n, n)",
        "if count(costs) > 0 then max(for c in costs return -c.whole) else 1",
        "count(costs) - 5",
        "n * (3 - n)",
        "-n * x",
        "abs(5 - n)",
        "abs(n + 5)",
        "modulo(3 - n, 7)",
        "round down((3 - n) / 7, 2)",
        "round up(-x / (n + 1), 0)",
        "min(n, 7) - max(x, 9)",
        "marginal(x - 50, slices)",
        "(day - date(9999, 12, 31)).days",
        "months between(day, date(1, 1, 1))",
    ],
)
def test_values_at_the_ends_of_their_ranges_keep_to_the_range_of_the_whole(text: str) -> None:
    wholes, lists = (WHOLE.lo, WHOLE.hi), ([], [WHOLE.lo] * 3, [WHOLE.hi] * 3, [WHOLE.lo, WHOLE.hi, 4])
    for n, x, day, costs in product(wholes, (CENTS.lo, CENTS.hi), (10101, 99991231), lists):
        value(text, n=n, x=x, day=day, costs=([(cost,) for cost in costs], ()))
