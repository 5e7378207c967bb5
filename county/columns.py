"""Columns of facts as they are drawn, and how they become Arrow arrays of the dictionary's types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engine.language.columns.values import Array
from engine.population.arrays import arrow_decimals

UNKNOWN = -1


@dataclass(slots=True)
class Fact:
    """`values`: places among the choices, 0 and 1, cents, whole numbers or days. Where not `known`, nobody knows."""

    values: Array
    known: Array
    choices: tuple[str, ...] = ()

    def forget(self, where: Array) -> None:
        self.known[where] = False

    def say(self, where: Array, value: object) -> None:
        self.values[where] = self.choices.index(value) if isinstance(value, str) else value
        self.known[where] = True

    def is_(self, *names: str) -> Array:
        """Where it is known to be one of some choices."""
        return self.known & np.isin(self.values, [self.choices.index(name) for name in names])


def choice(values: Array, choices: tuple[str, ...]) -> Fact:
    """Of places among choices, `UNKNOWN` where it is not known."""
    return Fact(np.maximum(values, 0).astype(np.int64), values != UNKNOWN, choices)


def plain(values: Array, known: Array | None = None) -> Fact:
    return Fact(values, np.ones(len(values), np.bool_) if known is None else known)


@dataclass(slots=True)
class Entries:
    """A list of a household or a person: entries with their owners. Where not `known`, nobody knows the list."""

    owner: Array
    fields: dict[str, Fact]
    known: Array

    @property
    def owners(self) -> int:
        return len(self.known)

    def clear(self, owners: Array) -> None:
        """Takes away what some owners have; their list is known and empty."""
        chosen = np.zeros(self.owners, np.bool_)
        chosen[owners] = True
        keep = ~chosen[self.owner]
        self.owner = self.owner[keep]
        for one in self.fields.values():
            one.values, one.known = one.values[keep], one.known[keep]
        self.known[owners] = True

    def add(self, owner: Array, **values: object) -> None:
        """One more entry for each owner. A field that is not named is not known."""
        size = len(owner)
        for name, one in self.fields.items():
            value = values.get(name)
            if value is None:
                new, known = np.zeros(size, one.values.dtype), np.zeros(size, np.bool_)
            else:
                place = one.choices.index(value) if isinstance(value, str) else value
                new = np.broadcast_to(np.asarray(place, one.values.dtype), (size,))
                known = np.ones(size, np.bool_)
            one.values, one.known = np.append(one.values, new), np.append(one.known, known)
        self.owner = np.append(self.owner, owner)


Kind = tuple[str, ...] | type[int] | type[np.datetime64]


def entries(owners: int, fields: Mapping[str, Kind], known: Array | None = None) -> Entries:
    """An empty list for everyone. A field is its choices or the type of its values."""
    made = {}
    for name, of in fields.items():
        chosen = of if isinstance(of, tuple) else ()
        dtype = np.dtype("datetime64[D]") if of is np.datetime64 else np.dtype(np.int64)
        made[name] = Fact(np.zeros(0, dtype), np.zeros(0, np.bool_), chosen)
    everyone = np.ones(owners, np.bool_) if known is None else known.copy()
    return Entries(np.zeros(0, np.int64), made, everyone)


# --- Arrow --------------------------------------------------------------------------------------------------


def arrow(fact: Fact, kind: pa.DataType) -> pa.Array:
    mask = None if fact.known.all() else ~fact.known
    if pa.types.is_dictionary(kind) or fact.choices:
        places = pa.array(fact.values.astype(np.int32), mask=mask)
        found = pa.DictionaryArray.from_arrays(places, pa.array(fact.choices, pa.string()))
        return found if pa.types.is_dictionary(kind) else found.cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(fact.values.astype(np.bool_), mask=mask)
    if pa.types.is_decimal(kind):
        return arrow_decimals(fact.values.astype(np.int64), None if mask is None else fact.known, kind)
    return pa.array(fact.values, kind, mask=mask)


def arrow_list(given: Entries, kind: pa.DataType, texts: Mapping[str, pa.Array]) -> pa.Array:
    """Lists in the order of their owners; entries of one owner stay in the order in which they were added.

    `texts`: for fields of free text, the texts that their values are places of.
    """
    order = np.argsort(given.owner, kind="stable")
    struct = kind.value_type
    arrays = []
    for one in struct:
        if one.name in given.fields:
            fact = given.fields[one.name]
            fact = Fact(fact.values[order], fact.known[order], fact.choices)
            if one.name in texts:
                places = pa.array(fact.values, mask=~fact.known)
                arrays.append(texts[one.name].take(places))
            else:
                arrays.append(arrow(fact, one.type))
        else:
            arrays.append(pa.nulls(len(order), one.type))
    nested = pa.StructArray.from_arrays(arrays, fields=list(struct))
    counts = np.bincount(given.owner, minlength=given.owners)
    offsets = pa.array(np.concatenate(([0], np.cumsum(counts))).astype(np.int32))
    mask = None if given.known.all() else pa.array(~given.known)
    return pa.ListArray.from_arrays(offsets, nested, type=kind, mask=mask)
