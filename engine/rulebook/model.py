"""A rulebook in memory: immutable, checked, with typed trees in place of the officers' text.

Days are integers yyyymmdd. `Label` maps a language to a text. Every `text` keeps an expression as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from engine.language.scope import Scope
from engine.language.tree import Node
from engine.language.types import Type

if TYPE_CHECKING:
    from engine.rulebook.ending import Ending
    from engine.rulebook.feed import Feed
    from engine.rulebook.inspection import Inspection
    from engine.rulebook.letters import Letters
    from engine.rulebook.procedures import ProcedureVersion
    from engine.rulebook.production import Comparison, EventKind, Watch
    from engine.rulebook.working_days import Calendar

Label = Mapping[str, str]
Made = TypeVar("Made")
FOREVER = 99991231


@dataclass(frozen=True, slots=True)
class Field:
    """A fact's value or one field of a list's items: its type, label and, for a choice, the labels of the values."""

    name: str
    type: Type
    label: Label
    choices: Mapping[str, Label] = field(default_factory=dict)
    longest: int = 80


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the fact dictionary. `items` are the fields of a list's entries, empty for a plain fact."""

    value: Field
    of: str
    question: Label
    answered_by: str
    privacy: str  # ordinary, personal, sensitive or procedure
    changeable: bool = False
    fresh_days: int | None = None
    trust: tuple[str, ...] = ()
    items: tuple[Field, ...] = ()
    at_most: int = 0

    @property
    def name(self) -> str:
        return self.value.name


@dataclass(frozen=True, slots=True)
class Area:
    code: str
    level: str
    label: Label
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Law:
    """A source that `cite` names, and how surely it was seen: text, quoted, known or unsure."""

    code: str
    title: str
    number: str
    seen: str


@dataclass(frozen=True, slots=True)
class Row:
    """One dated value of a parameter. `value` None: a declared gap, `gap` says why. `until` is inclusive."""

    start: int
    until: int
    published: int
    value: Any
    gap: str = ""
    cite: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`series`: rows per area, in order. `by` and `table` as in `engine.language.scope.Symbol`."""

    name: str
    label: Label
    type: Type
    by: tuple[str, ...]
    table: str
    series: Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition with its citation. `unless`: exceptions, any of which makes the clause hold."""

    id: str
    label: Label
    text: str
    when: Node
    cite: str
    unless: tuple[Clause, ...] = ()

    @property
    def truth(self) -> Node:
        if not self.unless:
            return self.when
        return Node("or", (self.when, *(one.truth for one in self.unless)), self.when.type)


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses joined by `all` or `any`; `id` names a group inside another."""

    id: str
    kind: str
    members: tuple[Clause | Group, ...]

    def clauses(self) -> Iterator[Clause]:
        for member in self.members:
            if isinstance(member, Group):
                yield from member.clauses()
            else:
                yield member


@dataclass(frozen=True, slots=True)
class Named:
    """A named intermediate value (`define`) or one part of an amount. `name` is unique in the rulebook."""

    id: str
    name: str
    label: Label
    text: str
    node: Node
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Except:
    id: str
    text: str
    when: Node
    value_text: str
    cite: str


@dataclass(frozen=True, slots=True)
class Dated:
    """What every version has: where it was written and when it holds. `until` is inclusive."""

    file: str
    version: str
    start: int
    until: int
    published: int


@dataclass(frozen=True, slots=True)
class Amount:
    """`parts` are added up; or the officer decides between `least` and `most`."""

    period: str
    parts: tuple[Named, ...] = ()
    least: Named | None = None
    most: Named | None = None
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Sooner:
    """A class of households that is reviewed after fewer months. `area`: whose rule says so; "" is the general one."""

    clause: Clause
    months: int
    area: str = ""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    dated: Dated
    title: Label
    defines: tuple[Named, ...]
    concerns: tuple[Clause, ...]
    eligible: Group
    closed: tuple[Clause, ...]
    discretion: tuple[Clause, ...]
    amount: Amount | None
    pays: Mapping[str, Any]
    review: Mapping[str, Any]
    procedure: Mapping[str, Any]
    notes: Label
    applications_from: int = 0
    applications_before: int = FOREVER
    verified_until: int = FOREVER
    sooner: tuple[Sooner, ...] = ()

    def all_clauses(self) -> Iterator[Clause]:
        yield from self.concerns
        yield from self.eligible.clauses()
        yield from self.closed
        yield from self.discretion


@dataclass(frozen=True, slots=True)
class Policy:
    id: str
    department: str
    unit: str
    versions: tuple[PolicyVersion, ...]


@dataclass(frozen=True, slots=True)
class DefinitionVersion:
    dated: Dated
    title: Label
    defines: tuple[Named, ...]
    text: str
    node: Node
    exceptions: tuple[Except, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Definition:
    name: str
    of: str
    type: Type
    versions: tuple[DefinitionVersion, ...]
    shown_decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Findings that may not stand together. `stage`: exclusive, higher_of, offset, cap or compatible."""

    id: str
    dated: Dated
    title: Label
    between: tuple[str, ...]
    same: str
    stage: str
    keep: str = ""
    choose_by: str = ""
    reduce: str = ""
    limit: Named | None = None
    when: Named | None = None
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    value: Named
    weight: int
    points: Node  # the rounded product, in hundredths


@dataclass(frozen=True, slots=True)
class Scoring:
    name: str
    dated: Dated
    title: Label
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Children:
    """Whoever is younger than so many years; `born`: the fact that says the date of birth."""

    born: str
    under: int


@dataclass(frozen=True, eq=False)
class Rulebook:
    """All of a directory of YAML files. `sources` keeps the text of every file, by its path."""

    name: str
    title: Label
    languages: tuple[str, ...]
    currency: Mapping[str, Any]
    units: Mapping[str, Label]
    departments: Mapping[str, Label]
    people_at_most: int
    facts: Mapping[str, Fact]
    levels: Mapping[str, Label]
    areas: Mapping[str, Area]
    laws: Mapping[str, Law]
    parameters: Mapping[str, Parameter]
    definitions: Mapping[str, Definition]
    policies: Mapping[str, Policy]
    conflicts: tuple[Conflict, ...]
    scoring: tuple[Scoring, ...]
    watches: tuple[Watch, ...]
    comparisons: tuple[Comparison, ...]
    events: Mapping[str, EventKind]
    endings: Mapping[str, Ending]  # by the event that ends something
    procedures: tuple[ProcedureVersion, ...]
    calendars: Mapping[int, tuple[Calendar, ...]]
    children: Children | None
    feeds: Mapping[str, Feed]
    inspections: Mapping[str, Inspection]
    scope: Scope
    letters: Letters | None
    fingerprint: str
    sources: Mapping[str, str]
    memo: dict[str, dict[Any, Any]] = field(default_factory=dict, repr=False)

    def remember(self, kind: str, key: Any, make: Callable[[], Made], most: int = 256) -> Made:
        """What has been made from this rulebook before; at most so many of a kind are kept."""
        table = self.memo.setdefault(kind, {})
        found: Made | None = table.get(key)
        if found is None:
            found = make()
            while len(table) >= most:
                table.pop(next(iter(table)), None)
            table[key] = found
        return found

    def household_inputs(self) -> tuple[str, ...]:
        """What a household document gives for the household, in the order of compiled programs."""
        held = [f"{p.id}.held" for p in self.policies.values() if p.unit == "household"]
        return (*(f.name for f in self.facts.values() if f.of == "household"), *self.levels, *held)

    def person_inputs(self) -> tuple[str, ...]:
        held = [f"{p.id}.held" for p in self.policies.values() if p.unit == "person"]
        return ("person_id", *(f.name for f in self.facts.values() if f.of == "person"), *held)
