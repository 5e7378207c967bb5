"""Where money goes: entered by one person, approved by another, and no longer good when the holder's account changes.

An account is known here by its blind index alone; the number is sealed with whoever holds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, exists, select
from sqlalchemy.exc import DBAPIError

from records import audit, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.payments.words import collided
from records.people import Kind
from records.refused import Refused
from records.rights import Viewer
from records.where import covers, memberships_of


class Relation(StrEnum):
    SELF = "self"
    GUARDIAN = "guardian"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Payee:
    """`person` "": of what is granted to the household."""

    seq: int
    household_id: str
    person: str
    holder: str
    account: bytes
    relation: Relation


def enter(
    write: Writing,
    viewer: Viewer,
    household_id: str,
    person: str,
    holder: str,
    relation: Relation,
    reason: str,
) -> int:
    """Says where money is to go; it does not yet count. The number. Raises `Refused`."""
    if not reason.strip():
        raise Refused("no-reason", "指定收款账户须说明理由 · why the money goes there has to be said")
    account = accounts_of(write, [holder]).get(holder)
    if account is None:
        raise Refused("account-missing", f"{holder} 没有登记账号 · no account of {holder} is registered")
    inside = memberships_of(write, [one for one in (holder, person) if one])
    if person and household_id not in inside.get(person, {}):
        raise Refused("not-a-member", f"{person} 不是该户成员 · {person} is not of this household")
    if relation is Relation.SELF and not own_account(household_id, person, holder, inside, write.day):
        raise Refused(
            "not-own-account",
            "本人账户须属于享受人本人（按户发放的，属于家庭成员）· an own account is the payee's, or a member's for a household",
        )
    row = {
        "household_id": household_id,
        "person_id": person or None,
        "holder": holder,
        "account": account,
        "relation": relation.value,
        "reason": reason.strip(),
        "person": viewer.person,
    }
    number: int = audit.add_row(write, "enter-payee", tables.pay_to, household_id, row)["seq"]
    return number


def own_account(household_id: str, person: str, holder: str, inside: Mapping[str, Any], day: date) -> bool:
    """Whether an account is the payee's own: of the person, or of a member of a household on a day."""
    if person:
        return holder == person
    return covers(inside.get(holder, {}).get(household_id, {}), day)


def approve(write: Writing, viewer: Viewer, number: int) -> None:
    """A second person looks at it. Raises `Refused` no-payee, four-eyes, account-changed, moved."""
    found = write.connection.execute(select(tables.pay_to).where(tables.pay_to.c.seq == number)).first()
    if found is None:
        raise no_payee(number)
    if viewer.person == found.person or write.actor == found.recorded_by:
        raise Refused(
            "four-eyes", "录入人不得审核自己录入的账户 · whoever entered a payee does not approve it"
        )
    if accounts_of(write, [found.holder]).get(found.holder) != bytes(found.account):
        raise Refused("account-changed", "录入之后账号已变更 · the account was changed after it was entered")
    try:
        row = {"pay_to": number, "person": viewer.person}
        audit.add_row(write, "approve-payee", tables.pay_to_approval, found.household_id, row)
    except DBAPIError as error:
        raise collided(error) from None


def no_payee(number: int) -> Refused:
    return Refused("no-payee", f"没有第 {number} 条收款账户 · there is no payee {number}")


def waiting() -> Select[Any]:
    """Payees that nobody has approved, the oldest first."""
    done = exists().where(tables.pay_to_approval.c.pay_to == tables.pay_to.c.seq)
    return select(tables.pay_to).where(~done).order_by(tables.pay_to.c.seq)


# --- what counts now ----------------------------------------------------------------------------------------


def current(read: Reading, households: Iterable[str]) -> dict[tuple[str, str], Payee]:
    """By household and person the payee that was approved last."""
    found: dict[tuple[str, str], Payee] = {}
    for some in batched(households, AT_ONCE):
        for row in read.connection.execute(_approved().where(tables.pay_to.c.household_id.in_(some))):
            found[row.household_id, row.person_id or ""] = _payee(row)
    return found


def all_current(read: Reading, known: date) -> dict[tuple[str, str], tuple[Payee, date]]:
    """Of every household and person, as known on a day, the payee that was approved last, and when."""
    approval = tables.pay_to_approval
    rows = _approved().add_columns(approval.c.recorded_on.label("approved_on"))
    found: dict[tuple[str, str], tuple[Payee, date]] = {}
    for row in read.connection.execute(rows.where(approval.c.recorded_on <= known)):
        found[row.household_id, row.person_id or ""] = _payee(row), row.approved_on
    return found


def _approved() -> Select[Any]:
    approval = tables.pay_to_approval
    return (
        select(tables.pay_to)
        .join(approval, approval.c.pay_to == tables.pay_to.c.seq)
        .order_by(approval.c.seq)
    )


def _payee(row: Row[Any]) -> Payee:
    return Payee(
        row.seq, row.household_id, row.person_id or "", row.holder, bytes(row.account), Relation(row.relation)
    )


def accounts_of(read: Reading, holders: Iterable[str]) -> dict[str, bytes]:
    """By person the blind index of his or her account as it is registered last."""
    identity = tables.identity.c
    found: dict[str, bytes] = {}
    for some in batched(sorted({*holders}), AT_ONCE):
        rows = select(identity.person_id, identity.found_by).where(
            identity.person_id.in_(some), identity.kind == Kind.ACCOUNT.value
        )
        for row in read.connection.execute(rows.order_by(identity.seq)):
            found[row.person_id] = bytes(row.found_by)
    return found


def wrong_with(read: Reading, payees: Collection[Payee], on: date) -> dict[int, list[str]]:
    """By number of the payee why no money goes there on a day: account-changed, not-own-account, account-shared."""
    held = accounts_of(read, (one.holder for one in payees))
    inside = memberships_of(read, {one.holder for one in payees})
    shared = _shared(read, {one.account for one in payees})
    found: dict[int, list[str]] = {}
    for one in payees:
        reasons = []
        if held.get(one.holder) != one.account:
            reasons.append("account-changed")
        if one.relation is Relation.SELF and not own_account(
            one.household_id, one.person, one.holder, inside, on
        ):
            reasons.append("not-own-account")
        if one.relation is not Relation.AGENT and one.account in shared:
            reasons.append("account-shared")
        if reasons:
            found[one.seq] = reasons
    return found


def _shared(read: Reading, accounts: Collection[bytes]) -> set[bytes]:
    """Accounts to which money of several households goes that have nobody in common; agents' aside."""
    households: dict[bytes, set[str]] = {}
    latest: dict[tuple[str, str], Payee] = {}
    for some in batched(sorted(accounts), AT_ONCE):
        of = select(tables.pay_to.c.household_id).where(tables.pay_to.c.account.in_(some)).distinct()
        latest |= current(read, sorted(read.connection.execute(of).scalars()))
    for one in latest.values():
        if one.relation is not Relation.AGENT and one.account in accounts:
            households.setdefault(one.account, set()).add(one.household_id)
    return strangers(read, households)


def strangers(read: Reading, households: Mapping[bytes, Collection[str]]) -> set[bytes]:
    """Accounts whose households are several and have nobody in common."""
    several = {account: of for account, of in households.items() if len(of) > 1}
    members = _members(read, {one for of in several.values() for one in of})
    return {
        account
        for account, of in several.items()
        if not frozenset.intersection(*(members.get(one, frozenset()) for one in sorted(of)))
    }


def _members(read: Reading, households: Collection[str]) -> dict[str, frozenset[str]]:
    member = tables.membership.c
    found: dict[str, set[str]] = {}
    for some in batched(sorted(households), AT_ONCE):
        rows = select(member.household_id, member.person_id).where(member.household_id.in_(some))
        for row in read.connection.execute(rows):
            found.setdefault(row.household_id, set()).add(row.person_id)
    return {household: frozenset(people) for household, people in found.items()}
