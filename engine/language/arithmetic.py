"""Sums, products, quotients and powers of numbers; dates and durations."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.language import comparison, numbers
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    DATE,
    DAYS,
    EXACT,
    LITERAL_UNIT,
    UNKNOWN,
    Date,
    Duration,
    Number,
    Ratio,
    Type,
    Unit,
    Unknown,
)

if TYPE_CHECKING:
    from engine.language.check import Checker

MAX_MONTHS = 12 * 9999
YEARS, MONTH_COUNT, DAY_COUNT = Unit((("year", 1),)), Unit((("month", 1),)), Unit((("day", 1),))
PERSON_UNIT = Unit((("person", 1),))


def number(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if isinstance(node.type, Number | Ratio):
        return node
    if isinstance(node.type, Unknown):
        return replace(node, type=EXACT)
    raise check.fail(syntax, "type", f"a number is needed here, and this is {node.type}")


def binary(check: Checker, syntax: Syntax) -> Node:
    left, right = check.several(syntax.children)
    numeric = (Number, Ratio, Unknown)
    if not isinstance(left.type, numeric) or not isinstance(right.type, numeric):
        return date_arithmetic(check, syntax, left, right)
    left = replace(left, type=EXACT) if isinstance(left.type, Unknown) else left
    right = replace(right, type=EXACT) if isinstance(right.type, Unknown) else right
    if syntax.value in "+-":
        comparison.same_unit(check, syntax, left, right)
        op = "add" if syntax.value == "+" else "subtract"
        of, left, right = numbers.sum_type(op, left, right)
        return check.node(syntax, op, (left, right), of)
    if syntax.value == "**":
        return power(check, syntax, left, right)
    if syntax.value == "*":
        return product(check, syntax, left, right)
    return quotient(check, syntax, left, right)


def product(check: Checker, at: Syntax, left: Node, right: Node) -> Node:
    assert isinstance(left.type, Number | Ratio) and isinstance(right.type, Number | Ratio)
    return check.node(at, "multiply", (left, right), numbers.product_type(left.type, right.type))


def quotient(check: Checker, at: Syntax, left: Node, right: Node) -> Node:
    a, b = left.type, right.type
    assert isinstance(a, Number | Ratio) and isinstance(b, Number | Ratio)
    if not check.scope.exact and numbers.limits(b)[0] <= 0:
        written = check.written(right)
        raise check.fail(
            right,
            "unguarded-division",
            f"`{written}` can be zero or less here",
            f"guard the division: `if {written} > 0 then … else …`",
        )
    return check.node(at, "divide", (left, right), numbers.quotient_type(a, b))


def negative(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax.children[0])
    if isinstance(node.type, Duration):
        return check.node(syntax, "negate", (node,), node.type)
    if isinstance(node.type, Unknown):
        return node
    if isinstance(node.type, Ratio):
        zero = check.node(syntax, "const", (), Number(0, LITERAL_UNIT, 0, 0), value=0)
        of, _, _ = numbers.sum_type("subtract", zero, node)
        return check.node(syntax, "subtract", (zero, node), of)
    if not isinstance(node.type, Number):
        raise check.fail(syntax, "type", f"a number is needed after `-`, and this is {node.type}")
    if node.op == "const":
        of_number = node.type
        return check.node(
            syntax, "const", (), replace(of_number, lo=-of_number.hi, hi=-of_number.lo), value=-node.value
        )
    return check.node(syntax, "negate", (node,), replace(node.type, lo=-node.type.hi, hi=-node.type.lo))


def power(check: Checker, syntax: Syntax, base: Node, exponent: Node) -> Node:
    assert isinstance(base.type, Number | Ratio)
    if exponent.op != "const" or Fraction(exponent.value).denominator != 1 or abs(exponent.value) > 1000:
        raise check.fail(syntax, "type", "an exponent is a whole number written out", "write `x ** 2`")
    times = abs(int(exponent.value))
    of: Type = EXACT if check.scope.exact else Number(0, LITERAL_UNIT, 1, 1)
    result = check.node(syntax, "const", (), of, value=Fraction(1) if check.scope.exact else 1)
    for turn in range(times):
        result = product(check, syntax, result, base) if turn else base
    if exponent.value < 0:
        one = check.node(syntax, "const", (), of, value=Fraction(1) if check.scope.exact else 1)
        return quotient(check, syntax, one, result)
    return result


def date_arithmetic(check: Checker, syntax: Syntax, left: Node, right: Node) -> Node:
    """date - date, date ± duration, duration ± duration, number * duration, duration / number."""
    a, b, op = left.type, right.type, syntax.value
    if isinstance(a, Date) and isinstance(b, Date) and op == "-":
        return check.node(syntax, "seconds_between", (right, left), DAYS)
    if isinstance(a, Date) and isinstance(b, Duration) and op in "+-":
        step = right if op == "+" else check.node(syntax, "negate", (right,), b)
        return _step(check, syntax, left, step)
    if isinstance(b, Date) and isinstance(a, Duration) and op == "+":
        return _step(check, syntax, right, left)
    if isinstance(a, Duration) and a == b and op in "+-":
        return check.node(syntax, "add" if op == "+" else "subtract", (left, right), a)
    if check.scope.exact and op == "*" and isinstance(a, Duration) and isinstance(b, Number):
        return check.node(syntax, "multiply", (left, right), a)
    if check.scope.exact and op == "*" and isinstance(b, Duration) and isinstance(a, Number):
        return check.node(syntax, "multiply", (right, left), b)
    if check.scope.exact and op == "/" and isinstance(a, Duration):
        if a == b:
            return check.node(syntax, "divide", (left, right), EXACT)
        if isinstance(b, Number):
            return check.node(syntax, "divide", (left, right), a)
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return check.node(syntax, "const", (), UNKNOWN)
    raise check.fail(syntax, "type", f"`{op}` does not take {a} and {b}")


def _step(check: Checker, syntax: Syntax, date: Node, step: Node) -> Node:
    assert isinstance(step.type, Duration)
    op = "add_months" if step.type.kind == "months" else "add_seconds"
    return check.node(syntax, op, (date, step), DATE)


def counted(check: Checker, unit: Unit, lo: int, hi: int) -> Number:
    return EXACT if check.scope.exact else Number(0, unit, lo, hi)
