"""Household documents as a table. What is dated is chosen here, for one legal date and one day of knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from engine.decision.document import Household, read_household
from engine.decision.inputs import Inputs, inputs_on
from engine.language.types import Boolean, Date, Enum, Number, Type
from engine.population.arrays import arrow_days, arrow_decimals
from engine.population.layout import arrow_type, household_schema, status_type
from engine.rulebook.model import FOREVER, Fact, Rulebook


def table_of(book: Rulebook, documents: Iterable[Any], on: int, known: int) -> pa.Table:
    """A row for each document (plain data). Raises `BadDocument` for the first that is wrong."""
    households = [read_household(book, document) for document in documents]
    return table_of_households(book, households, [inputs_on(book, one, on, known) for one in households])


def table_of_households(
    book: Rulebook, households: Sequence[Household], inputs: Sequence[Inputs]
) -> pa.Table:
    own, person = list(book.household_inputs()), list(book.person_inputs())
    schema = household_schema(book)
    sizes = [len(one.people) for one in inputs]
    everyone = [row for one in inputs for row in one.people]
    columns: dict[str, pa.Array] = {
        "household_id": pa.array([one.household_id for one in households], pa.string()),
        "area": pa.array([one.area for one in households], pa.string()).dictionary_encode(),
        "application_date": _days([one.application_date for one in households]),
    }
    people: dict[str, pa.Array] = {"person_id": pa.array([row[0] for row in everyone], pa.string())}
    for fact in book.facts.values():
        if fact.of == "household":
            place = own.index(fact.name)
            columns[fact.name] = _fact(fact, [one.household[place] for one in inputs])
        else:
            place = person.index(fact.name)
            people[fact.name] = _fact(fact, [row[place] for row in everyone])
    fields = list(schema.field("people").type.value_type)
    struct = pa.StructArray.from_arrays([people[field.name] for field in fields], fields=fields)
    columns["people"] = pa.ListArray.from_arrays(_offsets(sizes), struct)
    columns["statuses"] = _statuses(book, households)
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def document_of(row: Any) -> Any:
    """A row of a table as a household document: what is null is left out."""
    if isinstance(row, Mapping):
        return {key: document_of(value) for key, value in row.items() if value is not None}
    if isinstance(row, list):
        return [document_of(one) for one in row]
    return row.isoformat() if isinstance(row, date) else row


def _fact(fact: Fact, values: Sequence[Any]) -> pa.Array:
    if not fact.items:
        return _array(values, fact.value.type)
    flat = [entry for one in values if one is not None for entry in one[0]]
    arrays = [_array([entry[i] for entry in flat], one.type) for i, one in enumerate(fact.items)]
    fields = [pa.field(one.name, arrow_type(one.type)) for one in fact.items]
    entries = pa.StructArray.from_arrays(arrays, fields=fields)
    return _lists([None if one is None else len(one[0]) for one in values], entries)


def _array(values: Sequence[Any], of: Type) -> pa.Array:
    """Values inside as an array of the dictionary's type."""
    if isinstance(of, Date):
        return _days(values)
    if isinstance(of, Number) and of.decimals:
        inside = np.array([0 if one is None else one for one in values], np.int64)
        return arrow_decimals(inside, _known(values), arrow_type(of))
    if isinstance(of, Boolean | Number):
        return pa.array(values, arrow_type(of))
    found = pa.array(values, pa.string())
    return found.dictionary_encode() if isinstance(of, Enum) else found


def _known(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    return np.array([one is not None for one in values], np.bool_)


def _days(values: Sequence[int | None]) -> pa.Array:
    return arrow_days(np.array([10101 if one is None else one for one in values], np.int64), _known(values))


def _offsets(sizes: Sequence[int]) -> pa.Array:
    return pa.array(np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int32))


def _lists(sizes: Sequence[int | None], entries: pa.Array) -> pa.Array:
    """`sizes` None: the list is not known."""
    mask = pa.array([one is None for one in sizes], pa.bool_())
    return pa.ListArray.from_arrays(_offsets([one or 0 for one in sizes]), entries, mask=mask)


def _statuses(book: Rulebook, households: Sequence[Household]) -> pa.Array:
    flat = [status for one in households for status in one.statuses or ()]
    kind = status_type(book)
    money = Number(book.currency["decimals"])
    power = 10 ** (money.decimals or 0)
    by_name: Mapping[str, pa.Array] = {
        "policy": pa.array([one.policy for one in flat], pa.string()).dictionary_encode(),
        "person_id": pa.array([one.person or None for one in flat], pa.string()),
        "from": _days([one.start for one in flat]),
        "to": _days([None if one.end == FOREVER else one.end for one in flat]),
        "recorded": _days([one.recorded or None for one in flat]),
        "amount": _array([None if one.amount is None else int(one.amount * power) for one in flat], money)
        if money.decimals
        else pa.array([None if one.amount is None else int(one.amount) for one in flat], pa.int64()),
    }
    arrays = [by_name[field.name].cast(field.type) for field in kind]
    entries = pa.StructArray.from_arrays(arrays, fields=list(kind))
    return _lists([None if one.statuses is None else len(one.statuses) for one in households], entries)
