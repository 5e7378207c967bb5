"""Plain values of a household document, checked and turned into what is computed with.

Nothing is rounded, guessed or converted on the way in. A fact may be a plain value, `{value, from, to, as_of,
recorded, source}`, or a list of such.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.decision.json_text import DocumentProblem, escaped, shown
from engine.language.dates import parse_date
from engine.language.problems import nearest
from engine.language.types import Boolean, Date, Enum, List, Number
from engine.rulebook.model import FOREVER, Fact, Field

ROW_KEYS = ("value", "from", "to", "as_of", "recorded", "source")
LEAVE_OUT = "leave a fact out when it is not known"


@dataclass(frozen=True, slots=True)
class FactRow:
    """One assertion of a fact. `inside`: the value as the engine computes with it. Days are yyyymmdd."""

    value: Any
    inside: Any
    start: int = 0
    end: int = FOREVER
    recorded: int = 0
    as_of: int = 0
    source: str = ""


class ValueReader:
    """Reads values, each at its JSON pointer, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[DocumentProblem] = []

    def add(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        self.problems.append(DocumentProblem(pointer, code, message, hint))

    def wrong(self, pointer: str, raw: Any, wanted: str, hint: str = "") -> None:
        self.add(pointer, "wrong-type", f"{wanted} is needed here, and this is {_kind(raw)}", hint)

    def other_keys(self, pointer: str, raw: Mapping[str, Any], known: Collection[str], told: str) -> None:
        """Every key must be known: what is not read would be lost."""
        for key in raw:
            if key not in known:
                hint = nearest(key, known) or f"one of {', '.join(known)}"
                self.add(f"{pointer}/{escaped(key)}", "unknown-key", told.format(shown(key)), hint)

    # --- plain values -----------------------------------------------------------------------------------

    def value(self, pointer: str, of: Field, raw: Any) -> Any:
        kind = of.type
        if isinstance(kind, Boolean):
            if raw is True or raw is False:
                return raw
            return self.misfit(pointer, raw, "true or false")
        if isinstance(kind, Number):
            return self.number(pointer, kind, raw)
        if isinstance(kind, Enum):
            if not isinstance(raw, str):
                return self.misfit(pointer, raw, "one of " + ", ".join(of.choices))
            if raw in of.choices:
                return raw
            hint = nearest(raw, of.choices) or f"one of {', '.join(of.choices)}"
            return self.add(pointer, "unknown-choice", f'"{shown(raw)}" is not a value of `{of.name}`', hint)
        if isinstance(kind, Date):
            return self.date(pointer, raw, LEAVE_OUT)
        return self.text(pointer, raw, 0, of.longest, LEAVE_OUT)

    def misfit(self, pointer: str, raw: Any, wanted: str) -> None:
        self.wrong(pointer, raw, wanted, LEAVE_OUT if raw is None else "")

    def text(self, pointer: str, raw: Any, shortest: int, longest: int, if_null: str = "") -> str | None:
        if not isinstance(raw, str):
            self.wrong(pointer, raw, "a text", if_null if raw is None else "")
            return None
        if shortest <= len(raw) <= longest:
            return raw
        allowed = f"{shortest} to {longest}" if shortest else f"at most {longest}"
        self.add(pointer, "wrong-length", f"this text has {len(raw)} characters; {allowed} are allowed")
        return None

    def date(self, pointer: str, raw: Any, if_null: str = "") -> int | None:
        if isinstance(raw, datetime.date):
            raw = raw.isoformat()
        if not isinstance(raw, str):
            self.wrong(pointer, raw, "a date", if_null if raw is None else "")
            return None
        day = parse_date(raw)
        if day is None:
            hint = "write year-month-day: 2024-02-29"
            self.add(pointer, "no-such-date", f'"{shown(raw)}" is not a date', hint)
        return day

    def number(self, pointer: str, of: Number, raw: Any) -> int | None:
        """The number times 10**decimals."""
        decimals = of.decimals or 0
        if type(raw) is int:
            inside: int = raw * 10**decimals
            if of.lo <= inside <= of.hi:
                return inside
            self.out_of_range(pointer, of, raw)
            return None
        if not isinstance(raw, Decimal | float):
            self.misfit(pointer, raw, "a number")
            return None
        exact = raw if isinstance(raw, Decimal) else Decimal(repr(raw))
        if not exact.is_finite():
            self.add(pointer, "not-a-number", f"{raw} is not a number")
            return None
        # A few digits can name a number that takes an hour to write out, so its size is looked at first.
        if not Decimal(of.lo).scaleb(-decimals) <= exact <= Decimal(of.hi).scaleb(-decimals):
            self.out_of_range(pointer, of, raw)
            return None
        scaled = _scaled(exact, decimals)
        if scaled is None:
            hint = "write the exact amount; nothing is rounded on the way in"
            told = f"at most {decimals} decimals are kept" if decimals else "a whole number is needed here"
            self.add(pointer, "too-many-decimals", f"{_digits(raw)}: {told}", hint)
        return scaled

    def out_of_range(self, pointer: str, of: Number, raw: Any) -> None:
        least, most = (Decimal(bound).scaleb(-(of.decimals or 0)) for bound in (of.lo, of.hi))
        self.add(pointer, "out-of-range", f"{_digits(raw)} is not between {least} and {most}")

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
        source = self.text(f"{pointer}/source", raw["source"], 0, 80) if "source" in raw else ""
        inside = self.content(f"{pointer}/value", fact, raw["value"])
        return FactRow(raw["value"], inside, start, end, recorded, as_of, source or "")

    def days(self, pointer: str, raw: Mapping[str, Any]) -> tuple[int, int, int, int]:
        """from, to, recorded, as_of; what is not said is open."""
        keys = ("from", "to", "recorded", "as_of")
        found = {key: self.date(f"{pointer}/{key}", raw[key]) for key in keys if key in raw}
        start, end = found.get("from") or 0, found.get("to") or FOREVER
        if end < start:
            self.add(f"{pointer}/to", "empty-range", "this ends before it begins")
        return start, end, found.get("recorded") or 0, found.get("as_of") or 0

    def content(self, pointer: str, fact: Fact, raw: Any) -> Any:
        if not isinstance(fact.value.type, List):
            return self.value(pointer, fact.value, raw)
        if not isinstance(raw, list):
            return self.misfit(pointer, raw, "a list")
        if len(raw) > fact.at_most:
            return self.add(pointer, "too-many", f"{len(raw)} entries; at most {fact.at_most} are read")
        return [self.item(f"{pointer}/{i}", fact, one) for i, one in enumerate(raw)], ()

    def item(self, pointer: str, fact: Fact, raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, Mapping):
            self.wrong(pointer, raw, "an entry with its fields")
            return ()
        self.other_keys(pointer, raw, [one.name for one in fact.items], f"`{fact.name}` has no `{{}}`")
        return tuple(
            self.value(f"{pointer}/{one.name}", one, raw[one.name]) if one.name in raw else None
            for one in fact.items
        )


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
