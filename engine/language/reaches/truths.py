"""Comparisons and logic over what may still become of both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.language import runtime
from engine.language.interpret import COMPARE, Bindings
from engine.language.reach import (
    ANYTHING,
    OPEN_TRUTHS,
    SURE,
    TRUTHS,
    Anything,
    Choices,
    Reach,
    Span,
    hull,
    kleene,
    may_stay,
    same,
    truths_of,
)
from engine.language.reaches.numbers import true_reader
from engine.language.tree import Node
from engine.language.types import List, Ratio

if TYPE_CHECKING:
    from engine.language.reaches.reading import Reaches, Reader, Readers


def _compare(make: Readers, node: Node) -> Reader:
    left, right = node.args
    if getattr(left.type, "decimals", None) == getattr(right.type, "decimals", None):
        one, other = make.reader(left), make.reader(right)
    else:
        one, other = true_reader(make, left), true_reader(make, right)
    spans = _equality(node.op == "equal") if node.op in ("equal", "unequal") else _order(COMPARE[node.op])

    def read(at: Reaches, bindings: Bindings) -> Reach:
        a, b = one(at, bindings), other(at, bindings)
        if isinstance(a, Span) and isinstance(b, Span):
            found = spans(a, b)
            return found | _STAYS if a.blank or b.blank else found
        if isinstance(a, frozenset) and isinstance(b, frozenset):
            return same(a, b, node.op == "equal")
        if isinstance(a, Anything) or isinstance(b, Anything):
            return OPEN_TRUTHS if may_stay(a) or may_stay(b) else TRUTHS
        return OPEN_TRUTHS

    return read


_STAYS: Choices = frozenset({None})


def _equality(equal: bool) -> Callable[[Span, Span], Choices]:
    def compare(a: Span, b: Span) -> Choices:
        if a.hi < b.lo or b.hi < a.lo:
            return SURE[not equal]
        return TRUTHS if a.lo != a.hi or b.lo != b.hi else SURE[equal]

    return compare


def _order(holds: Callable[[object, object], bool]) -> Callable[[Span, Span], Choices]:
    def compare(a: Span, b: Span) -> Choices:
        first, last = holds(a.lo, b.hi), holds(a.hi, b.lo)
        return SURE[first] if first is last else TRUTHS

    return compare


def _kleene(decisive: bool, first: int) -> Callable[[Readers, Node], Reader]:
    """`and` (False decides), `or` (True decides) over the arguments from the given one on."""

    def maker(make: Readers, node: Node) -> Reader:
        parts, decided = [make.reader(arg) for arg in node.args[first:]], SURE[decisive]

        def read(at: Reaches, bindings: Bindings) -> Reach:
            found = []
            for part in parts:
                reach = part(at, bindings)
                if reach == decided:
                    return decided
                found.append(reach)
            return kleene(found, decisive)

        return read

    return maker


def _in(make: Readers, node: Node) -> Reader:
    value, *tests = node.args
    choices = {test.args[1].value for test in tests if _is_choice(test, value)}
    whole = _kleene(True, 1)(make, node)
    if len(choices) < len(tests):
        return whole
    reader = make.reader(value)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = reader(at, bindings)
        if not isinstance(found, frozenset):
            return whole(at, bindings)
        return frozenset([one in choices if one is not None else None for one in found])

    return read


def _is_choice(test: Node, value: Node) -> bool:
    """Is this test of an `in` one plain choice?"""
    return test.op == "equal" and test.args[0] is value and test.args[1].op == "const"


def _not(make: Readers, node: Node) -> Reader:
    inner = make.reader(node.args[0])
    return lambda at, bindings: frozenset(
        [runtime.opposite(truth) for truth in truths_of(inner(at, bindings))]
    )


def _if(make: Readers, node: Node) -> Reader:
    """A branch's reach in the form of the whole: fractions where the other branch is a quotient."""
    condition = make.reader(node.args[0])
    branch = true_reader if isinstance(node.type, Ratio) else type(make).reader
    yes, no = (branch(make, arg) for arg in node.args[1:])
    of_list = isinstance(node.type, List)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        truths = truths_of(condition(at, bindings))
        if truths == _YES:
            return yes(at, bindings)
        if truths == _NO:
            return no(at, bindings)
        return ANYTHING if of_list else hull([yes(at, bindings), no(at, bindings)], None in truths)

    return read


_YES, _NO = SURE[True], SURE[False]


MAKERS: dict[str, Callable[[Readers, Node], Reader]] = {
    **dict.fromkeys(COMPARE, _compare),
    "and": _kleene(False, 0),
    "or": _kleene(True, 0),
    "between": _kleene(False, 1),
    "in": _in,
    "not": _not,
    "if": _if,
}
