"""Constants and names: facts, values, parameters, fields of people and entries, results of policies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from engine.language import runtime
from engine.language.interpret import Bindings
from engine.language.outcomes import NOT_CONCERNED, is_eligible, outcome
from engine.language.reach import (
    ANYTHING,
    OPEN_TRUTHS,
    SURE,
    TRUTHS,
    Choices,
    Members,
    Reach,
    Span,
    exactly,
    listed,
    mapped,
    not_set,
    of_type,
    one_of,
    truths_of,
)
from engine.language.scope import PERSON
from engine.language.tree import Node
from engine.language.types import Boolean, List, Record

if TYPE_CHECKING:
    from engine.language.reaches.reading import Reaches, Reader, Readers

MOST_CELLS = 200  # of a size table that are looked at one by one


def _const(make: Readers, node: Node) -> Reader:
    """Without a value: a name without a definition in force."""
    found = ANYTHING if node.value is None else exactly(node.value, node.type)
    return lambda at, bindings: found


def _people(make: Readers, node: Node) -> Reader:
    return lambda at, bindings: Members(range(len(at.people)), ())


def _told(make: Readers, node: Node) -> Callable[[Any], Reach]:
    """The reach of what a document says, or does not."""
    of = node.type
    if isinstance(of, Boolean):
        truths: dict[Any, Reach] = {None: TRUTHS, **SURE}
        return truths.__getitem__
    if isinstance(of, List):
        anything: Reach = ANYTHING
        if isinstance(of.item, Record) and of.item.name in make.items:
            further = (None,) * len(make.items[of.item.name])
            anything = Members((), (), of.at_most, further)
        return lambda value: anything if value is None else listed(value, node)
    all_of_it = of_type(of)
    return lambda value: all_of_it if value is None else exactly(value, of)


def _fact(make: Readers, node: Node) -> Reader:
    place, told = make.places.household[node.name], _told(make, node)
    return lambda at, bindings: told(at.household[place])


def _field(make: Readers, node: Node) -> Reader:
    owner, told, nobody = make.record(node.args[0]), _told(make, node), of_type(node.type, blank=True)
    of = node.args[0].type
    assert isinstance(of, Record)
    if of.name == PERSON:
        place = make.places.person[node.name]

        def of_person(at: Reaches, bindings: Bindings) -> Reach:
            person = owner(at, bindings)
            return nobody if person is None else told(at.people[person][place])

        return of_person
    place = make.items[of.name].index(node.name)

    def of_entry(at: Reaches, bindings: Bindings) -> Reach:
        entry = owner(at, bindings)
        return nobody if entry is None else told(entry[place])

    return of_entry


def _given(make: Readers, node: Node) -> Reader:
    """A status that another program computed: known, or with the reach that it has there."""
    of, anything, name = node.type, of_type(node.type, blank=True), node.name
    owner = make.record(node.args[0]) if node.args else None

    def read(at: Reaches, bindings: Bindings) -> Reach:
        value = at.reading.value(node, bindings)
        if value is not None:
            return exactly(value, of)
        person = -1 if owner is None else owner(at, bindings)
        return anything if at.elsewhere is None or person is None else at.elsewhere(name, person)

    return read


def _value(make: Readers, node: Node) -> Reader:
    if node.name not in make.places.computed:
        return _given(make, node)
    name, key = node.name, (node.name, -1)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = at.known.get(key)
        return at.named(name) if found is None else found

    return read


def _computed(make: Readers, node: Node) -> Reader:
    if node.name not in make.places.computed:
        return _given(make, node)
    name, owner, nobody = node.name, make.record(node.args[0]), of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        person = owner(at, bindings)
        if person is None:
            return nobody
        found = at.known.get((name, person))
        return at.named(name, person) if found is None else found

    return read


# --- parameters ---------------------------------------------------------------------------------------------


def _parameter(make: Readers, node: Node) -> Reader:
    of, place = node.type, make.places.parameters[node.name]
    keys = [make.reader(arg) for arg in node.args]
    unset, anything, name = not_set(of), of_type(of, blank=True), node.name

    def plain(at: Reaches, bindings: Bindings) -> Reach:
        value = at.parameters[place]
        if value is None:
            return at.cells.get(name, unset)
        return listed(value, node) if isinstance(of, List) else exactly(value, of)

    def of_table(at: Reaches, bindings: Bindings) -> Reach:
        table = at.parameters[place]
        if table is None:
            return at.cells.get(name, unset)
        found = [key(at, bindings) for key in keys]
        choices = [one for one in found if isinstance(one, frozenset)]
        if isinstance(of, List) or len(choices) < len(found):
            return anything
        cells = [
            None if None in one else table.get(one[0] if len(one) == 1 else one) for one in product(*choices)
        ]
        return one_of([None if cell is None else exactly(cell, of) for cell in cells], of)

    return of_table if keys else plain


def _size_table(make: Readers, node: Node) -> Reader:
    of, place, argument = node.type, make.places.parameters[node.name], make.reader(node.args[0])

    def read(at: Reaches, bindings: Bindings) -> Reach:
        table, size = at.parameters[place], argument(at, bindings)
        if table is None:
            return not_set(of)
        if not isinstance(size, Span) or size.hi - size.lo > MOST_CELLS:
            return of_type(of, blank=True)
        cells = [runtime.size_table(table, n) for n in range(size.lo, size.hi + 1)]
        return one_of([None if cell is None else Span(cell, cell, size.blank) for cell in cells], of)

    return read


def _marginal(make: Readers, node: Node) -> Reader:
    of, place, argument = node.type, make.places.parameters[node.name], make.reader(node.args[0])

    def read(at: Reaches, bindings: Bindings) -> Reach:
        brackets, amount = at.parameters[place], argument(at, bindings)
        if brackets is None:
            return not_set(of)
        if not isinstance(amount, Span) or any(rate < 0 for _, rate in brackets):
            return of_type(of, blank=True)
        return mapped(amount, lambda value: runtime.marginal(brackets, value))

    return read


# --- policies -----------------------------------------------------------------------------------------------


def _outcome(make: Readers, node: Node) -> Reader:
    concerns, closed, eligible, discretion = (make.reader(arg) for arg in node.args)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        concerned = truths_of(concerns(at, bindings))
        if concerned == _NO:
            return _NOT_CONCERNED
        return outcomes_of(
            concerned,
            truths_of(closed(at, bindings)),
            truths_of(eligible(at, bindings)),
            truths_of(discretion(at, bindings)),
        )

    return read


@cache
def outcomes_of(*parts: Choices) -> Choices:
    """Of a policy whose four parts may come to these truths."""
    return frozenset([outcome(*truths) for truths in product(*parts)])


_NO, _NOT_CONCERNED = SURE[False], frozenset({NOT_CONCERNED})


def _is_eligible(make: Readers, node: Node) -> Reader:
    inner = make.reader(node.args[0])

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = inner(at, bindings)
        return _eligible(found) if isinstance(found, frozenset) else OPEN_TRUTHS

    return read


@cache
def _eligible(found: Choices) -> Choices:
    return frozenset([is_eligible(one) for one in found])


MAKERS: dict[str, Callable[[Readers, Node], Reader]] = {
    "const": _const,
    "people": _people,
    "fact": _fact,
    "field": _field,
    "value": _value,
    "computed": _computed,
    "parameter": _parameter,
    "size_table": _size_table,
    "marginal": _marginal,
    "outcome": _outcome,
    "is_eligible": _is_eligible,
}
