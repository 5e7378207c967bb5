"""What there is to pay in a month: every award that covers it, with earlier months that were not paid or came back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, exists, func, select

from engine.language.dates import from_date
from engine.rulebook import Rulebook
from records import tables
from records.database import Reading
from records.granted import CARRIED_OVER
from records.payments.words import HOUSEHOLD, Kind, State, first_day, last_day, month_name, month_of

Key = tuple[str, str, str]
"""Household, subject, policy."""
CASE = "case:"
MONTH, ONCE, YEAR = "month", "once", "year"


@dataclass(frozen=True, slots=True)
class Planned:
    """A line before anybody has looked whether it may be paid. `month`: months since year 0."""

    award: int
    household_id: str
    subject: str
    policy: str
    month: int
    kind: Kind
    amount: str | None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    came_back_from: bytes | None = None  # the account, of a month that is paid again

    @property
    def key(self) -> Key:
        return self.household_id, self.subject, self.policy


@dataclass(frozen=True, slots=True)
class Before:
    """What was paid, instructed or planned before, by key and month."""

    paid: frozenset[tuple[Key, int]]
    instructed: frozenset[tuple[Key, int]]  # and did not come back
    returned: dict[tuple[Key, int], bytes]  # the account that it came back from
    got: dict[tuple[Key, int], Decimal]  # what was paid or is on its way, of months that are not open
    built: frozenset[tuple[Key, int]]  # in a batch that nobody has released or cancelled
    listed: frozenset[tuple[Key, int]]  # in some batch


def planned(
    read: Reading, book: Rulebook, month: int, areas: Sequence[str], policies: Sequence[str], today: date
) -> list[Planned]:
    """The lines of a month, in the order of household, subject, policy and month."""
    of = select(tables.household.c.household_id).where(tables.household.c.area.in_(areas))
    awards = _awards(read, of, policies)
    before = _before(read, of, policies, month)
    reviewed = _reviewed(read)
    lines: list[Planned] = []
    for row, origin in awards:
        warnings = _warnings(book, row, reviewed, today)
        lines += (replace(one, warnings=warnings) for one in _lines(row, origin, month, before))
    several = Counter((one.key, one.month) for one in lines)
    lines = [
        replace(one, reasons=(*one.reasons, "two-awards")) if several[one.key, one.month] > 1 else one
        for one in lines
    ]
    return sorted(lines, key=lambda one: (*one.key, one.month, one.award))


def _awards(read: Reading, of: Select[Any], policies: Sequence[str]) -> list[tuple[Row[Any], str]]:
    """What counts of each award, with what it rested on first: a case that ends it later makes no case of it."""
    award = tables.award.c
    rows = select(tables.award).where(award.household_id.in_(of), award.policy.in_(policies))
    latest: dict[tuple[str, str, str, date], tuple[Row[Any], str]] = {}
    for row in read.connection.execute(rows.order_by(award.seq)):
        key = row.household_id, row.person_id or "", row.policy, row.valid_from
        _, origin = latest.get(key, (row, row.basis))
        latest[key] = row, origin
    return list(latest.values())


def _lines(row: Row[Any], origin: str, month: int, before: Before) -> Iterator[Planned]:
    if row.amount is None and row.period is None:
        return  # a status that brings no money
    key = (row.household_id, row.person_id or HOUSEHOLD, row.policy)
    for covered in _covered(row, month):
        place = (key, covered)
        done = place in before.paid or place in before.instructed
        short = _short(row, before.got.get(place)) if done else None
        if short is not None:
            yield Planned(
                row.seq,
                *key,
                covered,
                Kind.ARREARS,
                str(short),
                _built(before, place),
                (),
                before.returned.get(place),
            )
            continue
        if covered < month and (done or not (origin.startswith(CASE) or place in before.listed)):
            continue  # settled; or of the time before this record, of which it does not know what was paid
        kind = Kind.REGULAR if covered == month else Kind.ARREARS
        if place in before.returned:
            kind = Kind.AGAIN
        reasons = list(_unknown(row))
        if place in before.instructed:
            reasons.append("instructed-already")
        elif place in before.paid:
            reasons.append("paid-already")
        if place in before.built:
            reasons.append("in-another-batch")
        yield Planned(
            row.seq, *key, covered, kind, row.amount, tuple(reasons), (), before.returned.get(place)
        )


def _short(row: Row[Any], got: Decimal | None) -> Decimal | None:
    """What is left of a month that was paid less than a case has granted for it since."""
    if got is None or row.amount is None or row.period != MONTH or not row.basis.startswith(CASE):
        return None
    left = Decimal(row.amount) - got
    return left if left > 0 else None


def _built(before: Before, place: tuple[Key, int]) -> tuple[str, ...]:
    return ("in-another-batch",) if place in before.built else ()


def _unknown(row: Row[Any]) -> Iterator[str]:
    if row.amount is None:
        yield "amount-unknown"
    elif Decimal(row.amount) <= 0:
        yield "amount-not-above-zero"
    if row.period not in (MONTH, ONCE, YEAR):
        yield "period-unknown"


def _covered(row: Row[Any], month: int) -> range:
    """The months up to this one that an award pays for; one that begins inside a month begins with that month."""
    first = month_of(row.valid_from)
    last = month if row.valid_to is None else min(month, month_of(row.valid_to))
    if row.period == ONCE:
        return range(first, min(first, month) + 1)
    return range(first, last + 1, 12 if row.period == YEAR else 1)


def _before(read: Reading, of: Select[Any], policies: Sequence[str], month: int) -> Before:
    payment, line = tables.payment.c, tables.pay_line.c
    until = month_name(month)
    back = select(payment.takes_back).where(payment.takes_back.is_not(None))
    paid = select(
        payment.household_id, payment.person_id, payment.policy, payment.month, payment.amount
    ).where(
        payment.household_id.in_(of),
        payment.policy.in_(policies),
        payment.month <= until,
        payment.takes_back.is_(None),
        payment.seq.not_in(back),
    )
    got: dict[tuple[Key, int], Decimal] = defaultdict(Decimal)
    for row in read.connection.execute(paid):
        got[(row.household_id, row.person_id or HOUSEHOLD, row.policy), _number(row.month)] += Decimal(
            row.amount
        )
    found = frozenset(got)
    instructed, returned, underway = _instructed(read, of, policies)
    for place, amount in underway.items():
        got[place] += amount
    listed, built = set(), set()
    open_now = set(read.connection.execute(batches_in(State.BUILT)).scalars())
    lines = select(line.household_id, line.subject, line.policy, line.month, line.batch, line.verdict).where(
        line.household_id.in_(of), line.policy.in_(policies)
    )
    for line_row in read.connection.execute(lines):
        place = ((line_row.household_id, line_row.subject, line_row.policy), _number(line_row.month))
        listed.add(place)
        if line_row.batch in open_now and line_row.verdict == "pay":
            built.add(place)
    return Before(found, frozenset(instructed), returned, dict(got), frozenset(built), frozenset(listed))


def _instructed(
    read: Reading, of: Select[Any], policies: Sequence[str]
) -> tuple[set[tuple[Key, int]], dict[tuple[Key, int], bytes], dict[tuple[Key, int], Decimal]]:
    """What was instructed and did not come back, what did with its account, and what no bank has answered yet."""
    one, result = tables.instruction.c, tables.instruction_result.c
    came_back = exists().where(result.instruction == one.seq, result.outcome == "returned")
    paid = exists().where(result.instruction == one.seq, result.outcome == "paid")
    rows = select(tables.instruction, came_back.label("came_back"), paid.label("paid")).where(
        one.household_id.in_(of), one.policy.in_(policies)
    )
    instructed, returned = set(), {}
    underway: dict[tuple[Key, int], Decimal] = defaultdict(Decimal)
    for row in read.connection.execute(rows.order_by(one.attempt)):
        place = ((row.household_id, row.subject, row.policy), _number(row.month))
        if row.came_back:
            returned[place] = bytes(row.account)
        else:
            instructed.add(place)
            if not row.paid:
                underway[place] += Decimal(row.amount)
    return instructed, returned, underway


def batches_in(state: State) -> Select[Any]:
    """The numbers of batches whose last step says so."""
    step = tables.pay_step
    last = select(func.max(step.c.seq)).group_by(step.c.batch)
    return select(step.c.batch).where(step.c.seq.in_(last), step.c.state == state.value)


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


# --- warnings -----------------------------------------------------------------------------------------------


def _reviewed(read: Reading) -> set[int]:
    """Carried-over awards that somebody has reviewed."""
    return set(read.connection.execute(select(tables.award_review.c.award)).scalars())


def _warnings(book: Rulebook, row: Row[Any], reviewed: set[int], today: date) -> tuple[str, ...]:
    found = []
    if row.basis == CARRIED_OVER and row.seq not in reviewed:
        found.append("not-reviewed")
    months = _review_months(book, row.policy, today)
    if months and row.period == MONTH and month_of(row.recorded_on) + months < month_of(today):
        found.append("review-overdue")
    return tuple(found)


def _review_months(book: Rulebook, policy: str, today: date) -> int | None:
    def find() -> tuple[int | None]:
        versions = book.policies[policy].versions if policy in book.policies else ()
        begun = [one for one in versions if one.dated.start <= from_date(today)]
        last = max(begun, key=lambda one: one.dated.start, default=None)
        return (None if last is None else _months(last),)

    return book.remember("review months", (policy, today), find)[0]


def _months(version: Any) -> int | None:
    months = version.review.get("months") if version.review else None
    return int(months) if isinstance(months, int) else None


def span(lines: Sequence[Planned]) -> tuple[date, date]:
    """From the first day of the first month to the last of the last."""
    months = [one.month for one in lines]
    return first_day(min(months)), last_day(max(months))
