"""How people decide: how often against the finding, at discretion, and sent back; and where in the band their amounts lie.

A figure counts steps of approval, and the list behind it is those steps: one query makes both. Whoever took fewer than
`FEWEST` in the time is not named, and of fewer than `FEWEST` no share and no average is said, so that a table which
leaves the office tells of an approver's habit and of no single household.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select

from engine.decision.model import HOUSEHOLD, Amount
from engine.rulebook import Rulebook
from records import tables
from records.cases.deciding import AGAINST
from records.cases.finding import DISCRETIONARY
from records.cases.words import Action, Tier
from records.database import Reading
from records.refused import Refused
from records.rights import Right, Viewer
from records.scope import areas_below

FEWEST = 5
FEW = "*"  # in the place of a person: those who took fewer steps than that
AS_FOUND, DISCRETION, SENT_BACK = "as-found", "discretion", "sent-back"
WHATS = (AS_FOUND, AGAINST, DISCRETION, SENT_BACK)
_AT_ONCE = 2000
_TENTH, _CENT = Decimal("0.1"), Decimal("0.01")
_case, _step, _household, _finding = (
    tables.relief_case.c,
    tables.case_step.c,
    tables.household.c,
    tables.finding.c,
)
_amount = msgspec.json.Decoder(Amount).decode


@dataclass(frozen=True, slots=True)
class Chosen:
    """Steps of these days; "" is everything. `person` FEW: of all who are not named."""

    first: date
    last: date
    policy: str = ""
    area: str = ""
    person: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Approved:
    """One step of approval. `least` and `most`: the band of what was found, where it left one."""

    person: str
    day: date
    case_id: str
    household_id: str
    policy: str
    area: str
    action: str
    what: str
    amount: Decimal | None
    least: Decimal | None
    most: Decimal | None

    @property
    def place(self) -> Decimal | None:
        """Where in the band the amount lies: 0 the least, 100 the most."""
        if self.amount is None or self.least is None or self.most is None or self.least >= self.most:
            return None
        return 100 * (self.amount - self.least) / (self.most - self.least)


@dataclass(frozen=True, slots=True)
class Rates:
    """A person's steps. Shares are per cent: of decisions, and for what was sent back of all steps.

    people   how many stand together: one, or all who are not named
    average  of the amounts that were chosen; `place`: of where these lie in their bands
    """

    person: str
    people: int
    cases: int
    decisions: int
    against: int
    discretion: int
    sent_back: int
    against_share: Decimal | None
    discretion_share: Decimal | None
    sent_back_share: Decimal | None
    amounts: int
    average: Decimal | None
    place: Decimal | None


def within(viewer: Viewer, book: Rulebook) -> ColumnElement[bool]:
    """The cases whose approval somebody may look into: a department's are those of its own policies."""
    reached: list[ColumnElement[bool]] = []
    for grant in viewer.granting(Right.READ_DISCRETION):
        own: ColumnElement[bool] = _household.area.in_(sorted(areas_below(book, grant.area)))
        if grant.department:
            policies = [one.id for one in book.policies.values() if one.department == grant.department]
            own &= _case.policy.in_(policies)
        reached.append(own)
    return or_(false(), *reached)


def approved(read: Reading, book: Rulebook, reach: ColumnElement[bool], chosen: Chosen) -> Iterator[Approved]:
    """The steps, those of one person after those of another. Raises `Refused`: no-area, no-policy, no-such-figure."""
    _check(book, chosen)
    few = _few(read, book, reach, chosen)
    rows = read.connection.execution_options(yield_per=_AT_ONCE).execute(_steps(book, reach, chosen))
    for row in rows:
        person = FEW if row.person in few else row.person
        if chosen.person in ("", person):
            one = _approved(row, person)
            if chosen.what in ("", one.what):
                yield one


def _check(book: Rulebook, chosen: Chosen) -> None:
    if chosen.area and chosen.area not in book.areas:
        raise Refused("no-area", f"没有地区 {chosen.area} · there is no area {chosen.area}")
    if chosen.policy and chosen.policy not in book.policies:
        raise Refused("no-policy", f"规则库没有 {chosen.policy} · there is no policy {chosen.policy}")
    if chosen.what and chosen.what not in WHATS:
        raise Refused(
            "no-such-figure",
            f"没有“{chosen.what}”这一类，请写 {'、'.join(WHATS)} · there is no `{chosen.what}`; write one of {', '.join(WHATS)}",
        )


def _few(read: Reading, book: Rulebook, reach: ColumnElement[bool], chosen: Chosen) -> frozenset[str]:
    """Those who took fewer steps than may be told of somebody by name."""
    steps = _steps(book, reach, chosen).order_by(None).subquery()
    counted = select(steps.c.person).group_by(steps.c.person).having(func.count() < FEWEST)
    return frozenset(read.connection.execute(counted).scalars())


def _steps(book: Rulebook, reach: ColumnElement[bool], chosen: Chosen) -> Select[Any]:
    step, case, finding = tables.case_step, tables.relief_case, tables.finding
    of_case = and_(
        _finding.decision == _step.decision,
        _finding.policy == _case.policy,
        _finding.subject == func.coalesce(_case.person_id, HOUSEHOLD),
    )
    found = (
        select(
            _step.seq,
            _step.person,
            _step.recorded_on,
            _step.action,
            _step.outcome,
            _step.amount,
            _case.case_id,
            _case.household_id,
            _case.policy,
            _household.area,
            _finding.amount.label("band"),
        )
        .select_from(step)
        .join(case, _case.case_id == _step.case_id)
        .join(tables.household, _household.household_id == _case.household_id)
        .outerjoin(finding, of_case)
        .where(_step.tier == Tier.APPROVAL.value, reach)
        .where(_step.recorded_on.between(chosen.first, chosen.last))
        .order_by(_step.person, _step.seq)
    )
    if chosen.policy:
        found = found.where(_case.policy == chosen.policy)
    return found.where(_household.area.in_(sorted(areas_below(book, chosen.area)))) if chosen.area else found


def _approved(row: Row[Any], person: str) -> Approved:
    what = _what(row)
    amount = Decimal(row.amount) if what == DISCRETION else None
    band = _amount(row.band) if what == DISCRETION and row.band is not None else None
    return Approved(
        person,
        row.recorded_on,
        row.case_id,
        row.household_id,
        row.policy,
        row.area,
        row.action,
        what,
        amount,
        None if band is None or band.min is None else Decimal(str(band.min)),
        None if band is None or band.max is None else Decimal(str(band.max)),
    )


def _what(row: Row[Any]) -> str:
    if row.action == Action.SEND_BACK:
        return SENT_BACK
    if row.outcome == AGAINST:
        return AGAINST
    chose = row.action == Action.RELIEVE or row.outcome == DISCRETIONARY
    return DISCRETION if chose and row.amount is not None else AS_FOUND


# --- figures ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counted:
    cases: set[str] = field(default_factory=set)
    whats: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WHATS, 0))
    amounts: list[Decimal] = field(default_factory=list)
    places: list[Decimal] = field(default_factory=list)


def rates(read: Reading, book: Rulebook, reach: ColumnElement[bool], chosen: Chosen) -> list[Rates]:
    """By person, those who are not named last. Raises `Refused` as `approved` does."""
    counted: dict[str, _Counted] = {}
    for one in approved(read, book, reach, chosen):
        made = counted.setdefault(one.person, _Counted())
        made.cases.add(one.case_id)
        made.whats[one.what] += 1
        if one.amount is not None:
            made.amounts.append(one.amount)
        if one.place is not None:
            made.places.append(one.place)
    few = len(_few(read, book, reach, chosen)) if FEW in counted else 0
    named = {person: one for person, one in sorted(counted.items()) if person != FEW}
    found = [_rates(person, 1, one) for person, one in named.items()]
    return [*found, _rates(FEW, few, counted[FEW])] if few else found


def _rates(person: str, people: int, one: _Counted) -> Rates:
    whats: Mapping[str, int] = one.whats
    decisions = sum(whats.values()) - whats[SENT_BACK]
    return Rates(
        person,
        people,
        len(one.cases),
        decisions,
        whats[AGAINST],
        whats[DISCRETION],
        whats[SENT_BACK],
        _share(whats[AGAINST], decisions),
        _share(whats[DISCRETION], decisions),
        _share(whats[SENT_BACK], decisions + whats[SENT_BACK]),
        len(one.amounts),
        _average(one.amounts, _CENT),
        _average(one.places, _TENTH),
    )


def _share(part: int, whole: int) -> Decimal | None:
    return None if whole < FEWEST else (Decimal(100 * part) / whole).quantize(_TENTH)


def _average(values: Iterable[Decimal], to: Decimal) -> Decimal | None:
    found = list(values)
    return None if len(found) < FEWEST else (sum(found, Decimal(0)) / len(found)).quantize(to)
