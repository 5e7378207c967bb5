"""Inspections as they are read: who sees which, and where each stands."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, false, func, or_, select

from engine.rulebook import Rulebook
from records import tables
from records.database import Reading
from records.inspections import sampling
from records.inspections.words import State, Stratify, no_inspection
from records.rights import Grant, Right, Role, Viewer
from records.scope import areas_below

_one, _draw, _end = tables.inspection.c, tables.inspection_draw.c, tables.inspection_end.c


@dataclass(frozen=True, slots=True)
class Inspection:
    """`policies` (): all. `department` "": an audit. One of `size` and `share` is said."""

    seq: int
    title: str
    rules: str
    rulebook: str
    area: str
    department: str
    policies: tuple[str, ...]
    of: str
    since: date
    until: date
    stratify: Stratify
    size: int | None
    share: str | None
    seed: str
    reason: str
    person: str
    opened_by: str
    opened_on: date
    state: State
    population: int | None
    sampled: int | None


def sees_all(grant: Grant) -> bool:
    """Audits look at every department; and so does who is of none in particular."""
    return grant.role is Role.AUDITOR or not grant.department


def within(viewer: Viewer, right: Right, book: Rulebook) -> ColumnElement[bool]:
    """The condition on `inspection` that every list, count and look goes by.

    A department sees its own inspections and not those that somebody else makes of it.
    """
    reached = [
        and_(
            _one.area.in_(sorted(areas_below(book, grant.area))),
            *(() if sees_all(grant) else (_one.department == grant.department,)),
        )
        for grant in viewer.granting(right)
    ]
    return or_(*reached) if reached else false()


def inspections(*conditions: ColumnElement[bool], state: str = "") -> Select[Any]:
    """The newest first; a query to count, narrow or cut."""
    stands = case(
        (_end.kind.is_not(None), _end.kind),
        (_draw.inspection.is_not(None), State.DRAWN.value),
        else_=State.OPENED.value,
    )
    made = (
        select(tables.inspection, _draw.population, _draw.sampled, stands.label("state"))
        .outerjoin(tables.inspection_draw, _draw.inspection == _one.seq)
        .outerjoin(tables.inspection_end, _end.inspection == _one.seq)
        .where(*conditions)
        .order_by(_one.seq.desc())
    )
    return made.where(stands == state) if state else made


def inspection_of(row: Row[Any]) -> Inspection:
    return Inspection(
        row.seq,
        row.title,
        row.rules,
        row.rulebook,
        row.area,
        row.department,
        tuple(json.loads(row.policies)),
        row.of,
        row.since,
        row.until,
        Stratify(row.stratify),
        row.size,
        row.share,
        row.seed,
        row.reason,
        row.person,
        row.recorded_by,
        row.recorded_on,
        State(row.state),
        row.population,
        row.sampled,
    )


def seen(read: Reading, viewer: Viewer, right: Right, book: Rulebook, number: int) -> Inspection:
    """Raises `Refused` no-inspection, also for one that is out of reach."""
    found = read.connection.execute(inspections(_one.seq == number, within(viewer, right, book))).first()
    if found is None:
        raise no_inspection(number)
    return inspection_of(found)


def cases_within(book: Rulebook, one: Inspection) -> ColumnElement[bool]:
    """The condition on steps of cases: decided in the area and the period."""
    lives = select(tables.household.c.household_id).where(
        tables.household.c.area.in_(sorted(areas_below(book, one.area)))
    )
    step = tables.case_step.c
    return and_(
        tables.relief_case.c.household_id.in_(lives),
        step.recorded_on >= one.since,
        step.recorded_on <= one.until,
    )


def sample(number: int) -> Select[Any]:
    drawn = tables.inspection_sample
    return select(drawn).where(drawn.c.inspection == number).order_by(drawn.c.number)


def sampled_households(read: Reading, number: int) -> list[str]:
    drawn = tables.inspection_sample.c
    query = select(drawn.household_id).where(drawn.inspection == number).distinct()
    return list(read.connection.execute(query.order_by(drawn.household_id)).scalars())


def draw_of(read: Reading, number: int) -> Row[Any] | None:
    return read.connection.execute(select(tables.inspection_draw).where(_draw.inspection == number)).first()


def population_text(row: Row[Any]) -> str:
    """The list that was drawn from, as it was written down."""
    return zlib.decompress(row.content).decode()


def population(row: Row[Any]) -> list[sampling.Listed]:
    return sampling.of_text(population_text(row))


def runs(read: Reading, number: int) -> Sequence[Row[Any]]:
    run = tables.inspection_run
    return read.connection.execute(select(run).where(run.c.inspection == number).order_by(run.c.seq)).all()


def end_of(read: Reading, number: int) -> Row[Any] | None:
    return read.connection.execute(select(tables.inspection_end).where(_end.inspection == number)).first()


def counts(read: Reading, number: int) -> dict[str, int]:
    """How many findings there are, and how they and what was ordered for them stand."""
    finding, answer = tables.inspection_finding.c, tables.inspection_answer.c
    ordered, step = tables.rectification.c, tables.rectification_step.c
    rows = read.connection.execute(
        select(answer.answer, func.count())
        .select_from(tables.inspection_finding)
        .outerjoin(tables.inspection_answer, answer.finding == finding.seq)
        .where(finding.inspection == number)
        .group_by(answer.answer)
    )
    by_answer: dict[str | None, int] = {row[0]: row[1] for row in rows}
    over = select(step.rectification).where(step.state.in_(("verified", "dropped")))
    wanted = (
        select(ordered.seq)
        .join(tables.inspection_finding, finding.seq == ordered.finding)
        .where(finding.inspection == number)
    )

    def many(query: Select[Any]) -> int:
        found: int = read.connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        return found

    return {
        "findings": sum(by_answer.values()),
        "open": by_answer.get(None, 0),
        "confirmed": by_answer.get("confirmed", 0),
        "refuted": by_answer.get("refuted", 0),
        "rectifications": many(wanted),
        "rectifications_open": many(wanted.where(ordered.seq.not_in(over))),
    }
