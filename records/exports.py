"""Rows as CSV, XLSX or JSON, written while they are read.

CSV carries a byte order mark, so that Excel takes it for UTF-8. A text that a spreadsheet would take for a formula
stays a text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.decision import encode_json

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AT_ONCE = 500
MOST_ROWS = 1_048_575  # of a sheet, below its header

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


def write_xlsx(path: Path, title: str, header: Sequence[str], rows: Rows) -> None:
    """Rows beyond what a sheet holds go on in a next one."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet: Any = None
    for n, row in enumerate(rows):
        if n % MOST_ROWS == 0:
            sheet = _sheet(book, title, n // MOST_ROWS, header)
        cells = []
        for value in row:
            cell = value
            if isinstance(value, str) and value.startswith(_FORMULA):
                cell = WriteOnlyCell(sheet, value=value)
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    if sheet is None:
        _sheet(book, title, 0, header)
    book.save(path)


def _sheet(book: Any, title: str, number: int, header: Sequence[str]) -> Any:
    sheet = book.create_sheet(title if number == 0 else f"{title}-{number + 1}")
    sheet.freeze_panes = "A2"
    sheet.append(list(header))
    return sheet


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
