"""Results as flat tables for other programs: a row for each household, and a row for each finding."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from engine.language.scope import PERSON
from engine.population.pairs import Pair, Run, pairs
from engine.population.sums import PERIODS

UNSAID = ("not-concerned", "not-in-force")  # findings that say nothing of a subject


def flat(run: Run) -> dict[str, pa.Table]:
    """`households` and `findings`; of the latter those that concern anybody."""
    households: list[pa.Table] = []
    findings: list[pa.Table] = []
    for pair in pairs(run, list(run.book.policies), "score", "due"):
        households.append(_households(pair))
        findings += [_findings(pair, policy) for policy in run.book.policies]
    every = pa.concat_tables(findings).sort_by([("household_id", "ascending"), ("person_id", "ascending")])
    return {"households": pa.concat_tables(households), "findings": every}


def _households(pair: Pair) -> pa.Table:
    score, due = pair.own("score"), pair.own("due")
    columns = {
        "household_id": pair.own("household_id").cast(pa.string()),
        "area": pair.batch.rows.column("area").cast(pa.string()),
        "people": pa.array(pair.batch.people.sizes),
        "score_worst": score.field("worst"),
        "score_best": score.field("best"),
    }
    for period in PERIODS:
        for end in ("min", "max"):
            columns[f"due_{period}_{end}"] = due.field(f"{period}_{end}")
    return pa.table(columns)


def _findings(pair: Pair, policy: str) -> pa.Table:
    found = pair.found(policy)
    outcome = found.column("outcome").cast(pa.string())
    rows = pc.indices_nonzero(pc.invert(pc.is_in(outcome, pa.array(UNSAID))))
    people = pair.batch.person_ids().cast(pa.string())
    households = pa.array(pair.households_of(policy, rows.to_numpy()))
    person = pair.run.book.policies[policy].unit == PERSON
    return pa.table(
        {
            "household_id": pair.own("household_id").cast(pa.string()).take(households),
            "person_id": people.take(rows) if person else pa.nulls(len(rows), pa.string()),
            "policy": pa.array([policy] * len(rows), pa.string()),
            "outcome": outcome.take(rows),
            "version": found.column("version").cast(pa.string()).take(rows),
            **{name: found.column(name).take(rows) for name in ("amount", "min", "max")},
            "dropped": pa.array(found.dropped).take(rows),
        }
    )
