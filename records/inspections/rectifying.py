"""What has to be put right: ordered for a confirmed finding, done by the unit, verified by somebody else."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select
from sqlalchemy.exc import DBAPIError

from engine.rulebook import Rulebook
from records import audit, tables
from records.database import Reading, Writing
from records.inspections import reading
from records.inspections.findings import finding_of
from records.inspections.words import (
    Step,
    collided,
    households_in,
    impersonal,
    no_rectification,
    said,
)
from records.refused import Refused
from records.rights import Right, Viewer
from records.scope import areas_below

_ordered, _step, _finding = tables.rectification.c, tables.rectification_step.c, tables.inspection_finding.c
_OVER = (Step.VERIFIED.value, Step.DROPPED.value)


class Wanted(StrEnum):
    """Which rectifications: OPEN, whatever has to happen still; DONE, what waits to be verified."""

    ALL = "all"
    OPEN = "open"
    DONE = "done"
    OVERDUE = "overdue"  # not done by its day
    OVER = "over"


def order(
    write: Writing,
    book: Rulebook,
    viewer: Viewer,
    finding: int,
    area: str,
    department: str,
    task: str,
    due: date,
) -> int:
    """Says who has to put what right by when; its number. Raises `Refused`."""
    found = finding_of(write, finding)
    if area not in book.areas:
        raise Refused("no-area", f"没有地区 {area} · there is no area {area}")
    if department and department not in book.departments:
        raise Refused("no-department", f"没有部门 {department} · there is no department {department}")
    if due < write.day:
        raise Refused("bad-period", "期限已过 · the day by which it has to be done is over already")
    row = {
        "finding": finding,
        "area": area,
        "department": department,
        "task": impersonal(write, said(task, "请写明如何整改"), households_in(found)),
        "due": due,
        "person": viewer.person,
    }
    try:
        number: int = audit.add_row(
            write, "order-rectification", tables.rectification, f"inspection:{found.inspection}", row
        )["seq"]
    except DBAPIError as error:
        raise collided(error) from None
    return number


def step(
    write: Writing, viewer: Viewer, number: int, state: Step, text: str, day: date | None = None
) -> None:
    """One step of a rectification. Raises `Refused` four-eyes, moved, no-reason, names-somebody, bad-period."""
    row = rectification_of(write, number)
    day = day or write.day
    if day > write.day:
        raise Refused("bad-period", "日期晚于今天 · that day is still to come")
    last = write.connection.execute(
        select(func.max(_step.number)).where(_step.rectification == number)
    ).scalar()
    made = {
        "rectification": number,
        "number": (last or 0) + 1,
        "state": state.value,
        "text": impersonal(write, said(text, "请写明做了什么、看到什么"), households_in(row)),
        "day": day,
        "person": viewer.person,
    }
    try:
        audit.add_row(
            write, f"rectification-{state}", tables.rectification_step, f"inspection:{row.inspection}", made
        )
    except DBAPIError as error:
        raise collided(error) from None


# --- read ---------------------------------------------------------------------------------------------------


def rectifications(
    *conditions: ColumnElement[bool], wanted: Wanted = Wanted.ALL, today: date | None = None
) -> Select[Any]:
    """With what they are for and their last step, the earliest due first; a query to count, narrow or cut."""
    last = (
        select(_step.rectification, func.max(_step.number).label("number"))
        .group_by(_step.rectification)
        .subquery()
    )
    made = (
        select(
            _ordered.seq,
            _ordered.finding,
            _ordered.area,
            _ordered.department,
            _ordered.task,
            _ordered.due,
            _ordered.person.label("ordered_by"),
            _ordered.recorded_on.label("ordered_on"),
            _finding.inspection,
            _finding.about,
            _finding.household_id,
            _finding.subject,
            _finding.policy,
            func.coalesce(_step.state, "ordered").label("state"),
            _step.text,
            _step.day,
            _step.person,
        )
        .join(tables.inspection_finding, _finding.seq == _ordered.finding)
        .outerjoin(last, last.c.rectification == _ordered.seq)
        .outerjoin(
            tables.rectification_step,
            and_(_step.rectification == _ordered.seq, _step.number == last.c.number),
        )
        .where(*conditions)
        .order_by(_ordered.due, _ordered.seq)
    )
    stands = func.coalesce(_step.state, "ordered")
    if wanted is Wanted.OPEN:
        return made.where(stands.not_in(_OVER))
    if wanted is Wanted.DONE:
        return made.where(stands == Step.DONE.value)
    if wanted is Wanted.OVERDUE:
        return made.where(stands.in_(("ordered", Step.RETURNED.value)), _ordered.due < today)
    return made.where(stands.in_(_OVER)) if wanted is Wanted.OVER else made


def within(viewer: Viewer, right: Right, book: Rulebook) -> ColumnElement[bool]:
    """Those of units within reach: an area's own, and a department's for that department."""
    reached = [
        and_(
            _ordered.area.in_(sorted(areas_below(book, grant.area))),
            *(() if not grant.department else (_ordered.department.in_(("", grant.department)),)),
        )
        for grant in viewer.granting(right)
    ]
    return or_(*reached) if reached else false()


def within_or_of_own(viewer: Viewer, book: Rulebook) -> ColumnElement[bool]:
    """Those that somebody may read: of units within reach, and whatever was ordered by inspections within reach."""
    led = select(tables.inspection.c.seq).where(reading.within(viewer, Right.READ_INSPECTIONS, book))
    return or_(within(viewer, Right.READ_RECTIFICATIONS, book), _finding.inspection.in_(led))


def rectification_of(read: Reading, number: int, *conditions: ColumnElement[bool]) -> Row[Any]:
    """Raises `Refused` no-rectification, also for one that does not meet the conditions."""
    row = read.connection.execute(rectifications(_ordered.seq == number, *conditions)).first()
    if row is None:
        raise no_rectification(number)
    return row


def steps(read: Reading, number: int) -> list[Row[Any]]:
    rows = select(tables.rectification_step).where(_step.rectification == number).order_by(_step.number)
    return list(read.connection.execute(rows))
