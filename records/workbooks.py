"""Sheets from what an office sends: a workbook, or a CSV file as spreadsheets of Chinese offices write them."""

from __future__ import annotations

import csv
import io
from zipfile import BadZipFile, ZipFile

from engine.population.sheets import Sheet
from records.refused import Refused

ENCODINGS = ("utf-8-sig", "gb18030")
LARGEST_INSIDE = 400_000_000  # bytes of an unpacked workbook; a small file can unpack to anything
_ZIP = b"PK\x03\x04"


def read_sheets(name: str, content: bytes) -> list[Sheet]:
    """The sheets of a file. `name`: what a CSV's sheet is called, without its folder and ending. Raises `Refused`."""
    return read_workbook(name, content) if content.startswith(_ZIP) else [read_csv(name, content)]


def read_csv(name: str, content: bytes) -> Sheet:
    """Raises `Refused` for what is no text."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refused(
            "not-text", f"{name}: 不是 UTF-8 或 GB 18030 文字 · this is neither UTF-8 nor GB 18030 text"
        )
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise Refused("not-csv", f"{name}: 不是 CSV · this is no CSV: {error}") from None
    return Sheet(name, rows[0] if rows else [], rows[1:])


def read_workbook(name: str, content: bytes) -> list[Sheet]:
    """Sheets with anything in them. Raises `Refused` for what is no workbook, or unpacks to too much."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with ZipFile(io.BytesIO(content)) as packed:
            size = sum(one.file_size for one in packed.infolist())
        if size > LARGEST_INSIDE:
            raise Refused(
                "too-large", f"{name}: 工作簿展开后过大，请分开 · this workbook unpacks to too much; split it"
            )
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        found = []
        for sheet in book.worksheets:
            rows = [list(row) for row in sheet.iter_rows(values_only=True)]
            if any(cell is not None for row in rows for cell in row):
                header = ["" if cell is None else str(cell) for cell in rows[0]]
                found.append(Sheet(sheet.title, header, rows[1:]))
    except (BadZipFile, InvalidFileException, KeyError, OSError, EOFError, ValueError) as error:
        raise Refused(
            "bad-workbook",
            f"{name}: 不是可读的工作簿，可能被截断 · this workbook cannot be read, it may be cut off: {error}",
        ) from None
    return found
