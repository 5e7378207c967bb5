"""Rows as a file that is sent while they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from api.answers import PRIVATE
from api.files import CSV, XLSX
from records import exports
from records.xlsx import as_xlsx

Format = Annotated[Literal["json", "csv", "xlsx"], Query(description="csv and xlsx are whole files")]
Language = Annotated[str | None, Query(max_length=10)]


def download(name: str, kind: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> Response:
    """What is wrong with the question is found before the first row is sent."""
    first = list(islice(rows, 1))
    whole = (row for part in (first, rows) for row in part)
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return StreamingResponse(exports.as_csv(columns, whole), 200, headers, f"{CSV}; charset=utf-8")
    return StreamingResponse(as_xlsx(name, columns, whole), 200, headers, XLSX)
