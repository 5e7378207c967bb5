"""The county as tables: households for `relief decide-all`, a register of people, and the answer key beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from county.columns import Fact, arrow, arrow_list
from county.lives import County
from county.marginals import TOWNS, VILLAGE_NAMES
from county.people import Settled
from county.planted import Planted
from engine.language.columns.values import Array
from engine.population.layout import household_schema, register_schema
from engine.rulebook.model import Rulebook

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
KEY_FIELDS = (
    "case",
    "command",
    "kind",
    "policy",
    "fact",
    "household_id",
    "person_id",
    "other_household_id",
    "other_person_id",
    "area",
    "reason",
)


def household_ids(settled: Settled) -> pa.Array:
    return pa.array(_numbered("H", np.arange(settled.households)))


def person_ids(settled: Settled, seed: int) -> pa.Array:
    """Pseudonyms: what stands for a number of identity says nothing about it, and the same number gives the same one."""
    return pa.array(_tokens(settled.identity, seed))


def _numbered(letter: str, numbers: Array) -> Array:
    digits = (numbers[:, None] // 10 ** np.arange(7)[::-1]) % 10
    return np.char.add(letter, _text(np.frombuffer(b"0123456789", np.uint8)[digits]))


def _tokens(numbers: Array, seed: int) -> Array:
    """Twelve hexadecimal digits of the mixed number (splitmix64)."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        z = (z + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    digits = (z[:, None] >> (np.arange(12, dtype=np.uint64) * np.uint64(4))) & np.uint64(15)
    return np.char.add("P", _text(_HEX[digits.astype(np.int64)]))


def _text(signs: Array) -> Array:
    return np.ascontiguousarray(signs).view(f"S{signs.shape[1]}").ravel().astype(str)


# --- households ---------------------------------------------------------------------------------------------


def households(
    book: Rulebook, county: County, ids: pa.Array, people_ids: pa.Array, applied: Fact
) -> pa.Table:
    schema = household_schema(book)
    settled = county.settled
    areas = pa.array([town.area for town in TOWNS], pa.string())
    columns: dict[str, pa.Array] = {
        "household_id": ids,
        "area": pa.DictionaryArray.from_arrays(pa.array(settled.town.astype(np.int32)), areas),
        "application_date": arrow(applied, pa.date32()),
    }
    for name, one in county.own.items():
        columns[name] = arrow(one, schema.field(name).type)
    for name, many in county.own_lists.items():
        columns[name] = arrow_list(many, schema.field(name).type, {"person_id": people_ids})
    columns["people"] = _people(county, schema.field("people").type, people_ids)
    fields = [field for field in schema if field.name in columns]
    return pa.table([columns[field.name] for field in fields], schema=pa.schema(fields))


def _people(county: County, kind: pa.DataType, ids: pa.Array) -> pa.Array:
    settled = county.settled
    columns: dict[str, pa.Array] = {"person_id": ids}
    fields = {field.name: field for field in kind.value_type}
    for name, one in county.person.items():
        columns[name] = arrow(one, fields[name].type)
    for name, many in county.person_lists.items():
        columns[name] = arrow_list(many, fields[name].type, {})
    kept = [field for field in kind.value_type if field.name in columns]
    struct = pa.StructArray.from_arrays([columns[field.name] for field in kept], fields=kept)
    offsets = np.append(settled.first, settled.people).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), struct)


# --- people and the key -------------------------------------------------------------------------------------


def register(county: County, ids: pa.Array, people_ids: pa.Array) -> pa.Table:
    """Who is entered where, for the search for people with two entries. The engine never reads names."""
    settled = county.settled
    areas = pa.array([town.area for town in TOWNS], pa.string())
    columns = {
        "person_id": people_ids,
        "household_id": ids.take(pa.array(settled.of)),
        "name": pa.array(settled.names.written()),
        "sound": pa.array(settled.names.sound()),
        "sex": arrow(county.person["sex"], pa.dictionary(pa.int32(), pa.string())),
        "birth_date": pa.array(settled.born, pa.date32()),
        "area": pa.DictionaryArray.from_arrays(pa.array(settled.town[settled.of].astype(np.int32)), areas),
        "address": pa.array(_addresses(settled)[settled.of]),
    }
    schema = register_schema()
    return pa.table([columns[field.name] for field in schema], schema=schema)


def _addresses(settled: Settled) -> Array:
    towns = np.array([town.label for town in TOWNS])
    places = np.where(
        settled.urban,
        np.char.add(np.array(VILLAGE_NAMES)[settled.village % len(VILLAGE_NAMES)], "社区"),
        np.char.add(np.array(VILLAGE_NAMES)[settled.village % len(VILLAGE_NAMES)], "村"),
    )
    return np.char.add(towns[settled.town], places)


def key_table(planted: Iterable[Planted], settled: Settled, ids: pa.Array, people_ids: pa.Array) -> pa.Table:
    rows = list(planted)

    def named(places: Sequence[int], of: pa.Array) -> list[Any]:
        return [None if place < 0 else of[place].as_py() for place in places]

    areas = [TOWNS[settled.town[one.household]].area for one in rows]
    columns: dict[str, list[Any]] = {
        "case": list(range(1, len(rows) + 1)),
        "command": [one.command for one in rows],
        "kind": [one.kind for one in rows],
        "policy": [one.policy or None for one in rows],
        "fact": [one.fact or None for one in rows],
        "household_id": named([one.household for one in rows], ids),
        "person_id": named([one.person for one in rows], people_ids),
        "other_household_id": named([one.other_household for one in rows], ids),
        "other_person_id": named([one.other_person for one in rows], people_ids),
        "area": areas,
        "reason": [one.reason for one in rows],
    }
    kinds = [pa.int64(), *[pa.string()] * (len(KEY_FIELDS) - 1)]
    schema = pa.schema(list(zip(KEY_FIELDS, kinds, strict=True)))
    return pa.table([columns[name] for name in KEY_FIELDS], schema=schema)
