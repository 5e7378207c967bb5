"""Files as bodies of requests: a workbook, or a CSV."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
LARGEST = 20_000_000  # bytes
TAKES_A_FILE: dict[str, Any] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (XLSX, CSV)},
        }
    }
}


async def content_of(request: Request) -> bytes:
    """The file; the guard has read no more of it than the route takes."""
    return await request.body()
