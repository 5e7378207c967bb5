"""Reaches where some conditions are taken to hold, or not to: what else must then be so, and whether it can be.

A clause is looked at as if the other clauses of its policy held: whether it turns the policy shows only then.
What two policies ask in the same words is one condition, so a household that must own no car here owns none there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from engine.language.compile import Program
from engine.language.interpret import Bindings, Interpreter
from engine.language.reach import SURE, Reach, Span, is_single, truths_of
from engine.language.reaches import Reaches
from engine.language.scope import SUBJECT
from engine.language.tree import Keys, Node, free_variables, walk

Claim = tuple[Node, Bindings, bool]
_READ = frozenset({"fact", "field", "value", "computed", "parameter"})
_ORDERED = frozenset({"less", "at_most", "more", "at_least"})


class Alike(Keys):
    """Numbers that are equal for named values of a program that compute the same thing, whatever their names."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.computed = program.places.computed
        self._named: dict[str, tuple[int, bool]] = {}
        self._readers: dict[str, list[str]] = {}  # of every name: the values that read it directly
        for one in program.computed:
            for name in {node.name for node in walk(one.node) if node.op in _READ}:
                self._readers.setdefault(name, []).append(one.name)
        reads = {
            (node.name, node.args)
            for one in program.computed
            for node in walk(one.node)
            if node.op == "parameter"
        }
        times = Counter(name for name, _ in reads)
        self.cells = {name for name, keys in reads if times[name] == 1 and not any(map(free_variables, keys))}
        self._touched: dict[str | int, frozenset[str]] = {}

    def touched(self, what: str | int) -> frozenset[str]:
        """The values that hang on a name, or on all values of a number, through whatever names."""
        found = self._touched.get(what)
        if found is None:
            alike = (
                [what] if isinstance(what, str) else [n for n in self.computed if self.named(n)[0] == what]
            )
            waiting, seen = list(alike), set[str]()
            while waiting:
                for reader in self._readers.get(waiting.pop(), ()):
                    if reader not in seen:
                        seen.add(reader)
                        waiting.append(reader)
            found = self._touched[what] = frozenset(seen.union(alike))
        return found

    def of(self, node: Node) -> int:
        if node.op in ("value", "computed") and node.name in self.computed:
            own = node.op == "value" or (node.args[0].op == "variable" and node.args[0].name == SUBJECT)
            if own:
                return self.named(node.name)[0]
        return super().of(node)

    def named(self, name: str) -> tuple[int, bool]:
        """The number of a computed value, and whether it hangs on the person whom it is of."""
        found = self._named.get(name)
        if found is None:
            node = self.computed[name].node
            found = self._named[name] = (self.of(node), SUBJECT in free_variables(node))
        return found


def alike_of(program: Program) -> Alike:
    """Made once for a program."""
    alike = _ALIKE.get(program)
    if alike is None:
        alike = _ALIKE[program] = Alike(program)
    return alike


_ALIKE: WeakKeyDictionary[Program, Alike] = WeakKeyDictionary()


class Assumptions:
    """Conditions that are taken to hold or not, with what follows from them at once."""

    def __init__(self, before: Reaches) -> None:
        self.before = before  # may hold assumptions of its own
        self.alike = alike_of(before.reading.program)
        self.computed = before.reading.computed
        self.claims: list[Claim] = []
        self.truths: dict[tuple[int, int], bool] = {}  # of named values, by number and person
        self.facts: dict[tuple[str, int], Any] = {}  # by name and person
        self.wrong = False  # two of them contradict each other

    def copy(self) -> Assumptions:
        made = Assumptions(self.before)
        made.claims, made.truths, made.facts = self.claims[:], dict(self.truths), dict(self.facts)
        made.wrong = self.wrong
        return made

    def suppose(self, node: Node, bindings: Bindings, truth: bool) -> None:
        """Takes a condition to have a truth. Nothing is supposed of one that may stay unknown."""
        truths = self.before.truths(node, bindings)
        if None in truths or truths == SURE[truth]:
            return
        if truth not in truths:
            self.wrong = True
        self.claims.append((node, bindings, truth))
        follow = _FOLLOWS.get(node.op)
        if follow is not None:
            follow(self, node, bindings, truth)

    def _named(self, node: Node, bindings: Bindings, truth: bool) -> None:
        person = _person(node, bindings)
        if person is None:
            return
        if node.name not in self.computed:
            self._fact(node.name, person, truth)
            return
        number, of_subject = self.alike.named(node.name)
        key = (number, person if of_subject else -1)
        if key in self.truths:
            self.wrong = self.wrong or self.truths[key] is not truth
            return
        self.truths[key] = truth
        self.suppose(self.computed[node.name].node, {} if person < 0 else {SUBJECT: person}, truth)

    def _told(self, node: Node, bindings: Bindings, truth: bool) -> None:
        person = _person(node, bindings)
        if person is not None:
            self._fact(node.name, person, truth)

    def _fact(self, name: str, person: int, value: Any) -> None:
        if self.facts.setdefault((name, person), value) != value:
            self.wrong = True

    def _not(self, node: Node, bindings: Bindings, truth: bool) -> None:
        self.suppose(node.args[0], bindings, not truth)

    def _and(self, node: Node, bindings: Bindings, truth: bool) -> None:
        self._kleene(node, bindings, truth, False)

    def _or(self, node: Node, bindings: Bindings, truth: bool) -> None:
        self._kleene(node, bindings, truth, True)

    def _kleene(self, node: Node, bindings: Bindings, truth: bool, decisive: bool) -> None:
        """All of them, or the only one that can decide."""
        if truth is not decisive:
            for arg in node.args:
                self.suppose(arg, bindings, truth)
            return
        can = [arg for arg in node.args if decisive in self.before.truths(arg, bindings)]
        if len(can) == 1:
            self.suppose(can[0], bindings, decisive)

    def _if(self, node: Node, bindings: Bindings, truth: bool) -> None:
        condition, *branches = node.args
        taken = [
            (way, branch)
            for way, branch in zip((True, False), branches, strict=True)
            if way in self.before.truths(condition, bindings)
            and truth in self.before.truths(branch, bindings)
        ]
        if len(taken) == 1:
            ((way, branch),) = taken
            self.suppose(condition, bindings, way)
            self.suppose(branch, bindings, truth)

    def _is_eligible(self, node: Node, bindings: Bindings, truth: bool) -> None:
        (read,) = node.args
        if read.op not in ("value", "computed") or read.name not in self.computed:
            return
        person = _person(read, bindings)
        if person is None:
            return
        inner: Bindings = {} if person < 0 else {SUBJECT: person}
        concerns, closed, eligible, discretion = self.computed[read.name].node.args
        if truth:
            parts = ((concerns, True), (closed, False), (eligible, True), (discretion, False))
            for part, holds in parts:
                self.suppose(part, inner, holds)
        elif (
            self.before.truths(concerns, inner) == SURE[True]
            and self.before.truths(closed, inner) == SURE[False]
        ):
            self.suppose(eligible, inner, False)

    def _equal(self, node: Node, bindings: Bindings, truth: bool) -> None:
        fact, value = node.args
        if truth and fact.op in ("fact", "field") and value.op == "const":
            person = _person(fact, bindings)
            if person is not None:
                self._fact(fact.name, person, value.value)


def _person(node: Node, bindings: Bindings) -> int | None:
    """Whose a name is (-1: the household's); None where the tree does not say."""
    if not node.args:
        return -1
    (record,) = node.args
    person = bindings.get(record.name) if record.op == "variable" else None
    return person if isinstance(person, int) else None


_FOLLOWS: Mapping[str, Callable[[Assumptions, Node, Bindings, bool], None]] = {
    "value": Assumptions._named,
    "computed": Assumptions._named,
    "fact": Assumptions._told,
    "field": Assumptions._told,
    "not": Assumptions._not,
    "and": Assumptions._and,
    "or": Assumptions._or,
    "if": Assumptions._if,
    "is_eligible": Assumptions._is_eligible,
    "equal": Assumptions._equal,
}


class Narrowed(Reaches):
    """The reaches where a parameter that nobody has set lies in a narrower range; named values are as before."""

    def __init__(self, before: Reaches, cells: Mapping[str, Span]) -> None:
        super().__init__(before.reading, before.elsewhere)
        self.before, self.cells = before, cells

    def named(self, name: str, person: int = -1) -> Reach:
        return self.before.named(name, person)


class Assumed(Reaches):
    """The reaches under assumptions. What was settled before is taken over."""

    def __init__(self, assumptions: Assumptions, reading: Interpreter, cells: Mapping[str, Span]) -> None:
        """`reading`: with the facts that are assumed."""
        super().__init__(reading, assumptions.before.elsewhere)
        self.before, self.cells = assumptions.before, {**assumptions.before.cells, **cells}
        self._truths, alike = assumptions.truths, assumptions.alike
        self._named = alike.named
        names = ({number for number, _ in self._truths}, (name for name, _ in assumptions.facts), cells)
        self._touched = frozenset[str]().union(*(alike.touched(one) for some in names for one in some))

    def named(self, name: str, person: int = -1) -> Reach:
        found = self.known.get((name, person))
        if found is None:
            found = self.before.named(name, person)
            if name in self._touched and not is_single(found):
                number, of_subject = self._named(name)
                truth = self._truths.get((number, person if of_subject else -1))
                found = self.read(name, person) if truth is None else SURE[truth]
            self.known[name, person] = found
        return found


def _cell_of(operand: Node, before: Reaches) -> Node | None:
    """The one parameter in an operand that nobody has set, when it is the same for the whole household."""
    open_ones = {
        node.name: node
        for node in walk(operand)
        if node.op == "parameter" and before.parameters[before.reading.parameter_slots[node.name]] is None
    }
    if len(open_ones) != 1:
        return None
    ((name, node),) = open_ones.items()
    return node if name in alike_of(before.reading.program).cells else None


def narrowed(before: Reaches, claim: Claim) -> tuple[str, Span] | None:
    """The range that is left to a parameter by a comparison that has this truth; None: all of it."""
    node, bindings, truth = claim
    if node.op not in _ORDERED:
        return None
    cells = [cell for cell in (_cell_of(arg, before) for arg in node.args) if cell is not None]
    if len(cells) != 1:
        return None
    key, whole = cells[0].name, before.of(cells[0], bindings)
    if not isinstance(whole, Span) or not isinstance(whole.lo, int) or not isinstance(whole.hi, int):
        return None

    def possible(lo: int, hi: int) -> bool:
        return truth in truths_of(Narrowed(before, {key: Span(lo, hi)}).of(node, bindings))

    low, most = whole.lo, whole.hi
    while low < most:  # nothing below `low` is possible
        middle = (low + most) // 2
        low, most = (low, middle) if possible(whole.lo, middle) else (middle + 1, most)
    high, least = whole.hi, low
    while least < high:  # nothing above `high` is possible
        middle = (least + high + 1) // 2
        least, high = (middle, high) if possible(middle, whole.hi) else (least, middle - 1)
    return None if (low, high) == (whole.lo, whole.hi) else (key, Span(low, high))


def holds(assumed: Reaches, claims: Iterable[Claim]) -> bool:
    """Can all of this be so at once? Each is looked at by what it is made of."""
    return all(truth in truths_of(assumed.of(node, bindings)) for node, bindings, truth in claims)
