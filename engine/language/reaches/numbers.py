"""Numbers, dates and durations: an operation over ranges."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

from engine.language.interpret import STRICT, Bindings, true_value
from engine.language.reach import Reach, Span, ends, of_type
from engine.language.tree import Node
from engine.language.types import Number

if TYPE_CHECKING:
    from engine.language.reaches.reading import Reaches, Reader, Readers


def _corners(make: Readers, node: Node) -> Reader:
    """An operation that rises or falls with each operand all the way: its ends lie at theirs."""
    readers = [make.reader(arg) for arg in node.args]
    operation, anything = STRICT[node.op], of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        spans = [reader(at, bindings) for reader in readers]
        settled = [span.lo for span in spans if isinstance(span, Span) and span.lo == span.hi]
        if len(settled) == len(spans):
            value = operation(node, *settled)
            return (
                anything
                if value is None
                else Span(value, value, any(isinstance(span, Span) and span.blank for span in spans))
            )
        found: list[Any] = []
        for corner in product(*(ends(span) for span in spans)):
            value = None if None in corner else operation(node, *corner)
            if value is None:
                return anything
            found.append(value)
        return Span(min(found), max(found), any(isinstance(span, Span) and span.blank for span in spans))

    return read


def _divide(make: Readers, node: Node) -> Reader:
    divisor, whole, anything = make.reader(node.args[1]), _corners(make, node), of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = divisor(at, bindings)
        if not isinstance(found, Span) or found.lo <= 0 <= found.hi:
            return anything
        return whole(at, bindings)

    return read


def _absolute(make: Readers, node: Node) -> Reader:
    number, anything = make.reader(node.args[0]), of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        inner = number(at, bindings)
        if not isinstance(inner, Span):
            return anything
        sizes = abs(inner.lo), abs(inner.hi)
        return Span(0 if inner.lo <= 0 <= inner.hi else min(sizes), max(sizes), inner.blank)

    return read


def true_reader(make: Readers, node: Node) -> Reader:
    """A number's reach in the mathematical sense: decimals play no part in a comparison."""
    reader = make.reader(node)
    if not (isinstance(node.type, Number) and node.type.decimals):
        return reader

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = reader(at, bindings)
        if isinstance(found, Span):
            return Span(true_value(node, found.lo), true_value(node, found.hi), found.blank)
        return found

    return read


_ARITHMETIC = ("add", "subtract", "multiply", "negate", "scale", "round", "least", "greatest")
_CALENDAR = (
    *("months_between", "years_between", "days_between", "seconds_between"),
    *("add_months", "add_seconds", "month_start"),
)

MAKERS: dict[str, Callable[[Readers, Node], Reader]] = {
    **dict.fromkeys((*_ARITHMETIC, *_CALENDAR), _corners),
    "divide": _divide,
    "absolute": _absolute,
}
