"""Cases that an event leads to: opened from a proposal with its numbers, decided for the day that the rulebook says.

Every step is somebody's. Nothing is stopped or asked back because a night has found it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select

from engine.rulebook import Rulebook
from engine.rulebook.procedures import GRANT, REDUCE, STOP
from records import households, notices, recovery, tables
from records.cases import store
from records.cases.applying import open_case
from records.cases.days import SAID, days_of
from records.cases.flow import Case, of
from records.cases.words import Action
from records.database import Reading, Writing
from records.documents import document
from records.endings import Ended, ended
from records.increases import increase
from records.payments.words import month_name, month_of
from records.refused import Refused
from records.rights import Viewer

PROPOSAL = "proposal"
_PURPOSES = {"stop": STOP, "change": REDUCE}


def accept(
    write: Writing, book: Rulebook, viewer: Viewer, notice: int, reason: str
) -> tuple[Case, Mapping[str, Any]]:
    """Opens the case that a proposal asks for, with the numbers of today; the proposal is confirmed by it.

    Raises `Refused`: no-notice, not-a-proposal, closed, no-reason, nothing-left, and what `open_case` raises.
    """
    row = _proposal(write, notice)
    households.claim_as_it_is(
        write, row.household_id
    )  # of two at once the second sees what the first has done
    numbers = _numbers(write, book, row)
    notices.answer(write, notice, "confirmed", reason, viewer.person)
    person = "" if row.subject == "household" else row.subject
    purpose = numbers.get("purpose", _PURPOSES[row.about])
    more = {"notice": notice, **({SAID: numbers} if numbers else {})}
    case = open_case(write, book, viewer, row.household_id, row.policy, person, purpose, reason, more)
    return case, numbers


def _proposal(read: Reading, notice: int) -> Row[Any]:
    row = read.connection.execute(select(tables.notice).where(tables.notice.c.seq == notice)).first()
    if row is None:
        raise Refused("no-notice", f"没有第 {notice} 号提示 · there is no notice {notice}")
    if row.kind != PROPOSAL or row.about not in _PURPOSES:
        raise Refused(
            "not-a-proposal",
            f"第 {notice} 号提示不是停发、减发的建议 · notice {notice} does not propose to stop or to reduce",
        )
    return row


def _is_more(evidence: Mapping[str, Any]) -> bool:
    amount, held = evidence.get("amount"), evidence.get("held")
    return amount is not None and held is not None and Decimal(amount) > Decimal(held)


def _numbers(write: Writing, book: Rulebook, row: Row[Any]) -> Mapping[str, Any]:
    """What the event, or a higher amount, comes to as known today; {} for a proposal that neither explains."""
    evidence = json.loads(row.evidence)
    event = evidence.get("event")
    made = document(write, row.household_id, write.day, write.day)
    if event is None:
        if not _is_more(evidence):
            return {}
        return increase(book, made, row.policy, row.subject, write.day, write.day).plain()
    one: Ended
    for one in ended(book, made, write.day, write.day):
        if (one.event.kind, one.policy, one.subject) == (event, row.policy, row.subject):
            return one.plain()
    raise Refused(
        "nothing-left",
        "按今天已知的情况，此项已不须停发或减发 · as far as is known today there is nothing to stop or to reduce any more",
    )


def recover(write: Writing, book: Rulebook, viewer: Viewer, case: Case, reason: str) -> int:
    """Opens the recovery of what was paid since the day of a decided case; its number.

    Raises `Refused`: not-decided, nothing-found, no-reason, claimed-already.
    """
    steps = store.steps_of(write, [case.case_id])[case.case_id]
    if case.purpose == GRANT or not of(steps, Action.CONFIRM):
        raise Refused(
            "not-decided",
            "停发、减发决定作出后才能立案追回 · only after it was decided to stop or to reduce can anything be asked back",
        )
    since, until = days_of(write, case, of(steps, Action.CONFIRM)[-1].until)
    first = since or (until + timedelta(days=1) if until is not None else write.day)
    last = max(first, write.day)
    months = recovery.overpaid(
        write, book, case.household_id, month_name(month_of(first)), month_name(month_of(last)), write.day
    )
    mine = [one for one in months if (one.policy, one.subject) == (case.policy, case.subject)]
    return recovery.open_recovery(
        write, book, viewer, case.household_id, mine, f"case:{case.case_id}", reason
    )
