"""The application: routes, and how everything that goes wrong is answered."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api import households, rules
from api.current import LOOK_EVERY, CurrentRulebook
from api.openapi import describe
from api.problems import ProblemError, bad_document, not_found, problem_response
from engine.decision import BadDocument
from engine.language.problems import nearest

_ROUTES = (*households.router.routes, *rules.router.routes)
_PATHS = tuple(route.path for route in _ROUTES if isinstance(route, APIRoute))
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed"}


def make_app(current: CurrentRulebook, look_every: float = LOOK_EVERY) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with current.watched(look_every):
            yield

    # The pages of FastAPI load scripts from elsewhere; the description itself is at /openapi.json.
    app = FastAPI(
        title="smart-relief",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.current = current
    app.include_router(households.router)
    app.include_router(rules.router)
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(BadDocument, _bad_document)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    return app


def _description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, made once for each rulebook that is served."""
    book = app.state.current.book
    if getattr(app.state, "described", None) != book.fingerprint:
        app.state.description, app.state.described = describe(app, book), book.fingerprint
    return cast(dict[str, Any], app.state.description)


async def _problem(_: Request, error: Any) -> Response:
    return problem_response(error)


async def _bad_document(_: Request, error: Any) -> Response:
    return problem_response(bad_document(error))


async def _http(request: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(not_found("address", request.url.path, nearest(request.url.path, _PATHS)))
    code = _HTTP_CODES.get(error.status_code, "bad-document")
    return problem_response(ProblemError(error.status_code, code, headers=error.headers or {}))


async def _gone(_: Request, error: Any) -> Response:
    """The client left before its document had arrived; nobody reads this answer."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _failed(_: Request, error: Any) -> Response:
    """A mistake of ours. The log has it; the answer tells nothing of the inside."""
    return problem_response(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal"))
