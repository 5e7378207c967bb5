"""Comparisons, `between` and `in`: only like is compared with like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.language import lists, numbers
from engine.language.problems import nearest
from engine.language.scope import PERSON
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    BOOLEAN,
    Date,
    Duration,
    Enum,
    List,
    Number,
    Ratio,
    Record,
    Text,
    Type,
    Unit,
    Unknown,
    join_units,
    multiply_units,
)

if TYPE_CHECKING:
    from engine.language.check import Checker

COMPARISONS = {"=": "equal", "!=": "unequal", "<": "less", "<=": "at_most", ">": "more", ">=": "at_least"}


def compare(check: Checker, syntax: Syntax) -> Node:
    left, right = check.several(syntax.children)
    return comparison(check, syntax, COMPARISONS[syntax.value], left, right)


def comparison(check: Checker, at: Syntax, op: str, left: Node, right: Node) -> Node:
    a, b = left.type, right.type
    if isinstance(a, Number | Ratio) and isinstance(b, Number | Ratio):
        same_unit(check, at, left, right)
        if isinstance(a, Number) and isinstance(b, Number):
            left, right = numbers.aligned(left, right)
        else:
            numbers.compare_parts(a, b)
        return check.node(at, op, (left, right), BOOLEAN)
    left, right, of = joined(check, at, left, right)
    refuse_whole(check, at, of)
    if op not in ("equal", "unequal") and not isinstance(of, Date | Duration):
        raise check.fail(at, "type", f"{a} and {b} have no order; only `=`, `!=` and `in` compare them")
    return check.node(at, op, (left, right), BOOLEAN)


def refuse_whole(check: Checker, at: Syntax, of: Type) -> None:
    """Lists and entries have parts that may be unknown; only their parts are compared. People are who they are."""
    if isinstance(of, List) or (isinstance(of, Record) and of.name != PERSON):
        raise check.fail(
            at,
            "type",
            f"{of} cannot be compared as a whole",
            "compare its count or its fields, or use `some … satisfies` and `every … satisfies`",
        )


def same_unit(check: Checker, at: Syntax, left: Node, right: Node) -> None:
    assert isinstance(left.type, Number | Ratio) and isinstance(right.type, Number | Ratio)
    if join_units(left.type.unit, right.type.unit) is None:
        (a, x), (b, y) = (check.written(left), left.type.unit), (check.written(right), right.type.unit)
        hint = _missing_factor(a, x, y) or _missing_factor(b, y, x)
        raise check.fail(
            at,
            "unit",
            f"`{a}` {_in(x)} and `{b}` {_in(y)}",
            hint or "only like can be compared, added or subtracted",
        )


def _in(unit: Unit) -> str:
    return f"is in {unit}" if unit.dimensions else "has no unit"


def _missing_factor(written: str, unit: Unit, wanted: Unit) -> str:
    """What to multiply by when only `per person` or `per month` keeps two units apart."""
    for per, times in (
        (PERSON, "a number of people"),
        ("month", "a number of months"),
        ("year", "a number of years"),
    ):
        if join_units(multiply_units(unit, Unit(((per, 1),))), wanted) is not None:
            return f"`{written}` is for one {per}: multiply it by {times}"
    return ""


def joined(check: Checker, at: Syntax, a: Node, b: Node) -> tuple[Node, Node, Type]:
    """Two values that may stand in the same place, and the type of that place."""
    x, y = a.type, b.type
    if isinstance(x, Unknown) or isinstance(y, Unknown):
        return a, b, y if isinstance(x, Unknown) else x
    if isinstance(x, Number | Ratio) and isinstance(y, Number | Ratio):
        same_unit(check, at, a, b)
        if isinstance(x, Number) and isinstance(y, Number):
            a, b = numbers.aligned(a, b)
        assert isinstance(a.type, Number | Ratio) and isinstance(b.type, Number | Ratio)
        return a, b, numbers.hull("join", [a.type, b.type])
    if isinstance(x, Enum) and isinstance(y, Text):
        return a, choice(check, b, x), x
    if isinstance(y, Enum) and isinstance(x, Text):
        return choice(check, a, y), b, y
    if isinstance(x, Enum) and isinstance(y, Enum) and x.values == y.values:
        return a, b, x
    if isinstance(x, List) and isinstance(y, List):
        item = x.item if isinstance(y.item, Unknown) else y.item
        if isinstance(x.item, Unknown) or isinstance(y.item, Unknown) or x.item == y.item:
            return a, b, List(item, max(x.at_most, y.at_most), x.undecided or y.undecided)
    if x == y:
        return a, b, x
    hint = 'write `date("…")`' if {type(x), type(y)} == {Date, Text} else ""
    if {type(x), type(y)} == {Number, Text}:
        literal = a if a.op == "const" else b
        hint = (
            "a number is written without quotes"
            if isinstance(literal.type, Text)
            else "a text is written in quotes"
        )
    raise check.fail(at, "type", f"`{check.written(a)}` is {x} and `{check.written(b)}` is {y}", hint)


def choice(check: Checker, node: Node, of: Enum) -> Node:
    if node.op != "const":
        raise check.fail(node, "type", f"a text cannot be compared with {of}")
    if node.value not in of.values:
        raise check.fail(
            node,
            "unknown-choice",
            f'"{node.value}" is not a value of `{of.name}`',
            nearest(node.value, of.values) or f"one of {', '.join(of.values)}",
        )
    return replace(node, type=of)


def between(check: Checker, syntax: Syntax) -> Node:
    value, low, high = check.several(syntax.children)
    tests = (
        comparison(check, syntax, "at_least", value, low),
        comparison(check, syntax, "at_most", value, high),
    )
    return check.node(syntax, "between", (value, *tests), BOOLEAN)


def is_in(check: Checker, syntax: Syntax) -> Node:
    value = check.check(syntax.children[0])
    target = syntax.children[1]
    tests = target.children if target.kind == "tests" else (target,)
    checked = tuple(_test(check, value, one) for one in tests)
    return check.node(syntax, "in", (value, *checked), BOOLEAN)


def _test(check: Checker, value: Node, test: Syntax) -> Node:
    if test.kind == "unary_test":
        return comparison(check, test, COMPARISONS[test.value], value, check.check(test.children[0]))
    if test.kind in ("closed_closed", "closed_open", "open_closed", "open_open"):
        low, high = check.several(test.children)
        first, last = test.kind.split("_")
        bounds = (
            comparison(check, test, "at_least" if first == "closed" else "more", value, low),
            comparison(check, test, "at_most" if last == "closed" else "less", value, high),
        )
        return check.node(test, "and", bounds, BOOLEAN)
    if test.kind == "list" and test.children and not isinstance(value.type, List):
        return check.node(test, "or", tuple(_test(check, value, item) for item in test.children), BOOLEAN)
    other = check.check(test)
    if isinstance(other.type, List) and not isinstance(value.type, List):
        return lists.contains(check, test, other, value)
    return comparison(check, test, "equal", value, other)
