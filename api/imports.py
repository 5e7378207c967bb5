"""Sheets into the record over HTTP, the workbook to fill in, and what was granted and paid before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from sqlalchemy import Row, Select, Table, select
from starlette.responses import Response

from api.answers import PRIVATE
from api.bodies import Body, body_of, takes
from api.files import LARGEST, TAKES_A_FILE, XLSX, content_of
from api.guard import guarded_router, needs, up_to
from api.query import language_of
from api.recorded import After, Asked, Id, Limit, Number, answer, asked, total
from engine.population.sheets import Imported
from records import households, reviews, scope, tables, where
from records.database import Writing
from records.opening import open_record
from records.opening_rows import check_opening
from records.refused import Refused
from records.rights import Right
from records.sheet_template import template
from records.sheets_in import check_sheets, import_checked
from records.workbooks import read_sheets

router = guarded_router()

Kind = Annotated[
    str, Query(pattern="^(households|opening)$", description="households, or awards and payments")
]
Sheet = Annotated[str, Query(max_length=40, description="what the one sheet of a CSV is called")]
Language = Annotated[str | None, Query(max_length=10, description="otherwise Accept-Language")]


class Review(Body):
    """`last_day`: of an award that is ended."""

    outcome: str = Field(pattern="^(confirmed|ended)$")
    reason: str = Field(min_length=1, max_length=500)
    last_day: date | None = None


@router.post("/imports", summary="Sheets into the record, with a verdict for every row", **TAKES_A_FILE)
@needs(Right.IMPORT)
@up_to(LARGEST)
def import_sheets(
    request: Request,
    content: Annotated[bytes, Depends(content_of)],
    kind: Kind = "households",
    sheet: Sheet = "households",
    since: date | None = None,
    whole: bool = False,
    dry_run: bool = False,
) -> Response:
    """`since`: the first day of the members, or the day on which awards are current; today unless said."""
    ask = asked(request)
    sheets = read_sheets(sheet, content)
    areas = scope.areas_of(ask.viewer, Right.IMPORT, ask.book)
    day = since or ask.today
    with ask.writing() as write:
        if kind == "opening":
            opening = check_opening(write, ask.book, sheets, day, areas.__contains__)
            if not dry_run:
                open_record(write, opening, whole)
            awards, payments = opening.counts()
            taken = {"awards": awards, "payments": payments}
            return answer(_verdicts(opening.imported, taken, dry_run))
        seen = _seen(ask, write)
        checked = check_sheets(write, ask.book, sheets, day, areas.__contains__, seen)
        if not dry_run:
            import_checked(write, ask.book, checked)
    return answer(_verdicts(checked.imported, {"households": len(checked.arrivals)}, dry_run))


def _seen(ask: Asked, write: Writing) -> Any:
    """Whether the viewer may be told of a household."""
    reached = scope.areas_of(ask.viewer, Right.READ_HOUSEHOLDS, ask.book)
    return lambda household: where.areas_of(write, [household]).get(household) in reached


def _verdicts(found: Imported, taken: dict[str, int], dry_run: bool) -> dict[str, Any]:
    rows = [
        {
            "sheet": row.sheet.name,
            "row": row.number,
            "household_id": row.household,
            "verdict": found.verdict(row),
        }
        for row in found.rows
    ]
    told = [
        {
            "sheet": one.sheet,
            "row": one.row,
            "column": one.column,
            "code": one.code,
            "warning": warning,
            "message": {language: one.said(language) for language in ("zh", "en")},
        }
        for warning, some in ((False, found.problems), (True, found.warnings))
        for one in some
    ]
    return {
        "dry_run": dry_run,
        "taken": taken,
        "verdicts": Counter(row["verdict"] for row in rows),
        "rows": rows,
        "problems": told,
    }


@router.get(
    "/imports/template",
    summary="A workbook to fill in",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
@needs(Right.IMPORT)
def get_template(request: Request, lang: Language = None) -> Response:
    ask = asked(request)
    content = template(ask.book, language_of(request, ask.book))
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="template.xlsx"'}
    return Response(content, HTTPStatus.OK, headers, XLSX)


# --- granted and paid ---------------------------------------------------------------------------------------


@router.get("/awards", summary="What was granted; those that wait for a review")
@needs(Right.READ_HOUSEHOLDS)
def awards(
    request: Request,
    household: Id = "",
    person: Id = "",
    policy: Id = "",
    waiting: Annotated[bool, Query(description="carried over and not reviewed")] = False,
    after: After = 0,
    limit: Limit = 50,
) -> Response:
    query = reviews.waiting() if waiting else select(tables.award).order_by(tables.award.c.seq)
    chosen = {"household_id": household, "person_id": person, "policy": policy}
    count, rows, following = _page(
        asked(request), Right.READ_HOUSEHOLDS, tables.award, query, chosen, after, limit
    )
    listed = [
        {
            "award": row.seq,
            "household_id": row.household_id,
            "person_id": row.person_id,
            "policy": row.policy,
            "from": row.valid_from,
            "to": row.valid_to,
            "amount": row.amount,
            "period": row.period,
            "basis": row.basis,
            "source": row.source,
            "recorded_on": row.recorded_on,
        }
        for row in rows
    ]
    return answer({"total": count, "awards": listed, "after": following})


@router.post("/awards/{award}/review", summary="Review an award that was carried over", **takes(Review))
@needs(Right.DECIDE)
def review(request: Request, award: Number, told: Annotated[Review, Depends(body_of(Review))]) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        seen = scope.of_households_within(tables.award.c.household_id, ask.viewer, Right.DECIDE, ask.book)
        found = write.connection.execute(reviews.waiting().where(reviews.award_is(award), seen)).first()
        if found is None:
            raise Refused("no-award", f"没有待复核的待遇 {award} · no award {award} waits for a review")
        households.claim_as_it_is(write, found.household_id)
        number = reviews.review(write, award, told.outcome, told.reason, told.last_day)
    return answer({"review": number, "award": award, "outcome": told.outcome}, HTTPStatus.CREATED)


@router.get("/payments", summary="What was paid, and what came back")
@needs(Right.READ_PAYMENTS)
def payments(
    request: Request,
    household: Id = "",
    person: Id = "",
    policy: Id = "",
    month: Annotated[str, Query(pattern="^([0-9]{4}-[0-9]{2})?$")] = "",
    after: After = 0,
    limit: Limit = 50,
) -> Response:
    query = select(tables.payment).order_by(tables.payment.c.seq)
    chosen = {"household_id": household, "person_id": person, "policy": policy, "month": month}
    count, rows, following = _page(
        asked(request), Right.READ_PAYMENTS, tables.payment, query, chosen, after, limit
    )
    listed = [
        {
            "payment": row.seq,
            "household_id": row.household_id,
            "person_id": row.person_id,
            "award": row.award,
            "policy": row.policy,
            "month": row.month,
            "amount": row.amount,
            "paid_on": row.paid_on,
            "state": row.state,
            "takes_back": row.takes_back,
            "basis": row.basis,
            "source": row.source,
        }
        for row in rows
    ]
    return answer({"total": count, "payments": listed, "after": following})


def _page(
    ask: Asked,
    right: Right,
    table: Table,
    query: Select[Any],
    chosen: Mapping[str, str],
    after: int,
    limit: int,
) -> tuple[int, Sequence[Row[Any]], int | None]:
    """How many there are in all, a page of them, and where the next one begins. `chosen`: by column, "" for any."""
    query = query.where(scope.of_households_within(table.c.household_id, ask.viewer, right, ask.book))
    for name, value in chosen.items():
        query = query.where(table.c[name] == value) if value else query
    with ask.reading() as read:
        count = total(read, query)
        rows = read.connection.execute(query.where(table.c.seq > after).limit(limit)).all()
    return count, rows, rows[-1].seq if len(rows) == limit else None
