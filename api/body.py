"""The body of a request, read only as far as it may be."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from api.problems import Mistake, ProblemError
from engine.decision import BadDocument, parse_json
from engine.decision.json_text import LARGEST, DocumentProblem, shown

SECONDS = 60  # for a whole body to arrive
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


def checked_texts(data: Any) -> Any:
    """The same data. Raises `BadDocument` for a text that holds what no keyboard writes and no database takes."""
    left = [data]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if not one.isprintable() and _CONTROL.search(one):
                message = f"a text holds a control character: `{shown(one)}`"
                raise BadDocument([DocumentProblem("", "control-character", message, "leave it out")])
        elif isinstance(one, dict):
            left += one
            left += one.values()
        elif isinstance(one, list):
            left += one
    return data
