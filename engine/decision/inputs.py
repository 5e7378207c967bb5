"""A household on one day, as known on a day: the values that compiled programs take, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from engine.decision.document import Household
from engine.decision.model import FactValue
from engine.decision.values import FactRow, Facts, Shelf, shelf
from engine.language.dates import days_between
from engine.rulebook.model import Fact, Rulebook


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """By position, as compiled programs take them: facts, area at each level and statuses; person id, facts, statuses.

    facts     by reference, what was chosen, as a decision shows it
    warnings  by reference, "stale" or "sources-disagree"
    """

    household: list[Any]
    people: list[list[Any]]
    facts: Mapping[str, FactValue]
    warnings: Mapping[str, str] = {}


def inputs_on(book: Rulebook, household: Household, on: int, known: int) -> Inputs:
    facts: dict[str, FactValue] = {}
    warnings: dict[str, str] = {}
    of_household, of_person = shelf(book, "household"), shelf(book, "person")
    statuses = held_on(household, on, known)

    def values(prefix: str, own: Shelf, told: Facts) -> list[Any]:
        """The values of the facts, in their order."""
        inside, shown = told.inside, told.shown
        if told.dated:
            inside, shown = inside.copy(), shown.copy()
            for place, rows in told.dated.items():
                row, warning = choose(own.facts[place], rows, on, known)
                if warning:
                    warnings[prefix + own.names[place]] = warning
                if row is not None:
                    inside[place], shown[place] = row.inside, row.shown()
        for name, value in zip(own.names, shown, strict=True):
            if value is not None:
                facts[prefix + name] = value
        return inside

    own = [
        *values("", of_household, household.facts),
        *levels_of(book, household.area),
        *_of_statuses(statuses, of_household.policies, ""),
    ]
    people = [
        [
            one.person_id,
            *values(f"people/{one.person_id}/", of_person, one.facts),
            *_of_statuses(statuses, of_person.policies, one.person_id),
        ]
        for one in household.people
    ]
    return Inputs(own, people, facts, warnings)


def choose(fact: Fact, candidates: Sequence[FactRow], on: int, known: int) -> tuple[FactRow | None, str]:
    """The row that counts on a day, and a warning. Sources that disagree unranked leave it unknown."""
    valid = [row for row in candidates if row.start <= on <= row.end and row.recorded <= known]
    if not valid:
        return None, ""
    if len(valid) == 1:  # nearly every fact is told once
        return valid[0], "stale" if _is_stale(fact, valid[0], on) else ""
    trust = {source: rank for rank, source in enumerate(fact.trust)}
    latest: dict[str, FactRow] = {}
    for row in sorted(valid, key=lambda row: (row.recorded, row.as_of, row.start)):
        latest[row.source] = row
    rows = sorted(latest.values(), key=lambda row: (trust.get(row.source, len(trust)), row.source))
    best = rows[0]
    disagree = any(row.inside != best.inside for row in rows[1:])
    if disagree and any(
        row.inside != best.inside and trust.get(row.source, len(trust)) == trust.get(best.source, len(trust))
        for row in rows[1:]
    ):
        return None, "sources-disagree"
    if _is_stale(fact, best, on):
        return best, "stale"
    return best, "sources-disagree" if disagree else ""


def _is_stale(fact: Fact, row: FactRow, on: int) -> bool:
    return fact.fresh_days is not None and bool(row.as_of) and days_between(row.as_of, on) > fact.fresh_days


def area_at(book: Rulebook, area: str, level: str) -> str | None:
    """The household's area at a level: itself, or the nearest above it."""
    current = area
    while current in book.areas:
        if book.areas[current].level == level:
            return current
        current = book.areas[current].parent
    return None


def levels_of(book: Rulebook, area: str) -> tuple[str | None, ...]:
    """The area at every level of the rulebook."""
    return book.remember("levels", area, lambda: tuple(area_at(book, area, level) for level in book.levels))


def held_on(household: Household, on: int, known: int) -> set[tuple[str, str]] | None:
    """(policy, person) of every status that a record gives on the day; None when nothing is said about statuses."""
    if household.statuses is None:
        return None
    return {
        (one.policy, one.person)
        for one in household.statuses
        if one.start <= on <= one.end and one.recorded <= known
    }


def _of_statuses(
    statuses: set[tuple[str, str]] | None, policies: Sequence[str], person: str
) -> Sequence[bool | None]:
    """Of the household (person "") or of a person: whether each policy's status is held."""
    if not statuses:
        return (None if statuses is None else False,) * len(policies)
    held = {policy for policy, holder in statuses if holder == person}
    return [policy in held for policy in policies] if held else (False,) * len(policies)
