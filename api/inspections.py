"""Special inspections as they are read: where each stands, who was drawn, what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from api.guard import guarded_router, needs
from api.recorded import Asked, Before, Id, Limit, Number, answer, asked, total
from records import people, tables
from records.database import Reading
from records.inspections import findings, reading
from records.inspections.reading import Inspection
from records.inspections.words import HOUSEHOLD
from records.rights import Right

router = guarded_router()

Skip = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/inspection-rules", summary="The sets of rules that an inspection may go by")
@needs(Right.READ_INSPECTIONS)
def rules(request: Request) -> Response:
    """From the rulebook that is served."""
    ask = asked(request)
    found = [
        {
            "rules": one.id,
            "title": one.title,
            "of": one.of,
            "watch": list(one.watch),
            "proposals": list(one.proposals),
            "looks": list(one.looks),
            "cite": one.cite,
        }
        for one in ask.book.inspections.values()
    ]
    return answer({"total": len(found), "rules": found})


@router.get("/inspections", summary="Inspections, the newest first")
@needs(Right.READ_INSPECTIONS)
def listed(
    request: Request,
    area: Id = "",
    state: Id = "",
    before: Before | None = None,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    one = tables.inspection.c
    query = reading.inspections(reading.within(ask.viewer, Right.READ_INSPECTIONS, ask.book), state=state)
    query = query.where(one.area == area) if area else query
    with ask.reading() as read:
        count = total(read, query)
        page = query if before is None else query.where(one.seq < before)
        found = [reading.inspection_of(row) for row in read.connection.execute(page.limit(limit))]
    following = found[-1].seq if len(found) == limit else None
    return answer({"total": count, "inspections": [_plain(one) for one in found], "before": following})


@router.get("/inspections/{inspection}", summary="An inspection, how it was drawn and where it stands")
@needs(Right.READ_INSPECTIONS)
def one(request: Request, inspection: Number) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        return answer(inspection_shown(read, inspection_seen(ask, read, Right.READ_INSPECTIONS, inspection)))


def inspection_seen(ask: Asked, read: Reading, right: Right, inspection: int) -> Inspection:
    return reading.seen(read, ask.viewer, right, ask.book, inspection)


def _plain(found: Inspection) -> dict[str, Any]:
    made = {name: getattr(found, name) for name in Inspection.__slots__ if name not in ("seq", "person")}
    return {"inspection": found.seq, **made, "policies": list(found.policies)}


def inspection_shown(read: Reading, found: Inspection) -> Mapping[str, Any]:
    draw, end = reading.draw_of(read, found.seq), reading.end_of(read, found.seq)
    return {
        **_plain(found),
        "draw": None
        if draw is None
        else {
            "method": draw.method,
            "population": draw.population,
            "sampled": draw.sampled,
            "strata": json.loads(draw.strata),
            "population_hash": draw.population_hash,
            "drawn_by": draw.recorded_by,
            "drawn_on": draw.recorded_on,
        },
        "runs": [
            {
                "on": run.on,
                "known": run.known,
                "rulebook": run.rulebook,
                "looked": run.looked,
                "found": run.found,
                "counts": json.loads(run.counts),
                "unread": json.loads(run.unread),
                "run_by": run.recorded_by,
                "run_on": run.recorded_on,
            }
            for run in reading.runs(read, found.seq)
        ],
        "counts": reading.counts(read, found.seq),
        "end": None
        if end is None
        else {"kind": end.kind, "report": end.report, "by": end.recorded_by, "on": end.recorded_on},
    }


@router.get("/inspections/{inspection}/sample", summary="Who was drawn")
@needs(Right.READ_INSPECTIONS)
def sample(request: Request, inspection: Number, skip: Skip = 0, limit: Limit = 50) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        query = reading.sample(inspection_seen(ask, read, Right.READ_INSPECTIONS, inspection).seq)
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
    names = ("number", "stratum", "item", "household_id", "policy")
    return answer({"total": count, "sample": [{name: getattr(row, name) for name in names} for row in rows]})


@router.get("/inspections/{inspection}/findings", summary="What was found, the gravest first")
@needs(Right.READ_INSPECTIONS)
def found(
    request: Request,
    inspection: Number,
    state: Annotated[
        str, Query(pattern="^(|open|confirmed|refuted)$", description="how it was answered")
    ] = "",
    skip: Skip = 0,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        query = findings.of_inspection(
            inspection_seen(ask, read, Right.READ_INSPECTIONS, inspection).seq, state
        )
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
        names = people.masked(read, sorted({row.subject for row in rows if row.household_id} - {HOUSEHOLD}))
    shown = [
        {"finding": row.seq, **_without_seq(findings.shown(row)), "name": _name(names, row.subject)}
        for row in rows
    ]
    return answer({"total": count, "findings": shown})


def _without_seq(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "seq"}


def _name(names: Mapping[str, people.Identity], subject: str) -> str | None:
    return names[subject].name if subject in names else None
