"""From syntax to the typed tree: names, types, units, ranges. Every mistake of an expression is found in one
run.

The checker proves three things about an accepted expression: its types fit, no integer in it can leave 64
bits, and nothing is divided by zero or taken from an empty list, unless the expression guards it. The
`Checker` holds what is known on the way; each kind of expression has its function in a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from engine.language import arithmetic, calls, comparison, lists, literals, logic, names
from engine.language.guards import consequences
from engine.language.numbers import Overflow, UnitMismatch
from engine.language.problems import Problem
from engine.language.scope import Scope
from engine.language.syntax import Source, Syntax, SyntaxProblem, parse
from engine.language.tree import Keys, Node
from engine.language.types import (
    List,
    Number,
    Type,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A body that runs over a list: its variable, and whether bare names of the item are in reach."""

    variable: Node
    alias: str  # "" when bare names are in reach


GUARDED = frozenset(
    {"unguarded-division", "unguarded-empty", "overflow"}
)  # what a guard in front can prevent


class Failed(Exception):
    """This part of the expression has a problem, which has been written down."""


class Checker:
    """Checks one expression. `problems` holds what was found."""

    def __init__(self, source: Source, scope: Scope) -> None:
        self.source = source
        self.scope = scope
        self.problems: list[Problem] = []
        self.frames: list[Frame] = []
        self._keys = Keys()
        self._known: dict[int, tuple[int | None, int | None]] = {}

    def fail(self, at: Syntax | Node, code: str, message: str, hint: str = "") -> Failed:
        self.problems.append(Problem(self.source.span(at.start, at.end), code, message, hint))
        return Failed()

    def check(self, syntax: Syntax) -> Node:
        """The typed node. Raises `Failed` after writing down what is wrong."""
        try:
            node = HANDLERS[syntax.kind](self, syntax)
        except Overflow as overflow:
            raise self.fail(
                syntax,
                "overflow",
                f"this can reach {overflow.reach:.2g}, more than 64 bits hold (9.2e18)",
                "give the facts in it smaller ranges, or round earlier to fewer decimals",
            ) from None
        except UnitMismatch:
            raise self.fail(syntax, "unit", "the units do not fit together") from None
        return self.narrowed(node)

    def several(self, syntaxes: tuple[Syntax, ...]) -> tuple[Node, ...]:
        """Checks all of them before giving up, so that every problem is found."""
        checked = [self.attempt(Checker.check, syntax) for syntax in syntaxes]
        nodes = tuple(node for node in checked if node is not None)
        if len(nodes) < len(checked):
            raise Failed
        return nodes

    def attempt(self, check: Callable[[Checker, Syntax], Node], syntax: Syntax) -> Node | None:
        """The node, or None after writing down what is wrong, so that what stands beside it is checked too."""
        try:
            return check(self, syntax)
        except Failed:
            return None

    def failed(self) -> Failed:
        """To raise when a part has failed whose problem has been written down."""
        return Failed()

    def node(
        self, at: Syntax, op: str, args: tuple[Node, ...], of: Type, name: str = "", value: object = None
    ) -> Node:
        return Node(op, args, of, name, value, at.start, at.end)

    def narrowed(self, node: Node) -> Node:
        """The node with the range that the guards around it prove."""
        if not self._known or not isinstance(node.type, Number):
            return node
        lo, hi = self._known.get(self._keys.of(node), (None, None))
        if lo is None and hi is None:
            return node
        of = node.type
        low = of.lo if lo is None else max(of.lo, lo)
        high = of.hi if hi is None else min(of.hi, hi)
        if low > high:  # this branch is never taken; its range says nothing
            return node
        return replace(node, type=replace(of, lo=low, hi=high))

    @contextmanager
    def given(self, condition: Node | None, truth: bool) -> Iterator[None]:
        """Inside, the condition is known to be true (or false). None: it has a mistake, and what it guards is not said."""
        before, so_far = dict(self._known), len(self.problems)
        for node, lo, hi in consequences(condition, truth) if condition else ():
            key = self._keys.of(node)
            old_lo, old_hi = self._known.get(key, (None, None))
            new_lo = lo if old_lo is None else old_lo if lo is None else max(lo, old_lo)
            new_hi = hi if old_hi is None else old_hi if hi is None else min(hi, old_hi)
            self._known[key] = (new_lo, new_hi)
        try:
            yield
        finally:
            self._known = before
            if condition is None:
                self.problems[so_far:] = [one for one in self.problems[so_far:] if one.code not in GUARDED]

    @contextmanager
    def body(self, of: Node, alias: str) -> Iterator[Node]:
        """Inside, a variable runs over the list. Its name says how deep it stands: equal bodies are equal."""
        assert isinstance(of.type, List)
        variable = Node("variable", (), of.type.item, name=f"v{len(self.frames)}")
        self.frames.append(Frame(variable, alias))
        try:
            yield variable
        finally:
            self.frames.pop()

    def written(self, node: Node) -> str:
        return " ".join(self.source.text[node.start : node.end].split())

    def joined(self, at: Syntax, a: Node, b: Node) -> tuple[Node, Node, Type]:
        """Two values that may stand in the same place, and the type of that place."""
        return comparison.joined(self, at, a, b)


def _group(check: Checker, syntax: Syntax) -> Node:
    return check.check(syntax.children[0])


def _misplaced_range(check: Checker, syntax: Syntax) -> Node:
    raise check.fail(syntax, "syntax", "a range stands only after `in`")


def _misplaced_name(check: Checker, syntax: Syntax) -> Node:
    raise check.fail(syntax, "syntax", "a named argument stands only inside a function's brackets")


# what each kind of syntax is checked by
HANDLERS: dict[str, Callable[[Checker, Syntax], Node]] = {
    "number": literals.number,
    "text": literals.text,
    "true": literals.true,
    "false": literals.false,
    "null": literals.null,
    "at_literal": literals.at_literal,
    "name": names.name,
    "path": names.path,
    "group": _group,
    "and": logic.conjunction,
    "or": logic.disjunction,
    "not": logic.negation,
    "if": logic.conditional,
    "compare": comparison.compare,
    "between": comparison.between,
    "in": comparison.is_in,
    "binary": arithmetic.binary,
    "negative": arithmetic.negative,
    "filter": lists.filtered,
    "some": lists.some,
    "every": lists.every,
    "for": lists.mapped,
    "list": lists.list_literal,
    "record": lists.record_literal,
    "call": calls.call,
    "named": _misplaced_name,
    **dict.fromkeys(
        ("closed_closed", "closed_open", "open_closed", "open_open", "unary_test"), _misplaced_range
    ),
}


def check_expression(source: Source, scope: Scope) -> tuple[Node | None, list[Problem]]:
    """Parses and checks one expression: the typed tree, or None and what is wrong."""
    try:
        syntax = parse(source)
    except SyntaxProblem as error:
        return None, [error.problem]
    checker = Checker(source, scope)
    try:
        node = checker.check(syntax)
    except Failed:
        return None, checker.problems
    return (None if checker.problems else node), checker.problems


def check_syntax(source: Source, syntax: Syntax, scope: Scope) -> tuple[Node | None, list[Problem]]:
    """The same for an expression that has been parsed before."""
    checker = Checker(source, scope)
    try:
        node = checker.check(syntax)
    except Failed:
        return None, checker.problems
    return (None if checker.problems else node), checker.problems
