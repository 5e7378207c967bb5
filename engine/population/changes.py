"""Findings that two runs over the same households see differently, and the clauses that made the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow.compute as pc

from engine.language.columns.values import Array
from engine.population.pairs import Found, Pair

TRUE, FALSE, UNKNOWN = "true", "false", "unknown"
Names = Callable[
    [str, str], tuple[str, ...]
]  # of a policy and a version: the clause of each bit, "" for a group


@dataclass(frozen=True, slots=True)
class Change:
    """One finding before and after. `clauses`: those whose truth changes, each with its truth before and after."""

    policy: str
    person_id: str | None
    was: str
    becomes: str
    before: Decimal | None
    after: Decimal | None
    clauses: tuple[tuple[str, str, str], ...]

    @property
    def difference(self) -> Decimal:
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True, slots=True)
class Example:
    """A household for which something changes. `settled`: nothing of what it is due is open, before or after.

    `before` and `after`: what is surely due each month.
    """

    household_id: str
    area: str
    before: Decimal
    after: Decimal
    settled: bool
    changes: tuple[Change, ...]

    @property
    def lead(self) -> Change:
        """The first policy, in the order in which policies rest on each other, with another outcome; else the largest sum."""
        moved = [one for one in self.changes if one.was != one.becomes]
        return moved[0] if moved else max(self.changes, key=lambda one: abs(one.difference))


def examples_of(
    old: Pair, new: Pair, policies: Sequence[str], names_before: Names, names_after: Names
) -> list[Example]:
    """Every household of a batch with a finding that has another outcome or amount."""
    changes: dict[int, list[Change]] = {}
    for household, change in _changes(old, new, policies, names_before, names_after):
        changes.setdefault(household, []).append(change)
    settled = ~(_open(old) | _open(new))
    due = [pair.own("due").field("month_min") for pair in (old, new)]
    return [
        Example(
            old.batch.id_of(household),
            str(old.batch.rows.column("area")[household].as_py()),
            due[0][household].as_py(),
            due[1][household].as_py(),
            bool(settled[household]),
            tuple(many),
        )
        for household, many in sorted(changes.items())
    ]


def _changes(
    old: Pair, new: Pair, policies: Sequence[str], names_before: Names, names_after: Names
) -> Iterator[tuple[int, Change]]:
    ids = old.batch.person_ids()
    for policy in policies:
        was, becomes = old.found(policy), new.found(policy)
        places = _differing(was, becomes)
        households = old.households_of(policy, places)
        for row, household in zip(places.tolist(), households.tolist(), strict=True):
            yield (
                household,
                Change(
                    policy,
                    str(ids[row].as_py()) if old.of_people(policy) else None,
                    str(was.column("outcome")[row].as_py()),
                    str(becomes.column("outcome")[row].as_py()),
                    was.column("amount")[row].as_py(),
                    becomes.column("amount")[row].as_py(),
                    tuple(_clauses(policy, row, was, becomes, names_before, names_after)),
                ),
            )


def _differing(was: Found, becomes: Found) -> Array:
    different = was.outcome != becomes.outcome
    for name in ("amount", "min", "max"):
        a, b = was.column(name), becomes.column(name)
        said = [one.is_valid().to_numpy(zero_copy_only=False) for one in (a, b)]
        unlike = pc.not_equal(a, b).fill_null(False).to_numpy(zero_copy_only=False)
        different |= (said[0] != said[1]) | unlike
    return np.flatnonzero(different)


def _open(pair: Pair) -> Array:
    """Households of which something due is not known to the last coin."""
    due = pair.own("due")
    low, high = due.field("month_min"), due.field("month_max")
    return pc.not_equal(low, high).fill_null(True).to_numpy(zero_copy_only=False)


def _clauses(
    policy: str, row: int, was: Found, becomes: Found, names_before: Names, names_after: Names
) -> Iterator[tuple[str, str, str]]:
    before, after = _truths(policy, row, was, names_before), _truths(policy, row, becomes, names_after)
    for clause, truth in after.items():
        if clause in before and before[clause] != truth:
            yield clause, before[clause], truth


def _truths(policy: str, row: int, found: Found, names: Names) -> dict[str, str]:
    version = found.column("version")[row].as_py()
    if version is None:
        return {}
    true, known = found.column("true")[row].as_py(), found.column("known")[row].as_py()
    return {
        name: (TRUE if true >> bit & 1 else FALSE) if known >> bit & 1 else UNKNOWN
        for bit, name in enumerate(names(policy, version))
        if name
    }
