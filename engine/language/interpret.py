"""The lazy reading: computes only what is asked for, node by node.

It serves where one value is wanted rather than all: what is missing, what would change a finding, the bounds
of an amount, a deeper explanation. It is also the oracle of the compiled reading: written separately, without
sharing, with fractions for quotients. Values are as in `engine.language.runtime`, but a quotient is a
`Fraction`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine.language import dates, runtime
from engine.language.compile import Program
from engine.language.outcomes import is_eligible, outcome
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import OPS, Node
from engine.language.types import List, Number, Ratio, Record

Bindings = Mapping[str, Any]
NOTHING: Bindings = {}
_UNREAD: Any = object()


class Interpreter:
    """Reads trees over one household: the inputs of a program, by position, as the compiled function takes
    them.
    """

    def __init__(
        self,
        program: Program,
        household: Sequence[Any],
        people: Sequence[Sequence[Any]],
        parameters: Sequence[Any],
        on: int,
        given: Callable[[str, int], Any] | None = None,
        anew: frozenset[str] = frozenset(),
    ) -> None:
        """`given`: computed values that are known already, by name and person (-1: the household).

        `anew`: names that are computed all the same.
        """
        self.program = program
        self.given, self.anew = given, anew
        self.household, self.people, self.parameters, self.on = household, people, parameters, on
        places = program.places
        self.computed, self.slots = places.computed, places.household
        self.person_slots, self.parameter_slots = places.person, places.parameters
        self._memo: dict[tuple[str, int], Any] = {}
        self._nodes: dict[tuple[int, int], Any] = {}

    def named(self, name: str, person: int = -1) -> Any:
        """A computed value of the household, or of the person with that index."""
        key = (name, person)
        found = self._memo.get(key, _UNREAD)
        if found is _UNREAD:
            node = self.computed[name].node
            if self.given is None or name in self.anew:
                found = self.value(node, NOTHING if person < 0 else {SUBJECT: person})
            else:
                found = self.given(name, person)
                if found is not None and isinstance(node.type, Ratio):
                    found = Fraction(*found)
            self._memo[key] = found
        return found

    def value(self, node: Node, bindings: Bindings = NOTHING) -> Any:
        """A node's value. What hangs on no variable but the subject is computed once."""
        if not node.args or len(bindings) > (SUBJECT in bindings):
            return self._evaluate(node, bindings)
        key = (id(node), bindings.get(SUBJECT, -1))
        found = self._nodes.get(key, _UNREAD)
        if found is _UNREAD:
            found = self._nodes[key] = self._evaluate(node, bindings)
        return found

    def _evaluate(self, node: Node, bindings: Bindings) -> Any:
        handler = _HANDLERS.get(node.op)
        if handler is not None:
            return handler(self, node, bindings)
        args = [self.value(arg, bindings) for arg in node.args]
        if any(arg is None for arg in args):
            return None
        return STRICT[node.op](node, *args)

    # --- leaves -----------------------------------------------------------------------------------------

    def _const(self, node: Node, bindings: Bindings) -> Any:
        return node.value

    def _on(self, node: Node, bindings: Bindings) -> int:
        return self.on

    def _people(self, node: Node, bindings: Bindings) -> Any:
        return list(range(len(self.people))), []

    def _variable(self, node: Node, bindings: Bindings) -> Any:
        return bindings[node.name]

    def _fact(self, node: Node, bindings: Bindings) -> Any:
        return self.household[self.slots[node.name]]

    def _value(self, node: Node, bindings: Bindings) -> Any:
        return self.named(node.name) if node.name in self.computed else self._fact(node, bindings)

    def _field(self, node: Node, bindings: Bindings) -> Any:
        arg = node.args[0]
        record = bindings[arg.name] if arg.op == "variable" else self.value(arg, bindings)
        of = arg.type
        if record is None:
            return None
        assert isinstance(of, Record)
        if of.name == PERSON:
            return self.people[record][self.person_slots[node.name]]
        return record[self.program.items[of.name].index(node.name)]

    def _computed(self, node: Node, bindings: Bindings) -> Any:
        person = self.value(node.args[0], bindings)
        if person is None:
            return None
        return self.named(node.name, person) if node.name in self.computed else self._field(node, bindings)

    def table(self, name: str) -> Any:
        return self.parameters[self.parameter_slots[name]]

    def _parameter(self, node: Node, bindings: Bindings) -> Any:
        table = self.table(node.name)
        if not node.args or table is None:
            return table
        keys = [self.value(arg, bindings) for arg in node.args]
        if any(key is None for key in keys):
            return None
        return table.get(keys[0] if len(keys) == 1 else tuple(keys))

    def _size_table(self, node: Node, bindings: Bindings) -> Any:
        table, n = self.table(node.name), self.value(node.args[0], bindings)
        return None if table is None or n is None else runtime.size_table(table, n)

    def _marginal(self, node: Node, bindings: Bindings) -> Any:
        table, amount = self.table(node.name), self.value(node.args[0], bindings)
        return None if table is None or amount is None else runtime.marginal(table, amount)

    # --- truth ------------------------------------------------------------------------------------------

    def _and(self, node: Node, bindings: Bindings) -> bool | None:
        return self._kleene(node.args, bindings, False)

    def _or(self, node: Node, bindings: Bindings) -> bool | None:
        return self._kleene(node.args, bindings, True)

    def _between(self, node: Node, bindings: Bindings) -> bool | None:
        return self._kleene(node.args[1:], bindings, False)

    def _in(self, node: Node, bindings: Bindings) -> bool | None:
        return self._kleene(node.args[1:], bindings, True)

    def _kleene(self, args: Sequence[Node], bindings: Bindings, decisive: bool) -> bool | None:
        unknown = False
        for arg in args:
            truth: bool | None = self.value(arg, bindings)
            if truth is decisive:
                return decisive
            unknown = unknown or truth is None
        return None if unknown else not decisive

    def _if(self, node: Node, bindings: Bindings) -> Any:
        condition = self.value(node.args[0], bindings)
        if condition is not None:
            return _as(node, node.args[1 if condition else 2], self, bindings)
        yes, no = (_as(node, arg, self, bindings) for arg in node.args[1:])
        same = runtime.same_list(yes, no) if isinstance(node.type, List) else yes == no
        return yes if yes is not None and same else None

    def _compare(self, node: Node, bindings: Bindings) -> bool | None:
        bounds = [self._count_bounds(arg, bindings) for arg in node.args]
        if None in bounds:
            return None
        (a_lo, a_hi), (b_lo, b_hi) = (pair for pair in bounds if pair is not None)
        truths: set[bool] = {COMPARE[node.op](a, b) for a in {a_lo, a_hi} for b in {b_lo, b_hi}}
        if node.op in ("equal", "unequal") and (a_lo != a_hi or b_lo != b_hi):
            apart = a_hi < b_lo or b_hi < a_lo
            return (node.op == "unequal") if apart else None
        return truths.pop() if len(truths) == 1 else None

    _equal = _unequal = _less = _at_most = _more = _at_least = _compare

    def _count_bounds(self, node: Node, bindings: Bindings) -> tuple[Any, Any] | None:
        """A count of a list with undecided entries lies between two numbers; the rest is itself, twice."""
        if node.op == "scale":  # the same number, with more decimals written to it
            return self._count_bounds(node.args[0], bindings)
        if node.op == "count":
            members = self.value(node.args[0], bindings)
            if members is None:
                return None
            return len(members[0]), len(members[0]) + len(members[1])
        value = self.value(node, bindings)
        if value is None:
            return None
        if isinstance(node.type, Number) and node.type.decimals:
            value = Fraction(value, 10**node.type.decimals)
        return value, value

    # --- lists ------------------------------------------------------------------------------------------

    def bodies(
        self, node: Node, bindings: Bindings
    ) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]] | None:
        """Items with the value of the body for each: those that surely belong, those that may."""
        members = self.value(node.args[0], bindings)
        if members is None:
            return None
        sure, maybe = (
            [(item, self.value(node.args[1], {**bindings, node.value: item})) for item in part]
            for part in members
        )
        return sure, maybe

    def _filter(self, node: Node, bindings: Bindings) -> Any:
        found = self.bodies(node, bindings)
        if found is None:
            return None
        sure, maybe = found
        undecided = [item for item, truth in sure if truth is None]
        return [item for item, truth in sure if truth], undecided + [
            i for i, truth in maybe if truth is not False
        ]

    def _map(self, node: Node, bindings: Bindings) -> Any:
        found = self.bodies(node, bindings)
        return None if found is None else tuple([body for _, body in part] for part in found)

    def _some(self, node: Node, bindings: Bindings) -> bool | None:
        found = self.bodies(node, bindings)
        return None if found is None else runtime.any_true(tuple([t for _, t in part] for part in found))  # type: ignore[arg-type]

    def _every(self, node: Node, bindings: Bindings) -> bool | None:
        found = self.bodies(node, bindings)
        return None if found is None else runtime.every_true(tuple([t for _, t in part] for part in found))  # type: ignore[arg-type]

    def _chosen(self, node: Node, bindings: Bindings) -> Any:
        found = self.bodies(node, bindings)
        if found is None or found[1]:
            return None
        items, keys = [item for item, _ in found[0]], [key for _, key in found[0]]
        return runtime.chosen(items, keys, max if node.op == "with_greatest" else min)

    _with_greatest = _with_least = _chosen

    def _list(self, node: Node, bindings: Bindings) -> Any:
        return [self.value(arg, bindings) for arg in node.args], []

    def _outcome(self, node: Node, bindings: Bindings) -> int:
        return outcome(*(self.value(arg, bindings) for arg in node.args))

    def _is_eligible(self, node: Node, bindings: Bindings) -> bool | None:
        return is_eligible(self.value(node.args[0], bindings))


# the ops that decide for themselves what to evaluate; all others are strict
_HANDLERS: dict[str, Callable[[Interpreter, Node, Bindings], Any]] = {
    op: getattr(Interpreter, f"_{op}") for op in OPS if hasattr(Interpreter, f"_{op}")
}


def _as(node: Node, branch: Node, reading: Interpreter, bindings: Bindings) -> Any:
    """A branch's value in the form of the whole: a fraction where the other branch is a quotient."""
    value = reading.value(branch, bindings)
    return true_value(branch, value) if isinstance(node.type, Ratio) and value is not None else value


def true_value(node: Node, value: Any) -> Any:
    """The mathematical value of a number inside: fractions as they are, scaled integers divided."""
    if isinstance(node.type, Number) and node.type.decimals:
        return Fraction(value, 10**node.type.decimals)
    return value


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def apply(node: Node, a: Any, b: Any) -> Any:
        if isinstance(node.type, Ratio):
            return Fraction(operation(true_value(node.args[0], a), true_value(node.args[1], b)))
        return operation(a, b)

    return apply


def _divide(node: Node, a: Any, b: Any) -> Any:
    if b == 0:
        return None
    return Fraction(true_value(node.args[0], a)) / Fraction(true_value(node.args[1], b))


def _round(node: Node, value: Any) -> Any:
    rounding, inner = runtime.ROUND[node.name], node.args[0]
    exact = Fraction(true_value(inner, value)) * 10**node.value
    return rounding(exact.numerator, exact.denominator)


def _pick(pick: Callable[..., Any]) -> Callable[..., Any]:
    def apply(node: Node, *values: Any) -> Any:
        if isinstance(node.type, Ratio):
            return Fraction(
                pick(true_value(arg, value) for arg, value in zip(node.args, values, strict=True))
            )
        return pick(values)

    return apply


def _count(node: Node, members: Any) -> int | None:
    return None if members[1] else len(members[0])


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda a, b: bool(a == b),
    "unequal": lambda a, b: bool(a != b),
    "less": lambda a, b: bool(a < b),
    "at_most": lambda a, b: bool(a <= b),
    "more": lambda a, b: bool(a > b),
    "at_least": lambda a, b: bool(a >= b),
}

STRICT: dict[str, Callable[..., Any]] = {
    "add": _arithmetic(lambda a, b: a + b),
    "subtract": _arithmetic(lambda a, b: a - b),
    "multiply": _arithmetic(lambda a, b: a * b),
    "divide": _divide,
    "negate": lambda node, a: -a,
    "scale": lambda node, a: a * node.value,
    "modulo": lambda node, a, b: None if b == 0 else a % b,
    "absolute": lambda node, a: abs(a),
    "round": _round,
    "least": _pick(min),
    "greatest": _pick(max),
    "not": lambda node, a: not a,
    "index": lambda node, members, position: runtime.element(members, position),
    "count": _count,
    "sum": lambda node, members: runtime.total(members),
    "min": lambda node, members: runtime.smallest(members),
    "max": lambda node, members: runtime.largest(members),
    "all": lambda node, members: runtime.every_true(members),
    "any": lambda node, members: runtime.any_true(members),
    "contains": lambda node, members, wanted: runtime.contains(members, wanted),
    "all_but": lambda node, members, item: runtime.without(members, item),
    "date_part": lambda node, day: dates.date_part(day, node.name),
    "duration_part": lambda node, value: dates.duration_part(value, node.args[0].type.kind, node.name),
    "months_between": lambda node, a, b: dates.months_between(a, b),
    "years_between": lambda node, a, b: dates.years_between(a, b),
    "days_between": lambda node, a, b: dates.days_between(a, b),
    "seconds_between": lambda node, a, b: dates.days_between(a, b) * 86400,
    "add_months": lambda node, day, n: dates.add_months(day, n),
    "add_seconds": lambda node, day, n: dates.add_seconds(day, n),
    "month_start": lambda node, day: dates.month_start(day),
}
