"""The opening of a record: what is held now and what was paid lately, from sheets, marked carried over.

Every row stands for itself and has its verdict. What is there already is not written again, so a file may be sent twice.
A list of statuses counts as whole once one stands in it. So an award becomes a status only where the household's list is
known already, or when the sheets are said to hold everything that its people hold (`whole`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table, select

from records import audit, granted, households, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.granted import Granted
from records.households import Held
from records.opening_rows import Opening


def open_record(write: Writing, opening: Opening, whole: bool = False) -> None:
    """Writes down what was found right in the same transaction."""
    for household in sorted({*opening.awards, *opening.payments}):
        households.claim_as_it_is(write, household)
    people = {
        one.person for many in (opening.awards, opening.payments) for some in many.values() for one in some
    }
    for person in sorted(people - {""}):
        households.claim_households_of(write, person)
    awards = {
        household: [granted.award_row(household, one) for one in some]
        for household, some in opening.awards.items()
    }
    _written(write, "grant", tables.award, awards)
    numbers = _awards_by_policy(write, opening.payments)
    payments = {
        household: [
            {
                **granted.payment_row(write, household, one),
                "award": numbers.get((household, one.policy, one.person)),
            }
            for one in some
        ]
        for household, some in opening.payments.items()
    }
    _written(write, "pay", tables.payment, payments)
    causes = {
        household: [
            granted.cause_row(row, one.cause)
            for row, one in zip(payments[household], some, strict=True)
            if one.cause
        ]
        for household, some in opening.payments.items()
    }
    _written(write, "say-cause", tables.payment_cause, causes)
    _written(write, "hold", tables.status, _statuses(write, opening.awards, whole))


def _written(write: Writing, action: str, table: Table, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    numbers = audit.numbers(write, table, sum(map(len, rows.values())))
    for row in (row for some in rows.values() for row in some):
        row["seq"] = next(numbers)
    audit.add_many(write, action, table, rows)


def _awards_by_policy(read: Reading, households_: Iterable[str]) -> dict[tuple[str, str, str], int]:
    """The latest award of each household, policy and person, for payments to name."""
    found: dict[tuple[str, str, str], int] = {}
    award = tables.award.c
    for some in batched(households_, AT_ONCE):
        rows = select(award.household_id, award.policy, award.person_id, award.seq).where(
            award.household_id.in_(some)
        )
        for row in read.connection.execute(rows.order_by(award.seq)):
            found[row.household_id, row.policy, row.person_id or ""] = row.seq
    return found


def _statuses(
    write: Writing, awards: Mapping[str, list[Granted]], whole: bool
) -> dict[str, list[dict[str, Any]]]:
    """What is granted is held, where that can be said without passing a part for the whole."""
    told: set[str] = set(awards) if whole else set()
    there: set[tuple[str, str, str]] = set()
    status, assertion = tables.status.c, tables.assertion.c
    for some in batched(awards, AT_ONCE):
        rows = write.connection.execute(select(tables.status).where(status.household_id.in_(some)))
        for row in rows:
            told.add(row.household_id)
            there.add((row.household_id, row.policy, row.person_id or ""))
        marked = select(assertion.household_id).where(
            assertion.fact == "statuses", assertion.household_id.in_(some)
        )
        told.update(write.connection.execute(marked).scalars())
    return {
        household: [
            households.status_row(
                household,
                Held(one.policy, one.valid_from, one.source, one.person, one.valid_to, one.amount),
            )
            for one in some
            if (household, one.policy, one.person) not in there
        ]
        for household, some in awards.items()
        if household in told
    }
