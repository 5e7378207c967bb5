"""The body of a request, read only as far as it may be."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from api.problems import Mistake, ProblemError
from engine.decision import BadDocument, parse_json
from engine.decision.json_text import LARGEST, DocumentProblem, shown

SECONDS = 60  # for a whole body to arrive
_DIGITS = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


async def read_json(request: Request, largest: int = LARGEST) -> Any:
    """Plain data with exact numbers. Raises `ProblemError` (408, 413, 415) and `BadDocument`."""
    _check_type(request)
    return parse_json(await read_body(request, largest))


async def read_body(request: Request, largest: int) -> bytes:
    """Raises `ProblemError` 413 as soon as there is more, 408 when it does not come."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise _too_large(largest)
    content = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > largest:
                    raise _too_large(largest)
    except TimeoutError:
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, "too-slow", headers={"Connection": "close"}) from None
    return bytes(content)


def _check_type(request: Request) -> None:
    declared = request.headers.get("content-type")
    media = (declared or "application/json").partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        detail = f"a JSON document is read here, and this is declared as {media[:80]}"
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", f"{detail}; send Content-Type: application/json"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", "send the document as it is, not compressed"
        )


def _too_large(largest: int) -> ProblemError:
    message = f"more than {largest} bytes were sent; no more are read"
    mistake = Mistake("too-large", message, "send it in parts", pointer="")
    # The rest of the body has not been read, so the connection cannot serve another request.
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", errors=(mistake,), headers={"Connection": "close"}
    )


def checked(data: Any) -> Any:
    """The same data. Raises `BadDocument` for what no keyboard writes and no database takes.

    A model that wants a whole number would write 1e999999999 out before it said that it is too large.
    """
    left = [data]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if not one.isprintable() and _CONTROL.search(one):
                raise _refused("control-character", f"a text holds a control character: `{shown(one)}`")
        elif isinstance(one, Decimal):
            if one and not -_DIGITS < one.adjusted() < _DIGITS:
                raise _refused("number-range", f"a number is beyond reason: `{shown(str(one))}`")
        elif isinstance(one, dict):
            left += one
            left += one.values()
        elif isinstance(one, list):
            left += one
    return data


def _refused(code: str, message: str) -> BadDocument:
    return BadDocument([DocumentProblem("", code, message, "leave it out")])
