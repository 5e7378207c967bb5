"""The household document: checked against the fact dictionary, read for a day, as known on a day.

Everything wrong with a document is found in one run, each with a JSON pointer. A fact that is not there stays
unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from engine.decision.json_text import BadDocument, DocumentProblem, escaped, shown
from engine.decision.payments import Payment, read_payments
from engine.decision.values import FactRow, ValueReader, Wrong, number
from engine.language.dates import days_between
from engine.language.problems import nearest
from engine.language.types import Number
from engine.rulebook.model import FOREVER, Fact, Rulebook

RESERVED = ("household_id", "area", "application_date", "people", "statuses", "awards", "payments", "events")
STATUS_AMOUNT_AT_MOST = 10**15  # in the currency's smallest unit
STATUS_KEYS = ("policy", "person_id", "from", "to", "amount", "as_of", "recorded", "source")


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
    payments: tuple[Payment, ...] | None  # None: nothing is said about what was paid
    dated: bool  # some fact begins or ends on a day, so another day may read other values


class Reader(ValueReader):
    """Checks a document against the rulebook's facts; what is wrong is added to `problems`."""

    def __init__(self, book: Rulebook) -> None:
        super().__init__(book)
        self.book = book
        self.household = {name: fact for name, fact in book.facts.items() if fact.of == "household"}
        self.person = {name: fact for name, fact in book.facts.items() if fact.of == "person"}

    def household_of(self, raw: Any) -> Household | None:
        if not isinstance(raw, Mapping):
            self.wrong("", raw, "a household document (an object)")
            return None
        household_id = self.id("", raw, "household_id")
        area = self.area(raw)
        application_date = None
        if "application_date" in raw:
            application_date = self.date("/application_date", raw["application_date"])
        people = self.people(raw)
        ids = {person.person_id for person in people}
        return Household(
            household_id,
            area,
            application_date,
            self.facts("", self.household, raw, RESERVED),
            people,
            self.statuses(raw, ids),
            b"",
            read_payments(self, raw, ids),
            self.dated,
        )

    def id(self, pointer: str, raw: Mapping[str, Any], key: str) -> str:
        if key not in raw:
            self.add(f"{pointer}/{key}", "missing-key", f"`{key}` is missing")
            return ""
        return self.text(f"{pointer}/{key}", raw[key], 1)

    def area(self, raw: Mapping[str, Any]) -> str:
        area = self.id("", raw, "area")
        if area and area not in self.book.areas:
            hint = nearest(area, self.book.areas)
            self.add("/area", "unknown-area", f"there is no area `{shown(area)}` in this rulebook", hint)
        return area

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
                self.unknown(f"{pointer}/{escaped(key)}", key, known, other)
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
        self.add(pointer, "unknown-fact", f"unknown fact `{shown(key)}`", hint)

    def people(self, raw: Mapping[str, Any]) -> tuple[Person, ...]:
        wanted = "everyone in the household, each with a `person_id`"
        if "people" not in raw:
            self.add("/people", "missing-key", "`people` is missing", wanted)
            return ()
        listed = raw["people"]
        if not isinstance(listed, list):
            self.wrong("/people", listed, "a list of people", wanted)
            return ()
        if not listed:
            self.add("/people", "empty", "nobody is listed", wanted)
        if len(listed) > self.book.people_at_most:
            most = self.book.people_at_most
            self.add("/people", "too-many", f"{len(listed)} people; at most {most} are read")
            return ()
        seen: set[str] = set()
        people = []
        for i, one in enumerate(listed):
            pointer = f"/people/{i}"
            if not isinstance(one, Mapping):
                self.wrong(pointer, one, "a person (an object)")
                continue
            person_id = self.id(pointer, one, "person_id")
            if person_id == "household":
                told = "`household` is not a person's id"
                self.add(f"{pointer}/person_id", "reserved", told, "take another one")
            if person_id and person_id in seen:
                told = f"`{shown(person_id)}` stands here twice"
                self.add(f"{pointer}/person_id", "duplicate", told, "each person once")
            seen.add(person_id)
            people.append(Person(person_id, self.facts(pointer, self.person, one, ("person_id",))))
        return tuple(people)

    # --- what is held -----------------------------------------------------------------------------------

    def statuses(self, raw: Mapping[str, Any], people: set[str]) -> tuple[Status, ...] | None:
        self.objects("awards", raw)
        self.objects("events", raw)
        if "statuses" not in raw:
            return None
        listed = raw["statuses"]
        if not isinstance(listed, list):
            self.wrong("/statuses", listed, "a list of statuses", "an empty list says that nothing is held")
            return None
        found = (self.status(f"/statuses/{i}", one, people) for i, one in enumerate(listed))
        return tuple(one for one in found if one is not None)

    def objects(self, key: str, raw: Mapping[str, Any]) -> None:
        """Awards and events are kept with the document; production rules read them, expressions do not."""
        listed = raw.get(key, [])
        if not isinstance(listed, list):
            self.wrong(f"/{key}", listed, "a list of objects")
            return
        for i, one in enumerate(listed):
            if not isinstance(one, Mapping):
                self.wrong(f"/{key}/{i}", one, "an object")

    def status(self, pointer: str, raw: Any, people: set[str]) -> Status | None:
        if not isinstance(raw, Mapping):
            self.wrong(pointer, raw, "a status (an object)")
            return None
        self.other_keys(pointer, raw, STATUS_KEYS, "a status has no `{}`")
        name = self.policy(pointer, raw)
        person = self.holder(pointer, raw, name, people)
        if "from" not in raw:
            self.add(f"{pointer}/from", "missing-key", "`from` is missing", "the first day of the status")
        start, end, recorded, _ = self.days(pointer, raw)
        if "source" in raw:
            self.text(f"{pointer}/source", raw["source"])
        if "amount" in raw:
            money = Number(self.book.currency["decimals"], lo=0, hi=STATUS_AMOUNT_AT_MOST)
            self.convert(f"{pointer}/amount", partial(number, money), raw["amount"])
        return Status(name, person, start, end, recorded, raw.get("amount"))

    def policy(self, pointer: str, raw: Mapping[str, Any]) -> str:
        name = self.id(pointer, raw, "policy")
        if name and name not in self.book.policies:
            hint = nearest(name, self.book.policies)
            self.add(f"{pointer}/policy", "unknown-policy", f"there is no policy `{shown(name)}`", hint)
        return name

    def holder(self, pointer: str, raw: Mapping[str, Any], name: str, people: set[str]) -> str:
        """The person who holds a status or was paid; "" for the household."""
        policy = self.book.policies.get(name)
        if "person_id" not in raw:
            if policy is not None and policy.unit == "person":
                told = f"`{name}` is held by a person; say by whom of `people`"
                self.add(f"{pointer}/person_id", "missing-key", told)
            return ""
        if policy is not None and policy.unit == "household":
            told = f"`{name}` is held by the household; leave `person_id` out"
            self.add(f"{pointer}/person_id", "unknown-key", told)
        person = self.text(f"{pointer}/person_id", raw["person_id"], 1)
        if person and person not in people:
            self.add(f"{pointer}/person_id", "unknown-person", f"nobody in `people` is `{shown(person)}`")
        return person


_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number").encode


def read_household(book: Rulebook, raw: Any) -> Household:
    """Checks plain data (from JSON or YAML). Raises `BadDocument` with every problem."""
    reader = Reader(book)
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
        household.payments,
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
        if (
            len(candidates) == 1
            and not (first.start or first.recorded or first.as_of)
            and first.end == FOREVER
        ):
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
    """The row that counts on a day, and a warning. Sources that disagree unranked leave it unknown."""
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
