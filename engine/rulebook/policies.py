"""Policies: all versions of one, with whom they concern, who is eligible, what closes the procedure and what is paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.language.problems import nearest
from engine.language.scope import Scope
from engine.language.tree import walk
from engine.rulebook.amounts import amount_of
from engine.rulebook.drafts import Draft
from engine.rulebook.model import FOREVER, Policy, PolicyVersion, Sooner
from engine.rulebook.reading import day, get, items, mapping, number, scalar, text, values
from engine.rulebook.rules import RuleChecker
from engine.rulebook.source import Tree


def policy_of(checker: RuleChecker, drafts: list[Draft]) -> Policy:
    """All versions of one policy, checked; what is wrong with them goes to the report."""
    first = drafts[0].tree
    for one in drafts[1:]:
        for key in ("unit", "department"):
            here, before = text(get(one.tree, key)), text(get(first, key))
            if here != before:
                at = scalar(one.tree.entries[key]).at
                message = f"`{key}` is {here} here and {before} in {drafts[0].dated.file}"
                checker.report.add(
                    at, "policy-differs", message, "a policy keeps it; another one is another policy"
                )
    versions = tuple(_version(checker, one) for one in drafts)
    return Policy(drafts[0].name, text(get(first, "department")), text(get(first, "unit")), versions)


def _version(checker: RuleChecker, one: Draft) -> PolicyVersion:
    tree = one.tree
    scope = checker.local(text(get(tree, "unit")))
    title = checker.report.label(get(tree, "title"))
    defines = checker.defines(one, scope)
    version = PolicyVersion(
        one.dated,
        title,
        defines,
        checker.clauses(one, items(get(tree, "concerns")), scope),
        checker.group(one, tree.entries["eligible"], scope),
        checker.clauses(one, items(get(tree, "closed")), scope),
        checker.clauses(one, items(get(tree, "discretion")), scope),
        amount_of(checker, one, scope),
        _cited(checker, tree, "pays"),
        _cited(checker, tree, "review"),
        _cited(checker, tree, "procedure"),
        checker.report.label(get(tree, "notes")),
        day(get(tree, "applies_to", "applications_from"), 0),
        day(get(tree, "applies_to", "applications_before"), FOREVER),
        day(get(tree, "verified_until"), FOREVER),
        tuple(_sooner(checker, one, scope)),
    )
    _check_closed(checker, one, version)
    if version.applications_from >= version.applications_before:
        at = mapping(tree.entries["applies_to"]).keys["applications_before"]
        message = "no application date lies between these two"
        checker.report.add(
            at, "empty-range", message, "`applications_before` is the first day that no longer counts"
        )
    return version


def _cited(checker: RuleChecker, tree: Tree, key: str) -> dict[str, Any]:
    checker.report.cite(get(tree, key, "cite"))
    elsewhere = get(tree, key, "in")
    if elsewhere is not None:
        for area, at in mapping(elsewhere).keys.items():
            if area not in checker.areas:
                hint = nearest(area, checker.areas) or "declare it in areas.yaml"
                checker.report.add(at, "unknown-area", f"there is no area `{area}`", hint)
            checker.report.cite(get(elsewhere, area, "cite"))
    return values(get(tree, key))


def _sooner(checker: RuleChecker, one: Draft, scope: Scope) -> Iterator[Sooner]:
    """The classes of the general rule of review, then those of the areas that rule otherwise."""
    review = get(one.tree, "review")
    if review is None:
        return
    elsewhere = get(review, "in")
    areas = mapping(elsewhere).entries if elsewhere is not None else {}
    for area, rule in (("", review), *areas.items()):
        longest = number(get(rule, "months"))
        for tree in items(get(rule, "sooner")):
            clause, months = checker.clause(one, tree, scope), number(get(tree, "months"))
            if longest is not None and months is not None and months >= longest:
                message = f"{months} months are not sooner than {longest}"
                hint = "`months` of the rule itself is the longest interval"
                checker.report.add(scalar(mapping(tree).entries["months"]).at, "out-of-range", message, hint)
            if clause is not None and months is not None:
                yield Sooner(clause, int(months), area)


def _check_closed(checker: RuleChecker, one: Draft, version: PolicyVersion) -> None:
    """A procedure is closed by the office's own acts, never by what an applicant is or has."""
    written = {
        text(get(tree, "id")): mapping(tree).entries["when"] for tree in items(get(one.tree, "closed"))
    }
    for clause in version.closed:
        source, _ = one.parsed[id(written[clause.id])]
        for node in walk(clause.when):
            if node.op in ("fact", "field", "value", "computed") and node.name not in checker.procedure_facts:
                checker.report.add(
                    source.span(node.start, node.end),
                    "closed-reads",
                    f"`closed` may read only facts of class `procedure`, and `{node.name}` is not one",
                    "what the applicant is or has belongs under `eligible`",
                )
