"""Arithmetic on number types: decimals, units, ranges, and the proof that 64 bits are enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from engine.language.tree import Node
from engine.language.types import (
    INT64_MAX,
    Number,
    Ratio,
    join_units,
    multiply_units,
)

Range = tuple[int, int]
Numeric = Number | Ratio


class Overflow(Exception):
    """The result can leave 64 bits; `reach` is the largest magnitude it can have."""

    def __init__(self, reach: int) -> None:
        self.reach = reach
        super().__init__(str(reach))


class UnitMismatch(Exception):
    """Two things of different units were added or compared."""


def fits(*bounds: int) -> None:
    reach = max(abs(bound) for bound in bounds)
    if reach > INT64_MAX:
        raise Overflow(reach)


def products(a: Range, b: Range) -> Range:
    corners = [x * y for x in a for y in b]
    fits(*corners)
    return min(corners), max(corners)


def written_whole(node: Node) -> int | None:
    """A whole number that is written out (`2`, `-1`, `2.0`), or None for anything else."""
    if node.op != "const" or not isinstance(node.type, Number):
        return None
    value = Fraction(node.value, 10**node.type.decimals)
    return value.numerator if value.denominator == 1 else None


def scaled(node: Node, decimals: int) -> Node:
    """The same number with more decimals; a constant is rewritten, anything else gets a hidden `scale`."""
    of = node.type
    assert isinstance(of, Number)
    more = decimals - of.decimals
    if more == 0:
        return node
    factor = 10**more
    fits(of.lo * factor, of.hi * factor)
    widened = replace(of, decimals=decimals, lo=of.lo * factor, hi=of.hi * factor)
    if node.op == "const":
        return replace(node, value=node.value * factor, type=widened)
    return Node("scale", (node,), widened, value=factor, start=node.start, end=node.end)


def aligned(a: Node, b: Node) -> tuple[Node, Node]:
    """Two plain numbers with the same number of decimals."""
    assert isinstance(a.type, Number) and isinstance(b.type, Number)
    decimals = max(a.type.decimals, b.type.decimals)
    return scaled(a, decimals), scaled(b, decimals)


def parts(of: Numeric) -> tuple[Range, Range]:
    """Ranges of the numerator and the denominator; a plain number is itself over a power of ten."""
    if isinstance(of, Ratio):
        return of.num, of.den
    power = 10**of.decimals
    return (of.lo, of.hi), (power, power)


def limits(of: Numeric) -> tuple[Fraction, Fraction]:
    if isinstance(of, Ratio):
        return of.lo, of.hi
    power = 10**of.decimals
    return Fraction(of.lo, power), Fraction(of.hi, power)


def compare_parts(a: Numeric, b: Numeric) -> None:
    """Proves that the cross products of a comparison fit."""
    (a_num, a_den), (b_num, b_den) = parts(a), parts(b)
    products(a_num, b_den)
    products(b_num, a_den)


def sum_type(op: str, a: Node, b: Node) -> tuple[Numeric, Node, Node]:
    """Type of a + b or a - b, with the operands brought to the same decimals."""
    x, y = a.type, b.type
    assert isinstance(x, Number | Ratio) and isinstance(y, Number | Ratio)
    unit = join_units(x.unit, y.unit)
    if unit is None:
        raise UnitMismatch
    sign = 1 if op == "add" else -1
    if isinstance(x, Number) and isinstance(y, Number):
        a, b = aligned(a, b)
        x, y = a.type, b.type
        assert isinstance(x, Number) and isinstance(y, Number)
        corners = [x.lo + sign * v for v in (y.lo, y.hi)] + [x.hi + sign * v for v in (y.lo, y.hi)]
        fits(*corners)
        return Number(x.decimals, unit, min(corners), max(corners)), a, b
    (a_num, a_den), (b_num, b_den) = parts(x), parts(y)
    left, right = products(a_num, b_den), products(b_num, a_den)
    right = right if sign == 1 else (-right[1], -right[0])
    num, den = (left[0] + right[0], left[1] + right[1]), products(a_den, b_den)
    fits(*num)
    (x_lo, x_hi), (y_lo, y_hi) = limits(x), limits(y)
    lo, hi = (x_lo + y_lo, x_hi + y_hi) if sign == 1 else (x_lo - y_hi, x_hi - y_lo)
    return Ratio(unit, num, den, lo, hi), a, b


def product_type(x: Numeric, y: Numeric) -> Numeric:
    unit = multiply_units(x.unit, y.unit)
    if isinstance(x, Number) and isinstance(y, Number):
        lo, hi = products((x.lo, x.hi), (y.lo, y.hi))
        return Number(x.decimals + y.decimals, unit, lo, hi)
    (a_num, a_den), (b_num, b_den) = parts(x), parts(y)
    corners = [p * q for p in limits(x) for q in limits(y)]
    return Ratio(unit, products(a_num, b_num), products(a_den, b_den), min(corners), max(corners))


def quotient_type(x: Numeric, y: Numeric) -> Numeric:
    """Type of x / y; the caller has made sure that y is positive."""
    unit = multiply_units(x.unit, y.unit, -1)
    (a_num, a_den), (b_num, b_den) = parts(x), parts(y)
    num, den = products(a_num, b_den), products(a_den, b_num)
    (x_lo, x_hi), (y_lo, y_hi) = limits(x), limits(y)
    corners = [p / q for p in (x_lo, x_hi) for q in (y_lo, y_hi) if q > 0]
    if not corners:
        corners = [Fraction(num[0]), Fraction(num[1])]
    return Ratio(unit, num, (max(den[0], 1), den[1]), min(corners), max(corners))


def rounded_type(of: Numeric, digits: int) -> Number:
    """Type of a number rounded to `digits` decimals (0 or more)."""
    unit = of.unit
    (num, den), power = parts(of), 10**digits
    scaled_num = products(num, (power, power))
    fits(2 * scaled_num[0] - den[1], 2 * scaled_num[1] + den[1])  # halves are found by doubling
    lo, hi = limits(of)
    return Number(digits, unit, _floor(lo * power), -_floor(-hi * power))


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def hull(op: str, types: list[Numeric]) -> Numeric:
    """Type that holds any of several numbers of the same decimals (branches, smallest, largest)."""
    unit = types[0].unit
    for of in types[1:]:
        joined = join_units(unit, of.unit)
        if joined is None:
            raise UnitMismatch
        unit = joined
    pick_lo: Callable[..., Fraction] = max if op == "greatest" else min
    pick_hi: Callable[..., Fraction] = min if op == "least" else max
    lo = pick_lo(limits(of)[0] for of in types)
    hi = pick_hi(limits(of)[1] for of in types)
    if all(isinstance(of, Number) for of in types):
        decimals = types[0].decimals if isinstance(types[0], Number) else 0
        return Number(decimals, unit, int(lo * 10**decimals), int(hi * 10**decimals))
    if op != "join":
        for first, second in combinations(types, 2):
            compare_parts(first, second)
    nums, dens = [parts(of)[0] for of in types], [parts(of)[1] for of in types]
    return Ratio(
        unit,
        (min(n[0] for n in nums), max(n[1] for n in nums)),
        (min(d[0] for d in dens), max(d[1] for d in dens)),
        lo,
        hi,
    )
