"""What was granted and paid, and what happened in people's lives. Written down beside facts, never over anything.

The household is claimed first, as in `records.households`. A later row of an award takes an earlier one's place
(`award_key`); money that came back has a row that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select

from engine.decision import encode_json
from records import audit, sealed, tables
from records.database import Reading, Writing
from records.households import EVENT, claim_households_of, ours
from records.people import Kind
from records.refused import Refused

CARRIED_OVER = "carried-over"
"""The basis of what was granted or paid before this record began."""
RECORDED = "recorded"
"""The basis of what a household document tells."""
CASE = "case:"
"""How the basis of what a case grants begins."""
ONCE = "once"
"""The period of what is given once."""
ONE = ""
"""Which of the awards that cases give once: none of them, but what a programme has one of at a time."""


@dataclass(frozen=True, slots=True)
class Granted:
    """An award. `person` "": of the household. `amount`: a decimal text, for each `period` (month, once, year)."""

    policy: str
    valid_from: date
    source: str
    person: str = ""
    valid_to: date | None = None
    amount: str | None = None
    period: str | None = None
    basis: str = RECORDED


@dataclass(frozen=True, slots=True)
class Paid:
    """Money for a month (`2026-08`). `account`: kept only as what it is compared by. `award`: its number.

    `cause`: a word for what it was given for; `again`: one for what explains that it is paid beside another for the same
    cause. Both "" when nobody says.
    """

    policy: str
    month: str
    amount: str
    source: str
    person: str = ""
    paid_on: date | None = None
    account: str = ""
    award: int | None = None
    basis: str = RECORDED
    cause: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Somebody looked again at what is held. `person` "": by the household."""

    policy: str
    day: date
    source: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a kind that the rulebook knows, with its further fields as plain data."""

    kind: str
    day: date
    source: str
    person: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def grant(write: Writing, household_id: str, granted: Sequence[Granted]) -> list[int]:
    """Writes down awards; their numbers. Raises `Refused` for somebody unknown."""
    _claimed(write, household_id, (one.person for one in granted))
    rows = [award_row(household_id, one) for one in granted]
    return [row["seq"] for row in audit.add_rows(write, "grant", tables.award, household_id, rows)]


def pay(write: Writing, household_id: str, paid: Sequence[Paid]) -> list[int]:
    """Writes down payments; their numbers. Raises `Refused` for somebody unknown."""
    _claimed(write, household_id, (one.person for one in paid))
    rows = [payment_row(write, household_id, one) for one in paid]
    written = audit.add_rows(write, "pay", tables.payment, household_id, rows)
    said = list(zip(written, paid, strict=True))
    causes = [cause_row(row, one.cause) for row, one in said if one.cause]
    audit.add_rows(write, "say-cause", tables.payment_cause, household_id, causes)
    explained = [again_row(row, one.again) for row, one in said if one.again]
    audit.add_rows(write, "explain", tables.payment_again, household_id, explained)
    return [row["seq"] for row in written]


def review(write: Writing, household_id: str, reviews: Sequence[Reviewed]) -> None:
    """Writes down that what is held was looked at again. Raises `Refused` for somebody unknown."""
    _claimed(write, household_id, (one.person for one in reviews))
    rows = [review_row(household_id, one) for one in reviews]
    audit.add_rows(write, "review-status", tables.status_review, household_id, rows)


def take_back(write: Writing, payment: int, returned_on: date, source: str) -> int:
    """A payment came back; the number of the row that says so. Raises `Refused` for one that is not there or did before."""
    known = select(tables.payment).where(tables.payment.c.seq == payment, tables.payment.c.state == "paid")
    found = write.connection.execute(known).first()
    if found is None:
        raise Refused("no-payment", f"没有第 {payment} 笔发放 · there is no payment {payment}")
    ours(write, found.household_id)
    back = select(tables.payment.c.seq).where(tables.payment.c.takes_back == payment)
    if write.connection.execute(back).first() is not None:
        raise Refused("returned", f"第 {payment} 笔发放已退回 · payment {payment} came back already")
    same = ("household_id", "person_id", "award", "policy", "month", "amount", "account", "basis")
    row = {
        **{name: getattr(found, name) for name in same},
        "paid_on": returned_on,
        "state": "returned",
        "takes_back": payment,
        "source": source,
    }
    number: int = audit.add_row(write, "take-back", tables.payment, found.household_id, row)["seq"]
    return number


def happened(write: Writing, household_id: str, events: Sequence[Happened]) -> list[int]:
    """Writes down events, sealed; their numbers. Raises `Refused` for somebody unknown."""
    _claimed(write, household_id, (one.person for one in events))
    rows = []
    for one in events:
        subject = sealed.of_person(one.person) if one.person else sealed.of_household(household_id)
        rows.append(event_row(sealed.data_key(write, subject), household_id, one))
    return [row["seq"] for row in audit.add_rows(write, "happen", tables.life_event, household_id, rows)]


def _claimed(write: Writing, household_id: str, people: Iterable[str]) -> None:
    ours(write, household_id)
    for person in sorted({*people} - {""}):
        claim_households_of(write, person)


# --- which award ---------------------------------------------------------------------------------------------


def award_key(row: Any) -> tuple[str, str, date, str]:
    """What makes rows of a household the same award: policy, person, first day, and the case of what a case gives once.

    A later row of the same award takes an earlier one's place. `row`: of the table of awards.
    """
    return row.policy, row.person_id or "", row.valid_from, case_once(row.period, row.basis)


def case_once(period: str | None, basis: str) -> str:
    """The case of what it gives once; "" for everything else, of which a programme has one at a time."""
    return basis if period == ONCE and basis.startswith(CASE) else ""


def once_of(valid_from: date, period: str | None, basis: str) -> str:
    """Which of the awards that cases give once: each is paid beside the others of its programme. `ONE` for all else."""
    case = case_once(period, basis)
    return f"{valid_from} {case}" if case else ONE


def same_award(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """`award_key` for the database, of rows of two tables of awards."""
    person = or_(
        one.c.person_id == other.c.person_id, one.c.person_id.is_(None) & other.c.person_id.is_(None)
    )
    case_alike = or_(
        and_(_case_once(one), _case_once(other), one.c.basis == other.c.basis),
        and_(~_case_once(one), ~_case_once(other)),
    )
    return and_(
        one.c.household_id == other.c.household_id,
        one.c.policy == other.c.policy,
        one.c.valid_from == other.c.valid_from,
        person,
        case_alike,
    )


def paid_beside(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Whether two awards of a programme are paid beside each other in a month: different ones that cases give once."""
    apart = or_(one.c.valid_from != other.c.valid_from, one.c.basis != other.c.basis)
    return and_(_case_once(one), _case_once(other), apart)


def _case_once(award: FromClause) -> ColumnElement[bool]:
    return and_(func.coalesce(award.c.period, "") == ONCE, func.substr(award.c.basis, 1, len(CASE)) == CASE)


# --- rows ---------------------------------------------------------------------------------------------------


def award_row(household_id: str, one: Granted) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "person_id": one.person or None,
        "policy": one.policy,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "amount": one.amount,
        "period": one.period,
        "basis": one.basis,
        "source": one.source,
    }


def payment_row(read: Reading, household_id: str, one: Paid) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "person_id": one.person or None,
        "award": one.award,
        "policy": one.policy,
        "month": one.month,
        "amount": one.amount,
        "paid_on": one.paid_on,
        "account": sealed.blind_index(read.keys, Kind.ACCOUNT, one.account) if one.account else None,
        "state": "paid",
        "takes_back": None,
        "basis": one.basis,
        "source": one.source,
    }


def cause_row(payment: Mapping[str, Any], cause: str) -> dict[str, Any]:
    """Of a payment's row that has its number."""
    return {**_of_payment(payment), "cause": cause}


def again_row(payment: Mapping[str, Any], again: str) -> dict[str, Any]:
    """Of a payment's row that has its number."""
    return {**_of_payment(payment), "again": again}


def _of_payment(payment: Mapping[str, Any]) -> dict[str, Any]:
    whose = {name: payment[name] for name in ("household_id", "person_id")}
    return {"payment": payment["seq"], **whose}


def review_row(household_id: str, one: Reviewed) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "person_id": one.person or None,
        "policy": one.policy,
        "reviewed_on": one.day,
        "source": one.source,
    }


def event_row(key: bytes, household_id: str, one: Happened) -> dict[str, Any]:
    subject = sealed.of_person(one.person) if one.person else sealed.of_household(household_id)
    content = encode_json({**one.fields, "kind": one.kind, "date": one.day.isoformat()})
    closed, commitment = sealed.sealed_content(key, subject, "life_event", EVENT, content)
    return {
        "household_id": household_id,
        "person_id": one.person or None,
        "content": closed,
        "commitment": commitment,
        "source": one.source,
    }
