"""The documents of many households at once, in a few questions to the database for some hundred of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import merge
from typing import Any

from sqlalchemy import Row, Table, select

from records import sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.documents import made_of
from records.household_rows import OF_PEOPLE_TOO, read_columns


def documents(
    read: Reading,
    households: Iterable[str],
    on: date,
    known: date,
    *,
    facts: bool = True,
    paid_since: str = "",
) -> Iterator[dict[str, Any]]:
    """Each household's document as `records.documents.document` makes it, in the order in which they are named.

    Those that are not there, and those of which something was erased, are left out. Without `facts`: only who is in
    it and what is held, was granted, paid and has happened; nothing has to be opened for that. `paid_since`: payments
    for earlier months are left out.
    """
    for some in batched(households, AT_ONCE):
        yield from _documents(read, some, on, known, facts, paid_since)


def _documents(
    read: Reading, some: list[str], on: date, known: date, facts: bool, paid_since: str
) -> Iterator[dict[str, Any]]:
    found = {
        row.household_id: row
        for row in read.connection.execute(
            select(tables.household).where(tables.household.c.household_id.in_(some))
        )
    }
    own = {
        table.name: _by(read, table, "household_id", some, known, people=False)
        for table in (tables.residence, tables.membership)
    }
    everyone = sorted({row.person_id for rows in own["membership"].values() for row in rows})
    told: dict[str, Mapping[str, Sequence[Row[Any]]]] = {}
    for table in OF_PEOPLE_TOO:
        if table is tables.assertion and not facts:
            own[table.name], told[table.name] = {}, {}
            continue
        since = paid_since if table is tables.payment else ""
        own[table.name] = _by(read, table, "household_id", some, known, people=False, since=since)
        told[table.name] = _by(read, table, "person_id", everyone, known, people=True, since=since)
    happened = (own[tables.life_event.name], told[tables.life_event.name])
    sealing = (some, everyone) if facts else happened  # whose sealed rows are opened
    subjects = [*map(sealed.of_household, sealing[0]), *map(sealed.of_person, sealing[1])]
    sealed.data_keys(read, subjects)
    for household_id in some:
        if household_id not in found or not own["residence"].get(household_id):
            continue
        try:
            yield made_of(_Fetched(read, household_id, own, told), found[household_id], on)
        except sealed.Erased:
            continue
        finally:
            read.data_keys.pop(sealed.of_household(household_id), None)
    for person_id in everyone:
        read.data_keys.pop(sealed.of_person(person_id), None)


def _by(
    read: Reading,
    table: Table,
    column: str,
    values: Sequence[str],
    known: date,
    *,
    people: bool,
    since: str = "",
) -> Mapping[str, list[Row[Any]]]:
    """Rows of households, or of people, by whose they are, in the order of writing."""
    found: dict[str, list[Row[Any]]] = {}
    for some in batched(values, AT_ONCE):
        chosen = select(*read_columns(table)).where(table.c[column].in_(some))
        chosen = chosen.where(table.c.recorded_on <= known)
        if not people and table in OF_PEOPLE_TOO:
            chosen = chosen.where(table.c.person_id.is_(None))
        if since:
            chosen = chosen.where(table.c.month >= since)
        for row in read.connection.execute(chosen.order_by(table.c.seq)):
            found.setdefault(getattr(row, column), []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class _Fetched:
    """The rows of one household among those of many."""

    read: Reading
    household_id: str
    own: Mapping[str, Mapping[str, Sequence[Row[Any]]]]
    told: Mapping[str, Mapping[str, Sequence[Row[Any]]]]
    cases_apart: bool = True

    def of_household(self, table: Table) -> Sequence[Row[Any]]:
        return self.own[table.name].get(self.household_id, ())

    def of_people_too(self, table: Table, people: Sequence[str]) -> Sequence[Row[Any]]:
        told = self.told[table.name]
        several = [self.own[table.name].get(self.household_id, ()), *(told.get(one, ()) for one in people)]
        some = [rows for rows in several if rows]
        return some[0] if len(some) == 1 else list(merge(*some, key=lambda row: row.seq))
