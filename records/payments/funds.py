"""What a programme may pay in a year, and what of it is committed, paid and returned: from the rows that pay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import exists, select

from engine.rulebook import Rulebook
from records import audit, tables
from records.database import Reading, Writing
from records.payments.batches import Batch
from records.payments.words import amount_of, reaches
from records.refused import Refused
from records.rights import Right, Viewer
from records.scope import areas_below

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fund:
    """One programme in one year, in an area and everything below it. `budget` None: none was told.

    committed   instructed, and the bank has not answered
    paid        and did not come back
    returned    came back
    elsewhere   paid without a batch of ours: before this record, or as documents told
    """

    policy: str
    year: int
    budget: Decimal | None
    committed: Decimal
    paid: Decimal
    returned: Decimal
    elsewhere: Decimal

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.committed - self.paid - self.elsewhere


def set_budget(
    write: Writing, book: Rulebook, viewer: Viewer, policy: str, year: int, area: str, amount: str, reason: str
) -> int:
    """What may be paid; it takes the place of what was told before. Raises `Refused`."""
    if policy not in book.policies or area not in book.areas:
        raise Refused("no-policy", f"没有 {policy} 或地区 {area} · there is no such policy or area")
    if not reaches(viewer, Right.MANAGE_BUDGETS, book, area, policy):
        raise Refused("out-of-reach", f"{policy} 在 {area} 不由您办理 · {policy} in {area} is not yours")
    if not reason.strip():
        raise Refused("no-reason", "预算须写明依据 · what a budget rests on has to be said")
    row = {
        "policy": policy,
        "year": year,
        "area": area,
        "amount": str(amount_of(book, amount)),
        "reason": reason.strip(),
        "person": viewer.person,
    }
    number: int = audit.add_row(write, "set-budget", tables.budget, policy, row)["seq"]
    return number


def figures(read: Reading, areas: Collection[str], year: int, policies: Collection[str] = ()) -> list[Fund]:
    """By programme, for all that have a budget or money in that year. `policies` (): all."""
    budgets = _budgets(read, areas, year)
    committed, paid, returned = _instructed(read, areas, year)
    elsewhere = _elsewhere(read, areas, year)
    named = {*budgets, *committed, *paid, *returned, *elsewhere}
    return [
        Fund(
            one,
            year,
            budgets.get(one),
            committed.get(one, _ZERO),
            paid.get(one, _ZERO),
            returned.get(one, _ZERO),
            elsewhere.get(one, _ZERO),
        )
        for one in sorted(named & {*policies} if policies else named)
    ]


def exceeded(
    read: Reading, batch: Batch, amounts: Mapping[str, Decimal]
) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    """By how much a batch exceeds the budgets of its area, and the programmes that have none."""
    year = int(batch.month[:4])
    over, missing = {}, []
    found = {one.policy: one for one in figures(read, [batch.area], year)}
    for policy, amount in amounts.items():
        left = found[policy].left if policy in found else None
        if left is None:
            missing.append(policy)
        elif amount > left:
            over[policy] = amount - left
    return over, tuple(missing)
