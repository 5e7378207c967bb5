"""What a condition proves about the numbers in it, once it is known to be true (or false).

Inside `if count(x) > 0 then …` and after `count(x) > 0 and …` the count is known to be positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from engine.language.tree import Node
from engine.language.types import Number

FLIPPED = {"less": "more", "at_most": "at_least", "more": "less", "at_least": "at_most"}
NEGATED = {
    "less": "at_least",
    "at_least": "less",
    "more": "at_most",
    "at_most": "more",
    "equal": "unequal",
    "unequal": "equal",
}


def consequences(condition: Node, truth: bool) -> Iterator[tuple[Node, int | None, int | None]]:
    """What a condition says about ranges when it is true (or false): node, lower and upper bound."""
    if condition.op == "not":
        yield from consequences(condition.args[0], not truth)
    elif (condition.op == "and" and truth) or (condition.op == "or" and not truth):
        for arg in condition.args:
            yield from consequences(arg, truth)
    elif condition.op == "between" and truth:
        for arg in condition.args[1:]:
            yield from consequences(arg, truth)
    elif condition.op in NEGATED and len(condition.args) == 2:
        op = condition.op if truth else NEGATED[condition.op]
        left, right = condition.args
        if left.op == "const" and op in FLIPPED:
            left, right, op = right, left, FLIPPED[op]
        yield from _bound(op, left, right)


def _bound(op: str, node: Node, limit: Node) -> Iterator[tuple[Node, int | None, int | None]]:
    if limit.op != "const" or not isinstance(node.type, Number):
        return
    value = Fraction(limit.value)
    while node.op == "scale":
        value, node = value / node.value, node.args[0]
    assert isinstance(node.type, Number)
    floor = value.numerator // value.denominator
    ceiling = -(-value.numerator // value.denominator)
    if op == "more":
        yield node, floor + 1, None
    elif op == "at_least":
        yield node, ceiling, None
    elif op == "less":
        yield node, None, ceiling - 1
    elif op == "at_most":
        yield node, None, floor
    elif op == "equal":
        yield node, ceiling, floor
    elif op == "unequal" and node.type.lo == value:
        yield node, floor + 1, None
