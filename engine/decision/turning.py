"""What is missing for the findings of one household, and what they can still become."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from engine.decision.inputs import Inputs
from engine.decision.plan import Plan
from engine.decision.reads import readers_of, times_read
from engine.language import outcomes
from engine.language.interpret import Bindings, Interpreter
from engine.language.reach import Reach, truths_of
from engine.language.reaches import Reaches
from engine.language.reaches.names import outcomes_of
from engine.language.scope import SUBJECT
from engine.language.sensitive import Sensitive
from engine.language.supposed import Either, Supposed, Unrefined
from engine.language.tree import Node
from engine.language.types import Boolean
from engine.language.unknowns import Missing, turning, waited_for
from engine.rulebook.model import Field, Rulebook

# A finding with more open facts is free to turn with each of them, as a rule; trying a value costs a decision.
FACTS_AT_MOST = 4
NAMES_AT_MOST = 6  # of a finding of which it is seen what its conditions make of each other
VALUES_TRIED = 8
VALUES_OF_ALL = 24  # for all findings of a household: with many of them open, much is asked about anyway


class Turning:
    """The reading of what is unknown, kept for all findings of a household."""

    def __init__(
        self,
        book: Rulebook,
        plan: Plan,
        inputs: Inputs,
        parameters: Sequence[Any],
        on: int,
        given: Callable[[str, int], Any],
    ) -> None:
        """`given`: the computed values, by name and person (-1: the household)."""
        self.book, self.plan, self.inputs = book, plan, inputs
        self.parameters, self.on, self.given = parameters, on, given
        self.reaches = Reaches(
            Interpreter(plan.decide, inputs.household, inputs.people, parameters, on, given)
        )
        self._unrefined = Unrefined(self.reaches.reading)
        self._eithers: dict[tuple[str, int], Either] = {}
        self._tried_so_far = 0
        self._conditions = Sensitive(self.reaches, self._with_facts)
        self._looked: dict[tuple[str, int], Open] = {}

    def _outcome(self, policy: str, index: int) -> tuple[Node, Bindings]:
        node = self.reaches.reading.computed[f"{policy}.outcome"].node
        return node, {} if index < 0 else {SUBJECT: index}

    def look(self, policy: str, index: int) -> Open:
        """What an undetermined finding hangs on, or what it comes to in any case."""
        found = self._looked.get((policy, index))
        if found is None:
            found = self._looked[policy, index] = self._look(policy, index)
        return found

    def _look(self, policy: str, index: int) -> Open:
        node, bindings = self._outcome(policy, index)
        reach = self.reaches.of(node, bindings)
        may_pay = not isinstance(reach, frozenset) or max(reach) >= outcomes.UNDETERMINED
        whatever = _only(reach)
        if whatever is not None:
            return Open((), may_pay, whatever)
        found = _turning_outcome(self.reaches, node, bindings)
        if self._hang_together(policy, found):
            left, may = self._conditions.look(found, node, bindings)
            may_pay = may_pay and may
            whatever = None if may else self._never_eligible(policy, bindings)
            if whatever is not None:
                return Open((), may_pay, whatever)
            found = left or found
        tried = self._tried(policy, found)
        for either in tried.values():
            whatever = _only(either.of(node, bindings))
            if whatever is not None:
                return Open((), whatever >= outcomes.UNDETERMINED, whatever)
        if tried:
            telling = (one for one in found if _tells(one, tried.get(one), node, bindings))
            found = _left(tuple(telling) or found, tried, node, bindings)
        return Open(found or waited_for(self._unrefined, node, bindings), may_pay)

    def _hang_together(self, policy: str, found: Sequence[Missing]) -> bool:
        """Is something that a finding lacks read in several places, so that its conditions hang together?

        Of a finding that lacks little: of others each name can turn it, as a rule.
        """
        if len(found) > NAMES_AT_MOST:
            return False
        several = times_read(self.book, self.plan, f"{policy}.outcome")
        return any(several.get(one.name, 0) > 1 for one in found)

    def _never_eligible(self, policy: str, bindings: Bindings) -> int | None:
        """The outcome of a policy whose conditions exclude each other, when there is but one left."""
        parts = self.reaches.reading.computed[f"{policy}.outcome"].node.args
        concerns, closed, eligible, discretion = (self.reaches.truths(part, bindings) for part in parts)
        return _only(outcomes_of(concerns, closed, eligible - {True}, discretion))

    def _with_facts(self, facts: Mapping[tuple[str, int], Any]) -> Interpreter:
        """The reading where these are known as well, by name and person (-1: the household)."""
        household, people = list(self.inputs.household), [list(row) for row in self.inputs.people]
        for (name, person), value in facts.items():
            if person < 0:
                household[self.plan.own_input[name]] = value
            else:
                people[person][self.plan.person_input[name]] = value
        readers = frozenset[str]().union(*(readers_of(self.book, self.plan, name) for name, _ in facts))
        return Interpreter(self.plan.decide, household, people, self.parameters, self.on, self.given, readers)

    def _tried(self, policy: str, found: Sequence[Missing]) -> dict[Missing, Either]:
        """Choices that are read in several places, with what is left open when each is known, whichever it is.

        Of a finding with few open facts, those with the fewest values.
        """
        if sum(one.kind == "fact" for one in found) > FACTS_AT_MOST:
            return {}
        several = times_read(self.book, self.plan, f"{policy}.outcome")
        choices = {one: self._choices(one) for one in found if several.get(one.name, 0) > 1}
        tried: dict[Missing, Either] = {}
        left = VALUES_TRIED
        for one, values in sorted(choices.items(), key=lambda pair: len(pair[1])):
            known = (one.name, one.person) in self._eithers
            if 0 < len(values) <= left and (known or self._tried_so_far + len(values) <= VALUES_OF_ALL):
                tried[one], left = self._either(one, values), left - len(values)
        return tried

    def _either(self, one: Missing, values: Sequence[Any]) -> Either:
        key = (one.name, one.person)
        if key not in self._eithers:
            self._tried_so_far += len(values)
            self._eithers[key] = Either(self.reaches, [self._supposed(one, value) for value in values])
        return self._eithers[key]

    def _choices(self, one: Missing) -> Sequence[Any]:
        """Every value of a choice; of a list in which one choice alone is unknown, the list with each."""
        fact = self.book.facts.get(one.name)
        if one.kind != "fact" or fact is None:
            return ()
        if not fact.items:
            return _values_of(fact.value)
        row, slots = (
            (self.inputs.household, self.plan.own_input)
            if one.person < 0
            else (self.inputs.people[one.person], self.plan.person_input)
        )
        entries = row[slots[one.name]]
        if entries is None:
            return ()
        open_fields = [
            (i, field)
            for i, entry in enumerate(entries[0])
            for field, value in enumerate(entry)
            if value is None
        ]
        if len(open_fields) != 1:
            return ()
        i, field = open_fields[0]
        before, entry, after = entries[0][:i], entries[0][i], entries[0][i + 1 :]
        return [
            ([*before, (*entry[:field], value, *entry[field + 1 :]), *after], ())
            for value in _values_of(fact.items[field])
        ]

    def _supposed(self, one: Missing, value: Any) -> Supposed:
        household, people = inputs_with(self.plan, self.inputs, one.name, one.person, value)
        readers = readers_of(self.book, self.plan, one.name)
        reading = Interpreter(
            self.plan.decide, household, people, self.parameters, self.on, self.given, readers
        )
        return Supposed(reading, self.reaches, readers)


class Open(msgspec.Struct, frozen=True, gc=False):
    """What an undetermined finding lacks; or the outcome that it has however the missing facts turn out.

    Then known facts settle it, although the three-valued reading, by which every household is decided, does not
    see it: it does not see that two conditions hang on the same fact, or that no income would be low enough.
    """

    missing: tuple[Missing, ...]
    may_pay: bool  # it can still be anything but a refusal
    whatever: int | None = None


def _only(reach: Reach) -> int | None:
    """The outcome, when there is but one left."""
    if not isinstance(reach, frozenset) or len(reach) > 1 or outcomes.UNDETERMINED in reach:
        return None
    outcome: int = next(iter(reach))
    return outcome


def _turning_outcome(reaches: Reaches, node: Node, bindings: Bindings) -> tuple[Missing, ...]:
    """What can still change an outcome, each once.

    What an officer's discretion hangs on can change it as soon as the policy may be eligible. For others who read
    whether it is, that matters only once it is certain: discretion leaves them with an open status in any case.
    """
    found = turning(reaches, node, bindings)
    _, _, eligible, discretion = node.args
    if True not in truths_of(reaches.of(eligible, bindings)):
        return found
    each = {(one.kind, one.name, one.person): one for one in found}
    for one in turning(reaches, discretion, bindings):
        each.setdefault((one.kind, one.name, one.person), one)
    return tuple(each.values())


def _tells(one: Missing, either: Either | None, node: Node, bindings: Bindings) -> bool:
    """Does the value of a choice matter, where it is seen that one fact is read in several places?"""
    if either is None:
        return True
    first, *others = (supposed.of(node, bindings) for supposed in either.each)
    if any(other != first for other in others):
        return True
    key = (one.name, one.person)
    return any((other.name, other.person) == key for other in _turning_outcome(either, node, bindings))


def _left(
    found: tuple[Missing, ...], tried: Mapping[Missing, Either], node: Node, bindings: Bindings
) -> tuple[Missing, ...]:
    """Those that can still turn the value when one choice among them is known, whichever of its values it has."""
    for one, either in tried.items():
        if len(found) > 1:
            under = {
                (other.kind, other.name, other.person)
                for supposed in either.each
                for other in _turning_outcome(supposed, node, bindings)
            }
            left = [
                other for other in found if other == one or (other.kind, other.name, other.person) in under
            ]
            found = tuple(left)
    return found


def inputs_with(
    plan: Plan, inputs: Inputs, fact: str, person: int, value: Any
) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The inputs with one fact changed, of the household (person -1) or of a person."""
    household, people = list(inputs.household), [list(row) for row in inputs.people]
    if person < 0:
        household[plan.own_input[fact]] = value
    else:
        people[person][plan.person_input[fact]] = value
    return household, people


def _values_of(field: Field) -> Sequence[Any]:
    return (False, True) if isinstance(field.type, Boolean) else tuple(field.choices)
