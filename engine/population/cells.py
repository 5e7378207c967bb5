"""What stands in a cell of a sheet, as a household document says it: words of people become codes, dates are ISO."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.language.types import Boolean, Date, Enum, Number
from engine.rulebook.model import Field

TRUE = frozenset({"是", "有", "真", "true", "yes", "y", "1"})
FALSE = frozenset({"否", "没有", "假", "false", "no", "n", "0"})
NOTHING = frozenset({"无", "没有", "none", "0"})  # of a list: it is known, and nothing is in it
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")

PHRASES: Mapping[str, Mapping[str, str]] = {
    "not-a-truth": {"zh": "“{value}”应填“是”或“否”", "en": "`{value}`: write yes or no"},
    "not-a-choice": {"zh": "“{value}”不是可选值；可填：{known}", "en": "`{value}` is not a value of this choice; it is one of {known}"},
    "not-a-number": {"zh": "“{value}”不是数，请只填数字，不写单位和逗号", "en": "`{value}` is not a number; write digits alone, no unit and no comma"},
    "not-a-day": {"zh": "“{value}”不是日期，请写成 2024-02-29", "en": "`{value}` is not a date; write 2024-02-29"},
    "not-a-text": {"zh": "“{value}”应为文字", "en": "`{value}`: a text is needed"},
}  # fmt: skip


class Unfit(Exception):
    """A cell does not say what its column holds: a code of PHRASES and what the phrase tells."""

    def __init__(self, code: str, **told: str) -> None:
        self.code, self.told = code, told
        super().__init__(code)


def empty(cell: Any) -> bool:
    """Nothing is said: nobody knows."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def plain_of(of: Field, cell: Any) -> Any:
    """The value of a cell that is not empty, as JSON has it. Raises `Unfit`."""
    text = str(cell).strip()
    if isinstance(of.type, Boolean):
        return _truth(cell, text)
    if isinstance(of.type, Enum):
        return _choice(of, text)
    if isinstance(of.type, Date):
        return day_of(cell)
    if isinstance(of.type, Number):
        return number_of(cell)
    return text_of(cell)


def _truth(cell: Any, text: str) -> bool:
    if isinstance(cell, bool):
        return cell
    word = text.lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise Unfit("not-a-truth", value=text)


def _choice(of: Field, text: str) -> str:
    if text in of.choices:
        return text
    named = {label.lower(): code for code, labels in of.choices.items() for label in labels.values()}
    if text.lower() in named:
        return named[text.lower()]
    known = ", ".join("/".join((code, *list(labels.values())[:1])) for code, labels in of.choices.items())
    raise Unfit("not-a-choice", value=text, known=known)


def day_of(cell: Any) -> str:
    if isinstance(cell, datetime):
        if cell.time() == datetime.min.time():
            return cell.date().isoformat()
        raise Unfit("not-a-day", value=str(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    written = _DAY.fullmatch(str(cell).strip())
    if written is not None:
        try:
            return date(*map(int, written.groups())).isoformat()
        except ValueError:
            pass
    raise Unfit("not-a-day", value=str(cell))


def number_of(cell: Any) -> int | Decimal:
    """Exact: what a workbook keeps as binary is taken as the shortest decimal that means it, as Excel shows it."""
    if isinstance(cell, bool | date):
        raise Unfit("not-a-number", value=str(cell))
    text = repr(cell) if isinstance(cell, float) else str(cell).strip()
    if isinstance(cell, float) and "e" in text:
        text = format(Decimal(text), "f")
    if not _NUMBER.fullmatch(text):
        raise Unfit("not-a-number", value=text)
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise Unfit("not-a-number", value=text) from None
    return int(found) if found == found.to_integral_value() else found.normalize()


def text_of(cell: Any) -> str:
    """Texts as they stand; whole numbers, which is what a workbook makes of an id, by their digits."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool | date):
        raise Unfit("not-a-text", value=str(cell))
    if isinstance(cell, float):
        if not cell.is_integer():
            raise Unfit("not-a-text", value=str(cell))
        return str(int(cell))
    return str(cell)
