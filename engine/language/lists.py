"""Lists: filters, quantifiers, `for`, literals, positions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.language import comparison, logic, numbers
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import BOOLEAN, UNKNOWN, Boolean, List, Number, Ratio, Type, Unknown

if TYPE_CHECKING:
    from engine.language.check import Checker


def list_of(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if isinstance(node.type, List):
        return node
    raise check.fail(syntax, "type", f"a list is needed here, and this is {node.type}")


def filtered(check: Checker, syntax: Syntax) -> Node:
    inner, condition = syntax.children
    base = list_of(check, inner)
    assert isinstance(base.type, List)
    with check.body(base, "") as variable:
        test = check.check(condition)
    if isinstance(test.type, Number):
        return index(check, syntax, base, test)
    if not isinstance(test.type, Boolean | Unknown):
        raise check.fail(condition, "type", f"a filter needs a condition, and this is {test.type}")
    of = replace(base.type, undecided=True)
    return check.node(syntax, "filter", (base, test), of, value=variable.name)


def some(check: Checker, syntax: Syntax) -> Node:
    return quantified(check, syntax, syntax.children[0].children, syntax.kind)


def every(check: Checker, syntax: Syntax) -> Node:
    return quantified(check, syntax, syntax.children[0].children, syntax.kind)


def quantified(check: Checker, syntax: Syntax, iterators: tuple[Syntax, ...], op: str) -> Node:
    if not iterators:
        return logic.boolean(check, syntax.children[1])
    base = _run_over(check, iterators[0])
    with check.body(base, iterators[0].value) as variable:
        test = quantified(check, syntax, iterators[1:], op)
    return check.node(syntax, op, (base, test), BOOLEAN, iterators[0].value, variable.name)


def _run_over(check: Checker, iterator: Syntax) -> Node:
    if len(iterator.children) > 1:
        raise check.fail(iterator, "unsupported", "rules run over lists, not over ranges of numbers")
    return list_of(check, iterator.children[0])


def mapped(check: Checker, syntax: Syntax) -> Node:
    iterators = syntax.children[0].children
    if len(iterators) > 1:
        raise check.fail(syntax, "unsupported", "`for` over several lists at once is not in the profile")
    base = _run_over(check, iterators[0])
    assert isinstance(base.type, List)
    with check.body(base, iterators[0].value) as variable:
        result = check.check(syntax.children[1])
    of = List(result.type, base.type.at_most, base.type.undecided)
    return check.node(syntax, "map", (base, result), of, iterators[0].value, variable.name)


def list_literal(check: Checker, syntax: Syntax) -> Node:
    items = list(check.several(syntax.children))
    of: Type = UNKNOWN
    for item in items:
        if isinstance(of, Unknown):
            of = item.type
        else:
            first = replace(items[0], type=of, op="value", args=())  # stands for the entries so far
            _, _, of = comparison.joined(check, syntax, first, item)
    if isinstance(of, Ratio):
        raise check.fail(syntax, "unrounded", "an exact quotient cannot be put into a list", "round it first")
    if isinstance(of, Number):
        items = [numbers.scaled(item, of.decimals) for item in items]
    return check.node(syntax, "list", tuple(items), List(of, max(len(items), 1)))


def record_literal(check: Checker, syntax: Syntax) -> Node:
    raise check.fail(syntax, "unsupported", "rules do not build contexts", "declare a list in facts.yaml")


def index(check: Checker, syntax: Syntax, base: Node, at: Node) -> Node:
    assert isinstance(base.type, List)
    if not isinstance(at.type, Number) or at.type.decimals:
        raise check.fail(syntax, "type", "a position in a list is a whole number")
    if at.op != "const":
        raise check.fail(syntax, "type", "a position in a list is a number written out", "write `list[1]`")
    return check.node(syntax, "index", (base, at), base.type.item)


def _with_decimals(check: Checker, base: Node, decimals: int) -> Node:
    """A list of numbers with so many decimals each."""
    assert isinstance(base.type, List) and isinstance(base.type.item, Number)
    if base.type.item.decimals == decimals:
        return base
    with check.body(base, "") as variable:
        scaled = numbers.scaled(variable, decimals)
    of = replace(base.type, item=scaled.type)
    return Node("map", (base, scaled), of, value=variable.name, start=base.start, end=base.end)


def contains(check: Checker, syntax: Syntax, base: Node, value: Node) -> Node:
    assert isinstance(base.type, List)
    sample = replace(base, type=base.type.item, op="value", args=())
    if isinstance(base.type.item, Number) and isinstance(value.type, Number):
        comparison.same_unit(check, syntax, sample, value)
        decimals = max(base.type.item.decimals, value.type.decimals)
        value, base = numbers.scaled(value, decimals), _with_decimals(check, base, decimals)
    else:
        _, value, of = comparison.joined(check, syntax, sample, value)
        comparison.refuse_whole(check, syntax, of)
    return check.node(syntax, "contains", (base, value), BOOLEAN)
