"""Rows as a workbook, sent while they are read (Office Open XML, ECMA-376 part 1, 18.3; texts stand in their cells).

Writers that take cells one by one need four times as long, and a file to write into. A text stays a text, also when it
begins like a formula; a number stays as exact as it is written; a day is a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import RawIOBase
from itertools import chain
from math import isfinite
from typing import Any
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

MOST_ROWS = 1_048_575  # of a sheet, below its header
_MOST_BYTES = 1_500_000_000  # of a sheet before it is packed; beyond 2 GB a zip file has another form
_LONGEST = 32_767  # characters of a cell
_AT_ONCE = 500
_TITLE = 31  # characters
_PACKED = 1  # of 9: twice as fast as the usual 6, a fifth larger
_DAY_ZERO = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)  # spreadsheets count a 29 February 1900
# What XML cannot hold, and what reads like the way in which it is written then (18.18.101, ST_Xstring).
_UNHOLDABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_x")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

Rows = Iterable[Sequence[Any]]


def as_xlsx(title: str, header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """Rows beyond what a sheet holds go on in a next one."""
    sent = _Sent()
    packed = ZipFile(sent, "w", ZIP_DEFLATED, compresslevel=_PACKED)
    rest, sheets = iter(rows), 0
    first = next(rest, None)
    while first is not None or not sheets:
        sheets += 1
        one = _Sheet(header)
        with packed.open(f"xl/worksheets/sheet{sheets}.xml", "w") as file:
            for text in one.texts(() if first is None else chain((first,), rest)):
                file.write(text.encode())
                yield sent.taken()
        first = next(rest, None)
    for name, content in _frame(title, sheets):
        packed.writestr(name, content)
    packed.close()
    yield sent.taken()


class _Sent(RawIOBase):
    """What a zip file is written into, until somebody takes it; there is no going back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: Any, /) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def taken(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


class _Sheet:
    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._columns = [_letters(place) for place in range(len(header))]

    def texts(self, rows: Rows) -> Iterator[str]:
        """The sheet in pieces; takes as many rows as it holds."""
        parts, size = [_SHEET, self._row(1, self._header)], 0
        for number, row in enumerate(rows, 2):
            parts.append(self._row(number, row))
            if number % _AT_ONCE == 0:
                text = "".join(parts)
                size += len(text)
                yield text
                parts = []
            if number > MOST_ROWS or size > _MOST_BYTES:
                break
        parts.append("</sheetData></worksheet>")
        yield "".join(parts)

    def _row(self, number: int, row: Sequence[Any]) -> str:
        cells = [
            _WAYS.get(type(value), _other)(f'<c r="{column}{number}"', value)
            for column, value in zip(self._columns, row, strict=True)
            if value is not None
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'


def _letters(place: int) -> str:
    """A, B, … Z, AA, …"""
    found = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


# --- cells --------------------------------------------------------------------------------------------------


def _text(begun: str, value: str) -> str:
    value = value[:_LONGEST]
    if _SPECIAL.search(value):
        value = _UNHOLDABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'{begun} t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def _number(begun: str, value: float | Decimal) -> str:
    return f"{begun}><v>{value}</v></c>"


def _measured(begun: str, value: float) -> str:
    return _number(begun, value) if isfinite(value) else _text(begun, str(value))


def _truth(begun: str, value: bool) -> str:
    return f'{begun} t="b"><v>{int(value)}</v></c>'


def _day(begun: str, value: date) -> str:
    if value < _FIRST_DAY:
        return _text(begun, value.isoformat())
    return f'{begun} s="1"><v>{(value - _DAY_ZERO).days}</v></c>'


def _other(begun: str, value: Any) -> str:
    """A kind of its own, such as a word of a list of words."""
    return _text(begun, value.isoformat() if isinstance(value, datetime) else str(value))


_WAYS: dict[type, Callable[[str, Any], str]] = {
    str: _text,
    int: _number,
    Decimal: _number,
    float: _measured,
    bool: _truth,
    date: _day,
}


# --- what stands around sheets ------------------------------------------------------------------------------


def _frame(title: str, sheets: int) -> Iterator[tuple[str, str]]:
    names = [_name(title, number) for number in range(1, sheets + 1)]
    numbered = list(enumerate(names, 1))
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>' for number, name in numbered
    )
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{listed}</sheets></workbook>",
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_REL}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{_REL}/styles" Target="styles.xml"/>'
    yield "xl/_rels/workbook.xml.rels", _relations(related + styles)
    yield "xl/styles.xml", _STYLES
    yield (
        "_rels/.rels",
        _relations(f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'),
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for number, _ in numbered
    )
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{parts}</Types>',
    )


def _relations(content: str) -> str:
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{content}</Relationships>'


def _name(title: str, number: int) -> str:
    """What a sheet is called: without the signs that no sheet's name has."""
    behind = "" if number == 1 else f"-{number}"
    return re.sub(r"[\[\]:*?/\\]", "-", title)[: _TITLE - len(behind)] + behind
