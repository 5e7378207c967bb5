"""Facts, fields of people and entries, computed values and cells of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from engine.language.interpret import NOTHING, Bindings
from engine.language.reach import Members, is_single
from engine.language.reaches import Reaches
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node
from engine.language.types import Record
from engine.language.walks.found import Found, Owner, Path, Walk, add, through

if TYPE_CHECKING:
    from engine.language.walks.reading import Walks


def _fact(make: Walks, node: Node) -> Walk:
    name = node.name
    return lambda at, bindings, path, found: add(found, "fact", name, -1, path)


def _field(make: Walks, node: Node) -> Walk:
    record, name = node.args[0], node.name
    assert isinstance(record.type, Record)
    if record.type.name == PERSON:
        place = make.readers.places.person[name]

        def of_person(at: Reaches, person: int, path: Path, found: Found) -> None:
            if at.people[person][place] is None:
                add(found, "fact", name, person, path)

        return _of_person(make, record, of_person)
    place, owner_of, of_record = make.items[record.type.name].index(name), *_record(make, record)
    key = "list of " + record.name

    def of_entry(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        owners = bindings.get(key, ())
        if record.op != "variable":  # one entry picked from a list
            if owner_of(at, bindings) is None:
                of_record(at, bindings, path, found)
            owners = [one for one in owners_of(make, at, record, bindings) if _lacks(at, one, place)]
        for list_name, person in owners:
            add(found, "fact", list_name, person, (*path, name))

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


def owners_of(make: Walks, at: Reaches, members: Node, bindings: Bindings) -> Iterator[Owner]:
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
            yield from owners_of(
                make, at, make.computed[members.name].node, {} if one < 0 else {SUBJECT: one}
            )
    else:
        lists = members.args[1:] if members.op == "if" else members.args[:1]
        for one in lists:
            yield from owners_of(make, at, one, bindings)


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


def _value(make: Walks, node: Node) -> Walk:
    name = node.name
    computed = make.computed.get(name)
    if computed is None or computed.node.op == "const":
        return lambda at, bindings, path, found: add(found, "value", name, -1, path)
    whole = computed.node

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        through(at, name, -1, lambda own: make.of(whole)(at, NOTHING, (), own), path, found)

    return look


def _computed(make: Walks, node: Node) -> Walk:
    name, (record,) = node.name, node.args
    computed = make.computed.get(name)
    if computed is None or computed.node.op == "const":

        def not_computed(at: Reaches, person: int, path: Path, found: Found) -> None:
            add(found, "value", name, person if computed is None else -1, path)

        return _of_person(make, record, not_computed)
    whole = computed.node

    def look(at: Reaches, person: int, path: Path, found: Found) -> None:
        if not is_single(at.named(name, person)):
            inner = {SUBJECT: person}
            through(at, name, person, lambda own: make.of(whole)(at, inner, (), own), path, found)

    return _of_person(make, record, look)


def _cell(make: Walks, node: Node) -> Walk:
    name, place = node.name, make.parameters[node.name]
    keys = [(make.reach(arg), make.of(arg)) for arg in node.args]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        keys_open = [inner for reach, inner in keys if not is_single(reach(at, bindings))]
        for inner in keys_open:
            inner(at, bindings, path, found)
        if at.parameters[place] is None or not keys_open:
            add(found, "parameter", name, -1, path)

    return look


MAKERS: dict[str, Callable[[Walks, Node], Walk]] = {
    "fact": _fact,
    "field": _field,
    "value": _value,
    "computed": _computed,
    **dict.fromkeys(("parameter", "size_table", "marginal"), _cell),
}
