"""What an open number can still become, for every row: `engine.language.unknowns.bounds` as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.language.columns.lists import bounds_of_count
from engine.language.columns.values import (
    NEVER,
    ZERO,
    Array,
    Column,
    Numbers,
    both,
    full,
    is_known,
    picked,
    whole,
)
from engine.language.tree import Node
from engine.language.types import Ratio

if TYPE_CHECKING:
    from engine.language.columns.reading import Level, Reading

Reach = tuple[Array, Array, Array]  # the least, the greatest, and where they are known

_MONOTONE = frozenset({"add", "subtract", "multiply", "scale", "negate", "least", "greatest"})
_UNSAID: Reach = (ZERO, ZERO, NEVER)


def bounds(read: Reading, node: Node, level: Level) -> Reach:
    """Least and greatest value of a number inside; not known where an open number leaves it open."""
    key = read.columns.nodes[id(node)][0], id(level)
    found: Reach | None = read.reaches.get(key)
    if found is None:
        found = read.reaches[key] = _bounds(read, node, level)
    return found


def _bounds(read: Reading, node: Node, level: Level) -> Reach:
    value = read.value(node, level)
    if isinstance(value, Numbers):
        if value.known is None or not _narrows(read, node):
            return value.value, value.value, is_known(value.known)
        low, high, known = _open(read, node, level)
        return (
            np.where(value.known, value.value, low),
            np.where(value.known, value.value, high),
            value.known | known,
        )
    return _open(read, node, level) if not isinstance(node.type, Ratio) else _UNSAID


def _narrows(read: Reading, node: Node) -> bool:
    """Whether anything may be said of the number where its value is not known."""
    found = read.columns.narrows.get(id(node))
    if found is None:
        if node.op in ("value", "computed"):
            named = read.columns.computed.get(node.name)
            found = named is not None and _narrows(read, named[1])
        else:
            found = node.op in ("if", "count") or (
                node.op in _MONOTONE and any(_narrows(read, arg) for arg in node.args)
            )
        read.columns.narrows[id(node)] = found
    return found


def _open(read: Reading, node: Node, level: Level) -> Reach:
    if node.op == "if":
        return _of_branches(read, node, level)
    if node.op == "value" and node.name in read.columns.computed:
        low, high, known = bounds(read, read.columns.computed[node.name][1], read.root)
        return _spread(read, level, low), _spread(read, level, high), _spread(read, level, known)
    if node.op == "computed" and node.name in read.columns.computed:
        return _of_person(read, node, level)
    if node.op == "count":
        low, high, mask = bounds_of_count(read, node, level)
        return low, high, is_known(mask)
    if node.op not in _MONOTONE or isinstance(node.type, Ratio):
        return _UNSAID
    return _combined(node, [bounds(read, arg, level) for arg in node.args])


def _spread(read: Reading, level: Level, values: Array) -> Array:
    if level.frame is read.tables.households or not np.ndim(values):
        return values
    return values.take(level.frame.above(read.tables.households))


def _of_person(read: Reading, node: Node, level: Level) -> Reach:
    low, high, known = bounds(read, read.columns.computed[node.name][1], read.subject)
    people = read.tables.people
    record = read.numbers(node.args[0], level)
    if record.value is people.rows and level.frame is people:
        return low, high, known
    found: list[Column] = [
        picked(Numbers(values), record, people.size, level.frame) for values in (low, high, known)
    ]
    a, b, c = (one if isinstance(one, Numbers) else Numbers(ZERO, NEVER) for one in found)
    return a.value, b.value, c.value.astype(np.bool_) & is_known(both(a.known, b.known, c.known))


def _of_branches(read: Reading, node: Node, level: Level) -> Reach:
    condition = read.truths(node.args[0], level)
    (a_lo, a_hi, a_known), (b_lo, b_hi, b_known) = (bounds(read, arg, level) for arg in node.args[1:])
    low = np.where(condition.yes, a_lo, np.where(condition.no, b_lo, np.minimum(a_lo, b_lo)))
    high = np.where(condition.yes, a_hi, np.where(condition.no, b_hi, np.maximum(a_hi, b_hi)))
    known = np.where(condition.yes, a_known, np.where(condition.no, b_known, a_known & b_known))
    return low, high, full(known, level.frame.size)


def _combined(node: Node, reaches: list[Reach]) -> Reach:
    known = reaches[0][2]
    for reach in reaches[1:]:
        known = known & reach[2]
    (low, high, _), *rest = reaches
    if node.op == "scale":
        return low * whole(node.value), high * whole(node.value), known
    if node.op == "negate":
        return -high, -low, known
    if node.op in ("least", "greatest"):
        pick = np.minimum if node.op == "least" else np.maximum
        for other_low, other_high, _ in rest:
            low, high = pick(low, other_low), pick(high, other_high)
        return low, high, known
    second_low, second_high, _ = rest[0]
    if node.op == "add":
        return low + second_low, high + second_high, known
    if node.op == "subtract":
        return low - second_high, high - second_low, known
    corners = [a * b for a in (low, high) for b in (second_low, second_high)]
    return (
        np.minimum.reduce(np.broadcast_arrays(*corners)),
        np.maximum.reduce(np.broadcast_arrays(*corners)),
        known,
    )
