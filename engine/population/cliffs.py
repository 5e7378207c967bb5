"""One household as its income rises: what it is due, what it has in all, and where more income leaves it with less."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from engine.decision.decide import decide
from engine.decision.model import Decision
from engine.rulebook.model import Rulebook

Vary = Callable[[int], Any]  # the household's document with so much income


@dataclass(frozen=True, slots=True)
class Step:
    """`due`: what is surely due each month; `policies`: each policy's share of it, before conflicts."""

    income: int
    due: Decimal
    policies: dict[str, Decimal]

    @property
    def together(self) -> Decimal:
        return self.income + self.due


@dataclass(frozen=True, slots=True)
class Cliff:
    """Where more income leaves less: the last step before the fall, and the first behind it, one unit apart."""

    before: Step
    behind: Step

    @property
    def income(self) -> int:
        return self.behind.income

    @property
    def loss(self) -> Decimal:
        return self.before.together - self.behind.together

    @property
    def policies(self) -> tuple[str, ...]:
        """Those that give less behind it."""
        shares, left = self.before.policies, self.behind.policies
        return tuple(one for one in shares if left.get(one, Decimal(0)) < shares[one])


@dataclass(frozen=True, slots=True)
class Climb:
    steps: list[Step]
    cliffs: list[Cliff]


def climb(book: Rulebook, vary: Vary, incomes: Sequence[int], on: int, known: int) -> Climb:
    """Decides the household at each income, and finds the last unit of income before every fall."""

    def at(income: int) -> Step:
        return _step(decide(book, vary(income), on=on, known=known, advice=False), income)

    steps = [at(income) for income in incomes]
    cliffs = list(_cliffs(steps, at))
    edges = [step for cliff in cliffs for step in (cliff.before, cliff.behind)]
    by_income = {step.income: step for step in (*steps, *edges)}
    return Climb([by_income[income] for income in sorted(by_income)], cliffs)


def _step(decision: Decision, income: int) -> Step:
    shares: dict[str, Decimal] = {}
    for policy, decided in decision.policies.items():
        for finding in decided.findings:
            amount = finding.amount
            if (
                finding.outcome == "eligible"
                and amount is not None
                and amount.period == "month"
                and amount.value
            ):
                shares[policy] = shares.get(policy, Decimal(0)) + Decimal(amount.value)
    return Step(income, Decimal(decision.would_be_due.total.month.min), shares)


def _cliffs(steps: Sequence[Step], at: Callable[[int], Step]) -> Iterator[Cliff]:
    for low, high in pairwise(steps):
        while high.together < low.together and high.income - low.income > 1:
            middle = at((low.income + high.income) // 2)
            if low.together - middle.together > middle.together - high.together:
                high = middle
            else:
                low = middle
        if high.together < low.together:
            yield Cliff(low, high)
