"""Constants and names: facts, values, parameters, fields of people and entries, results of policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.language import outcomes
from engine.language.columns.values import (
    ALWAYS,
    NEVER,
    ZERO,
    Array,
    Column,
    Frame,
    Lists,
    Numbers,
    Truths,
    all_known,
    both,
    is_known,
    meet,
    nothing,
    picked,
    spread,
    whole,
)
from engine.language.scope import PERSON
from engine.language.tree import Node
from engine.language.types import Boolean, List, Number, Record, Type

if TYPE_CHECKING:
    from engine.language.columns.reading import Level, Reading


def _const(read: Reading, node: Node, level: Level) -> Column:
    return constant(read, node.value, node.type)


def constant(read: Reading, value: Any, of: Type) -> Column:
    if value is None:
        return nothing(Truths(NEVER, NEVER)) if isinstance(of, Boolean) else nothing()
    if isinstance(value, bool):
        return Truths(ALWAYS if value else NEVER)
    if isinstance(value, str):
        return Numbers(np.asarray(read.codes.of(value), np.int32))
    return Numbers(whole(int(value)))


def _on(read: Reading, node: Node, level: Level) -> Column:
    return Numbers(read.on)


def _people(read: Reading, node: Node, level: Level) -> Column:
    return read.everyone


def _variable(read: Reading, node: Node, level: Level) -> Column:
    assert level.item is not None
    return level.item


def _fact(read: Reading, node: Node, level: Level) -> Column:
    return read.tables.own(node.name)


def _value(read: Reading, node: Node, level: Level) -> Column:
    if node.name in read.columns.computed or node.name in read.given.names:
        return read.named(node.name)
    return read.tables.own(node.name)


def _field(read: Reading, node: Node, level: Level) -> Column:
    of = node.args[0].type
    assert isinstance(of, Record)
    if of.name == PERSON:
        return _of_person(read, node, level, lambda: read.tables.person(node.name))
    record = read.numbers(node.args[0], level)
    entries = read.tables.entries(of.name)
    column = read.tables.item(of.name, node.name)
    return column if record.value is entries.rows else picked(column, record, entries.size, level.frame)


def _computed(read: Reading, node: Node, level: Level) -> Column:
    if node.name in read.columns.computed or node.name in read.given.names:
        return _of_person(read, node, level, lambda: read.named(node.name))
    return _field(read, node, level)


def _of_person(read: Reading, node: Node, level: Level, make: Callable[[], Column]) -> Column:
    record, people = read.numbers(node.args[0], level), read.tables.people
    if record.value is people.rows and level.frame is people:
        return make()
    return picked(make(), record, people.size, level.frame)


# --- parameters ---------------------------------------------------------------------------------------------


def _parameter(read: Reading, node: Node, level: Level) -> Column:
    if not node.args:
        return _plain_parameter(read, node, level)
    keys = [read.numbers(arg, level) for arg in node.args]
    width = len(read.codes.fixed)
    kept = (
        read.prepared if isinstance(node.type, Number | Boolean) else read.remember
    )  # texts: codes of a batch
    values, known = kept(("cells", node.name, width), lambda: _cells(read, node.name, len(keys), width))
    inside = both(*(key.known for key in keys))
    place: Array = ZERO
    which = read.set_of(level)
    if which is not None:
        place = which.astype(np.int64)
    for key in keys:
        named = (key.value >= 0) & (key.value < width)
        place = place * width + np.where(named, key.value, 0)
        inside = both(inside, None if np.all(named) else named)
    if isinstance(node.type, Boolean):
        truths = Truths((values & known).take(place), np.greater(known, values).take(place))
        return truths if inside is None else Truths(truths.yes & inside, truths.no & inside)
    return Numbers(values.take(place), both(inside, all_known(known.take(place))))


def _cells(read: Reading, name: str, keys: int, width: int) -> tuple[Array, Array]:
    """The cells of a table for every combination of codes, one set of parameters after the other."""
    tables = _sets(read, name)
    size = width**keys
    flags = any(isinstance(cell, bool) for table in tables for cell in (table or {}).values())
    values = np.zeros(size * len(tables), np.bool_ if flags else np.int64)
    known = np.zeros(size * len(tables), np.bool_)
    for number, table in enumerate(tables):
        for key, cell in (table or {}).items():
            if cell is None:
                continue
            place = number
            for part in key if isinstance(key, tuple) else (key,):
                place = place * width + read.codes.fixed[part]
            values[place] = read.codes.of(cell) if isinstance(cell, str) else cell
            known[place] = True
    return values, known


def _sets(read: Reading, name: str) -> list[Any]:
    place = read.columns.places[name]
    return [values[place] for values in read.parameters.sets]


def _plain_parameter(read: Reading, node: Node, level: Level) -> Column:
    values = _sets(read, node.name)
    if isinstance(node.type, List):
        return _listed(read, node, level, node.type.item, values)
    columns = [constant(read, value, node.type) for value in values]
    which = read.set_of(level)
    if which is None:
        return columns[0]
    if isinstance(node.type, Boolean):
        truths = [column for column in columns if isinstance(column, Truths)]
        return Truths(
            np.array([one.yes for one in truths]).take(which),
            np.array([one.no for one in truths]).take(which),
        )
    numbers = [column for column in columns if isinstance(column, Numbers)]
    known = np.array([bool(is_known(one.known)) for one in numbers])
    return Numbers(
        np.array([one.value for one in numbers]).take(which), None if known.all() else known.take(which)
    )


def _listed(read: Reading, node: Node, level: Level, of: Type, values: Sequence[Any]) -> Column:
    """A list that is a parameter: the same entries for every household of a set."""
    items = [() if value is None else value[0] for value in values]
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in items])))
    flat = [constant(read, one, of) for part in items for one in part]
    item: Column
    if flat and all(isinstance(one, Truths) for one in flat):
        truths = [one for one in flat if isinstance(one, Truths)]
        item = Truths(np.array([one.yes for one in truths]), np.array([one.no for one in truths]))
    else:
        numbers = [one for one in flat if isinstance(one, Numbers)]
        item = Numbers(
            np.array([one.value for one in numbers], np.int64),
            np.array([one.known is None for one in numbers], np.bool_),
        )
    known = np.array([value is not None for value in values])
    sets = Lists(Frame(len(flat), None, offsets), item, None, None, known)
    which = read.set_of(level)
    return spread(sets, np.zeros(level.frame.size, np.int64) if which is None else which, level.frame)


def _size_table(read: Reading, node: Node, level: Level) -> Column:
    return _looked_up(read, node, level, _sized)


def _marginal(read: Reading, node: Node, level: Level) -> Column:
    return _looked_up(read, node, level, _bracketed)


def _looked_up(
    read: Reading, node: Node, level: Level, apply: Callable[[Any, Array], tuple[Array, Array]]
) -> Column:
    argument = read.numbers(node.args[0], level)
    which = read.set_of(level)
    value = np.zeros(np.shape(argument.value) if which is None else level.frame.size, np.int64)
    known = np.zeros_like(value, np.bool_)
    for number, table in enumerate(_sets(read, node.name)):
        if table is None:
            continue
        found, inside = apply(table, argument.value)
        mine = ALWAYS if which is None else which == number
        value, known = np.where(mine, found, value), np.where(mine, inside, known)
    return Numbers(value, both(argument.known, all_known(known)))


def _sized(table: tuple[Mapping[int, int], Any], n: Array) -> tuple[Array, Array]:
    cells, beyond = table
    last = max(cells)
    first = min(cells)
    values, known = np.zeros(last - first + 1, np.int64), np.zeros(last - first + 1, np.bool_)
    for size, cell in cells.items():
        values[size - first], known[size - first] = cell, True
    inside = (n >= first) & (n <= last)
    place = np.where(inside, n - first, 0)
    value, found = values.take(place), known.take(place) & inside
    if beyond is None:
        return value, found
    further = whole(cells[last]) if beyond == "clamp" else cells[last] + (n - last) * whole(beyond)
    return np.where(n > last, further, value), found | (n > last)


def _bracketed(brackets: Sequence[tuple[int, int]], amount: Array) -> tuple[Array, Array]:
    value: Array = np.zeros(np.shape(amount), np.int64)
    tops = [above for above, _ in brackets[1:]]
    for position, (above, rate) in enumerate(brackets):
        top = np.minimum(amount, tops[position]) if position < len(tops) else amount
        value = value + np.maximum(top - above, 0) * whole(rate)
    return value, ALWAYS


# --- policies -----------------------------------------------------------------------------------------------


def _outcome(read: Reading, node: Node, level: Level) -> Column:
    """In the order of precedence. The masks leave each row to one outcome, so that their sum is the outcome's number."""
    concerns, closed, eligible, discretion = (read.truths(arg, level) for arg in node.args)
    weighed = meet(concerns.yes, closed.no)
    passed = meet(weighed, eligible.yes)
    masks = {
        outcomes.CLOSED: meet(concerns.yes, closed.yes),
        outcomes.INELIGIBLE: meet(weighed, eligible.no),
        outcomes.DISCRETIONARY: meet(passed, discretion.yes),
        outcomes.ELIGIBLE: meet(passed, discretion.no),
    }
    if not (concerns.settled and closed.settled and eligible.settled and discretion.settled):
        rest = concerns.no
        for mask in masks.values():
            rest = rest | mask
        masks[outcomes.UNDETERMINED] = np.logical_not(rest)
    value: Array = np.zeros(level.frame.size, np.int8)
    for outcome, mask in masks.items():
        if mask.ndim or mask:
            value += mask.view(np.int8) * np.int8(outcome)
    return Numbers(value)


def _is_eligible(read: Reading, node: Node, level: Level) -> Column:
    value = read.numbers(node.args[0], level).value
    return Truths(
        value == outcomes.ELIGIBLE, (value == outcomes.NOT_CONCERNED) | (value == outcomes.INELIGIBLE)
    )


OPS: dict[str, Callable[[Reading, Node, Level], Column]] = {
    "const": _const,
    "on": _on,
    "people": _people,
    "variable": _variable,
    "fact": _fact,
    "value": _value,
    "field": _field,
    "computed": _computed,
    "parameter": _parameter,
    "size_table": _size_table,
    "marginal": _marginal,
    "outcome": _outcome,
    "is_eligible": _is_eligible,
}
