"""The household document, checked against the fact dictionary.

Everything wrong with a document is found in one run, each with a JSON pointer. A fact that is not there stays
unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from engine.decision.converters import Wrong, number
from engine.decision.events import Event, read_events
from engine.decision.json_text import BadDocument, DocumentProblem, escaped, shown
from engine.decision.model import FactValue
from engine.decision.payments import Payment, read_payments
from engine.decision.values import ID_AT_MOST, FactRow, Facts, Shelf, ValueReader, shelf
from engine.language.problems import nearest
from engine.language.types import Number
from engine.rulebook.model import Rulebook

RESERVED = ("household_id", "area", "application_date", "people", "statuses", "awards", "payments", "events")
STATUS_AMOUNT_AT_MOST = 10**15  # in the currency's smallest unit
STATUS_KEYS = ("policy", "person_id", "from", "to", "amount", "as_of", "recorded", "reviewed", "source")


@dataclass(frozen=True, slots=True)
class Status:
    policy: str
    person: str
    start: int
    end: int
    recorded: int
    amount: Decimal | int | None
    inside: int | None  # the amount as the engine computes with it
    reviewed: int = 0  # the day of the last review, 0 when nobody says


class Person(msgspec.Struct, frozen=True, gc=False):
    person_id: str
    facts: Facts


class Household(msgspec.Struct, frozen=True, gc=False):
    """A checked household document. `statuses` None: nothing is said about what is held."""

    household_id: str
    area: str
    application_date: int | None
    facts: Facts
    people: tuple[Person, ...]
    statuses: tuple[Status, ...] | None
    canonical: bytes  # the document in one form: keys sorted, for the decision's id
    payments: tuple[Payment, ...] | None  # None: nothing is said about what was paid
    events: tuple[Event, ...] | None  # None: nothing is said about what happened
    dated: bool  # some fact begins or ends on a day, so another day may read other values


class Reader(ValueReader):
    """Checks a document against the rulebook's facts; what is wrong is added to `problems`."""

    def __init__(self, book: Rulebook) -> None:
        super().__init__(book)
        self.book = book
        self.household, self.person = shelf(book, "household"), shelf(book, "person")

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
        facts = self.facts("", self.household, raw, RESERVED)
        statuses = self.statuses(raw, ids)
        payments = read_payments(self, raw, ids)
        events = read_events(self, raw, ids)
        canonical = b"" if self.problems else _canonical(raw)
        return Household(
            household_id,
            area,
            application_date,
            facts,
            people,
            statuses,
            canonical,
            payments,
            events,
            self.dated,
        )

    def id(self, pointer: str, raw: Mapping[str, Any], key: str) -> str:
        if key not in raw:
            self.add(f"{pointer}/{key}", "missing-key", f"`{key}` is missing")
            return ""
        found = raw[key]
        if type(found) is str and 1 <= len(found) <= ID_AT_MOST:  # nearly every id
            return found
        return self.text(f"{pointer}/{key}", found, 1)

    def area(self, raw: Mapping[str, Any]) -> str:
        area = self.id("", raw, "area")
        if area and area not in self.book.areas:
            hint = nearest(area, self.book.areas)
            self.add("/area", "unknown-area", f"there is no area `{shown(area)}` in this rulebook", hint)
        return area

    def facts(self, pointer: str, known: Shelf, raw: Mapping[str, Any], other: Collection[str]) -> Facts:
        inside: list[Any] = [None] * len(known.names)
        shown: list[FactValue | None] = [None] * len(known.names)
        dated: dict[int, tuple[FactRow, ...]] = {}
        entries = known.entries
        for key, value in raw.items():
            entry = entries.get(key)
            if entry is None:
                if key not in other:
                    self.unknown(f"{pointer}/{escaped(key)}", key, known, other)
                continue
            place, fact, converter = entry
            if converter is None or isinstance(value, (dict, list)):
                rows = self.fact(f"{pointer}/{key}", fact, value)
                if len(rows) == 1 and rows[0].always(fact):
                    inside[place], shown[place] = rows[0].inside, rows[0].shown()
                else:
                    dated[place] = rows
                continue
            try:  # nearly every fact
                inside[place] = converter(value)
                shown[place] = FactValue(value)
            except Wrong as wrong:
                self.add(f"{pointer}/{key}", wrong.code, wrong.message, wrong.hint)
        return Facts(inside, shown, dated)

    def unknown(self, pointer: str, key: str, known: Shelf, other: Collection[str]) -> None:
        hint = nearest(key, (*known.names, *other))
        if key in self.person.entries:
            hint = f"`{key}` belongs to a person: write it inside `people`"
        elif key in self.household.entries:
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
        self.awards(raw)
        if "statuses" not in raw:
            return None
        listed = raw["statuses"]
        if not isinstance(listed, list):
            self.wrong("/statuses", listed, "a list of statuses", "an empty list says that nothing is held")
            return None
        found = (self.status(f"/statuses/{i}", one, people) for i, one in enumerate(listed))
        return tuple(one for one in found if one is not None)

    def awards(self, raw: Mapping[str, Any]) -> None:
        """Awards are kept with the document; nothing reads them yet."""
        listed = raw.get("awards", [])
        if not isinstance(listed, list):
            self.wrong("/awards", listed, "a list of objects")
            return
        for i, one in enumerate(listed):
            if not isinstance(one, Mapping):
                self.wrong(f"/awards/{i}", one, "an object")

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
        inside = None
        if "amount" in raw:
            money = Number(self.book.currency["decimals"], lo=0, hi=STATUS_AMOUNT_AT_MOST)
            inside = self.convert(f"{pointer}/amount", partial(number, money), raw["amount"])
        reviewed = (self.date(f"{pointer}/reviewed", raw["reviewed"]) or 0) if "reviewed" in raw else 0
        return Status(name, person, start, end, recorded, raw.get("amount"), inside, reviewed)

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
    except RecursionError:
        raise BadDocument([DocumentProblem("", "too-deep", "this document is nested too deep")]) from None
    if reader.problems or household is None:
        raise BadDocument(reader.problems)
    return household
