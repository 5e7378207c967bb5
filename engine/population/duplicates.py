"""Who draws twice: one person in two households, and programmes on record together that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.language.columns.values import Array
from engine.population.pairs import Pair, Run, enrolled_policies, pairs
from engine.population.problems import bad

MOST_HOUSEHOLDS = 20  # a number that more households share does not name a person


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a person, and what is on record there: the person's own programmes, and the household's."""

    household_id: str
    area: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TwoHouseholds:
    person_id: str
    entries: tuple[Entry, ...]

    @property
    def draws_twice(self) -> bool:
        return sum(bool(entry.holds) for entry in self.entries) > 1


@dataclass(frozen=True, slots=True)
class Exclusive:
    """`effect`: what the conflict does to `policy`, `pending` while something is open."""

    household_id: str
    area: str
    person_id: str | None
    rule: str
    between: tuple[str, str]
    kept: str | None
    pending: bool


def in_two_households(run: Run) -> list[TwoHouseholds]:
    """People whose id stands in more than one household, those who draw in two first. Ids must be the county's own."""
    ids, households = [], []
    for pair in pairs(run, ()):
        ids.append(pair.batch.person_ids().cast(pa.string()))
        households.append(pair.own("household_id").cast(pa.string()).take(pa.array(pair.batch.people.of)))
    everyone = pa.table({"id": pa.chunked_array(ids), "household": pa.chunked_array(households)})
    counted = everyone.group_by("id").aggregate([("household", "count_distinct")])
    counts = counted.column("household_count_distinct")
    most = pc.max(counts).as_py()
    if most > MOST_HOUSEHOLDS:
        named = counted.filter(pc.equal(counts, most)).column("id")[0].as_py()
        raise bad("ids-not-of-people", "people.person_id", value=named, count=most)
    twice = counted.filter(pc.greater(counts, 1)).column("id").combine_chunks()
    if not len(twice):
        return []
    entries = _entries(run, twice)
    found = [TwoHouseholds(person, tuple(many)) for person, many in sorted(entries.items())]
    return sorted(found, key=lambda one: not one.draws_twice)


def _entries(run: Run, ids: pa.Array) -> dict[str, list[Entry]]:
    """Every entry of some people, in the order of the data."""
    found: dict[str, list[Entry]] = {}
    policies = enrolled_policies(run)
    for pair in pairs(run, ()):
        own = pair.batch.person_ids().cast(pa.string())
        rows = np.flatnonzero(pc.is_in(own, ids).to_numpy(zero_copy_only=False))
        if not len(rows):
            continue
        held = {policy: pair.held(policy)[0] for policy in policies}
        for row in rows.tolist():
            household = int(pair.batch.people.of[row])
            holds = [
                policy for policy in policies if held[policy][row if pair.of_people(policy) else household]
            ]
            area = pair.batch.rows.column("area")[household].as_py()
            entry = Entry(pair.batch.id_of(household), area, tuple(holds))
            found.setdefault(own[row].as_py(), []).append(entry)
    return found


# --- exclusive programmes -----------------------------------------------------------------------------------


def held_together(run: Run) -> list[Exclusive]:
    """Programmes that exclude each other and are both on record for the one whom the conflict concerns."""
    return [one for pair in pairs(run, ()) for one in _exclusive(pair)]


def _exclusive(pair: Pair) -> Iterator[Exclusive]:
    household, rows = pair.conflicts()
    chosen = pc.equal(rows.field("stage").cast(pa.string()), "exclusive").to_numpy(zero_copy_only=False)
    said: dict[tuple[str, str | None, str, tuple[str, str]], tuple[str | None, bool]] = {}
    for place in np.flatnonzero(chosen).tolist():
        row, where = rows[place].as_py(), int(household[place])
        first, second = row["between"]
        if not (
            _holds(pair, first, where, row["person_id"]) and _holds(pair, second, where, row["person_id"])
        ):
            continue
        key = (pair.batch.id_of(where), row["person_id"], row["rule"], (first, second))
        kept, pending = said.get(key, (None, False))
        kept = row["policy"] if row["effect"] == "kept" else kept
        said[key] = kept, pending or row["effect"] == "pending"
    areas = dict(
        zip(pair.own("household_id").to_pylist(), pair.batch.rows.column("area").to_pylist(), strict=True)
    )
    for (where_id, person, rule, between), (kept, pending) in said.items():
        yield Exclusive(where_id, areas[where_id], person, rule, between, kept, pending)


def _holds(pair: Pair, policy: str, household: int, person_id: str | None) -> bool:
    """Is it on record for the person, for the household, or, where a whole household is meant, for anybody in it?"""
    held: Array = pair.held(policy)[0]
    if not pair.of_people(policy):
        return bool(held[household])
    if person_id is not None:
        return bool(held[pair.person_rows(np.array([household]), [person_id])[0]])
    first, last = pair.batch.people.offsets[household : household + 2]
    return bool(held[first:last].any())
