"""FEEL's functions on plain values (DMN 1.5, clause 10.3.4), and the language's own beside them.

What a function is not made for gives null. Arguments that are unknown make the result unknown, unless the
function says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.language import dates, runtime
from engine.language.feel.values import (
    ORDERED,
    UNKNOWN,
    Between,
    Day,
    Items,
    Range,
    Span,
    Truth,
    Value,
    as_items,
    conjunction,
    contains,
    disjunction,
    equal,
    is_unknown,
    kind,
    single,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
LEAST_SCALE, MOST_SCALE = -6111, 6176  # as far as 128-bit decimals reach


@dataclass(frozen=True, slots=True)
class Builtin:
    """`takes`: for each number of arguments, their kinds ("any" fits all). `parameters`: their names.

    `variadic`: one list, or any number of entries.
    """

    parameters: tuple[str, ...]
    takes: tuple[tuple[str, ...], ...]
    compute: Callable[..., Value]
    variadic: bool = False


def apply(builtin: Builtin, arguments: Sequence[Value]) -> Value:
    """The value of a call; null when the number or the kinds of the arguments do not fit."""
    if builtin.variadic:
        if not arguments:
            return None
        items = as_items(arguments[0]) if len(arguments) == 1 else Items(tuple(arguments))
        return UNKNOWN if items is UNKNOWN else builtin.compute(items)
    for kinds in builtin.takes:
        if len(kinds) != len(arguments):
            continue
        fitted = [_fitted(wanted, one) for wanted, one in zip(kinds, arguments, strict=True)]
        if any(one is None and wanted != "any" for wanted, one in zip(kinds, fitted, strict=True)):
            return None
        if any(is_unknown(one) for one in fitted):
            return UNKNOWN
        return builtin.compute(*fitted)
    return None


def _fitted(wanted: str, value: Value) -> Value:
    """The argument as the function takes it; null when it does not fit."""
    if wanted == "any" or is_unknown(value):
        return value
    if wanted == "list":
        return None if value is None else as_items(value)
    value = single(value)
    return value if kind(value) in wanted.split("|") else None


# --- lists --------------------------------------------------------------------------------------------------


def _count(items: Items) -> Value:
    sure = Fraction(len(items.sure))
    return Between(sure, sure + len(items.maybe)) if items.maybe else sure


def _of_numbers(compute: Callable[[Sequence[Fraction]], Value]) -> Callable[[Items], Value]:
    """A function of numbers only: null when an entry is something else, unknown when one is unknown."""

    def over(items: Items) -> Value:
        values = (*items.sure, *items.maybe)
        if any(not is_unknown(one) and kind(one) != "number" for one in values):
            return None
        return UNKNOWN if items.maybe or any(is_unknown(one) for one in values) else compute(items.sure)

    return over


def _mean(values: Sequence[Fraction]) -> Value:
    return sum(values, Fraction(0)) / len(values) if values else None


def _extreme(pick: Callable[..., Value]) -> Callable[[Items], Value]:
    def over(items: Items) -> Value:
        values = (*items.sure, *items.maybe)
        kinds = {kind(one) for one in values if not is_unknown(one)}
        if not values or len(kinds) > 1 or not kinds <= ORDERED:
            return None
        if items.maybe or any(is_unknown(one) for one in values):
            return UNKNOWN
        return pick(values, key=lambda one: one.size if isinstance(one, Span) else one)

    return over


def _every_true(items: Items) -> Truth:
    undecided = [True if one is True else UNKNOWN for one in items.maybe]
    return conjunction([*items.sure, *undecided])


def _any_true(items: Items) -> Truth:
    undecided = [False if one is False else UNKNOWN for one in items.maybe]
    return disjunction([*items.sure, *undecided])


def is_in_list(items: Items, value: Value) -> Truth:
    """Is a value one of the entries, or inside one that is a range?"""
    truths = [contains(one, value) if isinstance(one, Range) else equal(value, one) for one in items.sure]
    undecided = [UNKNOWN for one in items.maybe if equal(value, one) is not False]
    return any_of([*truths, *undecided])


def any_of(truths: Sequence[Truth]) -> Truth:
    """Does one of them hold? An entry of another kind simply is not the value."""
    return disjunction([False if truth is None else truth for truth in truths])


def _all_but(items: Items, item: Value) -> Value:
    sure, maybe = (tuple(one for one in part if one is not item) for part in (items.sure, items.maybe))
    return Items(sure, maybe)


# --- numbers ------------------------------------------------------------------------------------------------


def _rounding(mode: str) -> Callable[..., Value]:
    def over(n: Fraction, scale: Fraction = Fraction(0)) -> Value:
        if not LEAST_SCALE <= scale <= MOST_SCALE:
            return None
        return runtime.round_exact(runtime.ROUND[mode], n, int(scale))

    return over


def _absolute(value: Fraction | Span) -> Value:
    return Span(value.kind, abs(value.size)) if isinstance(value, Span) else abs(value)


def _modulo(dividend: Fraction, divisor: Fraction) -> Value:
    return dividend % divisor if divisor else None


# --- dates --------------------------------------------------------------------------------------------------


def _date_of_text(text: str) -> Value:
    number = dates.parse_date(text)
    return None if number is None else Day(number)


def _date_of_parts(year: Fraction, month: Fraction, day: Fraction) -> Value:
    if any(part.denominator != 1 for part in (year, month, day)):
        return None
    number = dates.make_date(int(year), int(month), int(day))
    return None if number is None else Day(number)


def date(*arguments: Value) -> Value:
    if len(arguments) == 3:
        return _date_of_parts(*arguments)
    return _date_of_text(arguments[0]) if isinstance(arguments[0], str) else arguments[0]


def duration(text: str) -> Value:
    parsed = dates.parse_duration(text)
    return None if parsed is None else Span(*parsed)


def dated(text: str) -> Value:
    """`@"…"`: a date or a duration, by its form."""
    return duration(text) if text.lstrip("-").startswith("P") else _date_of_text(text)


def later(day: Day, span: Span) -> Value:
    """A day so much later, or null when no calendar has it."""
    move = dates.add_months if span.kind == "months" else dates.add_seconds
    number = move(day.number, int(span.size // 1))
    return None if number is None else Day(number)


def _moved(unit: str, factor: int) -> Callable[[Day, Fraction], Value]:
    def over(day: Day, steps: Fraction) -> Value:
        return later(day, Span(unit, steps * factor)) if steps.denominator == 1 else None

    return over


def _between(count: Callable[[int, int], int]) -> Callable[[Day, Day], Fraction]:
    return lambda first, last: Fraction(count(first.number, last.number))


def _list_function(parameters: tuple[str, ...], compute: Callable[[Items], Value]) -> Builtin:
    return Builtin(parameters, (), compute, variadic=True)


def _number_function(mode: str, *takes: tuple[str, ...]) -> Builtin:
    return Builtin(("n", "scale"), takes, _rounding(mode))


_ONE, _TWO = ("number",), ("number", "number")
_DAY, _DAYS = ("date",), ("date", "date")

FUNCTIONS: dict[str, Builtin] = {
    "count": Builtin(("list",), (("list",),), _count),
    "sum": _list_function(("list",), _of_numbers(lambda values: sum(values, Fraction(0)))),
    "mean": _list_function(("list",), _of_numbers(_mean)),
    "min": _list_function(("list",), _extreme(min)),
    "max": _list_function(("list",), _extreme(max)),
    "all": _list_function(("list",), _every_true),
    "any": _list_function(("list",), _any_true),
    "list contains": Builtin(("list", "element"), (("list", "any"),), is_in_list),
    "all but": Builtin(("list", "item"), (("list", "any"),), _all_but),
    "round up": _number_function("up", _TWO),
    "round down": _number_function("down", _TWO),
    "round half up": _number_function("half_up", _TWO),
    "round half down": _number_function("half_down", _TWO),
    "decimal": _number_function("half_even", _TWO),
    "floor": _number_function("floor", _ONE, _TWO),
    "ceiling": _number_function("ceiling", _ONE, _TWO),
    "abs": Builtin(("n",), (("number|months|days",),), _absolute),
    "modulo": Builtin(("dividend", "divisor"), (_TWO,), _modulo),
    "date": Builtin(("from", "year", "month", "day"), (("string|date",), ("number",) * 3), date),
    "duration": Builtin(("from",), (("string",),), duration),
    "years and months duration": Builtin(
        ("from", "to"),
        (_DAYS,),
        lambda a, b: Span("months", Fraction(dates.months_between(a.number, b.number))),
    ),
    "day of week": Builtin(
        ("date",), (_DAY,), lambda day: WEEKDAYS[dates.date_part(day.number, "weekday") - 1]
    ),
    "day of year": Builtin(("date",), (_DAY,), lambda day: Fraction(dates.day_of_year(day.number))),
    "month of year": Builtin(
        ("date",), (_DAY,), lambda day: MONTHS[dates.date_part(day.number, "month") - 1]
    ),
    "week of year": Builtin(("date",), (_DAY,), lambda day: Fraction(dates.week_of_year(day.number))),
    "months between": Builtin(("from", "to"), (_DAYS,), _between(dates.months_between)),
    "days between": Builtin(("from", "to"), (_DAYS,), _between(dates.days_between)),
    "age": Builtin(("from", "to"), (_DAYS,), _between(dates.years_between)),
    "add years": Builtin(("date", "years"), (("date", "number"),), _moved("months", 12)),
    "add months": Builtin(("date", "months"), (("date", "number"),), _moved("months", 1)),
    "add days": Builtin(("date", "days"), (("date", "number"),), _moved("days", 86400)),
    "month start": Builtin(("date",), (_DAY,), lambda day: Day(dates.month_start(day.number))),
}
