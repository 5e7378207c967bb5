"""The values of a decision, written for people: facts, definitions, parameters, statuses, areas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from engine.decision.explain.rules import RuleTexts, is_status
from engine.decision.inputs import area_at
from engine.decision.model import HOUSEHOLD, Decision, FactValue, ParameterValue
from engine.language.dates import parse_date
from engine.language.types import Boolean, Date, Enum, List, Number, Ratio, Type, Unit

PEOPLE = "people/"


class _Once(dict[str, str]):
    """Texts, each made when it is first asked for."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> str:
        said = self[key] = self._make(key)
        return said


class Values:
    """`names`: what to call people instead of their ids. Every text is made once."""

    def __init__(self, texts: RuleTexts, decision: Decision, names: Mapping[str, str]) -> None:
        self.texts, self.book, self.words, self.labels = texts, texts.book, texts.words, texts.labels
        self.decision, self.names = decision, names
        self._mark = self.words["value.mark"]  # between a name and its value
        self.subject = _Once(self._subject).__getitem__
        self.read, self.worth = _Once(self._read).__getitem__, _Once(self._value).__getitem__
        self.owned = _Once(self._owned).__getitem__

    def _subject(self, subject: str) -> str:
        """The household, or a person by name or id."""
        if subject in ("", HOUSEHOLD):
            return self.words["household"]
        return self.names.get(subject) or self.words.say("person", id=subject)

    def named(self, subject: str) -> str:
        """A person in a list: the name, or the bare id."""
        return self.names.get(subject, subject)

    # --- one value --------------------------------------------------------------------------------------

    def money(self, value: Any) -> str:
        number = self.words.number(value, int(self.book.currency["decimals"]))
        return self.labels.with_unit(number, self.labels.currency)

    def measured(self, value: Any, unit: Unit) -> str:
        """A number with what it counts: a distance, an age, an amount."""
        counted = self.labels.counted(unit)
        number = self.words.number(value, self.labels.decimals(unit))
        return self.labels.with_unit(number, counted) if counted else number

    def plain(self, value: Any, of: Type, name: str = "") -> str:
        """A value of a decision in words. `name`: the list whose entries these are."""
        if value is None or value is msgspec.UNSET:
            return self.words["unknown.value"]
        if isinstance(value, bool):
            return self.words.truth(value)
        if isinstance(value, str):
            return self.day(value) if isinstance(of, Date) else self.labels.choice(of, value)
        if isinstance(of, Number | Ratio) and isinstance(value, int | float | Decimal | Fraction):
            decimals = self.labels.decimals(of.unit)
            if decimals is None and isinstance(of, Number):
                decimals = of.decimals
            return self.labels.quantity(self.words.number(value, decimals), of.unit)
        if isinstance(value, list | tuple):
            said = [self._entry(one, of, name) for one in value]
            return self.words.listed(said) if said else self.words["empty"]
        return str(value)

    def day(self, iso: str) -> str:
        day = parse_date(iso)
        return iso if day is None else self.words.date(day)

    def month(self, iso: str) -> str:
        day = parse_date(iso)
        if day is None:
            return iso
        names = self.words["months"].split()
        return self.words["month.said"].format(
            year=day // 10000, month=day // 100 % 100, name=names[day // 100 % 100 - 1]
        )

    def _entry(self, one: Any, of: Type, name: str) -> str:
        if isinstance(one, str):
            item = of.item if isinstance(of, List) else of
            return self.labels.choice(item, one) if isinstance(item, Enum) else self.named(one)
        if not isinstance(one, Mapping):
            return str(one)
        fields = (
            {field.name: field for field in self.book.facts[name].items} if name in self.book.facts else {}
        )
        said = [
            f"{self.labels.field(name, key)}{self._mark}{self.plain(value, fields[key].type)}"
            for key, value in one.items()
            if key in fields
        ]
        return self.words.brackets(self.words.listed(said))

    # --- by reference -----------------------------------------------------------------------------------

    def _read(self, ref: str) -> str:
        """`<label> <value>` of what a clause reads; of everyone for `people/*/…`."""
        if ref.startswith("parameters/"):
            name = ref.removeprefix("parameters/")
            value = self.parameter(name, self.decision.parameters.get(name, ParameterValue()))
            return f"{self.labels.name(name)}{self._mark}{value}"
        if ref.startswith(PEOPLE + "*/"):
            name = ref[len(PEOPLE) + 2 :]
            people = self.decision.people
            each = [f"{self.named(person)} {self.worth(f'{PEOPLE}{person}/{name}')}" for person in people]
            return f"{self.label(name)}{self._mark}{self.words.listed(each)}"
        return f"{self.label(own_name(ref))}{self._mark}{self.worth(ref)}"

    def _owned(self, ref: str) -> str:
        """What a reference is called, with the person it is about."""
        name = own_name(ref)
        said = self.label(name)
        if not ref.startswith(PEOPLE):
            return said
        owner = self.subject(ref.split("/", 2)[1])
        if is_status(name):
            return self.words.say("said.of", owner=owner, said=said)
        return self.words.say("of", owner=owner, name=said)

    def label(self, name: str) -> str:
        """What a name is called; a status by its policy."""
        said = self.texts.called.get(name)
        if said is None:
            policy, _, word = name.rpartition(".")
            status = is_status(name)
            said = (
                self.words.say(word, policy=self.words.quoted(self.labels.policy(policy))) if status else ""
            )
            said = self.texts.called[name] = said or self.labels.name(name)
        return said

    def known(self, ref: str) -> Any:
        """The value of a fact or definition, None when it is unknown."""
        fact = self.decision.facts.get(ref)
        return self.decision.definitions.get(ref) if fact is None else fact.value

    def _value(self, ref: str) -> str:
        """The value that a reference has, in words."""
        name, fact = own_name(ref), self.decision.facts.get(ref)
        if fact is None and ref not in self.decision.definitions:
            if is_status(name):
                return self.words.truth(self._status(ref))
            if name in self.book.levels:
                area = area_at(self.book, self.decision.area, name)
                return self.words["unknown.value"] if area is None else self.area(area)
        value = self.decision.definitions.get(ref) if fact is None else fact.value
        key = same_for_all(name, value, fact)
        said: str | None = self.texts.kept.get(key) if key else None
        if said is None:
            said = (
                self.plain(value, self.texts.types.get(name, _NOTHING))
                if fact is None
                else self._fact(name, fact)
            )
            if key:
                self.texts.keep(key, said)
        return said

    def _fact(self, name: str, fact: FactValue) -> str:
        """A fact's value with its source and how fresh it is."""
        declared = self.book.facts.get(name)
        value = self.plain(fact.value, declared.value.type if declared else _NOTHING, name)
        notes = [self.texts.office(fact.source)] if fact.source else []
        notes += [self.words.say("t.as_of", date=self.day(fact.as_of))] if fact.as_of else []
        return self.words.say("t.source", value=value, source=self.words.listed(notes)) if notes else value

    def area(self, code: str) -> str:
        area = self.book.areas.get(code)
        return code if area is None else self.labels.said(area.label)

    def _status(self, ref: str) -> bool | None:
        policy, _, word = own_name(ref).rpartition(".")
        subject = ref.split("/")[1] if ref.startswith(PEOPLE) else HOUSEHOLD
        held = self.held(policy, subject)
        eligible = self._eligible(policy, subject)
        if word == "held":
            return held
        if word == "eligible" or held is False:
            return eligible
        return True if held or eligible else None

    def held(self, policy: str, subject: str) -> bool | None:
        if self.decision.held is None:
            return None
        return (policy if subject == HOUSEHOLD else f"{PEOPLE}{subject}/{policy}") in self.decision.held

    def _eligible(self, policy: str, subject: str) -> bool | None:
        decided = self.decision.policies.get(policy)
        for finding in decided.findings if decided else ():
            if finding.subject == subject:
                return {"eligible": True, "ineligible": False, "not-in-force": False}.get(finding.outcome)
        aside = any(one.policy == policy and one.subject == subject for one in self.decision.not_concerned)
        return False if aside else None

    # --- parameters -------------------------------------------------------------------------------------

    def parameter(self, name: str, value: ParameterValue) -> str:
        """The value of a parameter: the cell that the household's own facts choose, or the whole table."""
        declared, written = self.book.parameters[name], value.value
        if written is msgspec.UNSET or written is None:
            return self.words["t.nothing"]
        if isinstance(written, Mapping) and declared.by:
            keys = [self.known(key) for key in declared.by]
            cell = "/".join(str(key) for key in keys)
            if cell in written:
                return self._in_full(written[cell], declared.type)
            return self.table(name, value)
        if isinstance(written, Mapping) or declared.table == "brackets":
            return self.table(name, value)
        return self._in_full(written, declared.type)

    def table(self, name: str, value: ParameterValue) -> str:
        """Every cell of a table."""
        declared, written = self.book.parameters[name], value.value
        words = self.words
        if declared.table == "brackets":
            said = [
                words.say("t.bracket", above=words.number(one["above"]), rate=words.number(one["rate"]))
                for one in written
            ]
            return words.several(said)
        cells = written["cells"] if declared.table == "size" else written
        said = [
            words.say("t.cell", keys=self._keys(key, declared.by), value=self._in_full(cell, declared.type))
            for key, cell in cells.items()
        ]
        if declared.table == "size" and written.get("beyond") is not None:
            each = written["beyond"] != "clamp"
            more = {"value": self._in_full(written["beyond"], declared.type)} if each else {}
            said.append(words.say("t.beyond.each" if each else "t.beyond.clamp", **more))
        return words.several(said)

    def _keys(self, key: str, by: tuple[str, ...]) -> str:
        if not by:
            return key
        pairs = zip(by, key.split("/"), strict=False)
        return self.words.listed(
            self.labels.choice(self.book.facts[name].value.type, one) for name, one in pairs
        )

    def _in_full(self, value: Any, of: Type) -> str:
        """A parameter's value with its whole unit: 585 yuan/person/month."""
        said = self.plain(value, of)
        if not isinstance(of, Number) or not self.labels.decimals(of.unit):
            return said
        below = [name for name, power in of.unit.dimensions if power < 0]
        units = [
            self.labels.said(self.book.units[name]) if name in self.book.units else self.words[f"per.{name}"]
            for name in sorted(below, key=lambda name: name not in self.book.units)
        ]
        return "/".join([said, *units])


_NOTHING: Type = Boolean()


def same_for_all(name: str, value: Any, fact: FactValue | None) -> tuple[Any, ...]:
    """What the text of a fact or definition hangs on, where that is its plain value alone; else nothing.

    Decimals are left out: two that are equal may show other digits.
    """
    noted = fact is not None and (fact.source or fact.as_of)
    return (name, value.__class__, value) if isinstance(value, str | int) and not noted else ()


def own_name(ref: str) -> str:
    """The name without whose it is: `people/p1/income/wages` -> `income/wages`."""
    return ref[ref.index("/", len(PEOPLE)) + 1 :] if ref.startswith(PEOPLE) else ref
