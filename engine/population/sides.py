"""The sides of conflicts: what a policy found, and what is on record, for one kind of subject over a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.language import outcomes
from engine.language.columns.values import Array
from engine.language.scope import PERSON
from engine.population.batch import NOBODY, Batch, Statuses
from engine.population.findings import Found

HOUSEHOLD = "household"


@dataclass(slots=True)
class Side:
    """A policy's findings and statuses for one kind of subject, and what conflicts have done to them."""

    policy: str
    unit: str
    eligible: Array
    open: Array
    touched: Array  # eligible or open, or on record
    worth: Array  # what is found, or the amount on record
    worth_known: Array
    dropped: Array = field(init=False)
    choice: Array = field(init=False)
    pending: Array = field(init=False)
    reduced: Array = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.touched)
        self.dropped, self.choice, self.pending = (np.zeros(size, np.bool_) for _ in range(3))
        self.reduced = np.zeros(size, np.int64)


def sides_of(batch: Batch, found: Found, undated: bool) -> Iterator[Side]:
    """A policy for persons of which nobody knows the version stands open for the household as a whole."""
    present = _present(batch, found)
    if undated and found.unit == PERSON:
        size = batch.households.size
        yield _side(batch, found.policy, HOUSEHOLD, np.full(size, outcomes.UNDETERMINED), None, present)
        found_none = np.full(batch.people.size, outcomes.NOT_CONCERNED)
        yield _side(batch, found.policy, PERSON, found_none, None, present)
    else:
        yield _side(batch, found.policy, found.unit, found.outcome, found, present)


def _present(batch: Batch, found: Found) -> Array:
    """Households of which the policy says anything: only there a status on record takes part."""
    concerned = found.outcome != outcomes.NOT_CONCERNED
    return batch.people.any(concerned) if found.unit == PERSON else concerned


def _side(batch: Batch, policy: str, unit: str, outcome: Array, found: Found | None, present: Array) -> Side:
    eligible = outcome == outcomes.ELIGIBLE
    open_ = (outcome == outcomes.UNDETERMINED) | (outcome == outcomes.DISCRETIONARY)
    size = len(outcome)
    amount = None if found is None else found.amount
    worth, known = np.zeros(size, np.int64), eligible.copy()
    if amount is not None:
        worth, known = np.where(eligible & amount.known, amount.value, 0), eligible & amount.known
    held = np.zeros(size, np.bool_)
    rows, amounts, said = _on_record(batch.statuses, batch.codes.of(policy), unit)
    if len(rows):
        held[rows] = True
        other = ~eligible[rows]
        worth[rows[other]], known[rows[other]] = amounts[other], said[other]
        held &= present if unit != PERSON else present.take(batch.people.of)
    return Side(policy, unit, eligible, open_, eligible | open_ | held, worth, known)


def _on_record(statuses: Statuses, policy: int, unit: str) -> tuple[Array, Array, Array]:
    """The subjects who hold a policy, each with the amount of the latest status and whether it says one."""
    mine = statuses.covers & (statuses.policy == policy) & ((statuses.person != NOBODY) == (unit == PERSON))
    rows = np.flatnonzero(mine)
    subject = statuses.person[rows] if unit == PERSON else statuses.entries.of[rows]
    amount = np.where(statuses.has_amount[rows], statuses.amount[rows], 0)
    said = statuses.has_amount[rows]
    # of two alike in all but the amount the one that was named first stays, as in `max`
    order = np.lexsort(
        (-np.arange(len(rows)), amount, statuses.recorded[rows], statuses.start[rows], subject)
    )
    subject = subject[order]
    last = np.flatnonzero(np.append(subject[1:] != subject[:-1], True)) if len(subject) else order
    return subject[last], amount[order][last], said[order][last]
