"""Comparisons and logic, which decide when they can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.language.columns.branches import chosen_lists
from engine.language.columns.lists import bounds_of_count
from engine.language.columns.values import (
    NEVER,
    Array,
    Column,
    Mask,
    Numbers,
    Ratios,
    Truths,
    as_truths,
    both,
    is_known,
    whole,
)
from engine.language.emit.code import undecided_count
from engine.language.tree import Node
from engine.language.types import Boolean, List, Number, Ratio

if TYPE_CHECKING:
    from engine.language.columns.reading import Level, Reading

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "equal": np.equal,
    "unequal": np.not_equal,
    "less": np.less,
    "at_most": np.less_equal,
    "more": np.greater,
    "at_least": np.greater_equal,
}


def _comparison(read: Reading, node: Node, level: Level) -> Column:
    a, b = node.args
    if undecided_count(a) or undecided_count(b):
        return _ranges(read, node, level)
    if isinstance(a.type, Ratio) or isinstance(b.type, Ratio):
        x, y = read.ratios(a, level), read.ratios(b, level)
        return as_truths(COMPARE[node.op](x.num * y.den, y.num * x.den), both(x.known, y.known))
    left, right = read.value(a, level), read.value(b, level)
    if isinstance(left, Truths) and isinstance(right, Truths):
        same = _same(left, right)
        return same if node.op == "equal" else same.negated()
    if not isinstance(left, Numbers) or not isinstance(right, Numbers):
        return Truths(NEVER, NEVER)
    return as_truths(COMPARE[node.op](left.value, right.value), both(left.known, right.known))


def _same(a: Truths, b: Truths) -> Truths:
    if a.settled and b.settled:
        return Truths(a.yes == b.yes)
    return Truths((a.yes & b.yes) | (a.no & b.no), (a.yes & b.no) | (a.no & b.yes))


def _ranges(read: Reading, node: Node, level: Level) -> Column:
    """A count with undecided entries lies between two numbers; the comparison decides when it can."""
    (a_lo, a_hi, a_den, a_known), (b_lo, b_hi, b_den, b_known) = (
        _reach(read, arg, level) for arg in node.args
    )
    if a_lo is a_hi and b_lo is b_hi:
        return as_truths(COMPARE[node.op](a_lo * b_den, b_lo * a_den), both(a_known, b_known))
    a_lo, a_hi, b_lo, b_hi = a_lo * b_den, a_hi * b_den, b_lo * a_den, b_hi * a_den
    if node.op in ("less", "at_least"):
        yes, no = a_hi < b_lo, a_lo >= b_hi
    elif node.op in ("at_most", "more"):
        yes, no = a_hi <= b_lo, a_lo > b_hi
    else:
        yes, no = (a_lo == a_hi) & (b_lo == b_hi) & (a_lo == b_lo), (a_hi < b_lo) | (b_hi < a_lo)
    if node.op in ("at_least", "more", "unequal"):
        yes, no = no, yes
    known = is_known(both(a_known, b_known))
    return Truths(yes & known, no & known)


def _reach(read: Reading, node: Node, level: Level) -> tuple[Array, Array, Array, Mask]:
    """The least and the greatest numerator of a side, its denominator, and where it is known."""
    count, factor = (node.args[0], whole(node.value)) if node.op == "scale" else (node, whole(1))
    if not undecided_count(node):
        one = read.ratios(node, level)
        return one.num, one.num, one.den, one.known
    low, high, known = bounds_of_count(read, count, level)
    assert isinstance(node.type, Number)
    return low * factor, high * factor, whole(10**node.type.decimals), known


def _and(read: Reading, node: Node, level: Level) -> Column:
    return _all_of(read, node.args, level)


def _or(read: Reading, node: Node, level: Level) -> Column:
    return _one_of(read, node.args, level)


def _between(read: Reading, node: Node, level: Level) -> Column:
    return _all_of(read, node.args[1:], level)


def _in(read: Reading, node: Node, level: Level) -> Column:
    return _one_of(read, node.args[1:], level)


def _all_of(read: Reading, args: tuple[Node, ...], level: Level) -> Truths:
    found = [read.truths(arg, level) for arg in args]
    yes = _reduced_by(np.logical_and, [one.yes for one in found])
    if all(one.settled for one in found):
        return Truths(yes)
    return Truths(yes, _reduced_by(np.logical_or, [one.no for one in found]))


def _one_of(read: Reading, args: tuple[Node, ...], level: Level) -> Truths:
    found = [read.truths(arg, level) for arg in args]
    yes = _reduced_by(np.logical_or, [one.yes for one in found])
    if all(one.settled for one in found):
        return Truths(yes)
    return Truths(yes, _reduced_by(np.logical_and, [one.no for one in found]))


def _reduced_by(join: Callable[..., Any], masks: list[Array]) -> Array:
    """Masks joined into one, from the second join on in the same memory."""
    found = masks[0]
    for number, mask in enumerate(masks[1:]):
        found = join(found, mask, out=found) if number and found.ndim else np.asarray(join(found, mask))
    return found


def _not(read: Reading, node: Node, level: Level) -> Column:
    return read.truths(node.args[0], level).negated()


def _if(read: Reading, node: Node, level: Level) -> Column:
    """The branch that the condition chooses; both where it is unknown and they agree."""
    condition = read.truths(node.args[0], level)
    yes, no = node.args[1:]
    if isinstance(node.type, Boolean):
        a, b = read.truths(yes, level), read.truths(no, level)
        if condition.settled and a.settled and b.settled:
            return Truths(np.where(condition.yes, a.yes, b.yes))
        return Truths(
            (condition.yes & a.yes) | (condition.no & b.yes) | (a.yes & b.yes),
            (condition.yes & a.no) | (condition.no & b.no) | (a.no & b.no),
        )
    if isinstance(node.type, List):
        return chosen_lists(level.frame, condition, read.lists(yes, level), read.lists(no, level))
    if isinstance(node.type, Ratio):
        return _chosen_ratios(condition, read.ratios(yes, level), read.ratios(no, level))
    x, y = read.numbers(yes, level), read.numbers(no, level)
    if condition.settled and x.known is None and y.known is None:
        return Numbers(np.where(condition.yes, x.value, y.value))
    known = _chosen_known(condition, x.known, y.known, x.value == y.value)
    return Numbers(np.where(condition.no, y.value, x.value), known)


def _chosen_known(condition: Truths, yes: Mask, no: Mask, same: Array) -> Array:
    a, b = is_known(yes), is_known(no)
    return (condition.yes & a) | (condition.no & b) | (a & b & same)


def _chosen_ratios(condition: Truths, x: Ratios, y: Ratios) -> Ratios:
    (a, b), (c, d) = _reduced(x), _reduced(y)
    known = _chosen_known(condition, x.known, y.known, (a == c) & (b == d))
    return Ratios(np.where(condition.no, y.num, x.num), np.where(condition.no, y.den, x.den), known)


def _reduced(ratio: Ratios) -> tuple[Array, Array]:
    """In lowest terms, so that equal quotients have equal parts whatever the size of their products."""
    common = np.maximum(np.gcd(ratio.num, ratio.den), 1)
    return ratio.num // common, ratio.den // common


OPS: dict[str, Callable[[Reading, Node, Level], Column]] = {
    **dict.fromkeys(COMPARE, _comparison),
    "and": _and,
    "or": _or,
    "between": _between,
    "in": _in,
    "not": _not,
    "if": _if,
}
