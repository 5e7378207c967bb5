"""Functions of numbers: rounding, absolute value, modulo, marginal brackets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.language import arithmetic, names, numbers
from engine.language.function import Function, Handler
from engine.language.problems import nearest
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import Duration, Number, Ratio

if TYPE_CHECKING:
    from engine.language.check import Checker

ROUNDINGS = {
    "round up": "up",
    "round down": "down",
    "round half up": "half_up",
    "round half down": "half_down",
    "decimal": "half_even",
    "floor": "floor",
    "ceiling": "ceiling",
}


def _rounding(name: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        value = arithmetic.number(check, args[0])
        digits = 0
        if len(args) > 1:
            written = numbers.written_whole(check.check(args[1]))
            if written is None:
                hint = f"write `{name}(x, 2)`"
                raise check.fail(
                    args[1], "type", "the number of decimals is a whole number written out", hint
                )
            digits = written
        if not 0 <= digits <= 9:
            hint = "0 rounds to whole ones"
            raise check.fail(args[1], "type", "the number of decimals lies between 0 and 9", hint)
        assert isinstance(value.type, Number | Ratio)
        of = numbers.rounded_type(value.type, digits)
        return check.node(syntax, "round", (value,), of, ROUNDINGS[name], digits)

    return handler


def _absolute(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    value = check.check(args[0])
    if isinstance(value.type, Duration):
        return check.node(syntax, "absolute", (value,), value.type)
    value = arithmetic.number(check, args[0])
    if isinstance(value.type, Ratio):
        raise check.fail(syntax, "unrounded", "`abs` needs a rounded number", "round it first")
    assert isinstance(value.type, Number)
    lo, hi = value.type.lo, value.type.hi
    least = 0 if lo <= 0 <= hi else min(abs(lo), abs(hi))
    return check.node(syntax, "absolute", (value,), replace(value.type, lo=least, hi=max(abs(lo), abs(hi))))


def _modulo(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    dividend, divisor = arithmetic.number(check, args[0]), arithmetic.number(check, args[1])
    if isinstance(dividend.type, Ratio) or isinstance(divisor.type, Ratio):
        raise check.fail(syntax, "unrounded", "`modulo` needs rounded numbers", "round first")
    dividend, divisor = numbers.aligned(dividend, divisor)
    assert isinstance(dividend.type, Number) and isinstance(divisor.type, Number)
    if divisor.type.lo <= 0:
        raise check.fail(
            args[1], "unguarded-division", "the divisor can be zero or less here", "guard it with `if`"
        )
    of = replace(dividend.type, lo=0, hi=max(divisor.type.hi - 1, 0))
    return check.node(syntax, "modulo", (dividend, divisor), of)


def _marginal(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    value = arithmetic.number(check, args[0])
    symbol = check.scope.names.get(args[1].value) if args[1].kind == "name" else None
    if symbol is None or symbol.table != "brackets":
        refused = names.not_readable(check, args[1], args[1].value)
        message = f"`{check.source.text[args[1].start : args[1].end]}` is not a parameter of type brackets"
        known = [name for name, one in check.scope.names.items() if one.table == "brackets"]
        hint = nearest(args[1].value, known) or "write the name of one: `marginal(x, my_brackets)`"
        raise refused or check.fail(args[1], "type", message, hint)
    assert isinstance(symbol.type, Number)
    if not isinstance(value.type, Number) or value.type.decimals > symbol.decimals:
        hint = f"round it to the {symbol.decimals} decimals of the thresholds first"
        raise check.fail(args[0], "unrounded", "`marginal` needs a rounded number", hint)
    value = numbers.scaled(value, symbol.decimals)
    assert isinstance(value.type, Number)
    of = numbers.product_type(value.type, symbol.type)
    assert isinstance(of, Number)
    return check.node(
        syntax, "marginal", (value,), replace(of, lo=min(of.lo, 0), hi=max(of.hi, 0)), symbol.name
    )


FUNCTIONS = {
    **{
        name: Function(2, 2, ("n", "scale"), _rounding(name))
        for name in ROUNDINGS
        if name.startswith(("round", "dec"))
    },
    "floor": Function(1, 2, ("n", "scale"), _rounding("floor")),
    "ceiling": Function(1, 2, ("n", "scale"), _rounding("ceiling")),
    "abs": Function(1, 1, ("n",), _absolute),
    "modulo": Function(2, 2, ("dividend", "divisor"), _modulo),
    "marginal": Function(2, 2, ("amount", "brackets"), _marginal),
}
