"""Rows as CSV or JSON, written while they are read (`records.xlsx`: as workbooks).

CSV carries a byte order mark, so that Excel takes it for UTF-8. A text that a spreadsheet would take for a formula
stays a text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from engine.decision import encode_json

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AT_ONCE = 500

Rows = Iterable[Sequence[Any]]


def as_csv(header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    text.write("\ufeff")
    writer.writerow(header)
    for n, row in enumerate(rows, 1):
        writer.writerow([_guarded(one) for one in row])
        if n % _AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def as_json(header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A list of objects."""
    yield b"["
    for n, row in enumerate(rows):
        yield (b",\n" if n else b"\n") + encode_json(dict(zip(header, row, strict=True)))
    yield b"\n]\n"


def _taken(text: io.StringIO) -> bytes:
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written


def _guarded(value: Any) -> Any:
    """An apostrophe before what a spreadsheet would compute; numbers are numbers."""
    if value is None:
        return ""
    if isinstance(value, int | Decimal):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
