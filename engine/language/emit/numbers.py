"""Arithmetic, rounding, dates and durations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.language.emit.code import Code, all_checks, any_none
from engine.language.tree import Node
from engine.language.types import Duration, Number, Ratio

if TYPE_CHECKING:
    from engine.language.compile import Generator

INFIX = {"add": "+", "subtract": "-", "multiply": "*"}


def _arithmetic(make: Generator, node: Node) -> Code:
    if isinstance(node.type, Ratio):
        a, b = (make.fraction(arg) for arg in node.args)
        checks = all_checks([a, b])
        if node.op == "multiply":
            return Code(f"({a.text} * {b.text})", checks, f"({a.den} * {b.den})")
        if a.den == b.den:
            return Code(f"({a.text} {INFIX[node.op]} {b.text})", checks, a.den)
        num = f"({a.text} * {b.den} {INFIX[node.op]} {b.text} * {a.den})"
        return Code(num, checks, f"({a.den} * {b.den})")
    return make.strict(node, lambda a, b: f"({a} {INFIX[node.op]} {b})")


def _divide(make: Generator, node: Node) -> Code:
    a, b = (make.fraction(arg) for arg in node.args)
    return Code(f"({a.text} * {b.den})", all_checks([a, b]), f"({a.den} * {b.text})")


def _negate(make: Generator, node: Node) -> Code:
    return make.strict(node, lambda a: f"(-{a})")


def _scale(make: Generator, node: Node) -> Code:
    return make.strict(node, lambda a: f"({a} * {node.value})")


def _modulo(make: Generator, node: Node) -> Code:
    a, b = (make.code(arg) for arg in node.args)
    return make.maybe(f"None if {any_none(all_checks([a, b]), f'{b.text} == 0')} else {a.text} % {b.text}")


def _absolute(make: Generator, node: Node) -> Code:
    return make.strict(node, lambda a: f"abs({a})")


def _round(make: Generator, node: Node) -> Code:
    digits = node.value
    inner = node.args[0]
    code = make.fraction(inner)
    num = code.text if digits == 0 else f"{code.text} * {10**digits}"
    text = f"round_{node.name}({num}, {code.den})"
    if isinstance(inner.type, Number):
        return Code(text, code.checks)
    return make.maybe(f"None if {any_none(code.checks, f'{code.den} <= 0')} else {text}")


def _least(make: Generator, node: Node) -> Code:
    return _smallest_of(make, node, "min", "<=")


def _greatest(make: Generator, node: Node) -> Code:
    return _smallest_of(make, node, "max", ">=")


def _smallest_of(make: Generator, node: Node, function: str, operator: str) -> Code:
    if not isinstance(node.type, Ratio):
        return make.strict(node, lambda *texts: f"{function}({', '.join(texts)})")
    best = make.fraction(node.args[0])
    for arg in node.args[1:]:
        other = make.fraction(arg)
        checks = all_checks([best, other])
        first = f"({best.text}, {best.den})"
        second = f"({other.text}, {other.den})"
        test = f"{best.text} * {other.den} {operator} {other.text} * {best.den}"
        name = make.assign(f"{first} if {test} else {second}", checks)
        best = Code(f"{name}[0]", (name,) if checks else (), f"{name}[1]")
    return best


def _date_part(make: Generator, node: Node) -> Code:
    return make.strict(node, lambda a: f"date_part({a}, {node.name!r})")


def _duration_part(make: Generator, node: Node) -> Code:
    of = node.args[0].type
    assert isinstance(of, Duration)
    return make.strict(node, lambda a: f"duration_part({a}, {of.kind!r}, {node.name!r})")


def _seconds_between(make: Generator, node: Node) -> Code:
    return make.strict(node, lambda a, b: f"days_between({a}, {b}) * 86400")


def _moved(make: Generator, node: Node) -> Code:
    codes = [make.code(arg) for arg in node.args]
    text = f"{node.op}({codes[0].text}, {codes[1].text})"
    checks = all_checks(codes)
    return make.maybe(f"None if {any_none(checks)} else {text}" if checks else text)


def _calendar(make: Generator, node: Node) -> Code:
    """A function of dates that bears the name of its node."""
    return make.strict(node, lambda *texts: f"{node.op}({', '.join(texts)})")


EMIT: dict[str, Callable[[Generator, Node], Code]] = {
    **dict.fromkeys(INFIX, _arithmetic),
    "divide": _divide,
    "negate": _negate,
    "scale": _scale,
    "modulo": _modulo,
    "absolute": _absolute,
    "round": _round,
    "least": _least,
    "greatest": _greatest,
    "date_part": _date_part,
    "duration_part": _duration_part,
    "seconds_between": _seconds_between,
    **dict.fromkeys(("add_months", "add_seconds"), _moved),
    **dict.fromkeys(("months_between", "years_between", "days_between", "month_start"), _calendar),
}
