"""The hardship score: terms from 0 (hardest) to 1 whose weights add up to 100."""

from __future__ import annotations

from engine.language import numbers
from engine.language.numbers import Overflow
from engine.language.tree import Node
from engine.language.types import LITERAL_UNIT, Number, Ratio
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Named, Scoring, Term
from engine.rulebook.reading import get, items, mapping, number, scalar, text
from engine.rulebook.rules import RuleChecker
from engine.rulebook.source import Tree


def scoring_of(checker: RuleChecker, one: Draft) -> Scoring:
    """A checked score; what is wrong with it goes to the report."""
    terms = []
    total = 0
    for tree in items(get(one.tree, "terms")):
        weight = int(number(get(tree, "weight")) or 0)
        total += weight
        term = _term(checker, one, tree, weight)
        terms += [term] if term else []
    if total != 100:
        message = f"the weights of the terms add up to {total}, not to 100"
        checker.report.add(one.at, "weights", message, "change the weights until they do")
    return Scoring(one.name, one.dated, checker.report.label(get(one.tree, "title")), tuple(terms))


def _term(checker: RuleChecker, one: Draft, tree: Tree, weight: int) -> Term | None:
    written = mapping(tree).entries["value"]
    node = checker.node(one, written, checker.local("household"))
    label, cite = checker.report.label(get(tree, "label")), checker.report.cite(get(tree, "cite"))
    if node is None:
        return None
    at = scalar(written).at
    if not isinstance(node.type, Number | Ratio):
        hint = "write a number: `if … then 0 else 1`"
        checker.report.add(
            at, "type", f"a term of a score is a number from 0 to 1, and this is {node.type}", hint
        )
        return None
    lo, hi = numbers.limits(node.type)
    if lo < 0 or hi > 1:
        checker.report.add(
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
        checker.report.add(at, "overflow", "weight times value can exceed 64 bits", "round the value first")
        return None
    part = text(get(tree, "id"))
    named = Named(part, f"{one.name}*{part}", label, scalar(written).text, node, cite)
    return Term(named, weight, points)
