"""Stored decisions: made from the record, read in three layers, made again, compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query, Request
from msgspec import Raw
from starlette.responses import Response

from api.answers import PRIVATE
from api.guard import guarded_router, needs, takes_the_processor
from api.metrics import DECISIONS
from api.problems import ProblemError
from api.query import language_of
from api.recorded import LATEST, Asked, Before, Id, Limit, answer, asked, total
from engine.decision import encode_json, parse_json
from engine.decision.explain import as_text, explain
from engine.rulebook import Rulebook
from records import decisions, masking, rulebooks, scope, sealed, tables
from records.database import Reading
from records.decisions import Stored
from records.refused import Refused
from records.rights import Right

router = guarded_router()

Layer = Annotated[
    str, Query(pattern="^(document|applicant|caseworker|auditor)$", description="for whom, or the document")
]
Language = Annotated[str | None, Query(max_length=10, description="otherwise Accept-Language")]


@router.post("/households/{household_id}/decisions", status_code=201, summary="Decide and keep")
@needs(Right.DECIDE)
@takes_the_processor
def decide(
    request: Request, household_id: str, on: date | None = None, known: date | None = None
) -> Response:
    """From what the record knows of the household; today for both days unless said."""
    ask = asked(request)
    with ask.writing() as write:
        found = decisions.to_decide(write, household_id, known or ask.today)
        scope.check_seen(found.household, ask.viewer, Right.DECIDE, ask.book)
        stored = decisions.decide_found(write, ask.book, found, on or ask.today, at_last=True)
        key = write.data_keys[sealed.of_household(household_id)]
        content = _shown(ask, stored, ask.book, found.household.area, key)
    DECISIONS.labels("yes").inc()
    return Response(content, HTTPStatus.CREATED, PRIVATE, "application/json")


def _shown(ask: Asked, stored: Stored, book: Rulebook, area: str, key: bytes) -> bytes:
    """A decision with its place in the record; for those who are cleared the stored bytes as they are."""
    cleared = scope.cleared(ask.viewer, ask.book, area)
    head = {"seq": stored.seq, "recorded_on": stored.recorded_on, "recorded_by": stored.recorded_by}
    whole = cleared >= book.facts.keys()
    shown = stored.content if whole else masking.masked(stored.content, book, cleared, key)
    return encode_json({**head, "masked": shown is not stored.content, "decision": Raw(shown)})


@router.get("/decisions", summary="Stored decisions, the newest first")
@needs(Right.READ_DECISIONS)
def listed(
    request: Request,
    household: Id = "",
    person: Id = "",
    policy: Id = "",
    version: Id = "",
    outcome: Id = "",
    before: Before = LATEST,
    limit: Limit = 50,
) -> Response:
    """Of a household, or with a finding on a person, of a policy, of its version, with an outcome."""
    ask = asked(request)
    query = decisions.chosen(
        household_id=household, person_id=person, policy=policy, version=version, outcome=outcome
    )
    decision = tables.decision.c
    query = query.where(
        scope.of_households_within(decision.household_id, ask.viewer, Right.READ_DECISIONS, ask.book)
    )
    with ask.reading() as read:
        count = total(read, query)
        rows = decisions.listed(read, query.where(decision.seq < before).limit(limit))
    following = rows[-1].seq if len(rows) == limit else None
    return answer({"total": count, "decisions": rows, "before": following})


@router.get("/decisions/compare", summary="What is not the same in two decisions")
@needs(Right.READ_DECISIONS)
def compare(request: Request, a: Id, b: Id) -> Response:
    """Facts, definitions, parameters, versions, outcomes; what the viewer is not cleared for as commitments."""
    ask = asked(request)
    with ask.reading() as read:
        shown = []
        for decision_id in (a, b):
            stored, area = stored_seen(ask, read, decision_id, Right.READ_DECISIONS)
            book = book_of(ask, read, stored)
            cleared = scope.cleared(ask.viewer, ask.book, area)
            shown.append(parse_json(masking.masked(stored.content, book, cleared, _key(read, stored))))
    return answer({"a": a, "b": b, **_plain(decisions.compared(shown[0], shown[1]))})


def _plain(compared: decisions.Compared) -> dict[str, Any]:
    def pairs(of: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
        return {name: {"a": before, "b": after} for name, (before, after) in of.items()}

    return {
        "facts": pairs(compared.facts),
        "definitions": pairs(compared.definitions),
        "parameters": pairs(compared.parameters),
        "versions": pairs(compared.versions),
        "outcomes": pairs(compared.outcomes),
        "rulebook": None if compared.rulebook is None else list(compared.rulebook),
    }


@router.get("/decisions/{decision_id}", summary="A stored decision, or one of its explanations")
@needs(Right.READ_DECISIONS)
def one(request: Request, decision_id: str, layer: Layer = "document", lang: Language = None) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        stored, area = stored_seen(ask, read, decision_id, Right.READ_DECISIONS)
        book = book_of(ask, read, stored)
        if layer == "document":
            content = _shown(ask, stored, book, area, _key(read, stored))
            return Response(content, 200, PRIVATE, "application/json")
    return _explained(request, ask, stored, book, area, layer)


def _explained(
    request: Request, ask: Asked, stored: Stored, book: Rulebook, area: str, layer: str
) -> Response:
    document = parse_json(stored.content)
    cleared = scope.cleared(ask.viewer, ask.book, area)
    whole = masking.is_whole(document, book, cleared)
    seen = () if whole else masking.policies_seen(book, document, cleared)
    if not whole and (layer == "auditor" or not seen):
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "not-allowed",
            "此层说明含有您无权查看的事实 · this layer tells facts that you are not cleared for",
        )
    told = explain(book, document, layer, language_of(request, book), policies=seen)
    if request.headers.get("accept", "").startswith("text/plain"):
        return Response(as_text(told), 200, PRIVATE, "text/plain; charset=utf-8")
    return answer(told)


@router.get("/decisions/{decision_id}/replay", summary="Made again from stored facts and rules")
@needs(Right.REPLAY)
def replay(request: Request, decision_id: str) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        stored_seen(ask, read, decision_id, Right.REPLAY)
        found = list(decisions.replay_all(read, decision_id))
    replays = [
        {"seq": one.seq, "decision_id": one.decision_id, "result": one.result.value, "problem": one.problem}
        for one in found
    ]
    return answer({"replays": replays})


def stored_seen(ask: Asked, read: Reading, decision_id: str, right: Right) -> tuple[Stored, str]:
    """A decision that the viewer may see, and the area of its household. Raises `Refused` no-decision."""
    household_id = decisions.household_of(read, decision_id)
    missing = Refused("no-decision", f"没有裁定 {decision_id} · there is no decision {decision_id}")
    if household_id is None:
        raise missing
    try:
        row = scope.household_seen(read, ask.viewer, right, ask.book, household_id)
    except Refused:
        raise missing from None
    stored = decisions.get(read, decision_id)
    assert stored is not None
    return stored, row.area


def book_of(ask: Asked, read: Reading, stored: Stored) -> Rulebook:
    """The rulebook that a decision was made under."""
    if stored.rulebook == ask.book.fingerprint:
        return ask.book
    return rulebooks.kept(read, stored.rulebook)


def _key(read: Reading, stored: Stored) -> bytes:
    subject = sealed.of_household(stored.household_id)
    return sealed.key_of(sealed.data_keys(read, [subject]), subject)
