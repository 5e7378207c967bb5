"""Conflicts of a whole batch: the joins and effects of `engine.decision.conflicts`, for many households in step.

Rules are taken in the order in which one household takes them. Pairs that one rule finds in one household take turns:
the first pair of every household at once, then the second of every household, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

import numpy as np

from engine.decision.conflicts import STAGES
from engine.language.columns import Numbers, Reading, Truths
from engine.language.columns.values import (
    NEVER,
    ZERO,
    Array,
    full,
    is_known,
)
from engine.language.scope import PERSON
from engine.population.batch import NOBODY, Batch
from engine.population.findings import Found
from engine.population.sides import HOUSEHOLD, Side, sides_of
from engine.rulebook.model import Conflict

EFFECTS = ("pending", "choice", "kept", "dropped", "offset")


@dataclass(frozen=True, slots=True)
class Notes:
    """What happened: rows to be shown. `person` is a row of the people, `NOBODY` for the household."""

    conflict: Conflict
    between: tuple[str, str]
    effect: str
    policy: str
    household: Array
    person: Array
    amount: Array | None


@dataclass(slots=True)
class Resolution:
    sides: Mapping[tuple[str, str], Side]  # by policy and unit
    notes: list[Notes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two sides that meet, by their rows, in the order in which their household takes them."""

    household: Array
    a: Array
    b: Array
    person: Array
    open_test: Array

    def where(self, chosen: Array) -> Pairs:
        if chosen.all():
            return self
        return Pairs(*(one[chosen] for one in (self.household, self.a, self.b, self.person, self.open_test)))


def resolve(
    batch: Batch,
    found: Sequence[Found],
    undated: frozenset[str],
    read: Reading,
    conflicts: Sequence[Conflict],
) -> Resolution:
    wanted = {name for one in conflicts if one.stage in STAGES for name in one.between}
    sides = {
        (side.policy, side.unit): side
        for one in found
        if one.policy in wanted
        for side in sides_of(batch, one, one.policy in undated)
    }
    result = Resolution(sides)
    rules = sorted(
        ((f"{one.id}|{a}|{b}", one, a, b) for one in conflicts for a, b in combinations(one.between, 2)),
        key=lambda rule: rule[0],
    )
    for stage in STAGES:
        for _, conflict, first, second in rules:
            if conflict.stage != stage:
                continue
            for a in _units(sides, first):
                for b in _units(sides, second):
                    _resolve(batch, read, result, conflict, a, b)
    return result


def _units(sides: Mapping[tuple[str, str], Side], policy: str) -> Iterator[Side]:
    for unit in (HOUSEHOLD, PERSON):
        if (policy, unit) in sides:
            yield sides[policy, unit]


# --- pairs --------------------------------------------------------------------------------------------------


def _resolve(batch: Batch, read: Reading, result: Resolution, conflict: Conflict, a: Side, b: Side) -> None:
    if not a.touched.any() or not b.touched.any():
        return
    pairs = _pairs(batch, conflict, a, b)
    if len(pairs.household):
        pairs = _tested(batch, read, conflict, pairs)
        if a.unit == b.unit == HOUSEHOLD:
            pairs = pairs.where(
                np.append(True, pairs.household[1:] != pairs.household[:-1])[: len(pairs.household)]
            )
    apply = partial(_apply, batch, read, result, conflict, a, b)
    for turn in _turns(pairs):
        apply(turn)


def _pairs(batch: Batch, conflict: Conflict, a: Side, b: Side) -> Pairs:
    of = batch.people.of
    if conflict.same == PERSON:
        people = _together(batch, a, b)
        if a.unit == PERSON:
            people = _by_id(batch, people)
        first, second = (people if side.unit == PERSON else of[people] for side in (a, b))
        return Pairs(of[people], first, second, people, np.zeros(len(people), np.bool_))
    if HOUSEHOLD not in (a.unit, b.unit):
        return _everyone_with_everyone(batch, a, b)
    if a.unit == b.unit:
        rows = np.flatnonzero(a.touched & b.touched)
        return Pairs(rows, rows, rows, np.full(len(rows), NOBODY), np.zeros(len(rows), np.bool_))
    alone, each = (a, b) if a.unit == HOUSEHOLD else (b, a)
    people = _by_id(batch, np.flatnonzero(each.touched & alone.touched[of]))
    household = of[people]
    first, second = (household, people) if a.unit == HOUSEHOLD else (people, household)
    return Pairs(household, first, second, np.full(len(people), NOBODY), np.zeros(len(people), np.bool_))


def _together(batch: Batch, a: Side, b: Side) -> Array:
    """People whom both sides touch: a household's finding touches everyone in it."""
    of = batch.people.of
    first, second = (side.touched if side.unit == PERSON else side.touched[of] for side in (a, b))
    return np.flatnonzero(first & second)


def _everyone_with_everyone(batch: Batch, a: Side, b: Side) -> Pairs:
    of = batch.people.of
    first, second = (_by_id(batch, np.flatnonzero(side.touched)) for side in (a, b))
    starts = np.searchsorted(of[second], of[first], "left")
    sizes = np.searchsorted(of[second], of[first], "right") - starts
    begin = np.cumsum(sizes) - sizes
    rows = np.arange(int(sizes.sum())) + np.repeat(starts - begin, sizes)
    left = np.repeat(first, sizes)
    return Pairs(of[left], left, second[rows], np.full(len(left), NOBODY), np.zeros(len(left), np.bool_))


def _by_id(batch: Batch, people: Array) -> Array:
    """Rows of people, household by household, sorted by their ids."""
    rank = batch.id_rank()
    if rank is batch.people.rows:
        return people
    return people[np.lexsort((rank[people], batch.people.of[people]))]


def _tested(batch: Batch, read: Reading, conflict: Conflict, pairs: Pairs) -> Pairs:
    """Without the pairs for which the conflict's own test says no."""
    if conflict.when is None:
        return pairs
    test = read.named(conflict.when.name)
    if not isinstance(test, Truths):
        test = Truths(NEVER, NEVER)
    rows, size = (
        (pairs.person, batch.people.size)
        if conflict.same == PERSON
        else (pairs.household, batch.households.size)
    )
    yes, no = full(test.yes, size)[rows], full(test.no, size)[rows]
    tested = Pairs(pairs.household, pairs.a, pairs.b, pairs.person, ~(yes | no))
    return tested.where(~no)


def _turns(pairs: Pairs) -> Iterator[Pairs]:
    """The first pair of every household, then the second of each, and so on."""
    if not len(pairs.household):
        return
    first = np.append(True, pairs.household[1:] != pairs.household[:-1])
    begin = np.flatnonzero(first)
    turn = np.arange(len(first)) - np.repeat(begin, np.diff(np.append(begin, len(first))))
    for number in range(int(turn.max()) + 1):
        yield pairs.where(turn == number)


# --- effects ------------------------------------------------------------------------------------------------


def _apply(
    batch: Batch, read: Reading, result: Resolution, conflict: Conflict, a: Side, b: Side, pairs: Pairs
) -> None:
    pairs = pairs.where(~(a.dropped[pairs.a] | b.dropped[pairs.b]))

    def note(effect: str, chosen: Pairs, policy: str = "", amount: Array | None = None) -> None:
        if len(chosen.household):
            person = chosen.person if conflict.same == PERSON else np.full(len(chosen.person), NOBODY)
            between = (a.policy, b.policy)
            result.notes.append(Notes(conflict, between, effect, policy, chosen.household, person, amount))

    def wait(chosen: Pairs) -> None:
        a.pending[chosen.a] = True
        b.pending[chosen.b] = True
        note("pending", chosen)

    open_ = a.open[pairs.a] | b.open[pairs.b] | pairs.open_test
    wait(pairs.where(open_))
    pairs = pairs.where(~open_)
    if conflict.stage == "exclusive":
        keeps_a, keeps_b = _kept(batch, conflict, a, b, pairs)
        chosen = pairs.where(~(keeps_a | keeps_b))
        a.choice[chosen.a] = True
        b.choice[chosen.b] = True
        note("choice", chosen)
        _drop(a, b, pairs, keeps_a, keeps_b, note)
        return
    unsaid = ~(a.worth_known[pairs.a] & b.worth_known[pairs.b])
    wait(pairs.where(unsaid))
    pairs = pairs.where(~unsaid)
    x, y = a.worth[pairs.a], b.worth[pairs.b]
    if conflict.stage == "higher_of":
        _drop(a, b, pairs, x >= y, x < y, note)
    elif conflict.stage == "offset":
        side, rows, whole, by = (a, pairs.a, x, y) if conflict.reduce == a.policy else (b, pairs.b, y, x)
        cut = np.minimum(whole - side.reduced[rows], by)
        side.reduced[rows] += cut
        note("offset", pairs, side.policy, cut)
    else:
        _cap(read, conflict, a, b, pairs, note, wait)


Note = Callable[..., None]


def _drop(a: Side, b: Side, pairs: Pairs, keeps_a: Array, keeps_b: Array, note: Note) -> None:
    for kept, dropped, chosen in ((a, b, pairs.where(keeps_a)), (b, a, pairs.where(keeps_b))):
        dropped.dropped[chosen.a if dropped is a else chosen.b] = True
        note("kept", chosen, kept.policy)
        note("dropped", chosen, dropped.policy)


def _kept(batch: Batch, conflict: Conflict, a: Side, b: Side, pairs: Pairs) -> tuple[Array, Array]:
    """Where the law or the household's choice keeps the first side, and where the second."""
    size = len(pairs.household)
    if conflict.keep:
        return np.full(size, conflict.keep == a.policy), np.full(size, conflict.keep == b.policy)
    if conflict.same == PERSON:
        column, rows, frame = batch.person(conflict.choose_by), pairs.person, batch.people
    else:
        column, rows, frame = batch.own(conflict.choose_by), pairs.household, batch.households
    assert isinstance(column, Numbers)
    known = full(is_known(column.known), frame.size)[rows]
    value = full(column.value, frame.size)[rows]
    return known & (value == batch.codes.of(a.policy)), known & (value == batch.codes.of(b.policy))


def _cap(
    read: Reading,
    conflict: Conflict,
    a: Side,
    b: Side,
    pairs: Pairs,
    note: Note,
    wait: Callable[[Pairs], None],
) -> None:
    """The total stays below a limit; what exceeds it is taken from the second."""
    size = read.tables.households.size
    column = Numbers(ZERO, NEVER) if conflict.limit is None else read.named(conflict.limit.name)
    assert isinstance(column, Numbers)
    limit, known = (
        full(column.value, size)[pairs.household],
        full(is_known(column.known), size)[pairs.household],
    )
    wait(pairs.where(~known))
    x, y = a.worth[pairs.a], b.worth[pairs.b]
    over = x - a.reduced[pairs.a] + y - b.reduced[pairs.b] - limit
    exceeds = known & (over > 0)
    cut = np.minimum(over, y)[exceeds]
    pairs = pairs.where(exceeds)
    b.reduced[pairs.b] += cut
    note("offset", pairs, b.policy, cut)
