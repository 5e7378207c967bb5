"""What an unknown value can still become: a fourth reading of the tree, over the lazy one.

The three-valued reading says only that a value is unknown. This one keeps what is certain all the same: a sum
of known incomes and one that is not known is at least the known ones, a line that hangs on an unknown choice is
one of its cells. A comparison of two such ranges may be decided, and then nothing on either side matters.

It never claims too much: whatever the missing facts turn out to be, the value lies in its reach. What it does
not see is that two values hang on the same fact.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from engine.language import runtime
from engine.language.interpret import COMPARE, NOTHING, STRICT, Bindings, Interpreter, true_value
from engine.language.outcomes import NOT_CONCERNED, is_eligible, outcome
from engine.language.reach import (
    ANYTHING,
    OPEN_TRUTHS,
    TRUTHS,
    Anything,
    Choices,
    Members,
    Reach,
    Span,
    ends,
    exactly,
    hull,
    is_single,
    kleene,
    listed,
    mapped,
    may_stay,
    not_set,
    of_type,
    one_of,
    over,
    plain,
    same,
    truths_of,
)
from engine.language.scope import SUBJECT
from engine.language.tree import Node
from engine.language.types import List, Outcome, Ratio, Record

_NEVER_TAKEN = (List, Outcome)  # the lazy reading's value says less than the parts do
MOST_CELLS = 200  # of a size table that are looked at one by one


class Reaches:
    """The reaches of the values of one household. Reads the lazy reading first: what is known is known."""

    def __init__(self, reading: Interpreter) -> None:
        self.reading = reading
        self.lacking: dict[tuple[str, int | frozenset[int]], tuple[Any, ...]] = {}  # kept by `unknowns`
        self._nodes: dict[tuple[int, int], Reach] = {}
        self._named: dict[tuple[str, int], Reach] = {}

    def is_open(self, node: Node, bindings: Bindings = NOTHING) -> bool:
        """Can the value still become this or that?"""
        return not is_single(self.of(node, bindings))

    def of(self, node: Node, bindings: Bindings = NOTHING) -> Reach:
        """A node's reach. What hangs on no variable but the subject is computed once."""
        if node.op == "variable" or len(bindings) > (SUBJECT in bindings):
            return self._find(node, bindings)
        key = (id(node), bindings.get(SUBJECT, -1))
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._find(node, bindings)
        return found

    def named(self, name: str, person: int = -1) -> Reach:
        key = (name, person)
        found = self._named.get(key)
        if found is None:
            node = self.reading.computed[name].node
            value = None if isinstance(node.type, _NEVER_TAKEN) else self.reading.named(name, person)
            bindings = NOTHING if person < 0 else {SUBJECT: person}
            found = self.of(node, bindings) if value is None else exactly(value, node.type)
            self._named[key] = found
        return found

    def _find(self, node: Node, bindings: Bindings) -> Reach:
        handler = _HANDLERS.get(node.op)
        if handler is not None:
            return handler(self, node, bindings)
        value = None if isinstance(node.type, List) else self.reading.value(node, bindings)
        return of_type(node.type, blank=True) if value is None else exactly(value, node.type)

    def truths(self, node: Node, bindings: Bindings = NOTHING) -> Choices:
        """The truths that a condition may take; None: it may stay unknown."""
        return truths_of(self.of(node, bindings))

    # --- leaves -----------------------------------------------------------------------------------------

    def _const(self, node: Node, bindings: Bindings) -> Reach:
        """Without a value: a name without a definition in force."""
        return ANYTHING if node.value is None else exactly(node.value, node.type)

    def _people(self, node: Node, bindings: Bindings) -> Reach:
        return listed(self.reading.value(node, bindings), node)

    def _fact(self, node: Node, bindings: Bindings) -> Reach:
        value = self.reading.value(node, bindings)
        if isinstance(node.type, List):
            return self._any_entries(node) if value is None else listed(value, node)
        return of_type(node.type) if value is None else exactly(value, node.type)

    def _any_entries(self, node: Node) -> Reach:
        """An unknown list of a household or a person."""
        assert isinstance(node.type, List)
        of = node.type.item
        if isinstance(of, Record) and of.name in self.reading.program.items:
            further: Any = (None,) * len(self.reading.program.items[of.name])
            return Members((), (), node.type.at_most, further)
        return ANYTHING

    def _value(self, node: Node, bindings: Bindings) -> Reach:
        """A status that another program computed is given like a fact, and may stay unknown."""
        if node.name in self.reading.computed:
            return self.named(node.name)
        value = self.reading.value(node, bindings)
        return of_type(node.type, blank=True) if value is None else exactly(value, node.type)

    def _field(self, node: Node, bindings: Bindings) -> Reach:
        if self._owner(node, bindings) is None:
            return of_type(node.type, blank=True)
        return self._fact(node, bindings)

    def _owner(self, node: Node, bindings: Bindings) -> Any:
        """The person or the entry that a field is read of; None: not known who or which."""
        record = node.args[0]
        return bindings[record.name] if record.op == "variable" else self.reading.value(record, bindings)

    def _computed(self, node: Node, bindings: Bindings) -> Reach:
        person = self._owner(node, bindings)
        if person is not None and node.name in self.reading.computed:
            return self.named(node.name, person)
        value = self.reading.value(node, bindings)
        return of_type(node.type, blank=True) if value is None else exactly(value, node.type)

    def _parameter(self, node: Node, bindings: Bindings) -> Reach:
        table = self.reading.table(node.name)
        keys = [self.of(arg, bindings) for arg in node.args]
        if table is not None and not keys:
            return listed(table, node) if isinstance(node.type, List) else exactly(table, node.type)
        if table is None:
            return not_set(node.type)
        if isinstance(node.type, List) or not all(isinstance(key, frozenset) for key in keys):
            return of_type(node.type, blank=True)
        cells = [
            None if None in one else table.get(one[0] if len(one) == 1 else one)
            for one in product(*(key for key in keys if isinstance(key, frozenset)))
        ]
        return one_of([None if cell is None else exactly(cell, node.type) for cell in cells], node.type)

    def _size_table(self, node: Node, bindings: Bindings) -> Reach:
        table, size = self.reading.table(node.name), self.of(node.args[0], bindings)
        if table is None:
            return not_set(node.type)
        if not isinstance(size, Span) or size.hi - size.lo > MOST_CELLS:
            return of_type(node.type, blank=True)
        cells = [runtime.size_table(table, n) for n in range(size.lo, size.hi + 1)]
        return one_of([None if cell is None else Span(cell, cell, size.blank) for cell in cells], node.type)

    def _marginal(self, node: Node, bindings: Bindings) -> Reach:
        brackets, amount = self.reading.table(node.name), self.of(node.args[0], bindings)
        if brackets is None:
            return not_set(node.type)
        if not isinstance(amount, Span) or any(rate < 0 for _, rate in brackets):
            return of_type(node.type, blank=True)
        return mapped(amount, lambda value: runtime.marginal(brackets, value))

    # --- numbers ----------------------------------------------------------------------------------------

    def _corners(self, node: Node, bindings: Bindings) -> Reach:
        """An operation that rises or falls with each operand all the way: its ends lie at theirs."""
        spans = [self.of(arg, bindings) for arg in node.args]
        found: list[Any] = []
        for corner in product(*(ends(span) for span in spans)):
            value = None if None in corner else STRICT[node.op](node, *corner)
            if value is None:
                return of_type(node.type, blank=True)
            found.append(value)
        return Span(min(found), max(found), any(isinstance(span, Span) and span.blank for span in spans))

    _add = _subtract = _multiply = _negate = _scale = _round = _least = _greatest = _corners
    _months_between = _years_between = _days_between = _seconds_between = _corners
    _add_months = _add_seconds = _month_start = _corners

    def _divide(self, node: Node, bindings: Bindings) -> Reach:
        divisor = self.of(node.args[1], bindings)
        if not isinstance(divisor, Span) or divisor.lo <= 0 <= divisor.hi:
            return of_type(node.type, blank=True)
        return self._corners(node, bindings)

    def _absolute(self, node: Node, bindings: Bindings) -> Reach:
        inner = self.of(node.args[0], bindings)
        if not isinstance(inner, Span):
            return of_type(node.type, blank=True)
        sizes = abs(inner.lo), abs(inner.hi)
        return Span(0 if inner.lo <= 0 <= inner.hi else min(sizes), max(sizes), inner.blank)

    # --- truth ------------------------------------------------------------------------------------------

    def _compare(self, node: Node, bindings: Bindings) -> Reach:
        left, right = node.args
        if getattr(left.type, "decimals", None) == getattr(right.type, "decimals", None):
            a, b = self.of(left, bindings), self.of(right, bindings)
        else:
            a, b = self._true(left, bindings), self._true(right, bindings)
        if isinstance(a, Anything) or isinstance(b, Anything):
            return OPEN_TRUTHS if may_stay(a) or may_stay(b) else TRUTHS
        if isinstance(a, frozenset) and isinstance(b, frozenset):
            return same(a, b, node.op == "equal")
        if not (isinstance(a, Span) and isinstance(b, Span)):
            return OPEN_TRUTHS
        stays: Choices = frozenset({None}) if a.blank or b.blank else frozenset()
        if node.op in ("equal", "unequal"):
            if a.hi < b.lo or b.hi < a.lo:
                return frozenset({node.op == "unequal"}) | stays
            return TRUTHS | stays if a.lo != a.hi or b.lo != b.hi else frozenset({node.op == "equal"}) | stays
        return frozenset(COMPARE[node.op](x, y) for x, y in ((a.lo, b.hi), (a.hi, b.lo))) | stays

    _equal = _unequal = _less = _at_most = _more = _at_least = _compare

    def _true(self, node: Node, bindings: Bindings) -> Reach:
        """A number's reach in the mathematical sense: decimals play no part in a comparison."""
        found = self.of(node, bindings)
        if isinstance(found, Span):
            return Span(true_value(node, found.lo), true_value(node, found.hi), found.blank)
        return found

    def _and(self, node: Node, bindings: Bindings) -> Reach:
        return kleene((self.of(arg, bindings) for arg in node.args), False)

    def _or(self, node: Node, bindings: Bindings) -> Reach:
        return kleene((self.of(arg, bindings) for arg in node.args), True)

    def _between(self, node: Node, bindings: Bindings) -> Reach:
        return kleene((self.of(arg, bindings) for arg in node.args[1:]), False)

    def _in(self, node: Node, bindings: Bindings) -> Reach:
        value, *tests = node.args
        choices = [test.args[1].value for test in tests if _is_choice(test, value)]
        found = self.of(value, bindings) if len(choices) == len(tests) else None
        if not isinstance(found, frozenset):
            return kleene((self.of(arg, bindings) for arg in tests), True)
        return frozenset([one in choices if one is not None else None for one in found])

    def _not(self, node: Node, bindings: Bindings) -> Reach:
        return frozenset(runtime.opposite(truth) for truth in truths_of(self.of(node.args[0], bindings)))

    def _if(self, node: Node, bindings: Bindings) -> Reach:
        condition = truths_of(self.of(node.args[0], bindings))
        ways = [arg for truth, arg in zip((True, False), node.args[1:], strict=True) if truth in condition]
        if None in condition:
            ways = list(node.args[1:])
        reaches = [self._in_form(node, way, bindings) for way in ways]
        if isinstance(node.type, List):
            return reaches[0] if len(reaches) == 1 else ANYTHING
        return hull(reaches, None in condition)

    def _in_form(self, node: Node, branch: Node, bindings: Bindings) -> Reach:
        """A branch's reach in the form of the whole: fractions where the other branch is a quotient."""
        return self._true(branch, bindings) if isinstance(node.type, Ratio) else self.of(branch, bindings)

    # --- lists ------------------------------------------------------------------------------------------

    def members(self, node: Node, bindings: Bindings) -> Members | None:
        found = self.of(node, bindings)
        return found if isinstance(found, Members) else None

    def bound(self, node: Node, entry: Any, bindings: Bindings) -> Bindings:
        """The bindings for the body of a quantifier, filter or `for`, for one entry of its list."""
        assert isinstance(node.args[0].type, List)
        if not isinstance(node.args[0].type.item, Record):
            entry = plain(entry)
        return {**bindings, node.value: entry}

    def _with(self, node: Node, entry: Any, bindings: Bindings) -> Reach:
        return self.of(node.args[1], self.bound(node, entry, bindings))

    def _filter(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        if found is None:
            return ANYTHING
        sure, maybe, blank = [], [], found.blank
        for surely, entries in ((True, found.sure), (False, found.maybe)):
            for entry in entries:
                truths = truths_of(self._with(node, entry, bindings))
                blank = blank or None in truths
                if truths == {True} and surely:
                    sure.append(entry)
                elif truths != {False}:
                    maybe.append(entry)
        if found.more:
            truths = truths_of(self._with(node, found.further, bindings))
            blank = blank or None in truths
            if truths == {False}:
                return Members(sure, maybe, blank=blank)
        return Members(sure, maybe, found.more, found.further, blank)

    def _map(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        return ANYTHING if found is None else self._bodies(node, found, bindings)

    def _bodies(self, node: Node, of: Members, bindings: Bindings) -> Members:
        sure, maybe = ([self._with(node, entry, bindings) for entry in part] for part in (of.sure, of.maybe))
        further = self._with(node, of.further, bindings) if of.more else ANYTHING
        return Members(sure, maybe, of.more, further, of.blank)

    def _some(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        return OPEN_TRUTHS if found is None else over(self._bodies(node, found, bindings), True)

    def _every(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        return OPEN_TRUTHS if found is None else over(self._bodies(node, found, bindings), False)

    def _any(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        return OPEN_TRUTHS if found is None else over(found, True)

    def _all(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        return OPEN_TRUTHS if found is None else over(found, False)

    def _count(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        if found is None:
            return of_type(node.type, blank=True)
        least = len(found.sure)
        return Span(least, least + len(found.maybe) + found.more, found.blank)

    def _sum(self, node: Node, bindings: Bindings) -> Reach:
        found = self.members(node.args[0], bindings)
        if found is None or not all(isinstance(one, Span) for one in (*found.sure, *found.optional())):
            return of_type(node.type, blank=True)
        lo, hi = (sum(getattr(one, end) for one in found.sure) for end in ("lo", "hi"))
        for one, times in (*((one, 1) for one in found.maybe), (found.further, found.more)):
            if times:
                lo, hi = lo + times * min(one.lo, 0), hi + times * max(one.hi, 0)
        return Span(lo, hi, found.blank or any(one.blank for one in (*found.sure, *found.optional())))

    def _extreme(self, node: Node, bindings: Bindings) -> Reach:
        """Of `min` and `max`: somewhere among the entries, or of none."""
        found = self.members(node.args[0], bindings)
        if found is None:
            return of_type(node.type, blank=True)
        return hull([*found.sure, *found.optional()], found.blank or not found.sure)

    _min = _max = _extreme

    def _list(self, node: Node, bindings: Bindings) -> Reach:
        return Members([self.of(arg, bindings) for arg in node.args], ())

    def _all_but(self, node: Node, bindings: Bindings) -> Reach:
        value = self.reading.value(node, bindings)
        return ANYTHING if value is None or value[1] else listed(value, node)

    # --- policies ---------------------------------------------------------------------------------------

    def _outcome(self, node: Node, bindings: Bindings) -> Reach:
        concerns = self.truths(node.args[0], bindings)
        if concerns == {False}:
            return frozenset({NOT_CONCERNED})
        parts = [concerns, *(self.truths(arg, bindings) for arg in node.args[1:])]
        return frozenset(outcome(*truths) for truths in product(*parts))

    def _is_eligible(self, node: Node, bindings: Bindings) -> Reach:
        found = self.of(node.args[0], bindings)
        return frozenset(is_eligible(one) for one in found) if isinstance(found, frozenset) else OPEN_TRUTHS


def _is_choice(test: Node, value: Node) -> bool:
    """Is this test of an `in` one plain choice?"""
    return test.op == "equal" and test.args[0] is value and test.args[1].op == "const"


_HANDLERS: dict[str, Callable[[Reaches, Node, Bindings], Reach]] = {
    name[1:]: getattr(Reaches, name)
    for name in dir(Reaches)
    if name[1:] in STRICT or hasattr(Interpreter, name)
}
