"""A household at one moment: its inputs, the rules in force and everything computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.decision.document import Household
from engine.decision.inputs import Inputs
from engine.decision.model import STATUSES
from engine.decision.plan import Given, Plan, PolicyPlan, StatusPlaces, Variant
from engine.decision.shapes import unknown_in
from engine.decision.turning import Turning, inputs_with
from engine.decision.variants import alone, unconfirmed
from engine.language import outcomes
from engine.language.compile import Compiled
from engine.language.reaches import Reaches
from engine.language.types import Number, to_plain
from engine.rulebook.in_force import ParametersOn
from engine.rulebook.model import Conflict, Rulebook


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run of a compiled program gave."""

    compiled: Compiled
    own: Sequence[Any]
    rows: Sequence[Sequence[Any]]

    def value(self, name: str, index: int) -> Any:
        if index < 0:
            return self.own[self.compiled.own_place[name]]
        return self.rows[index][self.compiled.person_place[name]]


def run_variant(
    variant: Variant,
    inputs: Inputs,
    own: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    parameters: Sequence[Any],
    on: int,
) -> Answer:
    """Runs a program over a household, with the computed values that it takes as given: `own` and a row per person."""
    people = [[*row, *given] for row, given in zip(inputs.people, rows, strict=True)]
    return Answer(variant.compiled, *variant.compiled.run([*inputs.household, *own], people, parameters, on))


def _with_statuses(names: Sequence[str], row: Sequence[Any], held: bool) -> list[Any]:
    """A row of inputs where every status that nothing is said about is held, or not."""
    pairs = zip(names, row, strict=True)
    return [held if value is None and name.endswith(".held") else value for name, value in pairs]


class Situation:
    """`own` and `rows` are the computed values of the household and of the people, in the plan's order.

    The lazy reading is made when something asks for it: most decisions need none.
    """

    def __init__(
        self,
        book: Rulebook,
        household: Household,
        on: int,
        known: int,
        plan: Plan,
        parameters: ParametersOn,
        inputs: Inputs,
        own: Sequence[Any],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        self.book, self.household, self.on, self.known = book, household, on, known
        self.plan, self.parameters, self.inputs = plan, parameters, inputs
        self.own, self.rows = own, rows
        self._turning: Turning | None = None
        self._without: Answer | None = None
        self._computed_only: tuple[frozenset[str], list[frozenset[str]]] | None = None
        self.monthly: Any = None  # the month's amounts, kept here by `engine.decision.amounts`

    # --- the lazy reading -------------------------------------------------------------------------------

    def open(self) -> Turning:
        """What can still become of the findings."""
        if self._turning is None:
            self._turning = Turning(
                self.book, self.plan, self.inputs, self.parameters.values, self.on, self.value
            )
        return self._turning

    def reaches(self) -> Reaches:
        return self.open().reaches

    # --- other facts, other statuses --------------------------------------------------------------------

    def with_fact(self, policy: str, fact: str, person: int, value: Any) -> Answer:
        """One policy decided again with one fact changed, of the household (person -1) or of a person."""
        if fact == STATUSES:
            plan = self.plan.decide
            household: Sequence[Any] = _with_statuses(plan.household, self.inputs.household, value)
            people: Sequence[Sequence[Any]] = [
                _with_statuses(plan.person, row, value) for row in self.inputs.people
            ]
        else:
            household, people = inputs_with(self.plan, self.inputs, fact, person, value)
        compiled = alone(self.book, self.plan, policy)
        return Answer(compiled, *compiled.run(household, people, self.parameters.values, self.on))

    def value(self, name: str, index: int) -> Any:
        """One computed value, of the household (index -1) or of a person."""
        if index < 0:
            return self.own[self.plan.run_decide.own_place[name]]
        return self.rows[index][self.plan.run_decide.person_place[name]]

    def given(self, names: Given) -> tuple[Sequence[Any], list[Sequence[Any]]]:
        """The computed values that a variant takes: the household's, and a row per person."""
        return names.take_own(self.own), [names.take_people(row) for row in self.rows]

    def told(self, fact: str, person: int) -> Any:
        """What the document says of a fact on the day, of the household (person -1) or of a person."""
        if person < 0:
            return self.inputs.household[self.plan.own_input[fact]]
        return self.inputs.people[person][self.plan.person_input[fact]]

    def computed_only(self, policies: frozenset[str], index: int) -> frozenset[str]:
        """Those of some policies that are eligible by computation and not on record, for the one it concerns."""
        if self._computed_only is None:
            self._computed_only = self._all_computed_only()
        own, people = self._computed_only
        found = policies & own
        for i in range(len(people)) if index < 0 else (index,):
            found |= policies & people[i]
        return found

    def _all_computed_only(self) -> tuple[frozenset[str], list[frozenset[str]]]:
        """The household's, and each person's."""
        own, people = self.plan.statuses_own, self.plan.statuses_people

        def only(places: StatusPlaces, values: Sequence[Any], inputs: Sequence[Any]) -> frozenset[str]:
            return frozenset(
                [
                    one
                    for one, computed, held in places
                    if values[computed] is True and inputs[held] is not True
                ]
            )

        rows = zip(self.rows, self.inputs.people, strict=True)
        return only(own, self.own, self.inputs.household), [only(people, *row) for row in rows]

    def rests_on(self, policy: PolicyPlan, index: int) -> set[str]:
        """Policies whose computed status, not yet on record, carries an eligible finding.

        The rules are run again with statuses on record alone. When the outcome changes, the clauses that change
        say which statuses it was.
        """
        candidates = self.computed_only(policy.statuses, index) if policy.statuses else None
        if not candidates or self._confirmed(f"{policy.policy.id}.outcome", index) == outcomes.ELIGIBLE:
            return set()
        found: set[str] = set()
        for clause in policy.clauses():
            if clause.statuses and self._confirmed(clause.truth, index) != self.value(clause.truth, index):
                found |= clause.statuses & candidates
        return found

    def _confirmed(self, name: str, index: int) -> Any:
        """A value where only statuses on record count."""
        if self._without is None:
            without = unconfirmed(self.book, self.plan)
            self._without = run_variant(
                without, self.inputs, *self.given(without.given), self.parameters.values, self.on
            )
        return self._without.value(name, index)

    # --- what is unknown, what is uncertain -------------------------------------------------------------

    def limit(self, conflict: Conflict) -> Any:
        """The limit of a `cap`, as money; None while it is not known."""
        assert conflict.limit is not None
        value = self.own[self.plan.run_decide.own_place[conflict.limit.name]]
        return None if value is None else to_plain(value, Number(self.book.currency["decimals"]))

    def unknown_inputs(self) -> tuple[int, list[int]]:
        """Which facts of the household are not known, and which of each person, by `unknown_in`. Statuses are not facts."""
        own, people = len(self.plan.own_facts), len(self.plan.person_facts)
        return unknown_in(self.inputs.household[:own]), [
            unknown_in(row[:people]) for row in self.inputs.people
        ]

    def plain_list(self, value: tuple[Sequence[Any], Sequence[Any]]) -> Any:
        """A list for people to read: person ids; null while its members are undecided."""
        sure, maybe = value
        if maybe:
            return None
        return [self.household.people[one].person_id if type(one) is int else list(one) for one in sure]
