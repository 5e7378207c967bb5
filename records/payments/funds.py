"""What a programme may pay in a year, and what of it is committed, paid and returned: from the rows that pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

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
    write: Writing,
    book: Rulebook,
    viewer: Viewer,
    policy: str,
    year: int,
    area: str,
    amount: str,
    reason: str,
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


def figures(read: Reading, book: Rulebook, area: str, year: int) -> list[Fund]:
    """By programme, for all that have a budget of this area or money in it and below, in that year."""
    areas = sorted(areas_below(book, area))
    budgets = _budgets(read, area, year)
    committed, paid, returned = _instructed(read, areas, year)
    elsewhere = _elsewhere(read, areas, year)
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
        for one in sorted({*budgets, *committed, *paid, *returned, *elsewhere})
    ]


def exceeded(
    read: Reading, book: Rulebook, batch: Batch, amounts: Mapping[str, Decimal]
) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    """By how much a batch exceeds budgets, of its own area or of one around it; and the programmes that have none."""
    year, area = int(batch.month[:4]), batch.area
    over: dict[str, Decimal] = {}
    with_budget: set[str] = set()
    while area:
        told = _budgets(read, area, year).keys() & amounts.keys()
        for one in figures(read, book, area, year) if told else ():
            if one.left is not None and one.policy in told:
                with_budget.add(one.policy)
                if amounts[one.policy] > one.left:
                    beyond = amounts[one.policy] - one.left
                    over[one.policy] = max(beyond, over.get(one.policy, _ZERO))
        area = book.areas[area].parent or ""
    return dict(sorted(over.items())), tuple(sorted(set(amounts) - with_budget))


def _budgets(read: Reading, area: str, year: int) -> dict[str, Decimal]:
    one = tables.budget
    rows = select(one).where(one.c.area == area, one.c.year == year).order_by(one.c.seq)
    return {row.policy: Decimal(row.amount) for row in read.connection.execute(rows)}


def _instructed(
    read: Reading, areas: Sequence[str], year: int
) -> tuple[dict[str, Decimal], dict[str, Decimal], dict[str, Decimal]]:
    one, batch, result = tables.instruction, tables.pay_batch, tables.instruction_result

    def said(outcome: str) -> ColumnElement[bool]:
        return exists().where(result.c.instruction == one.c.seq, result.c.outcome == outcome)

    back, paid = said("returned"), said("paid")
    of_year = (
        select(one.c.policy, one.c.amount)
        .join(batch, batch.c.seq == one.c.batch)
        .where(batch.c.area.in_(areas), batch.c.month.like(f"{year:04}-%"))
    )
    return (
        _sums(read, of_year.where(~back, ~paid)),
        _sums(read, of_year.where(~back, paid)),
        _sums(read, of_year.where(back)),
    )


def _elsewhere(read: Reading, areas: Sequence[str], year: int) -> dict[str, Decimal]:
    payment, household, back = tables.payment, tables.household, tables.payment.alias()
    within = select(household.c.household_id).where(household.c.area.in_(areas))
    others = select(payment.c.policy, payment.c.amount).where(
        payment.c.household_id.in_(within),
        payment.c.month.between(f"{year:04}-01", f"{year:04}-12"),
        payment.c.basis.not_like("batch:%"),
        payment.c.state == "paid",
        ~exists().where(back.c.takes_back == payment.c.seq),
    )
    return _sums(read, others)


def _sums(read: Reading, amounts: Select[Any]) -> dict[str, Decimal]:
    """Exact, which a sum of texts in the database is not: equal amounts are counted there and added up here."""
    policy, amount = amounts.selected_columns
    counted = amounts.add_columns(func.count()).group_by(policy, amount)
    found: dict[str, Decimal] = {}
    for name, one, count in read.connection.execute(counted):
        found[name] = found.get(name, _ZERO) + Decimal(one) * count
    return found
