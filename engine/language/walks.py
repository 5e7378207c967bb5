"""What a value lacks: each node made once into a function that adds it to what was found for a household.

What cannot matter any more is not looked into: the other side of a decided `or`, an entry that a filter has left
out, whatever its reach leaves one value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from engine.language.compile import Program
from engine.language.interpret import NOTHING, Bindings
from engine.language.outcomes import UNDETERMINED
from engine.language.reach import ANYTHING, Members, Reach, Span, is_single, truths_of
from engine.language.reaches import Reaches
from engine.language.reaches.lists import bound
from engine.language.reaches.reading import Readers, readers_of
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import BINDERS, Node
from engine.language.types import List, Record


class Missing(msgspec.Struct, frozen=True, gc=False):
    """One fact (of the household: person -1) or parameter that is not known, and the names that led to it.

    `kind`: fact, parameter, status (of a policy that an officer has to decide) or value (a computed value
    without a definition in force).
    """

    kind: str
    name: str
    person: int
    path: tuple[str, ...]


Path = tuple[str, ...]
Found = dict[tuple[str, str, int], Missing]  # by kind, name and person
Walk = Callable[[Reaches, Bindings, Path, Found], None]
# `only`: the people whose place in a list matters to the reader; None: everyone's
WalkMembers = Callable[[Reaches, Bindings, Path, Found, frozenset[int] | None], None]
Owner = tuple[str, int]  # a list of the document: its name, and whose it is (-1: the household)


class Walks:
    """The functions of a program's nodes, each made when it is first asked for."""

    def __init__(self, program: Program) -> None:
        self.readers: Readers = readers_of(program)
        self.computed, self.parameters = program.places.computed, program.places.parameters
        self.items = program.items
        self._made: dict[int, tuple[Node, Walk]] = {}

    def of(self, node: Node) -> Walk:
        made = self._made.get(id(node))
        if made is None:
            made = self._made[id(node)] = (node, _MAKERS.get(node.op, _all_parts)(self, node))
        return made[1]

    def reach(self, node: Node) -> Callable[[Reaches, Bindings], Reach]:
        """What finds the reach of a node, also where a reading has its own."""
        reader = self.readers.reader(node)
        return lambda at, bindings: reader(at, bindings) if at.direct else at.of(node, bindings)


def walks_of(reaches: Reaches) -> Walks:
    """Made once for a program."""
    walks: Walks | None = reaches.walks
    if walks is None:
        program = reaches.reading.program
        walks = _WALKS.get(program)
        if walks is None:
            walks = _WALKS[program] = Walks(program)
        reaches.walks = walks
    return walks


_WALKS: WeakKeyDictionary[Program, Walks] = WeakKeyDictionary()


def _add(found: Found, kind: str, name: str, person: int, path: Path) -> None:
    key = (kind, name, person)
    if key not in found:
        found[key] = Missing(kind, name, person, path)


# --- parts --------------------------------------------------------------------------------------------------


def _parts(make: Walks, nodes: Sequence[Node]) -> Walk:
    """In the parts that are open."""
    parts = [(make.readers.reader(node), node, make.of(node)) for node in nodes]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        for reader, node, inner in parts:
            if not is_single(reader(at, bindings) if at.direct else at.of(node, bindings)):
                inner(at, bindings, path, found)

    return look


def _all_parts(make: Walks, node: Node) -> Walk:
    return _parts(make, node.args)


def _tests(make: Walks, node: Node) -> Walk:
    """`between` and `in`: the tests read the value themselves."""
    return _parts(make, node.args[1:])


def _branch(make: Walks, node: Node) -> Walk:
    condition, of_condition = make.reach(node.args[0]), make.of(node.args[0])
    branches = [
        (frozenset({truth, None}), _parts(make, [arg]))
        for truth, arg in zip((True, False), node.args[1:], strict=True)
    ]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        truths = truths_of(condition(at, bindings))
        if len(truths) > 1:
            of_condition(at, bindings, path, found)
        for taken, inner in branches:
            if truths & taken:
                inner(at, bindings, path, found)

    return look


def _outcome(make: Walks, node: Node) -> Walk:
    """In the order of precedence: what comes later matters only when what comes before lets it."""
    first = [(make.reach(arg), make.of(arg)) for arg in node.args[:3]]
    discretion, eligible = _parts(make, node.args[3:]), first[2][0]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        for reach, inner in first:
            if len(truths_of(reach(at, bindings))) > 1:
                inner(at, bindings, path, found)
        if truths_of(eligible(at, bindings)) == {True}:
            discretion(at, bindings, path, found)

    return look


def _status(make: Walks, node: Node) -> Walk:
    """An open status of a policy: what it lacks, or the policy itself while an officer has to speak."""
    (read,) = node.args
    inner, policy = make.of(read), read.name.rpartition(".")[0]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        if at.reading.value(read, bindings) == UNDETERMINED:
            inner(at, bindings, path, found)
        else:
            _add(found, "status", policy, bindings.get(SUBJECT, -1), path)

    return look


# --- names --------------------------------------------------------------------------------------------------


def _fact(make: Walks, node: Node) -> Walk:
    name = node.name
    return lambda at, bindings, path, found: _add(found, "fact", name, -1, path)


def _field(make: Walks, node: Node) -> Walk:
    record, name = node.args[0], node.name
    assert isinstance(record.type, Record)
    if record.type.name == PERSON:
        place = make.readers.places.person[name]

        def of_person(at: Reaches, person: int, path: Path, found: Found) -> None:
            if at.people[person][place] is None:
                _add(found, "fact", name, person, path)

        return _of_person(make, record, of_person)
    place, owner_of, of_record = make.items[record.type.name].index(name), *_record(make, record)
    key = "list of " + record.name

    def of_entry(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        owners = bindings.get(key, ())
        if record.op != "variable":  # one entry picked from a list
            if owner_of(at, bindings) is None:
                of_record(at, bindings, path, found)
            owners = [one for one in _owners(make, at, record, bindings) if _lacks(at, one, place)]
        for list_name, person in owners:
            _add(found, "fact", list_name, person, (*path, name))

    return of_entry


def _record(make: Walks, record: Node) -> tuple[Callable[[Reaches, Bindings], Any], Walk]:
    """What finds the person or the entry, and what it lacks."""
    return make.readers.record(record), make.of(record)


def _of_person(make: Walks, record: Node, look: Callable[[Reaches, int, Path, Found], None]) -> Walk:
    """Something of a person; where it is not known of whom, of everyone who may be meant."""
    person_of, of_record = _record(make, record)
    candidates = make.reach(record.args[0]) if record.args else None

    def looked(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        person = person_of(at, bindings)
        if person is not None:
            look(at, person, path, found)
            return
        of_record(at, bindings, path, found)
        those = candidates(at, bindings) if candidates is not None else None
        for one in (*those.sure, *those.maybe) if isinstance(those, Members) else range(len(at.people)):
            look(at, one, path, found)

    return looked


def _owners(make: Walks, at: Reaches, members: Node, bindings: Bindings) -> Iterator[Owner]:
    """The lists of the document that the entries of a list come from."""
    if members.op == "fact":
        yield members.name, -1
    elif members.op == "field":
        person = at.reading.value(members.args[0], bindings)
        for one in range(len(at.people)) if person is None else (person,):
            yield members.name, one
    elif members.op in ("value", "computed") and members.name in make.computed:
        person = at.reading.value(members.args[0], bindings) if members.args else -1
        for one in range(len(at.people)) if person is None else (person,):
            yield from _owners(make, at, make.computed[members.name].node, {} if one < 0 else {SUBJECT: one})
    else:
        lists = members.args[1:] if members.op == "if" else members.args[:1]
        for one in lists:
            yield from _owners(make, at, one, bindings)


def _lacks(at: Reaches, owner: Owner, place: int) -> bool:
    """Is a list not told, or does one of its entries lack a field?"""
    name, person = owner
    reading = at.reading
    entries = (
        reading.household[reading.slots[name]]
        if person < 0
        else reading.people[person][reading.person_slots[name]]
    )
    return entries is None or any(entry[place] is None for entry in entries[0])


def _through(
    at: Reaches, name: str, of: int | frozenset[int], look: Callable[[Found], None], path: Path, found: Found
) -> None:
    """What a computed value lacks, looked for once for all that read it. `of`: the person, or those who matter."""
    inside = at.lacking.get((name, of))
    if inside is None:
        own: Found = {}
        look(own)
        inside = at.lacking[name, of] = tuple(own.items())
    here = (*path, name)
    for key, one in inside:
        if key not in found:
            found[key] = Missing(one.kind, one.name, one.person, here + one.path)


def _value(make: Walks, node: Node) -> Walk:
    name = node.name
    computed = make.computed.get(name)
    if computed is None or computed.node.op == "const":
        return lambda at, bindings, path, found: _add(found, "value", name, -1, path)
    whole = computed.node

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        _through(at, name, -1, lambda own: make.of(whole)(at, NOTHING, (), own), path, found)

    return look


def _computed(make: Walks, node: Node) -> Walk:
    name, (record,) = node.name, node.args
    computed = make.computed.get(name)
    if computed is None or computed.node.op == "const":

        def not_computed(at: Reaches, person: int, path: Path, found: Found) -> None:
            _add(found, "value", name, person if computed is None else -1, path)

        return _of_person(make, record, not_computed)
    whole = computed.node

    def look(at: Reaches, person: int, path: Path, found: Found) -> None:
        if not is_single(at.named(name, person)):
            inner = {SUBJECT: person}
            _through(at, name, person, lambda own: make.of(whole)(at, inner, (), own), path, found)

    return _of_person(make, record, look)


def _cell(make: Walks, node: Node) -> Walk:
    name, place = node.name, make.parameters[node.name]
    keys = [(make.reach(arg), make.of(arg)) for arg in node.args]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        keys_open = [inner for reach, inner in keys if not is_single(reach(at, bindings))]
        for inner in keys_open:
            inner(at, bindings, path, found)
        if at.parameters[place] is None or not keys_open:
            _add(found, "parameter", name, -1, path)

    return look


# --- lists --------------------------------------------------------------------------------------------------


def _adds_nothing(reach: Reach) -> bool:
    return isinstance(reach, Span) and reach.lo == reach.hi == 0 and not reach.blank


# a body of which it does not matter whether its entry belongs to the list
_IDLE: Mapping[str, Callable[[Reach], bool]] = {
    "some": lambda reach: reach == frozenset({False}),
    "filter": lambda reach: reach == frozenset({False}),
    "every": lambda reach: reach == frozenset({True}),
}


def _never(reach: Reach) -> bool:
    return False


def _bodies(make: Walks, node: Node, idle: Callable[[Reach], bool]) -> WalkMembers:
    """Who belongs to the list, then the bodies."""
    members, body = node.args
    assert isinstance(members.type, List)
    reach, of_members, of_some = make.reach(members), make.of(members), _members(make, members)
    of_body, look_body = make.reach(body), make.of(body)
    of_people, key = members.type.item == Record(PERSON), "list of " + node.value
    item = members.type.item
    blank = (None,) * len(make.items.get(item.name, ())) if isinstance(item, Record) else ANYTHING

    def look(
        at: Reaches, bindings: Bindings, path: Path, found: Found, only: frozenset[int] | None = None
    ) -> None:
        those = reach(at, bindings)
        owners = None if of_people else tuple(_owners(make, at, members, bindings))
        known = isinstance(those, Members) and not those.more
        if isinstance(those, Members):
            items = [*those.sure, *those.optional()]
        else:
            items = list(range(len(at.people))) if of_people else [blank]
        if not known:
            of_members(at, bindings, path, found)
        entries = []
        for entry in items:
            inner = bound(node, entry, bindings)
            if owners:
                inner = {**inner, key: owners}
            if only is None or entry in only:
                found_of_body = of_body(at, inner)
                if not idle(found_of_body):
                    entries.append((entry, inner, found_of_body))
        if known and not is_single(those):
            of_some(at, bindings, path, found, frozenset(one[0] for one in entries) if of_people else None)
        for _, inner, found_of_body in entries:
            if not is_single(found_of_body):
                look_body(at, inner, path, found)

    return look


def _members(make: Walks, members: Node) -> WalkMembers:
    """What a list lacks, for those whose place in it matters."""
    if members.op == "filter":
        return _bodies(make, members, _IDLE["filter"])
    computed = make.computed.get(members.name) if members.op == "value" else None
    of_all = make.of(members)
    if computed is None:
        return lambda at, bindings, path, found, only: of_all(at, bindings, path, found)
    name, inner = computed.name, _members(make, computed.node)

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found, only: frozenset[int] | None) -> None:
        if only is None:
            of_all(at, bindings, path, found)
        else:
            _through(at, name, only, lambda own: inner(at, NOTHING, (), own, only), path, found)

    return look


def _in_list(make: Walks, node: Node) -> Walk:
    bodies = _bodies(make, node, _IDLE.get(node.op, _never))
    return lambda at, bindings, path, found: bodies(at, bindings, path, found, None)


def _sum(make: Walks, node: Node) -> Walk:
    (members,) = node.args
    if members.op != "map":
        return _parts(make, node.args)
    bodies = _bodies(make, members, _adds_nothing)
    return lambda at, bindings, path, found: bodies(at, bindings, path, found, None)


# how what is missing is looked for under a node; under any other, in its arguments that are open
_MAKERS: Mapping[str, Callable[[Walks, Node], Walk]] = {
    "fact": _fact,
    "field": _field,
    "value": _value,
    "computed": _computed,
    **dict.fromkeys(("parameter", "size_table", "marginal"), _cell),
    "if": _branch,
    **dict.fromkeys(("between", "in"), _tests),
    **dict.fromkeys(BINDERS, _in_list),
    "sum": _sum,
    "outcome": _outcome,
    "is_eligible": _status,
}
