"""What there is to pay in a month: every award that covers it, with earlier months that were not paid or came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, select

from engine.language.dates import from_date
from engine.rulebook import Rulebook
from records import tables
from records.database import Reading
from records.granted import CARRIED_OVER, CASE, ONCE, ONE, award_key, once_of
from records.payments.before import Before, Key, before, holds
from records.payments.words import HOUSEHOLD, Kind, first_day, last_day, month_of

MONTH, YEAR = "month", "year"


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
    once: str = ONE  # which of the awards that cases give once

    @property
    def key(self) -> Key:
        return self.household_id, self.subject, self.policy


def planned(
    read: Reading, book: Rulebook, month: int, areas: Sequence[str], policies: Sequence[str], today: date
) -> list[Planned]:
    """The lines of a month, in the order of household, subject, policy and month."""
    of = select(tables.household.c.household_id).where(tables.household.c.area.in_(areas))
    awards = _awards(read, of, policies)
    done = before(read, of, policies, month)
    reviewed = _reviewed(read)
    lines: list[Planned] = []
    for row, origin in awards:
        warnings = _warnings(book, row, reviewed, today)
        lines += (replace(one, warnings=warnings) for one in _lines(row, origin, month, done))
    every = Counter((one.key, one.month) for one in lines)
    alone = Counter((one.key, one.month) for one in lines if one.once == ONE)
    crowded = {place for place, count in every.items() if count > 1 and alone[place]}
    lines = [
        replace(one, reasons=(*one.reasons, "two-awards")) if (one.key, one.month) in crowded else one
        for one in lines
    ]
    return sorted(lines, key=lambda one: (*one.key, one.month, one.award))


def _awards(read: Reading, of: Select[Any], policies: Sequence[str]) -> list[tuple[Row[Any], str]]:
    """What counts of each award, with what it rested on first: a case that ends it later makes no case of it."""
    award = tables.award.c
    rows = select(tables.award).where(award.household_id.in_(of), award.policy.in_(policies))
    latest: dict[tuple[Any, ...], tuple[Row[Any], str]] = {}
    for row in read.connection.execute(rows.order_by(award.seq)):
        key = row.household_id, *award_key(row)
        _, origin = latest.get(key, (row, row.basis))
        latest[key] = row, origin
    return list(latest.values())


def _lines(row: Row[Any], origin: str, month: int, done: Before) -> Iterator[Planned]:
    if row.amount is None and row.period is None:
        return  # a status that brings no money
    key = (row.household_id, row.person_id or HOUSEHOLD, row.policy)
    once = once_of(row.valid_from, row.period, row.basis)
    for covered in _covered(row, month):
        place = (key, covered, once)
        paid, instructed = holds(done.paid, place), holds(done.instructed, place)
        built = ("in-another-batch",) if holds(done.built, place) else ()
        back = done.returned.get(place)
        short = _short(row, done.got.get((key, covered))) if paid or instructed else None
        if short is not None:
            yield Planned(row.seq, *key, covered, Kind.ARREARS, str(short), built, (), back)
            continue
        if covered < month and (
            paid or instructed or not (origin.startswith(CASE) or holds(done.listed, place))
        ):
            continue  # settled; or of the time before this record, of which it does not know what was paid
        kind = Kind.REGULAR if covered == month else Kind.ARREARS
        if back is not None:
            kind = Kind.AGAIN
        taken = ("instructed-already",) if instructed else ("paid-already",) if paid else ()
        reasons = (*_unknown(row), *taken, *built)
        yield Planned(row.seq, *key, covered, kind, row.amount, reasons, (), back, once)


def _short(row: Row[Any], got: Decimal | None) -> Decimal | None:
    """What is left of a month that was paid less than a case has granted for it since."""
    if got is None or row.amount is None or row.period != MONTH or not row.basis.startswith(CASE):
        return None
    left = Decimal(row.amount) - got
    return left if left > 0 else None


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
