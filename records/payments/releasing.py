"""The release: by somebody who neither built the batch nor approved what it pays; then nothing of it is paid twice.

What has become known since the batch was built is looked at again. The database keeps the four eyes and lets no month be
instructed twice, whatever is retried (`records/migrations/versions/0008_payments.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, exists, func, select
from sqlalchemy.exc import DBAPIError

from engine.rulebook import Rulebook
from records import audit, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.granted import same_award
from records.payments import funds
from records.payments.batches import Batch, judge, lines, next_step, sums
from records.payments.planning import Planned
from records.payments.words import Kind, State, Verdict, collided, month_number
from records.refused import Refused
from records.rights import Viewer

_SHOWN = 5
_CHANGING = (
    "life_event",
    "status",
    "award",
    "payment",
    "membership",
    "assertion",
    "identity",
    "data_key",
    "pay_to_approval",
)
"""What is told of households and people, and may speak against a payment."""


@dataclass(frozen=True, slots=True)
class Released:
    """`over`: by policy how far the budget is exceeded. `no_budget`: programmes of which the record has none."""

    instructions: int
    amount: Decimal
    over: dict[str, Decimal]
    no_budget: tuple[str, ...]


def release(write: Writing, book: Rulebook, viewer: Viewer, batch: Batch, reason: str = "") -> Released:
    """Instructs every line that pays.

    Raises `Refused`: not-now, four-eyes, nothing-to-pay, changed-since, over-budget, paid-already, moved.
    """
    check_other_eyes(write, viewer, batch)
    found = write.connection.execute(lines(batch.seq, verdict=Verdict.PAY)).all()
    if not found:
        raise Refused("nothing-to-pay", "批次中没有可发放的行 · no line of this batch is to be paid")
    over, no_budget = funds.exceeded(write, book, batch, sums(write, lines(batch.seq)).amounts)
    if over and not reason.strip():
        told = "、".join(f"{policy} {amount}" for policy, amount in over.items())
        raise Refused(
            "over-budget",
            f"超出预算（{told}），放行须说明理由 · over the budget by {told}; releasing it needs a reason",
        )
    next_step(write, viewer, batch, State.RELEASED, {State.BUILT}, reason)
    _check_unchanged(write, book, batch, found)
    rows = _instructions(write, batch, found)
    try:
        audit.add_rows(write, "instruct", tables.instruction, f"batch:{batch.seq}", rows)
    except DBAPIError as error:
        raise collided(error) from None
    return Released(len(rows), sum((Decimal(one["amount"]) for one in rows), Decimal(0)), over, no_budget)


def check_other_eyes(read: Reading, viewer: Viewer, batch: Batch) -> None:
    """Raises `Refused` four-eyes. The database says the same; this says it in words."""
    line, award, case_step = tables.pay_line, tables.award, tables.case_step
    if viewer.person == batch.person:
        raise Refused("four-eyes", "制单人不得放行自己的批次 · whoever built a batch does not release it")
    mine = select("case:" + case_step.c.case_id).where(
        case_step.c.person == viewer.person, case_step.c.tier == "approval"
    )
    paid = (line.c.batch == batch.seq) & (line.c.verdict == Verdict.PAY.value)
    approved = (
        select(award.c.basis).join(line, line.c.award == award.c.seq).where(paid, award.c.basis.in_(mine))
    )
    found = read.connection.execute(approved.limit(1)).scalar()
    if found is not None:
        raise Refused(
            "four-eyes",
            f"您审批过本批次的 {found}，须由他人放行 · you approved {found}, which this batch pays",
        )
    approval = tables.pay_to_approval
    payee = select(approval.c.pay_to).join(line, line.c.pay_to == approval.c.pay_to)
    number = read.connection.execute(payee.where(paid, approval.c.person == viewer.person).limit(1)).scalar()
    if number is not None:
        raise Refused(
            "four-eyes",
            f"您审核过本批次第 {number} 条收款账户，须由他人放行 · you approved payee {number}, which this batch pays",
        )


def _check_unchanged(write: Writing, book: Rulebook, batch: Batch, found: Sequence[Row[Any]]) -> None:
    """Raises `Refused` changed-since for a line that would be blocked by what became known after it was built."""
    touched = _touched(write, batch, {row.household_id for row in found})
    again = [row for row in found if row.household_id in touched or book.fingerprint != batch.rulebook]
    planned = [
        Planned(
            row.award,
            row.household_id,
            row.subject,
            row.policy,
            month_number(row.month),
            Kind(row.kind),
            row.amount,
        )
        for row in again
    ]
    wrong = [
        f"{row.number} ({', '.join(one.line.reasons) or 'payee'})"
        for row, one in zip(again, judge(write, book, planned, write.day), strict=True)
        if one.line.reasons or one.payee is None or one.payee.seq != row.pay_to
    ]
    gone = _awards_gone(write, batch)
    wrong += [f"{number} (award-changed)" for number in gone]
    if wrong:
        told = "、".join(wrong[:_SHOWN]) + ("…" if len(wrong) > _SHOWN else "")
        raise Refused(
            "changed-since",
            f"制单之后情况有变，{len(wrong)} 行不能发放，请取消并重新制单：{told} · "
            f"{len(wrong)} lines can no longer be paid after what became known since; cancel the batch and build it again",
        )


def _touched(read: Reading, batch: Batch, households: set[str]) -> set[str]:
    """Households of which something was written since, also of somebody in them, or of whoever receives the money.

    Entries of the audit trail are in the order in which writing was done with, which numbers of rows are not.
    """
    entry, member, line = tables.audit.c, tables.membership.c, tables.pay_line.c
    since = select(entry.subject).where(entry.seq > batch.entry, entry.entity.in_(_CHANGING)).distinct()
    named = sorted(read.connection.execute(since).scalars())
    people, found = set(named), set(named)
    for some in batched(named, AT_ONCE):
        inside = select(member.person_id).where(member.household_id.in_(some))
        people.update(read.connection.execute(inside).scalars())
        accounts = select(tables.pay_to.c.account).where(tables.pay_to.c.household_id.in_(some))
        same = select(line.household_id).where(line.batch == batch.seq, line.account.in_(accounts))
        found.update(read.connection.execute(same).scalars())
    for some in batched(sorted(people), AT_ONCE):
        homes = select(member.household_id).where(member.person_id.in_(some))
        found.update(read.connection.execute(homes).scalars())
        receives = select(line.household_id).where(line.batch == batch.seq, line.holder.in_(some))
        found.update(read.connection.execute(receives).scalars())
    return found & households


def _awards_gone(read: Reading, batch: Batch) -> list[int]:
    """Lines whose award was told anew since: ended, or of another amount."""
    line, old, new = tables.pay_line, tables.award, tables.award.alias()
    later = exists().where(new.c.seq > old.c.seq, same_award(old, new))
    found = (
        select(line.c.number)
        .join(old, old.c.seq == line.c.award)
        .where(line.c.batch == batch.seq, line.c.verdict == Verdict.PAY.value, later)
        .order_by(line.c.number)
    )
    return list(read.connection.execute(found).scalars())


def _instructions(read: Reading, batch: Batch, found: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    before: dict[tuple[str, str, str, str], int] = {}
    one = tables.instruction.c
    for some in batched(sorted({row.household_id for row in found}), AT_ONCE):
        counted = (
            select(one.household_id, one.subject, one.policy, one.month, func.max(one.attempt))
            .where(one.household_id.in_(some))
            .group_by(one.household_id, one.subject, one.policy, one.month)
        )
        for *key, last in read.connection.execute(counted):
            before[tuple(key)] = last

    def attempt(row: Row[Any]) -> int:
        key = row.household_id, row.subject, row.policy, row.month
        before[key] = before.get(key, 0) + 1  # what cases give once is paid beside each other
        return before[key]

    return [
        {
            "reference": reference(batch, row.number),
            "batch": batch.seq,
            "line": row.number,
            "household_id": row.household_id,
            "subject": row.subject,
            "policy": row.policy,
            "month": row.month,
            "kind": row.kind,
            "attempt": attempt(row),
            "amount": row.amount,
            "holder": row.holder,
            "account": row.account,
        }
        for row in found
    ]


def reference(batch: Batch, line: int) -> str:
    """How the bank and we call one payment: at most 35 characters, from one end to the other (`EndToEndId`)."""
    return f"{batch.month.replace('-', '')}-{batch.seq}-{line}"
