"""Deciding a case: what the law lets an officer say to what the engine found, and the award that follows.

Missing data never pays and never denies. Nothing is stopped by itself: to stop or to reduce is a case of its own.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select

from engine.rulebook.handling import Handling
from engine.rulebook.procedures import REDUCE, STOP
from records import granted, households, tables
from records.cases import store
from records.cases.discretion import check_same_cause, checked_amount
from records.cases.finding import DISCRETIONARY, ELIGIBLE, UNDETERMINED, Found
from records.cases.flow import Case, Step, of
from records.cases.words import Action
from records.database import Reading, Writing
from records.granted import CASE, ONCE, Granted
from records.households import Held
from records.refused import Refused

AGAINST = "against"  # the outcome of a refusal although the engine found somebody eligible: it is listed
OWN_WISH = "own-wish"  # the reason for stopping what somebody gives up
SOURCE = "case"


def basis(case: Case) -> str:
    """What an award says it rests on."""
    return f"{CASE}{case.case_id}"


def confirmed_amount(
    read: Reading, handled: Handling, case: Case, found: Found, today: date, amount: str | None, reason: str,
    text: str, again: str,
) -> Decimal | None:  # fmt: skip
    """The amount that may be confirmed, None for a status without money. Raises `Refused`."""
    if case.purpose == STOP:
        _check_stop(found, reason)
        return None
    if found.outcome not in (ELIGIBLE, DISCRETIONARY):
        raise Refused(
            "not-eligible",
            f"规则结论为“{found.outcome}”，不能确认；资料有误的请先更正再裁定 · "
            f"the rules find {found.outcome}, which cannot be confirmed; correct the facts first if they are wrong",
        )
    if found.waits_for:
        listed = "、".join(found.waits_for)
        raise Refused(
            "depends", f"须先确认 {listed} · {', '.join(found.waits_for)} has to be confirmed first"
        )
    if found.conflict:
        raise Refused(
            "conflict-open",
            f"与其他待遇冲突，尚不能确认 · another benefit stands against it: {found.conflict}",
        )
    if found.outcome == DISCRETIONARY:
        chosen = checked_amount(handled, found, amount, reason, text)
        check_same_cause(read, handled, case, cause_of(handled, found), today, again)
        return chosen
    if amount is not None and found.amount != Decimal(amount):
        raise Refused(
            "fixed-amount",
            f"金额由规则算出（{found.amount}），不能另定 · the rules say the amount ({found.amount}); nobody sets another",
        )
    if case.purpose == REDUCE:
        _check_reduced(read, case, found)
    return found.amount


def _check_stop(found: Found, reason: str) -> None:
    if reason != OWN_WISH and found.outcome in (ELIGIBLE, DISCRETIONARY, UNDETERMINED) and not found.conflict:
        raise Refused(
            "still-eligible",
            f"规则结论为“{found.outcome}”，不能停发；自愿放弃的请写明 · "
            f"the rules find {found.outcome}, so it is not stopped; {OWN_WISH} is the reason when somebody gives it up",
        )


def _check_reduced(read: Reading, case: Case, found: Found) -> None:
    now = award_held(read, case)
    if now is None or now.amount is None or found.amount is None or found.amount >= Decimal(now.amount):
        raise Refused(
            "not-less",
            f"规则算出 {found.amount}，不低于现发 {now.amount if now else '—'} · "
            f"the rules say {found.amount}, which is not less than what is paid now",
        )


def check_relief(found: Found) -> None:
    """Relief at once is for people in need whose papers are still to come; never against the rules. Raises `Refused`."""
    if found.outcome not in (ELIGIBLE, DISCRETIONARY, UNDETERMINED):
        raise Refused(
            "not-eligible", f"规则结论为“{found.outcome}”，不能先行救助 · the rules find {found.outcome}"
        )
    if found.least is None or found.most is None:
        raise Refused("no-band", "规则没有给出救助金额的范围 · the rules give no band for the amount")


def refused(found: Found, text: str) -> str:
    """The outcome of a refusal. Raises `Refused` for what missing facts leave open: nobody is refused for them."""
    if found.outcome == UNDETERMINED:
        raise Refused(
            "undetermined",
            "尚缺事实，不能据此不予确认；请补齐后再裁定 · facts are missing, and nobody is refused for that; get them first",
        )
    if not text.strip():
        raise Refused("no-text", "不予确认须写明理由 · a refusal says why in words")
    return AGAINST if found.outcome == ELIGIBLE and not found.conflict else found.outcome


def check_closed(found: Found) -> None:
    """Raises `Refused`: a procedure ends only by what the rulebook says ends it."""
    if found.outcome != "closed":
        raise Refused(
            "not-closed",
            f"规则结论为“{found.outcome}”，没有终止办理的情形；申请人放弃的请用撤回 · "
            f"the rules find {found.outcome} and nothing that ends the procedure; who gives up withdraws",
        )


def cause_of(handled: Handling, found: Found) -> str:
    rule = handled.discretion
    return found.fact(rule.cause) if rule is not None and rule.cause else ""


# --- the award ----------------------------------------------------------------------------------------------


def award_held(read: Reading, case: Case) -> Row[Any] | None:
    """The newest award of the case's policy and subject that has not ended. What is given once has nothing to end."""
    award = tables.award.c
    person = award.person_id == case.person if case.person else award.person_id.is_(None)
    rows = read.connection.execute(
        select(tables.award)
        .where(award.household_id == case.household_id, award.policy == case.policy, person)
        .where(func.coalesce(award.period, "") != ONCE)
        .order_by(award.seq)
    ).all()
    latest = {row.valid_from: row for row in rows}
    left = [row for row in latest.values() if row.valid_to is None]
    return max(left, key=lambda row: (row.valid_from, row.seq), default=None)


def award_shown(read: Reading, case: Case) -> Row[Any] | None:
    """What is being granted, or else the last that this case gave once."""
    award = tables.award.c
    given = select(tables.award).where(award.basis == basis(case), award.period == ONCE)
    return (
        award_held(read, case) or read.connection.execute(given.order_by(award.seq.desc()).limit(1)).first()
    )


def grant(
    write: Writing, case: Case, steps: list[Step], found: Found, amount: Decimal | None, until: date | None,
    since: date | None = None,
) -> None:  # fmt: skip
    """What a confirmed case leaves in the record: an award with the case as its basis, and the status that it is.

    `since`: from which day on it is less, where that is not the day from which the finding pays.
    """
    households.claim_as_it_is(write, case.household_id)
    if case.purpose == STOP:
        _end(write, case, until or _end_of_month(write.day))
        return
    paid = sum((Decimal(one.amount) for one in of(steps, Action.RELIEVE) if one.amount), Decimal(0))
    begins = since or (date.fromisoformat(found.pays_from) if found.pays_from else write.day)
    relieved_today = any(one.day == begins for one in of(steps, Action.RELIEVE))
    underway = relieved_today and _instructed(write, case, begins)
    if paid and amount is not None and (underway or not relieved_today):
        amount -= paid  # relief at once is a part of what is confirmed
        if amount <= 0:
            return
    if case.appeals and found.period == ONCE and amount is not None:
        amount -= _given(write, store.appealed(write, case))  # what is found now takes the place of that
        if amount <= 0:
            return
    if underway:  # from the same day on it would be the same award, which is paid once
        begins = date.fromordinal(begins.toordinal() + 1)
    if found.period != ONCE and award_held(write, case) is not None:
        _end(write, case, _day_before(begins))
    one = Granted(
        case.policy,
        begins,
        SOURCE,
        case.person,
        None,
        None if amount is None else str(amount),
        found.period or None,
        basis(case),
    )
    granted.grant(write, case.household_id, [one])
    known = found.document["held"] is not None  # otherwise one status would say that there are no others
    if known and found.period != ONCE:
        held = Held(case.policy, begins, SOURCE, case.person, None, one.amount)
        households.hold(write, case.household_id, [held])


def _given(read: Reading, cases: Sequence[str]) -> Decimal:
    """What cases have given once."""
    award = tables.award.c
    rows = read.connection.execute(
        select(tables.award)
        .where(award.basis.in_([f"{CASE}{one}" for one in cases]), award.period == ONCE)
        .order_by(award.seq)
    )
    latest = {(row.household_id, *granted.award_key(row)): row.amount for row in rows}
    return sum((Decimal(one) for one in latest.values() if one is not None), Decimal(0))


def _instructed(read: Reading, case: Case, since: date) -> bool:
    """Whether the bank was told to pay what the case gives from a day on."""
    award, line, one = tables.award.c, tables.pay_line.c, tables.instruction.c
    query = (
        select(one.seq)
        .join(tables.pay_line, (line.batch == one.batch) & (line.number == one.line))
        .join(tables.award, award.seq == line.award)
        .where(award.basis == basis(case), award.valid_from == since)
    )
    return read.connection.execute(query.limit(1)).first() is not None


def _end(write: Writing, case: Case, last: date) -> None:
    now = award_held(write, case)
    if now is None:
        raise Refused(
            "nothing-granted", "没有正在发放的待遇 · nothing is being granted that could be stopped"
        )
    ended = Granted(
        now.policy,
        now.valid_from,
        SOURCE,
        case.person,
        max(last, now.valid_from),
        now.amount,
        now.period,
        basis(case),
    )
    granted.grant(write, case.household_id, [ended])
    status = tables.status.c
    person = status.person_id == case.person if case.person else status.person_id.is_(None)
    held = write.connection.execute(
        select(tables.status)
        .where(status.household_id == case.household_id, status.policy == case.policy, person)
        .order_by(status.seq)
    ).all()
    latest = {row.valid_from: row for row in held}
    over = [
        Held(row.policy, row.valid_from, SOURCE, case.person, max(last, row.valid_from), row.amount)
        for row in latest.values()
        if row.valid_to is None
    ]
    households.hold(write, case.household_id, over)


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
