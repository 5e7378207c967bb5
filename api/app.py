"""The application: routes, and how everything that goes wrong is answered.

Without a record it only decides what it is sent. With one it keeps households and decisions, for those who sign in.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any, cast

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from api import (
    accounts,
    cases,
    discretion,
    feeds,
    funds,
    households,
    imports,
    inspection_packs,
    inspection_steps,
    inspections,
    notices,
    own,
    page,
    papers,
    payees,
    payments,
    people,
    publicity,
    readiness,
    rectifications,
    register,
    reports,
    rulebooks,
    rules,
    scans,
    stored_decisions,
    supervision,
    trail,
    worklists,
)
from api.authentication import Authentication
from api.current import LOOK_EVERY, CurrentRulebook
from api.guard import api_routes, check_doors
from api.hardening import Hardening
from api.limits import Buckets, Limits
from api.observed import Observed
from api.oidc import Oidc
from api.openapi import describe
from api.problems import (
    ProblemError,
    bad_document,
    bad_request,
    not_found,
    problem_response,
    refused_by_record,
)
from api.settings import Settings
from api.straight import Straight
from engine.decision import BadDocument
from engine.language.problems import nearest
from records.database import Database
from records.place import BadPlace
from records.refused import Refused
from records.rights import Viewer
from records.sealed import Erased, Tampered

ALWAYS: tuple[APIRouter, ...] = (page.router, households.router, rules.router, readiness.router)
WITH_A_RECORD: tuple[APIRouter, ...] = (
    own.router,
    accounts.router,
    register.router,
    people.router,
    stored_decisions.router,
    papers.router,
    scans.router,
    reports.router,
    trail.router,
    notices.router,
    supervision.router,
    rulebooks.router,
    imports.router,
    feeds.router,
    cases.router,
    worklists.router,
    discretion.router,
    publicity.router,
    payees.router,
    payments.router,
    funds.router,
    inspections.router,
    inspection_steps.router,
    inspection_packs.router,
    rectifications.router,
)
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed"}

_log = logging.getLogger("relief.api")


def nobody(_: Request) -> Viewer | None:
    """Who is signed in where nobody can."""
    return None


def make_app(
    current: CurrentRulebook,
    look_every: float = LOOK_EVERY,
    record: Database | None = None,
    authenticate: Callable[[Request], Viewer | None] | None = None,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    limits: Limits = Limits(),  # noqa: B008
) -> FastAPI:
    """`authenticate`: who asks, asked in a thread of its own; None: whom the record knows.

    Raises `BadSettings`.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with current.watched(look_every):
            yield

    # The pages of FastAPI load scripts from elsewhere; ours is `api.page`.
    app = _Hardened(
        title="smart-relief",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.current = current
    app.state.record, app.state.settings, app.state.limits = record, settings, limits
    app.state.buckets = {"account": Buckets(limits.account), "sign-in": Buckets(limits.sign_in)}
    app.state.authenticate = authenticate or _asked_of(record, settings)
    for router in (*ALWAYS, *(WITH_A_RECORD if record is not None else ())):
        app.include_router(
            router
        )  # as it is: what is given here beside it would not reach the short ways below
    check_doors(app)
    app.router.routes.insert(0, Straight(api_routes(app.routes)))
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(BadDocument, _bad_document)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Erased, _erased)
    for gone in (OperationalError, InterfaceError, PoolTimeout, BadPlace):
        app.add_exception_handler(gone, _unavailable)
    app.add_exception_handler(Tampered, _tampered)
    app.add_exception_handler(BadPlace, _unplaced)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    return app


class _Hardened(FastAPI):
    """Around everything, so that the answer to a failure of ours is as hard as any."""

    def build_middleware_stack(self) -> ASGIApp:
        inner = Hardening(super().build_middleware_stack(), self.state.limits, self.state.settings.hosts)
        return Observed(inner)


def _asked_of(record: Database | None, settings: Settings) -> Callable[[Request], Viewer | None]:
    if record is None:
        return nobody
    oidc = None if settings.oidc is None else Oidc(settings.oidc)
    return Authentication(record, settings.lasting, oidc)


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


async def _bad_request(_: Request, error: Any) -> Response:
    return problem_response(bad_request(error))


async def _refused(_: Request, error: Any) -> Response:
    return problem_response(refused_by_record(error))


async def _erased(_: Request, error: Any) -> Response:
    return problem_response(ProblemError(HTTPStatus.GONE, "erased", str(error)))


async def _unavailable(_: Request, error: Any) -> Response:
    """The database is not there, too busy to be waited for, out of room, or has broken off one of two that crossed.

    Nothing was written then, and it will do when it is asked again: this server needs no restart.
    """
    _log.warning("the record is not available", exc_info=error)
    problem = ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", headers={"Retry-After": "5"})
    return problem_response(problem)


async def _tampered(_: Request, error: Any) -> Response:
    """What was changed behind the program's back is named to whoever asks for it, and to the log."""
    _log.error("%s", error)
    return problem_response(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "tampered", str(error)))


async def _unplaced(_: Request, error: Any) -> Response:
    return problem_response(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "not-set-up", str(error)))


async def _http(request: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(
            not_found("address", request.url.path, nearest(request.url.path, _paths(request)))
        )
    code = _HTTP_CODES.get(error.status_code, "bad-document")
    return problem_response(ProblemError(error.status_code, code, headers=error.headers or {}))


def _paths(request: Request) -> tuple[str, ...]:
    return tuple(route.path for route in api_routes(request.app.routes))


async def _gone(_: Request, error: Any) -> Response:
    """The client left before its document had arrived; nobody reads this answer."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _failed(_: Request, error: Any) -> Response:
    """A mistake of ours. The log has it; the answer tells nothing of the inside."""
    return problem_response(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal"))
