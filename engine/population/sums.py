"""What would be due, and the score: sums over findings after conflicts, and how hard life is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.language import outcomes
from engine.language.columns import Numbers, Reading
from engine.language.columns.values import ZERO, Array, full, is_known
from engine.language.scope import PERSON
from engine.population.batch import Batch
from engine.population.findings import Found, Money, pays
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
        self.low += low
        self.high += high
        self.open |= open_


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
        if one.amount is not None:
            sums = own if one.unit == PERSON else total
            _add(sums[one.period], one, one.amount, sides.get((one.policy, one.unit)))
    for period, each in own.items():
        people = batch.people
        total[period].add(people.total(each.low), people.total(each.high), people.any(each.open))
    return total, own


def _add(to: Sum, found: Found, amount: Money, side: Side | None) -> None:
    counts = pays(found.outcome)
    certain = found.outcome == outcomes.ELIGIBLE
    if side is not None:
        counts &= np.logical_not(side.dropped | side.choice)
        certain &= np.logical_not(side.pending)
    if not counts.any():
        return
    if side is None and not amount.open and np.array_equal(certain, counts & amount.known):
        sure = np.maximum(amount.value, 0) * certain
        to.add(sure, sure, np.greater(counts, certain))
        return
    reduced = side.reduced if side is not None and side.reduced.any() else ZERO
    low = high = np.maximum(amount.value - reduced, 0)
    said, certain = amount.known, certain & counts & (amount.known | amount.low_known)
    if amount.open:
        low = np.where(amount.known, low, np.maximum(amount.low - reduced, 0))
        high = np.where(amount.known, high, np.maximum(amount.high - reduced, 0))
        said = amount.known | amount.high_known
    to.add(low * certain, high * (counts & said), np.greater(counts, said))


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
