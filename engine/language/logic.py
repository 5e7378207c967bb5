"""`and`, `or`, `not`, `if`: what comes later is checked under what comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language import comparison
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import BOOLEAN, Boolean, Unknown

if TYPE_CHECKING:
    from engine.language.check import Checker


def boolean(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if isinstance(node.type, Boolean | Unknown):
        return node
    raise check.fail(syntax, "type", f"a condition is needed here (true or false), and this is {node.type}")


def conjunction(check: Checker, syntax: Syntax) -> Node:
    return guarding(check, syntax, "and", True)


def disjunction(check: Checker, syntax: Syntax) -> Node:
    return guarding(check, syntax, "or", False)


def guarding(check: Checker, syntax: Syntax, op: str, truth: bool) -> Node:
    """`and`, `or`: what comes later is checked under what comes before."""
    left = boolean(check, syntax.children[0])
    with check.given(left, truth):
        right = boolean(check, syntax.children[1])
    merged = (*(left.args if left.op == op else (left,)), right)
    return check.node(syntax, op, merged, BOOLEAN)


def negation(check: Checker, syntax: Syntax) -> Node:
    return check.node(syntax, "not", (boolean(check, syntax.children[0]),), BOOLEAN)


def conditional(check: Checker, syntax: Syntax) -> Node:
    condition = boolean(check, syntax.children[0])
    with check.given(condition, True):
        yes = check.check(syntax.children[1])
    with check.given(condition, False):
        no = check.check(syntax.children[2])
    yes, no, of = comparison.joined(check, syntax, yes, no)
    return check.node(syntax, "if", (condition, yes, no), of)
