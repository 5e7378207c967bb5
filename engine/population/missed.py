"""Where enrolment and findings part: who qualifies and has nothing, and who has something and no longer qualifies.

Only programmes that somebody holds by the data are looked at: of the others the data do not say who is enrolled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engine.language.columns.values import Array
from engine.population.pairs import Found, Pair, Run, enrolled_policies, pairs
from engine.population.problems import bad

MISSED, REFUSED, OPEN = "missed", "refused", "open"
SHOWN = ("policy", "area", "household_id", "person_id", "amount", "min", "max", "score_worst", "score_best")


@dataclass(slots=True)
class Count:
    """Of one programme: how many are enrolled, missed, refused, open and not enrolled; of whom nothing is said."""

    enrolled: int = 0
    missed: int = 0
    refused: int = 0
    open: int = 0
    unsaid: int = 0


@dataclass(frozen=True, slots=True)
class Gaps:
    """Lists of subjects by kind, the hardest life first, and counts. `unchecked`: programmes that nobody holds."""

    missed: pa.Table
    refused: pa.Table
    open: pa.Table
    counts: dict[str, Count]
    unchecked: tuple[str, ...]


def gaps(run: Run, policies: Sequence[str] = ()) -> Gaps:
    """`policies`: look at these alone. Raises `BadTable` when the data say of no programme who is enrolled."""
    enrolled = enrolled_policies(run)
    asked = [one for one in enrolled if not policies or one in policies]
    if not asked:
        raise bad("nobody-enrolled", "statuses")
    counts = {policy: Count() for policy in asked}
    lists: dict[str, list[pa.Table]] = {MISSED: [], REFUSED: [], OPEN: []}
    for pair in pairs(run, asked, "score"):
        for policy in asked:
            for kind, rows in _of(pair, policy, counts[policy]).items():
                if len(rows):
                    lists[kind].append(_table(pair, policy, rows))
    unchecked = tuple(one for one in policies or run.book.policies if one not in asked)
    found = {kind: _sorted(tables) for kind, tables in lists.items()}
    return Gaps(found[MISSED], found[REFUSED], found[OPEN], counts, unchecked)


def _of(pair: Pair, policy: str, count: Count) -> dict[str, Array]:
    found = pair.found(policy)
    held, free = pair.held(policy)
    missed = free & found.is_("eligible") & ~found.dropped
    refused = held & found.in_force & found.is_("ineligible", "closed", "not-concerned")
    open_ = free & found.is_("undetermined") & ~found.dropped
    count.enrolled += int(held.sum())
    count.missed += int(missed.sum())
    count.refused += int(refused.sum())
    count.open += int(open_.sum())
    count.unsaid += int((~held & ~free & ~found.is_("not-concerned")).sum())
    return {MISSED: np.flatnonzero(missed), REFUSED: np.flatnonzero(refused), OPEN: np.flatnonzero(open_)}


def _table(pair: Pair, policy: str, rows: Array) -> pa.Table:
    households = pa.array(pair.households_of(policy, rows))
    found: Found = pair.found(policy)
    places = pa.array(rows)
    ids = pair.batch.person_ids().cast(pa.string()).take(places) if pair.of_people(policy) else None
    score = pair.own("score").take(households)
    columns = {
        "policy": pa.array([policy] * len(rows), pa.string()),
        "area": pair.batch.rows.column("area").cast(pa.string()).take(households),
        "household_id": pair.own("household_id").cast(pa.string()).take(households),
        "person_id": ids if ids is not None else pa.nulls(len(rows), pa.string()),
        **{name: found.column(name).take(places) for name in ("amount", "min", "max")},
        "score_worst": score.field("worst"),
        "score_best": score.field("best"),
    }
    return pa.table([columns[name] for name in SHOWN], names=list(SHOWN))


def _sorted(tables: list[pa.Table]) -> pa.Table:
    if not tables:
        return pa.table({name: pa.array([], pa.string()) for name in SHOWN})
    table = pa.concat_tables(tables)
    order = [("score_worst", "ascending"), ("household_id", "ascending"), ("policy", "ascending")]
    return table.sort_by([*order, ("person_id", "ascending")])
