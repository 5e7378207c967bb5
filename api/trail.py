"""The audit trail: read, verified, exported for an auditor elsewhere."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import Request
from sqlalchemy import ColumnElement, or_, select, true
from starlette.responses import Response

from api.answers import PRIVATE
from api.guard import guarded_router, needs
from api.recorded import LATEST, Asked, Before, Id, Limit, answer, asked, total
from records import audit, scope, tables
from records.rights import Right
from records.verify import verify

router = guarded_router()


def _within(ask: Asked, right: Right) -> ColumnElement[bool]:
    """Entries about households and people within reach; all of them for whom every household is."""
    reached = scope.areas_of(ask.viewer, right, ask.book)
    if reached.issuperset(ask.book.areas) or _reaches_every_household(ask, right):
        return true()
    subject, household, member = tables.audit.c.subject, tables.household.c, tables.membership.c
    seen = select(household.household_id).where(scope.within(ask.viewer, right, ask.book))
    people = select(member.person_id).where(member.household_id.in_(seen))
    return or_(subject.in_(seen), subject.in_(people))


def _reaches_every_household(ask: Asked, right: Right) -> bool:
    with ask.reading() as read:
        outside = select(tables.household.c.household_id)
        outside = outside.where(~scope.within(ask.viewer, right, ask.book)).limit(1)
        return read.connection.execute(outside).first() is None


@router.get("/audit", summary="Entries of the audit trail, the newest first")
@needs(Right.READ_AUDIT)
def entries(
    request: Request,
    subject: Id = "",
    actor: Id = "",
    action: Id = "",
    before: Before = LATEST,
    limit: Limit = 50,
) -> Response:
    """Who did what to whom: of a household or person, by somebody, of a kind."""
    ask = asked(request)
    table = tables.audit.c
    query = select(tables.audit).where(_within(ask, Right.READ_AUDIT)).order_by(table.seq.desc())
    for column, value in ((table.subject, subject), (table.actor, actor), (table.action, action)):
        query = query.where(column == value) if value else query
    with ask.reading() as read:
        count = total(read, query)
        page = query.where(table.seq < before).limit(limit)
        rows = [dict(row._mapping) for row in read.connection.execute(page)]
    following = rows[-1]["seq"] if len(rows) == limit else None
    return answer({"total": count, "entries": rows, "before": following})


@router.get("/audit/verification", summary="Is the record whole")
@needs(Right.VERIFY_AUDIT)
def verification(request: Request) -> Response:
    """Goes through the chain, every row and the signed heads, and names the first thing that is wrong."""
    ask = asked(request)
    with ask.reading() as read:
        broken = verify(read.connection, ask.record.keys.signing.public_key())
        count = audit.count(read.connection)
    return answer({"whole": broken is None, "entries": count, "broken": broken})


@router.get(
    "/audit/export",
    summary="The chain, for the verifier that needs no platform",
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
@needs(Right.VERIFY_AUDIT)
def export(request: Request) -> Response:
    """JSON lines: the public key, every entry, every signed head. It names no person."""
    ask = asked(request)
    public = ask.record.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    with ask.reading() as read:
        content = "".join(f"{line}\n" for line in audit.exported(read.connection, public))
    return Response(content, 200, PRIVATE, "application/x-ndjson")
