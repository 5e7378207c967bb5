"""What only all households together show: one person in several of them, one account for several.

The rulebook's comparisons say who looks into it and by when; here is what is compared. A person is the same when the record
says so: the same identity number, by its blind index, is the same person id. An account is the same by its blind index;
nobody reads the number. Nothing is done by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from engine.inference.found import WHOLE, Term
from engine.language.dates import add_months, from_date, month_start
from engine.rulebook import Rulebook
from engine.rulebook.in_force import holding
from engine.rulebook.production import Comparison
from records import sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.erasure import erased
from records.notices import Raised
from records.payments.payees import Payee, Relation, all_current, strangers
from records.proposing import due_of
from records.where import covers, memberships_of

SHOWN = 20  # of those who share an account
MONEY_MONTHS = 12  # of payments that are at stake
ACCOUNT_MONTHS = 3  # of payments that say where the money goes, where no payee is approved


@dataclass(frozen=True, slots=True)
class Shared:
    """What one household has in common with others. `state`: what makes it another notice than one before.

    `certain` False: it is not known whether it may be so.
    """

    household_id: str
    subject: str
    since: date
    evidence: list[dict[str, str]]
    state: str
    certain: bool = True


@dataclass(slots=True)
class _Looking:
    read: Reading
    on: date
    known: date


def compared(read: Reading, book: Rulebook, on: date, known: date) -> list[Raised]:
    """The alerts of the comparisons in force on a day, sorted."""
    days = from_date(on), from_date(known)
    found: list[Raised] = []
    gone = erased(read)
    for one in holding(book.comparisons, *days):
        shared = list(COMPARED[one.of](_Looking(read, on, known)))
        kept = [each for each in shared if sealed.of_household(each.household_id) not in gone]
        money = _paid(read, {each.household_id for each in kept}, on)
        found += [_raised(book, one, each, money, known) for each in kept]
    return sorted(found, key=lambda one: (one.about, one.household_id, one.subject))


def _raised(
    book: Rulebook, rule: Comparison, one: Shared, money: Mapping[tuple[str, str], Decimal], known: date
) -> Raised:
    limit = rule.deadline
    until = "" if limit.days is None else (one.since + timedelta(limit.days)).isoformat()
    due, term = due_of(book, Term(one.since.isoformat(), until, limit.working_days), known)
    amounts = [
        money[key] for key in {(one.household_id, one.subject), (one.household_id, WHOLE)} if key in money
    ]
    return Raised(
        "alert",
        rule.id,
        one.household_id,
        one.subject,
        rule.owner,
        rule.severity,
        one.evidence,
        due=due,
        term=term,
        certain=one.certain,
        harm=str(sum(amounts)) if amounts else None,
        state=one.state,
    )


# --- the same person ----------------------------------------------------------------------------------------


def _same_person(at: _Looking) -> Iterator[Shared]:
    """Everybody who is a member of several households on the day."""
    member = tables.membership.c
    several = (
        select(member.person_id)
        .where(member.recorded_on <= at.known)
        .group_by(member.person_id)
        .having(func.count(member.household_id.distinct()) > 1)
    )
    people = list(at.read.connection.execute(several).scalars())
    written = _joined(at, people)
    for person, everywhere in memberships_of(at.read, people, at.known).items():
        inside = sorted(one for one, days in everywhere.items() if covers(days, at.on))
        for household in inside if len(inside) > 1 else ():
            others = [one for one in inside if one != household]
            yield Shared(
                household,
                person,
                sorted(written[person, one] for one in inside)[1],
                [_membership(person, one, max(everywhere[one])) for one in inside],
                " ".join(others),
            )


def _joined(at: _Looking, people: Collection[str]) -> dict[tuple[str, str], date]:
    """On which day it was first written down that a person is in a household."""
    member = tables.membership.c
    found: dict[tuple[str, str], date] = {}
    for some in batched(sorted(people), AT_ONCE):
        rows = (
            select(member.person_id, member.household_id, func.min(member.recorded_on).label("day"))
            .where(member.person_id.in_(some))
            .group_by(member.person_id, member.household_id)
        )
        found |= {(row.person_id, row.household_id): row.day for row in at.read.connection.execute(rows)}
    return found


def _membership(person: str, household: str, since: date) -> dict[str, str]:
    return {"kind": "membership", "household_id": household, "subject": person, "at": since.isoformat()}


# --- the same account ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Account:
    """Where the money of households goes: by household and subject the payee, None where no payee is approved."""

    uses: dict[tuple[str, str], Payee | None] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)  # by household, since when it is known

    def add(self, household: str, subject: str, payee: Payee | None, day: date) -> None:
        self.uses[household, subject] = payee
        self.days[household] = min(day, self.days.get(household, day))


def _same_account(at: _Looking) -> Iterator[Shared]:
    """Accounts for several households that have nobody in common, those of agents aside.

    Where no payee is approved the last payments say which account it is, and not who holds it: then it is not certain.
    """
    accounts: dict[bytes, _Account] = defaultdict(_Account)
    payees = all_current(at.read, at.known)
    for (household, person), (payee, day) in payees.items():
        if payee.relation is not Relation.AGENT:
            accounts[payee.account].add(household, person or WHOLE, payee, day)
    for row in _paid_into(at):
        if (row.household_id, row.person_id or "") not in payees:
            accounts[bytes(row.account)].add(row.household_id, row.person_id or WHOLE, None, row.day)
    of = {account: sorted(one.days) for account, one in accounts.items()}
    for account in sorted(strangers(at.read, of)):
        one = accounts[account]
        certain = len({key[0] for key, payee in one.uses.items() if payee is not None}) > 1
        since = sorted(one.days.values())[1]
        for household in of[account]:
            yield Shared(household, WHOLE, since, _uses(one, household), account.hex(), certain)


def _uses(account: _Account, household: str) -> list[dict[str, str]]:
    """Its own first; of many others the first ones, and how many more there are."""
    ordered = sorted(account.uses.items(), key=lambda use: (use[0][0] != household, use[0]))
    shown = [_use(*key, payee, account.days[key[0]]) for key, payee in ordered[:SHOWN]]
    left = len(ordered) - len(shown)
    return [*shown, {"kind": "more", "count": str(left)}] if left else shown


def _use(household: str, subject: str, payee: Payee | None, day: date) -> dict[str, str]:
    said = {"household_id": household, "subject": subject, "at": day.isoformat()}
    if payee is None:
        return {"kind": "payment", **said}
    return {"kind": "payee", **said, "holder": payee.holder, "relation": payee.relation.value}


def _paid_into(at: _Looking) -> Iterator[Any]:
    """By household, person and account what went there in the last months, and since when that is known."""
    payment = tables.payment.c
    rows = (
        select(
            payment.household_id,
            payment.person_id,
            payment.account,
            func.min(payment.recorded_on).label("day"),
        )
        .where(
            payment.state == "paid",
            payment.account.is_not(None),
            payment.month >= _months_before(at.on, ACCOUNT_MONTHS),
            payment.recorded_on <= at.known,
        )
        .group_by(payment.household_id, payment.person_id, payment.account)
    )
    yield from at.read.connection.execute(rows)


COMPARED: Mapping[str, Callable[[_Looking], Iterator[Shared]]] = {
    "person": _same_person,
    "account": _same_account,
}


# --- what else ----------------------------------------------------------------------------------------------


def _paid(read: Reading, households: Collection[str], on: date) -> dict[tuple[str, str], Decimal]:
    """By household and subject what was paid for the last months and did not come back."""
    payment = tables.payment.c
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for some in batched(sorted(households), AT_ONCE):
        rows = select(payment.household_id, payment.person_id, payment.amount, payment.state).where(
            payment.household_id.in_(some), payment.month >= _months_before(on, MONEY_MONTHS)
        )
        for row in read.connection.execute(rows):
            sign = 1 if row.state == "paid" else -1
            found[row.household_id, row.person_id or WHOLE] += sign * Decimal(row.amount)
    return found


def _months_before(day: date, months: int) -> str:
    first = add_months(month_start(from_date(day)), -months) or 0
    return f"{first // 10000:04d}-{first // 100 % 100:02d}"
