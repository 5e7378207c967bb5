"""What a rulebook calls things, in one of its languages: for the sentences that are made from expressions.

Titles of definitions and intermediate values may change with their versions, so labels belong to the rules in
force at a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy

from engine.language.scope import PERSON
from engine.language.tree import Node
from engine.language.types import TIME_UNITS, Dimensions, Enum, Type, Unit
from engine.language.wording import Wording
from engine.rulebook.in_force import InForce
from engine.rulebook.model import Field, Label, Rulebook


class BookLabels:
    """The labels of a rulebook (see `engine.language.labels.Labels`)."""

    def __init__(self, book: Rulebook, rules: InForce, words: Wording) -> None:
        self.book, self.words, self.language = book, words, words.language
        self.currency: str = book.currency["unit"]
        self.policies = {name: self.said(policy.versions[-1].title) for name, policy in book.policies.items()}
        self.policies |= {name: self.said(version.title) for name, version in rules.policies.items()}
        self.names = self._names(rules)
        self._figures: Callable[[Node], str] | None = None
        self._counted: dict[Dimensions, str] = {}
        self._money_decimals = int(book.currency["decimals"])
        self.choices: dict[str, Mapping[str, Label]] = {}
        self.fields: dict[tuple[str, str], str] = {}
        for fact in book.facts.values():
            self._note_choices(fact.value, fact.name)
            for field in fact.items:
                self.fields[fact.name, field.name] = self.said(field.label)
                self._note_choices(field, f"{fact.name}.{field.name}")

    def said(self, label: Label) -> str:
        """A label in this language."""
        return label.get(self.language, "")

    def _names(self, rules: InForce) -> dict[str, str]:
        book = self.book
        names = {name: self.said(fact.value.label) for name, fact in book.facts.items()}
        names |= {name: self.said(label) for name, label in book.levels.items()}
        names |= {name: self.said(parameter.label) for name, parameter in book.parameters.items()}
        for name, definition in book.definitions.items():
            names[name] = self.said(definition.versions[-1].title)
        for name, version in rules.definitions.items():
            names[name] = self.said(version.title)
            names |= {define.name: self.said(define.label) for define in version.defines}
        for policy in rules.policies.values():
            names |= {define.name: self.said(define.label) for define in policy.defines}
        return names

    def _note_choices(self, field: Field, name: str) -> None:
        """The labels of a choice, under its own name and under that of its type."""
        if isinstance(field.type, Enum):
            self.choices[name] = field.choices
            self.choices.setdefault(field.type.name, field.choices)

    # --- the labels of sentences ------------------------------------------------------------------------

    def name(self, name: str) -> str:
        return self.names.get(name) or name

    def field(self, record: str, name: str) -> str:
        return self.name(name) if record == PERSON else self.fields.get((record, name), name)

    def choice(self, of: Type, value: str) -> str:
        """A value of a choice. A text is an area where it is the code of one."""
        if isinstance(of, Enum):
            return self.said(self.choices.get(of.name, {}).get(value, {})) or value
        area = self.book.areas.get(value)
        return value if area is None else self.said(area.label)

    def policy(self, name: str) -> str:
        return self.policies.get(name, name)

    def is_level(self, name: str) -> bool:
        return name in self.book.levels

    def keys(self, parameter: str) -> tuple[str, ...]:
        return self.book.parameters[parameter].by

    def quantity(self, number: str, unit: Unit) -> str:
        """Money, months and days say their unit; full years and bare numbers do not (`age is 80`)."""
        counted = self.counted(unit)
        return number if counted in ("", "year") else self.with_unit(number, counted)

    def counted(self, unit: Unit) -> str:
        """The one base unit that a number in this unit counts, "" when there is none or several."""
        found = self._counted.get(unit.dimensions)
        if found is None:
            names = [name for name, power in unit.dimensions if power > 0]
            found = self._counted[unit.dimensions] = names[0] if len(names) == 1 else ""
        return found

    def with_unit(self, number: str, unit: str) -> str:
        if unit == self.currency:
            return self.words.say("unit.currency", n=number, unit=self.said(self.book.currency["label"]))
        if unit in TIME_UNITS:
            return self.words.say(f"unit.{unit}" + (".one" if number == "1" else ""), n=number)
        return self.words.say("unit.other", n=number, unit=self.said(self.book.units.get(unit, {})) or unit)

    def decimals(self, unit: Unit) -> int | None:
        return self._money_decimals if self.counted(unit) == self.currency else None

    def figure(self, node: Node) -> str:
        return "" if self._figures is None else self._figures(node)

    def with_figures(self, figures: Callable[[Node], str]) -> BookLabels:
        """The same labels, each followed by what it is worth."""
        made = copy(self)
        made._figures = figures
        return made
