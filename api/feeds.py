"""Departments' feeds over HTTP: matched, proposals listed and answered, how often each feed is right."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.files import LARGEST, TAKES_A_FILE, content_of
from api.guard import guarded_router, needs, up_to
from api.problems import ProblemError, not_found
from api.recorded import After, Asked, Id, Limit, Number, answer, asked, total
from engine.language.problems import nearest
from engine.rulebook.feed import EVENT, STATUS
from records import households, proposals, scope, tables, where
from records.feed_rows import file_hash
from records.matching import match
from records.proposals import Proposal
from records.refused import Refused
from records.rights import Right
from records.workbooks import read_sheets

router = guarded_router()


class Answer(Body):
    """`value`: what was found to be true, where it is not what the feed says. `whole`: the list has nothing besides."""

    answer: str = Field(pattern="^(confirmed|refuted|unclear)$")
    reason: str = Field(min_length=1, max_length=500)
    value: Any = None
    whole: bool = False


@router.post("/feeds/{feed}", status_code=201, summary="Compare a department's file", **TAKES_A_FILE)
@needs(Right.MATCH_FEEDS)
@up_to(LARGEST)
def match_feed(
    request: Request,
    feed: str,
    content: Annotated[bytes, Depends(content_of)],
    as_of: date | None = None,
) -> Response:
    """`as_of`: the day that the file tells of; today unless said."""
    ask = asked(request)
    known = ask.book.feeds.get(feed)
    if known is None:
        raise not_found("feed", feed, nearest(feed, ask.book.feeds))
    sheets = read_sheets(feed, content)
    if len(sheets) != 1:
        raise Refused("one-sheet", f"请只给一张表 · give one sheet, here are {len(sheets)}")
    areas = scope.areas_of(ask.viewer, Right.MATCH_FEEDS, ask.book)
    with ask.writing() as write:
        found = match(
            write, ask.book, known, sheets[0], as_of or ask.today, file_hash(content), areas.__contains__
        )
    unreadable = [
        {"row": row, "column": column, "code": code} for row, (column, code) in found.unreadable.items()
    ]
    told = {"run": found.run, "counts": found.counts, "silent": found.silent, "unreadable": unreadable}
    return answer(told, HTTPStatus.CREATED)


@router.get("/feeds/rates", summary="How often each feed is right: confirmed of answered")
@needs(Right.READ_PROPOSALS)
def rates(request: Request) -> Response:
    ask = asked(request)
    seen = scope.of_households_within(
        tables.proposal.c.household_id, ask.viewer, Right.READ_PROPOSALS, ask.book
    )
    with ask.reading() as read:
        found = list(proposals.rates(read, seen))
    listed = [
        {
            "feed": one.feed,
            "proposed": one.proposed,
            "answered": one.answered,
            "confirmed": one.confirmed,
            "refuted": one.refuted,
            "unclear": one.unclear,
            "hit_rate": one.hit_rate,
        }
        for one in found
    ]
    return answer({"total": len(listed), "rates": listed})


@router.get("/proposals", summary="What feeds have proposed, the oldest first")
@needs(Right.READ_PROPOSALS)
def listed(
    request: Request,
    feed: Id = "",
    household: Id = "",
    answered_by: Id = "",
    settled: Annotated[bool, Query(description="those that are settled as well")] = False,
    after: After = 0,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    proposal = tables.proposal.c
    query = proposals.chosen(
        feed=feed, household_id=household, answered_by=answered_by, open_only=not settled
    ).where(scope.of_households_within(proposal.household_id, ask.viewer, Right.READ_PROPOSALS, ask.book))
    with ask.reading() as read:
        count = total(read, query)
        rows = proposals.listed(read, query.where(proposal.seq > after).limit(limit))
        areas = where.areas_of(read, {one.household_id for one in rows})
    shown = [_shown(ask, one, areas[one.household_id]) for one in rows]
    return answer({"total": count, "proposals": shown, "after": rows[-1].seq if len(rows) == limit else None})


def _shown(ask: Asked, one: Proposal, area: str) -> dict[str, Any]:
    seen = _sees(ask, one, area)
    return {
        "proposal": one.seq,
        "feed": one.feed,
        "kind": one.kind,
        "about": one.about if seen else None,
        "household_id": one.household_id,
        "person_id": one.person_id,
        "answered_by": one.answered_by,
        "weak": one.weak,
        "content": one.content if seen else None,
        "masked": not seen,
        "erased": one.content is None,
        "answer": one.answer,
        "evidence": {
            "source": one.source,
            "as_of": one.as_of,
            "row": one.row_number,
            "row_hash": one.row_hash,
            "file_hash": one.file_hash,
        },
        "recorded_on": one.recorded_on,
    }


def _sees(ask: Asked, one: Proposal, area: str) -> bool:
    """A fact is seen by those who are cleared for it, a status by everybody, an event where nothing is kept from the
    viewer or by the department that answers it."""
    cleared = scope.cleared(ask.viewer, ask.book, area)
    if one.kind == STATUS:
        return True
    if one.kind != EVENT:
        return one.about in cleared
    own = any(
        grant.department == one.answered_by and area in scope.areas_below(ask.book, grant.area)
        for grant in ask.viewer.granting(Right.READ_PROPOSALS)
    )
    return own or all(fact.name in cleared for fact in ask.book.facts.values() if fact.privacy == "sensitive")


@router.post(
    "/proposals/{proposal}/answer", status_code=201, summary="Answer a proposal, once", **takes(Answer)
)
@needs(Right.ANSWER_PROPOSALS)
def answer_proposal(
    request: Request, proposal: Number, told: Annotated[Answer, Depends(body_of(Answer))]
) -> Response:
    """What is confirmed is written down in the same transaction."""
    ask = asked(request)
    with ask.writing() as write:
        query = proposals.chosen(open_only=False).where(
            proposals.number_is(proposal),
            scope.of_households_within(
                tables.proposal.c.household_id, ask.viewer, Right.ANSWER_PROPOSALS, ask.book
            ),
        )
        found = proposals.listed(write, query)
        if not found:
            raise Refused("no-proposal", f"没有第 {proposal} 条核查建议 · there is no proposal {proposal}")
        [one] = found
        if not _sees(ask, one, where.areas_of(write, [one.household_id])[one.household_id]):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "not-allowed",
                "此项内容您无权查看，请由有权的人员答复 · you are not cleared for this; somebody who is answers it",
            )
        households.claim_as_it_is(write, one.household_id)
        number = proposals.answer(
            write, ask.book, proposal, told.answer, told.reason, value=told.value, whole=told.whole
        )
    return answer({"answer": number, "proposal": proposal, "said": told.answer}, HTTPStatus.CREATED)
