"""The records of a household, for the production rules: payments, statuses, events and what excluded each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.decision.document import Household, Status
from engine.decision.inputs import inputs_on
from engine.decision.model import HOUSEHOLD, STATUSES, ConflictFound
from engine.inference.found import Moment, Record, Watched
from engine.inference.watching import watch
from engine.language.dates import add_months, month_start
from engine.rulebook.in_force import in_force, parameters_on, ruled_in
from engine.rulebook.model import FOREVER, Rulebook


@dataclass(frozen=True, slots=True)
class Together:
    """A conflict among what was held in a month (its first day, yyyymmdd)."""

    month: int
    found: ConflictFound


def covers_month(status: Status, month: int) -> bool:
    """A status that begins inside a month begins with that month."""
    return month_start(status.start) <= month <= status.end


def watch_household(
    book: Rulebook,
    household: Household,
    first: int,
    last: int,
    known: int,
    together: Iterable[Together] = (),
) -> Watched:
    """The alerts and tasks of a household for the days `first` to `last`, as known on a day (all yyyymmdd).

    Rules and facts are those of the last of these days, or of `known` when that is earlier. Payments count for
    months that begin in that time, events and statuses whenever they were.
    """
    on = min(last, known)
    inputs = inputs_on(book, household, on, known)
    said = {"payment": household.payments, "status": household.statuses, "event": household.events}
    keys = {"payment": "payments", "status": STATUSES, "event": "events"}
    unsaid = {kind: keys[kind] for kind, records in said.items() if records is None}
    if household.statuses is None:
        unsaid["conflict"] = STATUSES
    moment = Moment(
        first,
        on,
        known,
        [person.person_id for person in household.people],
        inputs.household,
        inputs.people,
        parameters_on(book, household.area, on, known).values,
        unsaid,
    )
    statuses = [one for one in household.statuses or () if one.recorded <= known]
    records = [
        *_payments(household, statuses, first, last, known),
        *_statuses(book, household, on, known),
        *_events(household, known),
        *_conflicts(together, statuses),
    ]
    return watch(book, moment, records)


def _payments(
    household: Household, statuses: list[Status], first: int, last: int, known: int
) -> Iterator[Record]:
    for number, one in enumerate(household.payments or ()):
        if one.recorded > known or not first <= one.month <= last:
            continue
        held = None if household.statuses is None else any(
            (status.policy, status.person) == (one.policy, one.person) and covers_month(status, one.month)
            for status in statuses
        )  # fmt: skip
        person = one.person or HOUSEHOLD
        values = {
            "policy": one.policy,
            "person_id": person,
            "month": one.month,
            "amount": one.amount,
            "paid": one.paid or None,
            "recorded": one.recorded or None,
            "held": held,
            "cause": one.cause or None,
            "explained": bool(one.again),
        }
        became_known = one.recorded or one.paid or one.month
        yield Record("payment", person, values, one.month, became_known, f"/payments/{number}")


def _statuses(book: Rulebook, household: Household, on: int, known: int) -> Iterator[Record]:
    for number, one in enumerate(household.statuses or ()):
        if one.recorded > known:
            continue
        person = one.person or HOUSEHOLD
        values = {
            "policy": one.policy,
            "person_id": person,
            "from": one.start,
            "to": one.end,
            "amount": one.inside,
            "recorded": one.recorded or None,
            "reviewed": one.reviewed or None,
            "review_due": _review_due(book, household.area, one, on, known),
        }
        became_known = one.recorded or one.start
        yield Record("status", person, values, one.start, became_known, f"/statuses/{number}")


def _review_due(book: Rulebook, area: str, status: Status, on: int, known: int) -> int | None:
    """The last day of the next review, by the months that the policy's rule gives everybody.

    `FOREVER` where no rule asks for one. None: nobody says when it was last, and the first one would be over.
    """
    version = in_force(book, on, known, on).policies.get(status.policy)
    months = 0 if version is None else int(ruled_in(version.review, book.areas, area).get("months", 0))
    if not months:
        return FOREVER
    due = add_months(max(status.start, status.reviewed), months) or FOREVER
    return due if status.reviewed or due >= on else None


def _events(household: Household, known: int) -> Iterator[Record]:
    for number, one in enumerate(household.events or ()):
        if one.recorded > known:
            continue
        person = one.person or HOUSEHOLD
        values = {
            "person_id": person,
            "date": one.date,
            "recorded": one.recorded or None,
            "source": one.source or None,
            **one.values,
        }
        yield Record(one.kind, person, values, one.date, one.recorded or one.date, f"/events/{number}")


def _conflicts(together: Iterable[Together], statuses: list[Status]) -> Iterator[Record]:
    seen = set()
    for one in together:
        key = (one.found.rule, one.found.subject, one.month)
        if key in seen:  # what was kept and what was dropped are told apart in a decision, not here
            continue
        seen.add(key)
        values = {
            "conflict": one.found.rule,
            "stage": one.found.stage,
            "person_id": one.found.subject,
            "month": one.month,
        }
        days = [
            max(status.recorded, status.start)
            for status in statuses
            if status.policy in one.found.between and covers_month(status, one.month)
        ]
        became_known = max(days, default=one.month)
        yield Record("conflict", one.found.subject, values, one.month, became_known, one.found.rule)
