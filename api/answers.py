"""What a good answer looks like: JSON bytes, the rulebook's fingerprint, headers that keep it out of harm."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.decision import encode_json
from engine.rulebook import Rulebook

# Answers about a household are nobody else's: no cache keeps them.
PRIVATE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
# Answers about the rules may be kept, if they are checked each time.
PUBLIC = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}


def about_household(book: Rulebook, content: bytes, media_type: str = "application/json") -> Response:
    return Response(content, 200, PRIVATE | {"X-Rulebook": book.fingerprint}, media_type)


def about_rules(book: Rulebook, request: Request, content: Any) -> Response:
    """An answer that changes only with the rulebook: 304 when the client has it already."""
    tag = f'"{book.fingerprint}"'
    headers = PUBLIC | {"X-Rulebook": book.fingerprint, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(encode_json(content), 200, headers, "application/json")


def about_server(book: Rulebook, content: Any) -> Response:
    """An answer that may change at any time."""
    return Response(encode_json(content), 200, PRIVATE | {"X-Rulebook": book.fingerprint}, "application/json")
