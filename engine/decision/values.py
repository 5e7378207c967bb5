"""Plain values of a household document, checked and turned into what is computed with.

Nothing is rounded, guessed or converted on the way in. For every fact there is one function that takes its
plain values in, made once for a rulebook. A fact may be a plain value, `{value, from, to, as_of, recorded,
source}`, or a list of such.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from engine.decision.json_text import DocumentProblem, escaped, shown
from engine.language.dates import parse_date
from engine.language.problems import nearest
from engine.language.types import Boolean, Date, Enum, Number
from engine.rulebook.model import FOREVER, Fact, Field, Rulebook

ROW_KEYS = ("value", "from", "to", "as_of", "recorded", "source")

Converter = Callable[[Any], Any]


class FactRow(msgspec.Struct, gc=False, frozen=True):
    """One assertion of a fact. `inside`: the value as the engine computes with it. Days are yyyymmdd."""

    value: Any
    inside: Any
    start: int = 0
    end: int = FOREVER
    recorded: int = 0
    as_of: int = 0
    source: str = ""


class Wrong(Exception):
    """A plain value does not fit: a code, a message and a hint; the caller knows where it stands."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(message)


class ValueReader:
    """Reads values, each at its JSON pointer, and collects what is wrong with them.

    dated: some fact begins or ends on a day, so another day may read other values.
    """

    def __init__(self, book: Rulebook) -> None:
        self.problems: list[DocumentProblem] = []
        self.converters = _converters(book)
        self.dated = False

    def add(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        self.problems.append(DocumentProblem(pointer, code, message, hint))

    def wrong(self, pointer: str, raw: Any, wanted: str, hint: str = "") -> None:
        self.add(pointer, "wrong-type", f"{wanted} is needed here, and this is {_kind(raw)}", hint)

    def other_keys(self, pointer: str, raw: Mapping[str, Any], known: Collection[str], told: str) -> None:
        """Every key must be known: what is not read would be lost."""
        for key in raw:
            if key not in known:
                hint = nearest(str(key), known) or f"one of {', '.join(known)}"
                self.add(f"{pointer}/{escaped(key)}", "unknown-key", told.format(shown(str(key))), hint)

    def convert(self, pointer: str, converter: Converter, raw: Any) -> Any:
        try:
            return converter(raw)
        except Wrong as wrong:
            self.add(pointer, wrong.code, wrong.message, wrong.hint)
            return None

    def text(self, pointer: str, raw: Any, shortest: int = 0) -> str:
        """An id or a source, "" when it is none."""
        found: str | None = self.convert(pointer, partial(_text, shortest, 80), raw)
        return found or ""

    def date(self, pointer: str, raw: Any) -> int | None:
        day: int | None = self.convert(pointer, _date, raw)
        return day

    def days(self, pointer: str, raw: Mapping[str, Any]) -> tuple[int, int, int, int]:
        """from, to, recorded, as_of; what is not said is open."""
        keys = ("from", "to", "recorded", "as_of")
        found = {key: self.date(f"{pointer}/{key}", raw[key]) for key in keys if key in raw}
        start, end = found.get("from") or 0, found.get("to") or FOREVER
        if end < start:
            self.add(f"{pointer}/to", "empty-range", "this ends before it begins")
        return start, end, found.get("recorded") or 0, found.get("as_of") or 0

    # --- facts and lists --------------------------------------------------------------------------------

    def fact(self, pointer: str, fact: Fact, raw: Any) -> tuple[FactRow, ...]:
        if isinstance(raw, Mapping) and "value" in raw:
            return (self.row(pointer, fact, raw),)
        if isinstance(raw, list) and raw and all(isinstance(one, Mapping) and "value" in one for one in raw):
            return tuple(self.row(f"{pointer}/{i}", fact, one) for i, one in enumerate(raw))
        return (FactRow(raw, self.content(pointer, fact, raw)),)

    def row(self, pointer: str, fact: Fact, raw: Mapping[str, Any]) -> FactRow:
        self.other_keys(pointer, raw, ROW_KEYS, "a value with its dates has no `{}`")
        start, end, recorded, as_of = self.days(pointer, raw)
        self.dated = self.dated or "from" in raw or "to" in raw
        source = self.text(f"{pointer}/source", raw["source"]) if "source" in raw else ""
        inside = self.content(f"{pointer}/value", fact, raw["value"])
        return FactRow(raw["value"], inside, start, end, recorded, as_of, source)

    def content(self, pointer: str, fact: Fact, raw: Any) -> Any:
        if not fact.items:
            return self.convert(pointer, self.converters[fact.name], raw)
        if not isinstance(raw, list):
            self.wrong(pointer, raw, "a list", _LEAVE_OUT if raw is None else "")
            return None
        if len(raw) > fact.at_most:
            self.add(pointer, "too-many", f"{len(raw)} entries; at most {fact.at_most} are read")
            return None
        return [self.item(f"{pointer}/{i}", fact, one) for i, one in enumerate(raw)], ()

    def item(self, pointer: str, fact: Fact, raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, Mapping):
            self.wrong(pointer, raw, "an entry with its fields")
            return ()
        names = [one.name for one in fact.items]
        self.other_keys(pointer, raw, names, f"`{fact.name}` has no `{{}}`")
        converters = self.converters
        return tuple(
            self.convert(f"{pointer}/{name}", converters[f"{fact.name}.{name}"], raw[name])
            if name in raw
            else None
            for name in names
        )


# --- one function for each fact -----------------------------------------------------------------------------

_LEAVE_OUT = "leave a fact out when it is not known"


def _converters(book: Rulebook) -> Mapping[str, Converter]:
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
        return partial(number, kind)
    if isinstance(kind, Enum):
        return partial(_choice, of)
    return _date if isinstance(kind, Date) else partial(_text, 0, of.longest)


def _boolean(raw: Any) -> bool:
    if raw is True or raw is False:
        return bool(raw)
    raise _wrong_type(raw, "true or false")


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


def _choice(of: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _wrong_type(raw, "one of " + ", ".join(of.choices))
    if raw not in of.choices:
        hint = nearest(raw, of.choices) or f"one of {', '.join(of.choices)}"
        raise Wrong("unknown-choice", f'"{shown(raw)}" is not a value of `{of.name}`', hint)
    return raw


def _date(raw: Any) -> int:
    written = raw.isoformat() if isinstance(raw, datetime.date) else raw
    if not isinstance(written, str):
        raise _wrong_type(raw, "a date")
    day = parse_date(written)
    if day is None:
        hint = "write year-month-day: 2024-02-29"
        raise Wrong("no-such-date", f'"{shown(written)}" is not a date', hint)
    return day


def _text(shortest: int, longest: int, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _wrong_type(raw, "a text", "" if shortest else _LEAVE_OUT)
    if shortest <= len(raw) <= longest:
        return raw
    allowed = f"{shortest} to {longest}" if shortest else f"at most {longest}"
    raise Wrong("wrong-length", f"this text has {len(raw)} characters; {allowed} are allowed")


def _wrong_type(raw: Any, wanted: str, if_null: str = _LEAVE_OUT) -> Wrong:
    hint = if_null if raw is None else ""
    return Wrong("wrong-type", f"{wanted} is needed here, and this is {_kind(raw)}", hint)


def _kind(raw: Any) -> str:
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true or false"
    if isinstance(raw, int | float | Decimal):
        return "a number"
    if isinstance(raw, str):
        return "a text"
    return "a list" if isinstance(raw, list) else "an object"
