"""The outermost layer: what no answer may lack, and what no request may be. Plain ASGI, as every request goes through it.

Every answer says that nothing of it is a page, a script or a frame, and that no cache keeps it unless the route says
otherwise. Requests for another host, with too long an address or too many headers, or from a client that asks too much
are refused before anything reads them. No other site's page may read answers: nothing says that it may (CORS).
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.limits import Buckets, Limits, too_many
from api.problems import ProblemError, problem_response

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_OVER_HTTPS = (*_ALWAYS, (b"strict-transport-security", b"max-age=31536000; includeSubDomains"))


class Hardening:
    def __init__(self, app: ASGIApp, limits: Limits, hosts: tuple[str, ...] = ()) -> None:
        """`hosts`: the names that the server answers to; (): any."""
        self.app, self.limits = app, limits
        self.hosts = [[host.encode()] for host in hosts]  # each as the only Host header of a request
        self.buckets = Buckets(limits.address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = _OVER_HTTPS if scope["scheme"] == "https" else _ALWAYS

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                there = {name for name, _ in headers}
                headers += [one for one in wanted if one[0] not in there]
                message["headers"] = headers
            await send(message)

        problem = self._wrong(scope)
        answering = self.app if problem is None else problem_response(problem)
        await answering(scope, receive, hardened)

    def _wrong(self, scope: Scope) -> ProblemError | None:
        client = scope.get("client")
        wait = self.buckets.take(client[0] if client else "")
        if wait:
            return too_many(wait)
        limits, headers = self.limits, scope["headers"]
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limits.target:
            return ProblemError(HTTPStatus.REQUEST_URI_TOO_LONG, "too-long")
        size = sum(len(name) + len(value) for name, value in headers)
        if len(headers) > limits.header_count or size > limits.headers:
            return ProblemError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "large-headers")
        if self.hosts and [_name_of(value) for name, value in headers if name == b"host"] not in self.hosts:
            return ProblemError(HTTPStatus.MISDIRECTED_REQUEST, "other-host")
        return None


def _name_of(host: bytes) -> bytes:
    """Without the port; an IPv6 address keeps its brackets."""
    if host.startswith(b"["):
        return host.partition(b"]")[0].lower() + b"]"
    return host.partition(b":")[0].lower()
