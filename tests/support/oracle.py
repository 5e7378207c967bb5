"""Plain Python for what the rule language computes: fractions and `datetime.date`, nothing of the engine."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any


class NotSaidError(Exception):
    """The value is not defined although everything is known: outside a table, a list or the calendar."""


def _half(value: Fraction, tie: Callable[[Fraction], int]) -> int:
    below = floor(value)
    distance = value - below
    if distance == Fraction(1, 2):
        return tie(value)
    return below + (distance > Fraction(1, 2))


def _away(value: Fraction) -> int:
    return ceil(value) if value > 0 else floor(value)


def _towards(value: Fraction) -> int:
    return floor(value) if value > 0 else ceil(value)


ROUND: Mapping[str, Callable[[Fraction], int]] = {
    "round up": _away,
    "round down": _towards,
    "round half up": lambda value: _half(value, _away),
    "round half down": lambda value: _half(value, _towards),
    "decimal": lambda value: _half(value, lambda tie: 2 * round(tie / 2)),
    "floor": floor,
    "ceiling": ceil,
}


def rounded(mode: str, value: Fraction, digits: int) -> Fraction:
    return Fraction(ROUND[mode](value * 10**digits), 10**digits)


def years(first: date, last: date) -> int:
    """Full years, towards zero."""
    if last < first:
        return -years(last, first)
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def months(first: date, last: date) -> int:
    if last < first:
        return -months(last, first)
    return 12 * (last.year - first.year) + last.month - first.month - (last.day < first.day)


def plus_months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise NotSaidError
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def plus_days(day: date, count: int) -> date:
    try:
        return day + timedelta(days=count)
    except OverflowError:
        raise NotSaidError from None


def size_table(table: tuple[Mapping[int, Fraction], Any], n: int) -> Fraction:
    cells, beyond = table
    if n in cells:
        return cells[n]
    if n < min(cells):
        raise NotSaidError
    last = max(cells)
    return cells[last] if beyond == "clamp" else cells[last] + (n - last) * Fraction(beyond)


def marginal(slices: Sequence[tuple[int, int]], amount: Fraction) -> Fraction:
    """Tax by slices: each cent above a threshold bears the rate of its slice."""
    tops = [Fraction(above, 100) for above, _ in slices[1:]]
    owed = Fraction(0)
    for position, (above, rate) in enumerate(slices):
        low = Fraction(above, 100)
        high = min(amount, tops[position]) if position < len(tops) else amount
        owed += max(high - low, Fraction(0)) * Fraction(rate, 100)
    return owed


def element(items: Sequence[Any], position: int) -> Any:
    if position == 0 or abs(position) > len(items):
        raise NotSaidError
    return items[position - 1] if position > 0 else items[position]


def cell(table: Mapping[Any, Any], key: Any) -> Any:
    if key not in table:
        raise NotSaidError
    return table[key]


def all_but(items: Sequence[Any], one: Any) -> list[Any]:
    return [item for item in items if item is not one]


def first_best(items: Sequence[Any], keys: Sequence[Any], pick: Callable[[Sequence[Any]], Any]) -> Any:
    if not items:
        raise NotSaidError
    best = pick(keys)
    return next(item for item, key in zip(items, keys, strict=True) if key == best)
