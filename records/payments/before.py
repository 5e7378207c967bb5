"""What was paid, instructed or planned before, told apart by what is paid at one time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, exists, func, select

from records import tables
from records.database import Reading
from records.granted import ONCE, ONE, once_of
from records.payments.words import HOUSEHOLD, State, Verdict, month_name, month_number

Key = tuple[str, str, str]
"""Household, subject, policy."""
Place = tuple[Key, int, str]
"""Key, month, and which of the awards that cases give once (`once_of`); `ONE` for everything else."""
_ANY = "*"  # in a place: of some award that a case gives once
_number = cache(month_number)
_BATCH = "batch:"  # how the basis of a payment begins that was made by a batch


@dataclass(frozen=True, slots=True)
class Before:
    """Ask the sets by `holds`."""

    paid: frozenset[Place]
    instructed: frozenset[Place]  # and did not come back
    returned: Mapping[Place, bytes]  # the account that it came back from
    got: Mapping[tuple[Key, int], Decimal]  # what was paid or is on its way, of months that are not open
    built: frozenset[Place]  # in a batch that nobody has released or cancelled
    listed: frozenset[Place]  # in some batch


def holds(some: frozenset[Place], place: Place) -> bool:
    """Whether this is taken. What is of no such award takes the month from all of them, and they from it."""
    key, month, once = place
    return place in some or (key, month, _ANY if once == ONE else ONE) in some


def before(read: Reading, of: Select[Any], policies: Sequence[str], month: int) -> Before:
    """`of`: the households. `month`: the last one that counts of what was paid."""
    once = _given_once(read, of, policies)
    got: dict[tuple[Key, int], Decimal] = defaultdict(Decimal)
    paid = _paid(read, of, policies, month, once, got)
    instructed, returned = _instructed(read, of, policies, once, got)
    listed, built = _listed(read, of, policies, once)
    return Before(_whole(paid), _whole(instructed), returned, got, _whole(built), _whole(listed))


def _whole(some: set[Place]) -> frozenset[Place]:
    return frozenset(some | {(key, month, _ANY) for key, month, once in some if once != ONE})


def _given_once(read: Reading, of: Select[Any], policies: Sequence[str]) -> dict[int, str]:
    """By number of those awards that cases give once, which each one is."""
    award = tables.award.c
    rows = select(award.seq, award.valid_from, award.period, award.basis).where(
        award.household_id.in_(of), award.policy.in_(policies), award.period == ONCE
    )
    return {row.seq: once_of(row.valid_from, row.period, row.basis) for row in read.connection.execute(rows)}


def _paid(
    read: Reading, of: Select[Any], policies: Sequence[str], month: int, once: Mapping[int, str],
    got: dict[tuple[Key, int], Decimal],
) -> set[Place]:  # fmt: skip
    """What was told without a batch names its award by a guess, so it counts against every one."""
    payment = tables.payment.c
    back = select(payment.takes_back).where(payment.takes_back.is_not(None))
    rows = select(
        payment.household_id, payment.person_id, payment.policy, payment.month, payment.amount,
        payment.award, payment.basis,
    ).where(
        payment.household_id.in_(of), payment.policy.in_(policies), payment.month <= month_name(month),
        payment.takes_back.is_(None), payment.seq.not_in(back),
    )  # fmt: skip
    found = set()
    for row in read.connection.execute(rows):
        key, number = (row.household_id, row.person_id or HOUSEHOLD, row.policy), _number(row.month)
        which = once.get(row.award, ONE) if row.basis.startswith(_BATCH) else ONE
        found.add((key, number, which))
        got[key, number] += Decimal(row.amount)
    return found


def _instructed(
    read: Reading, of: Select[Any], policies: Sequence[str], once: Mapping[int, str],
    got: dict[tuple[Key, int], Decimal],
) -> tuple[set[Place], dict[Place, bytes]]:  # fmt: skip
    """What did not come back, and what did with its account. What no bank has answered yet is on its way."""
    one, line, result = tables.instruction.c, tables.pay_line.c, tables.instruction_result.c
    came_back = exists().where(result.instruction == one.seq, result.outcome == "returned")
    paid = exists().where(result.instruction == one.seq, result.outcome == "paid")
    rows = (
        select(tables.instruction, line.award, came_back.label("came_back"), paid.label("paid"))
        .join(tables.pay_line, (line.batch == one.batch) & (line.number == one.line))
        .where(one.household_id.in_(of), one.policy.in_(policies))
        .order_by(one.attempt)
    )
    instructed, returned = set(), {}
    for row in read.connection.execute(rows):
        key, number = (row.household_id, row.subject, row.policy), _number(row.month)
        place = key, number, once.get(row.award, ONE)
        if row.came_back:
            returned[place] = bytes(row.account)
        else:
            instructed.add(place)
            if not row.paid:
                got[key, number] += Decimal(row.amount)
    return instructed, returned


def _listed(
    read: Reading, of: Select[Any], policies: Sequence[str], once: Mapping[int, str]
) -> tuple[set[Place], set[Place]]:
    """The lines of all batches, and those that pay in a batch that nobody has released or cancelled."""
    line = tables.pay_line.c
    rows = select(
        line.household_id, line.subject, line.policy, line.month, line.batch, line.verdict, line.award
    ).where(line.household_id.in_(of), line.policy.in_(policies))
    open_now = set(read.connection.execute(batches_in(State.BUILT)).scalars())
    listed, built = set(), set()
    for row in read.connection.execute(rows):
        key = row.household_id, row.subject, row.policy
        place = key, _number(row.month), once.get(row.award, ONE)
        listed.add(place)
        if row.batch in open_now and row.verdict == Verdict.PAY:
            built.add(place)
    return listed, built


def batches_in(state: State) -> Select[Any]:
    """The numbers of batches whose last step says so."""
    step = tables.pay_step
    last = select(func.max(step.c.seq)).group_by(step.c.batch)
    return select(step.c.batch).where(step.c.seq.in_(last), step.c.state == state.value)
