"""Types of the rule language: exact numbers with units and ranges, dates, choices, texts, lists, records.

A number is an integer inside: `value * 10**decimals`. Its type carries the range that its values can reach,
in that scaled form, so that the checker can prove that nothing overflows 64 bits. A quotient is a `Ratio`:
two integers, never a rounded one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from engine.language.dates import duration_text

INT64_MAX = 2**63 - 1
TIME_UNITS = frozenset({"year", "month", "day"})

Dimensions = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of base units, e.g. coin / person / month.

    `any_time`: the powers of time units are open, because a literal factor may stand for a span of time
    (`24 * monthly` may be an amount). `any_unit`: a bare literal, which takes the unit of its surroundings.
    """

    dimensions: Dimensions = ()
    any_time: bool = False
    any_unit: bool = False

    def __str__(self) -> str:
        if self.any_unit or not self.dimensions:
            return "1"
        above = [_power(name, n) for name, n in self.dimensions if n > 0]
        last = sorted(
            self.dimensions, key=lambda pair: pair[0] in TIME_UNITS
        )  # yuan/person/month, as people say it
        below = [_power(name, -n) for name, n in last if n < 0]
        return "/".join(["·".join(above) or "1", *below])


NO_UNIT = Unit()
LITERAL_UNIT = Unit(any_unit=True)


def _power(name: str, n: int) -> str:
    return name if n == 1 else f"{name}^{n}"


def parse_unit(text: str) -> Unit:
    """`coin/person/month` as a `Unit`; `1` is no unit. Raises ValueError on anything else."""
    powers: dict[str, int] = {}
    for index, part in enumerate(text.split("/")):
        name = part.strip()
        if name == "1" and index == 0:
            continue
        if not name.isidentifier():
            raise ValueError(f"`{text}` is not a unit; write a product such as coin/person/month")
        powers[name] = powers.get(name, 0) + (1 if index == 0 else -1)
    return _unit(powers)


def _unit(powers: dict[str, int], any_time: bool = False) -> Unit:
    if any_time:
        powers = {name: n for name, n in powers.items() if name not in TIME_UNITS}
    return Unit(tuple(sorted((name, n) for name, n in powers.items() if n)), any_time)


def multiply_units(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """The unit of a product (`sign` 1) or quotient (`sign` -1)."""
    if a.any_unit and b.any_unit:
        return LITERAL_UNIT
    powers = dict(a.dimensions)
    for name, n in b.dimensions:
        powers[name] = powers.get(name, 0) + sign * n
    return _unit(powers, a.any_time or b.any_time or a.any_unit or b.any_unit)


def join_units(a: Unit, b: Unit) -> Unit | None:
    """The common unit of two things that are added or compared, or None when they do not fit."""
    if a.any_unit:
        return b
    if b.any_unit:
        return a
    if a.dimensions == b.dimensions and a.any_time == b.any_time:
        return a
    if a.any_time or b.any_time:
        if _without_time(a) != _without_time(b):
            return None
        return b if a.any_time else a
    return None


def _without_time(unit: Unit) -> Dimensions:
    return tuple((name, n) for name, n in unit.dimensions if name not in TIME_UNITS)


@dataclass(frozen=True, slots=True)
class Boolean:
    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True, slots=True)
class Number:
    """Scaled by `10**decimals`, between `lo` and `hi`, which are scaled as well."""

    decimals: int
    unit: Unit = NO_UNIT
    lo: int = -INT64_MAX
    hi: int = INT64_MAX

    def __str__(self) -> str:
        return "a number" if str(self.unit) == "1" else f"a number in {self.unit}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """An exact quotient `num / den` of two integers with their ranges; `den` is proven positive.

    `lo` and `hi` bound the quotient itself, which may be tighter than the ranges of its parts.
    """

    unit: Unit
    num: tuple[int, int]
    den: tuple[int, int]
    lo: Fraction
    hi: Fraction

    def __str__(self) -> str:
        return "an exact quotient" if str(self.unit) == "1" else f"an exact quotient in {self.unit}"


@dataclass(frozen=True, slots=True)
class Date:
    """A day, as the integer yyyymmdd: it orders like the calendar and full years are a subtraction."""

    def __str__(self) -> str:
        return "a date"


@dataclass(frozen=True, slots=True)
class Duration:
    """Whole months (`kind` months) or seconds (`kind` days), as in FEEL's two kinds of duration."""

    kind: str

    def __str__(self) -> str:
        return "a duration in years and months" if self.kind == "months" else "a duration in days and time"


@dataclass(frozen=True, slots=True)
class Text:
    def __str__(self) -> str:
        return "a text"


@dataclass(frozen=True, slots=True)
class Enum:
    """One of a fixed set of values; `name` is the fact or field that declares them."""

    name: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.values[:3]) + (", …" if len(self.values) > 3 else "")
        return f"a choice ({shown})"


@dataclass(frozen=True, slots=True)
class Record:
    """A person, or an item of the list `name`."""

    name: str

    def __str__(self) -> str:
        return "a person" if self.name == "person" else f"an entry of `{self.name}`"


@dataclass(frozen=True, slots=True)
class List:
    """`at_most`: how many entries at most, for the overflow proof. `undecided`: a filter may be unsure."""

    item: Type
    at_most: int = 1_000_000
    undecided: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return "a list"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy computes for a subject, as a small integer (see `engine.language.outcomes`)."""

    def __str__(self) -> str:
        return "an outcome"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The type of nothing: the entries of an empty list, a value without a definition in force. Fits
    everything.
    """

    def __str__(self) -> str:
        return "unknown"


Type = Boolean | Number | Ratio | Date | Duration | Text | Enum | Record | List | Outcome | Unknown

BOOLEAN, DATE, TEXT, UNKNOWN, OUTCOME = Boolean(), Date(), Text(), Unknown(), Outcome()
MONTHS, DAYS = Duration("months"), Duration("days")
YEARS, MONTH_COUNT, DAY_COUNT = Unit((("year", 1),)), Unit((("month", 1),)), Unit((("day", 1),))
PERSON_UNIT = Unit((("person", 1),))
MAX_YEARS = 9999
MAX_MONTHS = 12 * MAX_YEARS
MAX_DAYS = 4_000_000


def literal_number(text: str) -> tuple[int, Number]:
    """The scaled value and the type of a number as written, every decimal kept."""
    digits = Decimal(text)
    decimals = max(-int(digits.as_tuple().exponent), 0)
    value = int(digits.scaleb(decimals))
    return value, Number(decimals, LITERAL_UNIT, value, value)


def to_plain(value: Any, of: Type) -> Any:
    """A value as it is written in a JSON document: numbers exact (int or Decimal), dates ISO, unknown None."""
    if value is None:
        return None
    if isinstance(of, Number):
        return plain_number(value, of.decimals)
    if isinstance(of, Ratio):
        return plain_quotient(Fraction(value[0], value[1]))
    if isinstance(of, Date):
        return f"{value // 10000:04d}-{value // 100 % 100:02d}-{value % 100:02d}"
    if isinstance(of, Duration):
        return duration_text(of.kind, value)
    if isinstance(of, List):
        items, maybe = value
        return None if maybe else [to_plain(item, of.item) for item in items]
    return value


_POWERS = tuple(10**n for n in range(40))
_UNITS = tuple(Decimal(1).scaleb(-n) for n in range(40))


def plain_number(value: Any, decimals: int) -> int | Decimal:
    """A number inside as it is written in a JSON document."""
    if decimals == 0:
        return int(value)
    power = _POWERS[decimals]
    return value // power if value % power == 0 else Decimal(value) * _UNITS[decimals]


_DIGITS_34 = Context(prec=34, rounding=ROUND_HALF_EVEN)


def plain_quotient(value: Fraction) -> int | Decimal:
    """A quotient to 34 significant digits, half even, as FEEL shows it."""
    if value.denominator == 1:
        return value.numerator
    return _DIGITS_34.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(_DIGITS_34)
