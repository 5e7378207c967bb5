"""Notices: what people are asked to look at. Whoever answers is heard: what was closed or paused is not raised again.

The engine proposes; people decide. A notice stops, pays and recovers nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from records import audit, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.refused import Refused

GRAVITY = {"high": 300, "medium": 200, "low": 100}
CLOSING = ("confirmed", "refuted", "done")
ANSWERS = (*CLOSING, "unclear")


@dataclass(frozen=True, slots=True)
class Raised:
    """Something that a night found. `subject`: a person or "household". `due` None: not known; `term` says why."""

    kind: str
    about: str
    household_id: str
    subject: str
    owner: str
    severity: str
    evidence: Any
    policy: str = ""
    due: date | None = None
    term: Mapping[str, Any] | None = None
    certain: bool = True
    harm: str | None = None
    state: str = ""
    """What makes it another notice than one before about the same: what a finding changed to."""

    @property
    def same_as(self) -> str:
        parts = (self.kind, self.about, self.household_id, self.subject, self.policy, self.state)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def gravity(self) -> int:
        """By severity, and among equals by what is at stake; what is only possible comes last."""
        money = min(99, int(Decimal(self.harm) // 100)) if self.harm else 0
        return GRAVITY.get(self.severity, GRAVITY["low"]) + money - (0 if self.certain else 50)


def raise_all(write: Writing, found: Sequence[Raised], on: date) -> list[Raised]:
    """Writes down what is new and not paused; these are returned."""
    known = _known(write, [one.same_as for one in found])
    paused = Paused(write, {one.household_id for one in found}, on)
    new = {one.same_as: one for one in found if one.same_as not in known and not paused.covers(one)}
    by_household: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in new.values():
        by_household[one.household_id].append(_row(one))
    numbers = audit.numbers(write, tables.notice, len(new))
    for rows in by_household.values():
        for row in rows:
            row["seq"] = next(numbers)
    audit.add_many(write, "notice", tables.notice, by_household)
    return list(new.values())


def _row(one: Raised) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "about": one.about,
        "household_id": one.household_id,
        "subject": one.subject,
        "policy": one.policy,
        "owner": one.owner,
        "severity": one.severity,
        "gravity": one.gravity,
        "due": one.due,
        "term": json.dumps(one.term or {}, sort_keys=True),
        "evidence": json.dumps(one.evidence, ensure_ascii=False, sort_keys=True, default=str),
        "certain": one.certain,
        "harm": one.harm,
        "same_as": one.same_as,
    }


def _known(read: Reading, same_as: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in batched(same_as, AT_ONCE):
        notice = tables.notice.c
        found.update(
            read.connection.execute(select(notice.same_as).where(notice.same_as.in_(some))).scalars()
        )
    return found


class Paused:
    """The pauses that hold on a day. `covers`: anything with `about`, `policy` and `household_id`."""

    def __init__(self, read: Reading, households: set[str], on: date) -> None:
        pause = tables.pause.c
        everywhere = read.connection.execute(
            select(tables.pause).where(pause.household_id.is_(None), pause.until >= on)
        ).all()
        self._held: dict[str, list[Any]] = defaultdict(list)
        self._held[""] = list(everywhere)
        few = len(households) <= AT_ONCE
        of = pause.household_id.in_(sorted(households)) if few else pause.household_id.is_not(None)
        for row in read.connection.execute(select(tables.pause).where(of, pause.until >= on)):
            self._held[row.household_id].append(row)

    def covers(self, one: Any) -> bool:
        return any(
            row.about in ("", one.about) and row.policy in ("", one.policy)
            for row in (*self._held[""], *self._held.get(one.household_id, ()))
        )


# --- answers ------------------------------------------------------------------------------------------------


def answer(write: Writing, notice: int, said: str, reason: str, person: str) -> None:
    """Raises `Refused`: there is none, it is closed, or nothing is said."""
    row = write.connection.execute(select(tables.notice).where(tables.notice.c.seq == notice)).first()
    if row is None:
        raise Refused("no-notice", f"没有第 {notice} 号提示 · there is no notice {notice}")
    if said not in ANSWERS:
        raise Refused(
            "no-answer", f"回答应为 {'、'.join(ANSWERS)} 之一 · an answer is one of {', '.join(ANSWERS)}"
        )
    if not reason.strip():
        raise Refused("no-reason", "请写明理由或核查结果 · say what was found")
    told = tables.notice_answer.c
    over = Refused("closed", f"第 {notice} 号提示已办结 · notice {notice} is closed")
    closed = select(told.seq).where(told.notice == notice, told.answer.in_(CLOSING))
    if write.connection.execute(closed).first() is not None:
        raise over
    made = {"notice": notice, "answer": said, "reason": reason.strip(), "person": person}
    try:
        audit.add_row(write, "answer", tables.notice_answer, row.household_id, made)
    except IntegrityError:  # somebody else has closed it at the same time
        raise over from None


def pause(
    write: Writing,
    *,
    until: date,
    reason: str,
    person: str,
    household_id: str = "",
    about: str = "",
    policy: str = "",
) -> None:
    """Nothing of this is raised until a day. Raises `Refused` without a reason, or for everything everywhere."""
    if not reason.strip():
        raise Refused("no-reason", "暂停须写明理由 · a pause needs its reason")
    if not household_id and not about:
        raise Refused("no-subject", "请指明家庭或规则 · say which household or which rule")
    row = {
        "about": about,
        "household_id": household_id or None,
        "policy": policy,
        "until": until,
        "reason": reason.strip(),
        "person": person,
    }
    audit.add_row(write, "pause", tables.pause, household_id or about, row)


# --- read ---------------------------------------------------------------------------------------------------


def last_answers() -> Any:
    """The last answer of each notice."""
    told = tables.notice_answer
    last = select(told.c.notice, func.max(told.c.seq).label("last")).group_by(told.c.notice).subquery()
    return (
        select(told.c.notice, told.c.answer, told.c.reason, told.c.recorded_on, told.c.recorded_by)
        .join(last, last.c.last == told.c.seq)
        .subquery()
    )


def chosen(
    within: ColumnElement[bool],
    *,
    open_only: bool = True,
    waiting: bool | None = None,
    kind: str = "",
    about: str = "",
    owner: str = "",
    household_id: str = "",
) -> Select[Any]:
    """Notices of households within a condition on `household`, the gravest first; to count, narrow or cut.

    waiting: only those that no night has given out yet (`records.giving`), or only the others.
    """
    notice, household, told = tables.notice, tables.household, last_answers()
    made = (
        select(
            *(column for column in notice.c if column.name not in ("entry", "same_as", "recorded_at")),
            household.c.area,
            tables.notice_shown.c.on.label("shown_on"),
            told.c.answer,
            told.c.reason,
        )
        .join(household, household.c.household_id == notice.c.household_id)
        .outerjoin(tables.notice_shown, tables.notice_shown.c.notice == notice.c.seq)
        .outerjoin(told, told.c.notice == notice.c.seq)
        .where(within)
        .order_by(notice.c.gravity.desc(), notice.c.due.is_(None), notice.c.due, notice.c.seq)
    )
    if open_only:
        made = made.where(or_(told.c.answer.is_(None), told.c.answer == "unclear"))
    if waiting is not None:
        made = made.where(tables.notice_shown.c.seq.is_(None) == waiting)
    for column, value in (
        (notice.c.kind, kind),
        (notice.c.about, about),
        (notice.c.owner, owner),
        (notice.c.household_id, household_id),
    ):
        made = made.where(column == value) if value else made
    return made


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a rule was right. `rate` None: nothing was checked yet, which says nothing about the rule."""

    about: str
    raised: int
    open: int
    confirmed: int
    refuted: int
    harm: str

    @property
    def rate(self) -> float | None:
        checked = self.confirmed + self.refuted
        return self.confirmed / checked if checked else None


def rates(read: Reading, within: ColumnElement[bool]) -> list[Rate]:
    """By rule: raised, open, confirmed, refuted, and the money at stake in what is open or confirmed."""
    notice, household, told = tables.notice, tables.household, last_answers()
    rows = read.connection.execute(
        select(notice.c.about, told.c.answer, notice.c.harm)
        .join(household, household.c.household_id == notice.c.household_id)
        .outerjoin(told, told.c.notice == notice.c.seq)
        .where(within, notice.c.kind == "alert")
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    harm: dict[str, Any] = defaultdict(int)
    for row in rows:
        said = row.answer or "open"
        counts[row.about][said] += 1
        if said != "refuted" and row.harm is not None:
            harm[row.about] += Decimal(row.harm)
    return [
        Rate(
            about,
            count.total(),
            count["open"] + count["unclear"],
            count["confirmed"],
            count["refuted"],
            str(harm[about]),
        )
        for about, count in sorted(counts.items())
    ]
