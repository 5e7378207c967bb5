"""Functions of dates: date, duration, age, months between, so many years later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language import arithmetic, literals, numbers
from engine.language.function import Function, Handler
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    DATE,
    DAY_COUNT,
    LITERAL_UNIT,
    MAX_DAYS,
    MAX_MONTHS,
    MAX_YEARS,
    MONTH_COUNT,
    MONTHS,
    YEARS,
    Date,
    Number,
    Text,
    Unit,
)

if TYPE_CHECKING:
    from engine.language.check import Checker


def date_of(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if not isinstance(node.type, Date):
        raise check.fail(syntax, "type", f"a date is needed here, and this is {node.type}")
    return node


def _date(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    if len(args) == 3:
        parts = tuple(arithmetic.number(check, arg) for arg in args)
        year, month, day = (numbers.written_whole(part) for part in parts)
        if year is None or month is None or day is None:
            hint = "use `add years(d, n)`"
            raise check.fail(syntax, "type", "a date is built from whole numbers written out", hint)
        return literals.date_literal(check, syntax, f"{year:04d}-{month:02d}-{day:02d}")
    node = check.check(args[0])
    if isinstance(node.type, Date):
        return node
    if node.op == "const" and isinstance(node.type, Text):
        return literals.date_literal(check, syntax, node.value)
    raise check.fail(syntax, "type", f'a date is written `date("2024-02-29")`, and this is {node.type}')


def _duration(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    node = check.check(args[0])
    if node.op == "const" and isinstance(node.type, Text):
        return literals.duration_literal(check, syntax, node.value)
    raise check.fail(syntax, "type", 'a duration is written `duration("P1Y6M")` or `duration("P30D")`')


def _months_duration(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    return check.node(syntax, "months_between", tuple(date_of(check, arg) for arg in args), MONTHS)


def _between(op: str, unit: Unit, most: int) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        dates = tuple(date_of(check, arg) for arg in args)
        return check.node(syntax, op, dates, Number(0, unit, -most, most))

    return handler


def _age(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    birth = date_of(check, args[0])
    day = date_of(check, args[1]) if len(args) > 1 else check.node(syntax, "on", (), DATE)
    return check.node(syntax, "years_between", (birth, day), Number(0, YEARS, -MAX_YEARS, MAX_YEARS))


def _moved(op: str, factor: int, unit: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        date, steps = date_of(check, args[0]), arithmetic.number(check, args[1])
        if not isinstance(steps.type, Number) or steps.type.decimals:
            raise check.fail(args[1], "type", f"a whole number of {unit} is needed here")
        numbers.fits(steps.type.lo * factor, steps.type.hi * factor)
        times = check.node(syntax, "const", (), Number(0, LITERAL_UNIT, factor, factor), value=factor)
        return check.node(syntax, op, (date, arithmetic.product(check, syntax, times, steps)), DATE)

    return handler


def _month_start(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    return check.node(syntax, "month_start", (date_of(check, args[0]),), DATE)


FUNCTIONS = {
    "date": Function(1, 3, ("from", "year", "month", "day"), _date),
    "duration": Function(1, 1, ("from",), _duration),
    "years and months duration": Function(2, 2, ("from", "to"), _months_duration),
    "months between": Function(2, 2, ("from", "to"), _between("months_between", MONTH_COUNT, MAX_MONTHS)),
    "days between": Function(2, 2, ("from", "to"), _between("days_between", DAY_COUNT, MAX_DAYS)),
    "age": Function(1, 2, ("from", "to"), _age),
    "add years": Function(2, 2, ("date", "years"), _moved("add_months", 12, "years")),
    "add months": Function(2, 2, ("date", "months"), _moved("add_months", 1, "months")),
    "add days": Function(2, 2, ("date", "days"), _moved("add_seconds", 86400, "days")),
    "month start": Function(1, 1, ("date",), _month_start),
}
