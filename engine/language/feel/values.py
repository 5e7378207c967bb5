"""The values of FEEL: what they are, when they are equal, how they stand in JSON.

number `Fraction`, boolean `bool`, string `str`, date `Day`, duration `Span`, range `Range`, context `dict`,
list `Items`, FEEL's null `None`. `UNKNOWN` is the extension: a fact that nobody knows yet, written `null` in
a JSON context. It is not FEEL's null: what depends on it is unknown as well, unless it cannot matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final, Literal

from engine.language.dates import duration_text
from engine.language.types import plain_quotient


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
Unknown = Literal[_Unknown.UNKNOWN]
Truth = bool | Unknown | None  # None is FEEL's null

Value = Any


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """A date, as the integer yyyymmdd."""

    number: int


@dataclass(frozen=True, slots=True)
class Span:
    """A duration: whole months (`kind` months) or seconds (`kind` days)."""

    kind: str
    size: Fraction


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, each with or without the bound itself; a bound that is None is open (`< 5`)."""

    low: Value
    high: Value
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `maybe`: what a filter could not decide about, because a fact is unknown."""

    sure: tuple[Value, ...]
    maybe: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Between:
    """The count of a list with undecided entries: unknown, but comparisons decide when they can."""

    low: Fraction
    high: Fraction


def is_unknown(value: Value) -> bool:
    return value is UNKNOWN or isinstance(value, Between)


def kind(value: Value) -> str:
    if value is None or is_unknown(value):
        return "null" if value is None else "unknown"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Span):
        return value.kind
    return _KINDS[type(value)]


_KINDS = {Fraction: "number", str: "string", Day: "date", Range: "range", Items: "list", dict: "context"}
ORDERED = frozenset({"number", "string", "date", "months", "days"})


def equal(a: Value, b: Value) -> Truth:
    """FEEL's `=`: null for things of different kinds, except null itself, which equals only null."""
    if isinstance(a, Between) and isinstance(b, Fraction):
        return UNKNOWN if a.low <= b <= a.high else False
    if isinstance(b, Between) and isinstance(a, Fraction):
        return equal(b, a)
    if is_unknown(a) or is_unknown(b):
        return UNKNOWN
    if a is None or b is None:
        return a is None and b is None
    if kind(a) != kind(b):
        return None
    if isinstance(a, Items):
        return _equal_lists(a, b)
    if isinstance(a, dict):
        return _all_equal([(a[name], b[name]) for name in a]) if a.keys() == b.keys() else False
    if isinstance(a, Range):
        if (a.low_included, a.high_included) != (b.low_included, b.high_included):
            return False
        return _all_equal([(a.low, b.low), (a.high, b.high)])
    return bool(a == b)


def _equal_lists(a: Items, b: Items) -> Truth:
    if a.maybe or b.maybe:
        return UNKNOWN
    return len(a.sure) == len(b.sure) and _all_equal(list(zip(a.sure, b.sure, strict=True)))


def _all_equal(pairs: Sequence[tuple[Value, Value]]) -> Truth:
    truths = [equal(a, b) for a, b in pairs]
    if any(truth is False or truth is None for truth in truths):
        return False
    return UNKNOWN if UNKNOWN in truths else True


def compare(op: str, a: Value, b: Value) -> Truth:
    """`=`, `!=` or an order; null for things that have no order."""
    if op in ("=", "!="):
        return opposite(equal(a, b)) if op == "!=" else equal(a, b)
    if isinstance(a, Between) and isinstance(b, Fraction):
        return _agreed(compare(op, a.low, b), compare(op, a.high, b))
    if isinstance(b, Between) and isinstance(a, Fraction):
        return _agreed(compare(op, a, b.low), compare(op, a, b.high))
    if is_unknown(a) or is_unknown(b):
        return UNKNOWN
    if kind(a) != kind(b) or kind(a) not in ORDERED:
        return None
    x, y = (a.size, b.size) if isinstance(a, Span) else (a, b)
    return bool({"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[op])


def _agreed(a: Truth, b: Truth) -> Truth:
    return a if a is b else UNKNOWN


def opposite(truth: Value) -> Truth:
    """FEEL's `not`: null for anything that is not a boolean."""
    if is_unknown(truth):
        return UNKNOWN
    if truth is True or truth is False:
        return truth is False
    return None


def conjunction(truths: Sequence[Value]) -> Truth:
    """`and`: false decides; otherwise unknown, then null, then true."""
    if any(truth is False for truth in truths):
        return False
    return _undecided(truths, True)


def disjunction(truths: Sequence[Value]) -> Truth:
    """`or`: true decides; otherwise unknown, then null, then false."""
    if any(truth is True for truth in truths):
        return True
    return _undecided(truths, False)


def _undecided(truths: Sequence[Value], otherwise: bool) -> Truth:
    if any(truth is UNKNOWN for truth in truths):
        return UNKNOWN
    return otherwise if all(isinstance(truth, bool) for truth in truths) else None


def contains(within: Range, value: Value) -> Truth:
    """Does a value lie in a range?"""
    tests: list[Truth] = []
    if within.low is not None:
        tests.append(compare(">=" if within.low_included else ">", value, within.low))
    if within.high is not None:
        tests.append(compare("<=" if within.high_included else "<", value, within.high))
    return conjunction(tests)


def as_items(value: Value) -> Items | Unknown:
    """FEEL reads a single value as a list of one."""
    if is_unknown(value):
        return UNKNOWN
    return value if isinstance(value, Items) else Items((value,))


def single(value: Value) -> Value:
    """FEEL reads a list of one as its only entry where one value is needed."""
    if isinstance(value, Items) and len(value.sure) == 1 and not value.maybe:
        return value.sure[0]
    return value


# --- JSON ---------------------------------------------------------------------------------------------------


def from_json(value: Any, where: str) -> Value:
    """A JSON value as FEEL has it; JSON's null is unknown. Raises ValueError for what is not plain JSON."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise ValueError(f"`{where}` is not a number")
        return Fraction(number)
    if isinstance(value, Mapping):
        return {str(name): from_json(one, f"{where}.{name}") for name, one in value.items()}
    if isinstance(value, Sequence):
        return Items(tuple(from_json(one, f"{where}[{place}]") for place, one in enumerate(value, 1)))
    raise ValueError(f"`{where}` is not plain JSON")


def to_json(value: Value) -> Any:
    """Numbers as int or Decimal (34 digits), dates and durations as ISO text, unknown as None."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Fraction):
        return plain_quotient(value)
    if isinstance(value, Day):
        return f"{value.number // 10000:04d}-{value.number // 100 % 100:02d}-{value.number % 100:02d}"
    if isinstance(value, Span):
        return duration_text(value.kind, value.size)
    if isinstance(value, Items):
        return None if value.maybe else [to_json(one) for one in value.sure]
    if isinstance(value, dict):
        return {name: to_json(one) for name, one in value.items()}
    if isinstance(value, Range):
        return _range_text(value)
    return None


def _range_text(value: Range) -> str:
    low, high = ("" if end is None else str(to_json(end)) for end in (value.low, value.high))
    return f"{'[' if value.low_included else '('}{low}..{high}{']' if value.high_included else ')'}"
