"""What was carried over waits here until somebody has looked at it.

An award that stood before the record began says what an office granted, and not whether it was right. Whoever reviews
it confirms it, or ends it on a day; the award stays as it was told either way.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from records import audit, granted, households, tables
from records.database import Writing
from records.granted import CARRIED_OVER, Granted, Reviewed
from records.households import Held, ours
from records.refused import Refused

CONFIRMED, ENDED = "confirmed", "ended"
REVIEWED = "reviewed"
"""The basis of an award that was ended by a review."""


def waiting() -> Select[Any]:
    """Carried-over awards that nobody has reviewed, the oldest first; a query to count, narrow or cut."""
    award = tables.award
    reviewed = exists().where(tables.award_review.c.award == award.c.seq)
    return select(award).where(award.c.basis == CARRIED_OVER, ~reviewed).order_by(award.c.seq)


def award_is(number: int) -> ColumnElement[bool]:
    return tables.award.c.seq == number


def review(write: Writing, award: int, outcome: str, reason: str, last_day: date | None = None) -> int:
    """Takes an award out of the queue; the number of the review. `last_day`: of an award that is ended.

    The household must be claimed. Raises `Refused` for an award that is not waiting, or an answer that says too little.
    """
    found = write.connection.execute(waiting().where(award_is(award))).first()
    if found is None:
        raise Refused(
            "not-waiting", f"第 {award} 项待遇不在待复核之列 · award {award} is not waiting for a review"
        )
    ours(write, found.household_id)
    if outcome not in (CONFIRMED, ENDED):
        raise Refused(
            "bad-outcome", f"复核结论只能是 {CONFIRMED} 或 {ENDED} · an outcome is one of these two"
        )
    if not reason.strip():
        raise Refused("no-reason", "复核须说明理由 · a review needs its reason")
    if (outcome == ENDED) == (last_day is None):
        raise Refused(
            "no-last-day", "终止须写最后一日，确认则不写 · an ended award has a last day, no other has"
        )
    if last_day is not None:
        _end(write, found, last_day)
    else:
        looked = Reviewed(found.policy, write.day, "review", found.person_id or "")
        granted.review(write, found.household_id, [looked])
    row = {"award": award, "household_id": found.household_id, "outcome": outcome, "reason": reason.strip()}
    number: int = audit.add_row(write, "review", tables.award_review, found.household_id, row)["seq"]
    return number


def _end(write: Writing, found: Any, last_day: date) -> None:
    if last_day < found.valid_from:
        raise Refused("ends-before", "终止早于起始 · this ends before it begins")
    person, source = found.person_id or "", "review"
    ended = Granted(
        found.policy, found.valid_from, source, person, last_day, found.amount, found.period, REVIEWED
    )
    granted.grant(write, found.household_id, [ended])
    status = tables.status.c
    held = select(tables.status).where(
        status.policy == found.policy,
        status.person_id.is_(None) if found.person_id is None else status.person_id == found.person_id,
        status.household_id == found.household_id,
        status.valid_from <= last_day,
    )
    latest = {row.valid_from: row for row in write.connection.execute(held.order_by(status.seq))}
    households.hold(
        write,
        found.household_id,
        [
            Held(row.policy, row.valid_from, source, person, last_day, row.amount)
            for row in latest.values()
            if row.valid_to is None or row.valid_to > last_day
        ],
    )
