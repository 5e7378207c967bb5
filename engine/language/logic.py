"""`and`, `or`, `not`, `if`: what comes later is checked under what comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language import comparison
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import BOOLEAN, Boolean, Enum, List, Number, Ratio, Type, Unknown

if TYPE_CHECKING:
    from engine.language.check import Checker


def boolean(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if isinstance(node.type, Boolean | Unknown):
        return node
    raise check.fail(syntax, "type", *no_condition(check.written(node), node.type))


def no_condition(written: str, of: Type) -> tuple[str, str]:
    """Message and hint for a value where a condition is needed."""
    hint = ""
    if isinstance(of, Number | Ratio):
        hint = f"compare it: `{written} > 0`"
    elif isinstance(of, Enum) and of.values:
        hint = f'compare it: `{written} = "{of.values[0]}"`'
    elif isinstance(of, List):
        hint = f"count it: `count({written}) > 0`"
    return f"a condition is needed here (true or false), and this is {of}", hint


def conjunction(check: Checker, syntax: Syntax) -> Node:
    return guarding(check, syntax, "and", True)


def disjunction(check: Checker, syntax: Syntax) -> Node:
    return guarding(check, syntax, "or", False)


def guarding(check: Checker, syntax: Syntax, op: str, truth: bool) -> Node:
    """`and`, `or`: what comes later is checked under what comes before."""
    left = check.attempt(boolean, syntax.children[0])
    with check.given(left, truth):
        right = check.attempt(boolean, syntax.children[1])
    if left is None or right is None:
        raise check.failed()
    merged = (*(left.args if left.op == op else (left,)), right)
    return check.node(syntax, op, merged, BOOLEAN)


def negation(check: Checker, syntax: Syntax) -> Node:
    return check.node(syntax, "not", (boolean(check, syntax.children[0]),), BOOLEAN)


def conditional(check: Checker, syntax: Syntax) -> Node:
    condition = check.attempt(boolean, syntax.children[0])
    with check.given(condition, True):
        yes = check.attempt(type(check).check, syntax.children[1])
    with check.given(condition, False):
        no = check.attempt(type(check).check, syntax.children[2])
    if condition is None or yes is None or no is None:
        raise check.failed()
    yes, no, of = comparison.joined(check, syntax, yes, no)
    return check.node(syntax, "if", (condition, yes, no), of)
