"""How far a clause is from its limit."""

from __future__ import annotations

from engine.language import numbers
from engine.language.tree import Node
from engine.language.types import Number, Ratio

ORDERED = frozenset({"less", "at_most", "more", "at_least"})


def margin(node: Node) -> Node | None:
    """How far a comparison of numbers is from its limit: positive or zero on the true side of `<=` and `>=`."""
    if node.op not in ORDERED or len(node.args) != 2:
        return None
    left, right = node.args
    a, b = (right, left) if node.op in ("less", "at_most") else (left, right)
    if not isinstance(a.type, Number | Ratio) or not isinstance(b.type, Number | Ratio):
        return None
    try:
        of, a, b = numbers.sum_type("subtract", a, b)
    except numbers.Overflow:  # the two compare within 64 bits, their difference does not fit
        return None
    return Node("subtract", (a, b), of)
