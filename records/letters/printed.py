"""The two layouts of a letter: HTML that prints on A4, and PDF with its fonts inside.

Both are made from the same plain data, and the same letter gives the same bytes (with the same fonts). The PDF is
PDF/A-2a: a character that no font has is an error there, not an empty box on somebody's decision.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jinja2
import typst

from records.letters.letter import Block, Heading, Items, Letter, Table, Text
from records.refused import Refused

_HERE = Path(__file__).parent
_FONTS = (  # the best first; each has the characters of GB 18030's basic set
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)
_ARCHIVED: Literal["a-2a"] = "a-2a"


def as_html(letter: Letter) -> bytes:
    """A whole page, which loads nothing from elsewhere."""
    return _template().render(letter=plain(letter)).encode()


def as_pdf(letter: Letter) -> bytes:
    """Raises `Refused` no-font when this machine has no font for it, or none with all of its characters."""
    places = _font_places()
    fonts = [one for one in _FONTS if one in _families(places)]
    if not fonts:
        raise Refused(
            "no-font",
            f"本机没有中文字体，请安装 fonts-noto-cjk，或用 RELIEF_FONTS 指明字体目录 · "
            f"no font with Chinese here; install fonts-noto-cjk, or name a directory in RELIEF_FONTS "
            f"(one of {', '.join(_FONTS)})",
        )
    told = json.dumps({**plain(letter), "fonts": fonts}, ensure_ascii=False)
    noon = datetime.combine(letter.day, time(12), UTC)
    try:
        made: bytes = typst.compile(
            _HERE / "letter.typ",
            root=_HERE,
            font_paths=[*map(Path, places)],
            format="pdf",
            sys_inputs={"letter": told},
            pdf_standards=[_ARCHIVED],
            timestamp=int(noon.timestamp()),
        )
    except typst.TypstError as error:
        raise Refused(
            "no-font",
            f"文书中有本机字体没有的字，请安装 fonts-noto-cjk · "
            f"this letter has characters that no font here has: {error}",
        ) from error
    return made


def plain(letter: Letter) -> dict[str, Any]:
    """As the layouts read it."""
    day = letter.day
    return {
        "language": letter.language,
        "title": letter.title,
        "office": letter.office,
        "contact": letter.contact,
        "number": letter.number,
        "addressee": letter.addressee,
        "blocks": [_block(one) for one in letter.blocks],
        "drafts": list(letter.drafts),
        "draft": letter.draft,
        "seal": letter.seal,
        "dated": letter.dated,
        "iso": day.isoformat(),
        "day": [day.year, day.month, day.day],
        "record": letter.record,
        "page": letter.page,
    }


def _block(block: Block) -> Mapping[str, Any]:
    match block:
        case Text(text):
            return {"is": "text", "text": text}
        case Heading(text):
            return {"is": "heading", "text": text}
        case Items(items):
            return {"is": "items", "items": [{"text": one.text, "under": list(one.under)} for one in items]}
        case Table(head, rows, numbers):
            return {
                "is": "table",
                "head": list(head),
                "rows": [list(row) for row in rows],
                "numbers": list(numbers),
                "widths": _widths(head, rows),
            }


def _widths(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> list[int]:
    """Shares of the line: as long as the longest text of a column, but none starves the others."""
    longest = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [min(max(length, 4), 18) for length in longest]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")


def _font_places() -> tuple[str, ...]:
    told = os.environ.get("RELIEF_FONTS", "")
    return (told,) if told else ()


@cache
def _families(places: tuple[str, ...]) -> frozenset[str]:
    return frozenset(typst.Fonts(font_paths=list(places)).families())
