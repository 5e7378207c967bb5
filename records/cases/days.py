"""From which day on something is less, in a case that an event has led to."""

from __future__ import annotations

from datetime import date, timedelta

from engine.rulebook.procedures import GRANT
from records.cases import store
from records.cases.flow import Case
from records.database import Reading
from records.refused import Refused

SAID = "ending"  # under which the first step of a case keeps what it rests on


def days_of(read: Reading, case: Case, named: date | None) -> tuple[date | None, date | None]:
    """Since when it is less, and the last day of what ends. `named`: what the officer says outranks the proposal.

    Raises `Refused` no-day where the law leaves the day open and nobody has said it.
    """
    if case.purpose == GRANT and case.application_id:
        return None, named
    said = store.said_in(read, case)[1].get(SAID)
    if named is not None and case.purpose != GRANT:
        return named + timedelta(days=1), named
    if said is None:
        return None, named
    if case.purpose == GRANT:
        return None if said["first"] is None else date.fromisoformat(said["first"]), named
    if said["first"] is None:
        raise Refused(
            "no-day",
            f"发到哪一天因情形而异（{said['cite']}），请写明 · up to which day it is due depends on the case ({said['cite']}); say it",
        )
    first = date.fromisoformat(said["first"])
    return first, first - timedelta(days=1)
