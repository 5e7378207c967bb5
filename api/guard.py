"""The door: every route says which right it needs, and whoever has not got it does not come in.

    router = guarded_router()

    @router.get("/v1/things")
    @needs(Right.READ_HOUSEHOLDS)
    def things(request: Request) -> Response:
        viewer = viewer_of(request)

A route of a guarded router that says nothing is refused when the application is made (`check_doors`), and by the guard
itself. `OPEN` is for what anybody may ask: the rules, and decisions about documents that the asker brings along.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from api.body import read_body
from api.limits import Limits, take
from api.once import has_key, once
from api.problems import ProblemError, bad_parameter
from api.query import only_known
from api.straight import caller_of, few, has_body
from records.rights import Right, Viewer

OPEN = "open"
_RIGHT, _LARGEST, _LONG = "__right__", "__largest__", "__long__"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def needs(right: Right) -> Callable[[Endpoint], Endpoint]:
    """Declares the right that a route needs."""

    def declared(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RIGHT, right)
        return endpoint

    return declared


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Declares that anybody may ask this, signed in or not."""
    setattr(endpoint, _RIGHT, OPEN)
    return endpoint


def right_of(route: APIRoute) -> Right | str | None:
    found: Right | str | None = getattr(route.endpoint, _RIGHT, None)
    return found


def up_to(largest: int) -> Callable[[Endpoint], Endpoint]:
    """Declares how many bytes of a body a route takes, where that is not what `Limits.body` says."""

    def declared(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _LARGEST, largest)
        return endpoint

    return declared


def takes_the_processor(endpoint: Endpoint) -> Endpoint:
    """Declares that a route works rather than waits, so that more than a few at a time only hinder each other (`few`)."""
    setattr(endpoint, _LONG, True)
    return endpoint


def guarded_router(prefix: str = "/v1") -> APIRouter:
    return APIRouter(prefix=prefix, route_class=GuardedRoute)


class GuardedRoute(APIRoute):
    """Looks at who asks before anything of the body is read, and reads no more of it than the route takes.

    What a body says is read by `api.bodies`: JSON with no key twice, no NaN, no depth without end.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._call is not None and scope["method"] in (self.methods or ()):
            request = Request(scope, receive, send)
            if not has_body(request) and not has_key(request):
                limiter = few() if hasattr(self.endpoint, _LONG) else None
                response = await run_sync(self._at_once, request, limiter=limiter)
                if response is not None:
                    await response(scope, receive, send)
                    return
        await super().handle(scope, receive, send)

    @cached_property
    def _call(self) -> Callable[[Request], Response | None] | None:
        return caller_of(self)

    def _at_once(self, request: Request) -> Response | None:
        """Guard and endpoint in one thread, one after the other. None: a parameter is wrong."""
        guard(request)
        request.state.let_in = True
        assert self._call is not None
        return self._call(request)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if not getattr(request.state, "let_in", False):
                await run_in_threadpool(guard, request)
            limits: Limits = request.app.state.limits
            body = await read_body(request, getattr(self.endpoint, _LARGEST, limits.body))
            request._body = body  # as Starlette keeps it: what is read once is there for everybody
            viewer: Viewer | None = getattr(request.state, "viewer", None)
            if viewer is None:
                return await answer(request)
            return await once(request, viewer.account, body, answer)

        return guarded


def guard(request: Request) -> None:
    """Lets in whoever has the right of the route.

    Raises `ProblemError` 401, 403, 429 of the account; 400 for a query or an address that nobody reads.
    """
    route = request.scope["route"]
    right = right_of(route)
    if right != OPEN:
        viewer: Viewer | None = request.app.state.authenticate(request)
        if viewer is None:
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                "not-signed-in",
                "请先登录 · sign in first: POST /v1/sessions, or send a bearer token",
                headers={"WWW-Authenticate": "Bearer"},
            )
        take(request.app.state.buckets["account"], viewer.account)
        if not isinstance(right, Right) or not viewer.may(right):
            raise _not_allowed(viewer)
        request.state.viewer = viewer
    only_known(request, [one.alias for one in route.dependant.query_params])
    for name, text in (*request.path_params.items(), *request.query_params.items()):
        if not text.isprintable():
            raise bad_parameter(name[:80], "a control character stands here", "leave it out")


def _not_allowed(viewer: Viewer) -> ProblemError:
    if viewer.must_change:
        return ProblemError(
            HTTPStatus.FORBIDDEN,
            "must-change",
            "请先更改密码 · change the password first: POST /v1/me/password",
        )
    return ProblemError(
        HTTPStatus.FORBIDDEN, "not-allowed", "您的角色没有此项权限 · your role does not have this right"
    )


def viewer_of(request: Request) -> Viewer:
    viewer: Viewer = request.state.viewer
    return viewer


def api_routes(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """The routes of an application, those of its routers included."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        included: APIRouter | None = getattr(route, "original_router", None)
        if included is not None:
            yield from api_routes(included.routes)


def check_doors(app: FastAPI) -> None:
    """Every route says what it needs, and reads its body as the engine does.

    Raises RuntimeError: such an application must not start.
    """
    silent = sorted(route.path for route in api_routes(app.routes) if right_of(route) is None)
    if silent:
        raise RuntimeError(f"these routes declare no right: {', '.join(silent)}")
    careless = sorted(route.path for route in api_routes(app.routes) if route.body_field is not None)
    if careless:
        raise RuntimeError(f"the bodies of these routes are not read by api.bodies: {', '.join(careless)}")
