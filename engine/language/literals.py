"""Texts, dates and durations as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language import numbers
from engine.language.dates import parse_date, parse_duration
from engine.language.syntax import Syntax, unquote
from engine.language.tree import Node
from engine.language.types import BOOLEAN, DATE, DAYS, MAX_DAYS, MAX_MONTHS, MONTHS, TEXT, literal_number

if TYPE_CHECKING:
    from engine.language.check import Checker


def at_literal(check: Checker, syntax: Syntax) -> Node:
    return _dated(check, syntax, unquote(syntax.value))


def _dated(check: Checker, syntax: Syntax, text: str) -> Node:
    """`@"…"`: a date or a duration, by its form."""
    if text.lstrip("-").startswith("P"):
        return duration_literal(check, syntax, text)
    return date_literal(check, syntax, text)


def date_literal(check: Checker, syntax: Syntax, text: str) -> Node:
    value = parse_date(text)
    if value is None:
        raise check.fail(
            syntax, "no-such-date", f'"{text}" is not a date', "write year-month-day: 2024-02-29"
        )
    return check.node(syntax, "const", (), DATE, value=value)


def duration_literal(check: Checker, syntax: Syntax, text: str) -> Node:
    parsed = parse_duration(text)
    if parsed is None or parsed[1].denominator != 1:
        raise check.fail(syntax, "no-such-duration", f'"{text}" is not a duration', 'write "P1Y6M" or "P30D"')
    kind, value = parsed
    if abs(value) > (MAX_MONTHS if kind == "months" else MAX_DAYS * 86400):
        raise check.fail(
            syntax, "overflow", f'"{text}" is longer than the calendar', "write a shorter duration"
        )
    return check.node(syntax, "const", (), MONTHS if kind == "months" else DAYS, value=int(value))


def number(check: Checker, syntax: Syntax) -> Node:
    value, of = literal_number(syntax.value)
    numbers.fits(value)
    return check.node(syntax, "const", (), of, value=value)


def text(check: Checker, syntax: Syntax) -> Node:
    return check.node(syntax, "const", (), TEXT, value=unquote(syntax.value))


def true(check: Checker, syntax: Syntax) -> Node:
    return check.node(syntax, "const", (), BOOLEAN, value=True)


def false(check: Checker, syntax: Syntax) -> Node:
    return check.node(syntax, "const", (), BOOLEAN, value=False)


def null(check: Checker, syntax: Syntax) -> Node:
    raise check.fail(
        syntax,
        "null",
        "rules may not write `null` or test for missing facts",
        "a missing fact is unknown and the engine says so by itself; write the rule for known facts",
    )
