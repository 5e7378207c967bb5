"""Publicity: what everybody may see of a case for some days, masked by its making.

A notice has no place for anything but a masked name, how many they are, how much, where and until when. Children are
never in one: not as the subject, not as the name of a family. What is public on a day follows from dates and steps
alone, so nothing has to be taken down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select

from engine.rulebook import Rulebook
from engine.rulebook.procedures import Round
from records import audit, households, people, tables
from records.cases.finding import Found
from records.cases.flow import Case, last_day
from records.cases.words import UPHELD, Action
from records.children import is_child
from records.database import Reading, Writing
from records.people import Identity
from records.refused import Refused

NOBODY = "*"  # whose name was erased
_public, _step, _case = tables.publicity.c, tables.case_step.c, tables.relief_case.c


@dataclass(frozen=True, slots=True)
class Notice:
    """All that is ever public of a case. `name`: masked, as 王**. `amount`: a decimal text for each `period`."""

    name: str
    members: int
    policy: str
    amount: str | None
    period: str | None
    area: str
    first_day: date
    last_day: date


# --- who stands for a case ---------------------------------------------------------------------------------


def shown_person(read: Reading, book: Rulebook, case: Case, applicant: str, on: date) -> str:
    """Whose masked name stands for the case; "" when that would be a child. Raises `Refused` age-unknown."""
    if case.person:
        child = is_child(read, book, case.household_id, case.person, on)
        if child is None:
            raise _age_unknown(case.person)
        return "" if child else case.person
    members = households.members_on(read.connection, case.household_id, on)
    first = [applicant] if applicant in members else []
    for one in dict.fromkeys(first + members):
        if is_child(read, book, case.household_id, one, on) is False:
            return one
    raise _age_unknown(case.household_id)


def _age_unknown(who: str) -> Refused:
    return Refused(
        "age-unknown",
        f"{who}: 出生日期不明，不能公示（儿童一律不公示），请先登记 · "
        "without a date of birth nothing is made public, because children never are; write it down first",
    )


# --- rounds -------------------------------------------------------------------------------------------------


def opened(
    write: Writing,
    case: Case,
    area: str,
    person: str,
    number: int,
    one: Round,
    found: Found,
    amount: str | None,
) -> None:
    """Puts up a notice from today on."""
    row = {
        "case_id": case.case_id,
        "number": number,
        "area": area,
        "person_id": person,
        "policy": case.policy,
        "members": 1 if case.person else found.members,
        "amount": amount,
        "period": found.period or None,
        "first_day": write.day,
        "last_day": last_day(write.day, one.days),
    }
    audit.add_row(write, "publicise", tables.publicity, case.household_id, row)


def public_on(read: Reading, book: Rulebook, areas: Iterable[str], on: date) -> list[Notice]:
    """What is public in these areas on a day: nothing of a case that was withdrawn or sent back since."""
    rows = read.connection.execute(
        select(tables.publicity)
        .where(
            _public.area.in_(sorted(areas)), _public.first_day <= on, _public.last_day >= on, ~_taken_down(on)
        )
        .order_by(_public.area, _public.policy, _public.seq)
    ).all()
    names = people.masked(read, {row.person_id for row in rows})
    return [
        Notice(
            _name(names, row.person_id),
            row.members,
            row.policy,
            row.amount,
            row.period,
            row.area,
            row.first_day,
            row.last_day,
        )
        for row in rows
    ]


def _name(names: Mapping[str, Identity], person: str) -> str:
    return names.get(person, Identity()).name or NOBODY


def _taken_down(on: date) -> ColumnElement[bool]:
    ends = or_(
        _step.action.in_([Action.WITHDRAW.value, Action.SEND_BACK.value, Action.CLOSE.value]),
        and_(_step.action == Action.SETTLE.value, _step.outcome == UPHELD),
    )
    return exists().where(
        _step.case_id == _public.case_id, _step.number > _public.number, _step.recorded_on <= on, ends
    )
