"""The tables of a month, and the list behind every figure: a figure counts lines, and the list is those lines.

What the latest decision of each household says, who is on the rolls and who came and went, what was granted, what was paid.
Lines are read in the order of households and none is kept, so a county takes no more memory than a village.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Table, func, select, true

from engine.decision.inputs import area_at
from engine.decision.model import HOUSEHOLD, Amount
from engine.language.dates import from_date
from engine.language.types import to_plain
from engine.rulebook import Rulebook
from engine.rulebook.in_force import row_on
from records import scope, tables
from records.database import Reading
from records.granted import ONE, once_of
from records.refused import Refused

HELD, ENTERED, LEFT = "held", "entered", "left"
GRANTED, PAID, RETURNED = "granted", "paid", "returned"
OUTCOMES = ("eligible", "undetermined", "discretionary", "ineligible", "closed", "not-in-force")
WHATS = (*OUTCOMES, HELD, ENTERED, LEFT, GRANTED, PAID, RETURNED)
Span = tuple[date, date | None]
_AT_ONCE = 2000
_amount = msgspec.json.Decoder(Amount).decode


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    last: date

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"


def month_of(text: str) -> Month:
    """`2025-10`. Raises `Refused` bad-month."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Refused(
            "bad-month", f"{text[:20]}: 不是月份，请写成 2025-10 · no month; write 2025-10"
        ) from None
    return Month(first, first.replace(day=monthrange(first.year, first.month)[1]))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a report is about: of the households within a condition, by then known; "" is everything.

    by    the level of areas that figures are for; "": where each household lives
    area  only that area and what lies below it
    place only the figure of that area, as `by` has it
    """

    known: date
    within: ColumnElement[bool] = field(default_factory=true)
    by: str = ""
    area: str = ""
    place: str = ""
    policy: str = ""
    what: str = ""
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One case. `subject`: a person, or `household`. `people`: how many. `amount`: none when there is none, or it is
    not settled; `period`: month, once, year, "" for what has no amount."""

    household_id: str
    area: str
    policy: str
    subject: str
    what: str
    people: int
    amount: Decimal | None
    period: str = ""


@dataclass(slots=True)
class Figures:
    """What a line of the table counts. `without_amount`: cases whose amount is not settled, which are not in `amount`.

    `quota`: none where the rulebook has no parameter `<policy>_quota` for the area.
    """

    policy: str
    area: str
    what: str
    period: str
    cases: int = 0
    households: int = 0
    people: int = 0
    amount: Decimal = Decimal(0)
    without_amount: int = 0
    quota: Decimal | None = None
    last: str = ""  # the household that was counted last: lines come household by household


def table(read: Reading, book: Rulebook, month: Month, chosen: Chosen) -> list[Figures]:
    """Figures by policy, area, what it is and period, sorted. Raises `Refused`."""
    found: dict[tuple[str, str, str, str], Figures] = {}
    for one in lines(read, book, month, chosen):
        key = (one.policy, one.area, one.what, one.period)
        at = found.get(key)
        if at is None:
            at = found[key] = Figures(*key)
        at.cases += 1
        at.people += one.people
        if one.amount is not None:
            at.amount += one.amount
        elif one.period:
            at.without_amount += 1
        if at.last != one.household_id:
            at.households, at.last = at.households + 1, one.household_id
    for made in found.values():
        if made.what == HELD:
            made.quota = quota(book, made.policy, made.area, month, chosen.known)
    return sorted(found.values(), key=lambda one: (one.policy, one.area, WHATS.index(one.what), one.period))


def quota(book: Rulebook, policy: str, area: str, month: Month, known: date) -> Decimal | None:
    """How many may hold a policy in an area: the parameter `<policy>_quota` of the rulebook, if there is one."""
    parameter = book.parameters.get(f"{policy}_quota")
    if parameter is None:
        return None
    row = row_on(parameter, book.areas, area, from_date(month.last), from_date(known))
    if row is None or not isinstance(row.value, int):
        return None
    return Decimal(to_plain(row.value, parameter.type))


def lines(read: Reading, book: Rulebook, month: Month, chosen: Chosen) -> Iterator[Line]:
    """Everything that the figures count, household by household within each source. Raises `Refused`."""
    if chosen.by and chosen.by not in book.levels:
        raise Refused("no-level", f"没有层级 {chosen.by} · there is no level {chosen.by}")
    if chosen.what and chosen.what not in WHATS:
        raise Refused("no-figure", f"没有这类数字 {chosen.what} · there is no figure {chosen.what}")
    for one in _Lines(read, book, month, chosen).all():
        if (not chosen.what or one.what == chosen.what) and (
            not chosen.period or one.period == chosen.period
        ):
            yield one


class _Lines:
    def __init__(self, read: Reading, book: Rulebook, month: Month, chosen: Chosen) -> None:
        self.read, self.book, self.month, self.chosen = read, book, month, chosen
        self.places: dict[str, str] = {}
        self.people: dict[str, int] = {}

    def all(self) -> Iterator[Line]:
        what = self.chosen.what
        self.people = dict(self._people())
        if not what or what in OUTCOMES:
            yield from self._decided()
        if not what or what in (HELD, ENTERED, LEFT):
            yield from self._rolls()
        if not what or what == GRANTED:
            yield from self._granted()
        if not what or what in (PAID, RETURNED):
            yield from self._paid()

    # --- queries ----------------------------------------------------------------------------------------

    def _rows(self, query: Select[Any], of: Table) -> Iterator[Row[Any]]:
        """Rows of a table about households that were chosen, household by household."""
        household = tables.household
        chosen = query.add_columns(household.c.area.label("lives_in"))
        chosen = chosen.join(household, household.c.household_id == of.c.household_id)
        chosen = chosen.where(self._households())
        yield from self.read.connection.execution_options(yield_per=_AT_ONCE).execute(chosen)

    def _households(self) -> ColumnElement[bool]:
        found = self.chosen.within
        for area in (self.chosen.area, self.chosen.place):
            if area:
                found &= tables.household.c.area.in_(sorted(scope.areas_below(self.book, area)))
        return found

    def _of(self, table: Table) -> Select[Any]:
        """What was written down by then, of the policy that was asked for."""
        made = select(table).where(table.c.recorded_on <= self.chosen.known)
        return made.where(table.c.policy == self.chosen.policy) if self.chosen.policy else made

    def _line(
        self, row: Row[Any], subject: str | None, what: str, amount: Decimal | None = None, period: str = ""
    ) -> Line:
        subject = subject or HOUSEHOLD
        people = self.people.get(row.household_id, 0) if subject == HOUSEHOLD else 1
        return Line(
            row.household_id, self._place(row.lives_in), row.policy, subject, what, people, amount, period
        )

    def _place(self, area: str) -> str:
        if not self.chosen.by:
            return area
        if area not in self.places:
            self.places[area] = area_at(self.book, area, self.chosen.by) or area
        return self.places[area]

    def _people(self) -> Iterator[tuple[str, int]]:
        """How many people every household has on the last day of the month."""
        member, last = tables.membership, self.month.last
        query = select(member.c.household_id, member.c.person_id, member.c.valid_from, member.c.valid_to)
        query = query.where(member.c.recorded_on <= self.chosen.known, member.c.valid_from <= last)
        rows = self._rows(query.order_by(member.c.household_id, member.c.seq), member)
        for household, group in groupby(rows, lambda row: row.household_id):
            latest = {(row.person_id, row.valid_from): row.valid_to for row in group}
            inside = {person for (person, _), until in latest.items() if until is None or last <= until}
            yield household, len(inside)

    # --- sources ----------------------------------------------------------------------------------------

    def _decided(self) -> Iterator[Line]:
        """The findings of each household's latest decision for a day up to the end of the month."""
        decision, finding = tables.decision, tables.finding
        latest = (
            select(func.max(decision.c.seq).label("seq"))
            .where(decision.c.on <= self.month.last, decision.c.recorded_on <= self.chosen.known)
            .group_by(decision.c.household_id)
            .subquery()
        )
        query = (
            select(
                decision.c.household_id,
                finding.c.policy,
                finding.c.subject,
                finding.c.outcome,
                finding.c.amount,
            )
            .select_from(latest)
            .join(decision, decision.c.seq == latest.c.seq)
            .join(finding, finding.c.decision == decision.c.seq)
            .order_by(decision.c.household_id)
        )
        if self.chosen.policy:
            query = query.where(finding.c.policy == self.chosen.policy)
        if self.chosen.what:
            query = query.where(finding.c.outcome == self.chosen.what)
        for row in self._rows(query, decision):
            if row.outcome not in ("eligible", "discretionary") or row.amount is None:
                yield self._line(row, row.subject, row.outcome)
                continue
            amount = _amount(row.amount)
            value = None if amount.value is None or amount.if_eligible else Decimal(amount.value)
            yield self._line(row, row.subject, row.outcome, value, amount.period)

    def _rolls(self) -> Iterator[Line]:
        """Who is on the rolls on the last day, who came and who went: before + entered - left = held."""
        for row, spans in self._spans(tables.status):
            amount = None if row.amount is None else Decimal(row.amount)
            for what in movement(spans, self.month):
                yield self._line(row, row.person_id, what, amount)

    def _granted(self) -> Iterator[Line]:
        for row, spans in self._spans(tables.award):
            if _covers(spans, self.month.last, self.month.last):
                amount = None if row.amount is None else Decimal(row.amount)
                yield self._line(row, row.person_id, GRANTED, amount, row.period or "")

    def _spans(self, of: Table) -> Iterator[tuple[Row[Any], list[Span]]]:
        """The times of each household, policy and person, and the last row that had begun by the end of the month.

        What cases give once is apart from everything else.
        """
        order = (of.c.household_id, of.c.policy, of.c.person_id, of.c.valid_from, of.c.seq)
        query = self._of(of).where(of.c.valid_from <= self.month.last).order_by(*order)
        for _, group in groupby(
            self._rows(query, of), lambda row: (row.household_id, row.policy, row.person_id)
        ):
            awards: dict[str, dict[date, Row[Any]]] = {}
            for row in group:
                once = once_of(row.valid_from, row.period, row.basis) if of is tables.award else ONE
                awards.setdefault(once, {})[row.valid_from] = row
            for latest in awards.values():
                yield latest[max(latest)], [(first, row.valid_to) for first, row in latest.items()]

    def _paid(self) -> Iterator[Line]:
        payment = tables.payment
        query = self._of(payment).where(payment.c.month == self.month.name).order_by(payment.c.household_id)
        for row in self._rows(query, payment):
            what = PAID if row.state == "paid" else RETURNED
            yield self._line(row, row.person_id, what, Decimal(row.amount), "month")


def movement(spans: Sequence[Span], month: Month) -> tuple[str, ...]:
    """Held on the last day, entered, left. Who came and went within the month did both."""
    before = month.first - timedelta(days=1)
    held_before, held = _covers(spans, before, before), _covers(spans, month.last, month.last)
    there = held_before or _covers(spans, month.first, month.last)
    return (
        *((HELD,) if held else ()),
        *((ENTERED,) if there and not held_before else ()),
        *((LEFT,) if there and not held else ()),
    )


def _covers(spans: Iterable[Span], first: date, last: date) -> bool:
    """Whether any of these times has a day of this one."""
    return any(start <= last and (end is None or first <= end) for start, end in spans)
