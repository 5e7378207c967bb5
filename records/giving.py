"""What a night gives out: to each owner of each area so many notices, the gravest first. The others wait for the next night.

An owner that is a level of area is one in every area of that level; a department is one for the whole record. A notice that
was answered meanwhile, or that a pause covers, is not given out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from engine.decision.inputs import area_at
from engine.rulebook import Rulebook
from records import audit, tables
from records.database import AT_ONCE, Writing, batched
from records.notices import Paused, chosen

EACH = 20
"""How many new notices one owner of one area is given by a night."""

Desk = tuple[str, str]  # an owner and the area, "" for the whole record


@dataclass(frozen=True, slots=True)
class Given:
    """How many were given out and how many wait; `full`: the owners and areas that got as many as they may."""

    shown: int
    waiting: int
    full: tuple[Desk, ...]


def desk(book: Rulebook, owner: str, area: str) -> Desk:
    return owner, (area_at(book, area, owner) or area) if owner in book.levels else ""


def give_out(write: Writing, book: Rulebook, on: date, each: int = EACH) -> Given:
    """Gives out what waits. The same night again gives no more than what is left of its number."""
    given = _given_already(write, book, on)
    notice = tables.notice.c
    columns = (notice.seq, notice.owner, notice.about, notice.policy, notice.household_id)
    waiting = list(write.connection.execute(_waiting().with_only_columns(*columns, tables.household.c.area)))
    paused = Paused(write, {row.household_id for row in waiting}, on)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in waiting:
        at = desk(book, row.owner, row.area)
        if given[at] < each and not paused.covers(row):
            given[at] += 1
            rows[row.household_id].append({"notice": row.seq, "on": on})
    shown = sum(map(len, rows.values()))
    numbers = audit.numbers(write, tables.notice_shown, shown)
    for one in (one for some in rows.values() for one in some):
        one["seq"] = next(numbers)
    for some in batched(rows, AT_ONCE):
        audit.add_many(write, "give-out", tables.notice_shown, {one: rows[one] for one in some})
    full = tuple(sorted(at for at, count in given.items() if count >= each))
    return Given(shown, len(waiting) - shown, full)


def _waiting() -> Select[Any]:
    """Open ones that no night has given out, the gravest first."""
    return chosen(tables.household.c.household_id.is_not(None), waiting=True)


def _given_already(write: Writing, book: Rulebook, on: date) -> Counter[Desk]:
    """By owner and area what this night gave out before it was run again."""
    shown, notice, household = tables.notice_shown, tables.notice, tables.household
    rows = (
        select(notice.c.owner, household.c.area)
        .join(shown, shown.c.notice == notice.c.seq)
        .join(household, household.c.household_id == notice.c.household_id)
        .where(shown.c.on == on)
    )
    return Counter(desk(book, row.owner, row.area) for row in write.connection.execute(rows))
