"""Definitions, policies, conflicts and scores: from YAML trees to checked rules.

Reading goes in two steps, because a rule may use what another file defines: first every expression is parsed and
the names in it are collected (`Draft`), then the drafts are checked in the order in which they need each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.language import numbers
from engine.language.check import Checker, Failed, Frame
from engine.language.logic import no_condition
from engine.language.numbers import Overflow, UnitMismatch
from engine.language.problems import Span, nearest
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.syntax import Source, Syntax, SyntaxProblem, parse
from engine.language.tree import Node, walk
from engine.language.types import (
    LITERAL_UNIT,
    TIME_UNITS,
    Boolean,
    Enum,
    List,
    Number,
    Ratio,
    Type,
    join_units,
)
from engine.rulebook.model import (
    FOREVER,
    Amount,
    Clause,
    Conflict,
    Dated,
    Definition,
    DefinitionVersion,
    Except,
    Group,
    Named,
    Policy,
    PolicyVersion,
    Scoring,
    Sooner,
    Term,
)
from engine.rulebook.reading import Report, day, expression, get, items, mapping, number, scalar, text, values
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree

EXPRESSION_KEYS = frozenset({"when", "value", "min", "max", "limit"})
PRODUCTION_KEYS = ("join", "when", "until", "date", "unreported_since")
CORRECTED = re.compile(r"\.r([2-9]|[1-9]\d+)\Z")  # how the name of a corrected file ends
Parsed = tuple[Source, Syntax]
MISTAKEN = "its own definition has a mistake"


@dataclass(frozen=True, slots=True)
class Draft:
    """One file, parsed: its expressions by the place of their scalar, and the names they use."""

    kind: str  # definition, policy, conflict, scoring, watch, event, feed, …
    name: str
    tree: YamlMapping
    dated: Dated
    parsed: Mapping[int, Parsed] = field(default_factory=dict)
    names: Mapping[str, Span] = field(default_factory=dict)
    statuses: Mapping[str, Span] = field(default_factory=dict)

    @property
    def at(self) -> Span:
        return self.tree.keys[self.kind]


def draft(kind: str, file: str, tree: YamlMapping, report: Report) -> Draft:
    """Parses every expression of a file; syntax mistakes go to the report."""
    parsed: dict[int, Parsed] = {}
    names: dict[str, Span] = {}
    statuses: dict[str, Span] = {}
    for written in _READERS.get(kind, _expressions)(tree):
        source = expression(written)
        try:
            syntax = parse(source)
        except SyntaxProblem as error:
            report.problems.append(error.problem)
            continue
        parsed[id(written)] = (source, syntax)
        for node in _walk(syntax):
            if node.kind in ("name", "path") and node.value:
                names.setdefault(node.value, source.span(node.start, node.end))
            if node.kind == "path" and node.value in ("eligible", "status"):
                policy = node.children[0].value
                statuses.setdefault(policy, source.span(node.start, node.end))
    return Draft(kind, text(tree.entries[kind]), tree, _dated(file, tree, report), parsed, names, statuses)


def _expressions(tree: Tree) -> Iterator[Scalar]:
    if isinstance(tree, YamlMapping):
        for key, value in tree.entries.items():
            if key in EXPRESSION_KEYS and isinstance(value, Scalar):
                yield value
            elif key not in ("procedure", "opens", "pays"):
                yield from _expressions(value)
    else:
        for item in items(tree):
            yield from _expressions(item)


def _of_production(tree: YamlMapping) -> Iterator[Scalar]:
    """The expressions of a watch rule or an event: of the file, its alert and its tasks."""
    alert = get(tree, "alert")
    for part in (tree, *((alert,) if alert is not None else ()), *items(get(tree, "tasks"))):
        for key in PRODUCTION_KEYS:
            written = get(part, key)
            if isinstance(written, Scalar):
                yield written


_READERS: Mapping[str, Callable[[YamlMapping], Iterable[Scalar]]] = {
    "watch": _of_production,
    "event": _of_production,
    "feed": lambda _: (),  # no expressions
    "ending": lambda _: (),
    "inspection": lambda _: (),
}


def _walk(syntax: Syntax) -> Iterator[Syntax]:
    yield syntax
    for child in syntax.children:
        yield from _walk(child)


def _dated(file: str, tree: YamlMapping, report: Report) -> Dated:
    start = day(get(tree, "effective", "from"), 0)
    until = day(get(tree, "effective", "until"), FOREVER)
    if until < start:
        at = scalar(mapping(tree.entries["effective"]).entries["until"]).at
        report.add(
            at, "empty-range", "this ends before it begins", "`until` is the last day on which it holds"
        )
    version = file.rsplit("/", 1)[-1].removesuffix(".yaml")
    if file.count("/") == 1:  # conflicts, watch rules and events have no folder of versions
        correction = CORRECTED.search(version)
        version = f"{start // 10000:04d}-{start // 100 % 100:02d}-{start % 100:02d}"
        version += correction[0] if correction else ""
    return Dated(file, version, start, until, day(get(tree, "published"), start))


class RuleChecker:
    """Checks drafts against a scope that grows as definitions become known."""

    def __init__(
        self,
        report: Report,
        scope: Scope,
        procedure_facts: frozenset[str],
        money: tuple[str, int],
        areas: Collection[str],
    ) -> None:
        self.report, self.areas = report, areas
        self.scope = scope
        self.procedure_facts = procedure_facts
        self.currency, self.currency_decimals = money
        self.reads: set[tuple[str, str]] = (
            set()
        )  # (what a name belongs to, name), for everything that is read

    # --- expressions ------------------------------------------------------------------------------------

    def node(self, one: Draft, written: Tree, scope: Scope, records: Sequence[Frame] = ()) -> Node | None:
        """The typed tree of an expression. `records`: further names, of the records that a rule speaks of."""
        parsed = one.parsed.get(id(written))
        if parsed is None:
            return None
        checker = Checker(parsed[0], scope)
        checker.frames.extend(records)
        try:
            node = checker.check(parsed[1])
        except Failed:
            self.report.problems.extend(checker.problems)
            return None
        self._note_reads(node)
        return node

    def _note_reads(self, node: Node) -> None:
        for one in walk(node):
            if one.op in ("fact", "value", "parameter", "size_table", "marginal"):
                self.reads.add(("", one.name))
            elif one.op in ("field", "computed"):
                self.reads.add((getattr(one.args[0].type, "name", ""), one.name))

    def truth(self, one: Draft, written: Tree, scope: Scope, records: Sequence[Frame] = ()) -> Node | None:
        node = self.node(one, written, scope, records)
        if node is None:
            return None
        if not isinstance(node.type, Boolean):
            message, hint = no_condition(" ".join(scalar(written).text.split()), node.type)
            self.report.add(scalar(written).at, "type", message, hint)
            return None
        if not any(part.op in READING for part in walk(node)):
            self.report.add(
                scalar(written).at,
                "constant-clause",
                "this condition reads nothing, so it is always the same",
                "leave it out, or write what it depends on",
            )
        return node

    def local(self, of: str) -> Scope:
        """A scope of its own for one file, to which the file's `define`s are added."""
        records = {**self.scope.records, PERSON: dict(self.scope.records[PERSON])}
        return replace(self.scope, names=dict(self.scope.names), records=records, person=of == PERSON)

    def defines(self, one: Draft, scope: Scope) -> tuple[Named, ...]:
        made = []
        for entry in items(get(one.tree, "define")):
            name = text(get(entry, "id"))
            at = scalar(mapping(entry).entries["id"]).at
            taken = False
            self.report.name(at, name)
            if name in scope.names or name in scope.records[PERSON] or name in scope.policies:
                self.report.add(
                    at, "name-taken", f"`{name}` already means something else", "choose another name"
                )
                taken = True
            written = mapping(entry).entries["value"]
            node = self.node(one, written, scope)
            if taken:
                continue
            if node is None:
                scope.forbidden[name] = MISTAKEN  # type: ignore[index]
                continue
            full = f"{one.name}/{name}"
            symbol = Symbol(full, "value", node.type)
            if scope.person:
                scope.records[PERSON][name] = symbol  # type: ignore[index]
            else:
                scope.names[name] = symbol  # type: ignore[index]
            made.append(Named(name, full, self.report.label(get(entry, "label")), scalar(written).text, node))
        return tuple(made)

    def clauses(self, one: Draft, trees: tuple[Tree, ...], scope: Scope) -> tuple[Clause, ...]:
        found = (self.clause(one, tree, scope) for tree in trees)
        return tuple(clause for clause in found if clause is not None)

    def clause(self, one: Draft, tree: Tree, scope: Scope) -> Clause | None:
        entry = mapping(tree)
        written = entry.entries["when"]
        node = self.truth(one, written, scope)
        unless = self.clauses(one, items(get(tree, "unless")), scope)
        label, cite = self.report.label(get(tree, "label")), self.report.cite(get(tree, "cite"))
        if node is None:
            return None
        return Clause(text(get(tree, "id")), label, scalar(written).text, node, cite, unless)

    def group(self, one: Draft, tree: Tree, scope: Scope) -> Group:
        kind = "all" if get(tree, "all") is not None else "any"
        members: list[Clause | Group] = []
        for member in items(get(tree, kind)):
            if get(member, "when") is None:
                members.append(self.group(one, member, scope))
            else:
                clause = self.clause(one, member, scope)
                members += [clause] if clause else []
        return Group(text(get(tree, "id")), kind, tuple(members))

    # --- definitions ------------------------------------------------------------------------------------

    def definition(self, drafts: list[Draft]) -> Definition | None:
        """All versions of one definition; their common type becomes the type of the name."""
        of = text(get(drafts[0].tree, "of"))
        versions: list[DefinitionVersion] = []
        for one in drafts:
            if text(get(one.tree, "of")) != of:
                at = scalar(one.tree.entries["of"]).at
                message = (
                    f"this version is of a {text(get(one.tree, 'of'))}, and {drafts[0].dated.file} of a {of}"
                )
                self.report.add(at, "definition-differs", message, "all versions are of the same: `of` stays")
                continue
            version = self._definition_version(one)
            if version is not None:
                versions.append(version)
        if not versions:
            return None
        common = self._common(drafts, versions)
        if common is None:
            return None
        versions = [replace(v, node=_with_decimals(v.node, common)) for v in versions]
        shown = number(get(drafts[-1].tree, "show", "decimals"))
        if isinstance(common, Ratio) and shown is None:
            self.report.add(
                drafts[-1].at,
                "unrounded",
                f"`{drafts[0].name}` is an exact quotient and has no form to be shown in",
                "round it, or add `show: {decimals: 2}` (it is still computed exactly)",
            )
        return Definition(drafts[0].name, of, common, tuple(versions), None if shown is None else int(shown))

    def _definition_version(self, one: Draft) -> DefinitionVersion | None:
        of = text(get(one.tree, "of"))
        scope = self.local(of)
        title = self.report.label(get(one.tree, "title"))
        defines = self.defines(one, scope)
        written = one.tree.entries["value"]
        node = self.node(one, written, scope)
        exceptions: list[Except] = []
        for tree in reversed(items(get(one.tree, "except"))):
            when = self.truth(one, mapping(tree).entries["when"], scope)
            value_tree = mapping(tree).entries["value"]
            value = self.node(one, value_tree, scope)
            cite = self.report.cite(get(tree, "cite"))
            if when is None or value is None or node is None:
                continue
            joined = self._joined(one, value_tree, scope, value, node)
            if joined is None:
                continue
            exceptions.append(
                Except(
                    text(get(tree, "id")),
                    scalar(get(tree, "when") or tree).text,
                    when,
                    scalar(value_tree).text,
                    cite,
                )
            )
            node = Node("if", (when, joined[0], joined[1]), joined[2])
        cite = self.report.cite(get(one.tree, "cite"))
        if node is None:
            return None
        return DefinitionVersion(
            one.dated, title, defines, scalar(written).text, node, tuple(reversed(exceptions)), cite
        )

    def _joined(
        self, one: Draft, written: Tree, scope: Scope, a: Node, b: Node
    ) -> tuple[Node, Node, Type] | None:
        source, syntax = one.parsed[id(written)]
        checker = Checker(source, scope)
        try:
            return checker.joined(syntax, a, b)
        except (Failed, Overflow, UnitMismatch):
            chosen = [problem for problem in checker.problems if problem.code == "unknown-choice"]
            if chosen:
                self.report.problems += chosen
                return None
            message = f"this is {a.type}, and the general rule gives {b.type}"
            self.report.add(scalar(written).at, "type", message, "an exception gives the same kind of value")
        return None

    def _common(self, drafts: list[Draft], versions: list[DefinitionVersion]) -> Type | None:
        common = versions[0].node.type
        by_file = {one.dated.file: one for one in drafts}
        for version in versions:
            one = by_file[version.dated.file]
            of = version.node.type
            merged = _merge(common, of)
            if merged is None:
                message = f"this version gives {of}, and {versions[0].dated.file} gives {common}"
                hint = "all versions of a definition give the same kind of value, in the same unit"
                self.report.add(one.at, "definition-differs", message, hint)
                return None
            common = merged
        return common

    # --- policies ---------------------------------------------------------------------------------------

    def policy(self, drafts: list[Draft]) -> Policy:
        first = drafts[0].tree
        for one in drafts[1:]:
            for key in ("unit", "department"):
                here, before = text(get(one.tree, key)), text(get(first, key))
                if here != before:
                    at = scalar(one.tree.entries[key]).at
                    message = f"`{key}` is {here} here and {before} in {drafts[0].dated.file}"
                    self.report.add(
                        at, "policy-differs", message, "a policy keeps it; another one is another policy"
                    )
        versions = tuple(self._policy_version(one) for one in drafts)
        return Policy(drafts[0].name, text(get(first, "department")), text(get(first, "unit")), versions)

    def _policy_version(self, one: Draft) -> PolicyVersion:
        tree = one.tree
        scope = self.local(text(get(tree, "unit")))
        title = self.report.label(get(tree, "title"))
        defines = self.defines(one, scope)
        version = PolicyVersion(
            one.dated,
            title,
            defines,
            self.clauses(one, items(get(tree, "concerns")), scope),
            self.group(one, tree.entries["eligible"], scope),
            self.clauses(one, items(get(tree, "closed")), scope),
            self.clauses(one, items(get(tree, "discretion")), scope),
            self._amount(one, scope),
            self._cited(tree, "pays"),
            self._cited(tree, "review"),
            self._cited(tree, "procedure"),
            self.report.label(get(tree, "notes")),
            day(get(tree, "applies_to", "applications_from"), 0),
            day(get(tree, "applies_to", "applications_before"), FOREVER),
            day(get(tree, "verified_until"), FOREVER),
            tuple(self._sooner(one, scope)),
        )
        self._check_closed(one, version)
        if version.applications_from >= version.applications_before:
            at = mapping(tree.entries["applies_to"]).keys["applications_before"]
            message = "no application date lies between these two"
            self.report.add(
                at, "empty-range", message, "`applications_before` is the first day that no longer counts"
            )
        return version

    def _cited(self, tree: Tree, key: str) -> dict[str, Any]:
        self.report.cite(get(tree, key, "cite"))
        elsewhere = get(tree, key, "in")
        if elsewhere is not None:
            for area, at in mapping(elsewhere).keys.items():
                if area not in self.areas:
                    hint = nearest(area, self.areas) or "declare it in areas.yaml"
                    self.report.add(at, "unknown-area", f"there is no area `{area}`", hint)
                self.report.cite(get(elsewhere, area, "cite"))
        return values(get(tree, key))

    def _sooner(self, one: Draft, scope: Scope) -> Iterator[Sooner]:
        """The classes of the general rule of review, then those of the areas that rule otherwise."""
        review = get(one.tree, "review")
        if review is None:
            return
        elsewhere = get(review, "in")
        areas = mapping(elsewhere).entries if elsewhere is not None else {}
        for area, rule in (("", review), *areas.items()):
            longest = number(get(rule, "months"))
            for tree in items(get(rule, "sooner")):
                clause, months = self.clause(one, tree, scope), number(get(tree, "months"))
                if longest is not None and months is not None and months >= longest:
                    message = f"{months} months are not sooner than {longest}"
                    hint = "`months` of the rule itself is the longest interval"
                    self.report.add(scalar(mapping(tree).entries["months"]).at, "out-of-range", message, hint)
                if clause is not None and months is not None:
                    yield Sooner(clause, int(months), area)

    def _check_closed(self, one: Draft, version: PolicyVersion) -> None:
        """A procedure is closed by the office's own acts, never by what an applicant is or has."""
        written = {
            text(get(tree, "id")): mapping(tree).entries["when"] for tree in items(get(one.tree, "closed"))
        }
        for clause in version.closed:
            source, _ = one.parsed[id(written[clause.id])]
            for node in walk(clause.when):
                if (
                    node.op in ("fact", "field", "value", "computed")
                    and node.name not in self.procedure_facts
                ):
                    self.report.add(
                        source.span(node.start, node.end),
                        "closed-reads",
                        f"`closed` may read only facts of class `procedure`, and `{node.name}` is not one",
                        "what the applicant is or has belongs under `eligible`",
                    )

    def _amount(self, one: Draft, scope: Scope) -> Amount | None:
        tree = get(one.tree, "amount")
        if tree is None:
            return None
        period = text(get(tree, "period"))
        band = get(tree, "band")
        if band is not None:
            least = self._paid(one, band, "min", period, scope)
            most = self._paid(one, band, "max", period, scope)
            return Amount(period, (), least, most, self.report.cite(get(band, "cite")))
        parts = [self._paid(one, part, "value", period, scope) for part in items(get(tree, "parts"))]
        return Amount(period, tuple(part for part in parts if part is not None))

    def _paid(self, one: Draft, tree: Tree, key: str, period: str, scope: Scope) -> Named | None:
        """A value that is paid: money of the right period, rounded to the currency's decimals."""
        written = mapping(tree).entries[key]
        node = self.node(one, written, scope)
        label, cite = self.report.label(get(tree, "label")), self.report.cite(get(tree, "cite"))
        if node is None:
            return None
        at = scalar(written).at
        if isinstance(node.type, Ratio):
            self.report.add(at, "unrounded", "an exact quotient cannot be paid", "round it: `round up(…, 0)`")
            return None
        if not isinstance(node.type, Number) or node.type.decimals is None:
            hint = f"write what is paid, in {self.currency}"
            self.report.add(at, "type", f"an amount is a number, and this is {node.type}", hint)
            return None
        if node.type.decimals > self.currency_decimals:
            self.report.add(
                at,
                "unrounded",
                f"this can have {node.type.decimals} decimals, and money has {self.currency_decimals}",
                f"round it: `round half up(…, {self.currency_decimals})`",
            )
            return None
        if not self._is_money(node.type, period, scope.person):
            per = "" if period == "once" else f"/{period}"
            unit = node.type.unit
            message = f"an amount is in {self.currency}{per}, and this {f'is in {unit}' if unit.dimensions else 'has no unit'}"
            hint = "correct the expression, `period`, or the unit of what it reads"
            if key == "limit":
                hint = "a limit stands for one month; correct the expression, or the unit of what it reads"
            self.report.add(at, "unit", message, hint)
            return None
        node = numbers.scaled(node, self.currency_decimals)
        part = text(get(tree, "id"), "least" if key == "min" else "most")
        return Named(part, f"{one.name}+{part}", label, scalar(written).text, node, cite)

    def _is_money(self, of: Number, period: str, person: bool) -> bool:
        wanted = {self.currency: 1} if period == "once" else {self.currency: 1, period: -1}
        if of.unit.any_unit:
            return True
        dimensions = dict(of.unit.dimensions)
        if person and dimensions.get(PERSON) == -1:
            del dimensions[PERSON]
        if of.unit.any_time:
            wanted = {name: n for name, n in wanted.items() if name not in TIME_UNITS}
        return dimensions == wanted

    # --- conflicts and scores ---------------------------------------------------------------------------

    def conflict(self, one: Draft) -> Conflict:
        tree, report = one.tree, self.report
        between = tuple(text(name) for name in items(get(tree, "between")))
        for written in items(get(tree, "between")):
            if text(written) not in self.scope.policies and text(written) not in report.mistaken:
                hint = nearest(text(written), self.scope.policies) or "write the name of a policy"
                report.add(scalar(written).at, "unknown-name", f"there is no policy `{text(written)}`", hint)
        for key in ("keep", "reduce"):
            named = get(tree, key)
            if named is not None and text(named) not in between:
                message = f"`{text(named)}` is not one of `between`"
                report.add(
                    scalar(named).at, "unknown-name", message, f"`{key}` is one of {', '.join(between)}"
                )
        same = text(get(tree, "same"))
        scope = self.local(same)
        choose = get(tree, "choose_by")
        if choose is not None:
            self._check_choice(choose, between, same)
        when, limit = get(tree, "when"), get(tree, "limit")
        return Conflict(
            one.name,
            one.dated,
            report.label(get(tree, "title")),
            between,
            same,
            text(get(tree, "stage")),
            text(get(tree, "keep")),
            text(choose),
            text(get(tree, "reduce")),
            None if limit is None else self._paid(one, tree, "limit", "month", scope),
            None if when is None else self._test(one, when, scope),
            report.cite(get(tree, "cite")),
        )

    def _check_choice(self, written: Tree, between: tuple[str, ...], same: str) -> None:
        name = text(written)
        names = self.scope.records[PERSON] if same == PERSON else self.scope.names
        symbol = names.get(name)
        self.reads.add((PERSON if same == PERSON else "", name))
        if symbol is not None and isinstance(symbol.type, Enum) and set(between) <= set(symbol.type.values):
            return
        if name in self.report.mistaken:
            return
        message = f"there is no fact `{name}` of the {same}"
        hint = nearest(name, (other for other, one in names.items() if isinstance(one.type, Enum)))
        if symbol is not None:
            message = f"`{name}` is not a fact whose values are these policies: {', '.join(between)}"
            hint = "the fact says which of them was chosen; its values are their names"
        self.report.add(scalar(written).at, "unknown-name", message, hint or "declare it in facts.yaml")

    def _test(self, one: Draft, written: Tree, scope: Scope) -> Named | None:
        node = self.truth(one, written, scope)
        return None if node is None else Named("when", f"{one.name}?", {}, scalar(written).text, node)

    def scoring(self, one: Draft) -> Scoring:
        terms = []
        total = 0
        for tree in items(get(one.tree, "terms")):
            weight = int(number(get(tree, "weight")) or 0)
            total += weight
            term = self._term(one, tree, weight)
            terms += [term] if term else []
        if total != 100:
            message = f"the weights of the terms add up to {total}, not to 100"
            self.report.add(one.at, "weights", message, "change the weights until they do")
        return Scoring(one.name, one.dated, self.report.label(get(one.tree, "title")), tuple(terms))

    def _term(self, one: Draft, tree: Tree, weight: int) -> Term | None:
        written = mapping(tree).entries["value"]
        node = self.node(one, written, self.local("household"))
        label, cite = self.report.label(get(tree, "label")), self.report.cite(get(tree, "cite"))
        if node is None:
            return None
        at = scalar(written).at
        if not isinstance(node.type, Number | Ratio):
            hint = "write a number: `if … then 0 else 1`"
            self.report.add(
                at, "type", f"a term of a score is a number from 0 to 1, and this is {node.type}", hint
            )
            return None
        lo, hi = numbers.limits(node.type)
        if lo < 0 or hi > 1:
            self.report.add(
                at,
                "score-range",
                f"a term lies between 0 (hardest) and 1, and this can reach from {float(lo):.4g} to {float(hi):.4g}",
                "cut it off: `min(max(…, 0), 1)`",
            )
            return None
        factor = Node("const", (), Number(0, LITERAL_UNIT, weight, weight), value=weight)
        try:
            product = Node(
                "multiply",
                (factor, node),
                numbers.product_type(Number(0, LITERAL_UNIT, weight, weight), node.type),
            )
            points = Node("round", (product,), numbers.rounded_type(product.type, 2), "half_up", 2)  # type: ignore[arg-type]
        except Overflow:
            self.report.add(at, "overflow", "weight times value can exceed 64 bits", "round the value first")
            return None
        part = text(get(tree, "id"))
        named = Named(part, f"{one.name}*{part}", label, scalar(written).text, node, cite)
        return Term(named, weight, points)


READING = frozenset(
    {"fact", "value", "field", "computed", "parameter", "on", "people", "size_table", "marginal"}
)


def _merge(a: Type, b: Type) -> Type | None:
    """The type that holds the values of two versions of a definition."""
    if isinstance(a, Number | Ratio) and isinstance(b, Number | Ratio):
        if join_units(a.unit, b.unit) is None:
            return None
        if isinstance(a, Number) and isinstance(b, Number):
            decimals = max(a.decimals or 0, b.decimals or 0)
            x, y = (numbers.scaled(Node("value", (), of), decimals).type for of in (a, b))
            return numbers.hull("join", [x, y])  # type: ignore[list-item]
        return numbers.hull("join", [a, b])
    if isinstance(a, List) and isinstance(b, List) and a.item == b.item:
        return List(a.item, max(a.at_most, b.at_most), a.undecided or b.undecided)
    return a if a == b else None


def _with_decimals(node: Node, of: Type) -> Node:
    if isinstance(of, Number) and isinstance(node.type, Number) and of.decimals is not None:
        return numbers.scaled(node, of.decimals)
    if isinstance(of, Ratio) and isinstance(node.type, Number):
        one = Node("const", (), Number(0, LITERAL_UNIT, 1, 1), value=1)
        return Node("divide", (node, one), of)
    return node
