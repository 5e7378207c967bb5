"""Why a value is unknown, and what it can still become: two more readings of the tree, over the lazy one.

`missing` names the facts and parameters whose lack leaves a value open; what cannot matter any more (the
other side of a decided `or`, an entry that a filter has left out) is not named. `bounds` gives the least and
greatest value that an unknown amount can take, when only conditions are open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.language.interpret import NOTHING, Bindings, Interpreter
from engine.language.outcomes import UNDETERMINED
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import BINDERS, Node
from engine.language.types import Ratio, Record

KLEENE = frozenset({"and", "or", "between", "in"})


@dataclass(frozen=True, slots=True)
class Missing:
    """One fact (of the household: person -1) or parameter that is not known, and the names that led to it.

    `kind`: fact, parameter, status (of a policy that an officer has to decide) or value (a computed value
    without a definition in force).
    """

    kind: str
    name: str
    person: int
    path: tuple[str, ...]


def missing(reading: Interpreter, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """What is missing for the value of a node, each once, in the order of the text."""
    found: dict[tuple[str, str, int], Missing] = {}
    for one in _missing(reading, node, bindings, _Trail((), set())):
        found.setdefault((one.kind, one.name, one.person), one)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Trail:
    """The names that led here, and the computed values that were looked into: each once, or the ways
    multiply.
    """

    path: tuple[str, ...]
    seen: set[tuple[str, int]]

    def first_at(self, name: str, person: int) -> bool:
        first = (name, person) not in self.seen
        self.seen.add((name, person))
        return first

    def through(self, name: str) -> _Trail:
        return _Trail((*self.path, name), self.seen)


def _missing(reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    if node.op in ("fact", "field"):
        yield from _missing_input(reading, node, bindings, trail)
    elif node.op in ("value", "computed"):
        yield from _missing_value(reading, node, bindings, trail)
    elif node.op in ("parameter", "size_table", "marginal"):
        yield from _missing_cell(reading, node, bindings, trail)
    elif node.op == "if":
        yield from _missing_branch(reading, node, bindings, trail)
    elif node.op in BINDERS:
        yield from _missing_in_list(reading, node, bindings, trail)
    elif node.op == "outcome":
        yield from _missing_outcome(reading, node, bindings, trail)
    elif node.op == "is_eligible":
        yield from _missing_status(reading, node, bindings, trail)
    else:
        args = node.args[1:] if node.op in ("between", "in") else node.args
        for arg in args:
            if _open(reading, arg, bindings):
                yield from _missing(reading, arg, bindings, trail)


def _open(reading: Interpreter, node: Node, bindings: Bindings) -> bool:
    """Unknown, or a list of which something is undecided."""
    value = reading.value(node, bindings)
    if value is None:
        return True
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[1], list)
        and (bool(value[1]) or any(item is None for item in value[0]))
    )


def _missing_input(reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    if node.op == "fact":
        yield Missing("fact", node.name, -1, trail.path)
        return
    record = node.args[0]
    if record.type == Record(PERSON):
        person = reading.value(record, bindings)
        if person is None:
            yield from _missing(reading, record, bindings, trail)
        else:
            yield Missing("fact", node.name, person, trail.path)
        return
    owner = bindings.get("list of " + record.name)
    if owner is None:
        yield from _missing(reading, record, bindings, trail)
    else:
        name, person = owner
        yield Missing("fact", name, person, (*trail.path, node.name))


def _missing_value(reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    computed = reading.computed.get(node.name)
    inner = NOTHING
    if node.op == "computed":
        person = reading.value(node.args[0], bindings)
        if person is None:
            yield from _missing(reading, node.args[0], bindings, trail)
            return
        inner = {SUBJECT: person}
    if computed is None:
        yield Missing("value", node.name, inner.get(SUBJECT, -1), trail.path)
    elif computed.node.op == "const":
        yield Missing("value", node.name, -1, trail.path)
    elif trail.first_at(node.name, inner.get(SUBJECT, -1)):
        yield from _missing(reading, computed.node, inner, trail.through(node.name))


def _missing_cell(reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    keys_open = [arg for arg in node.args if _open(reading, arg, bindings)]
    for arg in keys_open:
        yield from _missing(reading, arg, bindings, trail)
    if reading.table(node.name) is None or not keys_open:
        yield Missing("parameter", node.name, -1, trail.path)


def _missing_branch(reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    condition = reading.value(node.args[0], bindings)
    if condition is None:
        yield from _missing(reading, node.args[0], bindings, trail)
        branches = node.args[1:]
    else:
        branches = node.args[1:2] if condition else node.args[2:3]
    for branch in branches:
        if _open(reading, branch, bindings):
            yield from _missing(reading, branch, bindings, trail)


def _missing_in_list(
    reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail
) -> Iterator[Missing]:
    members, body = node.args
    if _open(reading, members, bindings):
        yield from _missing(reading, members, bindings, trail)
    value = reading.value(members, bindings)
    if value is None:
        return
    owner = _owner_of_items(reading, members, bindings)
    for item in (*value[0], *value[1]):
        inner = {**bindings, node.value: item}
        if owner is not None:
            inner["list of " + node.value] = owner
        if _open(reading, body, inner):
            yield from _missing(reading, body, inner, trail)


def _owner_of_items(reading: Interpreter, members: Node, bindings: Bindings) -> tuple[str, int] | None:
    """Which list of whom a body runs over: a filter of a list is still that list."""
    while members.op in ("filter", "all_but"):
        members = members.args[0]
    if members.op == "fact":
        return members.name, -1
    if members.op == "field" and members.args[0].type == Record(PERSON):
        return members.name, reading.value(members.args[0], bindings)
    return None


def _missing_outcome(
    reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail
) -> Iterator[Missing]:
    """In the order of precedence: what comes later matters only when what comes before lets it."""
    concerns, closed, eligible, discretion = node.args
    for part in (concerns, closed):
        if reading.value(part, bindings) is None:
            yield from _missing(reading, part, bindings, trail)
    if reading.value(eligible, bindings) is None:
        yield from _missing(reading, eligible, bindings, trail)
    elif reading.value(eligible, bindings) and reading.value(discretion, bindings) is None:
        yield from _missing(reading, discretion, bindings, trail)


def _missing_status(reading: Interpreter, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    """An open status of a policy: what it lacks, or the policy itself while an officer has to speak."""
    (read,) = node.args
    if reading.value(read, bindings) == UNDETERMINED:
        yield from _missing(reading, read, bindings, trail)
    else:
        yield Missing("status", read.name.rpartition(".")[0], bindings.get(SUBJECT, -1), trail.path)


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
