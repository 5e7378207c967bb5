"""How a household stands in a table: one row, people and entries as nested lists, typed by the fact dictionary.

    household_id, area, application_date, <facts>, people: [{person_id, <facts>}], statuses: [{policy, …}]

A null is a fact that is not known; `statuses` null says nothing about what is held. Facts stand as they are: which of
several dated values counts has been settled before (`engine.population.documents`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from engine.language.types import Boolean, Date, Number, Text, Type
from engine.population.problems import BadTable, TableProblem, near
from engine.rulebook.model import Fact, Rulebook

MOST_DIGITS = 19  # of a 64-bit number
MONEY_DIGITS = 18  # Parquet keeps so many digits in 64 bits
LEADING = ("household_id", "area", "application_date")


def arrow_type(of: Type) -> pa.DataType:
    if isinstance(of, Boolean):
        return pa.bool_()
    if isinstance(of, Number):
        decimals = of.decimals or 0
        if not decimals:
            return pa.int64()
        digits = len(str(max(abs(of.lo), abs(of.hi))))
        return pa.decimal128(MONEY_DIGITS if digits <= MONEY_DIGITS else MOST_DIGITS, decimals)
    if isinstance(of, Date):
        return pa.date32()
    return pa.string() if isinstance(of, Text) else pa.dictionary(pa.int32(), pa.string())


def _field(fact: Fact) -> pa.Field:
    if not fact.items:
        return pa.field(fact.name, arrow_type(fact.value.type))
    return pa.field(
        fact.name, pa.list_(pa.struct([pa.field(one.name, arrow_type(one.type)) for one in fact.items]))
    )


def status_type(book: Rulebook) -> pa.DataType:
    return pa.struct(
        [
            pa.field("policy", pa.dictionary(pa.int32(), pa.string()), nullable=False),
            pa.field("person_id", pa.string()),
            pa.field("from", pa.date32(), nullable=False),
            pa.field("to", pa.date32()),
            pa.field("recorded", pa.date32()),
            pa.field("amount", pa.decimal128(MONEY_DIGITS, book.currency["decimals"])),
        ]
    )


def household_schema(book: Rulebook) -> pa.Schema:
    """The whole layout. A table may leave facts out: then nobody knows them."""
    own = [_field(fact) for fact in book.facts.values() if fact.of == "household"]
    person = [_field(fact) for fact in book.facts.values() if fact.of == "person"]
    people = pa.struct([pa.field("person_id", pa.string(), nullable=False), *person])
    return pa.schema(
        [
            pa.field("household_id", pa.string(), nullable=False),
            pa.field("area", pa.dictionary(pa.int32(), pa.string()), nullable=False),
            pa.field("application_date", pa.date32()),
            *own,
            pa.field("people", pa.list_(people), nullable=False),
            pa.field("statuses", pa.list_(status_type(book))),
        ]
    )


def register_schema() -> pa.Schema:
    """The register of people, one row for each entry of a person in a household. `sound`: the name as it is spoken."""
    return pa.schema(
        [
            pa.field("person_id", pa.string(), nullable=False),
            pa.field("household_id", pa.string(), nullable=False),
            pa.field("name", pa.string()),
            pa.field("sound", pa.string()),
            pa.field("sex", pa.dictionary(pa.int32(), pa.string())),
            pa.field("birth_date", pa.date32()),
            pa.field("area", pa.dictionary(pa.int32(), pa.string())),
            pa.field("address", pa.string()),
        ]
    )


def check_schema(book: Rulebook, schema: pa.Schema) -> None:
    """Every column must be one that the rulebook knows, of a fitting type. Raises `BadTable` with all problems."""
    problems = list(_differences("", schema, household_schema(book)))
    problems += [
        TableProblem("missing-column", name)
        for name in ("household_id", "area", "people")
        if name not in schema.names
    ]
    if "people" in schema.names and "person_id" not in _fields_of(schema.field("people").type):
        problems.append(TableProblem("missing-column", "people.person_id"))
    if problems:
        raise BadTable(problems)


def _fields_of(kind: pa.DataType) -> list[str]:
    """The fields of a list of structs; none of anything else, which is another problem."""
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else None
    return (
        [field.name for field in inner] if inner is not None and pa.types.is_struct(inner) else ["person_id"]
    )


def _differences(where: str, given: Iterable[pa.Field], wanted: Iterable[pa.Field]) -> Iterator[TableProblem]:
    known = {field.name: field.type for field in wanted}
    for field in given:
        place = f"{where}{field.name}"
        if field.name not in known:
            yield TableProblem("unknown-column", place, told={"near": near(field.name, known)})
        else:
            yield from unlike(place, field.type, known[field.name])


def unlike(place: str, given: pa.DataType, wanted: pa.DataType) -> Iterator[TableProblem]:
    """Where a column is of another type than is needed."""

    def wrong(needed: object, of: object) -> TableProblem:
        return TableProblem("wrong-type", place, told={"wanted": str(needed), "given": str(of)})

    if pa.types.is_null(given):
        return  # nobody knows it
    if pa.types.is_list(wanted):
        if not pa.types.is_list(given) and not pa.types.is_large_list(given):
            yield wrong("list", given)
        elif not pa.types.is_struct(given.value_type):
            yield wrong("list<struct>", given)
        else:
            yield from _differences(f"{place}.", given.value_type, wanted.value_type)
    elif not _fits(given, wanted):
        yield wrong(wanted, given)


def _fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_decimal(wanted):
        return bool(pa.types.is_decimal128(given)) and given.scale == wanted.scale
    if pa.types.is_integer(wanted):
        return bool(pa.types.is_signed_integer(given))
    if pa.types.is_dictionary(wanted) or pa.types.is_string(wanted):
        text = given.value_type if pa.types.is_dictionary(given) else given
        return any(
            test(text) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
        )
    return bool(given == wanted)
