"""Batches of payments: built, looked at, released by another person, told to the bank, settled by what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from sqlalchemy import Select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import PRIVATE
from api.bodies import Body, body_of, takes
from api.body import read_body
from api.guard import guarded_router, needs, up_to
from api.recorded import Asked, Before, Id, Limit, Number, answer, asked, total
from records import people, scope, tables
from records.database import Reading
from records.payments import batches, results
from records.payments.bank_files import Exported, Format, Payer, export
from records.payments.batches import Batch, batch_of, build, cancel, seen
from records.payments.releasing import release
from records.payments.results import Taken, missing, take
from records.payments.words import HOUSEHOLD, month_number
from records.rights import Right

router = guarded_router()

LARGEST = 20_000_000  # bytes of a bank's file
Name = Annotated[str, Field(max_length=80)]
Words = Annotated[str, Field(max_length=2000)]
Skip = Annotated[int, Query(ge=0, le=10_000_000)]


class NewBatch(Body):
    """`month`: 2026-11. Every award of these programmes that covers it is in the batch, paid or blocked."""

    month: Annotated[str, Field(max_length=7)]
    area: Name
    policies: list[Name] = Field(min_length=1, max_length=60)


class Reason(Body):
    reason: Words = ""


class BankFile(Body):
    """`payer_…`: the office's own account. `purpose`: why names and account numbers are told in clear."""

    format: Format
    payer_name: Annotated[str, Field(min_length=1, max_length=140)]
    payer_account: Annotated[str, Field(min_length=1, max_length=34)]
    payer_bank: Annotated[str, Field(min_length=1, max_length=35)]
    pay_on: date
    purpose: Annotated[str, Field(min_length=1, max_length=500)]

    def payer(self) -> Payer:
        return Payer(self.payer_name, self.payer_account, self.payer_bank, self.pay_on)


# --- reading ------------------------------------------------------------------------------------------------


@router.get("/payment-batches", summary="Batches, the newest first")
@needs(Right.READ_PAYMENTS)
def listed(
    request: Request,
    month: Id = "",
    area: Id = "",
    state: Id = "",
    before: Before | None = None,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    batch = tables.pay_batch.c
    query = batches.batches().where(batch.area.in_(_areas(ask)))
    for column, wanted in ((batch.month, month), (batch.area, area), (tables.pay_step.c.state, state)):
        query = query.where(column == wanted) if wanted else query
    with ask.reading() as read:
        count = total(read, query)
        page = query.where(batch.seq < before) if before is not None else query
        found = [batch_of(row) for row in read.connection.execute(page.limit(limit))]
    following = found[-1].seq if len(found) == limit else None
    return answer({"total": count, "batches": [_plain(one) for one in found], "before": following})


def _areas(ask: Asked) -> list[str]:
    """Those of which the viewer sees a part: his or her own, everything below, everything around."""
    mine = scope.areas_of(ask.viewer, Right.READ_PAYMENTS, ask.book)
    found = set(mine)
    for one in mine:
        above = ask.book.areas[one].parent
        while above:
            found.add(above)
            above = ask.book.areas[above].parent
    return sorted(found)


@router.get("/payment-batches/{batch}", summary="A batch with its sums and steps")
@needs(Right.READ_PAYMENTS)
def one(request: Request, batch: Number) -> Response:
    """The sums are those of the lines that the viewer sees, computed from them."""
    ask = asked(request)
    with ask.reading() as read:
        found = seen(read, ask.book, ask.viewer, Right.READ_PAYMENTS, batch)
        return answer(_shown(ask, read, found))


def _shown(ask: Asked, read: Reading, found: Batch) -> Mapping[str, Any]:
    told = batches.sums(read, _within(ask, batches.lines(found.seq)))
    steps = [
        {
            "state": one.state,
            "person": one.person,
            "account": one.recorded_by,
            "day": one.recorded_on,
            "reason": one.reason,
            "file_hash": one.file_hash or None,
        }
        for one in batches.steps(read, found.seq)
    ]
    return {
        **_plain(found),
        "pays": told.pays,
        "blocked": told.blocked,
        "amount": told.amount,
        "amounts": told.amounts,
        "reasons": told.reasons,
        "warnings": told.warnings,
        "silent": len(missing(read, found.seq)),
        "steps": steps,
    }


def _within(ask: Asked, query: Select[Any]) -> Select[Any]:
    column = tables.pay_line.c.household_id
    return query.where(scope.of_households_within(column, ask.viewer, Right.READ_PAYMENTS, ask.book))


@router.get("/payment-batches/{batch}/lines", summary="The lines of a batch")
@needs(Right.READ_PAYMENTS)
def lines(
    request: Request,
    batch: Number,
    verdict: Id = "",
    reason: Id = "",
    policy: Id = "",
    household: Id = "",
    skip: Skip = 0,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        found = seen(read, ask.book, ask.viewer, Right.READ_PAYMENTS, batch)
        query = batches.lines(found.seq, verdict=verdict, reason=reason, policy=policy, household=household)
        query = _within(ask, query)
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
        of = {row.subject for row in rows} | {row.holder for row in rows if row.holder}
        names = people.masked(read, sorted(of - {HOUSEHOLD}))
    return answer({"total": count, "lines": [_line(row, names) for row in rows]})


def _line(row: Any, names: Mapping[str, people.Identity]) -> Mapping[str, Any]:
    def name(person: str | None) -> str | None:
        return names[person].name if person is not None and person in names else None

    return {
        "number": row.number,
        "household_id": row.household_id,
        "subject": row.subject,
        "name": name(row.subject),
        "policy": row.policy,
        "month": row.month,
        "kind": row.kind,
        "amount": row.amount,
        "holder": row.holder,
        "holder_name": name(row.holder),
        "account": names[row.holder].account if row.holder in names else None,
        "verdict": row.verdict,
        "reasons": json.loads(row.reasons),
        "warnings": json.loads(row.warnings),
    }


def _plain(one: Batch) -> dict[str, Any]:
    return {
        "batch": one.seq,
        "month": one.month,
        "area": one.area,
        "policies": list(one.policies),
        "state": one.state,
        "lines": one.lines,
        "rulebook": one.rulebook,
        "built_by": one.account,
        "built_on": one.built_on,
    }


@router.get("/payments-returned", summary="What came back and was not paid again")
@needs(Right.READ_PAYMENTS)
def came_back(request: Request, skip: Skip = 0, limit: Limit = 50) -> Response:
    ask = asked(request)
    column = tables.instruction.c.household_id
    within = scope.of_households_within(column, ask.viewer, Right.READ_PAYMENTS, ask.book)
    query = results.returned().where(within)
    with ask.reading() as read:
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
    names = (
        "reference",
        "batch",
        "household_id",
        "subject",
        "policy",
        "month",
        "amount",
        "holder",
        "reason",
        "day",
    )
    return answer({"total": count, "returned": [{one: getattr(row, one) for one in names} for row in rows]})


# --- steps --------------------------------------------------------------------------------------------------


@router.post("/payment-batches", status_code=201, summary="Build the batch of a month", **takes(NewBatch))
@needs(Right.BUILD_PAYMENTS)
def builds(request: Request, told: Annotated[NewBatch, Depends(body_of(NewBatch))]) -> Response:
    """Every award is a line; the watch rules of the rulebook say which are blocked, and why."""
    ask = asked(request)
    month_number(told.month)
    with ask.writing() as write:
        number = build(write, ask.book, ask.viewer, told.month, told.area, told.policies)
        found = seen(write, ask.book, ask.viewer, Right.BUILD_PAYMENTS, number)
        made = _shown(ask, write, found)
    return answer(made, HTTPStatus.CREATED)


@router.post("/payment-batches/{batch}/release", summary="Release, by another person", **takes(Reason))
@needs(Right.RELEASE_PAYMENTS)
def releases(request: Request, batch: Number, told: Annotated[Reason, Depends(body_of(Reason))]) -> Response:
    """Not who built it, nor who approved a case or a payee in it. Over a budget it needs a reason."""
    ask = asked(request)
    with ask.writing() as write:
        found = seen(write, ask.book, ask.viewer, Right.RELEASE_PAYMENTS, batch)
        made = release(write, ask.book, ask.viewer, found, told.reason)
    return answer(
        {
            "batch": batch,
            "state": "released",
            "instructions": made.instructions,
            "amount": made.amount,
            "over_budget": made.over,
            "without_budget": list(made.no_budget),
        }
    )


@router.post(
    "/payment-batches/{batch}/cancel", summary="Cancel a batch that is not released", **takes(Reason)
)
@needs(Right.BUILD_PAYMENTS)
def cancels(request: Request, batch: Number, told: Annotated[Reason, Depends(body_of(Reason))]) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        found = seen(write, ask.book, ask.viewer, Right.BUILD_PAYMENTS, batch)
        cancel(write, ask.viewer, found, told.reason)
    return answer({"batch": batch, "state": "cancelled"})


@router.post(
    "/payment-batches/{batch}/export", summary="The bank's file, with names in clear", **takes(BankFile)
)
@needs(Right.EXPORT_PAYMENTS)
def exports(
    request: Request, batch: Number, told: Annotated[BankFile, Depends(body_of(BankFile))]
) -> Response:
    """CSV, or ISO 20022 pain.001.001.09. That it was exported, why, and the file's hash stay in the record."""
    ask = asked(request)
    with ask.writing() as write:
        found = seen(write, ask.book, ask.viewer, Right.EXPORT_PAYMENTS, batch)
        made = export(write, ask.book, ask.viewer, found, told.format, told.payer(), told.purpose)
    return _file(found, told.format, made)


def _file(batch: Batch, form: Format, made: Exported) -> Response:
    ending, media = ("csv", "text/csv") if form is Format.CSV else ("xml", "application/xml")
    headers = PRIVATE | {
        "Content-Disposition": f'attachment; filename="batch-{batch.seq}-{batch.month}.{ending}"',
        "X-Content-SHA256": made.file_hash,
        "X-Transfers": str(made.transfers),
        "X-Control-Sum": str(made.amount),
    }
    return Response(made.content, 200, headers, f"{media}; charset=utf-8")


@router.post(
    "/payment-batches/{batch}/results",
    summary="What the bank says",
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    },
)
@needs(Right.SETTLE_PAYMENTS)
@up_to(LARGEST)
async def settles(request: Request, batch: Number) -> Response:
    """The body is the bank's CSV: reference, outcome, reason, date, and amount where it is told. Read once."""
    content = await read_body(request, LARGEST)
    return await run_in_threadpool(_settled, asked(request), batch, content)


def _settled(ask: Asked, batch: Number, content: bytes) -> Response:
    with ask.writing() as write:
        found = seen(write, ask.book, ask.viewer, Right.SETTLE_PAYMENTS, batch)
        return answer(_taken(take(write, ask.viewer, found, content)))


def _taken(one: Taken) -> Mapping[str, Any]:
    return {"counts": one.counts, "problems": one.problems, "silent": one.missing, "read_before": one.again}
