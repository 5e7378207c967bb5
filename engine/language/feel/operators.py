"""FEEL's arithmetic on plain values: numbers, texts, dates and durations (DMN 1.5, clause 10.3.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, DecimalException
from fractions import Fraction

from engine.language import dates
from engine.language.feel.functions import later
from engine.language.feel.values import UNKNOWN, Day, Range, Span, Value, is_unknown, kind

MOST_DIGITS = 6200  # of a power; 128-bit decimals reach as far
_DIGITS_34 = Context(prec=34)


def binary(op: str, a: Value, b: Value) -> Value:
    """a + b, a - b, a * b, a / b or a ** b; null when no such operation exists."""
    compute = _OPERATIONS.get((op, kind(a), kind(b)))
    if compute is not None:
        return compute(a, b)
    known = {kind(one) for one in (a, b) if not is_unknown(one)}
    fits = all(any(name in pair[1:] for pair in _OPERATIONS if pair[0] == op) for name in known)
    return UNKNOWN if is_unknown(a) or (is_unknown(b) and fits) else None


def negative(value: Value) -> Value:
    if isinstance(value, Span):
        return Span(value.kind, -value.size)
    if is_unknown(value):
        return UNKNOWN
    return -value if kind(value) == "number" else None


def power(base: Fraction, exponent: Fraction) -> Value:
    """Exact for whole exponents, 34 digits otherwise; null when there is no such number."""
    if base == 0 and exponent < 0:
        return None
    if exponent.denominator == 1:
        digits = (
            max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent) * Fraction(3, 10)
        )
        return base ** int(exponent) if digits <= MOST_DIGITS or abs(base) in (0, 1) else None
    if base < 0:
        return None
    try:
        exact = _DIGITS_34.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
        root = _DIGITS_34.divide(Decimal(base.numerator), Decimal(base.denominator))
        return Fraction(_DIGITS_34.power(root, exact))
    except (DecimalException, OverflowError):
        return None


def _quotient(a: Fraction, b: Fraction) -> Value:
    return a / b if b else None


def _times(span: Span, factor: Fraction) -> Span:
    """Months stay whole, towards zero."""
    size = span.size * factor
    return Span(span.kind, Fraction(int(size)) if span.kind == "months" else size)


def _shared(span: Span, divisor: Fraction) -> Value:
    return _times(span, 1 / divisor) if divisor else None


def _days_apart(last: Day, first: Day) -> Span:
    return Span("days", Fraction(dates.days_between(first.number, last.number) * 86400))


def _minus(day: Day, span: Span) -> Value:
    return later(day, Span(span.kind, -span.size))


_OPERATIONS: dict[tuple[str, str, str], Callable[..., Value]] = {
    ("+", "number", "number"): lambda a, b: a + b,
    ("-", "number", "number"): lambda a, b: a - b,
    ("*", "number", "number"): lambda a, b: a * b,
    ("/", "number", "number"): _quotient,
    ("**", "number", "number"): power,
    ("+", "string", "string"): lambda a, b: a + b,
    ("-", "date", "date"): _days_apart,
}
for _kind in ("months", "days"):
    _OPERATIONS |= {
        ("+", "date", _kind): later,
        ("+", _kind, "date"): lambda span, day: later(day, span),
        ("-", "date", _kind): _minus,
        ("+", _kind, _kind): lambda a, b: Span(a.kind, a.size + b.size),
        ("-", _kind, _kind): lambda a, b: Span(a.kind, a.size - b.size),
        ("*", _kind, "number"): _times,
        ("*", "number", _kind): lambda factor, span: _times(span, factor),
        ("/", _kind, "number"): _shared,
        ("/", _kind, _kind): lambda a, b: _quotient(a.size, b.size),
    }


def part(value: Value, name: str) -> Value:
    """`d.year`, `duration.months`, `range.start`; null when there is no such part."""
    if is_unknown(value):
        return UNKNOWN
    if isinstance(value, Day) and name in ("year", "month", "day", "weekday"):
        return Fraction(dates.date_part(value.number, name))
    if isinstance(value, Span) and name in _PARTS[value.kind]:
        return Fraction(dates.duration_part(value.size, value.kind, name))
    if isinstance(value, Range) and name in ("start", "end"):
        return value.low if name == "start" else value.high
    return None


_PARTS = {"months": ("years", "months"), "days": ("days", "hours", "minutes", "seconds")}
