"""Cases: applied for at one window, taken step by step, appealed against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from sqlalchemy import and_, exists, select
from starlette.responses import Response

from api.answers import PRIVATE
from api.bodies import Body, Version, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import Asked, Id, Limit, answer, asked, total
from engine.rulebook.working_days import Due
from records import people, scope, tables
from records.cases import acting, applying, clocks, deciding, discretion, store
from records.cases.applying import Applied
from records.cases.bulk import Asked as OneOfMany
from records.cases.bulk import take_all
from records.cases.flow import Case, Position, Step, position
from records.cases.slip import slip_page
from records.cases.steps import Told, area_of, take
from records.cases.words import Action, State
from records.database import Reading
from records.people import Identity
from records.rights import Right

router = guarded_router()

Name = Annotated[str, Field(max_length=80)]
Words = Annotated[str, Field(max_length=2000)]


class NewApplication(Body):
    """`policies`: those that are applied for; none: all that may fit. `urgent`: of them, relief before papers."""

    household_id: Name
    applicant: Name = ""
    channel: Name = "window"
    policies: list[Name] = Field(default_factory=list, max_length=60)
    urgent: list[Name] = Field(default_factory=list, max_length=60)


class NewStep(Body):
    """`seen`: the number of the last step that was read. `decision_id`: the decision that was read."""

    action: Action
    seen: Version
    text: Words = ""
    outcome: Name = ""
    reason: Name = ""
    amount: str | None = Field(default=None, max_length=20)
    until: date | None = None
    decision_id: Name = ""
    again: Words = ""
    who: Name = ""
    participants: int | None = Field(default=None, ge=1, le=10_000)

    def told(self) -> Told:
        more = {} if self.participants is None else {"participants": self.participants}
        return Told(
            self.text,
            self.outcome,
            self.reason,
            self.amount,
            self.until,
            self.decision_id,
            self.again,
            self.who,
            more,
        )


class OneCase(Body):
    case_id: Name
    seen: Version
    decision_id: Name = ""


class ManySteps(Body):
    """`each`: those that can be done are; otherwise all or none."""

    action: Action
    cases: list[OneCase] = Field(min_length=1, max_length=200)
    text: Words = ""
    each: bool = False


class Appeal(Body):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class NewCase(Body):
    """`purpose`: reduce or stop. `person_id`: of an allowance that is a person's own."""

    policy: Name
    person_id: Name = ""
    purpose: Annotated[str, Field(pattern="^(reduce|stop)$")]
    text: Annotated[str, Field(min_length=1, max_length=2000)]


# --- applying -----------------------------------------------------------------------------------------------


@router.post("/applications", status_code=201, summary="Apply at one window", **takes(NewApplication))
@needs(Right.APPLY)
def apply(request: Request, told: Annotated[NewApplication, Depends(body_of(NewApplication))]) -> Response:
    """A case for each programme that may fit, and what is still missing; nothing that is known is asked again."""
    ask = asked(request)
    with ask.writing() as write:
        scope.household_seen(write, ask.viewer, Right.APPLY, ask.book, told.household_id)
        applied = applying.apply(
            write,
            ask.book,
            ask.viewer,
            told.household_id,
            told.applicant,
            told.channel,
            tuple(told.policies),
            tuple(told.urgent),
        )
    return answer(_slip(applied), HTTPStatus.CREATED)


@router.get("/applications/{application_id}", summary="The acceptance slip")
@needs(Right.READ_CASES)
def slip(request: Request, application_id: str) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        return answer(_slip(applying.applied(read, ask.book, ask.viewer, application_id)))


@router.get(
    "/applications/{application_id}/slip",
    summary="The acceptance slip, to print",
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
@needs(Right.READ_CASES)
def printed(request: Request, application_id: str) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        applied = applying.applied(read, ask.book, ask.viewer, application_id)
        name = people.masked(read, [applied.applicant]).get(applied.applicant, Identity()).name or ""
    headers = PRIVATE | {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(slip_page(ask.book, applied, name), 200, headers, "text/html; charset=utf-8")


def _slip(applied: Applied) -> Mapping[str, Any]:
    return {
        "application_id": applied.application_id,
        "household_id": applied.household_id,
        "applicant": applied.applicant or None,
        "channel": applied.channel,
        "applied_on": applied.applied_on,
        "decision_id": applied.decision_id,
        "cases": [
            {
                "case_id": one.case_id,
                "policy": one.policy,
                "subject": one.subject,
                "outcome": one.outcome,
                "procedure": one.procedure or None,
                "limit": shown_due(one.limit),
            }
            for one in applied.cases
        ],
        "passed": applied.passed,
        "missing": applied.missing,
        "gaps": applied.gaps,
        "facts_known": applied.facts_known,
    }


@router.post("/households/{household_id}/cases", status_code=201, summary="Look into reducing or stopping",
             **takes(NewCase))  # fmt: skip
@needs(Right.INVESTIGATE)
def open_case(
    request: Request, household_id: str, told: Annotated[NewCase, Depends(body_of(NewCase))]
) -> Response:
    """Opens a case; nothing is reduced or stopped before it has gone its way."""
    ask = asked(request)
    with ask.writing() as write:
        scope.household_seen(write, ask.viewer, Right.INVESTIGATE, ask.book, household_id)
        case = applying.open_case(
            write, ask.book, ask.viewer, household_id, told.policy, told.person_id, told.purpose, told.text
        )
        content = _shown(ask, write, case)
    return answer(content, HTTPStatus.CREATED)


# --- reading ------------------------------------------------------------------------------------------------


@router.get("/cases", summary="Cases, within what the viewer may see")
@needs(Right.READ_CASES)
def listed(
    request: Request,
    household: Id = "",
    policy: Id = "",
    area: Id = "",
    state: Annotated[State | None, Query(description="what the last step says")] = None,
    after: Id = "",
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    case, step = tables.relief_case.c, tables.case_step.c
    query = select(tables.relief_case).where(
        scope.of_households_within(case.household_id, ask.viewer, Right.READ_CASES, ask.book)
    )
    if household:
        query = query.where(case.household_id == household)
    if policy:
        query = query.where(case.policy == policy)
    if area:
        home = tables.household.c
        below = home.area.in_(sorted(scope.areas_below(ask.book, area)))
        query = query.where(case.household_id.in_(select(home.household_id).where(below)))
    if state is not None:
        later = tables.case_step.alias()
        follows = exists().where(and_(later.c.case_id == step.case_id, later.c.number > step.number))
        query = query.where(case.case_id.in_(select(step.case_id).where(~follows, step.after == state.value)))
    with ask.reading() as read:
        count = total(read, query)
        page = query.where(case.case_id > after).order_by(case.case_id).limit(limit)
        found = [store.case_of(row) for row in read.connection.execute(page)]
        steps = store.steps_of(read, [one.case_id for one in found])
    following = found[-1].case_id if len(found) == limit else None
    rows = [{**shown_case(one), "state": steps[one.case_id][-1].after} for one in found]
    return answer({"total": count, "cases": rows, "after": following})


@router.get("/cases/{case_id}", summary="A case with its steps and what may be done next")
@needs(Right.READ_CASES)
def one(request: Request, case_id: str) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        case = store.case_seen(read, ask.viewer, Right.READ_CASES, ask.book, case_id)
        content = _shown(ask, read, case)
    return answer(content)


def _shown(ask: Asked, read: Reading, case: Case) -> Mapping[str, Any]:
    steps = store.steps_of(read, [case.case_id])[case.case_id]
    handled = store.handled(ask.book, case, ask.today)
    at = position(handled, case, steps, ask.today)
    words = acting.reads_words(ask.viewer, ask.book, area_of(read, case), case.policy)
    said = store.said_in(read, case) if words else {}
    held = deciding.award_shown(read, case)
    return {
        **shown_case(case),
        "state": at.state,
        "procedure": handled.procedure or None,
        "public_until": at.public_until,
        "limit": shown_due(clocks.limit_of(ask.book, handled, steps, ask.today)),
        "next": _next(ask, at),
        "award": None
        if held is None
        else {"amount": held.amount, "period": held.period, "from": held.valid_from},
        "steps": [shown_step(step, said.get(step.number)) for step in steps],
    }


def _next(ask: Asked, at: Position) -> list[Mapping[str, Any]]:
    return [
        {
            "action": one.action,
            "levels": list(one.levels),
            "awaited": one.due,
            "due": shown_due(clocks.due_of(ask.book, one, ask.today)),
        }
        for one in at.possible
    ]


def shown_case(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "application_id": case.application_id or None,
        "household_id": case.household_id,
        "policy": case.policy,
        "subject": case.subject,
        "purpose": case.purpose,
        "urgent": case.urgent,
        "appeals": case.appeals or None,
        "opened_on": case.opened_on,
    }


def shown_step(step: Step, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`said`: None for who may not read it."""
    shown = {
        "number": step.number,
        "action": step.action,
        "before": step.before,
        "after": step.after,
        "level": step.level,
        "by": step.account,
        "day": step.day,
        "outcome": step.outcome,
        "reason": step.reason,
        "round": step.round,
        "until": step.until,
        "amount": step.amount,
    }
    kept = {name: value for name, value in shown.items() if value not in ("", None)}
    return {**kept, "before": step.before, "said": None if said is None else dict(said)}


def shown_due(due: Due | None) -> Mapping[str, Any] | None:
    """`day` null: a calendar is missing, and `estimate` counts weekends alone."""
    return None if due is None else {
        "day": due.day, "estimate": due.estimate, "unknown_years": list(due.unknown_years)
    }  # fmt: skip


# --- steps --------------------------------------------------------------------------------------------------


@router.post("/cases/{case_id}/steps", status_code=201, summary="Take a step", **takes(NewStep))
@needs(Right.READ_CASES)
def step(request: Request, case_id: str, told: Annotated[NewStep, Depends(body_of(NewStep))]) -> Response:
    """Each step needs its own right, at its own level; `next` of the case says which may be taken."""
    ask = asked(request)
    with ask.writing() as write:
        taken = take(write, ask.book, ask.viewer, case_id, told.seen, told.action, told.told())
    return answer(shown_step(taken, {}), HTTPStatus.CREATED)


@router.post("/cases/steps", summary="One step in many cases of one outcome", **takes(ManySteps))
@needs(Right.READ_CASES)
def many(request: Request, told: Annotated[ManySteps, Depends(body_of(ManySteps))]) -> Response:
    ask = asked(request)
    wanted = [OneOfMany(one.case_id, one.seen, one.decision_id) for one in told.cases]
    verdicts = take_all(ask.record, ask.book, ask.viewer, told.action, wanted, told.text, told.each)
    return answer({"done": sum(one.number is not None for one in verdicts), "verdicts": verdicts})


@router.post("/cases/{case_id}/appeal", status_code=201, summary="Appeal against a decision", **takes(Appeal))
@needs(Right.APPEAL)
def appeal(request: Request, case_id: str, told: Annotated[Appeal, Depends(body_of(Appeal))]) -> Response:
    """Opens a case at the level above, for people who had no part in the first."""
    ask = asked(request)
    with ask.writing() as write:
        case = applying.appeal(write, ask.book, ask.viewer, case_id, told.text)
        content = _shown(ask, write, case)
    return answer(content, HTTPStatus.CREATED)


@router.get("/cases/{case_id}/similar", summary="What similar cases were granted at discretion")
@needs(Right.READ_CASES)
def similar(
    request: Request,
    case_id: str,
    decision: Annotated[str, Query(max_length=80, description="from which cause and size are read")],
    amount: Annotated[Decimal | None, Query(ge=0, description="where it lies among them")] = None,
) -> Response:
    """Of the same policy and cause, for households of the same size."""
    ask = asked(request)
    with ask.reading() as read:
        case = store.case_seen(read, ask.viewer, Right.READ_CASES, ask.book, case_id)
        found = store.found_of(read, case, decision)
        cause = deciding.cause_of(store.handled(ask.book, case, ask.today), found)
        peers = discretion.similar(read, case.policy, cause, found.members, case_id, amount)
    band = None if found.least is None else {"min": found.least, "max": found.most}
    return answer({"cause": cause, "members": found.members, "band": band, "similar": peers})
