"""Recorded cases: what every scenario decides and asserts, run once over the rulebook as it is.

A case can be run again over another rulebook from its `当` on: the household documents are taken from the record,
the assertions are the very functions that pytest runs.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.decision import Decision
from engine.decision.decide import decide_household
from engine.decision.document import Household, read_household
from engine.decision.entitlement import Entitlement, entitlement
from engine.decision.model import Finding
from engine.language.dates import add_months, from_date
from engine.rulebook.model import Rulebook
from features.steps.names import Names
from features.steps.world import World
from proving.scenarios import BadFeature, Scenario, read_scenarios


@dataclass(slots=True)
class Decided:
    """One decision of a scenario. `findings` and `values` are what the steps after it assert about.

    findings: (policy, subject); values: (definition, subject), a subject being `household` or a person's id.
    """

    document: Any
    household: Household
    on: int
    known: int
    advice: bool
    findings: set[tuple[str, str]] = field(default_factory=set)
    values: set[tuple[str, str]] = field(default_factory=set)
    open: bool = False
    last: int = 0

    @property
    def days(self) -> tuple[int, ...]:
        """The legal dates that are decided: one, or the first days of the months that are compared."""
        days = [self.on]
        while days[-1] < self.last:
            following = add_months(days[-1], 1)
            assert following is not None
            days.append(following)
        return tuple(days)


@dataclass(frozen=True, slots=True)
class Case:
    scenario: Scenario
    decided: tuple[Decided, ...]

    @property
    def policies(self) -> set[str]:
        return {policy for one in self.decided for policy, _ in one.findings}

    @property
    def whole(self) -> bool:
        """Whether it says anything about the decision as a whole."""
        return any(step.whole for step in self.scenario.steps if step.kind == "then")

    @property
    def definitions(self) -> set[str]:
        return {name for one in self.decided for name, _ in one.values}


class Recorder(World):
    """A world that writes down every decision and what is said about it."""

    def __init__(self, book: Rulebook, households: Path) -> None:
        super().__init__(book, households)
        self.decisions: list[Decided] = []

    def decided(self, on: datetime.date, known: datetime.date | None, advice: bool) -> Decision:
        household = read_household(self.book, self.document)
        day, known_day = days(on, known)
        self.decisions.append(Decided(copy.deepcopy(self.document), household, day, known_day, advice))
        return decide_household(self.book, household, day, known_day, (), advice)

    def entitled(self, first: int, last: int, known: int) -> Entitlement:
        household = read_household(self.book, self.document)
        self.decisions.append(
            Decided(copy.deepcopy(self.document), household, first, known, False, last=last)
        )
        return entitlement(self.book, household, first, last, known)

    def finding(self, policy: str, who: str) -> Finding | None:
        found = super().finding(policy, who)
        assert self.finding_now is not None
        decided = self.decisions[-1]
        decided.findings.add(self.finding_now)
        decided.open = decided.open or bool(found and found.missing)
        return found

    def advised(self) -> None:
        super().advised()
        if self.finding_now is not None:
            self.decisions[-1].findings.add(self.finding_now)

    def value(self, word: str, who: str = "家庭") -> Any:
        self.decisions[-1].values.add((self.names.definition(word), self.subject(who)))
        return super().value(word, who)


class Replay(World):
    """A world that takes its documents from a record and decides them by another rulebook."""

    def __init__(self, book: Rulebook, names: Names, decided: tuple[Decided, ...]) -> None:
        self.book, self.names = book, names
        self.document = {}
        self.decision = None
        self.finding_now = None
        self.months = None
        self._next: Iterator[Decided] = iter(decided)

    def decided(self, on: datetime.date, known: datetime.date | None, advice: bool) -> Decision:
        one = next(self._next)
        self.document = one.document
        return decide_household(self.book, one.household, one.on, one.known, (), advice)

    def entitled(self, first: int, last: int, known: int) -> Entitlement:
        one = next(self._next)
        self.document = one.document
        return entitlement(self.book, one.household, first, last, known)


def days(on: datetime.date, known: datetime.date | None) -> tuple[int, int]:
    day = from_date(on)
    return day, day if known is None else from_date(known)


def record(book: Rulebook, features: Path) -> tuple[Case, ...]:
    """Runs every scenario under a directory. Raises `BadFeature` for the first one that does not hold."""
    if not __debug__:
        raise BadFeature(
            "python -O 会略去断言，什么也证明不了 · python -O leaves out what is asserted; run without it"
        )
    cases = []
    for scenario in read_scenarios(features):
        world = Recorder(book, features / "households")
        for step in scenario.steps:
            try:
                step.act(world)
            except Exception as error:
                place = f"{scenario.file}:{step.line}: {scenario.name}"
                raise BadFeature(f"{place}\n  {step.text}\n  {type(error).__name__}: {error}") from error
        cases.append(Case(scenario, tuple(world.decisions)))
    return tuple(cases)


def notices(case: Case, book: Rulebook, names: Names) -> str:
    """What no longer holds when a case is decided by another rulebook: the step; "" when all holds.

    Whatever goes wrong is noticed: a decision that cannot be made is no answer either.
    """
    world = Replay(book, names, case.decided)
    for step in case.scenario.steps:
        if step.kind != "given":
            try:
                step.act(world)
            except Exception:
                return step.text
    return ""
