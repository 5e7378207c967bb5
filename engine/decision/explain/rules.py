"""The part of an explanation that rests on the rules alone, made once for a set of rules and a language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.decision.explain.citations import cited
from engine.decision.explain.model import Line
from engine.decision.explain.words import WORDS
from engine.decision.margin import margin
from engine.decision.reads import direct_reads
from engine.language.guards import FLIPPED
from engine.language.sentence import NAMES, STATUSES, sentence
from engine.language.tree import Node, walk
from engine.language.types import NO_UNIT, Number, Ratio, Type, Unit
from engine.language.wording import Wording
from engine.rulebook.in_force import InForce
from engine.rulebook.labels import BookLabels
from engine.rulebook.model import Clause, Dated, Group, Named, PolicyVersion, Rulebook

T = TypeVar("T")
MOST_KEPT = 20_000
MEASURED = NAMES | {"count", "scale"}  # what is short enough to be named beside its distance


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A clause in words. `op` and `unit` are those of its comparison, for the margin; `measured` is what is
    compared with the limit, "" where the label says it already.

    `holds`: for a clause `not(X)`, the sentence of X, which is the case when the clause fails.
    """

    label: str
    article: str
    short_article: str
    op: str
    unit: Unit
    measured: str
    holds: str
    means: str  # of a clause that is a definition: what it says
    means_reads: tuple[tuple[str, str], ...]  # and what that reads: (whose, name)
    rule: tuple[Line, ...]  # the lines of the auditor that never change: the expression, the citation


@dataclass(frozen=True, slots=True)
class PolicyText:
    title: str
    version: PolicyVersion
    clauses: dict[str, ClauseText]
    any: bool  # one of the top conditions is enough
    kinds: dict[str, str]  # groups by their id in the trace: all or any
    version_line: Line
    office: str  # where one applies
    parameters: tuple[str, ...]  # those that its clauses and amounts name themselves


@dataclass(frozen=True, slots=True)
class DefinitionText:
    title: str
    lines: tuple[Line, ...]


class RuleTexts:
    """Labels, sentences and citations of the rules in force, in one language."""

    def __init__(self, book: Rulebook, rules: InForce, language: str) -> None:
        self.book, self.rules = book, rules
        self.words = Wording(language, WORDS)
        self.labels = BookLabels(book, rules, self.words)
        self.policies = {name: self._policy(name, version) for name, version in rules.policies.items()}
        self.types = _defined_types(book, rules)
        self.called: dict[str, str] = {}  # names that have been asked for
        self.formulas: dict[str, object] = {}  # see `engine.decision.explain.figures`
        self.parts: dict[str, tuple[str, str]] = {}
        self.kept: dict[tuple[Any, ...], Any] = {}  # texts and lines that many households share
        self.definitions: dict[str, DefinitionText] = {}
        for name, version in rules.definitions.items():
            made = [*self._formulas(version.defines), self._formula(self.labels.name(name), version.node)]
            extra = [self._cite_line(version.cite), self._file_line(version.dated)]
            self.definitions[name] = DefinitionText(
                self.labels.name(name), (*made, *(line for line in extra if line))
            )

    def keep(self, key: tuple[Any, ...], made: T) -> T:
        """Keeps a text or a line for the next household; of too many, none."""
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[key] = made
        return made

    def sentence(self, node: Node) -> str:
        return sentence(node, self.labels, self.words)

    def part(self, named: Named) -> tuple[str, str]:
        """The label of a part of an amount and its formula."""
        found = self.parts.get(named.name)
        if found is None:
            label = self.labels.said(named.label) or named.id
            found = self.parts[named.name] = label, self.sentence(named.node)
        return found

    def office(self, code: str) -> str:
        """A department, or an area level that acts as one."""
        said = self.labels.said
        return said(self.book.departments.get(code, {})) or said(self.book.levels.get(code, {})) or code

    def policy_title(self, name: str) -> str:
        return self.labels.policy(name)

    # --- policies ---------------------------------------------------------------------------------------

    def _policy(self, name: str, version: PolicyVersion) -> PolicyText:
        clauses = {clause.id: self._clause(clause) for clause in _with_exceptions(version)}
        kinds = {group.id or group.kind: group.kind for group in _groups(version.eligible)}
        office = version.procedure.get("accept", self.book.policies[name].department)
        return PolicyText(
            self.labels.policy(name),
            version,
            clauses,
            version.eligible.kind == "any",
            kinds,
            self._version_line(version.dated),
            self.office(str(office)),
            _parameters(version),
        )

    def _clause(self, clause: Clause) -> ClauseText:
        words, said = self.words, self.sentence(clause.when)
        label = self.labels.said(clause.label) or said
        distance = margin(clause.when)
        unit = (
            distance.type.unit
            if distance is not None and isinstance(distance.type, Number | Ratio)
            else NO_UNIT
        )
        op, side = "", clause.when
        if distance is not None:
            left, right = clause.when.args
            op, side = (FLIPPED[clause.when.op], right) if left.op == "const" else (clause.when.op, left)
        meant = (
            self.rules.definitions.get(clause.when.name) if clause.when.op in ("value", "computed") else None
        )
        rule = [Line(words.say("t.rule", text=said))] if said != label else []
        rule += [line for line in [self._cite_line(clause.cite)] if line]
        return ClauseText(
            label,
            cited(clause.cite, self.book.laws, words),
            cited(clause.cite, self.book.laws, words, short=True),
            op,
            unit,
            self.sentence(side) if op and said != label and side.op in MEASURED else "",
            self.sentence(clause.when.args[0]) if clause.when.op == "not" else "",
            "" if meant is None else self.sentence(meant.node),
            () if meant is None else direct_reads(meant.node, self.book.definitions[clause.when.name].of),
            tuple(rule),
        )

    # --- lines ------------------------------------------------------------------------------------------

    def _formulas(self, defines: tuple[Named, ...]) -> Iterator[Line]:
        for define in defines:
            yield self._formula(self.labels.said(define.label) or define.id, define.node)

    def _formula(self, name: str, node: Node) -> Line:
        return Line(self.words.say("t.formula", name=name, formula=self.sentence(node)))

    def _cite_line(self, cite: str) -> Line | None:
        text = cited(cite, self.book.laws, self.words)
        return Line(self.words.say("t.cite", text=text)) if text else None

    def _file_line(self, dated: Dated) -> Line:
        return Line(self.words.say("t.file", file=dated.file, version=dated.version))

    def _version_line(self, dated: Dated) -> Line:
        since = self.words.date(dated.start)
        return Line(self.words.say("t.version", file=dated.file, version=dated.version, since=since))


def rule_texts(book: Rulebook, rules: InForce, language: str) -> RuleTexts:
    """The texts of the rules in force; made once and kept with the rulebook."""
    key = (rules.key, language)
    return book.remember("rule texts", key, lambda: RuleTexts(book, rules, language), most=32)


def _defined_types(book: Rulebook, rules: InForce) -> dict[str, Type]:
    """The types of definitions and intermediate values, by name."""
    types = {name: one.type for name, one in book.definitions.items()}
    defines = [define for one in rules.definitions.values() for define in one.defines]
    defines += [define for one in rules.policies.values() for define in one.defines]
    types |= {define.name: define.node.type for define in defines}
    return types


def _with_exceptions(version: PolicyVersion) -> Iterator[Clause]:
    for clause in version.all_clauses():
        yield clause
        yield from clause.unless


def _parameters(version: PolicyVersion) -> tuple[str, ...]:
    amount = version.amount
    parts = () if amount is None else (*amount.parts, *(one for one in (amount.least, amount.most) if one))
    nodes = [*(clause.when for clause in _with_exceptions(version)), *(part.node for part in parts)]
    found = (
        one.name for node in nodes for one in walk(node) if one.op in ("parameter", "size_table", "marginal")
    )
    return tuple(sorted(set(found)))


def _groups(group: Group) -> Iterator[Group]:
    for member in group.members:
        if isinstance(member, Group):
            yield member
            yield from _groups(member)


def is_status(name: str) -> bool:
    return name.rpartition(".")[2] in STATUSES and "." in name
