"""Where money goes: entered by one person, approved by another."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import Id, Limit, Number, answer, asked, total
from records import people, scope, tables
from records.payments import payees
from records.payments.payees import Relation
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Name = Annotated[str, Field(max_length=80)]


class NewPayee(Body):
    """`person_id` "": of what is granted to the household. The account is the one registered with `holder`."""

    household_id: Name
    person_id: Name = ""
    holder: Name
    relation: Relation
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.get("/payees", summary="Where money goes, the newest first")
@needs(Right.READ_PAYMENTS)
def listed(request: Request, household: Id = "", waiting: bool = False, limit: Limit = 50) -> Response:
    """`waiting`: only those that nobody has approved."""
    ask = asked(request)
    payee, approval = tables.pay_to, tables.pay_to_approval
    within = scope.of_households_within(payee.c.household_id, ask.viewer, Right.READ_PAYMENTS, ask.book)
    joined = payee.outerjoin(approval, approval.c.pay_to == payee.c.seq)
    query = select(
        payee, approval.c.recorded_by.label("approved_by"), approval.c.recorded_on.label("approved_on")
    )
    query = query.select_from(joined).where(within)
    query = query.where(payee.c.household_id == household) if household else query
    query = query.where(approval.c.seq.is_(None)) if waiting else query
    with ask.reading() as read:
        count = total(read, query)
        rows = read.connection.execute(query.order_by(payee.c.seq.desc()).limit(limit)).all()
        names = people.masked(read, [row.holder for row in rows])
    return answer({"total": count, "payees": [_plain(row, names[row.holder]) for row in rows]})


def _plain(row: Any, holder: people.Identity) -> dict[str, Any]:
    return {
        "payee": row.seq,
        "household_id": row.household_id,
        "person_id": row.person_id,
        "holder": row.holder,
        "holder_name": holder.name,
        "relation": row.relation,
        "reason": row.reason,
        "entered_by": row.recorded_by,
        "entered_on": row.recorded_on,
        "approved_by": row.approved_by,
        "approved_on": row.approved_on,
    }


@router.post("/payees", status_code=201, summary="Say where money is to go", **takes(NewPayee))
@needs(Right.MANAGE_PAYEES)
def enters(request: Request, told: Annotated[NewPayee, Depends(body_of(NewPayee))]) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        scope.household_seen(write, ask.viewer, Right.MANAGE_PAYEES, ask.book, told.household_id)
        scope.person_seen(write, ask.viewer, Right.MANAGE_PAYEES, ask.book, told.holder)
        number = payees.enter(
            write, ask.viewer, told.household_id, told.person_id, told.holder, told.relation, told.reason
        )
    return answer({"payee": number}, HTTPStatus.CREATED)


@router.post("/payees/{payee}/approve", summary="Approve, by another person")
@needs(Right.MANAGE_PAYEES)
def approves(request: Request, payee: Number) -> Response:
    ask = asked(request)
    of = tables.pay_to.c
    with ask.writing() as write:
        household = write.connection.execute(select(of.household_id).where(of.seq == payee)).scalar()
        if household is None:
            raise payees.no_payee(payee)
        try:
            scope.household_seen(write, ask.viewer, Right.MANAGE_PAYEES, ask.book, household)
        except Refused:
            raise payees.no_payee(payee) from None
        payees.approve(write, ask.viewer, payee)
    return answer({"payee": payee, "approved": True})
