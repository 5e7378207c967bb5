"""Findings: one policy's outcome for one subject, built from computed values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from engine.decision.amounts import amount_of
from engine.decision.amounts import rests_on as amount_rests_on
from engine.decision.layout import Shape
from engine.decision.model import HOUSEHOLD, STATUSES, Basis, Finding, MissingFact, NotConcerned
from engine.decision.shapes import Asked
from engine.decision.situation import Situation
from engine.decision.terms import Terms
from engine.language import outcomes
from engine.language.outcomes import DISCRETIONARY, ELIGIBLE, NOT_CONCERNED, UNDETERMINED
from engine.language.unknowns import Missing

NONE_OF_THEM: Sequence[str] = []  # shown as a list without names
_PAYING = frozenset({ELIGIBLE, DISCRETIONARY, UNDETERMINED})


class Findings:
    """The findings of one household at one moment.

    not_concerned  whom policies have nothing to say about, as far as they were asked
    """

    def __init__(self, situation: Situation) -> None:
        self.at = situation
        self.not_concerned: list[NotConcerned] = []
        self._people = [
            (row, one.person_id, i, f"people/{one.person_id}/")
            for i, (one, row) in enumerate(zip(situation.household.people, situation.rows, strict=True))
        ]
        key = ("terms", situation.on, situation.plan.rules.key)
        self._terms: dict[str, Terms] = situation.parameters.memo.setdefault(key, {})
        self._nothing_held = situation.household.statuses is None
        self._applied = situation.household.application_date
        self._unknown_own, self._unknown_people = situation.unknown_inputs()
        self._despite_people: dict[tuple[int, ...], tuple[str, ...]] = {}  # references, by what is not known
        self._unknown = bool(self._unknown_own or any(self._unknown_people))

    def of(self, shape: Shape) -> list[Finding]:
        """A policy's findings; none when it does not concern the household, or nobody in it."""
        place, policy = shape.outcome, shape.id
        if not shape.of_person:
            own = self.at.own
            if own[place] != NOT_CONCERNED:
                return [self._finding(shape, own, HOUSEHOLD, -1, "")]
            self.not_concerned.append(NotConcerned(policy, HOUSEHOLD))
            return []
        found = []
        for row, person, i, prefix in self._people:
            if row[place] == NOT_CONCERNED:
                self.not_concerned.append(NotConcerned(policy, person))
            else:
                found.append(self._finding(shape, row, person, i, prefix))
        return found

    def _finding(self, shape: Shape, values: Sequence[Any], subject: str, index: int, prefix: str) -> Finding:
        at, result = self.at, values[shape.outcome]
        terms = self._terms.get(shape.id)
        if terms is None:
            terms = self._terms[shape.id] = Terms(at, shape)
        failed, reasons = shape.reasons.of(values, result)
        missing: Sequence[Missing] = ()
        despite = NONE_OF_THEM
        may_pay, whatever = True, ""
        if result == UNDETERMINED:
            still = at.open().look(shape.id, index)
            missing, may_pay = still.missing, still.may_pay
            if still.whatever is not None:
                whatever = outcomes.NAMES[still.whatever]
        elif self._unknown or (self._nothing_held and shape.reads_statuses):
            despite = self._despite(shape, index)
        amount, pays_from, review_due = None, "", ""
        if result in _PAYING:
            pays_from, review_due = terms.dates(values, self._applied)
            if shape.pays:
                amount, more = amount_of(at, shape.plan, index, result)
                if more and may_pay:
                    missing = (*missing, *more)
        warnings = terms.warnings[amount is not None]
        if at.inputs.warnings:
            warnings = self._warnings(shape, index, warnings)
        return Finding(
            subject,
            outcomes.NAMES[result],
            amount,
            self._depends_on(shape, index) if result == ELIGIBLE and shape.rests_on_statuses else (),
            self._missing(missing) if missing else (),
            whatever,
            despite,
            failed,
            reasons,
            (),
            warnings,
            pays_from,
            review_due,
            shape.trace(values, prefix),
        )

    def _depends_on(self, shape: Shape, index: int) -> list[Basis]:
        """Policies whose status, computed and not yet on record, carries an eligible finding."""
        rests = self.at.rests_on(shape.plan, index) | amount_rests_on(self.at, shape.plan, index)
        return [Basis(name, "computed") for name in sorted(rests)]

    def _missing(self, lacking: Sequence[Missing]) -> list[MissingFact]:
        """What is missing for the outcome, then for the amount, each once."""
        people = self.at.household.people
        found: dict[tuple[str, str, int], MissingFact] = {}
        for one in lacking:
            key = (one.kind, one.name, one.person)
            if one.kind == "parameter":
                found.setdefault(key, MissingFact(parameter=one.name, path=one.path))
            elif one.name.endswith(".held"):  # the document says nothing about statuses
                found.setdefault(
                    ("fact", STATUSES, -1), MissingFact(STATUSES, subject=HOUSEHOLD, path=one.path)
                )
            else:
                named = {"definition" if one.kind == "value" else one.kind: one.name}
                subject = HOUSEHOLD if one.person < 0 else people[one.person].person_id
                found.setdefault(key, MissingFact(subject=subject, path=one.path, **named))
        return list(found.values())

    def _despite(self, shape: Shape, index: int) -> Sequence[str]:
        """Unknown facts that could have mattered to this policy and did not."""
        found = shape.own_facts.names(shape.own_facts.among(self._unknown_own))
        if self._nothing_held and shape.reads_statuses:
            found = (*found, STATUSES)
        asked, unknown = shape.person_facts, self._unknown_people
        if index >= 0:
            those = asked.among(unknown[index])
            return (*found, *self._references(asked, index, those)) if those else found or NONE_OF_THEM
        of_each = tuple([asked.among(one) for one in unknown])
        if any(of_each):
            # most policies of a household ask the same of people
            of_people = self._despite_people.get(of_each)
            if of_people is None:
                told = [self._references(asked, i, those) for i, those in enumerate(of_each) if those]
                of_people = self._despite_people[of_each] = tuple(chain.from_iterable(told))
            found = (*found, *of_people)
        return found or NONE_OF_THEM

    def _references(self, asked: Asked, index: int, those: int) -> list[str]:
        prefix = self._people[index][3]
        return [prefix + name for name in asked.names(those)]

    def _warnings(self, shape: Shape, index: int, of_rules: Sequence[str]) -> Sequence[str]:
        """What the rules warn about, and what is uncertain in the facts that can matter."""
        warnings = set(of_rules)
        prefix = "" if index < 0 else self._people[index][3]
        for ref, warning in self.at.inputs.warnings.items():
            name = ref.rpartition("/")[2]
            mine = ref == name or index < 0 or ref.startswith(prefix)
            if mine and name in (shape.own_inputs if ref == name else shape.person_inputs):
                warnings.add(warning)
        return sorted(warnings)
