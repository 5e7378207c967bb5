"""What would be due, and the score: sums over findings after conflicts, and how hard life is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.language import outcomes
from engine.language.columns import Numbers, Reading
from engine.language.columns.values import Array, full, is_known
from engine.language.scope import PERSON
from engine.population.batch import Batch
from engine.population.findings import Found, pays
from engine.population.sides import Side
from engine.rulebook.model import Scoring

PERIODS = ("month", "once", "year")


@dataclass(slots=True)
class Sum:
    """For each row what is sure, and the most it can be; `open`: an amount in it is not known."""

    low: Array
    high: Array
    open: Array

    def add(self, low: Array, high: Array, open_: Array) -> None:
        self.low, self.high, self.open = self.low + low, self.high + high, self.open | open_


def _empty(size: int) -> dict[str, Sum]:
    return {
        period: Sum(np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.bool_))
        for period in PERIODS
    }


def would_be_due(
    batch: Batch, found: Sequence[Found], sides: Mapping[tuple[str, str], Side]
) -> tuple[dict[str, Sum], dict[str, Sum]]:
    """The total of every household by period, and of it what is due to each person."""
    total, own = _empty(batch.households.size), _empty(batch.people.size)
    for one in found:
        if one.amount is None:
            continue
        low, high, open_ = _range(one, sides.get((one.policy, one.unit)))
        if one.unit == PERSON:
            own[one.period].add(low, high, open_)
            people = batch.people
            total[one.period].add(people.total(low), people.total(high), people.any(open_))
        else:
            total[one.period].add(low, high, open_)
    return total, own


def _range(found: Found, side: Side | None) -> tuple[Array, Array, Array]:
    amount = found.amount
    assert amount is not None
    low = np.where(amount.known, amount.value, np.where(amount.low_known, amount.low, 0))
    high = np.where(amount.known, amount.value, amount.high)
    said = amount.known | amount.high_known
    counts = pays(found.outcome)
    certain = found.outcome == outcomes.ELIGIBLE
    if side is not None:
        counts = counts & ~(side.dropped | side.choice)
        certain = certain & ~side.pending
        low, high = np.maximum(low - side.reduced, 0), np.maximum(high - side.reduced, 0)
    return np.where(counts & certain, low, 0), np.where(counts & said, high, 0), counts & ~said


def score(read: Reading, scoring: Scoring | None, size: int) -> tuple[Array, Array, Array] | None:
    """The worst and the best score, and what the first term gives at worst, in hundredths of a point.

    None when the rulebook scores nothing.
    """
    if scoring is None:
        return None
    worst, best = np.zeros(size, np.int64), np.zeros(size, np.int64)
    first = worst
    for term in scoring.terms:
        column = read.named(term.value.name)
        assert isinstance(column, Numbers)
        known = is_known(column.known)
        points = full(np.where(known, column.value, 0), size)
        first = points if term is scoring.terms[0] else first
        worst = worst + points
        best = best + full(np.where(known, column.value, term.weight * 100), size)
    return worst, best, first
