"""Which version, which row: what is in force for an area, a legal date, what was known, and an application date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.rulebook.model import (
    FOREVER,
    Area,
    Conflict,
    Dated,
    DefinitionVersion,
    Parameter,
    PolicyVersion,
    Row,
    Rulebook,
    Scoring,
)
from engine.rulebook.production import Comparison, Watch

Version = TypeVar("Version", PolicyVersion, DefinitionVersion, Scoring)
Rule = TypeVar("Rule", Conflict, Watch, Comparison)


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules of one moment. A policy is absent when it is not in force.

    undated: policies whose version hangs on an application date that is not known.
    """

    policies: Mapping[str, PolicyVersion]
    undated: frozenset[str]
    definitions: Mapping[str, DefinitionVersion]
    conflicts: tuple[Conflict, ...]
    scoring: Scoring | None
    key: (
        str  # equal for moments with the same rules; a text, because a tuple would be hashed at every look-up
    )


def in_force(book: Rulebook, on: int, known: int, application_date: int | None) -> InForce:
    """The rules in force on a legal date, as known on a day. Days are yyyymmdd."""
    if application_date is not None and not book.remember("asks application", "", lambda: _asks_any(book)):
        application_date = on
    key = (on, known, application_date)
    return book.remember("in force", key, lambda: _in_force(book, on, known, application_date))


def _in_force(book: Rulebook, on: int, known: int, application_date: int | None) -> InForce:
    policies: dict[str, PolicyVersion] = {}
    undated: set[str] = set()
    for name, policy in book.policies.items():
        candidates = _begun(policy.versions, on, known)
        if application_date is None and candidates and _asks_application(candidates[0]):
            if any(on <= one.dated.until for one in candidates):
                undated.add(name)
            continue
        for version in candidates:
            day = application_date if application_date is not None else on
            if (
                not _asks_application(version)
                or version.applications_from <= day < version.applications_before
            ):
                if on <= version.dated.until:
                    policies[name] = version
                break
    definitions = {}
    for name, definition in book.definitions.items():
        found = _begun(definition.versions, on, known)
        if found and on <= found[0].dated.until:
            definitions[name] = found[0]
    conflicts = tuple(holding(book.conflicts, on, known))
    scoring = [one for one in _begun(book.scoring, on, known)[:1] if on <= one.dated.until]
    key = (
        tuple((name, version.dated.version) for name, version in policies.items()),
        tuple(sorted(undated)),
        tuple((name, version.dated.version) for name, version in definitions.items()),
        tuple((one.id, one.dated.version) for one in conflicts),
        scoring[0].dated.version if scoring else "",
    )
    return InForce(
        policies, frozenset(undated), definitions, conflicts, scoring[0] if scoring else None, repr(key)
    )


def _asks_any(book: Rulebook) -> bool:
    """Does any version hang on the date of the application?"""
    return any(_asks_application(one) for policy in book.policies.values() for one in policy.versions)


def _asks_application(version: PolicyVersion) -> bool:
    return version.applications_from != 0 or version.applications_before != FOREVER


def covers(dated: Dated, on: int, known: int) -> bool:
    """Does a version hold on a day, as far as known?"""
    return dated.published <= known and dated.start <= on <= dated.until


def holding(rules: Sequence[Rule], on: int, known: int) -> list[Rule]:
    """Of conflicts or watch rules those that hold on a day as far as known then.

    Of several versions of one the newest that has begun counts; when that has ended, none of those before it comes back.
    """
    begun = [one for one in rules if one.dated.published <= known and one.dated.start <= on]
    newest = {one.id: one for one in sorted(begun, key=lambda one: (one.dated.start, one.dated.published))}
    return [one for one in begun if newest[one.id] is one and on <= one.dated.until]


def _begun(versions: Sequence[Version], on: int, known: int) -> list[Version]:
    """Versions that have begun by a day as far as known then, the one that takes precedence first.

    A later beginning goes first, and a correction stands in the place of what it corrects. One that has ended is among
    them: it ends what it is a version of, and none of those before it comes back.
    """
    begun = [one for one in versions if one.dated.published <= known and one.dated.start <= on]
    corrected = {one.dated.start: one for one in sorted(begun, key=lambda one: one.dated.published)}
    return sorted(corrected.values(), key=lambda one: one.dated.start, reverse=True)


@dataclass(frozen=True, slots=True)
class ParametersOn:
    """Every parameter on one day: the values by position, and the rows they come from (None: nothing covers)."""

    values: tuple[Any, ...]
    rows: Mapping[str, Row | None]
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)  # what was made from them


def parameters_on(book: Rulebook, area: str, on: int, known: int) -> ParametersOn:
    """Every parameter of an area on a day, as known on another."""

    def make() -> ParametersOn:
        rows = {name: row_on(one, book.areas, area, on, known) for name, one in book.parameters.items()}
        return ParametersOn(tuple(None if row is None else row.value for row in rows.values()), rows)

    return book.remember("parameters", (area, on, known), make)


def serving_area(parameter: Parameter, areas: Mapping[str, Area], area: str) -> str:
    """The nearest area, from the household's own upwards, that has a series; "" when none has."""
    current = area
    while current and current not in parameter.series:
        current = areas[current].parent if current in areas else ""
    return current


def ruled_in(rule: Mapping[str, Any], areas: Mapping[str, Area], area: str) -> Mapping[str, Any]:
    """What `pays` or `review` says in an area: its own words under `in`, or the nearest area's above it."""
    current = ruling_area(rule, areas, area)
    found: Mapping[str, Any] = rule["in"][current] if current else rule
    return found


def ruling_area(rule: Mapping[str, Any], areas: Mapping[str, Area], area: str) -> str:
    """The nearest area, from this one upwards, that has words of its own; "" when the general ones serve."""
    elsewhere: Mapping[str, Any] = rule.get("in", {})
    current = area if elsewhere else ""
    while current and current not in elsewhere:
        current = areas[current].parent if current in areas else ""
    return current


def row_on(parameter: Parameter, areas: Mapping[str, Area], area: str, on: int, known: int) -> Row | None:
    """The row that serves: the nearest area that has a series, the last published of what covers the day.

    None when the area's series does not cover the day, or no area up the tree has one.
    """
    current = serving_area(parameter, areas, area)
    if not current:
        return None
    candidates = [
        row for row in parameter.series[current] if row.published <= known and row.start <= on <= row.until
    ]
    return max(candidates, key=lambda row: (row.published, row.start), default=None)
