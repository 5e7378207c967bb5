"""Small changes of one expression: a limit one step on, an operator that is nearly the same, another choice.

Each change is one other syntax tree. A number moves by one unit of the last decimal that is written, a date by a
day, a choice to the next value of its list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from engine.language.dates import parse_date, to_date
from engine.language.syntax import Syntax, unquote

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "!=", "!=": "="}
ROUNDINGS = {
    "round up": ("round down", "round half up"),
    "round down": ("round up", "round half up"),
    "round half up": ("round up", "round down"),
    "round half down": ("round up", "round down"),
    "floor": ("ceiling",),
    "ceiling": ("floor",),
}
RANGES = {
    "closed_closed": ("open_closed", "closed_open"),
    "closed_open": ("open_open", "closed_closed"),
    "open_closed": ("closed_closed", "open_open"),
    "open_open": ("closed_open", "open_closed"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """`syntax` is the whole expression with one thing changed, which stood at `start` to `end` as `before`.

    kind: number, date, choice, constant, operator, range or rounding. The text alone does not say of which fact a
    choice is, so there may be changes among them that the checker refuses.
    """

    kind: str
    start: int
    end: int
    before: str
    after: str
    syntax: Syntax


def changes(syntax: Syntax, choices: Sequence[tuple[str, ...]]) -> Iterator[Change]:
    """Every change of an expression, in the order of the text. `choices`: the values of every fact with choices."""
    found = sorted(_changes(syntax, choices), key=lambda one: (one.start, one.end, one.after))
    yield from found


def _changes(syntax: Syntax, choices: Sequence[tuple[str, ...]]) -> Iterator[Change]:
    dated = syntax.kind == "call" and syntax.value == "date" and [c.kind for c in syntax.children] == ["text"]
    yield from _dates(syntax, syntax.children[0]) if dated else _own(syntax, choices)
    for i, child in enumerate(() if dated else syntax.children):
        for inner in _changes(child, choices):
            children = (*syntax.children[:i], inner.syntax, *syntax.children[i + 1 :])
            yield replace(inner, syntax=replace(syntax, children=children))


def _own(syntax: Syntax, choices: Sequence[tuple[str, ...]]) -> Iterator[Change]:
    if syntax.kind == "number":
        for after in numbers_beside(syntax.value):
            yield _with_value("number", syntax, after)
    elif syntax.kind == "text":
        for after in next_choices(unquote(syntax.value), choices):
            yield _with_value("choice", syntax, f'"{after}"')
    elif syntax.kind in ("true", "false"):
        after = "false" if syntax.kind == "true" else "true"
        yield Change("constant", syntax.start, syntax.end, syntax.kind, after, replace(syntax, kind=after))
    elif syntax.kind == "at_literal":
        yield from _dates(syntax, syntax)
    elif syntax.kind in ("compare", "unary_test"):
        yield _operator(syntax, syntax.value, COMPARISONS[syntax.value])
    elif syntax.kind in ("and", "or"):
        after = "or" if syntax.kind == "and" else "and"
        yield replace(_operator(syntax, syntax.kind, after), syntax=replace(syntax, kind=after))
    elif syntax.kind == "binary" and syntax.value in "+-":
        yield _operator(syntax, syntax.value, "-" if syntax.value == "+" else "+")
    elif syntax.kind in RANGES:
        for after in RANGES[syntax.kind]:
            yield Change(
                "range",
                syntax.start,
                syntax.end,
                _words(syntax.kind),
                _words(after),
                replace(syntax, kind=after),
            )
    elif syntax.kind == "call":
        name = " ".join(syntax.value.split())
        for after in ROUNDINGS.get(name, ()):
            end = syntax.start + len(syntax.value)
            yield Change("rounding", syntax.start, end, name, after, replace(syntax, value=after))


def _with_value(kind: str, syntax: Syntax, after: str) -> Change:
    return Change(kind, syntax.start, syntax.end, syntax.value, after, replace(syntax, value=after))


def _operator(syntax: Syntax, before: str, after: str) -> Change:
    """An operator stands between its two sides; a bare test (`< 5`) begins with it."""
    bare = len(syntax.children) < 2
    start = syntax.start if bare else syntax.children[0].end
    end = syntax.children[0].start if bare else syntax.children[1].start
    return Change("operator", start, end, before, after, replace(syntax, value=after))


def _words(kind: str) -> str:
    return kind.replace("_", "-")


def _dates(syntax: Syntax, literal: Syntax) -> Iterator[Change]:
    written = unquote(literal.value)
    for after in dates_beside(written):
        made = replace(literal, value=f'"{after}"')
        whole = made if syntax is literal else replace(syntax, children=(made,))
        yield Change("date", syntax.start, syntax.end, written, after, whole)


def dates_beside(written: str) -> tuple[str, ...]:
    """The day before and the day after a date; nothing for another text."""
    day = parse_date(written)
    if day is None:
        return ()
    return tuple((to_date(day) + timedelta(days=step)).isoformat() for step in (-1, 1))


def numbers_beside(written: str) -> tuple[str, ...]:
    """A number one unit of its last written decimal less and more; none below zero, as no literal is."""
    value = Decimal(written)
    step = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))
    return tuple(format(one, "f") for one in (value - step, value + step) if one >= 0 or value < 0)


def next_choices(value: str, choices: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The value after this one, of every list of choices that has it, each once."""
    after = (one[(one.index(value) + 1) % len(one)] for one in choices if value in one)
    return tuple(dict.fromkeys(one for one in after if one != value))
