"""The household document: checked against the fact dictionary, read for a day, as known on a day.

Everything wrong with a document is found in one run, each with a JSON pointer. A fact that is not there stays
unknown. A fact may be a plain value, `{value, from, to, as_of, recorded, source}`, or a list of such.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

import msgspec

from engine.language.dates import days_between, parse_date
from engine.language.problems import nearest
from engine.language.types import Boolean, Date, Enum, Number
from engine.rulebook.model import FOREVER, Fact, Field, Rulebook

LARGEST = 2_000_000  # bytes
RESERVED = ("household_id", "area", "application_date", "people", "statuses", "awards", "events")
ROW_KEYS = frozenset({"value", "from", "to", "as_of", "recorded", "source"})
STATUS_KEYS = ("policy", "person_id", "from", "to", "amount", "as_of", "recorded", "source")


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """One mistake in a document: where (a JSON pointer), a stable code, what, and what to do."""

    pointer: str
    code: str
    message: str
    hint: str = ""


class BadDocument(Exception):
    """Raised with every problem of a document, in the order of their pointers."""

    def __init__(self, problems: Sequence[DocumentProblem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{p.pointer or '/'}: {p.message} [{p.code}]" + (f"\n      = {p.hint}" if p.hint else "") for p in problems]
        super().__init__("\n".join(lines))


class FactRow(msgspec.Struct, gc=False, frozen=True):
    """One assertion of a fact. `inside`: the value as the engine computes with it. Days are yyyymmdd."""

    value: Any
    inside: Any
    start: int = 0
    end: int = FOREVER
    recorded: int = 0
    as_of: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    policy: str
    person: str
    start: int
    end: int
    recorded: int
    amount: Decimal | int | None


@dataclass(frozen=True, slots=True)
class Person:
    person_id: str
    facts: Mapping[str, tuple[FactRow, ...]]


@dataclass(frozen=True, slots=True)
class Household:
    """A checked household document. `statuses` None: nothing is said about what is held."""

    household_id: str
    area: str
    application_date: int | None
    facts: Mapping[str, tuple[FactRow, ...]]
    people: tuple[Person, ...]
    statuses: tuple[Status, ...] | None
    canonical: bytes  # the document in one form: keys sorted, for the decision's id
    dated: bool  # some fact begins or ends on a day, so another day may read other values


class Wrong(Exception):
    """A plain value does not fit its fact: a code, a message and a hint; the caller knows where it stands."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(message)


class _Reader:
    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.problems: list[DocumentProblem] = []
        self.household = {name: fact for name, fact in book.facts.items() if fact.of == "household"}
        self.person = {name: fact for name, fact in book.facts.items() if fact.of == "person"}
        self.converters = _converters(book)
        self.dated = False

    def add(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        self.problems.append(DocumentProblem(pointer, code, message, hint))

    # --- plain values -----------------------------------------------------------------------------------

    def convert(self, pointer: str, converter: Converter, raw: Any) -> Any:
        try:
            return converter(raw)
        except Wrong as wrong:
            self.add(pointer, wrong.code, wrong.message, wrong.hint)
            return None

    def wrong(self, pointer: str, raw: Any, wanted: str) -> None:
        problem = _wrong_type(raw, wanted)
        self.add(pointer, problem.code, problem.message, problem.hint)

    def date(self, pointer: str, raw: Any) -> int | None:
        day: int | None = self.convert(pointer, _date, raw)
        return day

    # --- facts and lists --------------------------------------------------------------------------------

    def fact(self, pointer: str, fact: Fact, raw: Any) -> tuple[FactRow, ...]:
        if isinstance(raw, Mapping) and "value" in raw:
            return (self.row(pointer, fact, raw),)
        if isinstance(raw, list) and raw and all(isinstance(one, Mapping) and "value" in one for one in raw):
            return tuple(self.row(f"{pointer}/{i}", fact, one) for i, one in enumerate(raw))
        return (FactRow(raw, self.content(pointer, fact, raw)),)

    def row(self, pointer: str, fact: Fact, raw: Mapping[str, Any]) -> FactRow:
        for key in raw:
            if key not in ROW_KEYS:
                self.add(f"{pointer}/{_escaped(key)}", "unknown-key", f"unknown key `{key[:80]}`", nearest(key, ROW_KEYS))
        days = {key: self.date(f"{pointer}/{key}", raw[key]) for key in ("from", "to", "as_of", "recorded") if key in raw}
        source = raw.get("source", "")
        if not isinstance(source, str):
            self.wrong(f"{pointer}/source", source, "a text")
        start, end = days.get("from") or 0, days.get("to") or FOREVER
        self.dated = self.dated or "from" in days or "to" in days
        if end < start:
            self.add(f"{pointer}/to", "empty-range", "this fact ends before it begins")
        inside = self.content(f"{pointer}/value", fact, raw["value"])
        return FactRow(
            raw["value"], inside, start, end, days.get("recorded") or 0, days.get("as_of") or 0, str(source)
        )

    def content(self, pointer: str, fact: Fact, raw: Any) -> Any:
        if not fact.items:
            return self.convert(pointer, self.converters[fact.name], raw)
        if not isinstance(raw, list):
            return self.wrong(pointer, raw, "a list")
        if len(raw) > fact.at_most:
            self.add(pointer, "too-many", f"{len(raw)} entries; at most {fact.at_most} are read")
            return None
        return [self.item(f"{pointer}/{i}", fact, one) for i, one in enumerate(raw)], ()

    def item(self, pointer: str, fact: Fact, raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, Mapping):
            self.wrong(pointer, raw, "an entry with its fields")
            return ()
        names = [one.name for one in fact.items]
        for key in raw:
            if key not in names:
                hint = nearest(str(key), names)
                self.add(f"{pointer}/{_escaped(key)}", "unknown-key", f"`{fact.name}` has no `{str(key)[:80]}`", hint)
        return tuple(
            self.convert(f"{pointer}/{name}", self.converters[f"{fact.name}.{name}"], raw[name]) if name in raw else None
            for name in names
        )

    def facts(
        self, pointer: str, known: Mapping[str, Fact], raw: Mapping[str, Any], other: Sequence[str]
    ) -> dict[str, tuple[FactRow, ...]]:
        found: dict[str, tuple[FactRow, ...]] = {}
        converters = self.converters
        for key, value in raw.items():
            if key in other:
                continue
            fact = known.get(key)
            if fact is None:
                self.unknown(f"{pointer}/{_escaped(key)}", key, known, other)
            elif isinstance(value, dict | list) or fact.items:
                found[key] = self.fact(f"{pointer}/{key}", fact, value)
            else:  # nearly every fact
                try:
                    found[key] = (FactRow(value, converters[key](value)),)
                except Wrong as wrong:
                    self.add(f"{pointer}/{key}", wrong.code, wrong.message, wrong.hint)
        return found

    def unknown(self, pointer: str, key: str, known: Mapping[str, Fact], other: Sequence[str]) -> None:
        hint = nearest(key, (*known, *other))
        if key in self.person:
            hint = f"`{key}` belongs to a person: write it inside `people`"
        elif key in self.household:
            hint = f"`{key}` belongs to the household: write it beside `people`"
        self.add(pointer, "unknown-fact", f"unknown fact `{key[:80]}`", hint)

    # --- the document -----------------------------------------------------------------------------------

    def household_of(self, raw: Any) -> Household | None:
        if not isinstance(raw, Mapping):
            self.wrong("", raw, "a household document (an object)")
            return None
        household_id = self.text("/household_id", raw, "household_id")
        area = self.text("/area", raw, "area")
        if area and area not in self.book.areas:
            hint = nearest(area, self.book.areas)
            self.add("/area", "unknown-area", f"there is no area `{area[:80]}` in this rulebook", hint)
        application = raw.get("application_date")
        application_date = None if application is None else self.date("/application_date", application)
        people = self.people(raw)
        return Household(
            household_id,
            area,
            application_date,
            self.facts("", self.household, raw, RESERVED),
            people,
            self.statuses(raw, {person.person_id for person in people}),
            b"",
            self.dated,
        )

    def text(self, pointer: str, raw: Mapping[str, Any], key: str) -> str:
        value = raw.get(key)
        if isinstance(value, str) and 0 < len(value) <= 80:
            return value
        if key not in raw:
            self.add(pointer, "missing-key", f"`{key}` is missing")
        else:
            self.wrong(pointer, value, "a text of 1 to 80 characters")
        return ""

    def people(self, raw: Mapping[str, Any]) -> tuple[Person, ...]:
        listed = raw.get("people")
        if not isinstance(listed, list):
            if "people" not in raw:
                self.add("/people", "missing-key", "`people` is missing", "everyone in the household, each with a `person_id`")
            else:
                self.wrong("/people", listed, "a list of people")
            return ()
        if len(listed) > self.book.people_at_most:
            self.add("/people", "too-many", f"{len(listed)} people; at most {self.book.people_at_most} are read")
            return ()
        seen: set[str] = set()
        people = []
        for i, one in enumerate(listed):
            pointer = f"/people/{i}"
            if not isinstance(one, Mapping):
                self.wrong(pointer, one, "a person (an object)")
                continue
            person_id = self.text(f"{pointer}/person_id", one, "person_id")
            if person_id == "household":
                self.add(f"{pointer}/person_id", "reserved", "`household` is not a person's id", "take another one")
            if person_id and person_id in seen:
                self.add(f"{pointer}/person_id", "duplicate", f"`{person_id}` stands here twice", "each person once")
            seen.add(person_id)
            people.append(Person(person_id, self.facts(pointer, self.person, one, ("person_id",))))
        return tuple(people)

    def statuses(self, raw: Mapping[str, Any], people: set[str]) -> tuple[Status, ...] | None:
        self.loose("awards", raw)
        self.loose("events", raw)
        if "statuses" not in raw:
            return None
        listed = raw["statuses"]
        if not isinstance(listed, list):
            self.wrong("/statuses", listed, "a list of statuses")
            return None
        found = (self.status(f"/statuses/{i}", one, people) for i, one in enumerate(listed))
        return tuple(one for one in found if one is not None)

    def loose(self, key: str, raw: Mapping[str, Any]) -> None:
        """Awards and events are kept with the document; production rules read them, expressions do not."""
        if key in raw and not (isinstance(raw[key], list) and all(isinstance(one, Mapping) for one in raw[key])):
            self.wrong(f"/{key}", raw[key], "a list of objects")

    def status(self, pointer: str, raw: Any, people: set[str]) -> Status | None:
        if not isinstance(raw, Mapping):
            self.wrong(pointer, raw, "a status (an object)")
            return None
        for key in raw:
            if key not in STATUS_KEYS:
                self.add(f"{pointer}/{_escaped(key)}", "unknown-key", f"unknown key `{key[:80]}`", nearest(key, STATUS_KEYS))
        name = self.text(f"{pointer}/policy", raw, "policy")
        policy = self.book.policies.get(name)
        if name and policy is None:
            self.add(f"{pointer}/policy", "unknown-policy", f"there is no policy `{name}`", nearest(name, self.book.policies))
        person = str(raw.get("person_id", ""))
        if policy is not None and policy.unit == "person" and person not in people:
            self.add(f"{pointer}/person_id", "unknown-person", f"`{name}` is held by a person; say by whom of `people`")
        if policy is not None and policy.unit == "household" and person:
            self.add(f"{pointer}/person_id", "unknown-person", f"`{name}` is held by the household; leave `person_id` out")
        start = self.date(f"{pointer}/from", raw["from"]) if "from" in raw else None
        if "from" not in raw:
            self.add(f"{pointer}/from", "missing-key", "`from` is missing", "the first day of the status")
        end = self.date(f"{pointer}/to", raw["to"]) if "to" in raw else None
        recorded = self.date(f"{pointer}/recorded", raw["recorded"]) if "recorded" in raw else None
        amount = raw.get("amount")
        if amount is not None:
            money = Number(self.book.currency["decimals"], lo=0, hi=10**15)
            self.convert(f"{pointer}/amount", lambda raw: _number(money, raw), amount)
        return Status(name, person, start or 0, end or FOREVER, recorded or 0, amount)


Converter = Callable[[Any], Any]


def _converters(book: Rulebook) -> Mapping[str, Converter]:
    """For every fact, and every field of a list, the function that takes its plain values in."""

    def make() -> dict[str, Converter]:
        found: dict[str, Converter] = {}
        for name, fact in book.facts.items():
            if not fact.items:
                found[name] = _converter(fact.value)
            for one in fact.items:
                found[f"{name}.{one.name}"] = _converter(one)
        return found

    return book.remember("converters", "", make)


def _converter(of: Field) -> Converter:
    kind = of.type
    if isinstance(kind, Boolean):
        return _boolean
    if isinstance(kind, Number):
        return partial(_number, kind)
    if isinstance(kind, Enum):
        return partial(_choice, of)
    return _date if isinstance(kind, Date) else partial(_text, of)


def _boolean(raw: Any) -> bool:
    if raw is True or raw is False:
        return bool(raw)
    raise _wrong_type(raw, "true or false")


def _number(of: Number, raw: Any) -> int:
    decimals = of.decimals or 0
    if type(raw) is int:
        inside: int = raw * 10**decimals
    elif isinstance(raw, Decimal | float):
        exact = raw if isinstance(raw, Decimal) else Decimal(repr(raw))
        if not exact.is_finite():
            raise Wrong("not-a-number", f"{raw} is not a number")
        if exact.adjusted() > 30:
            raise Wrong("out-of-range", f"{str(raw)[:40]} is out of range")
        scaled = exact.scaleb(decimals)
        if scaled != scaled.to_integral_value():
            hint = "write the exact amount; nothing is rounded on the way in"
            raise Wrong("too-many-decimals", f"{str(raw)[:40]} has more than {decimals} decimals", hint)
        inside = int(scaled)
    else:
        raise _wrong_type(raw, "a number")
    if not of.lo <= inside <= of.hi:
        power = 10**decimals
        raise Wrong("out-of-range", f"{str(raw)[:40]} is not between {of.lo // power} and {of.hi // power}")
    return inside


def _choice(of: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _wrong_type(raw, "one of " + ", ".join(of.choices))
    if raw not in of.choices:
        hint = nearest(raw, of.choices) or f"one of {', '.join(of.choices)}"
        raise Wrong("unknown-choice", f'"{raw[:80]}" is not a value of `{of.name}`', hint)
    return raw


def _date(raw: Any) -> int:
    written = raw.isoformat() if isinstance(raw, datetime.date) else raw
    if not isinstance(written, str):
        raise _wrong_type(raw, "a date")
    day = parse_date(written)
    if day is None:
        raise Wrong("no-such-date", f'"{written[:80]}" is not a date', "write year-month-day: 2024-02-29")
    return day


def _text(of: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _wrong_type(raw, "a text")
    if len(raw) > of.longest:
        raise Wrong("too-long", f"this text has {len(raw)} characters; at most {of.longest} are kept")
    return raw


def _wrong_type(raw: Any, wanted: str) -> Wrong:
    hint = "" if raw is not None else "leave a fact out when it is not known"
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


def _escaped(key: Any) -> str:
    return str(key)[:80].replace("~", "~0").replace("/", "~1")


_decode: Callable[[bytes | str], Any] = msgspec.json.Decoder(float_hook=Decimal).decode
_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number").encode


def parse_json(content: bytes | str) -> Any:
    """Plain data from JSON, every number exact. Raises `BadDocument` when it is too large or not JSON."""
    if len(content) > LARGEST:
        message = f"this document has {len(content)} bytes; at most {LARGEST} are read"
        raise BadDocument([DocumentProblem("", "too-large", message, "one household per document")])
    try:
        return _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation) as error:
        raise BadDocument([DocumentProblem("", "broken-json", f"this is not JSON: {error}")]) from None
    except RecursionError:
        raise BadDocument([DocumentProblem("", "too-deep", "this document is nested too deep")]) from None


def read_household(book: Rulebook, raw: Any) -> Household:
    """Checks plain data (from JSON or YAML) as a household document. Raises `BadDocument` with every problem."""
    reader = _Reader(book)
    try:
        household = reader.household_of(raw)
        if reader.problems or household is None:
            raise BadDocument(reader.problems)
        canonical = _canonical(raw)
    except RecursionError:
        raise BadDocument([DocumentProblem("", "too-deep", "this document is nested too deep")]) from None
    return Household(
        household.household_id,
        household.area,
        household.application_date,
        household.facts,
        household.people,
        household.statuses,
        canonical,
        household.dated,
    )


# --- a household on a day ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inputs:
    """A household on one day, by position, as compiled programs take it; and the rows that were chosen.

    warnings: per fact reference, "stale" or "sources-disagree".
    """

    household: list[Any]
    people: list[list[Any]]
    rows: Mapping[str, FactRow]
    warnings: Mapping[str, str] = field(default_factory=dict)


def inputs_on(book: Rulebook, household: Household, on: int, known: int) -> Inputs:
    rows: dict[str, FactRow] = {}
    warnings: dict[str, str] = {}

    def chosen(ref: str, fact: Fact, candidates: Sequence[FactRow]) -> Any:
        first = candidates[0]
        if len(candidates) == 1 and not (first.start or first.recorded or first.as_of) and first.end == FOREVER:
            rows[ref] = first
            return first.inside
        row, warning = choose(fact, candidates, on, known)
        if warning:
            warnings[ref] = warning
        if row is None:
            return None
        rows[ref] = row
        return row.inside

    own = [
        chosen(name, fact, household.facts[name]) if name in household.facts else None
        for name, fact in book.facts.items()
        if fact.of == "household"
    ]
    own += [area_at(book, household.area, level) for level in book.levels]
    own += [held(household, p.id, "", on, known) for p in book.policies.values() if p.unit == "household"]
    facts = [(name, fact) for name, fact in book.facts.items() if fact.of == "person"]
    policies = [p.id for p in book.policies.values() if p.unit == "person"]
    people: list[list[Any]] = []
    for person in household.people:
        prefix = f"people/{person.person_id}/"
        values: list[Any] = [person.person_id]
        for name, fact in facts:
            candidates = person.facts.get(name)
            values.append(None if candidates is None else chosen(prefix + name, fact, candidates))
        values += [held(household, policy, person.person_id, on, known) for policy in policies]
        people.append(values)
    return Inputs(own, people, rows, warnings)


def choose(fact: Fact, candidates: Sequence[FactRow], on: int, known: int) -> tuple[FactRow | None, str]:
    """The row that counts on a day, and a warning. Sources that disagree and are not ranked leave it unknown."""
    valid = [row for row in candidates if row.start <= on <= row.end and row.recorded <= known]
    if not valid:
        return None, ""
    trust = {source: rank for rank, source in enumerate(fact.trust)}
    latest: dict[str, FactRow] = {}
    for row in sorted(valid, key=lambda row: (row.recorded, row.as_of, row.start)):
        latest[row.source] = row
    rows = sorted(latest.values(), key=lambda row: (trust.get(row.source, len(trust)), row.source))
    best = rows[0]
    disagree = any(row.inside != best.inside for row in rows[1:])
    if disagree and any(
        row.inside != best.inside and trust.get(row.source, len(trust)) == trust.get(best.source, len(trust))
        for row in rows[1:]
    ):
        return None, "sources-disagree"
    if fact.fresh_days is not None and best.as_of and days_between(best.as_of, on) > fact.fresh_days:
        return best, "stale"
    return best, "sources-disagree" if disagree else ""




def area_at(book: Rulebook, area: str, level: str) -> str | None:
    """The household's area at a level: itself, or the nearest above it."""
    current = area
    while current in book.areas:
        if book.areas[current].level == level:
            return current
        current = book.areas[current].parent
    return None


def held(household: Household, policy: str, person: str, on: int, known: int) -> bool | None:
    """Does a status record cover the day? Unknown when the document says nothing about statuses."""
    if household.statuses is None:
        return None
    return any(
        one.policy == policy and one.person == person and one.start <= on <= one.end and one.recorded <= known
        for one in household.statuses
    )


