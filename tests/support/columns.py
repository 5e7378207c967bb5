"""Households of the made-up world as columns, and columns read back as single values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from engine.language.columns import Codes, Column, Frame, Lists, Numbers, Ratios, Tables, Truths
from engine.language.columns.calendar import day_number
from engine.language.columns.reading import Parameters
from engine.language.types import Boolean, Date, Enum, List, Number, Ratio, Record, Text, Type
from tests.support import world
from tests.support.world import World


def codes() -> Codes:
    named = [*world.KIND.values, *world.TIER.values, *world.ROLE.values, *world.NOTES]
    return Codes({text: number for number, text in enumerate(dict.fromkeys(named))})


def tables(worlds: Sequence[World], texts: Codes) -> tuple[Tables, Parameters]:
    """Several worlds side by side, each with parameters of its own."""
    inputs = [world.inputs(one) for one in worlds]
    households = Frame(len(worlds))
    people = Frame(sum(len(one[1]) for one in inputs), households, _offsets([len(one[1]) for one in inputs]))
    own = {name: [one[0][i] for one in inputs] for i, name in enumerate(world.HOUSEHOLD)}
    person = {name: [row[i] for one in inputs for row in one[1]] for i, name in enumerate(world.PERSONAL)}
    lists: dict[str, tuple[Lists, list[Any]]] = {}
    for values, types, frame in ((own, world.HOUSEHOLD, households), (person, world.PERSONAL, people)):
        for name, of in types.items():
            if isinstance(of, List) and isinstance(of.item, Record):
                lists[of.item.name] = _lists(values[name], frame)
    makers = _makers(own, world.HOUSEHOLD, lists, texts), _makers(person, world.PERSONAL, lists, texts)

    def item(name: str, field: str) -> Column:
        fields = world.ITEMS[name]
        place = list(fields).index(field)
        return column([entry[place] for entry in lists[name][1]], fields[field], texts)

    return Tables(households, people, *makers, item, lambda name: lists[name][0].entries), Parameters(
        [one[2] for one in inputs], np.arange(len(worlds))
    )


def _makers(
    values: Mapping[str, list[Any]],
    types: Mapping[str, Type],
    lists: Mapping[str, tuple[Lists, list[Any]]],
    texts: Codes,
) -> Callable[[str], Column]:
    def make(name: str) -> Column:
        of = types[name]
        if isinstance(of, List) and isinstance(of.item, Record):
            return lists[of.item.name][0]
        return column(values[name], of, texts)

    return make


def _offsets(sizes: Sequence[int]) -> Any:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def _lists(values: Sequence[Any], frame: Frame) -> tuple[Lists, list[Any]]:
    entries = Frame(
        sum(len(one[0]) for one in values if one is not None),
        frame,
        _offsets([0 if one is None else len(one[0]) for one in values]),
    )
    known = np.array([one is not None for one in values], np.bool_)
    flat = [entry for one in values if one is not None for entry in one[0]]
    return Lists(entries, Numbers(entries.rows), None, None, None if known.all() else known), flat


def column(values: Sequence[Any], of: Type, texts: Codes) -> Column:
    """As a batch brings it: what is known everywhere says so, and days come beside dates."""
    known = np.array([one is not None for one in values], np.bool_)
    if isinstance(of, Boolean):
        yes = np.array([one is True for one in values], np.bool_)
        return Truths(yes, None if known.all() else np.array([one is False for one in values], np.bool_))
    if isinstance(of, Enum | Text):
        values = [None if one is None else texts.of(one) for one in values]
    numbers = np.array([0 if one is None else one for one in values], np.int64)
    days = None
    if isinstance(of, Date):
        days = day_number(np.where(known, numbers, 2000_01_01)).astype(np.int32)
    return Numbers(numbers, None if known.all() else known, days)


class Back:
    """Values of columns as the compiled reading gives them; people by their number in the household."""

    def __init__(self, read: Tables, texts: Codes, entry: Callable[[str, int], Any]) -> None:
        self.read, self.entry = read, entry
        self.text = {code: text for text, code in {**texts.fixed, **texts.seen}.items()}

    def value(self, found: Column, row: int, of: Type, size: int) -> Any:
        if isinstance(found, Truths):
            yes, no = (bool(np.broadcast_to(one, (size,))[row]) for one in (found.yes, found.no))
            assert not (yes and no)
            return True if yes else False if no else None
        known = found.known is None or bool(np.broadcast_to(found.known, (size,))[row])
        if not known:
            return None
        if isinstance(found, Ratios):
            return Fraction(*(int(np.broadcast_to(one, (size,))[row]) for one in (found.num, found.den)))
        if isinstance(found, Lists):
            return self._list(found, row, of)
        value = int(np.broadcast_to(found.value, (size,))[row])
        if isinstance(of, Enum | Text):
            return self.text[value]
        if of == Record("person"):
            return value - int(self.read.people.offsets[self.read.people.of[value]])
        return self.entry(of.name, value) if isinstance(of, Record) else value

    def _list(self, found: Lists, row: int, of: Type) -> Any:
        assert isinstance(of, List)
        parts: tuple[list[Any], list[Any]] = ([], [])
        for i in range(int(found.entries.offsets[row]), int(found.entries.offsets[row + 1])):
            value = self.value(found.item, i, of.item, found.entries.size)
            if found.maybe is not None and found.maybe[i]:
                parts[1].append(value)
            elif found.sure is None or found.sure[i]:
                parts[0].append(value)
        return parts


def in_one_form(value: Any, of: Type) -> Any:
    """A value of the compiled reading, to be compared: quotients as fractions, undecided entries in any order."""
    if value is None:
        return None
    if isinstance(of, Ratio):
        return Fraction(*value) if isinstance(value, tuple) else value
    if isinstance(of, List):
        sure, maybe = value
        return list(sure), sorted(maybe, key=repr)
    return int(value) if isinstance(of, Number) else value
