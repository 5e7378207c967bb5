"""Who belongs to a list, and what the bodies over its entries lack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.language.interpret import NOTHING, Bindings
from engine.language.reach import ANYTHING, Members, Reach, Span, is_single
from engine.language.reaches import Reaches
from engine.language.reaches.lists import bound
from engine.language.scope import PERSON
from engine.language.tree import BINDERS, Node
from engine.language.types import List, Record
from engine.language.walks.found import Found, Path, Walk, WalkMembers, through
from engine.language.walks.names import owners_of
from engine.language.walks.parts import parts_of

if TYPE_CHECKING:
    from engine.language.walks.reading import Walks


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
        owners = None if of_people else tuple(owners_of(make, at, members, bindings))
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
            through(at, name, only, lambda own: inner(at, NOTHING, (), own, only), path, found)

    return look


def _in_list(make: Walks, node: Node) -> Walk:
    bodies = _bodies(make, node, _IDLE.get(node.op, _never))
    return lambda at, bindings, path, found: bodies(at, bindings, path, found, None)


def _sum(make: Walks, node: Node) -> Walk:
    (members,) = node.args
    if members.op != "map":
        return parts_of(make, node.args)
    bodies = _bodies(make, members, _adds_nothing)
    return lambda at, bindings, path, found: bodies(at, bindings, path, found, None)


MAKERS: dict[str, Callable[[Walks, Node], Walk]] = {**dict.fromkeys(BINDERS, _in_list), "sum": _sum}
