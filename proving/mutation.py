"""Tries mutants: is there a recorded case that asserts something which a mutant turns false?

Only cases for which the changed file is in force are run, those that speak of it first, and a case is decided in
full only when the change reaches one of its computed values. The first case that notices ends the trial.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.decision.amounts import monthly
from engine.decision.decide import situate
from engine.decision.plan import Plan
from engine.decision.planning import plan_for
from engine.decision.situation import Situation
from engine.language.dates import month_start
from engine.rulebook.in_force import InForce, in_force, parameters_on
from engine.rulebook.load import load_rulebook
from engine.rulebook.model import Rulebook
from features.steps.names import Names
from proving.cases import Case, Decided, notices, record
from proving.mutants import Files, Mutant, mutants
from proving.mutated import Refused, changed_rows, mutated
from proving.reading import Readers
from proving.replan import Base, base_of, replan


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a mutant: killed, survived or refused (by the checker: then it is no mutant).

    by: the case and the step that notices. cases: how many could have: the file is in force for them, and
    they speak of what it can reach. unheard: cases where a computed value is
    another one, and nothing that is asserted.
    """

    mutant: Mutant
    end: str
    by: str = ""
    step: str = ""
    cases: int = 0
    unheard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One recorded decision with what the unchanged rulebook computes for it."""

    decided: Decided
    rules: InForce
    files: frozenset[str]
    at: Situation


@dataclass(frozen=True, slots=True)
class Known:
    case: Case
    moments: tuple[Moment, ...]


class Workshop:
    """A rulebook with its mutants and, once they are wanted, its recorded cases."""

    def __init__(self, book: Rulebook, features: Path) -> None:
        self.book, self.names, self.features = book, Names(book), features
        self.files = Files(book)
        self.mutants = mutants(self.files)
        self.readers = Readers(book)
        self.bases: dict[Any, Base] = {}
        self._cases: list[Known] = []

    @property
    def cases(self) -> list[Known]:
        self.prepare()
        return self._cases

    def prepare(self) -> None:
        """Records the cases, once; it takes a while. Raises `BadFeature`."""
        if not self._cases:
            self._cases = [
                Known(case, tuple(self._moment(one, day) for one in case.decided for day in one.days))
                for case in record(self.book, self.features)
            ]

    def _moment(self, one: Decided, on: int) -> Moment:
        rules = in_force(self.book, on, one.known, one.household.application_date)
        if rules.key not in self.bases:
            self.bases[rules.key] = base_of(plan_for(self.book, rules))
        at = situate(self.book, one.household, on, one.known)
        monthly(at)
        dated = [each.dated for each in rules.policies.values()]
        dated += [each.dated for each in rules.definitions.values()]
        dated += [each.dated for each in rules.conflicts]
        dated += [rules.scoring.dated] if rules.scoring else []
        files = frozenset(each.file for each in dated)
        return Moment(one, rules, files, at)

    # --- one mutant -------------------------------------------------------------------------------------

    def attempt(self, mutant: Mutant) -> Trial:
        try:
            book = mutated(self.files, mutant)
        except Refused:
            return Trial(mutant, "refused")
        return self.judge(mutant, book)

    def judge(self, mutant: Mutant, book: Rulebook) -> Trial:
        """Whether a case notices that this rulebook is not the one it was written for."""
        changed = _Changed(self, mutant, book)
        cases = self._relevant(mutant, changed)
        unheard = []
        for known in cases:
            differs = True in [
                changed.differs(moment) for moment in known.moments
            ]  # all: each has its plan then
            stated = mutant.what == "parameter" and mutant.name in known.case.parameters
            if differs or stated or any(one.advice or one.open or one.last for one in known.case.decided):
                step = notices(known.case, book, self.names)
                if step:
                    return Trial(mutant, "killed", known.case.scenario.title, step, len(cases))
            if differs:
                unheard.append(known.case.scenario.title)
        return Trial(mutant, "survived", cases=len(cases), unheard=tuple(unheard))

    def _relevant(self, mutant: Mutant, changed: _Changed) -> list[Known]:
        """Cases for which what has changed is in force and which speak of what it can reach, the nearest first."""
        direct = self.readers.directly(mutant.what, mutant.name)
        indirect = self.readers.of(mutant.what, mutant.name)
        near: list[list[Known]] = [[], [], [], []]
        for known in self.cases:
            case = known.case
            if not any(map(changed.applies, known.moments)):
                continue
            if mutant.name in (case.parameters if mutant.what == "parameter" else case.definitions):
                near[0].append(known)
            elif direct & case.policies:
                near[1].append(known)
            elif indirect & case.policies:
                near[2].append(known)
            elif case.whole:
                near[3].append(known)
        return [known for group in near for known in group]


class _Changed:
    """A changed rulebook beside the unchanged one: which decisions it can touch, and which values of them."""

    def __init__(self, shop: Workshop, mutant: Mutant, book: Rulebook) -> None:
        self.shop, self.mutant, self.book = shop, mutant, book
        self.rows = changed_rows(shop.book, book, mutant) if mutant.what == "parameter" else []
        self.plans: dict[Any, tuple[Plan, tuple[frozenset[str], frozenset[str]]]] = {}
        if mutant.what == "parameter":  # no program reads the values of parameters when it is made
            book.memo.update({kind: table for kind, table in shop.book.memo.items() if kind != "parameters"})
        book.memo["plan"] = {key: base.plan for key, base in shop.bases.items()} if self.rows else {}

    def applies(self, moment: Moment) -> bool:
        if self.mutant.what != "parameter":
            return self.mutant.span.file in moment.files
        one = moment.decided
        return any(
            any(
                parameters_on(self.shop.book, one.household.area, day, one.known).rows[self.mutant.name]
                is row
                for row in self.rows
            )
            for day in (moment.at.on, month_start(moment.at.on))
        )

    def differs(self, moment: Moment) -> bool:
        """Whether a computed value is another one. What is missing, and what would help, may be so without that."""
        if not self.applies(moment):
            self.book.memo["plan"].setdefault(moment.rules.key, self.shop.bases[moment.rules.key].plan)
            return False
        plan, (touched, touched_amounts) = self._plan(moment)
        at, month, one = moment.at, monthly(moment.at), moment.decided
        on_day = parameters_on(self.book, one.household.area, at.on, one.known).values
        found = plan.run_decide.run(at.inputs.household, at.inputs.people, on_day, at.on)
        if _differ(touched, at.plan.run_decide, at.own, at.rows, plan.run_decide, *found):
            return True
        if (
            plan.amounts.household != at.plan.amounts.household
            or plan.amounts.person != at.plan.amounts.person
        ):
            return True
        in_month = parameters_on(self.book, one.household.area, month.on, one.known).values
        people = [[*row, *more] for row, more in zip(month.inputs.people, month.status_rows, strict=True)]
        household = [*month.inputs.household, *month.statuses]
        old = at.plan.run_amounts.run(household, people, month.parameters.values, month.on)
        new = plan.run_amounts.run(household, people, in_month, month.on)
        return _differ(touched_amounts, at.plan.run_amounts, *old, plan.run_amounts, *new)

    def _plan(self, moment: Moment) -> tuple[Plan, tuple[frozenset[str], frozenset[str]]]:
        key = moment.rules.key
        if key not in self.plans:
            base = self.shop.bases[key]
            if self.rows:
                every = (frozenset(one.name for one in program.computed) for program, _, _ in base.programs)
                self.plans[key] = (base.plan, (next(every), next(every)))
            else:
                one = moment.decided
                rules = in_force(self.book, moment.at.on, one.known, one.household.application_date)
                self.plans[key] = replan(self.book, rules, base)
                self.book.memo["plan"][key] = self.plans[key][0]
        return self.plans[key]


def _differ(
    touched: Iterable[str], old: Any, own: Any, rows: Any, new: Any, new_own: Any, new_rows: Any
) -> bool:
    """Whether a touched value of the household or of a person is another one."""
    for name in touched:
        if name in new.own_place:
            if name not in old.own_place or new_own[new.own_place[name]] != own[old.own_place[name]]:
                return True
        elif name not in old.person_place:
            return True
        else:
            then, now = old.person_place[name], new.person_place[name]
            if any(row[then] != new_row[now] for row, new_row in zip(rows, new_rows, strict=True)):
                return True
    return False


# --- many mutants, on every processor -------------------------------------------------------------------


class _Worker:
    """The workshop of this process: a forked one finds that of its parent, another makes its own."""

    shop: Workshop | None = None

    @classmethod
    def prepare(cls, policies: Path, features: Path) -> None:
        if cls.shop is None:
            cls.shop = Workshop(load_rulebook(policies), features)

    @classmethod
    def attempt(cls, place: int) -> tuple[int, Trial]:
        assert cls.shop is not None
        return place, cls.shop.attempt(cls.shop.mutants[place])


FEW = 16  # mutants for which processes are not worth starting


def try_all(
    shop: Workshop, policies: Path, chosen: Sequence[int], processes: int, said: Callable[[Trial], None]
) -> list[Trial]:
    """Tries the mutants at these places of `shop.mutants`; `said` hears of each as it ends."""
    found: dict[int, Trial] = {}
    if processes < 2 or len(chosen) < FEW:
        for place in chosen:
            found[place] = shop.attempt(shop.mutants[place])
            said(found[place])
        return [found[place] for place in chosen]
    shop.prepare()  # here, so that forked processes need not
    _Worker.shop = shop
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    try:
        with context.Pool(processes, _Worker.prepare, (policies, shop.features)) as pool:
            for place, trial in pool.imap_unordered(_Worker.attempt, chosen, chunksize=4):
                found[place] = trial
                said(trial)
    finally:
        _Worker.shop = None
    return [found[place] for place in chosen]
