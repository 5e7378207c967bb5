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

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.problems import ProblemError
from api.query import only_known
from records.rights import Right, Viewer

OPEN = "open"
_RIGHT = "__right__"
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


def guarded_router(prefix: str = "/v1") -> APIRouter:
    return APIRouter(prefix=prefix, dependencies=[Depends(guard)])


def guard(request: Request) -> None:
    """Lets in whoever has the right of the route. Raises `ProblemError` 401, 403; 400 for a query nobody reads."""
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
        if not isinstance(right, Right) or not viewer.may(right):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "not-allowed",
                "您的角色没有此项权限 · your role does not have this right",
            )
        request.state.viewer = viewer
    only_known(request, [one.alias for one in route.dependant.query_params])


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
    """Every route says what it needs. Raises RuntimeError: such an application must not start."""
    silent = sorted(route.path for route in api_routes(app.routes) if right_of(route) is None)
    if silent:
        raise RuntimeError(f"these routes declare no right: {', '.join(silent)}")
