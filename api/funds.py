"""Budgets beside what was paid, and what is owed back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.problems import not_found
from api.recorded import Asked, Id, Limit, Number, answer, asked, total
from engine.language.problems import nearest
from records import recovery, scope, tables
from records.cases import ending, store
from records.database import Reading
from records.payments import funds
from records.recovery import Account, Entry
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Name = Annotated[str, Field(max_length=80)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
MonthName = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
Amount = Annotated[str, Field(max_length=20)]
Year = Annotated[int, Query(ge=1950, le=2200)]


class NewBudget(Body):
    policy: Name
    year: int = Field(ge=1950, le=2200)
    area: Name
    amount: Amount
    reason: Words


class NewRecovery(Body):
    """`first` to `last`: the months to look at. `basis`: what it rests on, `alert:…` or `case:…`."""

    household_id: Name
    first: MonthName
    last: MonthName
    basis: Annotated[str, Field(pattern="^(alert|case):.+$", max_length=80)]
    reason: Words


class Basis(Body):
    reason: Words


class NewEntry(Body):
    """`amount`: of all but heard and dropped. `reference`: of a hearing's record, a receipt, a batch."""

    kind: Entry
    day: date
    amount: Amount | None = None
    reference: Name = ""
    reason: Words


# --- funds --------------------------------------------------------------------------------------------------


@router.get("/funds", summary="Budget, committed, paid, returned, by programme")
@needs(Right.READ_PAYMENTS)
def shown(request: Request, year: Year, area: Id = "") -> Response:
    """Counted from the rows that pay, in an area and everything below it."""
    ask = asked(request)
    reached = scope.areas_of(ask.viewer, Right.READ_PAYMENTS, ask.book)
    places = [area] if area else sorted({one.area for one in ask.viewer.granting(Right.READ_PAYMENTS)})
    if not reached.issuperset(places):
        raise not_found("area", area, nearest(area, reached))
    with ask.reading() as read:
        found = [(place, one) for place in places for one in funds.figures(read, ask.book, place, year)]
    return answer(
        {
            "year": year,
            "funds": [
                {
                    "area": place,
                    "policy": one.policy,
                    "budget": one.budget,
                    "committed": one.committed,
                    "paid": one.paid,
                    "returned": one.returned,
                    "elsewhere": one.elsewhere,
                    "left": one.left,
                }
                for place, one in found
            ],
        }
    )


@router.post("/budgets", status_code=201, summary="Set a budget", **takes(NewBudget))
@needs(Right.MANAGE_BUDGETS)
def sets(request: Request, told: Annotated[NewBudget, Depends(body_of(NewBudget))]) -> Response:
    """It takes the place of the one before, which stays in the record."""
    ask = asked(request)
    with ask.writing() as write:
        number = funds.set_budget(
            write, ask.book, ask.viewer, told.policy, told.year, told.area, told.amount, told.reason
        )
    return answer({"budget": number}, HTTPStatus.CREATED)


# --- what is owed back --------------------------------------------------------------------------------------


@router.get("/recoveries", summary="What is owed back, the newest first")
@needs(Right.READ_PAYMENTS)
def recoveries(request: Request, household: Id = "", limit: Limit = 50) -> Response:
    ask = asked(request)
    one = tables.recovery
    within = scope.of_households_within(one.c.household_id, ask.viewer, Right.READ_PAYMENTS, ask.book)
    query = select(one).where(within)
    query = query.where(one.c.household_id == household) if household else query
    with ask.reading() as read:
        count = total(read, query)
        rows = read.connection.execute(query.order_by(one.c.seq.desc()).limit(limit)).all()
        found = [_account(recovery.account_of(read, row.seq)) for row in rows]
    return answer({"total": count, "recoveries": found})


@router.get("/recoveries/{number}", summary="One recovery with its months and entries")
@needs(Right.READ_PAYMENTS)
def one(request: Request, number: Number) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        return answer(_whole(ask, read, number))


def _whole(ask: Asked, read: Reading, number: Number) -> Mapping[str, Any]:
    account = _seen(ask, read, Right.READ_PAYMENTS, number)
    months = [
        {
            "policy": one.policy,
            "subject": one.subject,
            "month": one.month,
            "version": one.version,
            "paid": one.paid,
            "due": one.due,
            "over": one.over,
        }
        for one in recovery.months_of(read, number)
    ]
    names = ("number", "kind", "amount", "reference", "reason", "day", "person", "recorded_on")
    entries = [{name: getattr(row, name) for name in names} for row in recovery.entries(read, number)]
    return {**_account(account), "months": months, "entries": entries}


def _seen(ask: Asked, read: Reading, right: Right, number: Number) -> Account:
    """Raises `Refused` no-recovery, also for one that is out of reach."""
    account = recovery.account_of(read, number)
    try:
        scope.household_seen(read, ask.viewer, right, ask.book, account.household_id)
    except Refused:
        raise recovery.no_recovery(number) from None
    return account


def _account(one: Account) -> dict[str, Any]:
    return {
        "recovery": one.recovery,
        "household_id": one.household_id,
        "found": one.found,
        "hearing": one.hearing or None,
        "heard": one.heard,
        "decided": one.decided,
        "back": one.back,
        "balance": one.balance,
    }


@router.post("/recoveries", status_code=201, summary="Open a recovery", **takes(NewRecovery))
@needs(Right.MANAGE_RECOVERIES)
def opens(request: Request, told: Annotated[NewRecovery, Depends(body_of(NewRecovery))]) -> Response:
    """Of the months that were surely paid above what was due. Nothing is taken back by it."""
    ask = asked(request)
    with ask.writing() as write:
        scope.household_seen(write, ask.viewer, Right.MANAGE_RECOVERIES, ask.book, told.household_id)
        months = recovery.overpaid(write, ask.book, told.household_id, told.first, told.last, write.day)
        number = recovery.open_recovery(
            write, ask.book, ask.viewer, told.household_id, months, told.basis, told.reason
        )
        made = _whole(ask, write, number)
    return answer(made, HTTPStatus.CREATED)


@router.post(
    "/cases/{case_id}/recovery", status_code=201, summary="Ask back what a decided case shows", **takes(Basis)
)
@needs(Right.MANAGE_RECOVERIES)
def opens_of_case(
    request: Request, case_id: str, told: Annotated[Basis, Depends(body_of(Basis))]
) -> Response:
    """Of the months since the day from which the case has stopped or reduced. Nothing is taken back by it."""
    ask = asked(request)
    with ask.writing() as write:
        case = store.case_seen(write, ask.viewer, Right.MANAGE_RECOVERIES, ask.book, case_id)
        number = ending.recover(write, ask.book, ask.viewer, case, told.reason)
        made = _whole(ask, write, number)
    return answer(made, HTTPStatus.CREATED)


@router.post(
    "/recoveries/{number}/entries", status_code=201, summary="A step of a recovery", **takes(NewEntry)
)
@needs(Right.MANAGE_RECOVERIES)
def adds(request: Request, number: Number, told: Annotated[NewEntry, Depends(body_of(NewEntry))]) -> Response:
    """heard, decided, dropped, repaid, offset, waiver-asked, waived; another person decides, another person waives."""
    ask = asked(request)
    with ask.writing() as write:
        _seen(ask, write, Right.MANAGE_RECOVERIES, number)
        recovery.add_entry(
            write,
            ask.book,
            ask.viewer,
            number,
            told.kind,
            day=told.day,
            reason=told.reason,
            amount=told.amount,
            reference=told.reference,
        )
        made = _whole(ask, write, number)
    return answer(made, HTTPStatus.CREATED)
