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
        byte = np.zeros(size, np.uint8)
        for shift, bit in enumerate(bits[place : place + 8]):
            byte += full(bit, size).view(np.uint8) * np.uint8(1 << shift)
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
    known = _packed([one.yes | one.no for one in truths], size)
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
    return full(column.value, size), full(is_known(column.known), size)


def _band(month: Reading, least: Named, most: Named, size: int, paying: Array) -> Money:
    """What an officer decides between two limits."""
    (low, low_known), (high, high_known) = (_number(month, one.name, size) for one in (least, most))
    never = full(NEVER, size)
    return Money(np.zeros(size, np.int64), never, low, low_known & paying, high, high_known & paying, True)


def _parts(month: Reading, parts: tuple[Named, ...], unit: str, size: int, paying: Array) -> Money:
    (value, said), *further = [_number(month, part.name, size) for part in parts]
    known = paying & said
    for number, mask in further:
        value, known = value + number, known & mask
    never = full(NEVER, size)
    if np.array_equal(paying, known):
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
