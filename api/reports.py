"""The tables of a month, the list behind each figure, and where departments draw different lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from api.answers import PRIVATE
from api.guard import guarded_router, needs
from api.problems import not_found
from api.query import language_of
from api.recorded import Asked, Id, Limit, answer, asked
from engine.decision import parse_json
from engine.decision.divergence import between, divergence
from engine.language.problems import nearest
from records import decisions, exports, people, reports, scope
from records.report_sheets import FIGURES, LINES, coverage, figure_rows, header, line_rows
from records.reports import Chosen, Line, Month, month_of
from records.rights import Right

router = guarded_router()

Format = Annotated[Literal["json", "csv", "xlsx"], Query(description="csv and xlsx are whole files")]
Language = Annotated[str | None, Query(max_length=10)]
By = Annotated[str, Query(max_length=80, description="level of areas; where each household lives when empty")]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/reports/{month}", summary="The table of a month")
@needs(Right.READ_REPORTS)
def table(
    request: Request,
    month: str,
    by: By = "",
    area: Id = "",
    policy: Id = "",
    known: date | None = None,
    format: Format = "json",  # noqa: A002 the word of the query
    lang: Language = None,
) -> Response:
    """By policy, area and what it is: cases, households, people, amount; coverage where there is a quota."""
    ask, of = asked(request), month_of(month)
    language = language_of(request, ask.book)
    chosen = _chosen(ask, known, by=by, area=area, policy=policy)
    with ask.reading() as read:
        found = reports.table(read, ask.book, of, chosen)
    if format != "json":
        rows = figure_rows(ask.book, of, found, language)
        return table_file(f"report-{of.name}", format, header(FIGURES, language), rows)
    figures = [
        {
            "policy": one.policy,
            "area": one.area,
            "what": one.what,
            "period": one.period,
            "cases": one.cases,
            "households": one.households,
            "people": one.people,
            "amount": one.amount,
            "without_amount": one.without_amount,
            "quota": one.quota,
            "coverage": coverage(one),
        }
        for one in found
    ]
    return answer({"month": of.name, "known": chosen.known, "by": by, "figures": figures})


@router.get("/reports/{month}/lines", summary="The list behind a figure")
@needs(Right.READ_REPORTS)
def lines(
    request: Request,
    month: str,
    by: By = "",
    area: Id = "",
    place: Annotated[str, Query(max_length=80, description="the figure's area")] = "",
    policy: Id = "",
    what: Id = "",
    period: Annotated[str | None, Query(max_length=10)] = None,
    known: date | None = None,
    skip: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
    format: Format = "json",  # noqa: A002 the word of the query
    lang: Language = None,
) -> Response:
    """With a figure's own policy, area (as `place`), what and period: exactly the cases that it counts."""
    ask, of = asked(request), month_of(month)
    language = language_of(request, ask.book)
    chosen = _chosen(ask, known, by=by, area=area, place=place, policy=policy, what=what, period=period)
    if format == "json":
        return _page(ask, of, chosen, skip, limit)
    rows = _line_rows(ask, of, chosen, language)
    return table_file(f"lines-{of.name}", format, header(LINES, language), rows)


def _chosen(ask: Asked, known: date | None, **asked_for: Any) -> Chosen:
    within = scope.within(ask.viewer, Right.READ_REPORTS, ask.book)
    return Chosen(known or ask.today, within, **asked_for)


def _page(ask: Asked, month: Month, chosen: Chosen, skip: int, limit: int) -> Response:
    count, page = 0, []
    with ask.reading() as read:
        for count, one in enumerate(reports.lines(read, ask.book, month, chosen), 1):
            if skip < count <= skip + limit:
                page.append(one)
        subjects = [one.subject for one in page if one.subject != "household"]
        names = {one: who.name for one, who in people.masked(read, subjects).items()}
    return answer({"total": count, "lines": [_plain(one, names) for one in page]})


def _plain(one: Line, names: dict[str, str | None]) -> dict[str, Any]:
    made = {name: getattr(one, name) for name in Line.__slots__}
    return made | ({"name": names[one.subject]} if names.get(one.subject) else {})


def _line_rows(ask: Asked, month: Month, chosen: Chosen, language: str) -> Iterator[list[Any]]:
    with ask.reading() as read:
        yield from line_rows(ask.book, month, reports.lines(read, ask.book, month, chosen), language)


def table_file(name: str, kind: str, columns: list[str], rows: Iterator[list[Any]]) -> Response:
    """A download. What is wrong with the question is found before the first row is sent."""
    first = list(islice(rows, 1))
    whole = (row for part in (first, rows) for row in part)
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return StreamingResponse(exports.as_csv(columns, whole), 200, headers, "text/csv; charset=utf-8")
    place = Path(tempfile.mkstemp(suffix=".xlsx")[1])
    try:
        exports.write_xlsx(place, name, columns, whole)
    except BaseException:
        place.unlink()
        raise
    return FileResponse(place, 200, headers, _XLSX, background=BackgroundTask(place.unlink))


@router.get("/divergence", summary="Where departments draw different lines")
@needs(Right.READ_REPORTS)
def diverging(
    request: Request,
    on: date | None = None,
    area: Id = "",
    concept: Id = "",
    count: Annotated[bool, Query(description="how many households fall between")] = False,
    lang: Language = None,
) -> Response:
    """From the rulebook. Counted over the latest decisions that were made under it, within the viewer's reach."""
    ask = asked(request)
    place = area or next(iter(sorted(scope.areas_of(ask.viewer, Right.READ_REPORTS, ask.book))))
    if place not in ask.book.areas:
        raise not_found("area", place, nearest(place, ask.book.areas))
    found = divergence(ask.book, on or ask.today, place, language_of(request, ask.book))
    if concept:
        found = found.only(concept)
    content: dict[str, Any] = {"concepts": found.concepts, "several": found.several}
    if count:
        within = scope.within(ask.viewer, Right.READ_REPORTS, ask.book)
        with ask.reading() as read:
            stored = decisions.latest(read, ask.book.fingerprint, within)
            content["between"] = between(found, (parse_json(one.content) for one in stored))
    return answer(content)
