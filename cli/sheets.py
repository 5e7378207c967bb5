"""Sheets from a workbook, or from the CSV files of a directory, each by its name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.stop import stop

if TYPE_CHECKING:
    from engine.population.sheets import Sheet


def read_sheets(path: Path) -> list[Sheet]:
    """Ends the command when nothing can be read."""
    if path.is_dir():
        files = sorted(path.glob("*.csv"))
        if not files:
            stop(f"{path}: 目录里没有 .csv 文件 · there is no .csv file in this directory")
        return [_csv(file) for file in files]
    if not path.is_file():
        stop(f"{path}: 没有这个文件或目录 · there is no such file or directory")
    if path.suffix.lower() == ".csv":
        return [_csv(path)]
    if path.suffix.lower() != ".xlsx":
        stop(f"{path}: 请给 .xlsx 文件，或装有 .csv 文件的目录 · give an .xlsx, or a directory of .csv files")
    return list(_workbook(path))


def _csv(path: Path) -> Sheet:
    from engine.population.sheets import Sheet

    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):  # what spreadsheets of Chinese offices write
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        stop(f"{path}: 不是 UTF-8 或 GB 18030 文字 · this is neither UTF-8 nor GB 18030 text")
    rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline="")))
    return Sheet(path.stem, rows[0] if rows else [], rows[1:])


def _workbook(path: Path) -> Iterator[Sheet]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    from engine.population.sheets import Sheet

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
        stop(
            f"{path}: 不是可读的工作簿，可能被截断 · this workbook cannot be read, it may be cut off: {error}"
        )
    for sheet in book.worksheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        if any(cell is not None for row in rows for cell in row):
            yield Sheet(sheet.title, [str(cell or "") for cell in rows[0]], rows[1:])
