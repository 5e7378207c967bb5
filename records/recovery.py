"""Money that was paid and not due: what the months say, who was heard, what was decided, and what came back.

Nothing here happens by itself. `relief entitlement` finds the months; somebody opens a recovery, another person decides it
after a hearing where the procedure asks for one, and every step of the account is a row that stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.exc import DBAPIError

from engine.decision.document import read_household
from engine.decision.entitlement import NothingSaid, entitlement
from engine.language.dates import from_date
from engine.rulebook import Rulebook
from engine.rulebook.handling import handling
from engine.rulebook.procedures import REDUCE, STOP
from records import audit, households, rulebooks, tables
from records.database import Reading, Writing
from records.documents import document
from records.payments.words import amount_of, collided, first_day, month_number
from records.refused import Refused
from records.rights import Viewer

OVERPAID = "overpaid"


class Entry(StrEnum):
    HEARD = "heard"
    DECIDED = "decided"
    DROPPED = "dropped"  # nothing is asked back
    REPAID = "repaid"
    OFFSET = "offset"
    WAIVER_ASKED = "waiver-asked"
    WAIVED = "waived"


_BACK = (Entry.REPAID, Entry.OFFSET, Entry.WAIVED)


@dataclass(frozen=True, slots=True)
class Month:
    """One month that was overpaid, by the version of that month."""

    policy: str
    subject: str
    month: str
    version: str | None
    paid: Decimal
    due: Decimal

    @property
    def over(self) -> Decimal:
        return self.paid - self.due


@dataclass(frozen=True, slots=True)
class Account:
    """Where a recovery stands. `decided` None: nobody has decided."""

    recovery: int
    household_id: str
    found: Decimal
    decided: Decimal | None
    back: Decimal
    heard: bool
    hearing: str  # the article that asks for one

    @property
    def balance(self) -> Decimal | None:
        return None if self.decided is None else self.decided - self.back


def overpaid(
    read: Reading, book: Rulebook, household_id: str, first: str, last: str, known: date
) -> list[Month]:
    """Months that were surely paid above what was due, as known on a day. Raises `Refused`, `BadDocument`."""
    months = first_day(month_number(first)), first_day(month_number(last))
    made = document(read, household_id, months[1], known)
    try:
        told = entitlement(
            book, read_household(book, made), from_date(months[0]), from_date(months[1]), from_date(known)
        )
    except NothingSaid:
        raise Refused(
            "nothing-said", "没有写明已享受哪些待遇，无法核对 · nothing is said about what is held"
        ) from None
    except ValueError as error:
        raise Refused("bad-month", f"起止月份不对 · the months are in disorder: {error}") from None
    return [
        Month(
            one.policy,
            one.subject,
            one.month,
            one.version,
            Decimal(str(one.paid)),
            Decimal(str(one.due.max)),
        )
        for one in told.lines
        if one.verdict == OVERPAID
    ]


def open_recovery(
    write: Writing, book: Rulebook, viewer: Viewer, household_id: str, months: Sequence[Month], basis: str,
    reason: str,
) -> int:  # fmt: skip
    """Claims what was found; its number. Raises `Refused` nothing-found, no-reason, claimed-already."""
    if not months:
        raise Refused(
            "nothing-found",
            "没有查出多发的月份，不能立案追回 · no month was overpaid; there is nothing to recover",
        )
    if not reason.strip() or not basis.strip():
        raise Refused("no-reason", "追回须写明来源和理由 · a recovery says what it rests on, and why")
    households.claim_as_it_is(
        write, household_id
    )  # of two at once the second sees what the first has claimed
    _check_not_claimed(write, household_id, months)
    rulebooks.keep(write, book)
    row = {
        "household_id": household_id,
        "basis": basis.strip(),
        "known": write.day,
        "rulebook": book.fingerprint,
        "amount": str(sum((one.over for one in months), Decimal(0))),
        "hearing": hearing_before(book, {one.policy for one in months}, write.day),
        "person": viewer.person,
        "reason": reason.strip(),
    }
    number: int = audit.add_row(write, "open-recovery", tables.recovery, household_id, row)["seq"]
    rows = [
        {
            "recovery": number,
            "policy": one.policy,
            "subject": one.subject,
            "month": one.month,
            "version": one.version,
            "paid": str(one.paid),
            "due": str(one.due),
            "over": str(one.over),
        }
        for one in months
    ]
    audit.add_rows(write, "claim-months", tables.recovery_month, household_id, rows)
    return number


def hearing_before(book: Rulebook, policies: Iterable[str], day: date) -> str:
    """The article that asks for a hearing before something is taken away on a day, "" where none does."""
    for policy in sorted(policies):
        handled = handling(book, policy, from_date(day), from_date(day)) if policy in book.policies else None
        if handled is not None and handled.hearing is not None and {REDUCE, STOP} & {*handled.hearing.before}:
            return handled.hearing.cite
    return ""


def _check_not_claimed(read: Reading, household_id: str, months: Sequence[Month]) -> None:
    month, entry = tables.recovery_month.c, tables.recovery_entry.c
    dropped = exists().where(entry.recovery == month.recovery, entry.kind == Entry.DROPPED.value)
    mine = select(tables.recovery.c.seq).where(tables.recovery.c.household_id == household_id)
    rows = select(month.policy, month.subject, month.month).where(month.recovery.in_(mine), ~dropped)
    known = {tuple(row) for row in read.connection.execute(rows)}
    twice = sorted({(one.policy, one.subject, one.month) for one in months} & known)
    if twice:
        raise Refused(
            "claimed-already",
            f"这些月份已在追回之中：{twice[0]} · these months are claimed already, the first of them {twice[0]}",
        )


# --- the ledger ---------------------------------------------------------------------------------------------


def add_entry(
    write: Writing, book: Rulebook, viewer: Viewer, recovery: int, kind: Entry, *, day: date, reason: str,
    amount: str | None = None, reference: str = "",
) -> Account:  # fmt: skip
    """One step of a recovery; how it stands then. Raises `Refused` no-recovery, not-heard, four-eyes, too-much, moved."""
    account = account_of(write, recovery)
    if not reason.strip():
        raise Refused("no-reason", "须写明理由或依据 · what it rests on has to be said")
    told = None
    if kind in (Entry.HEARD, Entry.DROPPED):
        if kind is Entry.HEARD and not reference.strip():
            raise Refused("no-reference", "听取意见须注明记录编号 · a hearing names its record")
    else:
        told = amount_of(book, amount or "")
        _check_amount(account, kind, told)
    if kind is Entry.DECIDED and account.hearing and not account.heard:
        raise Refused(
            "not-heard",
            f"决定之前须先听取意见（{account.hearing}）· somebody is heard before it is decided: {account.hearing}",
        )
    row = {
        "recovery": recovery,
        "number": len(entries(write, recovery)) + 1,
        "kind": kind.value,
        "amount": None if told is None else str(told),
        "reference": reference.strip(),
        "reason": reason.strip(),
        "day": day,
        "person": viewer.person,
    }
    try:
        audit.add_row(write, f"recovery-{kind}", tables.recovery_entry, account.household_id, row)
    except DBAPIError as error:
        raise collided(error) from None
    return account_of(write, recovery)


def _check_amount(account: Account, kind: Entry, amount: Decimal) -> None:
    if kind is Entry.DECIDED:
        if amount > account.found:
            raise Refused(
                "too-much", f"超过查出的 {account.found} · more than the {account.found} that was found"
            )
    elif account.balance is None:
        raise Refused("not-decided", "尚未决定追回 · nobody has decided that it is asked back")
    elif amount > account.balance:
        raise Refused(
            "too-much", f"超过未还的 {account.balance} · more than the {account.balance} that is left"
        )


def entries(read: Reading, recovery: int) -> Sequence[Row[Any]]:
    entry = tables.recovery_entry
    return read.connection.execute(
        select(entry).where(entry.c.recovery == recovery).order_by(entry.c.number)
    ).all()


def account_of(read: Reading, recovery: int) -> Account:
    """Raises `Refused` no-recovery."""
    row = read.connection.execute(select(tables.recovery).where(tables.recovery.c.seq == recovery)).first()
    if row is None:
        raise no_recovery(recovery)
    told = entries(read, recovery)
    decided = next((Decimal(one.amount) for one in told if one.kind == Entry.DECIDED), None)
    back = sum((Decimal(one.amount) for one in told if one.kind in _BACK), Decimal(0))
    heard = any(one.kind == Entry.HEARD for one in told)
    return Account(recovery, row.household_id, Decimal(row.amount), decided, back, heard, row.hearing)


def no_recovery(number: int) -> Refused:
    return Refused("no-recovery", f"没有追回 {number} · there is no recovery {number}")


def months_of(read: Reading, recovery: int) -> list[Month]:
    month = tables.recovery_month
    rows = select(month).where(month.c.recovery == recovery).order_by(month.c.policy, month.c.month)
    return [
        Month(row.policy, row.subject, row.month, row.version, Decimal(row.paid), Decimal(row.due))
        for row in read.connection.execute(rows)
    ]
