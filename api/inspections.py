"""Special inspections: opened, drawn, looked at, findings answered by people, closed, taken out as evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import Asked, Before, Id, Limit, Number, answer, asked, total
from records import people, tables
from records.database import Reading
from records.inspections import drawing, ending, findings, looking, opening, reading
from records.inspections.reading import Inspection
from records.inspections.words import HOUSEHOLD, Answer, State, Stratify, no_finding
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Name = Annotated[str, Field(max_length=80)]
Words = Annotated[str, Field(min_length=2, max_length=2000)]
Skip = Annotated[int, Query(ge=0, le=10_000_000)]


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


# --- reading ------------------------------------------------------------------------------------------------


@router.get("/inspection-rules", summary="The sets of rules that an inspection may go by")
@needs(Right.READ_INSPECTIONS)
def rules(request: Request) -> Response:
    """From the rulebook that is served."""
    ask = asked(request)
    found = [
        {
            "rules": one.id,
            "title": one.title,
            "of": one.of,
            "watch": list(one.watch),
            "proposals": list(one.proposals),
            "looks": list(one.looks),
            "cite": one.cite,
        }
        for one in ask.book.inspections.values()
    ]
    return answer({"total": len(found), "rules": found})


@router.get("/inspections", summary="Inspections, the newest first")
@needs(Right.READ_INSPECTIONS)
def listed(
    request: Request,
    area: Id = "",
    state: Id = "",
    before: Before | None = None,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    one = tables.inspection.c
    query = reading.inspections(reading.within(ask.viewer, Right.READ_INSPECTIONS, ask.book), state=state)
    query = query.where(one.area == area) if area else query
    with ask.reading() as read:
        count = total(read, query)
        page = query if before is None else query.where(one.seq < before)
        found = [reading.inspection_of(row) for row in read.connection.execute(page.limit(limit))]
    following = found[-1].seq if len(found) == limit else None
    return answer({"total": count, "inspections": [_plain(one) for one in found], "before": following})


@router.get("/inspections/{inspection}", summary="An inspection, how it was drawn and where it stands")
@needs(Right.READ_INSPECTIONS)
def one(request: Request, inspection: Number) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        return answer(_shown(read, _seen(ask, read, Right.READ_INSPECTIONS, inspection)))


def _seen(ask: Asked, read: Reading, right: Right, inspection: int) -> Inspection:
    return reading.seen(read, ask.viewer, right, ask.book, inspection)


def _plain(found: Inspection) -> dict[str, Any]:
    made = {name: getattr(found, name) for name in Inspection.__slots__ if name not in ("seq", "person")}
    return {"inspection": found.seq, **made, "policies": list(found.policies)}


def _shown(read: Reading, found: Inspection) -> Mapping[str, Any]:
    draw, end = reading.draw_of(read, found.seq), reading.end_of(read, found.seq)
    return {
        **_plain(found),
        "draw": None
        if draw is None
        else {
            "method": draw.method,
            "population": draw.population,
            "sampled": draw.sampled,
            "strata": json.loads(draw.strata),
            "population_hash": draw.population_hash,
            "drawn_by": draw.recorded_by,
            "drawn_on": draw.recorded_on,
        },
        "runs": [
            {
                "on": run.on,
                "known": run.known,
                "rulebook": run.rulebook,
                "looked": run.looked,
                "found": run.found,
                "counts": json.loads(run.counts),
                "unread": json.loads(run.unread),
                "run_by": run.recorded_by,
                "run_on": run.recorded_on,
            }
            for run in reading.runs(read, found.seq)
        ],
        "counts": reading.counts(read, found.seq),
        "end": None
        if end is None
        else {"kind": end.kind, "report": end.report, "by": end.recorded_by, "on": end.recorded_on},
    }


@router.get("/inspections/{inspection}/sample", summary="Who was drawn")
@needs(Right.READ_INSPECTIONS)
def sample(request: Request, inspection: Number, skip: Skip = 0, limit: Limit = 50) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        query = reading.sample(_seen(ask, read, Right.READ_INSPECTIONS, inspection).seq)
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
    names = ("number", "stratum", "item", "household_id", "policy")
    return answer({"total": count, "sample": [{name: getattr(row, name) for name in names} for row in rows]})


@router.get("/inspections/{inspection}/findings", summary="What was found, the gravest first")
@needs(Right.READ_INSPECTIONS)
def found(
    request: Request,
    inspection: Number,
    state: Annotated[
        str, Query(pattern="^(|open|confirmed|refuted)$", description="how it was answered")
    ] = "",
    skip: Skip = 0,
    limit: Limit = 50,
) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        query = findings.of_inspection(_seen(ask, read, Right.READ_INSPECTIONS, inspection).seq, state)
        count = total(read, query)
        rows = read.connection.execute(query.offset(skip).limit(limit)).all()
        names = people.masked(read, sorted({row.subject for row in rows if row.household_id} - {HOUSEHOLD}))
    shown = [
        {"finding": row.seq, **_without_seq(findings.shown(row)), "name": _name(names, row.subject)}
        for row in rows
    ]
    return answer({"total": count, "findings": shown})


def _without_seq(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "seq"}


def _name(names: Mapping[str, people.Identity], subject: str) -> str | None:
    return names[subject].name if subject in names else None


# --- steps --------------------------------------------------------------------------------------------------


@router.post("/inspections", status_code=201, summary="Open an inspection", **takes(NewInspection))
@needs(Right.INSPECT)
def opens(request: Request, told: Annotated[NewInspection, Depends(body_of(NewInspection))]) -> Response:
    """The seed stands in the record before anything is drawn by it."""
    ask = asked(request)
    with ask.writing() as write:
        number = opening.open_inspection(write, ask.book, ask.viewer, told.asked())
        made = _shown(write, _seen(ask, write, Right.INSPECT, number))
    return answer(made, HTTPStatus.CREATED)


@router.post("/inspections/{inspection}/draw", status_code=201, summary="Draw the sample, once")
@needs(Right.INSPECT)
def draws(request: Request, inspection: Number) -> Response:
    """By SHA-256 of the seed and each item of the list: anybody can draw it again."""
    ask = asked(request)
    with ask.writing() as write:
        found = _seen(ask, write, Right.INSPECT, inspection)
        drawing.draw(write, ask.book, ask.viewer, found)
        made = _shown(write, _seen(ask, write, Right.INSPECT, inspection))
    return answer(made, HTTPStatus.CREATED)


@router.post("/inspections/{inspection}/runs", status_code=201, summary="Let the rules look at the sample")
@needs(Right.INSPECT)
def runs(request: Request, inspection: Number) -> Response:
    """What they find is suggested; run again it adds what is new. Households that cannot be read are named."""
    ask = asked(request)
    with ask.reading() as read:
        found = _seen(ask, read, Right.INSPECT, inspection)
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
            _seen(ask, write, Right.INSPECT, inspection),
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
        _seen(ask, read, Right.INSPECT, row.inspection)
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
        found = _seen(ask, write, Right.INSPECT, inspection)
        counts = ending.end(write, ask.viewer, found, State(told.kind), told.report)
    return answer({"inspection": inspection, "state": told.kind, "counts": counts}, HTTPStatus.CREATED)
