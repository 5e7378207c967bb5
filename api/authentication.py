"""Who asks: a session's token as a bearer token or in a cookie, or a token of the office's identity provider.

A cookie is sent along by a browser whoever's page asks, so with it everything that changes something needs
`X-CSRF-Token`, which only our own pages know. A request that has an Authorization header is judged by that alone.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus

from starlette.requests import Request

from api.oidc import Oidc
from api.problems import ProblemError
from records import sessions
from records.database import Database
from records.rights import Viewer
from records.sessions import Lasting

CROSS_SITE = "X-CSRF-Token"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST = 8192  # of a token


class Authentication:
    """Asks the record each time: what was withdrawn or ended counts from the next request on."""

    def __init__(self, database: Database, lasting: Lasting, oidc: Oidc | None = None) -> None:
        self.database, self.lasting, self.oidc = database, lasting, oidc

    def __call__(self, request: Request) -> Viewer | None:
        """None: nobody. Raises `ProblemError` 403 when a cookie came without the token against foreign pages."""
        header = request.headers.get("authorization")
        if header is None:
            return self._of_cookie(request)
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST:
            return None
        if token.count(".") == 2:
            return self._of_elsewhere(token)
        return self._of_token(request, token)

    def _of_cookie(self, request: Request) -> Viewer | None:
        token = request.cookies.get(cookie_name(request))
        if not token:
            return None
        viewer = self._of_token(request, token)
        if viewer is not None and request.method not in _READS:
            given = request.headers.get(CROSS_SITE, "")
            if not hmac.compare_digest(given.encode(), sessions.cross_site_token(token).encode()):
                raise ProblemError(
                    HTTPStatus.FORBIDDEN,
                    "cross-site",
                    f"用 cookie 登录时，修改须带 {CROSS_SITE} · with a cookie, whatever changes something needs {CROSS_SITE}",
                )
        return viewer

    def _of_token(self, request: Request, token: str) -> Viewer | None:
        found = sessions.of_token(self.database, self.lasting, token, self.database.clock())
        if found is None:
            return None
        viewer, request.state.session = found
        request.state.token = token
        return viewer

    def _of_elsewhere(self, token: str) -> Viewer | None:
        subject = self.oidc.subject(token) if self.oidc is not None else None
        return None if subject is None else sessions.of_subject(self.database, subject, self.database.clock())


def cookie_name(request: Request) -> str:
    """Over https a name that browsers keep to this host, and to secure connections."""
    return "__Host-relief" if request.url.scheme == "https" else "relief"


def address_of(request: Request) -> str:
    """Where the client is; behind a proxy what the proxy says, if the server is told to believe it."""
    return request.client.host if request.client is not None else ""
