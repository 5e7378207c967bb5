"""Scanned papers: sent as they are, listed, shown. What is kept apart is shown to the department's officer alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import PRIVATE
from api.guard import guarded_router, needs, up_to
from api.problems import ProblemError
from api.recorded import Asked, Id, Limit, answer, asked, total
from records import scans, scope, tables
from records.database import Reading
from records.place import documents_directory
from records.refused import Refused
from records.rights import Right, Role
from records.scans import TYPE_LABELS, Scan, ScanType
from records.sniffed import JPEG, LARGEST, PDF, PNG

router = guarded_router()

# Whatever somebody uploaded runs nothing and loads nothing in the browser that shows it.
_SAFE = PRIVATE | {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_ENDINGS = {JPEG: "jpg", PNG: "png", PDF: "pdf"}
_FILES: dict[str, Any] = {media: {"schema": {"type": "string", "format": "binary"}} for media in _ENDINGS}
_UPLOAD: dict[str, Any] = {"requestBody": {"required": True, "content": _FILES}}


@router.get("/scan-types", summary="Kinds of scanned papers")
@needs(Right.READ_DOCUMENTS)
def types(request: Request) -> Response:
    return answer({"types": [{"id": one, "label": label} for one, label in TYPE_LABELS.items()]})


@router.post(
    "/households/{household_id}/scans", status_code=201, summary="Take in a scan", openapi_extra=_UPLOAD
)
@needs(Right.WRITE_DOCUMENTS)
@up_to(LARGEST)
async def take_in(
    request: Request,
    household_id: str,
    type: Annotated[ScanType, Query()],  # noqa: A002 the word of the query
    person: Id = "",
    case: Id = "",
) -> Response:
    """The body is the file itself: JPEG, PNG or PDF, at most 20 MB."""
    content = await request.body()  # which the door has read, up to what the route takes
    declared = request.headers.get("content-type", "")
    return await run_in_threadpool(
        _taken, asked(request), household_id, type, content, declared, person, case
    )


def _taken(
    ask: Asked, household_id: str, kind: ScanType, content: bytes, declared: str, person: str, case: str
) -> Response:
    directory = documents_directory()
    with ask.writing() as write:
        scope.household_seen(write, ask.viewer, Right.WRITE_DOCUMENTS, ask.book, household_id)
        made = scans.take_in(
            write, directory, household_id, kind, content, declared, person_id=person, case_id=case
        )
    return answer(_plain(made), HTTPStatus.CREATED)


@router.get("/scans", summary="Scans, within what the viewer may see")
@needs(Right.READ_DOCUMENTS)
def listed(
    request: Request,
    household: Id = "",
    person: Id = "",
    case: Id = "",
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    scan = tables.scan.c
    query = scans.chosen(household_id=household, person_id=person, case_id=case)
    query = query.where(
        scope.of_households_within(scan.household_id, ask.viewer, Right.READ_DOCUMENTS, ask.book)
    )
    with ask.reading() as read:
        count = total(read, query)
        if after:
            seen = tables.scan.alias().c
            query = query.where(scan.seq > select(seen.seq).where(seen.scan_id == after).scalar_subquery())
        rows = scans.listed(read, query.limit(limit))
    following = rows[-1].scan_id if len(rows) == limit else None
    return answer({"total": count, "scans": [_plain(one) for one in rows], "after": following})


@router.get("/scans/{scan_id}", summary="What a scan is")
@needs(Right.READ_DOCUMENTS)
def one(request: Request, scan_id: str) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        return answer(_plain(_seen(ask, read, scan_id)[0]))


@router.get(
    "/scans/{scan_id}/content",
    summary="The scan itself; that it was looked at stays in the trail",
    responses={200: {"content": _FILES}},
)
@needs(Right.READ_DOCUMENTS)
def content(request: Request, scan_id: str) -> Response:
    ask = asked(request)
    directory = documents_directory()
    with ask.writing() as write:
        found, area = _seen(ask, write, scan_id)
        if found.quarantine and not _may_open_quarantine(ask, area):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "not-allowed",
                f"此材料因“{found.quarantine}”被隔离，只有部门经办人可以查看 · "
                f"this scan is kept apart ({found.quarantine}); only a department officer may open it",
            )
        shown = scans.shown(write, directory, scan_id)
    how = "inline" if found.media != PDF and not found.quarantine else "attachment"
    name = f"{found.type}-{found.scan_id}.{_ENDINGS[found.media]}"
    headers = {**_SAFE, "Content-Disposition": f'{how}; filename="{name}"'}
    return Response(shown, 200, headers, found.media)


def _may_open_quarantine(ask: Asked, area: str) -> bool:
    return any(
        grant.role is Role.DEPARTMENT_OFFICER and area in scope.areas_below(ask.book, grant.area)
        for grant in ask.viewer.granting(Right.READ_DOCUMENTS)
    )


def _seen(ask: Asked, read: Reading, scan_id: str) -> tuple[Scan, str]:
    """A scan within reach, and the area of its household. Raises `Refused` no-scan, also for one out of reach."""
    found = scans.find(read, scan_id)
    try:
        row = scope.household_seen(read, ask.viewer, Right.READ_DOCUMENTS, ask.book, found.household_id)
    except Refused:
        raise scans.no_scan(scan_id) from None
    return found, row.area


def _plain(scan: Scan) -> dict[str, Any]:
    return {
        "scan_id": scan.scan_id,
        "household_id": scan.household_id,
        "person_id": scan.person_id or None,
        "case_id": scan.case_id or None,
        "type": scan.type,
        "label": TYPE_LABELS[scan.type],
        "media": scan.media,
        "size": scan.size,
        "sha256": scan.content_hash,
        "quarantine": scan.quarantine or None,
        "recorded_on": scan.recorded_on,
        "recorded_by": scan.recorded_by,
    }
