"""Why a value is unknown, and what it can still become: two more readings of the tree, over the lazy one.

`missing` names the facts and parameters whose lack leaves a value open; what cannot matter any more (the
other side of a decided `or`, an entry that a filter has left out) is not named. `bounds` gives the least and
greatest value that an unknown amount can take, when only conditions are open.
"""

from __future__ import annotations

from engine.language.interpret import NOTHING, Bindings, Interpreter
from engine.language.reaches import Reaches
from engine.language.scope import SUBJECT
from engine.language.supposed import Unrefined
from engine.language.tree import Node
from engine.language.types import Ratio
from engine.language.walks import Found, Missing, walks_of

__all__ = ["Missing", "bounds", "missing", "turning", "waited_for"]


def missing(reaches: Reaches, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """What is missing for a value that the lazy reading does not know."""
    return turning(reaches, node, bindings) or waited_for(Unrefined(reaches.reading), node, bindings)


def waited_for(unrefined: Unrefined, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """The first thing that a value waits for which is unknown although nothing can change it any more.

    Known incomes exceed every line, say: the reading that decides outcomes does not see that.
    """
    return _all_under(unrefined, node, bindings)[:1]


def turning(reaches: Reaches, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """What can still change a value, each once, in the order of the text; nothing when it is settled."""
    return _all_under(reaches, node, bindings) if reaches.is_open(node, bindings) else ()


def _all_under(reaches: Reaches, node: Node, bindings: Bindings) -> tuple[Missing, ...]:
    found: Found = {}
    walks_of(reaches).of(node)(reaches, bindings, (), found)
    return tuple(found.values())


def bounds(reading: Interpreter, node: Node, bindings: Bindings = NOTHING) -> tuple[int, int] | None:
    """Least and greatest value of a number inside, or None when an open number (not a condition) leaves it
    open.
    """
    value = reading.value(node, bindings)
    if value is not None:
        return (value, value) if isinstance(value, int) and not isinstance(value, bool) else None
    if node.op == "if":
        condition = reading.value(node.args[0], bindings)
        if condition is not None:
            return bounds(reading, node.args[1 if condition else 2], bindings)
        branches = [bounds(reading, branch, bindings) for branch in node.args[1:]]
        known = [pair for pair in branches if pair is not None]
        return (min(lo for lo, _ in known), max(hi for _, hi in known)) if len(known) == 2 else None
    if node.op == "value" and node.name in reading.computed:
        return bounds(reading, reading.computed[node.name].node)
    if node.op == "computed" and node.name in reading.computed:
        person = reading.value(node.args[0], bindings)
        return (
            None if person is None else bounds(reading, reading.computed[node.name].node, {SUBJECT: person})
        )
    if node.op == "count":
        members = reading.value(node.args[0], bindings)
        return None if members is None else (len(members[0]), len(members[0]) + len(members[1]))
    if node.op not in _MONOTONE or isinstance(node.type, Ratio):
        return None
    pairs = [bounds(reading, arg, bindings) for arg in node.args]
    known = [pair for pair in pairs if pair is not None]
    return _combined(node, known) if len(known) == len(pairs) else None


_MONOTONE = frozenset({"add", "subtract", "multiply", "scale", "negate", "least", "greatest"})


def _combined(node: Node, pairs: list[tuple[int, int]]) -> tuple[int, int] | None:
    first = pairs[0]
    if node.op == "scale":
        return first[0] * node.value, first[1] * node.value
    if node.op == "negate":
        return -first[1], -first[0]
    if node.op in ("least", "greatest"):
        pick = min if node.op == "least" else max
        return pick(lo for lo, _ in pairs), pick(hi for _, hi in pairs)
    second = pairs[1]
    if node.op == "add":
        return first[0] + second[0], first[1] + second[1]
    if node.op == "subtract":
        return first[0] - second[1], first[1] - second[0]
    corners = [a * b for a in first for b in second]
    return min(corners), max(corners)
