"""Letters, slips and notices over HTTP. Each print needs a purpose and is written down with the hash of what was printed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from api.answers import PRIVATE
from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import Asked, Id, Limit, answer, asked, total
from api.stored_decisions import book_of, stored_seen
from engine.decision import parse_json
from engine.rulebook import Rulebook
from records import masking, scans, scope, tables
from records.database import Reading
from records.decisions import Stored
from records.letters import printing
from records.letters.decided import Wanted
from records.letters.letter import Kind
from records.letters.printing import How, Media, Printed
from records.letters.slips import Meeting
from records.refused import Refused
from records.rights import Right
from records.scans import TYPE_LABELS, ScanType

router = guarded_router()
_PRINTED: dict[int | str, dict[str, Any]] = {
    201: {
        "content": {
            "text/html": {"schema": {"type": "string"}},
            Media.PDF.value: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


class Printing(Body):
    """`to`: the person that it goes to; whom the rulebook says when left out. `on`: the day that stands on it."""

    purpose: str = Field(min_length=1, max_length=200)
    language: str = Field(default="", max_length=10)
    format: Media = Media.PDF
    to: str = Field(default="", max_length=80)
    on: date | None = None

    def how(self, book: Rulebook) -> How:
        return How(self.language or book.languages[0], self.format, self.purpose, self.to, self.on)


class LetterWanted(Printing):
    """`kind`: none for what came out. `amount`: what the officer set inside the band of the rules."""

    kind: Kind | None = None
    policy: str = Field(max_length=80)
    subject: str = Field(default="household", max_length=80)
    before: Decimal | None = Field(default=None, ge=0)
    amount: Decimal | None = Field(default=None, ge=0)
    since: date | None = None
    heard: date | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.policy, self.subject, self.kind, self.before, self.amount, self.since, self.heard)


class HearingWanted(LetterWanted):
    meeting: date
    time: str = Field(min_length=1, max_length=40)
    place: str = Field(min_length=1, max_length=100)


class MissingWanted(Printing):
    """`papers`: kinds of scans that are asked for as well. `policies`: only for these, of those that the viewer sees."""

    policies: list[str] = Field(default_factory=list, max_length=60)
    papers: list[ScanType] = Field(default_factory=list, max_length=30)


class AcceptanceWanted(Printing):
    """`to`: who applied. Papers are those that were taken in for the case, or for the household."""

    policies: list[str] = Field(min_length=1, max_length=30)
    number: str = Field(min_length=1, max_length=40)
    case_id: str = Field(default="", max_length=80)


class Shown(Body):
    decision_id: str = Field(max_length=64)
    subject: str = Field(default="household", max_length=80)


class PublicityWanted(Printing):
    area: str = Field(max_length=80)
    policy: str = Field(max_length=80)
    cases: list[Shown] = Field(min_length=1, max_length=2000)


@router.post(
    "/decisions/{decision_id}/letters",
    summary="Print a decision",
    status_code=201,
    responses=_PRINTED,
    **takes(LetterWanted),
)
@needs(Right.PRINT_LETTERS)
def decision(
    request: Request, decision_id: str, told: Annotated[LetterWanted, Depends(body_of(LetterWanted))]
) -> Response:
    """Granted, refused, changed, ended or closed. The words are those of the rulebook that decided."""
    ask = asked(request)
    with ask.writing() as write:
        stored, book = _printable(ask, write, decision_id, told.policy)
        return _file(printing.print_decision(write, book, stored, told.wanted(), told.how(book)))


@router.post(
    "/decisions/{decision_id}/hearings",
    summary="Print a notice of hearing",
    status_code=201,
    responses=_PRINTED,
    **takes(HearingWanted),
)
@needs(Right.PRINT_LETTERS)
def hearing(
    request: Request, decision_id: str, told: Annotated[HearingWanted, Depends(body_of(HearingWanted))]
) -> Response:
    ask = asked(request)
    meeting = Meeting(told.meeting, told.time, told.place)
    with ask.writing() as write:
        stored, book = _printable(ask, write, decision_id, told.policy)
        return _file(printing.print_hearing(write, book, stored, told.wanted(), meeting, told.how(book)))


@router.post(
    "/decisions/{decision_id}/missing-papers",
    summary="Print what is missing",
    status_code=201,
    responses=_PRINTED,
    **takes(MissingWanted),
)
@needs(Right.PRINT_LETTERS)
def missing(
    request: Request, decision_id: str, told: Annotated[MissingWanted, Depends(body_of(MissingWanted))]
) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        stored, book, seen = _seen(ask, write, decision_id)
        asked_of = [one for one in seen if one in told.policies or not told.policies]
        if not asked_of:
            raise _not_cleared()
        how = told.how(book)
        papers = [TYPE_LABELS[one].get(how.language, one.value) for one in dict.fromkeys(told.papers)]
        return _file(printing.print_missing(write, book, stored, papers, how, asked_of))


@router.post(
    "/households/{household_id}/acceptance-slips",
    summary="Print a receipt for an application",
    status_code=201,
    responses=_PRINTED,
    **takes(AcceptanceWanted),
)
@needs(Right.PRINT_LETTERS)
def acceptance(
    request: Request, household_id: str, told: Annotated[AcceptanceWanted, Depends(body_of(AcceptanceWanted))]
) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        row = scope.household_seen(write, ask.viewer, Right.PRINT_LETTERS, ask.book, household_id)
        scope.person_seen(write, ask.viewer, Right.PRINT_LETTERS, ask.book, told.to)
        how = told.how(ask.book)
        handed_in = scans.listed(write, scans.chosen(household_id=household_id, case_id=told.case_id))
        papers = Counter(TYPE_LABELS[one.type].get(how.language, one.type.value) for one in handed_in)
        printed = printing.print_acceptance(
            write, ask.book, household_id, row.area, told.policies, papers, told.number, how
        )
        return _file(printed)


@router.post(
    "/publicity-sheets",
    summary="Print a sheet for public display",
    status_code=201,
    responses=_PRINTED,
    **takes(PublicityWanted),
)
@needs(Right.PRINT_LETTERS)
def publicity(
    request: Request, told: Annotated[PublicityWanted, Depends(body_of(PublicityWanted))]
) -> Response:
    """Masked names, members, amounts. Cases that may not be shown are named in X-Withheld, as decision:why."""
    ask = asked(request)
    if told.area not in scope.areas_of(ask.viewer, Right.PRINT_LETTERS, ask.book):
        raise Refused("no-area", f"没有地区 {told.area} · there is no area {told.area}")
    with ask.writing() as write:
        found = [stored_seen(ask, write, one.decision_id, Right.PRINT_LETTERS)[0] for one in told.cases]
        books = {one.rulebook for one in found}
        if len(books) > 1:
            raise Refused(
                "other-rulebook",
                "这些裁定出自不同的规则库，请分别公示 · these decisions were made under several rulebooks; show them apart",
            )
        book = book_of(ask, write, found[0])
        cases = [(stored, one.subject) for stored, one in zip(found, told.cases, strict=True)]
        printed, withheld = printing.print_publicity(
            write, book, told.area, told.policy, cases, told.how(book)
        )
    made = _file(printed)
    made.headers["X-Withheld"] = ", ".join(f"{one.household_id}/{one.subject}:{one.why}" for one in withheld)
    return made


@router.get("/letters", summary="Letters that were printed, the newest first")
@needs(Right.READ_DECISIONS)
def listed(request: Request, household: Id = "", limit: Limit = 50) -> Response:
    ask = asked(request)
    letter = tables.letter.c
    query = select(tables.letter).where(
        scope.of_households_within(letter.household_id, ask.viewer, Right.READ_DECISIONS, ask.book)
    )
    query = query.where(letter.household_id == household) if household else query
    with ask.reading() as read:
        count = total(read, query)
        page = query.order_by(letter.seq.desc()).limit(limit)
        rows = [_plain(dict(row._mapping)) for row in read.connection.execute(page)]
    return answer({"total": count, "letters": rows})


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    left_out = ("entry", "recorded_at")
    return {name: value for name, value in row.items() if name not in left_out}


def _printable(ask: Asked, read: Reading, decision_id: str, policy: str) -> tuple[Stored, Rulebook]:
    """A decision of which the viewer may see everything that a letter tells. Raises `Refused` not-cleared."""
    stored, book, seen = _seen(ask, read, decision_id)
    if policy in parse_json(stored.content)["policies"] and policy not in seen:
        raise _not_cleared()
    return stored, book


def _seen(ask: Asked, read: Reading, decision_id: str) -> tuple[Stored, Rulebook, tuple[str, ...]]:
    """A decision, its rulebook, and its policies of which the viewer may see every fact."""
    stored, area = stored_seen(ask, read, decision_id, Right.PRINT_LETTERS)
    book = book_of(ask, read, stored)
    cleared = scope.cleared(ask.viewer, ask.book, area)
    return stored, book, masking.policies_seen(book, parse_json(stored.content), cleared)


def _not_cleared() -> Refused:
    return Refused(
        "not-cleared",
        "文书含有您无权查看的事实，请由主管部门出具 · this letter tells facts that you are not cleared for",
    )


def _file(printed: Printed) -> Response:
    """A download; HTML opens, and runs nothing."""
    letter = printed.letter
    ending = "pdf" if printed.media is Media.PDF else "html"
    headers = PRIVATE | {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-modals",
        "Content-Disposition": f'{"attachment" if ending == "pdf" else "inline"}; filename="{letter.kind}.{ending}"',
        "X-Content-SHA256": printed.file_hash,
        "X-Draft": "true" if letter.drafts else "false",
    }
    media = printed.media if printed.media is Media.PDF else "text/html; charset=utf-8"
    return Response(printed.content, 201, headers, media)
