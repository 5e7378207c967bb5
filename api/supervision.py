"""What supervision asks and says beside notices: exits that nobody reported, by village; reviews of what is held."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.downloads import Format, Language, download
from api.guard import guarded_router, needs
from api.query import language_of
from api.recorded import Id, answer, asked
from api.reports import By
from engine.language.scope import PERSON
from records import granted, households, scope
from records.exits import Exits, unreported
from records.granted import Reviewed
from records.refused import Refused
from records.report_sheets import EXITS, exit_rows, header
from records.rights import Right

router = guarded_router()


class Review(Body):
    """What was looked at again, and when; of a household's policy `person_id` is left out."""

    version: int
    policy: str = Field(min_length=1, max_length=80)
    person_id: str = Field(default="", max_length=80)
    day: date


@router.get("/unreported-exits", summary="Exits that nobody reported, by village")
@needs(Right.READ_REPORTS)
def exits(
    request: Request,
    by: By = "",
    area: Id = "",
    on: Annotated[date | None, Query(description="up to which day lateness counts; default today")] = None,
    format: Format = "json",  # noqa: A002 the word of the query
    lang: Language = None,
) -> Response:
    """By area and rule, and by area together (`about` empty): cases, days late, and what was paid meanwhile."""
    ask = asked(request)
    language = language_of(request, ask.book)
    day = on or ask.today
    within = scope.within(ask.viewer, Right.READ_REPORTS, ask.book)
    with ask.reading() as read:
        found = unreported(read, ask.book, within, day, by, area)
    if format != "json":
        rows = exit_rows(ask.book, found, language)
        return download(f"unreported-exits-{day}", format, header(EXITS, language), rows)
    return answer({"on": day, "by": by, "exits": [_plain(one) for one in found]})


def _plain(one: Exits) -> dict[str, Any]:
    told = ("area", "about", "cases", "possible", "confirmed", "refuted", "days_middle", "days_most", "money")
    return {name: getattr(one, name) for name in told} | {"households": len(one.households)}


@router.post(
    "/households/{household_id}/reviews",
    status_code=201,
    summary="Say that what is held was looked at again",
    **takes(Review),
)
@needs(Right.DECIDE)
def review(
    request: Request, household_id: str, told: Annotated[Review, Depends(body_of(Review))]
) -> Response:
    """From that day the time to the next review counts (`review` of the policy)."""
    ask = asked(request)
    if told.policy not in ask.book.policies:
        raise Refused("no-policy", f"没有政策 {told.policy} · there is no policy {told.policy}")
    if (ask.book.policies[told.policy].unit == PERSON) != bool(told.person_id):
        raise Refused(
            "whose", "写明核查的是本人还是全户的待遇 · say whose it is: a person's or the household's"
        )
    if told.day > ask.today:
        raise Refused("not-yet", f"{told.day} 还没有到 · {told.day} has not come yet")
    with ask.writing() as write:
        scope.household_seen(write, ask.viewer, Right.DECIDE, ask.book, household_id)
        if told.person_id and told.person_id not in households.ever_members(write.connection, household_id):
            raise Refused("no-member", f"{told.person_id} 不是该户成员 · {told.person_id} is no member of it")
        version = households.claim(write, household_id, told.version)
        reviewed = Reviewed(told.policy, told.day, "review", told.person_id)
        granted.review(write, household_id, [reviewed])
    return answer({"household_id": household_id, "version": version}, 201)
