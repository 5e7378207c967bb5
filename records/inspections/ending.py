"""How an inspection ends: closed with a report once everything is answered and put right, or abandoned."""

from __future__ import annotations

import json

from sqlalchemy.exc import DBAPIError

from records import audit, tables
from records.database import Writing
from records.inspections import reading
from records.inspections.reading import Inspection
from records.inspections.words import State, collided, impersonal, said
from records.refused import Refused
from records.rights import Viewer


def end(write: Writing, viewer: Viewer, one: Inspection, kind: State, report: str) -> dict[str, int]:
    """Ends an inspection; how its findings stand. Raises `Refused` not-drawn, still-open, not-abandoned, inspection-over."""
    counts = reading.counts(write, one.seq)
    if kind is State.CLOSED and counts["open"]:
        raise Refused(
            "still-open",
            f"还有 {counts['open']} 条发现没有核实 · {counts['open']} findings are not answered yet",
        )
    row = {
        "inspection": one.seq,
        "kind": kind.value,
        "report": impersonal(
            write, said(report, "请写明检查结论"), reading.sampled_households(write, one.seq)
        ),
        "counts": json.dumps(counts, sort_keys=True),
        "person": viewer.person,
    }
    try:
        audit.add_row(write, f"{kind}-inspection", tables.inspection_end, f"inspection:{one.seq}", row)
    except DBAPIError as error:
        raise collided(error) from None
    return counts
