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
    """With `income` instead of one unit less, the household has `loss` less in all; `policies` are those that fall."""

    income: int
    loss: Decimal
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Climb:
    steps: list[Step]
    cliffs: list[Cliff]


def climb(book: Rulebook, vary: Vary, incomes: Sequence[int], on: int, known: int) -> Climb:
    """Decides the household at each income, and finds the last unit of income before every fall."""

    def at(income: int) -> Step:
        return _step(decide(book, vary(income), on=on, known=known, advice=False), income)

    steps = [at(income) for income in incomes]
    return Climb(steps, list(_cliffs(steps, at)))


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
            fallen = [one for one in low.policies if high.policies.get(one, Decimal(0)) < low.policies[one]]
            yield Cliff(high.income, low.together - high.together, tuple(fallen))
