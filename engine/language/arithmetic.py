"""Sums, products, quotients and powers of numbers; dates and durations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.language import comparison, numbers
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    DATE,
    DAYS,
    LITERAL_UNIT,
    Date,
    Duration,
    Number,
    Ratio,
)

if TYPE_CHECKING:
    from engine.language.check import Checker


def number(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if isinstance(node.type, Number | Ratio):
        return node
    raise check.fail(syntax, "type", f"a number is needed here, and this is {node.type}")


def binary(check: Checker, syntax: Syntax) -> Node:
    left, right = check.several(syntax.children)
    if not isinstance(left.type, Number | Ratio) or not isinstance(right.type, Number | Ratio):
        return date_arithmetic(check, syntax, left, right)
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
    if numbers.limits(b)[0] <= 0:
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
    whole = numbers.written_whole(exponent)
    if whole is None or abs(whole) > 64:
        raise check.fail(syntax, "type", "an exponent is a whole number written out", "write `x ** 2`")
    one = check.node(syntax, "const", (), Number(0, LITERAL_UNIT, 1, 1), value=1)
    result = one
    for turn in range(abs(whole)):
        result = product(check, syntax, result, base) if turn else base
    return quotient(check, syntax, one, result) if whole < 0 else result


def date_arithmetic(check: Checker, syntax: Syntax, left: Node, right: Node) -> Node:
    """date - date, date ± duration."""
    a, b, op = left.type, right.type, syntax.value
    if isinstance(a, Date) and isinstance(b, Date) and op == "-":
        return check.node(syntax, "seconds_between", (right, left), DAYS)
    if isinstance(a, Date) and isinstance(b, Duration) and op in "+-":
        step = right if op == "+" else check.node(syntax, "negate", (right,), b)
        return _step(check, syntax, left, step)
    if isinstance(b, Date) and isinstance(a, Duration) and op == "+":
        return _step(check, syntax, right, left)
    hint = "add one after the other to a date" if isinstance(a, Duration) and a == b else ""
    raise check.fail(syntax, "type", f"`{op}` does not take {a} and {b}", hint)


def _step(check: Checker, syntax: Syntax, date: Node, step: Node) -> Node:
    assert isinstance(step.type, Duration)
    op = "add_months" if step.type.kind == "months" else "add_seconds"
    return check.node(syntax, op, (date, step), DATE)
