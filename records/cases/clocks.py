"""What is due, by when, and for whom: the list of what somebody has to do, and what is overdue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.rulebook import Rulebook
from engine.rulebook.handling import Handling
from engine.rulebook.working_days import Due, working_days_after
from records import scope, tables
from records.cases import store
from records.cases.acting import acted_elsewhere, levels_of, right_for
from records.cases.flow import Case, Position, Possible, Step, of, position
from records.cases.words import Action
from records.database import Reading
from records.refused import Refused
from records.rights import Right, Viewer

_FAR = date.max
_HARDEST_UNKNOWN = -1  # of whom nobody knows how hard life is comes first among equals


@dataclass(frozen=True, slots=True)
class Todo:
    """A step that waits to be taken. `due` None: nobody has set a limit. `limit`: the end of the whole procedure."""

    case: Case
    area: str
    seen: int
    action: Action
    levels: tuple[str, ...]
    since: date
    due: Due | None
    limit: Due | None

    @property
    def deadline(self) -> date | None:
        """The nearer one of the step's and the procedure's end; an estimate where a calendar is missing."""
        ends = [one.estimate for one in (self.due, self.limit) if one is not None]
        return min(ends, default=None)

    def overdue(self, today: date) -> bool:
        """Surely: an estimate makes nobody late."""
        return any(
            one is not None and one.day is not None and one.day < today for one in (self.due, self.limit)
        )


def due_of(book: Rulebook, one: Possible, known: date) -> Due | None:
    if one.until is not None:
        return Due(one.until, one.until)
    return None if one.days is None else working_days_after(book, one.since, one.days, known)


def limit_of(book: Rulebook, handled: Handling, steps: Sequence[Step], known: date) -> Due | None:
    """The end of the procedure's own time: from when the case was last accepted."""
    accepted = of(steps, Action.ACCEPT, Action.OPEN)
    if handled.limit is None or not accepted:
        return None
    return working_days_after(book, accepted[-1].day, handled.limit.days, known)


def todos(read: Reading, book: Rulebook, viewer: Viewer, today: date, *conditions: Any) -> list[Todo]:
    """Every step that cases within reach wait for, by deadline and then by hardship; the hardest first."""
    return sorted(_todos(read, book, viewer, today, conditions), key=_order)


def mine(read: Reading, book: Rulebook, viewer: Viewer, today: date) -> list[Todo]:
    """Those that a viewer may take: of his or her level, area and department, with eyes that have not looked before."""
    found = todos(read, book, viewer, today)
    steps = store.steps_of(read, {one.case.case_id for one in found})
    earlier = store.steps_of(read, {one.case.appeals for one in found if one.case.appeals})
    return [
        one
        for one in found
        if _may(viewer, book, one, steps[one.case.case_id], earlier.get(one.case.appeals, []), today)
    ]


def _may(
    viewer: Viewer, book: Rulebook, one: Todo, steps: Sequence[Step], before: Sequence[Step], today: date
) -> bool:
    handled = store.handled(book, one.case, today)
    possible = position(handled, one.case, steps, today).find(one.action)
    if possible is None:
        return False
    levels = levels_of(viewer, right_for(one.action, possible.tier), book, one.area, one.case.policy)
    fitting = [level for level in levels if not possible.levels or level in possible.levels]
    return bool(fitting) and not acted_elsewhere(viewer, possible.tier, fitting[-1], steps, before)


def _todos(
    read: Reading, book: Rulebook, viewer: Viewer, today: date, conditions: Sequence[Any]
) -> Iterator[Todo]:
    household = tables.household.c
    within = scope.of_households_within(tables.relief_case.c.household_id, viewer, Right.READ_CASES, book)
    opened = store.open_cases(within, *conditions)
    found = [store.case_of(row) for row in read.connection.execute(opened)]
    steps = store.steps_of(read, [one.case_id for one in found])
    homes = opened.order_by(None).with_only_columns(tables.relief_case.c.household_id)
    lived = select(household.household_id, household.area).where(household.household_id.in_(homes))
    areas = {row.household_id: row.area for row in read.connection.execute(lived)}
    for case in found:
        yield from _of_case(book, case, areas[case.household_id], steps[case.case_id], today)


def _of_case(book: Rulebook, case: Case, area: str, steps: Sequence[Step], today: date) -> Iterator[Todo]:
    try:
        handled = store.handled(book, case, today)
    except Refused:  # the rulebook of today no longer says who decides; the case shows it when it is read
        return
    at: Position = position(handled, case, steps, today)
    limit = limit_of(book, handled, steps, today)
    for one in at.due:
        due = due_of(book, one, today)
        whole = None if one.action is Action.NOTIFY else limit
        yield Todo(case, area, steps[-1].number, one.action, one.levels, one.since, due, whole)


def _order(one: Todo) -> tuple[date, int, date, str, str]:
    score = _HARDEST_UNKNOWN if one.case.score is None else one.case.score
    return one.deadline or _FAR, score, one.since, one.case.case_id, one.action.value
