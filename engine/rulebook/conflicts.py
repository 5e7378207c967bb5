"""Conflicts: which policies may not stand together, of whom, and what happens then."""

from __future__ import annotations

from engine.language.problems import nearest
from engine.language.scope import PERSON, Scope
from engine.language.types import Enum
from engine.rulebook.amounts import paid
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Conflict, Named
from engine.rulebook.reading import get, items, scalar, text
from engine.rulebook.rules import RuleChecker
from engine.rulebook.source import Tree


def conflict_of(checker: RuleChecker, one: Draft) -> Conflict:
    """A checked conflict; what is wrong with it goes to the report."""
    tree, report = one.tree, checker.report
    between = tuple(text(name) for name in items(get(tree, "between")))
    for written in items(get(tree, "between")):
        if text(written) not in checker.scope.policies and text(written) not in report.mistaken:
            hint = nearest(text(written), checker.scope.policies) or "write the name of a policy"
            report.add(scalar(written).at, "unknown-name", f"there is no policy `{text(written)}`", hint)
    for key in ("keep", "reduce"):
        named = get(tree, key)
        if named is not None and text(named) not in between:
            message = f"`{text(named)}` is not one of `between`"
            report.add(scalar(named).at, "unknown-name", message, f"`{key}` is one of {', '.join(between)}")
    same = text(get(tree, "same"))
    scope = checker.local(same)
    choose = get(tree, "choose_by")
    if choose is not None:
        _check_choice(checker, choose, between, same)
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
        None if limit is None else paid(checker, one, tree, "limit", "month", scope),
        None if when is None else _test(checker, one, when, scope),
        report.cite(get(tree, "cite")),
    )


def _check_choice(checker: RuleChecker, written: Tree, between: tuple[str, ...], same: str) -> None:
    name = text(written)
    names = checker.scope.records[PERSON] if same == PERSON else checker.scope.names
    symbol = names.get(name)
    checker.reads.add((PERSON if same == PERSON else "", name))
    if symbol is not None and isinstance(symbol.type, Enum) and set(between) <= set(symbol.type.values):
        return
    if name in checker.report.mistaken:
        return
    message = f"there is no fact `{name}` of the {same}"
    hint = nearest(name, (other for other, one in names.items() if isinstance(one.type, Enum)))
    if symbol is not None:
        message = f"`{name}` is not a fact whose values are these policies: {', '.join(between)}"
        hint = "the fact says which of them was chosen; its values are their names"
    checker.report.add(scalar(written).at, "unknown-name", message, hint or "declare it in facts.yaml")


def _test(checker: RuleChecker, one: Draft, written: Tree, scope: Scope) -> Named | None:
    node = checker.truth(one, written, scope)
    return None if node is None else Named("when", f"{one.name}?", {}, scalar(written).text, node)
