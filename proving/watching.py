"""The lazy reading, with a note of every branch taken, every cell read and every limit come near to.

How near is near: *just* below or above is at most one step away. A step is the smallest change that one unit in the
last decimal of one fact makes in what is compared; where facts are divided or weighed so that this is finer than the
facts themselves are written, it is one unit in the last decimal of the finest of them. Dates: one day. What hangs on
no number fact (ages, counts): one.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from engine.language.compile import Program
from engine.language.dates import days_between
from engine.language.interpret import Bindings, Interpreter
from engine.language.scope import SUBJECT
from engine.language.tree import Node, walk
from engine.language.types import Date, Number
from engine.rulebook.in_force import ParametersOn
from proving.elements import COMPARISONS, Key

ONE = Fraction(1)


class Watching(Interpreter):
    """`wanted`: what is still to be seen; what is noted is taken out of it. `limits`: the comparisons to look at.

    `read`: names of the computed values that were asked for.
    """

    def __init__(
        self,
        program: Program,
        household: Any,
        people: Any,
        parameters: ParametersOn,
        on: int,
        wanted: set[Key],
        limits: frozenset[int],
    ) -> None:
        super().__init__(program, household, people, parameters.values, on)
        self.rows, self.wanted, self.limits = parameters.rows, wanted, limits
        self.read: set[str] = set()
        self._finest: dict[str, Fraction | None] = {}

    def named(self, name: str, person: int = -1) -> Any:
        self.read.add(name)
        return super().named(name, person)

    def _evaluate(self, node: Node, bindings: Bindings) -> Any:
        value = super()._evaluate(node, bindings)
        if node.op == "if":
            condition = self.value(node.args[0], bindings)
            if condition is not None:
                self.wanted.discard(("branch", id(node), condition))
        elif node.op in COMPARISONS and id(node) in self.limits:
            self._compared(node, bindings)
        elif node.op in ("parameter", "size_table", "marginal"):
            self._cell(node, bindings)
        return value

    def _cell(self, node: Node, bindings: Bindings) -> None:
        row = self.rows[node.name]
        if row is None:
            return
        if row.value is None or node.op == "marginal" or not node.args:
            self.wanted.discard(("cell", id(row), None))
            return
        keys = [self.value(arg, bindings) for arg in node.args]
        if None in keys:
            return
        if node.op == "size_table":
            self.wanted.discard(("cell", id(row), min(keys[0], max(row.value[0]))))
        else:
            self.wanted.discard(("cell", id(row), keys[0] if len(keys) == 1 else tuple(keys)))

    # --- limits -----------------------------------------------------------------------------------------

    def _compared(self, node: Node, bindings: Bindings) -> None:
        """Notes on which side of the limit the left one stands, when it is at most a step away."""
        left, right = (self.value(arg, bindings) for arg in node.args)
        if left is None or right is None:
            return
        apart = self._apart(node, left, right)
        side = (apart > 0) - (apart < 0)
        key = ("side", id(node), side)
        if key in self.wanted and (side == 0 or abs(apart) <= self._step(node, bindings)):
            self.wanted.discard(key)

    def _apart(self, node: Node, left: Any, right: Any) -> Fraction:
        """Left less right, in true values; dates in days."""
        if isinstance(node.args[0].type, Date):
            return Fraction(days_between(right, left))
        return true_value(node.args[0], left) - true_value(node.args[1], right)

    def _step(self, node: Node, bindings: Bindings) -> Fraction:
        if isinstance(node.args[0].type, Date):
            return ONE
        made = [self._change(arg, bindings) for arg in node.args]
        smallest = min((one for one in made if one is not None), default=ONE)
        written = [one for one in map(self._written, node.args) if one is not None]
        return max(smallest, min(written, default=ONE)) if written else max(smallest, ONE)

    def _change(self, node: Node, bindings: Bindings) -> Fraction | None:
        """The smallest change of a number when one fact moves by one unit; None: no fact in it moves it."""
        op, args = node.op, node.args
        if op in ("const", "parameter", "variable", "people", "on"):
            return None
        if op in ("fact", "field"):
            return _unit(node)
        if op in ("value", "computed") and node.name in self.computed:
            return self._change(self.computed[node.name].node, self._of_subject(node, bindings))
        if op in ("multiply", "divide"):
            return self._of_product(node, bindings)
        if op == "round":
            inner = self._change(args[0], bindings)
            return None if inner is None else max(inner, Fraction(10) ** -node.value)
        if op in _SAME:
            inside = args[1:] if op in ("if", "map") else args
            made = [self._change(arg, bindings) for arg in inside]
            return min((one for one in made if one is not None), default=None)
        return ONE  # counts, ages, parts of dates

    def _of_product(self, node: Node, bindings: Bindings) -> Fraction | None:
        left, right = (self._change(arg, bindings) for arg in node.args)
        a, b = (self._size(arg, bindings) for arg in node.args)
        made = []
        if left is not None:
            made.append(left * b if node.op == "multiply" else left / b)
        if right is not None and node.op == "multiply":
            made.append(right * a)
        return min(made, default=None)

    def _size(self, node: Node, bindings: Bindings) -> Fraction:
        """How large a factor is; one when that cannot be said here."""
        try:
            value = self.value(node, bindings)
        except KeyError:  # the variable of a list that is not being run over
            return ONE
        return abs(true_value(node, value)) or ONE if value is not None else ONE

    def _of_subject(self, node: Node, bindings: Bindings) -> Bindings:
        if node.op == "value":
            return {}
        try:
            person = self.value(node.args[0], bindings)
        except KeyError:
            return {}
        return {} if person is None else {SUBJECT: person}

    def _written(self, node: Node) -> Fraction | None:
        """One unit in the last decimal of the finest number fact that an expression hangs on."""
        return min(self._units(node), default=None)

    def _units(self, node: Node) -> Iterator[Fraction]:
        for one in walk(node):
            if one.op in ("fact", "field"):
                unit = _unit(one)
                if unit is not None:
                    yield unit
            elif one.op in ("value", "computed") and one.name in self.computed:
                if one.name not in self._finest:
                    self._finest[one.name] = None
                    self._finest[one.name] = self._written(self.computed[one.name].node)
                found = self._finest[one.name]
                if found is not None:
                    yield found


_SAME = frozenset(
    {
        "add",
        "subtract",
        "negate",
        "scale",
        "absolute",
        "least",
        "greatest",
        "if",
        "sum",
        "min",
        "max",
        "map",
        "list",
        "modulo",
    }
)


def _unit(node: Node) -> Fraction | None:
    return Fraction(10) ** -node.type.decimals if isinstance(node.type, Number) else None


def true_value(node: Node, value: Any) -> Fraction:
    """The number that a value inside stands for: integers inside are scaled, quotients are fractions."""
    return Fraction(value, 10**node.type.decimals) if isinstance(node.type, Number) else Fraction(value)
