"""Steps of a special inspection: opened, drawn, looked at, findings answered by people, closed."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.inspections import inspection_seen, inspection_shown
from api.recorded import Asked, Number, answer, asked
from records.database import Reading
from records.inspections import drawing, ending, findings, looking, opening
from records.inspections.words import Answer, State, Stratify, no_finding
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Name = Annotated[str, Field(max_length=80)]
Words = Annotated[str, Field(min_length=2, max_length=2000)]


class NewInspection(Body):
    """`rules`: a set of the rulebook's inspections/. One of `size` and `share` (0.05). Without a `seed` one is made."""

    rules: Name
    area: Name
    since: date
    until: date
    reason: Words
    title: str = Field(default="", max_length=200)
    policies: list[Name] = Field(default=[], max_length=60)
    stratify: Stratify = Stratify.NONE
    size: int | None = Field(default=None, ge=1, le=opening.MOST)
    share: str | None = Field(default=None, max_length=20)
    seed: str = Field(default="", max_length=80)

    def asked(self) -> opening.Asked:
        return opening.Asked(
            self.rules,
            self.area,
            self.since,
            self.until,
            self.reason,
            self.title,
            self.policies,
            self.stratify,
            self.size,
            self.share,
            self.seed,
        )


class NewFinding(Body):
    """What an inspector saw. Nobody is named in it: people are told by their ids."""

    household_id: Name
    about: Annotated[str, Field(min_length=2, max_length=80)]
    text: Words
    person_id: Name = ""
    policy: Name = ""
    case_id: Name = ""
    severity: Literal["high", "medium", "low"] = "medium"
    evidence: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(default=[], max_length=50)


class FindingAnswer(Body):
    answer: Answer
    reason: Words


class Ending(Body):
    """`closed`: everything is answered and put right. `abandoned`: nothing was confirmed, and nothing will be."""

    kind: Literal["closed", "abandoned"] = "closed"
    report: Annotated[str, Field(min_length=2, max_length=2000)]


@router.post("/inspections", status_code=201, summary="Open an inspection", **takes(NewInspection))
@needs(Right.INSPECT)
def opens(request: Request, told: Annotated[NewInspection, Depends(body_of(NewInspection))]) -> Response:
    """The seed stands in the record before anything is drawn by it."""
    ask = asked(request)
    with ask.writing() as write:
        number = opening.open_inspection(write, ask.book, ask.viewer, told.asked())
        made = inspection_shown(write, inspection_seen(ask, write, Right.INSPECT, number))
    return answer(made, HTTPStatus.CREATED)


@router.post("/inspections/{inspection}/draw", status_code=201, summary="Draw the sample, once")
@needs(Right.INSPECT)
def draws(request: Request, inspection: Number) -> Response:
    """By SHA-256 of the seed and each item of the list: anybody can draw it again."""
    ask = asked(request)
    with ask.writing() as write:
        found = inspection_seen(ask, write, Right.INSPECT, inspection)
        drawing.draw(write, ask.book, ask.viewer, found)
        made = inspection_shown(write, inspection_seen(ask, write, Right.INSPECT, inspection))
    return answer(made, HTTPStatus.CREATED)


@router.post("/inspections/{inspection}/runs", status_code=201, summary="Let the rules look at the sample")
@needs(Right.INSPECT)
def runs(request: Request, inspection: Number) -> Response:
    """What they find is suggested; run again it adds what is new. Households that cannot be read are named."""
    ask = asked(request)
    with ask.reading() as read:
        found = inspection_seen(ask, read, Right.INSPECT, inspection)
    looked = looking.look(ask.record, ask.book, found, ask.today)
    with ask.writing() as write:
        counts = looking.keep(write, ask.viewer, found, looked)
    made = {
        "inspection": inspection,
        "on": looked.on,
        "known": looked.known,
        "looked": looked.looked,
        "found": counts.total(),
        "counts": counts,
        "unread": looked.unread,
    }
    return answer(made, HTTPStatus.CREATED)


@router.post(
    "/inspections/{inspection}/findings",
    status_code=201,
    summary="Write down what was seen",
    **takes(NewFinding),
)
@needs(Right.INSPECT)
def writes(
    request: Request, inspection: Number, told: Annotated[NewFinding, Depends(body_of(NewFinding))]
) -> Response:
    """Also about a household of the area that was not drawn."""
    ask = asked(request)
    with ask.writing() as write:
        number = findings.write_down(
            write,
            ask.book,
            ask.viewer,
            inspection_seen(ask, write, Right.INSPECT, inspection),
            told.household_id,
            told.about,
            told.text,
            person_id=told.person_id,
            policy=told.policy,
            case_id=told.case_id,
            severity=told.severity,
            evidence=told.evidence,
        )
    return answer({"inspection": inspection, "finding": number}, HTTPStatus.CREATED)


@router.post(
    "/inspection-findings/{finding}/answer",
    status_code=201,
    summary="Confirm or refute",
    **takes(FindingAnswer),
)
@needs(Right.INSPECT)
def answers(
    request: Request, finding: Number, told: Annotated[FindingAnswer, Depends(body_of(FindingAnswer))]
) -> Response:
    """Once, with the reason. What an inspector wrote down is confirmed by another one."""
    ask = asked(request)
    with ask.writing() as write:
        row = finding_seen(ask, write, finding)
        findings.answer(write, ask.viewer, finding, told.answer, told.reason)
    return answer(
        {"inspection": row.inspection, "finding": finding, "answer": told.answer}, HTTPStatus.CREATED
    )


def finding_seen(ask: Asked, read: Reading, finding: int) -> Any:
    """Raises `Refused` no-finding, also for one of an inspection that is out of reach."""
    row = findings.finding_of(read, finding)
    try:
        inspection_seen(ask, read, Right.INSPECT, row.inspection)
    except Refused:
        raise no_finding(finding) from None
    return row


@router.post(
    "/inspections/{inspection}/end", status_code=201, summary="Close it with a report", **takes(Ending)
)
@needs(Right.INSPECT)
def ends(request: Request, inspection: Number, told: Annotated[Ending, Depends(body_of(Ending))]) -> Response:
    """When every finding is answered and everything is put right, or abandon it."""
    ask = asked(request)
    with ask.writing() as write:
        found = inspection_seen(ask, write, Right.INSPECT, inspection)
        counts = ending.end(write, ask.viewer, found, State(told.kind), told.report)
    return answer({"inspection": inspection, "state": told.kind, "counts": counts}, HTTPStatus.CREATED)
