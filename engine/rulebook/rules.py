"""What all rules are made of: expressions, defines, clauses and groups, from YAML trees to checked trees.

Reading goes in two steps, because a rule may use what another file defines: first every expression is parsed and
the names in it are collected (`drafts.py`), then the drafts are checked in the order in which they need each other:
`definitions.py`, `policies.py` with `amounts.py`, `conflicts.py`, `scoring.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from engine.language.check import Checker, Failed, Frame
from engine.language.logic import no_condition
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.tree import Node, walk
from engine.language.types import Boolean
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Clause, Group, Named
from engine.rulebook.reading import Report, get, items, mapping, scalar, text
from engine.rulebook.source import Tree

MISTAKEN = "its own definition has a mistake"
READING = frozenset(
    {"fact", "value", "field", "computed", "parameter", "on", "people", "size_table", "marginal"}
)


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
