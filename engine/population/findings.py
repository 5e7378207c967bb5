"""What every policy says of every household or person: outcome, clauses, amount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.decision.plan import ClausePlan, GroupPlan, PolicyPlan
from engine.language import outcomes
from engine.language.columns import Reading, Truths
from engine.language.columns.bounds import bounds
from engine.language.columns.values import (
    ALWAYS,
    NEVER,
    ZERO,
    Array,
    Numbers,
    full,
    is_known,
    meet,
)
from engine.language.scope import PERSON
from engine.rulebook.model import Named

NOT_IN_FORCE = len(outcomes.NAMES)
OUTCOMES = (*outcomes.NAMES, "not-in-force")
PAYING = (outcomes.ELIGIBLE, outcomes.DISCRETIONARY, outcomes.UNDETERMINED)
MOST_CLAUSES = 64  # one bit each


@dataclass(frozen=True, slots=True)
class Money:
    """`value` where it is known; else it lies between `low` and `high`, where those are. `open`: somewhere it does."""

    value: Array
    known: Array
    low: Array
    low_known: Array
    high: Array
    high_known: Array
    open: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One policy over a batch; a row for each household or person. `true` and `known`: a bit for each clause."""

    policy: str
    unit: str
    version: str  # "" when it is not in force
    outcome: Array
    true: Array
    known: Array
    amount: Money | None = None
    period: str = ""


def clause_truths(plan: PolicyPlan) -> tuple[str, ...]:
    """Names of the truths of a policy that are packed, bit by bit: each clause, then its exceptions; then the groups."""
    names = [name for clause in plan.clauses() for name in _with_exceptions(clause)]
    names += [group.truth for group in _groups(plan.eligible)]
    if len(names) > MOST_CLAUSES:
        raise ValueError(
            f"policy `{plan.policy.id}` has {len(names)} clauses; {MOST_CLAUSES} fit into a number"
        )
    return tuple(names)


def _with_exceptions(clause: ClausePlan) -> Iterator[str]:
    yield clause.truth
    for one in clause.unless:
        yield from _with_exceptions(one)


def _groups(group: GroupPlan) -> Iterator[GroupPlan]:
    yield group
    for member in group.members:
        if isinstance(member, GroupPlan):
            yield from _groups(member)


def _packed(bits: Sequence[Array], size: int) -> Array:
    """A number for every row, the first truth as its lowest bit."""
    width = next(one for one in (1, 2, 4, 8) if len(bits) <= one * 8)
    packed = np.zeros((size, width), np.uint8)
    for place in range(0, len(bits), 8):
        eight = bits[place : place + 8]
        everywhere = sum(1 << shift for shift, bit in enumerate(eight) if not bit.ndim and bit)
        byte = np.full(size, everywhere, np.uint8)
        for shift, bit in enumerate(eight):
            if bit.ndim:
                byte += bit.view(np.uint8) * np.uint8(1 << shift)
        packed[:, place // 8] = byte
    return packed.view(f"<u{width}").ravel().astype(np.uint64)


def pays(outcome: Array) -> Array:
    """Outcomes that an amount is worked out for."""
    found = outcome == PAYING[0]
    for one in PAYING[1:]:
        found |= outcome == one
    return found


def found_of(plan: PolicyPlan, names: tuple[str, ...], decided: Reading, month: Reading) -> Found:
    """`decided`: the values on the legal date; `month`: those of the amounts, on the first day of its month."""
    unit = plan.policy.unit
    size = (decided.tables.people if unit == PERSON else decided.tables.households).size
    read = decided.named(f"{plan.policy.id}.outcome")
    assert isinstance(read, Numbers)
    outcome = full(read.value, size).astype(np.int8)
    truths = [column for column in map(decided.named, names) if isinstance(column, Truths)]
    assert len(truths) == len(names)
    true = _packed([one.yes for one in truths], size)
    masks = [is_known(one.known) for one in truths]
    if any(mask.ndim for mask in masks):
        known = _packed(masks, size)
    else:  # nothing is unknown, and then all policies with so many clauses share the answer
        known = decided.remember(("known", len(masks), size), lambda: _packed(masks, size))
    rule, amount = plan.version.amount, None
    if rule is not None:
        paying = pays(outcome)
        if rule.least is not None and rule.most is not None:
            amount = _band(month, rule.least, rule.most, size, paying)
        else:
            amount = _parts(month, rule.parts, unit, size, paying)
    period = rule.period if rule is not None else ""
    return Found(plan.policy.id, unit, plan.version.dated.version, outcome, true, known, amount, period)


def _number(month: Reading, name: str, size: int) -> tuple[Array, Array]:
    column = month.named(name)
    assert isinstance(column, Numbers)
    return full(column.value, size), is_known(column.known)


def _band(month: Reading, least: Named, most: Named, size: int, paying: Array) -> Money:
    """What an officer decides between two limits."""
    (low, low_known), (high, high_known) = (_number(month, one.name, size) for one in (least, most))
    low_known, high_known = (full(meet(paying, one), size) for one in (low_known, high_known))
    return Money(np.zeros(size, np.int64), full(NEVER, size), low, low_known, high, high_known, True)


def _parts(month: Reading, parts: tuple[Named, ...], unit: str, size: int, paying: Array) -> Money:
    (value, known), *further = [_number(month, part.name, size) for part in parts]
    for number, mask in further:
        value, known = value + number, meet(known, mask)
    known = full(meet(paying, known), size)
    never = full(NEVER, size)
    if known is paying or np.array_equal(paying, known):
        return Money(value, known, value, never, value, never, False)
    low, high, reached = _reach(month, parts, unit)
    open_ = paying & ~known & full(reached, size)
    return Money(value, known, full(low, size), open_, full(high, size), open_, bool(open_.any()))


def _reach(month: Reading, parts: tuple[Named, ...], unit: str) -> tuple[Array, Array, Array]:
    """The least and the most that open parts can come to together."""
    level = month.subject if unit == PERSON else month.root
    low: Array = ZERO
    high: Array = ZERO
    known: Array = ALWAYS
    for part in parts:
        least, most, reached = bounds(month, part.node, level)
        low, high, known = low + least, high + most, known & reached
    return low, high, known
