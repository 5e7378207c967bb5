"""Can a missing fact turn a policy? Only where the rest of its conditions let it.

A clause of several that must all hold turns them only while the others hold, one of several of which one is enough
only while the others do not. What does not hang on the fact is the same whatever the fact is, so it is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.language.assumed import Assumed, Assumptions, Claim, holds, narrowed
from engine.language.interpret import Bindings, Interpreter
from engine.language.reach import Span, truths_of
from engine.language.reaches import Reaches
from engine.language.scope import SUBJECT
from engine.language.tree import Node
from engine.language.unknowns import turning
from engine.language.walks import Missing

Key = tuple[str, str, int]  # kind, name and person of what is missing
Facts = Mapping[tuple[str, int], Any]  # by name and person
Reading = Callable[[Facts], Interpreter]  # where these are known as well
NO_FACTS: Facts = {}


class Sensitive:
    """For the findings of one household."""

    def __init__(self, before: Reaches, reading: Reading) -> None:
        self._reading = reading
        self._all = _Conditions(before, reading)

    def look(
        self, found: Sequence[Missing], node: Node, bindings: Bindings
    ) -> tuple[tuple[Missing, ...], bool]:
        """What can turn an outcome (of `found`), as far as the other conditions let it; can it still be eligible?"""
        concerns, closed, eligible, discretion = node.args
        under = self._all
        assumptions = Assumptions(under.before)
        assumptions.suppose(concerns, bindings, True)
        assumptions.suppose(closed, bindings, False)
        if assumptions.claims:
            under = _Conditions(under.assumed(assumptions), self._reading, assumptions.facts)
        opening = Assumptions(under.before)
        opening.suppose(eligible, bindings, True)
        may = under.possible(opening)
        left = []
        for one in found:
            key = (one.kind, one.name, one.person)
            beside = (concerns, closed, discretion) if may else (concerns, closed)
            if any(self._all.lacks(key, part, bindings) for part in beside) or (
                may and under.can_turn(key, eligible, bindings)
            ):
                left.append(one)
        return tuple(left), may


class _Conditions:
    """The conditions of policies, and what they make of each other."""

    def __init__(self, before: Reaches, reading: Reading, facts: Facts = NO_FACTS) -> None:
        self.before, self.reading, self.facts = before, reading, facts
        self.computed = before.reading.computed
        self._ranges: dict[tuple[int, int, bool], tuple[str, Span] | None] = {}
        self._lacking: dict[tuple[int, int], frozenset[Key]] = {}

    # --- assumptions ------------------------------------------------------------------------------------

    def assumed(self, assumptions: Assumptions) -> Assumed:
        cells: dict[str, Span] = {}
        for claim in assumptions.claims:
            found = self._range(claim)
            if found is not None:
                key, span = found
                other = cells.get(key) or self.before.cells.get(key, span)
                assert isinstance(other, Span)
                cells[key] = Span(max(span.lo, other.lo), min(span.hi, other.hi))
        assumptions.wrong = assumptions.wrong or any(span.lo > span.hi for span in cells.values())
        facts = {**self.facts, **assumptions.facts}
        reading = self.reading(facts) if assumptions.facts else self.before.reading
        return Assumed(assumptions, reading, cells)

    def _range(self, claim: Claim) -> tuple[str, Span] | None:
        node, bindings, truth = claim
        if bindings.keys() - {SUBJECT}:
            return None
        key = (id(node), bindings.get(SUBJECT, -1), truth)
        if key not in self._ranges:
            self._ranges[key] = narrowed(self.before, claim)
        return self._ranges[key]

    def possible(self, assumptions: Assumptions) -> bool:
        if assumptions.wrong:
            return False
        assumed = self.assumed(assumptions)
        return not assumptions.wrong and holds(assumed, assumptions.claims)

    # --- one fact ---------------------------------------------------------------------------------------

    def can_turn(self, key: Key, node: Node, bindings: Bindings) -> bool:
        assumptions = Assumptions(self.before)
        if not self._turned(key, node, bindings, assumptions):
            return False
        if assumptions.wrong:
            return False
        if not assumptions.claims:
            return True
        assumed = self.assumed(assumptions)
        if assumptions.wrong or not holds(assumed, assumptions.claims):
            return False
        return key in _keys(turning(assumed, node, bindings))

    def lacks(self, key: Key, node: Node, bindings: Bindings) -> bool:
        """May the value be another one when this becomes known?"""
        if bindings.keys() - {SUBJECT}:
            return True
        place = (id(node), bindings.get(SUBJECT, -1))
        if place not in self._lacking:
            self._lacking[place] = _keys(turning(self.before, node, bindings))
        return key in self._lacking[place]

    def _turned(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        """What must be so where this turns the node from true to false; False: it never does."""
        follow = _TURNED.get(node.op)
        return follow is None or follow(self, key, node, bindings, assumptions)

    def _of_outcome(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        concerns, closed, eligible, discretion = node.args
        if any(self.lacks(key, part, bindings) for part in (concerns, closed, discretion)):
            return True
        assumptions.suppose(concerns, bindings, True)
        assumptions.suppose(closed, bindings, False)
        return self._turned(key, eligible, bindings, assumptions)

    def _is_eligible(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        (read,) = node.args
        inner = _inner(read, bindings) if read.name in self.computed else None
        if inner is None:
            return True
        return self._of_outcome(key, self.computed[read.name].node, inner, assumptions)

    def _named(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        inner = _inner(node, bindings) if node.name in self.computed else None
        return inner is None or self._turned(key, self.computed[node.name].node, inner, assumptions)

    def _not(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        return self._turned(key, node.args[0], bindings, assumptions)

    def _and(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        return self._kleene(key, node, bindings, assumptions, True)

    def _or(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        return self._kleene(key, node, bindings, assumptions, False)

    def _kleene(
        self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions, neutral: bool
    ) -> bool:
        hanging = [arg for arg in node.args if self.lacks(key, arg, bindings)]
        for arg in node.args:
            if not self.lacks(key, arg, bindings):
                assumptions.suppose(arg, bindings, neutral)
        if len(hanging) == 1:
            return self._turned(key, hanging[0], bindings, assumptions)
        neutrally = assumptions.copy()
        for arg in hanging:
            neutrally.suppose(arg, bindings, neutral)
        return self.possible(neutrally)

    def _if(self, key: Key, node: Node, bindings: Bindings, assumptions: Assumptions) -> bool:
        condition, *branches = node.args
        if self.lacks(key, condition, bindings):
            return True
        hanging = [
            (truth, branch)
            for truth, branch in zip((True, False), branches, strict=True)
            if truth in truths_of(self.before.of(condition, bindings)) and self.lacks(key, branch, bindings)
        ]
        if len(hanging) != 1:
            return bool(hanging)
        ((truth, branch),) = hanging
        assumptions.suppose(condition, bindings, truth)
        return self._turned(key, branch, bindings, assumptions)


_TURNED: dict[str, Callable[[_Conditions, Key, Node, Bindings, Assumptions], bool]] = {
    "outcome": _Conditions._of_outcome,
    "is_eligible": _Conditions._is_eligible,
    "value": _Conditions._named,
    "computed": _Conditions._named,
    "not": _Conditions._not,
    "and": _Conditions._and,
    "or": _Conditions._or,
    "if": _Conditions._if,
}


def _inner(node: Node, bindings: Bindings) -> Bindings | None:
    if not node.args:
        return {}
    (record,) = node.args
    person = bindings.get(record.name) if record.op == "variable" else None
    return {SUBJECT: person} if isinstance(person, int) else None


def _keys(found: Sequence[Missing]) -> frozenset[Key]:
    return frozenset((one.kind, one.name, one.person) for one in found)
