"""What the features exercise. A decision counts for what its scenario asserts about, and for nothing else.

A step that speaks of a policy's finding for somebody counts for that policy's clauses, groups and amount for that
subject, and for what these read; a step that states a definition's value counts for what the definition reads.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.decision.amounts import monthly
from engine.decision.decide import situate
from engine.decision.plan import ClausePlan, GroupPlan, PolicyPlan
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.scope import PERSON
from engine.rulebook.in_force import parameters_on
from engine.rulebook.model import Rulebook
from proving.cases import Case, Decided, recorded
from proving.elements import Element, Key, Unit, inventory
from proving.mutants import Files
from proving.scenarios import read_scenarios
from proving.watching import Watching

_PAYING = (outcomes.ELIGIBLE, outcomes.DISCRETIONARY, outcomes.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class Covered:
    """One unit with what of it was not exercised. `explained`: not exercised, for a reason that is written down."""

    unit: Unit
    uncovered: tuple[Element, ...]
    explained: tuple[Element, ...] = ()

    @property
    def count(self) -> int:
        return len(self.unit.elements) - len(self.uncovered)


@dataclass(slots=True)
class Coverage:
    """Takes recorded cases and crosses off what they exercise."""

    book: Rulebook
    units: tuple[Unit, ...] = ()
    wanted: set[Key] = field(default_factory=set)
    limits: frozenset[int] = frozenset()

    def run(self, files: Files, cases: Iterable[Case]) -> list[Covered]:
        self.expect(files)
        self.cross_off(cases)
        return self.found()

    def expect(self, files: Files) -> None:
        """Everything is still to be seen."""
        self.units = inventory(files)
        self.wanted = {one.at for unit in self.units for one in unit.elements}
        self.limits = frozenset(int(str(key[1])) for key in self.wanted if key[0] == "side")

    def cross_off(self, cases: Iterable[Case]) -> None:
        for case in cases:
            for one in case.decided:
                if one.findings or one.values:
                    self._decided(one)

    def found(self) -> list[Covered]:
        return [Covered(unit, tuple(e for e in unit.elements if e.at in self.wanted)) for unit in self.units]

    def _decided(self, one: Decided) -> None:
        at = situate(self.book, one.household, one.on, one.known)
        watching = Watching(
            at.plan.decide,
            at.inputs.household,
            at.inputs.people,
            at.parameters,
            at.on,
            self.wanted,
            self.limits,
        )
        places = {person.person_id: i for i, person in enumerate(one.household.people)}
        for policy, subject in sorted(one.findings):
            plan = at.plan.policies.get(policy)
            if plan is not None:
                self._finding(watching, at, plan, places.get(subject, -1))
        for definition, subject in sorted(one.values):
            if definition in watching.computed:
                watching.named(definition, places.get(subject, -1))
        self._versions(at, watching.read)

    def _versions(self, at: Situation, read: set[str]) -> None:
        for name, version in at.plan.rules.definitions.items():
            if name in read:
                self.wanted.discard(("version", version.dated.file))

    # --- one finding ------------------------------------------------------------------------------------

    def _finding(self, watching: Watching, at: Situation, plan: PolicyPlan, person: int) -> None:
        file = plan.version.dated.file
        self.wanted.discard(("version", file))
        for clause in _clauses((*plan.clauses(), *(one for one, _ in plan.sooner))):
            own = clause.truth + "!" if clause.unless else clause.truth
            self.wanted.discard(("clause", file, clause.clause.id, watching.named(own, person)))
        self._group(watching, file, plan.eligible, "eligible", person)
        amount = plan.version.amount
        if amount is not None and watching.named(f"{plan.policy.id}.outcome", person) in _PAYING:
            self._amount(at, plan, person)

    def _group(self, watching: Watching, file: str, plan: GroupPlan, path: str, person: int) -> None:
        truths = [watching.named(member.truth, person) for member in plan.members]
        decisive = plan.group.kind == "any"  # the truth of one member that settles the group
        settling = [i for i, truth in enumerate(truths) if truth is decisive]
        if all(truth is not None for truth in truths) and not settling:
            self.wanted.discard(("group", file, path, ""))
        if len(settling) == 1:
            self.wanted.discard(("group", file, path, settling[0]))
        for i, member in enumerate(plan.members):
            if isinstance(member, GroupPlan):
                self._group(watching, file, member, f"{path}/{member.group.id or i}", person)

    def _amount(self, at: Situation, plan: PolicyPlan, person: int) -> None:
        """The amount reads the first day of the month, and the statuses of the decision."""
        month = monthly(at)
        watching = Watching(
            at.plan.amounts,
            [*month.inputs.household, *month.statuses],
            [[*row, *given] for row, given in zip(month.inputs.people, month.status_rows, strict=True)],
            parameters_on(self.book, at.household.area, month.on, at.known),
            month.on,
            self.wanted,
            self.limits,
        )
        amount = plan.version.amount
        assert amount is not None
        for part in (*amount.parts, amount.least, amount.most):
            if part is not None:
                watching.named(part.name, person if plan.policy.unit == PERSON else -1)
        self._versions(at, watching.read)


# --- every feature, on every processor ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Share:
    """What each process does: the same coverage, with a part of the feature files."""

    coverage: Coverage
    features: Path
    parts: int

    def left(self, part: int) -> set[Key]:
        """What is still to be seen after one part."""
        scenarios = read_scenarios(self.features, part, self.parts)
        self.coverage.cross_off(recorded(self.coverage.book, self.features, scenarios))
        return self.coverage.wanted


class _Worker:
    share: _Share | None = (
        None  # a forked process finds that of its parent; elements are known by what they are
    )

    @classmethod
    def left(cls, part: int) -> set[Key]:
        assert cls.share is not None
        return cls.share.left(part)


def measured(book: Rulebook, files: Files, features: Path, processes: int) -> list[Covered]:
    """What the features under a directory exercise. Raises `BadFeature` for a scenario that does not hold."""
    coverage = Coverage(book)
    coverage.expect(files)
    if processes < 2 or sys.platform != "linux":
        coverage.cross_off(recorded(book, features, read_scenarios(features)))
        return coverage.found()
    _Worker.share = _Share(coverage, features, processes)
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            for left in pool.imap_unordered(_Worker.left, range(processes)):
                coverage.wanted &= left
    finally:
        _Worker.share = None
    return coverage.found()


def _clauses(plans: Iterable[ClausePlan]) -> Iterator[ClausePlan]:
    for one in plans:
        yield one
        yield from _clauses(one.unless)
