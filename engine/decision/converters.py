"""For every fact one function that takes its plain values in; nothing is rounded, guessed or converted on the way."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from engine.decision.json_text import shown
from engine.language.dates import parse_date
from engine.language.problems import nearest
from engine.language.types import Boolean, Date, Enum, Number
from engine.rulebook.model import Field, Rulebook

Converter = Callable[[Any], Any]
LEAVE_OUT = "leave a fact out when it is not known"
_DIGITS = 40  # more than any number here has


class Wrong(Exception):
    """A plain value does not fit: a code, a message and a hint; the caller knows where it stands."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(message)


def converters_of(book: Rulebook) -> Mapping[str, Converter]:
    """For every fact, and every field of a list or an event, the function that takes its plain values in."""

    def make() -> dict[str, Converter]:
        found: dict[str, Converter] = {}
        for name, fact in book.facts.items():
            if not fact.items:
                found[name] = _converter(fact.value)
            for one in fact.items:
                found[f"{name}.{one.name}"] = _converter(one)
        for kind in book.events.values():
            for one in kind.fields:
                found[f"{kind.name}/{one.name}"] = _converter(one)
        return found

    return book.remember("converters", "", make)


def _converter(of: Field) -> Converter:
    kind = of.type
    if isinstance(kind, Boolean):
        return _boolean
    if isinstance(kind, Number):
        return _number(kind)
    if isinstance(kind, Enum):
        return _choice(of)
    return day if isinstance(kind, Date) else partial(text, 0, of.longest)


def _boolean(raw: Any) -> Any:
    if raw is True or raw is False:
        return raw
    raise _wrong_type(raw, "true or false")


def _number(of: Number) -> Converter:
    """Takes numbers in: those written plainly at once, the rest with care."""
    decimals, least, most = of.decimals or 0, of.lo, of.hi
    power = 10**decimals

    def convert(raw: Any) -> int:
        kind = type(raw)
        inside: int | None = None
        if kind is int:
            inside = raw * power
        elif kind is float or kind is Decimal:
            inside = _plainly_written(repr(raw) if kind is float else str(raw), decimals)
        return inside if inside is not None and least <= inside <= most else number(of, raw)

    return convert


def _plainly_written(text: str, decimals: int) -> int | None:
    """`632.1` times 10**decimals. None for what has another form or more decimals."""
    whole, _, rest = text.partition(".")
    digits = whole + rest.ljust(decimals, "0")
    plain = len(rest) <= decimals and len(digits) <= _DIGITS and digits.isdecimal()
    return int(digits) if plain else None


def number(of: Number, raw: Any) -> int:
    """The number times 10**decimals."""
    decimals = of.decimals or 0
    if type(raw) is int:
        inside: int = raw * 10**decimals
        if of.lo <= inside <= of.hi:
            return inside
        raise _out_of_range(of, raw)
    if not isinstance(raw, Decimal | float):
        raise _wrong_type(raw, "a number")
    exact = raw if isinstance(raw, Decimal) else Decimal(repr(raw))
    if not exact.is_finite():
        raise Wrong("not-a-number", f"{raw} is not a number")
    # A few digits can name a number that takes an hour to write out, so its size is looked at first.
    if not Decimal(of.lo).scaleb(-decimals) <= exact <= Decimal(of.hi).scaleb(-decimals):
        raise _out_of_range(of, raw)
    scaled = _scaled(exact, decimals)
    if scaled is None:
        told = f"at most {decimals} decimals are kept" if decimals else "a whole number is needed here"
        hint = "write the exact amount; nothing is rounded on the way in"
        raise Wrong("too-many-decimals", f"{_digits(raw)}: {told}", hint)
    return scaled


def _out_of_range(of: Number, raw: Any) -> Wrong:
    least, most = (Decimal(bound).scaleb(-(of.decimals or 0)) for bound in (of.lo, of.hi))
    return Wrong("out-of-range", f"{_digits(raw)} is not between {least} and {most}")


def _scaled(exact: Decimal, decimals: int) -> int | None:
    """A number of reasonable size times 10**decimals, or nothing when that is not whole; exact."""
    sign, digits, exponent = exact.as_tuple()
    if not any(digits):
        return 0
    shift = int(exponent) + decimals
    if shift < 0:
        if any(digits[shift:]):
            return None
        digits, shift = digits[:shift], 0
    inside: int = int("".join(map(str, digits))) * 10**shift
    return -inside if sign else inside


def _digits(raw: Any) -> str:
    text = str(raw)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _choice(of: Field) -> Converter:
    choices = frozenset(of.choices)

    def convert(raw: Any) -> str:
        if not isinstance(raw, str):
            raise _wrong_type(raw, "one of " + ", ".join(of.choices))
        if raw not in choices:
            hint = nearest(raw, of.choices) or f"one of {', '.join(of.choices)}"
            raise Wrong("unknown-choice", f'"{shown(raw)}" is not a value of `{of.name}`', hint)
        return raw

    return convert


def day(raw: Any) -> int:
    written = raw.isoformat() if isinstance(raw, datetime.date) else raw
    if not isinstance(written, str):
        raise _wrong_type(raw, "a date")
    found = parse_date(written)
    if found is None:
        hint = "write year-month-day: 2024-02-29"
        raise Wrong("no-such-date", f'"{shown(written)}" is not a date', hint)
    return found


def text(shortest: int, longest: int, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _wrong_type(raw, "a text", "" if shortest else LEAVE_OUT)
    if shortest <= len(raw) <= longest:
        return raw
    allowed = f"{shortest} to {longest}" if shortest else f"at most {longest}"
    raise Wrong("wrong-length", f"this text has {len(raw)} characters; {allowed} are allowed")


def _wrong_type(raw: Any, wanted: str, if_null: str = LEAVE_OUT) -> Wrong:
    hint = if_null if raw is None else ""
    return Wrong("wrong-type", f"{wanted} is needed here, and this is {kind_of(raw)}", hint)


def kind_of(raw: Any) -> str:
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true or false"
    if isinstance(raw, int | float | Decimal):
        return "a number"
    if isinstance(raw, str):
        return "a text"
    return "a list" if isinstance(raw, list) else "an object"
