"""Lists: filters, bodies over their entries, aggregates. An aggregate is a difference of running sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.language.columns.values import (
    NEVER,
    ZERO,
    Array,
    Column,
    Frame,
    Lists,
    Mask,
    Numbers,
    Truths,
    all_known,
    as_truths,
    both,
    full,
    is_known,
    joined,
    picked,
    take,
)
from engine.language.tree import Node

if TYPE_CHECKING:
    from engine.language.columns.reading import Level, Reading


def _list(read: Reading, node: Node, level: Level) -> Column:
    """A list written out: so many entries for every row."""
    count, size = len(node.args), level.frame.size
    entries = Frame(count * size, level.frame, np.arange(size + 1) * count)
    columns = [read.value(arg, level) for arg in node.args]
    if not columns:
        return Lists(entries, Numbers(entries.rows))
    by_row = (entries.rows % count) * size + entries.rows // count
    return Lists(entries, take(joined(columns, [size] * count), by_row))


def _filter(read: Reading, node: Node, level: Level) -> Column:
    lists, body = read.bodies(node, level)
    test = body if isinstance(body, Truths) else Truths(NEVER, NEVER)
    size = lists.entries.size
    sure = full(test.yes, size)
    decided = all_known(test.known)
    maybe: Mask = None if decided is None else np.logical_not(full(decided, size))
    if lists.sure is not None:
        sure = sure & lists.sure
        maybe = None if maybe is None else maybe & lists.sure
    if lists.maybe is not None:
        still = np.greater(lists.maybe, test.no)
        maybe = still if maybe is None else maybe | still
    return Lists(lists.entries, lists.item, sure, maybe, lists.known)


def _map(read: Reading, node: Node, level: Level) -> Column:
    lists, body = read.bodies(node, level)
    return Lists(lists.entries, body, lists.sure, lists.maybe, lists.known)


def _sure(lists: Lists, mask: Array) -> Array:
    return mask if lists.sure is None else mask & lists.sure


def _present(lists: Lists, mask: Array) -> Array:
    """Where an entry belongs or may belong to its list."""
    if lists.sure is None:
        return mask
    return mask & (lists.sure if lists.maybe is None else lists.sure | lists.maybe)


def _open(lists: Lists) -> Array:
    """Which lists have entries that nobody could decide about."""
    return NEVER if lists.maybe is None else lists.entries.any(lists.maybe)


def _truths_in(column: Column) -> Truths:
    return column if isinstance(column, Truths) else Truths(NEVER, NEVER)


def _numbers_in(column: Column) -> Numbers:
    return column if isinstance(column, Numbers) else Numbers(ZERO, NEVER)


def _at_known(truths: Truths, known: Mask) -> Truths:
    return truths if known is None else Truths(truths.yes & known, truths.no & known)


def any_of(lists: Lists, body: Truths) -> Truths:
    yes = lists.entries.any(_sure(lists, body.yes))
    if body.settled and lists.maybe is None:
        return _at_known(Truths(yes), lists.known)
    not_no = lists.entries.any(_present(lists, np.logical_not(body.no)))
    return _at_known(Truths(yes, np.logical_not(yes | not_no)), lists.known)


def every_of(lists: Lists, body: Truths) -> Truths:
    no = lists.entries.any(_sure(lists, body.no))
    if body.settled and lists.maybe is None:
        return _at_known(Truths(no).negated(), lists.known)
    not_yes = lists.entries.any(_present(lists, np.logical_not(body.yes)))
    return _at_known(Truths(np.logical_not(no | not_yes), no), lists.known)


def _some(read: Reading, node: Node, level: Level) -> Column:
    lists, body = read.bodies(node, level)
    return any_of(lists, _truths_in(body))


def _every(read: Reading, node: Node, level: Level) -> Column:
    lists, body = read.bodies(node, level)
    return every_of(lists, _truths_in(body))


def _any(read: Reading, node: Node, level: Level) -> Column:
    lists = read.lists(node.args[0], level)
    return any_of(lists, _truths_in(lists.item))


def _all(read: Reading, node: Node, level: Level) -> Column:
    lists = read.lists(node.args[0], level)
    return every_of(lists, _truths_in(lists.item))


def _sizes(lists: Lists) -> Array:
    return lists.entries.sizes if lists.sure is None else lists.entries.total(lists.sure).astype(np.int64)


def _count(read: Reading, node: Node, level: Level) -> Column:
    lists = read.lists(node.args[0], level)
    return Numbers(_sizes(lists), _settled(lists))


def _settled(lists: Lists, further: Mask = None) -> Mask:
    """Where the list is known and every entry decided."""
    known = both(lists.known, further)
    return known if lists.maybe is None else is_known(known) & np.logical_not(_open(lists))


def bounds_of_count(read: Reading, node: Node, level: Level) -> tuple[Array, Array, Mask]:
    """The least and the greatest that a count can be, and where the list is known."""
    lists = read.lists(node.args[0], level)
    low = _sizes(lists)
    return low, low if lists.maybe is None else low + lists.entries.total(lists.maybe), lists.known


def _numbers_settled(lists: Lists) -> tuple[Numbers, Mask]:
    """The numbers of a list, and where all of them are known."""
    item = _numbers_in(lists.item)
    if item.known is None:
        return item, _settled(lists)
    lacking = lists.entries.any(_sure(lists, np.logical_not(item.known)))
    return item, _settled(lists, np.logical_not(lacking))


def _sum(read: Reading, node: Node, level: Level) -> Column:
    lists = read.lists(node.args[0], level)
    item, known = _numbers_settled(lists)
    value = full(item.value, lists.entries.size)
    counted = _sure(lists, is_known(item.known))
    return Numbers(lists.entries.total(value if counted.ndim == 0 and counted else value * counted), known)


def _extreme(largest: bool) -> Callable[[Reading, Node, Level], Column]:
    def op(read: Reading, node: Node, level: Level) -> Column:
        lists = read.lists(node.args[0], level)
        item, known = _numbers_settled(lists)
        return Numbers(_outermost(lists, item, largest), both(known, all_known(_sizes(lists) > 0)))

    return op


def _outermost(lists: Lists, item: Numbers, largest: bool) -> Array:
    limits = np.iinfo(np.int64)
    counted = _sure(lists, is_known(item.known))
    return lists.entries.extreme(
        np.where(counted, item.value, limits.min if largest else limits.max), largest
    )


def _contains(read: Reading, node: Node, level: Level) -> Column:
    lists = read.lists(node.args[0], level)
    wanted = read.value(node.args[1], level)
    entries = lists.entries
    below = take(wanted, entries.of) if not isinstance(wanted, Lists) else wanted
    if isinstance(lists.item, Truths) and isinstance(below, Truths):
        same = (lists.item.yes & below.yes) | (lists.item.no & below.no)
        lacking = np.logical_not(lists.item.yes | lists.item.no)
        known = is_known(wanted.known) if isinstance(wanted, Truths) else NEVER
    else:
        item, target = _numbers_in(lists.item), _numbers_in(below)
        same = as_truths(item.value == target.value, both(item.known, target.known)).yes
        lacking = np.logical_not(is_known(item.known))
        known = is_known(_numbers_in(wanted).known)
    yes = entries.any(_sure(lists, full(same, entries.size)))
    unsure = entries.any(_sure(lists, full(lacking, entries.size))) | _open(lists)
    return _at_known(
        Truths(yes, np.logical_not(yes | unsure)), both(lists.known, full(known, level.frame.size))
    )


def _index(read: Reading, node: Node, level: Level) -> Column:
    """From 1, or from the end when negative; unknown when out of reach or undecided."""
    lists, position = read.lists(node.args[0], level), int(node.args[1].value)
    sizes = _sizes(lists)
    rows = lists.entries.rows if lists.sure is None else np.flatnonzero(lists.sure)
    ends = np.cumsum(sizes)
    place = ends - sizes + position - 1 if position > 0 else ends + position
    inside = (sizes >= abs(position)) & (position != 0)
    return _at(lists, rows, place, is_known(_settled(lists)) & inside, level.frame)


def _at(lists: Lists, rows: Array, place: Array, known: Array, frame: Frame) -> Column:
    """The items at places among the given rows of the entries."""
    if not len(rows):
        return picked(lists.item, Numbers(ZERO, full(NEVER, frame.size)), 0, frame)
    chosen = rows.take(np.where(known, place, 0))
    return picked(lists.item, Numbers(chosen, full(known, frame.size)), lists.entries.size, frame)


def _chosen(largest: bool) -> Callable[[Reading, Node, Level], Column]:
    """The first entry with the greatest (or least) key; unknown when a key is."""

    def op(read: Reading, node: Node, level: Level) -> Column:
        lists, body = read.bodies(node, level)
        keys = Lists(lists.entries, body, lists.sure, lists.maybe, lists.known)
        item, known = _numbers_settled(keys)
        best = _outermost(keys, item, largest)
        sizes = _sizes(lists)
        hits = _sure(keys, is_known(item.known)) & (item.value == best.take(lists.entries.of))
        rows = np.flatnonzero(full(hits, lists.entries.size))
        place = np.searchsorted(rows, lists.entries.offsets[:-1])
        return _at(lists, rows, place, is_known(known) & (sizes > 0), level.frame)

    return op


def _all_but(read: Reading, node: Node, level: Level) -> Column:
    lists, wanted = read.lists(node.args[0], level), read.numbers(node.args[1], level)
    item = _numbers_in(lists.item)
    target = take(wanted, lists.entries.of)
    assert isinstance(target, Numbers)
    other = full(item.value != target.value, lists.entries.size)
    maybe = None if lists.maybe is None else lists.maybe & other
    known = wanted.known if wanted.known is None else full(wanted.known, level.frame.size)
    return Lists(lists.entries, lists.item, _sure(lists, other), maybe, both(lists.known, known))


OPS: dict[str, Callable[[Reading, Node, Level], Column]] = {
    "list": _list,
    "filter": _filter,
    "map": _map,
    "some": _some,
    "every": _every,
    "count": _count,
    "sum": _sum,
    "min": _extreme(False),
    "max": _extreme(True),
    "all": _all,
    "any": _any,
    "contains": _contains,
    "index": _index,
    "with_greatest": _chosen(True),
    "with_least": _chosen(False),
    "all_but": _all_but,
}
