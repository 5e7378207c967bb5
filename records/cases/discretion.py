"""Discretion with a fence: inside the band, with a reason, beside similar cases, not twice for one cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from sqlalchemy import Select, select

from engine.language.dates import MIN_DAY, add_months, from_date, to_date
from engine.rulebook.handling import Handling
from records import tables
from records.cases.finding import Found
from records.cases.flow import Case
from records.cases.store import appealed
from records.cases.words import Action
from records.database import Reading
from records.refused import Refused

_case, _step = tables.relief_case.c, tables.case_step.c
_GRANTS = (Action.CONFIRM.value, Action.RELIEVE.value)


@dataclass(frozen=True, slots=True)
class Peers:
    """Amounts granted in similar cases: of the same policy and cause, for households of the same size."""

    count: int
    least: Decimal | None = None
    median: Decimal | None = None
    most: Decimal | None = None
    below: int | None = None  # how many got less than an amount that was asked about


@dataclass(frozen=True, slots=True)
class Outlier:
    """An approver whose amounts lie apart: their typical distance from the median of similar cases, as a share of it."""

    person: str
    cases: int
    distance: Decimal


def checked_amount(
    handled: Handling, found: Found, amount: str | None, reason: str, text: str
) -> Decimal | None:
    """The amount that somebody chose, inside the band and with a reason. Raises `Refused`."""
    _check_reason(handled, reason, text)
    if found.least is None or found.most is None:
        return found.amount
    try:
        chosen = Decimal(amount or "")
    except InvalidOperation:
        raise Refused(
            "no-amount", "请写明救助金额 · say the amount that is granted, a number inside the band"
        ) from None
    if not found.least <= chosen <= found.most:
        raise Refused(
            "outside-band",
            f"金额 {chosen} 不在 {found.least}–{found.most} 之间 · "
            f"{chosen} lies outside the band from {found.least} to {found.most}",
        )
    if chosen != chosen.quantize(Decimal("0.01")):
        raise Refused("no-amount", f"{chosen}: 金额至多两位小数 · an amount has at most two decimals")
    return chosen


def _check_reason(handled: Handling, reason: str, text: str) -> None:
    listed = handled.discretion.reasons if handled.discretion is not None else {}
    if listed and reason not in listed:
        raise Refused("no-reason", f"请选择理由：{'、'.join(listed)} · choose a reason: {', '.join(listed)}")
    if not text.strip():
        raise Refused("no-text", "酌情决定须说明理由 · a decision at discretion says why in words")


def check_same_cause(
    read: Reading, handled: Handling, case: Case, cause: str, today: date, reasoned: str
) -> None:
    """One cause is not aided twice within the time of the procedure, unless somebody says why. Raises `Refused`.

    What is decided anew after an appeal is no second time.
    """
    rule = handled.discretion
    if rule is None or rule.months is None or not cause or reasoned.strip():
        return
    since = _months_before(today, rule.months)
    earlier = read.connection.execute(
        _granted(_case.policy == case.policy, _step.cause == cause, _step.recorded_on > since)
        .where(
            _case.household_id == case.household_id,
            _case.case_id.not_in([case.case_id, *appealed(read, case)]),
        )
        .order_by(_step.recorded_on.desc())
        .limit(1)
    ).first()
    if earlier is not None:
        raise Refused(
            "same-cause",
            f"该户已于 {earlier.recorded_on} 因同一事由（{cause}）获救助，{rule.months} 个月内再次救助须说明理由 · "
            f"the household was aided for the same cause ({cause}) on {earlier.recorded_on}; "
            f"say why it is aided again within {rule.months} months",
        )


def similar(
    read: Reading, policy: str, cause: str, members: int, apart_from: str = "", amount: Decimal | None = None
) -> Peers:
    """What similar cases were granted, and where an amount lies among them. `apart_from`: a case that is not counted."""
    rows = read.connection.execute(
        _granted(_case.policy == policy, _step.cause == cause, _step.members == members)
    )
    amounts = sorted(Decimal(row.amount) for row in rows if row.case_id != apart_from)
    if not amounts:
        return Peers(0)
    below = None if amount is None else sum(one < amount for one in amounts)
    return Peers(len(amounts), amounts[0], Decimal(median(amounts)), amounts[-1], below)


def outliers(
    read: Reading, policy: str, within: Any, *, at_least: int = 5, distance: Decimal = Decimal("0.25")
) -> list[Outlier]:
    """Approvers whose amounts typically lie further than `distance` from similar cases. `within`: a condition on cases.

    Similar cases are those of other approvers; who has decided fewer than `at_least` comparable ones is not judged.
    """
    groups: dict[tuple[str, int], list[tuple[str, Decimal]]] = defaultdict(list)
    for row in read.connection.execute(_granted(_case.policy == policy, within)):
        groups[row.cause, row.members].append((row.person, Decimal(row.amount)))
    apart: dict[str, list[Decimal]] = defaultdict(list)
    for members in groups.values():
        for person, amount in members:
            others = [other for who, other in members if who != person]
            if others and (middle := Decimal(median(others))) > 0:
                apart[person].append((amount - middle) / middle)
    found = [
        Outlier(person, len(shares), Decimal(median(shares)).quantize(Decimal("0.001")))
        for person, shares in apart.items()
        if len(shares) >= at_least
    ]
    return sorted((one for one in found if abs(one.distance) > distance), key=lambda one: -abs(one.distance))


def _granted(*conditions: Any) -> Select[Any]:
    """Amounts that were granted at discretion, with who granted them; the last one of a case counts."""
    later = tables.case_step.alias()
    regranted = (
        select(later.c.seq)
        .where(later.c.case_id == _step.case_id, later.c.number > _step.number)
        .where(later.c.action.in_(_GRANTS), later.c.amount.is_not(None))
    )
    return (
        select(_case.case_id, _step.amount, _step.person, _step.cause, _step.members, _step.recorded_on)
        .join_from(tables.case_step, tables.relief_case, _case.case_id == _step.case_id)
        .where(_step.action.in_(_GRANTS), _step.amount.is_not(None), _step.reason != "", *conditions)
        .where(~regranted.exists())
    )


def _months_before(day: date, months: int) -> date:
    earlier = add_months(from_date(day), -months)
    return to_date(MIN_DAY if earlier is None else earlier)
