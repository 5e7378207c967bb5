"""Around everything: a request gets an id, is counted and timed, and leaves one line in the log. Plain ASGI.

The line says which route, not which address: addresses hold ids, queries hold names and numbers. `X-Request-ID` is
taken over when it is a UUID or 32 hexadecimal digits, as traces have them; anything else might be somebody's number.
"""

from __future__ import annotations

import logging
import re
import secrets
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import FIELDS
from api.metrics import REQUESTS, SECONDS

_ID = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})  # asked by machines every few seconds
NOWHERE = "-"  # the route of an address that there is not

_log = logging.getLogger("relief.request")


class Observed:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._counters = {}  # type: ignore[var-annotated] # by method, route and status: a look-up of labels takes longer
        self._timers = {}  # type: ignore[var-annotated]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, made = perf_counter(), 0, _request_id(scope)
        failed: Exception | None = None
        scope.setdefault("state", {})["request_id"] = made

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", made.encode())]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:  # Starlette hands on what it has answered with 500, for the log
            if not status:
                raise
            failed = error
        finally:
            self._observe(scope, status or 500, perf_counter() - began, made, failed)

    def _observe(
        self, scope: Scope, status: int, seconds: float, request_id: str, failed: Exception | None
    ) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", NOWHERE)
        counted, timed = (method, route, str(status)), (method, route)
        if counted not in self._counters:
            self._counters[counted] = REQUESTS.labels(*counted)
            self._timers[timed] = SECONDS.labels(*timed)
        self._counters[counted].inc()
        self._timers[timed].observe(seconds)
        level = logging.ERROR if status >= 500 else logging.DEBUG if route in _QUIET else logging.INFO
        if not _log.isEnabledFor(level):
            return
        viewer = scope["state"].get("viewer")
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "account": None if viewer is None else viewer.account,
            "request_id": request_id,
        }
        _log.log(level, "request", extra={FIELDS: fields}, exc_info=failed)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return str(value, "ascii").lower()
    return secrets.token_hex(16)
