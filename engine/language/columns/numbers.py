"""Arithmetic, rounding, dates and durations. The checker has proven that nothing leaves 64 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.language.columns import calendar
from engine.language.columns.values import (
    Array,
    Column,
    Mask,
    Numbers,
    Ratios,
    both,
    is_known,
    whole,
)
from engine.language.tree import Node
from engine.language.types import Duration, Ratio

if TYPE_CHECKING:
    from engine.language.columns.reading import Level, Reading

INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
}


def _arithmetic(read: Reading, node: Node, level: Level) -> Column:
    apply = INFIX[node.op]
    if not isinstance(node.type, Ratio):
        return _strict(read, node, level, apply)
    a, b = (read.ratios(arg, level) for arg in node.args)
    known = both(a.known, b.known)
    if node.op == "multiply":
        return Ratios(a.num * b.num, a.den * b.den, known)
    return Ratios(apply(a.num * b.den, b.num * a.den), a.den * b.den, known)


def _divide(read: Reading, node: Node, level: Level) -> Column:
    """A divisor that is not positive gives unknown: its guard ignores the value."""
    a, b = (read.ratios(arg, level) for arg in node.args)
    den = a.den * b.num
    positive = den > 0
    known = both(a.known, b.known)
    if np.all(positive):
        return Ratios(a.num * b.den, den, known)
    return Ratios(a.num * b.den, np.where(positive, den, 1), positive & is_known(known))


def _strict(read: Reading, node: Node, level: Level, apply: Callable[..., Any]) -> Numbers:
    args = [read.numbers(arg, level) for arg in node.args]
    return Numbers(apply(*(arg.value for arg in args)), both(*(arg.known for arg in args)))


def _plain(apply: Callable[..., Any]) -> Callable[[Reading, Node, Level], Column]:
    """An operation that is unknown exactly where one of its operands is."""
    return lambda read, node, level: _strict(read, node, level, apply)


def _scale(read: Reading, node: Node, level: Level) -> Column:
    factor = whole(node.value)
    return _strict(read, node, level, lambda a: a * factor)


def _modulo(read: Reading, node: Node, level: Level) -> Column:
    a, b = (read.numbers(arg, level) for arg in node.args)
    some = b.value != 0
    known = both(a.known, b.known)
    return Numbers(
        np.mod(a.value, np.where(some, b.value, 1)), known if np.all(some) else some & is_known(known)
    )


# --- rounding -----------------------------------------------------------------------------------------------


def _up(num: Array, den: Array) -> Array:
    return np.sign(num) * -(-np.abs(num) // den)


def _down(num: Array, den: Array) -> Array:
    return np.sign(num) * (np.abs(num) // den)


def _half_up(num: Array, den: Array) -> Array:
    return np.sign(num) * ((2 * np.abs(num) + den) // (2 * den))


def _half_down(num: Array, den: Array) -> Array:
    return np.sign(num) * -((den - 2 * np.abs(num)) // (2 * den))


def _half_even(num: Array, den: Array) -> Array:
    whole = num // den
    rest = 2 * (num - whole * den)
    return whole + ((rest > den) | ((rest == den) & (whole % 2 == 1)))


def _floor(num: Array, den: Array) -> Array:
    return num // den


def _ceiling(num: Array, den: Array) -> Array:
    return -(-num // den)


ROUND = {
    "up": _up,
    "down": _down,
    "half_up": _half_up,
    "half_down": _half_down,
    "half_even": _half_even,
    "floor": _floor,
    "ceiling": _ceiling,
}


def _round(read: Reading, node: Node, level: Level) -> Column:
    inner = read.ratios(node.args[0], level)
    power = whole(10**node.value)
    return Numbers(ROUND[node.name](inner.num * power, inner.den), inner.known)


def _least(read: Reading, node: Node, level: Level) -> Column:
    return _outermost(read, node, level, np.minimum, np.less_equal)


def _greatest(read: Reading, node: Node, level: Level) -> Column:
    return _outermost(read, node, level, np.maximum, np.greater_equal)


def _outermost(
    read: Reading, node: Node, level: Level, pick: Callable[..., Any], before: Callable[..., Any]
) -> Column:
    if isinstance(node.type, Ratio):
        best = read.ratios(node.args[0], level)
        for arg in node.args[1:]:
            other = read.ratios(arg, level)
            first = before(best.num * other.den, other.num * best.den)
            known = both(best.known, other.known)
            best = Ratios(np.where(first, best.num, other.num), np.where(first, best.den, other.den), known)
        return best
    numbers = [read.numbers(arg, level) for arg in node.args]
    value = numbers[0].value
    for one in numbers[1:]:
        value = pick(value, one.value)
    return Numbers(value, both(*(one.known for one in numbers)))


# --- dates and durations ------------------------------------------------------------------------------------


def _date_part(read: Reading, node: Node, level: Level) -> Column:
    return _strict(read, node, level, lambda day: calendar.date_part(day, node.name))


def _duration_part(read: Reading, node: Node, level: Level) -> Column:
    of = node.args[0].type
    assert isinstance(of, Duration)
    return _strict(read, node, level, lambda value: calendar.duration_part(value, of.kind, node.name))


def _between(unit: int) -> Callable[[Reading, Node, Level], Column]:
    """The time from one day to another, in units of which a day has so many."""

    def op(read: Reading, node: Node, level: Level) -> Column:
        first, last = (read.numbers(arg, level) for arg in node.args)
        if first.days is None and last.days is None:
            days = calendar.days_between(first.value, last.value)
        else:
            a, b = (
                calendar.day_number(one.value) if one.days is None else one.days.astype(np.int64)
                for one in (first, last)
            )
            days = b - a
        return Numbers(days if unit == 1 else days * unit, both(first.known, last.known))

    return op


def _moved(apply: Callable[[Array, Array], tuple[Array, Array]]) -> Callable[[Reading, Node, Level], Column]:
    """A day moved, unknown where it leaves the calendar."""

    def op(read: Reading, node: Node, level: Level) -> Column:
        day, by = (read.numbers(arg, level) for arg in node.args)
        value, inside = apply(day.value, by.value)
        known: Mask = both(day.known, by.known)
        return Numbers(value, known if np.all(inside) else inside & is_known(known))

    return op


OPS: dict[str, Callable[[Reading, Node, Level], Column]] = {
    **dict.fromkeys(INFIX, _arithmetic),
    "divide": _divide,
    "negate": _plain(np.negative),
    "scale": _scale,
    "modulo": _modulo,
    "absolute": _plain(np.abs),
    "round": _round,
    "least": _least,
    "greatest": _greatest,
    "date_part": _date_part,
    "duration_part": _duration_part,
    "years_between": _plain(calendar.years_between),
    "months_between": _plain(calendar.months_between),
    "days_between": _between(1),
    "seconds_between": _between(calendar.SECONDS),
    "month_start": _plain(calendar.month_start),
    "add_months": _moved(calendar.add_months),
    "add_seconds": _moved(calendar.add_seconds),
}
