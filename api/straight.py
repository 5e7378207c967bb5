"""The short ways of a request: to its route by looking it up, and through a route in one piece where there is no body.

FastAPI tries one route after another, and goes to a thread for the guard and to another one for the endpoint. Whatever
is not as plain as that goes FastAPI's way, and so does every mistake, which FastAPI then tells.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import get_type_hints

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class Straight(BaseRoute):
    """The first of an application's routes: finds any of the others by its method and the shape of the address.

    Where it finds none the others are tried as ever.
    """

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        """`routes`: in the order in which they would be tried. Raises RuntimeError for one that has no shape of its own."""
        self._by_shape: Mapping[tuple[str, int, str], list[APIRoute]] = defaultdict(list)
        for route in routes:
            _, _, *parts = route.path.split("/")
            if (parts and "{" in parts[0]) or ":path}" in route.path:
                raise RuntimeError(
                    f"{route.path} cannot be found by its shape: behind the prefix comes a plain word, and no part is open (`:path`)"
                )
            for method in route.methods or ():
                self._by_shape[_shape(method, route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and not scope.get("root_path"):
            path = scope["path"]
            for route in self._by_shape.get(_shape(scope["method"], path), ()):
                if route.path_regex.match(path):
                    return route.matches(scope)
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].handle(scope, receive, send)


def _shape(method: str, path: str) -> tuple[str, int, str]:
    """The method, how many parts the address has, and the one behind the prefix."""
    parts = path.split("/", 3)
    return method, path.count("/"), parts[2] if len(parts) > 2 else ""


def caller_of(route: APIRoute) -> Callable[[Request], Response | None] | None:
    """Asks the endpoint of a route that reads nothing but its address and query, in the thread that calls; None: there is more to it.

    What is returned returns None in its turn when a parameter is wrong.
    """
    endpoint, wants = route.endpoint, route.dependant
    more = (
        wants.dependencies,
        wants.header_params,
        wants.cookie_params,
        wants.body_params,
        wants.response_param_name,
        wants.background_tasks_param_name,
        wants.http_connection_param_name,
        wants.security_scopes_param_name,
        wants.websocket_param_name,
    )
    answers = get_type_hints(endpoint).get("return")
    if any(more) or inspect.iscoroutinefunction(endpoint):
        return None
    if not (isinstance(answers, type) and issubclass(answers, Response)):
        return None

    def called(request: Request) -> Response | None:
        values, wrong = request_params_to_args(wants.path_params, request.path_params)
        asked, asked_wrong = request_params_to_args(wants.query_params, request.query_params)
        if wrong or asked_wrong:
            return None
        if wants.request_param_name is not None:
            values[wants.request_param_name] = request
        return endpoint(**values, **asked)  # type: ignore[no-any-return]

    return called


_FEW: RunVar[CapacityLimiter] = RunVar("few")
_AT_A_TIME = 3


def few() -> CapacityLimiter:
    """Of a process: the threads for what takes the processor. Everything else has threads of its own, and does not wait here."""
    try:
        return _FEW.get()
    except LookupError:
        made = CapacityLimiter(_AT_A_TIME)
        _FEW.set(made)
        return made


def has_body(request: Request) -> bool:
    """A body is told of in the head (RFC 9112, 6.3)."""
    headers = request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
