"""Where departments draw different lines through the same thing, side by side from the rules themselves.

A line is a comparison of one named fact or definition with something else: `counted_income < standard * members` of one
policy, `counted_income < 1.5 * standard * members` of another. Where two policies draw different lines, some
households are on one side of the first and on the other side of the second; decisions tell how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import msgspec

from engine.decision.decide import parameter_value
from engine.decision.explain.citations import cited
from engine.decision.explain.words import WORDS
from engine.decision.model import HOUSEHOLD
from engine.language.dates import from_date
from engine.language.scope import PERSON
from engine.language.sentence import sentence
from engine.language.tree import Node, walk
from engine.language.types import Record
from engine.language.wording import Wording
from engine.rulebook.in_force import InForce, in_force, parameters_on
from engine.rulebook.labels import BookLabels
from engine.rulebook.model import Clause, DefinitionVersion, PolicyVersion, Rulebook

_COMPARISONS = frozenset({"less", "at_most", "more", "at_least", "equal", "unequal", "between", "in"})


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line. `clause` "": it stands in a definition, which the policies read. `alone`: the clause is this line and
    nothing else. `parameters`: with their values in the area.
    """

    policies: tuple[str, ...]
    titles: tuple[str, ...]
    departments: tuple[str, ...]
    where: str
    clause: str
    alone: bool
    text: str
    parameters: Mapping[str, Any]
    article: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A fact or definition through which different lines are drawn."""

    name: str
    label: str
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A definition that reads a fact, and who goes by it."""

    definition: str
    title: str
    policies: tuple[str, ...]
    departments: tuple[str, ...]
    article: str


@dataclass(frozen=True, slots=True)
class Several:
    """A fact that is reckoned with in several ways."""

    fact: str
    label: str
    ways: tuple[Reckoned, ...]


@dataclass(frozen=True, slots=True)
class Divergence:
    concepts: tuple[Concept, ...]
    several: tuple[Several, ...]

    def only(self, name: str) -> Divergence:
        """Of one fact or definition."""
        return Divergence(
            tuple(one for one in self.concepts if one.name == name),
            tuple(one for one in self.several if one.fact == name),
        )


@dataclass(frozen=True, slots=True)
class Between:
    """Households that two lines treat differently; `open`: where one of the two could not be told."""

    concept: str
    first: str  # policy/clause
    second: str
    only_first: int
    only_second: int
    open: int


def divergence(book: Rulebook, on: date, area: str, language: str) -> Divergence:
    """Of the rules in force on a day, as published by then."""
    day = from_date(on)
    return _Reader(book, in_force(book, day, day, day), day, area, language).divergence()


class _Reader:
    def __init__(self, book: Rulebook, rules: InForce, day: int, area: str, language: str) -> None:
        self.book, self.rules, self.area = book, rules, area
        self.values = parameters_on(book, area, day, day)
        self.words = Wording(language, WORDS)
        self.labels = BookLabels(book, rules, self.words)
        self.readers = _readers(book, rules)

    def divergence(self) -> Divergence:
        drawn: dict[str, list[Threshold]] = {}
        for name, one in self._thresholds():
            drawn.setdefault(name, []).append(one)
        concepts = [
            Concept(name, self.labels.name(name), tuple(lines))
            for name, lines in sorted(drawn.items())
            if len({one.text for one in lines}) > 1
            and len({policy for one in lines for policy in one.policies}) > 1
        ]
        return Divergence(tuple(concepts), tuple(self._several()))

    # --- lines ------------------------------------------------------------------------------------------

    def _thresholds(self) -> Iterator[tuple[str, Threshold]]:
        """Every line of a policy's clauses, and of the definitions that some policy reads, each once."""
        for policy, version in self.rules.policies.items():
            for clause in _clauses(version):
                for name, text, node in self._drawn(clause.when):
                    alone = node is clause.when and not clause.unless
                    yield name, self._threshold((policy,), policy, clause.id, alone, text, node, clause.cite)
        for name, definition in self.rules.definitions.items():
            policies = self.readers.get(name, ())
            for node in _nodes(definition):
                for concept, text, found in self._drawn(node) if policies else ():
                    yield concept, self._threshold(policies, name, "", False, text, found, definition.cite)

    def _drawn(self, node: Node) -> Iterator[tuple[str, str, Node]]:
        seen = set()
        for one in _comparisons(node):
            for side, other in _sides(one):
                name = self._named(side)
                text = sentence(one, self.labels, self.words)
                if name and not self._named(other) and (name, text) not in seen:
                    seen.add((name, text))
                    yield name, text, one

    def _named(self, node: Node | None) -> str:
        """The fact or definition that a side is, and nothing else; "" when it is more."""
        while node is not None and node.op == "scale":
            node = node.args[0]
        if node is None:
            return ""
        if node.op in ("fact", "value"):
            return node.name
        if node.op in ("field", "computed") and isinstance(node.args[0].type, Record):
            return node.name if node.args[0].type.name == PERSON else ""
        return ""

    def _threshold(
        self, policies: Sequence[str], where: str, clause: str, alone: bool, text: str, node: Node, cite: str
    ) -> Threshold:
        return Threshold(
            tuple(policies),
            tuple(self.labels.policy(one) for one in policies),
            self._departments(policies),
            where,
            clause,
            alone,
            text,
            {
                one.name: self._value(one.name)
                for one in walk(node)
                if one.op in ("parameter", "size_table", "marginal")
            },
            cited(cite, self.book.laws, self.words),
        )

    def _departments(self, policies: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({self.book.policies[one].department for one in policies}))

    def _value(self, parameter: str) -> Any:
        """As a decision says it; None where nothing covers the day."""
        value = parameter_value(self.book, parameter, self.values, self.area).value
        return None if value is msgspec.UNSET else value

    # --- ways of reckoning ------------------------------------------------------------------------------

    def _several(self) -> Iterator[Several]:
        ways: dict[str, list[Reckoned]] = {}
        for name, version in self.rules.definitions.items():
            policies = self.readers.get(name, ())
            if not policies:
                continue
            reckoned = Reckoned(
                name,
                self.labels.name(name),
                policies,
                self._departments(policies),
                cited(version.cite, self.book.laws, self.words),
            )
            for fact in sorted(_names(_nodes(version)) & set(self.book.facts)):
                ways.setdefault(fact, []).append(reckoned)
        for fact, found in sorted(ways.items()):
            if len(found) > 1:
                yield Several(fact, self.labels.name(fact), tuple(found))


def _comparisons(node: Node) -> Iterator[Node]:
    """Every comparison; what is compared inside a test against several values is part of that test."""
    if node.op in _COMPARISONS:
        yield node
    for one in node.args[:1] if node.op in ("between", "in") else node.args:
        yield from _comparisons(one)


def _sides(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """What is compared, and with what: both ways round, but for tests against several values."""
    if node.op in ("between", "in"):
        yield node.args[0], None
    elif len(node.args) == 2:
        yield node.args[0], node.args[1]
        yield node.args[1], node.args[0]


def _clauses(version: PolicyVersion) -> Iterator[Clause]:
    for clause in version.all_clauses():
        yield clause
        yield from clause.unless


def _nodes(version: DefinitionVersion) -> list[Node]:
    return [
        version.node,
        *(one.node for one in version.defines),
        *(one.when for one in version.exceptions),
    ]


def _nodes_of(version: PolicyVersion) -> list[Node]:
    amount = version.amount
    parts = () if amount is None else (*amount.parts, *(one for one in (amount.least, amount.most) if one))
    return [*(one.when for one in _clauses(version)), *(one.node for one in (*version.defines, *parts))]


def _names(nodes: Iterable[Node]) -> set[str]:
    return {
        one.name for node in nodes for one in walk(node) if one.op in ("fact", "value", "field", "computed")
    }


def _readers(book: Rulebook, rules: InForce) -> dict[str, tuple[str, ...]]:
    """By definition the policies that read it, through other definitions as well."""
    below = {
        name: _names(_nodes(version)) & set(rules.definitions) for name, version in rules.definitions.items()
    }
    readers: dict[str, list[str]] = {}
    for policy, version in rules.policies.items():
        seen: set[str] = set()
        left = _names(_nodes_of(version)) & set(rules.definitions)
        while left:
            seen |= left
            left = set().union(*(below[name] for name in left)) - seen
        for name in sorted(seen):
            readers.setdefault(name, []).append(policy)
    return {name: tuple(policies) for name, policies in readers.items()}


# --- how many fall between ----------------------------------------------------------------------------------

_Pair = tuple[str, tuple[str, str], tuple[str, str]]  # concept, policy and clause twice


def between(found: Divergence, decisions: Iterable[Mapping[str, Any]]) -> list[Between]:
    """For each two lines of different policies through one thing, the households on one side of one only.

    decisions  documents, one for each household, of the rules that the lines are from
    """
    pairs = list(_pairs(found))
    wanted = {place for _, *both in pairs for place in both}
    counts: Counter[tuple[_Pair, str]] = Counter()
    for document in decisions:
        truths = _truths(document, wanted)
        for pair in pairs:
            for how in _compared(truths.get(pair[1], {}), truths.get(pair[2], {})):
                counts[pair, how] += 1
    made = [
        Between(
            pair[0],
            "/".join(pair[1]),
            "/".join(pair[2]),
            *(counts[pair, how] for how in ("first", "second", "open")),
        )
        for pair in pairs
    ]
    return [one for one in made if one.only_first or one.only_second or one.open]


def _pairs(found: Divergence) -> Iterator[_Pair]:
    for concept in found.concepts:
        lines = [one for one in concept.thresholds if one.alone]
        for one, other in combinations(lines, 2):
            if one.where != other.where and one.text != other.text:
                yield concept.name, (one.where, one.clause), (other.where, other.clause)


_Truths = Mapping[str, bool | None]  # by subject


def _truths(document: Mapping[str, Any], wanted: set[tuple[str, str]]) -> Mapping[tuple[str, str], _Truths]:
    found: dict[tuple[str, str], dict[str, bool | None]] = {}
    for policy in {policy for policy, _ in wanted}:
        decided = document["policies"].get(policy)
        for finding in decided["findings"] if decided else ():
            for clause, truth in _clauses_of(finding.get("trace")):
                if (policy, clause) in wanted:
                    found.setdefault((policy, clause), {})[finding["subject"]] = truth
    return found


def _clauses_of(trace: Mapping[str, Any] | None) -> Iterator[tuple[str, bool | None]]:
    if trace is not None:
        yield trace["clause"], trace["truth"]
        for one in trace.get("of", ()):
            yield from _clauses_of(one)


def _compared(first: _Truths, second: _Truths) -> set[str]:
    """How the two lines differ in this household: for the same subject, or for everybody where one is the household's."""
    found = set()
    for subject, one in first.items():
        for whose, other in second.items():
            if subject != whose and HOUSEHOLD not in (subject, whose):
                continue
            if one is None or other is None:
                found.add("open")
            elif one != other:
                found.add("first" if one else "second")
    return found
