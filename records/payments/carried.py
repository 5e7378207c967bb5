"""Many payees at once, as an office brings them along: entered by one person and approved by another, as any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from records import audit, tables
from records.database import Writing
from records.payments.payees import Relation, accounts_of, own_account
from records.refused import Refused
from records.where import memberships_of


@dataclass(frozen=True, slots=True)
class Entry:
    """`person` "": of what is granted to the household."""

    household_id: str
    person: str
    holder: str
    relation: Relation


def enter_all(write: Writing, entries: Sequence[Entry], person: str, reason: str) -> dict[str, list[int]]:
    """By household the numbers of payees that do not count yet. Raises `Refused` account-missing, not-own-account."""
    accounts = accounts_of(write, {one.holder for one in entries})
    inside = memberships_of(write, {one.holder for one in entries})
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    numbers = audit.numbers(write, tables.pay_to, len(entries))
    for one in entries:
        if one.holder not in accounts:
            raise Refused(
                "account-missing",
                f"{one.holder} 没有登记账号 · no account of {one.holder} is registered",
            )
        self_paid = one.relation is Relation.SELF
        if self_paid and not own_account(one.household_id, one.person, one.holder, inside, write.day):
            raise Refused(
                "not-own-account",
                f"{one.household_id}: 本人账户须属于享受人 · an own account is the payee's, or a member's",
            )
        rows[one.household_id].append(
            {
                "seq": next(numbers),
                "household_id": one.household_id,
                "person_id": one.person or None,
                "holder": one.holder,
                "account": accounts[one.holder],
                "relation": one.relation.value,
                "reason": reason,
                "person": person,
            }
        )
    audit.add_many(write, "enter-payee", tables.pay_to, rows)
    return {household: [row["seq"] for row in some] for household, some in rows.items()}


def approve_all(write: Writing, entered: dict[str, list[int]], person: str) -> None:
    """Somebody else's word for them; the database refuses the same person's."""
    numbers = audit.numbers(write, tables.pay_to_approval, sum(map(len, entered.values())))
    rows = {
        household: [{"seq": next(numbers), "pay_to": one, "person": person} for one in some]
        for household, some in entered.items()
    }
    audit.add_many(write, "approve-payee", tables.pay_to_approval, rows)
