"""What is served about the rules themselves: policies, facts, the rulebook."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import about_rules, about_server
from api.guard import open_to_all
from api.problems import not_found, plain_list
from api.query import only_known
from api.shown import fact_shown, policy_shown, version_shown
from engine.language.problems import nearest
from engine.rulebook import Rulebook

router = APIRouter()


@router.get("/healthz", summary="Is the server there")
@open_to_all
async def healthz(request: Request) -> Response:
    book: Rulebook = request.app.state.current.book
    return about_server(book, {"status": "ok", "rulebook": book.fingerprint})


@router.get("/v1/policies", summary="All policies")
@open_to_all
async def policies(request: Request) -> Response:
    only_known(request, ())
    book: Rulebook = request.app.state.current.book
    return about_rules(
        book, request, {"policies": [policy_shown(book, one) for one in book.policies.values()]}
    )


@router.get("/v1/policies/{policy_id}", summary="One policy and its versions")
@open_to_all
async def policy(request: Request, policy_id: str) -> Response:
    only_known(request, ())
    book: Rulebook = request.app.state.current.book
    found = book.policies.get(policy_id)
    if found is None:
        raise not_found("policy", policy_id, nearest(policy_id, book.policies))
    return about_rules(book, request, policy_shown(book, found))


@router.get(
    "/v1/policies/{policy_id}/versions/{version}", summary="One version, as written and clause by clause"
)
@open_to_all
async def policy_version(request: Request, policy_id: str, version: str) -> Response:
    only_known(request, ())
    book: Rulebook = request.app.state.current.book
    found = book.policies.get(policy_id)
    if found is None:
        raise not_found("policy", policy_id, nearest(policy_id, book.policies))
    versions = {one.dated.version: one for one in found.versions}
    if version not in versions:
        raise not_found(f"version of `{policy_id}`", version, nearest(version, versions))
    return about_rules(book, request, version_shown(book, found, versions[version]))


@router.get("/v1/facts", summary="The fact dictionary")
@open_to_all
async def facts(request: Request) -> Response:
    only_known(request, ())
    book: Rulebook = request.app.state.current.book
    return about_rules(book, request, {"facts": {name: fact_shown(one) for name, one in book.facts.items()}})


@router.get("/v1/rulebook", summary="What is served, and what waits for mending")
@open_to_all
async def rulebook(request: Request) -> Response:
    only_known(request, ())
    current = request.app.state.current
    book: Rulebook = current.book
    answer: dict[str, Any] = {
        "rulebook": book.name,
        "title": book.title,
        "fingerprint": book.fingerprint,
        "languages": book.languages,
        "currency": book.currency,
        "counts": {
            "policies": len(book.policies),
            "versions": sum(len(one.versions) for one in book.policies.values()),
            "definitions": len(book.definitions),
            "parameters": len(book.parameters),
            "facts": len(book.facts),
            "conflicts": len({one.id for one in book.conflicts}),
            "areas": len(book.areas),
            "sources": len(book.laws),
        },
        "files": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in book.sources.items()},
        "pending_problems": plain_list(current.pending_problems),
    }
    return about_server(book, answer)
