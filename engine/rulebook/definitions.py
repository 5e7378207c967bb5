"""Definitions: all versions of one, with their exceptions and the type that they have in common."""

from __future__ import annotations

from dataclasses import replace

from engine.language import numbers
from engine.language.check import Checker, Failed
from engine.language.numbers import Overflow, UnitMismatch
from engine.language.scope import Scope
from engine.language.tree import Node
from engine.language.types import LITERAL_UNIT, List, Number, Ratio, Type, join_units
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Definition, DefinitionVersion, Except
from engine.rulebook.reading import get, items, mapping, number, scalar, text
from engine.rulebook.rules import RuleChecker
from engine.rulebook.source import Tree


def definition_of(checker: RuleChecker, drafts: list[Draft]) -> Definition | None:
    """All versions of one definition; their common type becomes the type of the name."""
    of = text(get(drafts[0].tree, "of"))
    versions: list[DefinitionVersion] = []
    for one in drafts:
        if text(get(one.tree, "of")) != of:
            at = scalar(one.tree.entries["of"]).at
            message = (
                f"this version is of a {text(get(one.tree, 'of'))}, and {drafts[0].dated.file} of a {of}"
            )
            checker.report.add(at, "definition-differs", message, "all versions are of the same: `of` stays")
            continue
        version = _version(checker, one)
        if version is not None:
            versions.append(version)
    if not versions:
        return None
    common = _common(checker, drafts, versions)
    if common is None:
        return None
    versions = [replace(v, node=_with_decimals(v.node, common)) for v in versions]
    shown = number(get(drafts[-1].tree, "show", "decimals"))
    if isinstance(common, Ratio) and shown is None:
        checker.report.add(
            drafts[-1].at,
            "unrounded",
            f"`{drafts[0].name}` is an exact quotient and has no form to be shown in",
            "round it, or add `show: {decimals: 2}` (it is still computed exactly)",
        )
    return Definition(drafts[0].name, of, common, tuple(versions), None if shown is None else int(shown))


def _version(checker: RuleChecker, one: Draft) -> DefinitionVersion | None:
    of = text(get(one.tree, "of"))
    scope = checker.local(of)
    title = checker.report.label(get(one.tree, "title"))
    defines = checker.defines(one, scope)
    written = one.tree.entries["value"]
    node = checker.node(one, written, scope)
    exceptions: list[Except] = []
    for tree in reversed(items(get(one.tree, "except"))):
        when = checker.truth(one, mapping(tree).entries["when"], scope)
        value_tree = mapping(tree).entries["value"]
        value = checker.node(one, value_tree, scope)
        cite = checker.report.cite(get(tree, "cite"))
        if when is None or value is None or node is None:
            continue
        joined = _joined(checker, one, value_tree, scope, value, node)
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
    cite = checker.report.cite(get(one.tree, "cite"))
    if node is None:
        return None
    return DefinitionVersion(
        one.dated, title, defines, scalar(written).text, node, tuple(reversed(exceptions)), cite
    )


def _joined(
    checker: RuleChecker, one: Draft, written: Tree, scope: Scope, a: Node, b: Node
) -> tuple[Node, Node, Type] | None:
    source, syntax = one.parsed[id(written)]
    inner = Checker(source, scope)
    try:
        return inner.joined(syntax, a, b)
    except (Failed, Overflow, UnitMismatch):
        chosen = [problem for problem in inner.problems if problem.code == "unknown-choice"]
        if chosen:
            checker.report.problems += chosen
            return None
        message = f"this is {a.type}, and the general rule gives {b.type}"
        checker.report.add(scalar(written).at, "type", message, "an exception gives the same kind of value")
    return None


def _common(checker: RuleChecker, drafts: list[Draft], versions: list[DefinitionVersion]) -> Type | None:
    common = versions[0].node.type
    by_file = {one.dated.file: one for one in drafts}
    for version in versions:
        one = by_file[version.dated.file]
        of = version.node.type
        merged = _merge(common, of)
        if merged is None:
            message = f"this version gives {of}, and {versions[0].dated.file} gives {common}"
            hint = "all versions of a definition give the same kind of value, in the same unit"
            checker.report.add(one.at, "definition-differs", message, hint)
            return None
        common = merged
    return common


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
