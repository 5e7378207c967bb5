"""Comparisons and logic, which decide when they can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.language.emit.code import Code, all_checks, any_none, undecided_count
from engine.language.tree import Node
from engine.language.types import List, Number, Ratio

if TYPE_CHECKING:
    from engine.language.compile import Generator

COMPARE = {"equal": "==", "unequal": "!=", "less": "<", "at_most": "<=", "more": ">", "at_least": ">="}
# how two numbers compare that each lie between two bounds: helper, negated
RANGES = {
    "less": ("less_range", False),
    "at_least": ("less_range", True),
    "at_most": ("at_most_range", False),
    "more": ("at_most_range", True),
    "equal": ("equal_range", False),
    "unequal": ("equal_range", True),
}


def _comparison(make: Generator, node: Node) -> Code:
    a, b = node.args
    if undecided_count(a) or undecided_count(b):
        return _ranges(make, node)
    if isinstance(a.type, Ratio) or isinstance(b.type, Ratio):
        x, y = make.fraction(a), make.fraction(b)
        left = x.text if y.den == "1" else f"{x.text} * {y.den}"
        right = y.text if x.den == "1" else f"{y.text} * {x.den}"
        return Code(f"({left} {COMPARE[node.op]} {right})", all_checks([x, y]))
    return make.strict(node, lambda x, y: f"({x} {COMPARE[node.op]} {y})")


def _ranges(make: Generator, node: Node) -> Code:
    """A count with undecided entries lies between two numbers; the comparison decides when it can."""
    (left, a), (right, b) = (_reach(make, arg) for arg in node.args)
    if a.den != b.den:
        left, right = (
            [f"({text}) * {other.den}" for text in part] for part, other in ((left, b), (right, a))
        )
    helper, negate = RANGES[node.op]
    text = f"{helper}({', '.join((*left, *right))})"
    text = f"opposite({text})" if negate else text
    checks = all_checks([a, b])
    return make.maybe(f"None if {any_none(checks)} else {text}" if checks else text)


def _reach(make: Generator, node: Node) -> tuple[list[str], Code]:
    """The least and the greatest numerator of a side, and its checks and denominator."""
    count, factor = (node.args[0], node.value) if node.op == "scale" else (node, 1)
    if not undecided_count(node):
        code = make.fraction(node)
        return [code.text, code.text], code
    members = make.value(count.args[0])
    low, more = f"len({members.text}[0])", f"len({members.text}[1])"
    assert isinstance(node.type, Number)
    return [f"{low} * {factor}", f"({low} + {more}) * {factor}"], Code(
        "", members.checks, str(10 ** (node.type.decimals or 0))
    )


def _and(make: Generator, node: Node) -> Code:
    return _kleene(make, node.args, "and")


def _or(make: Generator, node: Node) -> Code:
    return _kleene(make, node.args, "or")


def _between(make: Generator, node: Node) -> Code:
    return _kleene(make, node.args[1:], "and")


def _in(make: Generator, node: Node) -> Code:
    value, *tests = node.args
    if len(tests) > 1 and all(_is_choice(test, value) for test in tests):
        choices = ", ".join(sorted({repr(test.args[1].value) for test in tests}))
        return make.strict(node, lambda text: f"({text} in {{{choices}}})", value)
    return _kleene(make, tests, "or")


def _is_choice(test: Node, value: Node) -> bool:
    """Is this test of an `in` one plain text?"""
    return (
        test.op == "equal"
        and test.args[0] is value
        and test.args[1].op == "const"
        and isinstance(test.args[1].value, str)
    )


def _kleene(make: Generator, args: Sequence[Node], op: str) -> Code:
    neutral, decisive = ("True", "False") if op == "and" else ("False", "True")
    codes = [code for arg in args if (code := make.value(arg)).text != neutral]
    if not codes or any(code.text == decisive for code in codes):
        return Code(decisive if codes else neutral)
    if len(codes) == 1:
        return codes[0]
    whole = f" {op} ".join(code.text for code in codes)
    if not any(code.checks for code in codes):
        return Code(f"({whole})")
    if op == "or":
        return make.maybe(f"True if {whole} else None if {any_none(all_checks(codes))} else False")
    # `and` gives the first that is not true: false decides, and only when it is unknown the others are asked.
    name = make.assign(whole, ())
    refused = " or ".join(f"{code.text} is False" if code.checks else f"not {code.text}" for code in codes)
    make.blocks[-1].add(f"if {name} is None and ({refused}): {name} = False")
    return Code(name, (name,))


def _not(make: Generator, node: Node) -> Code:
    return make.strict(node, lambda a: _OPPOSITE.get(a) or f"(not {a})")


_OPPOSITE = {"True": "False", "False": "True"}


def _if(make: Generator, node: Node) -> Code:
    condition, ratio = make.value(node.args[0]), isinstance(node.type, Ratio)
    yes, no = (_branch(make, arg, ratio) for arg in node.args[1:])
    nullable = bool(yes.checks or no.checks)
    if not condition.checks:
        text = f"({yes.text} if {condition.text} else {no.text})"
        code = make.maybe(text) if nullable else Code(text)
    else:
        same = f"{yes.text} == {no.text}"
        if ratio:
            same = f"same_quotient({yes.text}, {no.text})"
        elif isinstance(node.type, List):
            same = f"same_list({yes.text}, {no.text})"
        c = condition.text
        agreed = f"({yes.text} if {same} else None)"
        code = make.maybe(f"{agreed} if {c} is None else {yes.text} if {c} else {no.text}")
    if ratio:
        code = make.named(code)
        return Code(f"{code.text}[0]", code.checks, f"{code.text}[1]")
    return code


def _branch(make: Generator, node: Node, ratio: bool) -> Code:
    if not ratio:
        return make.value(node)
    code = make.fraction(node)
    return make.named(code)


EMIT: dict[str, Callable[[Generator, Node], Code]] = {
    **dict.fromkeys(COMPARE, _comparison),
    "and": _and,
    "or": _or,
    "between": _between,
    "in": _in,
    "not": _not,
    "if": _if,
}
