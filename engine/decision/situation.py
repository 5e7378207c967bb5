"""A household at one moment: its inputs, the rules in force and everything computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.decision.document import Household, Inputs
from engine.decision.plan import Plan, PolicyPlan
from engine.language import outcomes
from engine.language.compile import Computed
from engine.language.interpret import Interpreter
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node
from engine.language.types import BOOLEAN, Number, to_plain
from engine.language.unknowns import Missing, missing
from engine.rulebook.in_force import ParametersOn
from engine.rulebook.model import Conflict, Rulebook

DENIED = Node("const", (), BOOLEAN, value=False)


class Situation:
    """`own` and `columns` are the computed values of the household and of the people, in the plan's order.

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
        columns: Sequence[Sequence[Any]],
    ) -> None:
        self.book, self.household, self.on, self.known = book, household, on, known
        self.plan, self.parameters, self.inputs = plan, parameters, inputs
        self.own, self.columns = own, columns
        self._reading: Interpreter | None = None
        self.monthly: Any = None  # the month's amounts, kept here by `engine.decision.amounts`

    # --- the lazy reading -------------------------------------------------------------------------------

    def reading(self) -> Interpreter:
        if self._reading is None:
            self._reading = self.read_with(self.inputs.household, self.inputs.people)
            self._reading.take(self.plan.run_decide, self.own, self.columns)
        return self._reading

    def read_with(
        self, household: Sequence[Any], people: Sequence[Sequence[Any]], given: Mapping[str, Computed] | None = None
    ) -> Interpreter:
        """The lazy reading over other facts; `given` replaces computed values."""
        reading = Interpreter(self.plan.decide, household, people, self.parameters.values, self.on)
        if given:
            reading.computed = {**reading.computed, **given}
        return reading

    def outcome_with(self, reading: Interpreter, policy: str, index: int) -> int:
        result: int = reading.named(f"{policy}.outcome", index)
        return result

    def missing(self, policy: str, index: int) -> tuple[Missing, ...]:
        """What an undetermined finding hangs on."""
        reading = self.reading()
        node = reading.computed[f"{policy}.outcome"].node
        return missing(reading, node, {} if index < 0 else {SUBJECT: index})

    # --- statuses ---------------------------------------------------------------------------------------

    def rests_on(self, policy: PolicyPlan, index: int) -> list[str]:
        """Policies whose computed status, not yet on record, carries an eligible finding.

        Taken away all together, does the finding fall? Then those that matter alone, or all of them when each
        could stand in for another.
        """
        computed = [name for name in policy.statuses if self._only_computed(name, index)]
        if not computed:
            return []
        name = policy.policy.id
        if self._stands_without(computed, name, index):
            return []
        alone = [one for one in computed if not self._stands_without([one], name, index)]
        return alone or computed

    def _only_computed(self, policy: str, index: int) -> bool:
        eligible, held = f"{policy}.eligible", f"{policy}.held"
        if self.book.policies[policy].unit != PERSON:
            place = self._place(self.plan.run_decide.household, eligible)
            return place >= 0 and self.own[place] is True and self._held(held) is not True
        place = self._place(self.plan.run_decide.person, eligible)
        return place >= 0 and True in self.columns[place]

    @staticmethod
    def _place(names: Sequence[str], name: str) -> int:
        return names.index(name) if name in names else -1

    def _held(self, name: str) -> Any:
        return self.inputs.household[self.plan.decide.household.index(name)]

    def _stands_without(self, statuses: Sequence[str], policy: str, index: int) -> bool:
        given = {
            f"{one}.eligible": Computed(f"{one}.eligible", self.book.policies[one].unit, DENIED) for one in statuses
        }
        reading = self.read_with(self.inputs.household, self.inputs.people, given)
        return self.outcome_with(reading, policy, index) == outcomes.ELIGIBLE

    def limit(self, conflict: Conflict) -> Any:
        """The limit of a `cap`, as money; None while it is not known."""
        assert conflict.limit is not None
        value = self.own[self.plan.run_decide.household.index(conflict.limit.name)]
        return None if value is None else to_plain(value, Number(self.book.currency["decimals"]))

    # --- what is unknown, what is uncertain -------------------------------------------------------------

    def unknown_inputs(self) -> tuple[list[str], list[list[str]]]:
        """Names of the household's facts that are not known, and of each person's."""
        names, person_names = self.plan.decide.household, self.plan.decide.person
        own = [name for name, value in zip(names, self.inputs.household, strict=False) if value is None]
        people = [
            [name for name, value in zip(person_names, row, strict=False) if value is None] if None in row else []
            for row in self.inputs.people
        ]
        return own, people

    def rule_warnings(self, policy: PolicyPlan) -> Sequence[str]:
        """Warnings that rest on the rules and parameters of the day, the same for every household."""
        key = ("warnings", policy.policy.id, policy.version.dated.version, id(self.parameters), self.on > policy.version.verified_until)
        found = self.book.memo.get(key)
        if found is None:
            found = self.book.memo[key] = self._rule_warnings(policy)
        return found  # type: ignore[no-any-return]

    def _rule_warnings(self, policy: PolicyPlan) -> Sequence[str]:
        warnings: set[str] = set()
        for whose, name in policy.inputs:
            if whose != "parameter":
                continue
            row = self.parameters.rows[name]
            if row is None or row.value is None:
                warnings.add("parameter-gap")
            else:
                if row.assumed:
                    warnings.add("assumed")
                if "local-text-needed" in row.cite:
                    warnings.add("local-text-needed")
        if any("local-text-needed" in clause.cite for clause in policy.version.all_clauses()):
            warnings.add("local-text-needed")
        if self.on > policy.version.verified_until:
            warnings.add("not-verified-since")
        return tuple(sorted(warnings))

    def plain_list(self, value: tuple[Sequence[Any], Sequence[Any]]) -> Any:
        """A list for people to read: person ids; null while its members are undecided."""
        sure, maybe = value
        if maybe:
            return None
        return [self.household.people[one].person_id if type(one) is int else list(one) for one in sure]
