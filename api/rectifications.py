"""What has to be put right after an inspection: ordered, done by the unit, verified by somebody else."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.inspection_steps import finding_seen
from api.recorded import LATEST, Asked, Limit, Number, answer, asked, total
from records import tables
from records.database import Reading
from records.inspections import reading, rectifying
from records.inspections.rectifying import Wanted
from records.inspections.words import Step, no_rectification
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Words = Annotated[str, Field(min_length=2, max_length=2000)]
Skip = Annotated[int, Query(ge=0, le=10_000_000)]


class NewRectification(Body):
    """Who has to do what by when: the office of an area, or a department's there."""

    area: Annotated[str, Field(max_length=80)]
    department: Annotated[str, Field(max_length=80)] = ""
    task: Words
    due: date


class Done(Body):
    """`day`: on which it was done; today, if left out."""

    text: Words
    day: date | None = None


class Verified(Body):
    """`returned`: not done as ordered. `dropped`: not needed, or impossible; not by who ordered it."""

    state: Literal["verified", "returned", "dropped"]
    text: Words


@router.post(
    "/inspection-findings/{finding}/rectifications",
    status_code=201,
    summary="Say what has to be put right",
    **takes(NewRectification),
)
@needs(Right.INSPECT)
def orders(
    request: Request, finding: Number, told: Annotated[NewRectification, Depends(body_of(NewRectification))]
) -> Response:
    """For a confirmed finding. It stops nothing and recovers nothing by itself."""
    ask = asked(request)
    with ask.writing() as write:
        finding_seen(ask, write, finding)
        number = rectifying.order(
            write, ask.book, ask.viewer, finding, told.area, told.department, told.task, told.due
        )
    return answer({"finding": finding, "rectification": number}, HTTPStatus.CREATED)


@router.get("/rectifications", summary="What has to be put right, the earliest due first")
@needs(Right.READ_RECTIFICATIONS)
def listed(
    request: Request,
    wanted: Wanted = Wanted.OPEN,
    inspection: Annotated[int | None, Query(ge=1, le=LATEST)] = None,
    skip: Skip = 0,
    limit: Limit = 50,
) -> Response:
    """`overdue`: not done by its day; `done`: waits to be verified."""
    ask = asked(request)
    query = rectifying.rectifications(_within(ask), wanted=wanted, today=ask.today)
    if inspection is not None:
        query = query.where(tables.inspection_finding.c.inspection == inspection)
    with ask.reading() as read:
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
    return answer({"total": count, "rectifications": [_shown(ask, row) for row in rows]})


def _within(ask: Asked) -> Any:
    return rectifying.within_or_of_own(ask.viewer, ask.book)


def _shown(ask: Asked, row: Any) -> dict[str, Any]:
    made = {name: value for name, value in row._mapping.items() if name != "seq"}
    waits = row.state in ("ordered", Step.RETURNED)
    return {"rectification": row.seq, **made, "overdue": waits and row.due < ask.today}


@router.get("/rectifications/{rectification}", summary="What has to be put right, step by step")
@needs(Right.READ_RECTIFICATIONS)
def one(request: Request, rectification: Number) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        row = rectifying.rectification_of(read, rectification, _within(ask))
        steps = [
            {
                "number": step.number,
                "state": step.state,
                "text": step.text,
                "day": step.day,
                "by": step.recorded_by,
                "on": step.recorded_on,
            }
            for step in rectifying.steps(read, rectification)
        ]
    return answer({**_shown(ask, row), "steps": steps})


@router.post(
    "/rectifications/{rectification}/done", status_code=201, summary="Say what was done", **takes(Done)
)
@needs(Right.RECTIFY)
def done(request: Request, rectification: Number, told: Annotated[Done, Depends(body_of(Done))]) -> Response:
    """By the unit that has to do it. It counts once somebody else has verified it."""
    ask = asked(request)
    with ask.writing() as write:
        within = rectifying.within(ask.viewer, Right.RECTIFY, ask.book)
        rectifying.rectification_of(write, rectification, within)
        rectifying.step(write, ask.viewer, rectification, Step.DONE, told.text, told.day)
    return answer({"rectification": rectification, "state": Step.DONE}, HTTPStatus.CREATED)


@router.post(
    "/rectifications/{rectification}/verify",
    status_code=201,
    summary="Verify what was done",
    **takes(Verified),
)
@needs(Right.INSPECT)
def verifies(
    request: Request, rectification: Number, told: Annotated[Verified, Depends(body_of(Verified))]
) -> Response:
    """By whoever may lead the inspection, and never by who did it."""
    ask = asked(request)
    with ask.writing() as write:
        _inspected(ask, write, rectification)
        rectifying.step(write, ask.viewer, rectification, Step(told.state), told.text)
    return answer({"rectification": rectification, "state": told.state}, HTTPStatus.CREATED)


def _inspected(ask: Asked, read: Reading, rectification: int) -> None:
    row = rectifying.rectification_of(read, rectification)
    try:
        reading.seen(read, ask.viewer, Right.INSPECT, ask.book, row.inspection)
    except Refused:
        raise no_rectification(rectification) from None
