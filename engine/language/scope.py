"""What the names in an expression mean: the symbols that a rulebook (or a JSON context) offers the checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.language.types import Type

PERSON = "person"
SUBJECT = "subject"  # the variable of the person whom a person file speaks of


@dataclass(frozen=True, slots=True)
class Symbol:
    """One name.

    `kind`: fact (an input), value (computed: definition, policy result) or parameter. `by`: the table keys of
    a parameter, names of enum facts; `table` says how it is looked up: "" (plain or by enum keys), "size" (by
    whole numbers) or "brackets"; `decimals` are those of the thresholds of brackets.
    """

    name: str
    kind: str
    type: Type
    by: tuple[str, ...] = ()
    table: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that one expression may use.

    names     of the household, parameters included
    records   of a person (`person`) and of the items of each list (its name)
    policies  name -> unit ("household" or "person")
    forbidden names that exist but may not be read here -> why
    person    the expression speaks of one person, whose names are in reach
    """

    names: Mapping[str, Symbol]
    records: Mapping[str, Mapping[str, Symbol]] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    forbidden: Mapping[str, str] = field(default_factory=dict)
    person: bool = False
    people_at_most: int = 100
