"""Recorded cases: what every scenario decides and asserts, run once over the rulebook as it is.

A case can be run again over another rulebook from its `当` on: the household documents are taken from the record,
the assertions are the very functions that pytest runs.
"""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.decision import Decision
from engine.decision.decide import decide_household
from engine.decision.document import Household, read_household
from engine.decision.entitlement import Entitlement, entitlement
from engine.decision.model import Finding, ParameterValue
from engine.language.dates import add_months, from_date
from engine.rulebook.model import Rulebook
from features.steps.names import Names
from features.steps.world import World
from proving.scenarios import BadFeature, Scenario, read_scenarios


@dataclass(slots=True)
class Decided:
    """One decision of a scenario. `findings` and `values` are what the steps after it assert about.

    findings: (policy, subject); values: (definition, subject), a subject being `household` or a person's id.
    parameters: those whose value is stated. asked: the policies that it is decided for; nothing: all of them.
    """

    document: Any
    household: Household
    on: int
    known: int
    advice: bool
    asked: tuple[str, ...] = ()
    findings: set[tuple[str, str]] = field(default_factory=set)
    values: set[tuple[str, str]] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
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
    def parameters(self) -> set[str]:
        return {name for one in self.decided for name in one.parameters}

    @property
    def definitions(self) -> set[str]:
        return {name for one in self.decided for name, _ in one.values}


class Recorder(World):
    """A world that writes down every decision and what is said about it."""

    def __init__(self, book: Rulebook, households: Path, asked: tuple[str, ...] = ()) -> None:
        super().__init__(book, households)
        self.asked = asked
        self.decisions: list[Decided] = []

    def decided(self, on: datetime.date, known: datetime.date | None, advice: bool) -> Decision:
        household = read_household(self.book, self.document)
        day, known_day = days(on, known)
        document = copy.deepcopy(self.document)
        self.decisions.append(Decided(document, household, day, known_day, advice, self.asked))
        return decide_household(self.book, household, day, known_day, self.asked, advice)

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

    def parameter(self, word: str) -> ParameterValue:
        self.decisions[-1].parameters.add(self.names.parameter(word))
        return super().parameter(word)


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
        return decide_household(self.book, one.household, one.on, one.known, one.asked, advice)

    def entitled(self, first: int, last: int, known: int) -> Entitlement:
        one = next(self._next)
        self.document = one.document
        return entitlement(self.book, one.household, first, last, known)


def days(on: datetime.date, known: datetime.date | None) -> tuple[int, int]:
    day = from_date(on)
    return day, day if known is None else from_date(known)


def record(book: Rulebook, features: Path) -> tuple[Case, ...]:
    """Runs every scenario under a directory. Raises `BadFeature` for the first one that does not hold."""
    return recorded(book, features, read_scenarios(features))


def recorded(book: Rulebook, features: Path, scenarios: Iterable[Scenario]) -> tuple[Case, ...]:
    """Runs scenarios, each decided only for the policies that it speaks of, unless it speaks of the whole."""
    if not __debug__:
        raise BadFeature(
            "python -O 会略去断言，什么也证明不了 · python -O leaves out what is asserted; run without it"
        )
    words = _policies(book)
    cases = []
    for scenario in scenarios:
        world = Recorder(book, features / "households", _asked(scenario, words))
        for step in scenario.steps:
            try:
                step.act(world)
            except Exception as error:
                place = f"{scenario.file}:{step.line}: {scenario.name}"
                raise BadFeature(f"{place}\n  {step.text}\n  {type(error).__name__}: {error}") from error
        cases.append(Case(scenario, tuple(world.decisions)))
    return tuple(cases)


_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"")


def _policies(book: Rulebook) -> dict[str, set[str]]:
    """The policies that a word can mean."""
    words: dict[str, set[str]] = {}
    for policy in book.policies.values():
        titles = (title for version in policy.versions for title in version.title.values())
        for word in (policy.id, *titles):
            words.setdefault(word, set()).add(policy.id)
    return words


def _asked(scenario: Scenario, words: dict[str, set[str]]) -> tuple[str, ...]:
    """The policies that its assertions name; nothing when one of them is about the whole decision."""
    expected = [step for step in scenario.steps if step.kind == "then"]
    if any(step.whole for step in expected):
        return ()
    named = ((zh or en) for step in expected for zh, en in _QUOTED.findall(step.text))
    return tuple(sorted(set().union(*(words.get(word, ()) for word in named))))


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
