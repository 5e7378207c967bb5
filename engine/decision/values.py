"""Plain values of a household document, checked and turned into what is computed with.

Nothing is rounded, guessed or converted on the way in. For every fact there is one function that takes its
plain values in, made once for a rulebook. A fact may be a plain value, `{value, from, to, as_of, recorded,
source}`, or a list of such. What no day can change is put in its place at once; the rest waits for a day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from engine.decision.converters import LEAVE_OUT, Converter, Wrong, converters_of, day, kind_of, text
from engine.decision.json_text import DocumentProblem, escaped, shown
from engine.decision.model import FactValue
from engine.language.dates import day_text, parse_date
from engine.language.problems import nearest
from engine.rulebook.model import FOREVER, Fact, Rulebook

ID_AT_MOST = 80  # characters
ROW_KEYS = ("value", "from", "to", "as_of", "recorded", "source")
_OF_ROWS = frozenset(ROW_KEYS)
MAPPING = (dict, Mapping)  # nearly every one is the first, which is seen at once


class FactRow(msgspec.Struct, gc=False, frozen=True):
    """One assertion of a fact. `inside`: the value as the engine computes with it. Days are yyyymmdd."""

    value: Any
    inside: Any
    start: int = 0
    end: int = FOREVER
    recorded: int = 0
    as_of: int = 0
    source: str = ""

    def shown(self) -> FactValue:
        return FactValue(self.value, self.source, day_text(self.as_of) if self.as_of else "")

    def always(self, fact: Fact) -> bool:
        """Does it hold on every day, known on every day and never stale?"""
        undated = not (self.start or self.recorded) and self.end == FOREVER
        return undated and not (self.as_of and fact.fresh_days is not None)


class Facts(msgspec.Struct, gc=False, frozen=True):
    """What a document says of the household or of a person, by the places of `Shelf.names`.

    inside  the values as the engine computes with them; None: not told, or only told for some days
    shown   the same as a decision shows them
    dated   by place, the assertions of what has to be chosen for a day
    """

    inside: list[Any]
    shown: list[FactValue | None]
    dated: dict[int, tuple[FactRow, ...]]


NOTHING = Facts([], [], {})


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the rulebook declares for the household, or for a person.

    entries   by name the place, the fact and the function that takes its plain values in; None for a list
    policies  those whose status is held by the household, or by a person
    """

    names: tuple[str, ...]
    facts: tuple[Fact, ...]
    policies: tuple[str, ...]
    entries: Mapping[str, tuple[int, Fact, Converter | None]]


def shelf(book: Rulebook, of: str) -> Shelf:
    """The facts of "household" or "person"; made once for a rulebook."""

    def make() -> Shelf:
        facts = tuple(fact for fact in book.facts.values() if fact.of == of)
        converters = converters_of(book)
        entries = {fact.name: (i, fact, converters.get(fact.name)) for i, fact in enumerate(facts)}
        policies = tuple(policy.id for policy in book.policies.values() if policy.unit == of)
        return Shelf(tuple(fact.name for fact in facts), facts, policies, entries)

    return book.remember("shelf", of, make)


class ValueReader:
    """Reads values, each at its JSON pointer, and collects what is wrong with them.

    dated: some fact begins or ends on a day, so another day may read other values.
    """

    def __init__(self, book: Rulebook) -> None:
        self.problems: list[DocumentProblem] = []
        self.converters = converters_of(book)
        self.dated = False

    def add(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        self.problems.append(DocumentProblem(pointer, code, message, hint))

    def wrong(self, pointer: str, raw: Any, wanted: str, hint: str = "") -> None:
        self.add(pointer, "wrong-type", f"{wanted} is needed here, and this is {kind_of(raw)}", hint)

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
        found: str | None = self.convert(pointer, partial(text, shortest, ID_AT_MOST), raw)
        return found or ""

    def date(self, pointer: str, raw: Any) -> int | None:
        found: int | None = self.convert(pointer, day, raw)
        return found

    def days(self, pointer: str, raw: Mapping[str, Any]) -> tuple[int, int, int, int]:
        """from, to, recorded, as_of; what is not said is open."""
        start = self._day(pointer, "from", raw["from"]) if "from" in raw else 0
        end = self._day(pointer, "to", raw["to"]) if "to" in raw else 0
        recorded = self._day(pointer, "recorded", raw["recorded"]) if "recorded" in raw else 0
        as_of = self._day(pointer, "as_of", raw["as_of"]) if "as_of" in raw else 0
        if end and end < start:
            self.add(f"{pointer}/to", "empty-range", "this ends before it begins")
        return start, end or FOREVER, recorded, as_of

    def _day(self, pointer: str, key: str, written: Any) -> int:
        """0 for what is no day."""
        found = parse_date(written) if type(written) is str else None  # nearly every one
        return found or self.date(f"{pointer}/{key}", written) or 0

    # --- facts and lists --------------------------------------------------------------------------------

    def fact(self, pointer: str, fact: Fact, raw: Any) -> tuple[FactRow, ...]:
        if isinstance(raw, list):
            others = [one for one in raw if not (isinstance(one, MAPPING) and "value" in one)]
            if raw and not others:
                return tuple([self.row(f"{pointer}/{i}", fact, one) for i, one in enumerate(raw)])
        elif isinstance(raw, MAPPING) and "value" in raw:
            return (self.row(pointer, fact, raw),)
        return (FactRow(raw, self.content(pointer, fact, raw)),)

    def row(self, pointer: str, fact: Fact, raw: Mapping[str, Any]) -> FactRow:
        if not raw.keys() <= _OF_ROWS:
            self.other_keys(pointer, raw, ROW_KEYS, "a value with its dates has no `{}`")
        start, end, recorded, as_of = self.days(pointer, raw)
        self.dated = self.dated or "from" in raw or "to" in raw
        source = raw.get("source", "")
        if type(source) is not str or len(source) > ID_AT_MOST:
            source = self.text(f"{pointer}/source", source)
        inside = self.content(f"{pointer}/value", fact, raw["value"])
        return FactRow(raw["value"], inside, start, end, recorded, as_of, source)

    def content(self, pointer: str, fact: Fact, raw: Any) -> Any:
        if not fact.items:
            return self.convert(pointer, self.converters[fact.name], raw)
        if not isinstance(raw, list):
            self.wrong(pointer, raw, "a list", LEAVE_OUT if raw is None else "")
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
