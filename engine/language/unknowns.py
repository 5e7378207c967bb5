"""Why a value is unknown, and what it can still become: two more readings of the tree, over the lazy one.

`missing` names the facts and parameters whose lack leaves a value open; what cannot matter any more (the
other side of a decided `or`, an entry that a filter has left out) is not named. `bounds` gives the least and
greatest value that an unknown amount can take, when only conditions are open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from engine.language.interpret import NOTHING, Bindings, Interpreter
from engine.language.outcomes import UNDETERMINED
from engine.language.reach import Reach, Span
from engine.language.reaches import Reaches
from engine.language.reaches.lists import bound
from engine.language.scope import PERSON, SUBJECT
from engine.language.supposed import Unrefined
from engine.language.tree import BINDERS, Node
from engine.language.types import List, Ratio, Record


class Missing(msgspec.Struct, frozen=True, gc=False):
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
    return turning(reaches, node, bindings) or waited_for(Unrefined(reaches.reading), node, bindings)


def waited_for(unrefined: Unrefined, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """The first thing that a value waits for which is unknown although nothing can change it any more.

    Known incomes exceed every line, say: the reading that decides outcomes does not see that.
    """
    return _all_under(unrefined, node, bindings)[:1]


def turning(reaches: Reaches, node: Node, bindings: Bindings = NOTHING) -> tuple[Missing, ...]:
    """What can still change a value, each once, in the order of the text; nothing when it is settled."""
    return _all_under(reaches, node, bindings) if reaches.is_open(node, bindings) else ()


# what was found, by kind, name and person
_Found = dict[tuple[str, str, int], Missing]
_Path = tuple[str, ...]


def _all_under(reaches: Reaches, node: Node, bindings: Bindings) -> tuple[Missing, ...]:
    found: _Found = {}
    _under(reaches, node, bindings, (), found)
    return tuple(found.values())


def _add(found: _Found, kind: str, name: str, person: int, path: _Path) -> None:
    key = (kind, name, person)
    if key not in found:
        found[key] = Missing(kind, name, person, path)


def _under(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    """Adds what is missing for a node to what was found."""
    walk = _WALKS.get(node.op)
    if walk is not None:
        walk(reaches, node, bindings, path, found)
        return
    for arg in node.args:
        if reaches.is_open(arg, bindings):
            _under(reaches, arg, bindings, path, found)


def _tests(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    """`between` and `in`: the tests read the value themselves."""
    for arg in node.args[1:]:
        if reaches.is_open(arg, bindings):
            _under(reaches, arg, bindings, path, found)


def _through(
    reaches: Reaches,
    name: str,
    of: int | frozenset[int],
    look: Callable[[_Found], None],
    path: _Path,
    found: _Found,
) -> None:
    """What a computed value lacks, looked for once for all that read it. `of`: the person, or those who matter."""
    inside = reaches.lacking.get((name, of))
    if inside is None:
        own: _Found = {}
        look(own)
        inside = reaches.lacking[name, of] = tuple(own.values())
    for one in inside:
        key = (one.kind, one.name, one.person)
        if key not in found:
            found[key] = Missing(*key, (*path, name, *one.path))


def _fact(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    _add(found, "fact", node.name, -1, path)


def _field(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    record = node.args[0]
    assert isinstance(record.type, Record)
    if record.type.name == PERSON:
        person = reaches.reading.value(record, bindings)
        if person is None:
            _under(reaches, record, bindings, path, found)
        else:
            _add(found, "fact", node.name, person, path)
        return
    owner = bindings.get("list of " + record.name) or _owner_without(reaches, node, bindings)
    if owner is not None:
        name, person = owner
        _add(found, "fact", name, person, (*path, node.name))
    if record.op != "variable" and reaches.reading.value(record, bindings) is None:
        _under(reaches, record, bindings, path, found)


def _owner_without(reaches: Reaches, node: Node, bindings: Bindings) -> tuple[str, int] | None:
    """Of the field of one entry picked from a list: whose list it is, when an entry lacks that field."""
    record = node.args[0]
    owner = _owner_of_items(reaches, record.args[0], bindings) if record.args else None
    if owner is None:
        return None
    entries = reaches.reading.value(record.args[0], bindings)
    place = reaches.reading.program.items[record.type.name].index(node.name)
    return owner if entries is None or any(one[place] is None for part in entries for one in part) else None


def _value(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    person, inner = -1, NOTHING
    if node.op == "computed":
        person = reaches.reading.value(node.args[0], bindings)
        if person is None:
            _under(reaches, node.args[0], bindings, path, found)
            return
        inner = {SUBJECT: person}
    computed = reaches.reading.computed.get(node.name)
    if computed is None:
        _add(found, "value", node.name, person, path)
    elif computed.node.op == "const":
        _add(found, "value", node.name, -1, path)
    else:
        look = partial(_under, reaches, computed.node, inner, ())
        _through(reaches, node.name, person, look, path, found)


def _cell(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    keys_open = [arg for arg in node.args if reaches.is_open(arg, bindings)]
    for arg in keys_open:
        _under(reaches, arg, bindings, path, found)
    if reaches.reading.table(node.name) is None or not keys_open:
        _add(found, "parameter", node.name, -1, path)


def _branch(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    condition = reaches.truths(node.args[0], bindings)
    if len(condition) > 1:
        _under(reaches, node.args[0], bindings, path, found)
    for truth, branch in zip((True, False), node.args[1:], strict=True):
        if condition & {truth, None} and reaches.is_open(branch, bindings):
            _under(reaches, branch, bindings, path, found)


def _adds_nothing(reach: Reach) -> bool:
    return isinstance(reach, Span) and reach.lo == reach.hi == 0 and not reach.blank


# a body of which it does not matter whether its entry belongs to the list
_IDLE: Mapping[str, Callable[[Reach], bool]] = {
    "some": lambda reach: reach == frozenset({False}),
    "filter": lambda reach: reach == frozenset({False}),
    "every": lambda reach: reach == frozenset({True}),
}


def _in_list(
    reaches: Reaches,
    node: Node,
    bindings: Bindings,
    path: _Path,
    found: _Found,
    idle: Callable[[Reach], bool] = lambda reach: False,
    only: frozenset[int] | None = None,
) -> None:
    """Who belongs to the list, then the bodies. `only`: the people whose place in it matters to the reader."""
    members, body = node.args
    those, idle = reaches.members(members, bindings), _IDLE.get(node.op, idle)
    if those is None or those.more:
        _under(reaches, members, bindings, path, found)
        return
    owner = _owner_of_items(reaches, members, bindings)
    entries = []
    for item in (*those.sure, *those.maybe):
        inner = bound(node, item, bindings)
        if owner is not None:
            inner = {**inner, "list of " + node.value: owner}
        if (only is None or item in only) and not idle(reaches.of(body, inner)):
            entries.append((item, inner))
    if reaches.is_open(members, bindings):
        of_people = isinstance(members.type, List) and members.type.item == Record(PERSON)
        matter = frozenset(item for item, _ in entries) if of_people else None
        _members(reaches, members, bindings, path, found, matter)
    for _, inner in entries:
        if reaches.is_open(body, inner):
            _under(reaches, body, inner, path, found)


def _members(
    reaches: Reaches,
    members: Node,
    bindings: Bindings,
    path: _Path,
    found: _Found,
    only: frozenset[int] | None,
) -> None:
    computed = reaches.reading.computed.get(members.name) if members.op == "value" else None
    if members.op == "filter":
        _in_list(reaches, members, bindings, path, found, only=only)
    elif computed is not None and only is not None:
        look = partial(_members, reaches, computed.node, NOTHING, (), only=only)
        _through(reaches, members.name, only, look, path, found)
    else:
        _under(reaches, members, bindings, path, found)


def _sum(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    (members,) = node.args
    if members.op == "map":
        _in_list(reaches, members, bindings, path, found, _adds_nothing)
    elif reaches.is_open(members, bindings):
        _under(reaches, members, bindings, path, found)


def _owner_of_items(reaches: Reaches, members: Node, bindings: Bindings) -> tuple[str, int] | None:
    """Which list of whom a body runs over: a filter of a list is still that list."""
    while members.op in ("filter", "all_but"):
        members = members.args[0]
    if members.op == "fact":
        return members.name, -1
    if members.op == "field" and members.args[0].type == Record(PERSON):
        return members.name, reaches.reading.value(members.args[0], bindings)
    return None


def _outcome(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    """In the order of precedence: what comes later matters only when what comes before lets it."""
    concerns, closed, eligible, discretion = (reaches.truths(arg, bindings) for arg in node.args)
    if len(concerns) > 1:
        _under(reaches, node.args[0], bindings, path, found)
    if len(closed) > 1:
        _under(reaches, node.args[1], bindings, path, found)
    if len(eligible) > 1:
        _under(reaches, node.args[2], bindings, path, found)
    elif eligible == {True} and len(discretion) > 1:
        _under(reaches, node.args[3], bindings, path, found)


def _status(reaches: Reaches, node: Node, bindings: Bindings, path: _Path, found: _Found) -> None:
    """An open status of a policy: what it lacks, or the policy itself while an officer has to speak."""
    (read,) = node.args
    if reaches.reading.value(read, bindings) == UNDETERMINED:
        _under(reaches, read, bindings, path, found)
    else:
        _add(found, "status", read.name.rpartition(".")[0], bindings.get(SUBJECT, -1), path)


# how what is missing is looked for under a node; under any other, in its arguments that are open
_WALKS: dict[str, Callable[[Reaches, Node, Bindings, _Path, _Found], None]] = {
    "fact": _fact,
    "field": _field,
    **dict.fromkeys(("value", "computed"), _value),
    **dict.fromkeys(("parameter", "size_table", "marginal"), _cell),
    "if": _branch,
    **dict.fromkeys(("between", "in"), _tests),
    **dict.fromkeys(BINDERS, _in_list),
    "sum": _sum,
    "outcome": _outcome,
    "is_eligible": _status,
}


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
