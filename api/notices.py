"""What somebody should look at: found by the night's run, answered by people, paused by people."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from sqlalchemy import ColumnElement, select
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import Asked, Id, Limit, Number, answer, asked, total
from records import notices, scope, tables
from records.cases import ending
from records.database import AT_ONCE, Reading, batched
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Kind = Annotated[str, Query(pattern="^(|alert|task|proposal)$", description="alert, task, proposal")]


class Answer(Body):
    answer: str = Field(pattern="^(confirmed|refuted|done|unclear)$")
    reason: str = Field(min_length=2, max_length=500)


class Why(Body):
    reason: str = Field(min_length=2, max_length=500)


class Pause(Body):
    """About a household, or about a rule everywhere; nothing of it is raised until a day."""

    household_id: str = Field(default="", max_length=80)
    about: str = Field(default="", max_length=80)
    policy: str = Field(default="", max_length=80)
    until: date
    reason: str = Field(min_length=2, max_length=500)


@router.get("/notices", summary="What to look at, the gravest first")
@needs(Right.READ_NOTICES)
def listed(
    request: Request,
    kind: Kind = "",
    about: Id = "",
    owner: Id = "",
    household: Id = "",
    every: Annotated[bool, Query(description="closed ones as well")] = False,
    waiting: Annotated[bool, Query(description="those that wait for a later night, instead")] = False,
    after: Annotated[int, Query(ge=0, le=1_000_000, description="leaves out so many")] = 0,
    limit: Limit = 20,
) -> Response:
    """A night gives each owner of each area so many; `waiting` says how many are kept for later nights.

    Twenty unless more is asked for; `total` says how many there are. Of households out of reach evidence says the area.
    """
    ask = asked(request)
    within = scope.within(ask.viewer, Right.READ_NOTICES, ask.book)
    query, kept = (
        notices.chosen(
            within,
            open_only=not every,
            waiting=which,
            kind=kind,
            about=about,
            owner=owner,
            household_id=household,
        )
        for which in (waiting, True)
    )
    with ask.reading() as read:
        count, left = total(read, query), total(read, kept)
        rows = [_shown(row) for row in read.connection.execute(query.offset(after).limit(limit))]
        _out_of_reach(read, within, rows)
    further = after + limit if after + limit < count else None
    return answer({"total": count, "waiting": left, "notices": rows, "after": further})


def _shown(row: Any) -> dict[str, Any]:
    made = dict(row._mapping)
    return {**made, "term": json.loads(made["term"]), "evidence": json.loads(made["evidence"])}


def _out_of_reach(read: Reading, within: ColumnElement[bool], rows: list[dict[str, Any]]) -> None:
    """Other households that evidence names and the viewer does not reach: the area stays, so that somebody can be asked."""
    named = [
        one for row in rows for one in row["evidence"] if isinstance(one, dict) and "household_id" in one
    ]
    household = tables.household.c
    ids = sorted({one["household_id"] for one in named})
    found: dict[str, tuple[str, bool]] = {}
    for some in batched(ids, AT_ONCE):
        query = select(household.household_id, household.area, within.label("reached"))
        for row in read.connection.execute(query.where(household.household_id.in_(some))):
            found[row.household_id] = row.area, bool(row.reached)
    for one in named:
        area, reached = found[one["household_id"]]
        if not reached:
            one.pop("household_id")
            one.pop("holder", None)
            one["area"] = area


@router.get("/notices/rates", summary="How often each watch rule was right")
@needs(Right.READ_NOTICES)
def rates(request: Request) -> Response:
    """`rate`: confirmed among those that were checked; null while nothing was."""
    ask = asked(request)
    with ask.reading() as read:
        found = notices.rates(read, scope.within(ask.viewer, Right.READ_NOTICES, ask.book))
    return answer({"rates": [{**_plain(one), "rate": one.rate} for one in found]})


def _plain(one: notices.Rate) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("about", "raised", "open", "confirmed", "refuted", "harm")}


@router.post("/notices/{notice}/answers", status_code=201, summary="Say what was found", **takes(Answer))
@needs(Right.ANSWER_NOTICES)
def say(request: Request, notice: Number, told: Annotated[Answer, Depends(body_of(Answer))]) -> Response:
    """Once it is confirmed, refuted or done, no night raises it again."""
    ask = asked(request)
    with ask.writing() as write:
        _seen(ask, write, notice)
        notices.answer(write, notice, told.answer, told.reason, ask.viewer.person)
    return answer({"notice": notice, "answer": told.answer}, 201)


def _seen(ask: Asked, read: Any, notice: Number, right: Right = Right.ANSWER_NOTICES) -> None:
    missing = Refused("no-notice", f"没有第 {notice} 号提示 · there is no notice {notice}")
    household_id = read.connection.execute(
        select(tables.notice.c.household_id).where(tables.notice.c.seq == notice)
    ).scalar()
    if household_id is None:
        raise missing
    try:
        scope.household_seen(read, ask.viewer, right, ask.book, household_id)
    except Refused:
        raise missing from None


@router.post(
    "/notices/{notice}/case", status_code=201, summary="Open the case that a proposal asks for", **takes(Why)
)
@needs(Right.INVESTIGATE)
def opens(request: Request, notice: Number, told: Annotated[Why, Depends(body_of(Why))]) -> Response:
    """With the numbers of today. Nothing is stopped or reduced before the case has gone its way."""
    ask = asked(request)
    with ask.writing() as write:
        _seen(ask, write, notice, Right.INVESTIGATE)
        case, numbers = ending.accept(write, ask.book, ask.viewer, notice, told.reason)
    made = {
        "notice": notice,
        "case_id": case.case_id,
        "policy": case.policy,
        "subject": case.subject,
        "purpose": case.purpose,
        "ending": numbers or None,
    }
    return answer(made, 201)


@router.post("/pauses", status_code=201, summary="Raise nothing of this until a day", **takes(Pause))
@needs(Right.PAUSE_NOTICES)
def pause(request: Request, told: Annotated[Pause, Depends(body_of(Pause))]) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        if told.household_id:
            scope.household_seen(write, ask.viewer, Right.PAUSE_NOTICES, ask.book, told.household_id)
        notices.pause(
            write,
            until=told.until,
            reason=told.reason,
            person=ask.viewer.person,
            household_id=told.household_id,
            about=told.about,
            policy=told.policy,
        )
    return answer({"until": told.until}, 201)
