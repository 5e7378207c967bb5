"""What a YAML text without quotes means: true, false, a number, a date, or just text.

YAML readers disagree about `yes`, `012`, `1_000` or `12:30`. Such a text is refused, with the way to write
what was probably meant. Numbers keep their decimals: `632.10` stays 632.10.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

MISSING = frozenset({"", "~", "null", "Null", "NULL"})

_BOOLEANS = {"true": True, "false": False}
_LIKE_TRUE = frozenset({"True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_LIKE_FALSE = frozenset({"False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})

_WHOLE = re.compile(r"0|[1-9][0-9]*")
_NUMBER = re.compile(r"(?!-0(?:\.0+)?\Z)-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LIKE_DATE = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})([Tt ][0-9:.Zz+-]*)?")
_LIKE_NUMBER = re.compile(
    r"""[-+]?(?: 0[xX][0-9a-fA-F_]+ | 0[oO][0-7_]+ | 0[bB][01_]+      # other bases
        | \.(?:inf|Inf|INF|nan|NaN|NAN)
        | [0-9]+(?: : [0-9]{1,2} )+ (?: \.[0-9]* )?                   # base sixty, or a time of day
        | [0-9]{1,3}(?: [\ \u00a0,，] [0-9]{3} )+ (?: \.[0-9]+ )?     # thousands apart
        | (?: [0-9][0-9_]* (?: \.[0-9_]* )? | \.[0-9][0-9_]* ) (?: [eE][-+]?[0-9]+ )?
        | [0-9０-９.．]* [０-９] [0-9０-９.．]* )""",
    re.VERBOSE,
)
_MOST_DIGITS = 30
_STARTS = frozenset("0123456789+-.０１２３４５６７８９．")


@dataclass(frozen=True, slots=True)
class Misread:
    """A text that other YAML readers take for something else, or that says nothing at all."""

    code: str
    message: str
    hint: str


def read_plain(text: str) -> str | bool | int | Decimal | datetime.date | Misread:
    """The value of a text without quotes."""
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text in _LIKE_TRUE or text in _LIKE_FALSE:
        meant = "true" if text in _LIKE_TRUE else "false"
        return Misread(
            "not-a-boolean",
            f"`{text}` means different things to different programs",
            f'write {meant}, or put the word in quotes: "{text}"',
        )
    if text[:1] not in _STARTS:
        return text
    if number := _NUMBER.fullmatch(text):
        if sum(map(str.isdigit, text)) > _MOST_DIGITS:
            message = f"this number has more than {_MOST_DIGITS} digits"
            return Misread("not-a-number", message, _quoted(text))
        return Decimal(text) if number[1] else int(text)
    if date := _DATE.fullmatch(text):
        return _date(text, *(int(part) for part in date.groups()))
    if like_date := _LIKE_DATE.fullmatch(text):
        return _misread_date(text, *(int(like_date[i]) for i in (1, 3, 4)))
    if _LIKE_NUMBER.fullmatch(text):
        return _misread_number(text)
    return text


def is_whole_number(text: str) -> bool:
    """Whether a key is a row of a table over whole numbers."""
    return _WHOLE.fullmatch(text) is not None


def _date(text: str, year: int, month: int, day: int) -> datetime.date | Misread:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        message = f"there is no {text} in the calendar"
        return Misread("no-such-date", message, "write year-month-day, such as 2026-02-28")


def _misread_date(text: str, year: int, month: int, day: int) -> Misread:
    meant = f"{year:04}-{month:02}-{day:02}"
    return Misread("not-a-date", f"`{text}` is not how a date is written", f"write {meant}")


def _misread_number(text: str) -> Misread:
    if text.lower().endswith((".inf", ".nan")):
        return Misread("not-a-number", f"`{text}` is not a number that a rule can use", _quoted(text))
    if ":" in text:
        return Misread("not-a-number", f"`{text}` is read as a number by some programs", _quoted(text))
    meant = _meant_number(text)
    hint = f"write {meant}, or " if meant else ""
    return Misread("not-a-number", f"`{text}` is not how a number is written", hint + _quoted(text))


def _meant_number(text: str) -> str:
    """The number that was probably meant, or nothing when it is not clear."""
    bare = unicodedata.normalize("NFKC", text).replace("_", "").replace(",", "").replace(" ", "")
    try:
        number = Decimal(int(bare, 0)) if re.match(r"[-+]?0[a-zA-Z]", bare) else Decimal(bare.rstrip("."))
    except (InvalidOperation, ValueError):
        return ""
    if not number:
        return "0"
    return f"{number:f}" if abs(number.adjusted()) <= _MOST_DIGITS else ""


def _quoted(text: str) -> str:
    return f'put it in quotes if it is text: "{text}"'
