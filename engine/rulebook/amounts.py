"""Amounts: what is paid, by parts or within a band, is money of the right period, rounded to the currency."""

from __future__ import annotations

from engine.language import numbers
from engine.language.scope import PERSON, Scope
from engine.language.types import TIME_UNITS, Number, Ratio
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Amount, Named
from engine.rulebook.reading import get, items, mapping, scalar, text
from engine.rulebook.rules import RuleChecker
from engine.rulebook.source import Tree


def amount_of(checker: RuleChecker, one: Draft, scope: Scope) -> Amount | None:
    """What a version pays, in parts or within a band; None when it pays nothing."""
    tree = get(one.tree, "amount")
    if tree is None:
        return None
    period = text(get(tree, "period"))
    band = get(tree, "band")
    if band is not None:
        least = paid(checker, one, band, "min", period, scope)
        most = paid(checker, one, band, "max", period, scope)
        return Amount(period, (), least, most, checker.report.cite(get(band, "cite")))
    parts = [paid(checker, one, part, "value", period, scope) for part in items(get(tree, "parts"))]
    return Amount(period, tuple(part for part in parts if part is not None))


def paid(checker: RuleChecker, one: Draft, tree: Tree, key: str, period: str, scope: Scope) -> Named | None:
    """A value that is paid: money of the right period, rounded to the currency's decimals."""
    written = mapping(tree).entries[key]
    node = checker.node(one, written, scope)
    label, cite = checker.report.label(get(tree, "label")), checker.report.cite(get(tree, "cite"))
    if node is None:
        return None
    at = scalar(written).at
    if isinstance(node.type, Ratio):
        checker.report.add(at, "unrounded", "an exact quotient cannot be paid", "round it: `round up(…, 0)`")
        return None
    if not isinstance(node.type, Number) or node.type.decimals is None:
        hint = f"write what is paid, in {checker.currency}"
        checker.report.add(at, "type", f"an amount is a number, and this is {node.type}", hint)
        return None
    if node.type.decimals > checker.currency_decimals:
        checker.report.add(
            at,
            "unrounded",
            f"this can have {node.type.decimals} decimals, and money has {checker.currency_decimals}",
            f"round it: `round half up(…, {checker.currency_decimals})`",
        )
        return None
    if not _is_money(checker, node.type, period, scope.person):
        per = "" if period == "once" else f"/{period}"
        unit = node.type.unit
        message = f"an amount is in {checker.currency}{per}, and this {f'is in {unit}' if unit.dimensions else 'has no unit'}"
        hint = "correct the expression, `period`, or the unit of what it reads"
        if key == "limit":
            hint = "a limit stands for one month; correct the expression, or the unit of what it reads"
        checker.report.add(at, "unit", message, hint)
        return None
    node = numbers.scaled(node, checker.currency_decimals)
    part = text(get(tree, "id"), "least" if key == "min" else "most")
    return Named(part, f"{one.name}+{part}", label, scalar(written).text, node, cite)


def _is_money(checker: RuleChecker, of: Number, period: str, person: bool) -> bool:
    wanted = {checker.currency: 1} if period == "once" else {checker.currency: 1, period: -1}
    if of.unit.any_unit:
        return True
    dimensions = dict(of.unit.dimensions)
    if person and dimensions.get(PERSON) == -1:
        del dimensions[PERSON]
    if of.unit.any_time:
        wanted = {name: n for name, n in wanted.items() if name not in TIME_UNITS}
    return dimensions == wanted
