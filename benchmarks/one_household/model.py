"""What the pack is made of. Every formula is one Python expression; `formula` reads it in three languages.

In a formula a bare name is a household fact, a parameter, a table or a definition; people are reached by a
comprehension (`count(p for p in people if p.age_years < 18)`). A person's definition speaks of `p`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["boolean", "number", "money", "date", "enum"]
Unit = Literal["household", "person"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A thing known about the household or a person. `most` bounds numbers and money, which start at 0."""

    name: str
    kind: Kind
    of: Unit = "household"
    values: tuple[str, ...] = ()
    decimals: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value set by law. Money's unit is the currency unless said otherwise."""

    name: str
    kind: Literal["money", "number"]
    value: Decimal
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Amounts of money set by law, one for each value of an enum fact of the household."""

    name: str
    by: str
    amounts: dict[str, Decimal]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A named value that several policies share."""

    name: str
    formula: str
    of: Unit = "household"


@dataclass(frozen=True, slots=True)
class Policy:
    """One programme: `clauses` (name -> formula) must all hold; then `amount` is due."""

    name: str
    department: str
    clauses: dict[str, str]
    amount: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything both engines are given. Definitions stand before the definitions that use them."""

    facts: tuple[Fact, ...]
    parameters: tuple[Parameter, ...]
    tables: tuple[Table, ...]
    definitions: tuple[Definition, ...]
    policies: tuple[Policy, ...]

    def household_facts(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.of == "household")

    def person_facts(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.of == "person")

    def formulas(self) -> list[str]:
        """Every formula of the pack, definitions first."""
        policies = (text for policy in self.policies for text in (*policy.clauses.values(), policy.amount))
        return [*(definition.formula for definition in self.definitions), *policies]
