"""POST /v1/decisions and /v1/explanations.

Deciding takes a millisecond of computing and waits for nothing, so it runs where it is called: a thread would
only add to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import about_household
from api.body import read_json
from api.guard import open_to_all
from api.metrics import DECISIONS
from api.query import Moment, language_of, layer_of, moment_of
from engine.decision import Decision, decide, encode_json
from engine.decision.explain import as_text, explain
from engine.decision.record import explain_recorded
from engine.rulebook import Rulebook

router = APIRouter(prefix="/v1")
_MADE = DECISIONS.labels("no")


@router.post("/decisions", summary="Decide one household")
@open_to_all
async def decisions(request: Request) -> Response:
    """The body is the household document itself; what is asked about it stands in the query."""
    book: Rulebook = request.app.state.current.book
    moment = moment_of(request, book)
    return about_household(book, encode_json(_decided(book, await read_json(request), moment)))


@router.post("/explanations", summary="Explain a decision")
@open_to_all
async def explanations(request: Request) -> Response:
    """The body is a decision, or a household document, which is then decided first.

    Answers JSON, or plain text when the client accepts only that.
    """
    book: Rulebook = request.app.state.current.book
    moment = moment_of(request, book, also=("layer", "lang"))
    layer, language = layer_of(request), language_of(request, book)
    document = await read_json(request)
    if isinstance(document, Mapping) and "decision_id" in document:
        explanation = explain_recorded(book, document, layer, language)
    else:
        explanation = explain(book, _decided(book, document, moment), layer, language)
    if request.headers.get("accept", "").startswith("text/plain"):
        return about_household(book, as_text(explanation).encode(), "text/plain; charset=utf-8")
    return about_household(book, encode_json(explanation))


def _decided(book: Rulebook, document: Any, moment: Moment) -> Decision:
    made = decide(
        book,
        document,
        on=moment.on,
        known=moment.known,
        policies=moment.policies,
        advice=moment.advice,
    )
    _MADE.inc()
    return made
