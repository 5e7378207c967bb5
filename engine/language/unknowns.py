"""Why a value is unknown, and what it can still become: two more readings of the tree, over the lazy one.

`missing` names the facts and parameters whose lack leaves a value open; what cannot matter any more (the
other side of a decided `or`, an entry that a filter has left out) is not named. `bounds` gives the least and
greatest value that an unknown amount can take, when only conditions are open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from engine.language.interpret import NOTHING, Bindings, Interpreter
from engine.language.outcomes import UNDETERMINED
from engine.language.reach import Reach, Span
from engine.language.reaches import Reaches
from engine.language.scope import PERSON, SUBJECT
from engine.language.supposed import Unrefined
from engine.language.tree import BINDERS, Node
from engine.language.types import List, Ratio, Record

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


def missing(reaches: Reaches, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """What is missing for a value that the lazy reading does not know."""
    return turning(reaches, node, bindings) or waited_for(reaches.reading, node, bindings)


def waited_for(reading: Interpreter, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """The first thing that a value waits for which is unknown although nothing can change it any more.

    Known incomes exceed every line, say: the reading that decides outcomes does not see that.
    """
    return tuple(islice(_missing(Unrefined(reading), node, bindings, _Trail((), set())), 1))


def turning(reaches: Reaches, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """What can still change a value, each once, in the order of the text; nothing when it is settled."""
    found: dict[tuple[str, str, int], Missing] = {}
    if reaches.is_open(node, bindings):
        for one in _missing(reaches, node, bindings, _Trail((), set())):
            found.setdefault((one.kind, one.name, one.person), one)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Trail:
    """The names that led here, and the computed values that were looked into: each once, or the ways
    multiply.
    """

    path: tuple[str, ...]
    seen: set[tuple[str, int | frozenset[int]]]

    def first_at(self, name: str, of: int | frozenset[int]) -> bool:
        """`of`: the person, or the people of a list who matter."""
        first = (name, of) not in self.seen
        self.seen.add((name, of))
        return first

    def through(self, name: str) -> _Trail:
        return _Trail((*self.path, name), self.seen)


def _missing(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    if node.op in ("fact", "field"):
        yield from _missing_input(reaches, node, bindings, trail)
    elif node.op in ("value", "computed"):
        yield from _missing_value(reaches, node, bindings, trail)
    elif node.op in ("parameter", "size_table", "marginal"):
        yield from _missing_cell(reaches, node, bindings, trail)
    elif node.op == "if":
        yield from _missing_branch(reaches, node, bindings, trail)
    elif node.op in BINDERS:
        yield from _missing_in_list(reaches, node, bindings, trail)
    elif node.op == "sum" and node.args[0].op == "map":
        yield from _missing_in_list(reaches, node.args[0], bindings, trail, _adds_nothing)
    elif node.op == "outcome":
        yield from _missing_outcome(reaches, node, bindings, trail)
    elif node.op == "is_eligible":
        yield from _missing_status(reaches, node, bindings, trail)
    else:
        args = node.args[1:] if node.op in ("between", "in") else node.args
        for arg in args:
            if reaches.is_open(arg, bindings):
                yield from _missing(reaches, arg, bindings, trail)


def _missing_input(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    if node.op == "fact":
        yield Missing("fact", node.name, -1, trail.path)
        return
    record = node.args[0]
    if record.type == Record(PERSON):
        person = reaches.reading.value(record, bindings)
        if person is None:
            yield from _missing(reaches, record, bindings, trail)
        else:
            yield Missing("fact", node.name, person, trail.path)
        return
    owner = bindings.get("list of " + record.name)
    if owner is None:
        yield from _missing(reaches, record, bindings, trail)
    else:
        name, person = owner
        yield Missing("fact", name, person, (*trail.path, node.name))


def _missing_value(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    computed = reaches.reading.computed.get(node.name)
    inner = NOTHING
    if node.op == "computed":
        person = reaches.reading.value(node.args[0], bindings)
        if person is None:
            yield from _missing(reaches, node.args[0], bindings, trail)
            return
        inner = {SUBJECT: person}
    if computed is None:
        yield Missing("value", node.name, inner.get(SUBJECT, -1), trail.path)
    elif computed.node.op == "const":
        yield Missing("value", node.name, -1, trail.path)
    elif trail.first_at(node.name, inner.get(SUBJECT, -1)):
        yield from _missing(reaches, computed.node, inner, trail.through(node.name))


def _missing_cell(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    keys_open = [arg for arg in node.args if reaches.is_open(arg, bindings)]
    for arg in keys_open:
        yield from _missing(reaches, arg, bindings, trail)
    if reaches.reading.table(node.name) is None or not keys_open:
        yield Missing("parameter", node.name, -1, trail.path)


def _missing_branch(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    condition = reaches.truths(node.args[0], bindings)
    if len(condition) > 1:
        yield from _missing(reaches, node.args[0], bindings, trail)
    for truth, branch in zip((True, False), node.args[1:], strict=True):
        if condition & {truth, None} and reaches.is_open(branch, bindings):
            yield from _missing(reaches, branch, bindings, trail)


def _adds_nothing(reach: Reach) -> bool:
    return isinstance(reach, Span) and reach.lo == reach.hi == 0 and not reach.blank


# a body of which it does not matter whether its entry belongs to the list
_IDLE: Mapping[str, Callable[[Reach], bool]] = {
    "some": lambda reach: reach == frozenset({False}),
    "filter": lambda reach: reach == frozenset({False}),
    "every": lambda reach: reach == frozenset({True}),
}


def _missing_in_list(
    reaches: Reaches,
    node: Node,
    bindings: Bindings,
    trail: _Trail,
    idle: Callable[[Reach], bool] = lambda reach: False,
    only: frozenset[int] | None = None,
) -> Iterator[Missing]:
    """Who belongs to the list, then the bodies. `only`: the people whose place in it matters to the reader."""
    members, body = node.args
    found, idle = reaches.members(members, bindings), _IDLE.get(node.op, idle)
    if found is None or found.more:
        yield from _missing(reaches, members, bindings, trail)
        return
    owner = _owner_of_items(reaches, members, bindings)
    entries = []
    for item in (*found.sure, *found.maybe):
        inner = reaches.bound(node, item, bindings)
        if owner is not None:
            inner = {**inner, "list of " + node.value: owner}
        if (only is None or item in only) and not idle(reaches.of(body, inner)):
            entries.append((item, inner))
    if reaches.is_open(members, bindings):
        of_people = isinstance(members.type, List) and members.type.item == Record(PERSON)
        matter = frozenset(item for item, _ in entries) if of_people else None
        yield from _missing_members(reaches, members, bindings, trail, matter)
    for _, inner in entries:
        if reaches.is_open(body, inner):
            yield from _missing(reaches, body, inner, trail)


def _missing_members(
    reaches: Reaches, members: Node, bindings: Bindings, trail: _Trail, only: frozenset[int] | None
) -> Iterator[Missing]:
    computed = reaches.reading.computed.get(members.name) if members.op == "value" else None
    if members.op == "filter":
        yield from _missing_in_list(reaches, members, bindings, trail, only=only)
    elif computed is not None and only is not None:
        if trail.first_at(members.name, only):
            inner = trail.through(members.name)
            yield from _missing_members(reaches, computed.node, NOTHING, inner, only)
    else:
        yield from _missing(reaches, members, bindings, trail)


def _owner_of_items(reaches: Reaches, members: Node, bindings: Bindings) -> tuple[str, int] | None:
    """Which list of whom a body runs over: a filter of a list is still that list."""
    while members.op in ("filter", "all_but"):
        members = members.args[0]
    if members.op == "fact":
        return members.name, -1
    if members.op == "field" and members.args[0].type == Record(PERSON):
        return members.name, reaches.reading.value(members.args[0], bindings)
    return None


def _missing_outcome(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    """In the order of precedence: what comes later matters only when what comes before lets it."""
    concerns, closed, eligible, discretion = (reaches.truths(arg, bindings) for arg in node.args)
    if len(concerns) > 1:
        yield from _missing(reaches, node.args[0], bindings, trail)
    if len(closed) > 1:
        yield from _missing(reaches, node.args[1], bindings, trail)
    if len(eligible) > 1:
        yield from _missing(reaches, node.args[2], bindings, trail)
    elif eligible == {True} and len(discretion) > 1:
        yield from _missing(reaches, node.args[3], bindings, trail)


def _missing_status(reaches: Reaches, node: Node, bindings: Bindings, trail: _Trail) -> Iterator[Missing]:
    """An open status of a policy: what it lacks, or the policy itself while an officer has to speak."""
    (read,) = node.args
    if reaches.reading.value(read, bindings) == UNDETERMINED:
        yield from _missing(reaches, read, bindings, trail)
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
