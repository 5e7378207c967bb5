"""Texts, dates and durations as they are written."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.language import numbers
from engine.language.dates import parse_date, parse_duration
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import BOOLEAN, DATE, DAYS, EXACT, MONTHS, TEXT, UNKNOWN, literal_number

if TYPE_CHECKING:
    from engine.language.check import Checker


def unquote(text: str) -> str:
    """The text of a string literal."""
    value: str = json.loads(text.replace("\n", "\\n").replace("\t", "\\t"))
    return value


def at_literal(check: Checker, syntax: Syntax) -> Node:
    return _dated(check, syntax, unquote(syntax.children[0].value if syntax.children else syntax.value))


def _dated(check: Checker, syntax: Syntax, text: str) -> Node:
    """`@"…"`: a date or a duration, by its form."""
    if text.lstrip("-").startswith("P"):
        return duration_literal(check, syntax, text)
    return date_literal(check, syntax, text)


def date_literal(check: Checker, syntax: Syntax, text: str) -> Node:
    value = parse_date(text)
    if value is None:
        if check.scope.exact:
            return check.node(syntax, "const", (), DATE, value=None)
        raise check.fail(
            syntax, "no-such-date", f'"{text}" is not a date', "write year-month-day: 2024-02-29"
        )
    return check.node(syntax, "const", (), DATE, value=value)


def duration_literal(check: Checker, syntax: Syntax, text: str) -> Node:
    parsed = parse_duration(text)
    if parsed is None:
        if check.scope.exact:
            return check.node(syntax, "const", (), UNKNOWN, value=None)
        raise check.fail(syntax, "no-such-duration", f'"{text}" is not a duration', 'write "P1Y6M" or "P30D"')
    kind, value = parsed
    return check.node(syntax, "const", (), MONTHS if kind == "months" else DAYS, value=value)


def number(check: Checker, syntax: Syntax) -> Node:
    if check.scope.exact:
        return check.node(syntax, "const", (), EXACT, value=Fraction(syntax.value))
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
    if not check.scope.exact:
        raise check.fail(
            syntax,
            "null",
            "rules may not write `null` or test for missing facts",
            "a missing fact is unknown and the engine says so by itself; write the rule for known facts",
        )
    return check.node(syntax, "const", (), UNKNOWN, value=None)
