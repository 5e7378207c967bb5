"""Lists to work by: what I have to do, what is overdue, whose discretion lies apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from api.cases import shown_case, shown_due
from api.guard import guarded_router, needs
from api.recorded import Id, Limit, answer, asked
from records import scope, tables
from records.cases import clocks
from records.cases.clocks import Todo
from records.cases.discretion import outliers
from records.rights import Right

router = guarded_router()


@router.get("/todo", summary="What I have to do, by deadline and hardship")
@needs(Right.READ_CASES)
def todo(request: Request, limit: Limit = 50) -> Response:
    """Steps at my level, in my area, in cases where I have not acted in another capacity."""
    ask = asked(request)
    with ask.reading() as read:
        found = clocks.mine(read, ask.book, ask.viewer, ask.today)
    return answer(
        {"total": len(found), "todo": [_shown(one, one.overdue(ask.today)) for one in found[:limit]]}
    )


@router.get("/cases-overdue", summary="What is overdue, whoever has to do it")
@needs(Right.READ_CASES)
def overdue(request: Request, limit: Limit = 50) -> Response:
    """Only what is surely late: an end that is estimated, because a year has no calendar yet, makes nobody late."""
    ask = asked(request)
    with ask.reading() as read:
        found = [one for one in clocks.todos(read, ask.book, ask.viewer, ask.today) if one.overdue(ask.today)]
    return answer({"total": len(found), "overdue": [_shown(one, True) for one in found[:limit]]})


def _shown(one: Todo, late: bool) -> Mapping[str, Any]:
    return {
        **shown_case(one.case),
        "area": one.area,
        "seen": one.seen,
        "action": one.action,
        "levels": list(one.levels),
        "since": one.since,
        "due": shown_due(one.due),
        "limit": shown_due(one.limit),
        "overdue": late,
        "score": None if one.case.score is None else one.case.score / 100,
    }


@router.get("/discretion-outliers", summary="Approvers whose amounts lie apart from similar cases")
@needs(Right.READ_AUDIT)
def apart(request: Request, policy: Id) -> Response:
    ask = asked(request)
    case = tables.relief_case.c
    within = scope.of_households_within(case.household_id, ask.viewer, Right.READ_AUDIT, ask.book)
    with ask.reading() as read:
        return answer({"policy": policy, "outliers": outliers(read, policy, within)})
