"""What compiled expressions call: rounding, aggregates over lists that may be undecided, tables.

A value is None when it is unknown. A list is a pair `(items, maybe)`: what surely belongs to it and what a
filter could not decide about; a person is an index, an item a sequence of field values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine.language.outcomes import ELIGIBLE_BY_OUTCOME

ListValue = tuple[Sequence[Any], Sequence[Any]]


def round_up(num: int, den: int) -> int:
    return -(-num // den) if num >= 0 else num // den


def round_down(num: int, den: int) -> int:
    return num // den if num >= 0 else -(-num // den)


def round_half_up(num: int, den: int) -> int:
    size = (2 * abs(num) + den) // (2 * den)
    return size if num >= 0 else -size


def round_half_down(num: int, den: int) -> int:
    size = -((den - 2 * abs(num)) // (2 * den))
    return size if num >= 0 else -size


def round_half_even(num: int, den: int) -> int:
    whole, rest = divmod(num, den)
    if 2 * rest > den or (2 * rest == den and whole % 2):
        whole += 1
    return whole


def round_floor(num: int, den: int) -> int:
    return num // den


def round_ceiling(num: int, den: int) -> int:
    return -(-num // den)


ROUND: Mapping[str, Callable[[int, int], int]] = {
    "up": round_up,
    "down": round_down,
    "half_up": round_half_up,
    "half_down": round_half_down,
    "half_even": round_half_even,
    "floor": round_floor,
    "ceiling": round_ceiling,
}


def total(values: ListValue) -> Any:
    """The sum; unknown when a term, or whether something belongs to the list, is unknown."""
    if values[1]:
        return None
    result = 0
    for value in values[0]:
        if value is None:
            return None
        result += value
    return result


def round_exact(rounding: Callable[[int, int], int], value: Fraction, digits: int) -> Fraction:
    """Rounds an exact fraction; negative digits round to tens, hundreds, …"""
    power = Fraction(10) ** digits
    scaled = Fraction(value) * power
    return rounding(scaled.numerator, scaled.denominator) / power


def smallest(values: ListValue) -> Any:
    return None if values[1] or None in values[0] or not values[0] else min(values[0])


def largest(values: ListValue) -> Any:
    return None if values[1] or None in values[0] or not values[0] else max(values[0])


def same_list(a: ListValue | None, b: ListValue | None) -> bool:
    """Do two lists hold the same, whether as lists or as tuples?"""
    return a is not None and b is not None and all(list(x) == list(y) for x, y in zip(a, b, strict=True))


def contains(values: ListValue, wanted: Any) -> bool | None:
    if any(value is not None and value == wanted for value in values[0]):
        return True
    return None if values[1] or any(value is None for value in values[0]) else False


def every_true(values: ListValue) -> bool | None:
    if any(value is False for value in values[0]):
        return False
    return (
        None if any(value is None for value in values[0]) or any(v is not True for v in values[1]) else True
    )


def any_true(values: ListValue) -> bool | None:
    if any(value is True for value in values[0]):
        return True
    return (
        None if any(value is None for value in values[0]) or any(v is not False for v in values[1]) else False
    )


def element(values: ListValue, position: int) -> Any:
    """FEEL's index: from 1, or from the end when negative; unknown when out of reach or undecided."""
    items, place = values[0], int(position)
    if values[1] or place == 0 or abs(place) > len(items):
        return None
    return items[place - 1] if place > 0 else items[place]


def chosen(items: Sequence[Any], keys: Sequence[Any], pick: Callable[[Iterable[Any]], Any]) -> Any:
    """The first item whose key is the greatest (or least); unknown when a key is."""
    if not items or None in keys:
        return None
    return items[keys.index(pick(keys))]


def without(values: ListValue, item: Any) -> ListValue:
    return [one for one in values[0] if one is not item], [one for one in values[1] if one is not item]


LARGEST_SIZE = 1000  # how far a size table is read; the range of its values is proved up to here


def size_table(table: tuple[Mapping[int, int], Any], n: int) -> int | None:
    """A table over whole numbers: `(cells, beyond)`, `beyond` an amount for each further one, "clamp" or
    None.
    """
    cells, beyond = table
    if n in cells:
        return cells[n]
    last = max(cells)
    if n < last or beyond is None:
        return None
    return cells[last] if beyond == "clamp" else cells[last] + (n - last) * beyond


def marginal(brackets: Sequence[tuple[int, int]], amount: int) -> int:
    """Each slice of the amount above a threshold at that threshold's rate; brackets ascend."""
    result = 0
    for position, (above, rate) in enumerate(brackets):
        if amount <= above:
            break
        top = brackets[position + 1][0] if position + 1 < len(brackets) else amount
        result += (min(amount, top) - above) * rate
    return result


def less_range(a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> bool | None:
    """Is a number between `a_lo` and `a_hi` below one between `b_lo` and `b_hi`?"""
    return True if a_hi < b_lo else False if a_lo >= b_hi else None


def at_most_range(a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> bool | None:
    return True if a_hi <= b_lo else False if a_lo > b_hi else None


def equal_range(a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> bool | None:
    if a_hi < b_lo or b_hi < a_lo:
        return False
    return True if a_lo == a_hi == b_lo == b_hi else None


def opposite(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


__all__ = ["ELIGIBLE_BY_OUTCOME"]
