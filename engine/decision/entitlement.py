"""What was due month by month, as known on a day, beside what was paid; and why the two differ.

A month's entitlement takes the version, facts, ages and parameters of its first day. Due is only what is held: a
status record must cover the month (a status that begins inside a month begins with that month), and the rules must
still find its holder eligible. Nothing here stops or recovers money: a difference is something to look into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.decision.document import Household
from engine.decision.model import Money, Struct, Sum
from engine.decision.month_lines import MonthLine, NotByMonth, Totals
from engine.decision.one_month import Answers, Month, held_in, iso_month, last_day
from engine.decision.watching import Together, watch_household
from engine.inference.found import Alert, Task
from engine.language.dates import add_months, day_text
from engine.rulebook.model import Rulebook

MONTHS_AT_MOST = 600


class Entitlement(Struct, omit_defaults=False):
    """`alerts` and `tasks`: what somebody has to look into or do. `not_checked`: rules that could not look, by the
    key that the document does not have.
    """

    household_id: str
    area: str
    application_date: str | None
    first: str
    last: str
    known: str
    rulebook: str
    lines: Sequence[MonthLine]
    not_by_month: Sequence[NotByMonth]
    totals: Totals
    alerts: Sequence[Alert]
    tasks: Sequence[Task]
    not_checked: Mapping[str, Sequence[str]]


class NothingSaid(ValueError):
    """The document says nothing about what is held, so nothing can be said about what is due."""


def entitlement(book: Rulebook, household: Household, first: int, last: int, known: int) -> Entitlement:
    """Every month from `first` to `last` (first days of months, yyyymmdd), as known on a day.

    Raises `NothingSaid` when the document has no `statuses`, ValueError for an empty or too long range.
    """
    if household.statuses is None:
        raise NothingSaid("the document says nothing about what is held")
    months = list(_months(first, last))
    if not 0 < len(months) <= MONTHS_AT_MOST:
        raise ValueError(f"{len(months)} months; 1 to {MONTHS_AT_MOST} can be asked for")
    lines: list[MonthLine] = []
    others: list[NotByMonth] = []
    conflicts: list[Together] = []
    for month in months:
        one = Month(book, household, month, known)
        found, more = one.told()
        lines += found
        others += more
        conflicts += [Together(month, conflict) for conflict in one.conflicts]
    watched = watch_household(book, household, first, last_day(last), known, conflicts)
    lines.sort(key=lambda line: (line.policy, line.subject, line.month))
    return Entitlement(
        household.household_id,
        household.area,
        None if household.application_date is None else day_text(household.application_date),
        iso_month(first),
        iso_month(last),
        day_text(known),
        book.fingerprint,
        lines,
        others,
        _totals(lines),
        watched.alerts,
        watched.tasks,
        watched.not_checked,
    )


def held_together(book: Rulebook, household: Household, first: int, last: int, known: int) -> list[Together]:
    """The conflicts among what is held in the months `first` to `last` (first days, yyyymmdd), for `watch_household`."""
    found: list[Together] = []
    for month in _months(first, last):
        held = held_in(household, month, known)
        policies = {policy for policy, _ in held}
        if len(policies) > 1:  # a conflict is between two policies
            answers = Answers(book, household, month, known, held, asked=tuple(sorted(policies)))
            found += [Together(month, conflict) for conflict in answers.conflicts.found]
    return found


def _totals(lines: Sequence[MonthLine]) -> Totals:
    least: Money = sum(line.due.min for line in lines)
    most: Money | None = 0
    paid: Money | None = 0
    arrears: Money = 0
    overpaid: Money = 0
    for line in lines:
        most = None if most is None or line.due.max is None else most + line.due.max
        paid = None if paid is None or line.paid is None else paid + line.paid
        if line.verdict == "arrears" and line.difference is not None:
            arrears += line.difference.min
        elif line.verdict == "overpaid" and line.difference is not None and line.difference.max is not None:
            overpaid -= line.difference.max
    open_lines = sum(line.verdict == "open" for line in lines)
    return Totals(Sum(least, most), paid if lines else None, arrears, overpaid, open_lines)


def _months(first: int, last: int) -> Iterator[int]:
    month: int | None = first
    while month is not None and month <= last:
        yield month
        month = add_months(month, 1)
