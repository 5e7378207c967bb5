"""How people decide, and the steps behind each figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from api.downloads import Format, Language, download
from api.guard import guarded_router, needs
from api.query import language_of
from api.recorded import Asked, Id, Limit, answer, asked
from records.cases import rates
from records.cases.rate_sheets import RATES, STEPS, header, rate_rows, step_rows
from records.cases.rates import Approved, Chosen
from records.rights import Right

router = guarded_router()

Since = Annotated[date | None, Query(description="the first day of the year when empty")]
Until = Annotated[date | None, Query(description="today when empty")]


@router.get("/discretion-rates", summary="How people decide: against the finding, at discretion, sent back")
@needs(Right.READ_DISCRETION)
def table(
    request: Request,
    since: Since = None,
    until: Until = None,
    policy: Id = "",
    area: Id = "",
    format: Format = "json",  # noqa: A002 the word of the query
    lang: Language = None,
) -> Response:
    """By approver. `*` are those with too few steps to be named; of too few nothing is said but how many."""
    ask = asked(request)
    language = language_of(request, ask.book)
    chosen = _chosen(ask, since, until, policy=policy, area=area)
    with ask.reading() as read:
        found = rates.rates(read, ask.book, rates.within(ask.viewer, ask.book), chosen)
    if format != "json":
        name = f"discretion-{chosen.first}-{chosen.last}"
        return download(name, format, header(RATES, language), rate_rows(found, language))
    return answer({"since": chosen.first, "until": chosen.last, "rates": found})


@router.get("/discretion-rates/steps", summary="The steps behind a figure")
@needs(Right.READ_DISCRETION)
def steps(
    request: Request,
    since: Since = None,
    until: Until = None,
    policy: Id = "",
    area: Id = "",
    person: Annotated[str, Query(max_length=80, description="as the table has it")] = "",
    what: Annotated[str, Query(max_length=20, description=", ".join(rates.WHATS))] = "",
    skip: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
    format: Format = "json",  # noqa: A002 the word of the query
    lang: Language = None,
) -> Response:
    """With a figure's own person: exactly the steps that it counts, each with its case."""
    ask = asked(request)
    language = language_of(request, ask.book)
    chosen = _chosen(ask, since, until, policy=policy, area=area, person=person, what=what)
    if format != "json":
        name = f"discretion-steps-{chosen.first}-{chosen.last}"
        rows = step_rows(ask.book, _steps(ask, chosen), language)
        return download(name, format, header(STEPS, language), rows)
    count, page = 0, []
    for count, one in enumerate(_steps(ask, chosen), 1):
        if skip < count <= skip + limit:
            page.append(asdict(one) | {"place": one.place})
    return answer({"total": count, "steps": page})


def _chosen(ask: Asked, since: date | None, until: date | None, **asked_for: Any) -> Chosen:
    last = until or ask.today
    return Chosen(since or last.replace(month=1, day=1), last, **asked_for)


def _steps(ask: Asked, chosen: Chosen) -> Iterator[Approved]:
    with ask.reading() as read:
        yield from rates.approved(read, ask.book, rates.within(ask.viewer, ask.book), chosen)
