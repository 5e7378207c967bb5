"""In which household people are: on a day, or where they last were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from records import tables
from records.database import AT_ONCE, Reading, batched

Days = dict[date, date | None]


@dataclass(frozen=True, slots=True)
class Homes:
    """By person the household on a day, or the last one; by household its area."""

    homes: Mapping[str, str]
    areas: Mapping[str, str]

    def of(self, person: str) -> str:
        return self.homes.get(person, "")

    def area(self, person: str) -> str:
        return self.areas[self.homes[person]]


def homes_of(read: Reading, people: Iterable[str], on: date) -> Homes:
    homes = {}
    for person, everywhere in memberships_of(read, people).items():
        inside = [one for one, days in everywhere.items() if covers(days, on)]
        homes[person] = min(inside) if inside else max(everywhere, key=lambda one: max(everywhere[one]))
    return Homes(homes, areas_of(read, set(homes.values())))


def memberships_of(
    read: Reading, people: Iterable[str], known: date | None = None
) -> dict[str, dict[str, Days]]:
    """By person the households, ever, each with its first days and their last ones. `known`: as written down by a day."""
    member = tables.membership.c
    found: dict[str, dict[str, Days]] = {}
    for some in batched(sorted(people), AT_ONCE):
        rows = select(tables.membership).where(member.person_id.in_(some)).order_by(member.seq)
        if known is not None:
            rows = rows.where(member.recorded_on <= known)
        for row in read.connection.execute(rows):
            of = found.setdefault(row.person_id, {}).setdefault(row.household_id, {})
            of[row.valid_from] = row.valid_to
    return found


def areas_of(read: Reading, households: Iterable[str]) -> dict[str, str]:
    """By household its area; those that are not there are left out."""
    household = tables.household.c
    found: dict[str, str] = {}
    for some in batched(sorted(households), AT_ONCE):
        rows = select(household.household_id, household.area).where(household.household_id.in_(some))
        found |= {row.household_id: row.area for row in read.connection.execute(rows)}
    return found


def covers(days: Days, day: date) -> bool:
    return any(first <= day and (last is None or day <= last) for first, last in days.items())
