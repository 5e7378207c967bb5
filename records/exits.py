"""Exits that nobody reported, by village: how many, how many days late, and how much was paid meanwhile.

They are the alerts of watch rules that say since when somebody should have reported something (`unreported_since`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from statistics import median_high
from typing import Any

from sqlalchemy import ColumnElement, select

from engine.decision.inputs import area_at
from engine.rulebook import Rulebook
from records import scope, tables
from records.database import Reading
from records.notices import CLOSING, last_answers
from records.refused import Refused

_AT_ONCE = 2000


@dataclass(slots=True)
class Exits:
    """Of one area and rule, and as `about` "" of all rules together.

    cases      alerts, each a person; those that somebody refuted are only in `refuted`
    possible   those of which it cannot be told from the record
    days       late, of each case: from the day on which it happened to that of the answer, or of the report
    money      that was paid meanwhile, as far as the alerts could say
    """

    area: str
    about: str
    cases: int = 0
    possible: int = 0
    confirmed: int = 0
    refuted: int = 0
    households: set[str] = field(default_factory=set)
    days: list[int] = field(default_factory=list)
    money: Decimal = Decimal(0)

    @property
    def days_middle(self) -> int | None:
        return median_high(self.days) if self.days else None

    @property
    def days_most(self) -> int | None:
        return max(self.days, default=None)


def unreported(
    read: Reading, book: Rulebook, within: ColumnElement[bool], on: date, by: str = "", area: str = ""
) -> list[Exits]:
    """By area and rule, the areas with the most cases first. `by`: a level of areas; where each lives when empty.

    Raises `Refused` for a level or an area that is not there.
    """
    if by and by not in book.levels:
        raise Refused("no-level", f"没有层级 {by} · there is no level {by}")
    if area and area not in book.areas:
        raise Refused("no-area", f"没有地区 {area} · there is no area {area}")
    if area:
        within &= tables.household.c.area.in_(sorted(scope.areas_below(book, area)))
    found: dict[tuple[str, str], Exits] = {}
    for row, since in _alerts(read, within, on):
        place = (area_at(book, row.area, by) or row.area) if by else row.area
        for about in ("", row.about):
            _count(found.setdefault((place, about), Exits(place, about)), row, since, on)
    cases: dict[str, int] = defaultdict(int, {one.area: one.cases for one in found.values() if not one.about})
    return sorted(found.values(), key=lambda one: (-cases[one.area], one.area, one.about))


def _count(exits: Exits, row: Any, since: date, on: date) -> None:
    if row.answer == "refuted":
        exits.refuted += 1
        return
    exits.cases += 1
    exits.possible += not row.certain
    exits.confirmed += row.answer in ("confirmed", "done")
    exits.households.add(row.household_id)
    until = row.answered_on if row.answer in CLOSING else on
    exits.days.append(max(0, (min(until, on) - since).days))
    if row.harm is not None:
        exits.money += Decimal(row.harm)


def _alerts(read: Reading, within: ColumnElement[bool], on: date) -> Iterator[tuple[Any, date]]:
    """Alerts of what nobody reported, each with the day on which it happened."""
    notice, household, told = tables.notice, tables.household, last_answers()
    query = (
        select(
            notice.c.about, notice.c.household_id, notice.c.term, notice.c.certain, notice.c.harm,
            household.c.area, told.c.answer, told.c.recorded_on.label("answered_on"),
        )
        .join(household, household.c.household_id == notice.c.household_id)
        .outerjoin(told, told.c.notice == notice.c.seq)
        .where(within, notice.c.kind == "alert", notice.c.term.contains("unreported_since"))
        .order_by(notice.c.seq)
    )  # fmt: skip
    for row in read.connection.execution_options(yield_per=_AT_ONCE).execute(query):
        since = date.fromisoformat(json.loads(row.term)["unreported_since"])
        if since <= on:
            yield row, since
