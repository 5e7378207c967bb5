"""The batch of a month: built with every award of the month in it, looked at by the gate, released by somebody else.

Where a batch stands is what its last step says. A line is paid or blocked with its reasons, and never left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.exc import DBAPIError

from engine.language.problems import nearest
from engine.rulebook import Rulebook
from records import audit, rulebooks, tables
from records.database import Reading, Writing
from records.payments import payees
from records.payments.gate import judged, watched
from records.payments.payees import Payee
from records.payments.planning import Planned, planned
from records.payments.words import (
    HOUSEHOLD,
    State,
    Verdict,
    collided,
    month_name,
    month_number,
    reaches,
)
from records.refused import Refused
from records.rights import Right, Viewer
from records.scope import areas_below, areas_of

Progress = Callable[[str, int, int], None]
"""Told what is going on, how much of it is done, and how much there is."""


def _silent(_: str, __: int, ___: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Batch:
    """`person`: who built it. `state`: of the last step."""

    seq: int
    month: str
    area: str
    policies: tuple[str, ...]
    rulebook: str
    person: str
    account: str
    lines: int
    built_on: date
    entry: int  # the last one of the audit trail that was there when it was built
    state: State


@dataclass(frozen=True, slots=True)
class Judged:
    """A line as it will be written."""

    line: Planned
    payee: Payee | None


# --- building -----------------------------------------------------------------------------------------------


def build(
    write: Writing,
    book: Rulebook,
    viewer: Viewer,
    month: str,
    area: str,
    policies: Sequence[str],
    *,
    progress: Progress = _silent,
    thorough: bool = False,
) -> int:
    """Builds the batch of a month; its number. Raises `Refused`: no-awards, bad-month, no-policy, out-of-reach."""
    number, wanted = month_number(month), sorted({*policies})
    last = audit.head(write.connection)  # before anything else is read
    _check_wanted(book, viewer, area, wanted)
    areas = sorted(areas_below(book, area))
    lines = planned(write, book, number, areas, wanted, write.day)
    if not lines:
        raise Refused(
            "no-awards",
            f"{month} 在 {area} 没有待发待遇，未生成批次 · no award of these programmes covers {month} in {area}; nothing was built",
        )
    found = judge(write, book, lines, write.day, progress=progress, thorough=thorough)
    rulebooks.keep(write, book)
    row = {
        "month": month_name(number),
        "area": area,
        "policies": json.dumps(wanted),
        "rulebook": book.fingerprint,
        "person": viewer.person,
        "lines": len(found),
        "seen": 0 if last is None else last[0],
    }
    batch: int = audit.add_row(write, "build-batch", tables.pay_batch, area, row)["seq"]
    rows = [_row(batch, place, one) for place, one in enumerate(found, 1)]
    audit.add_rows(write, "build-lines", tables.pay_line, f"batch:{batch}", rows)
    step(write, viewer, batch, State.BUILT, 1)
    progress("written", len(rows), len(rows))
    return batch


def _check_wanted(book: Rulebook, viewer: Viewer, area: str, policies: Sequence[str]) -> None:
    if area not in book.areas:
        raise Refused("no-area", f"没有地区 {area} · there is no area {area}")
    if not policies:
        raise Refused("no-policy", "请写明发放哪些项目 · say which programmes are paid")
    for policy in policies:
        if policy not in book.policies:
            near = nearest(policy, book.policies)
            raise Refused("no-policy", f"规则库没有 {policy} · there is no policy {policy}; {near}")
        if not reaches(viewer, Right.BUILD_PAYMENTS, book, area, policy):
            raise Refused(
                "out-of-reach",
                f"{policy} 在 {area} 不由您办理 · the money of {policy} in {area} is not yours to pay",
            )


def judge(
    read: Reading,
    book: Rulebook,
    lines: Sequence[Planned],
    today: date,
    *,
    progress: Progress = _silent,
    thorough: bool = False,
) -> list[Judged]:
    """Every line with all that speaks against it: the award, the payee and the account, the watch rules."""
    going = payees.current(read, dict.fromkeys(one.household_id for one in lines))
    wanted = {one.key[:2]: going.get((one.household_id, _person(one.subject))) for one in lines}
    used = {one.seq: one for one in wanted.values() if one is not None}
    wrong = payees.wrong_with(read, list(used.values()), today)
    holders = {key: one.holder for key, one in wanted.items() if one is not None}
    total, done = len({one.household_id for one in lines}), 0

    def looked(households: int) -> None:
        nonlocal done
        done += households
        progress("gate", done, total)

    seen = watched(read, book, lines, holders, today, thorough=thorough, progress=looked)
    found = []
    for line, one in zip(lines, seen, strict=True):
        payee = wanted[line.key[:2]]
        reasons = one.reasons | _of_payee(line, payee, wrong)
        found.append(Judged(judged(line, reasons, one.warnings), payee))
    return found


def _of_payee(line: Planned, payee: Payee | None, wrong: Mapping[int, Sequence[str]]) -> set[str]:
    if payee is None:
        return {"no-payee"}
    found = {*wrong.get(payee.seq, ())}
    if line.came_back_from == payee.account:
        found.add("came-back-from-this-account")
    return found


def _person(subject: str) -> str:
    return "" if subject == HOUSEHOLD else subject


def _row(batch: int, number: int, one: Judged) -> dict[str, Any]:
    line, payee = one.line, one.payee
    return {
        "batch": batch,
        "number": number,
        "award": line.award,
        "household_id": line.household_id,
        "subject": line.subject,
        "policy": line.policy,
        "month": month_name(line.month),
        "kind": line.kind.value,
        "amount": line.amount,
        "pay_to": None if payee is None else payee.seq,
        "holder": None if payee is None else payee.holder,
        "account": None if payee is None else payee.account,
        "verdict": (Verdict.BLOCKED if line.reasons else Verdict.PAY).value,
        "reasons": json.dumps(line.reasons),
        "warnings": json.dumps(line.warnings),
    }


# --- reading ------------------------------------------------------------------------------------------------


def batches() -> Select[Any]:
    """Batches with the state of each, the newest first; a query to count, narrow or cut."""
    one, last = tables.pay_batch, tables.pay_step
    newest = select(func.max(last.c.seq)).group_by(last.c.batch)
    return (
        select(one, last.c.state)
        .join(last, last.c.batch == one.c.seq)
        .where(last.c.seq.in_(newest))
        .order_by(one.c.seq.desc())
    )


def batch_of(row: Row[Any]) -> Batch:
    return Batch(
        row.seq,
        row.month,
        row.area,
        tuple(json.loads(row.policies)),
        row.rulebook,
        row.person,
        row.recorded_by,
        row.lines,
        row.recorded_on,
        row.seen,
        State(row.state),
    )


def seen(read: Reading, book: Rulebook, viewer: Viewer, right: Right, number: int) -> Batch:
    """Raises `Refused` no-batch, also for one that is out of reach."""
    row = read.connection.execute(batches().where(tables.pay_batch.c.seq == number)).first()
    if row is not None:
        batch = batch_of(row)
        if (
            right is Right.READ_PAYMENTS
        ):  # whoever sees a part of its area sees it, with the lines of that part
            within = not areas_below(book, batch.area).isdisjoint(areas_of(viewer, right, book))
        else:
            within = all(reaches(viewer, right, book, batch.area, one) for one in batch.policies)
        if within:
            return batch
    raise Refused("no-batch", f"没有批次 {number} · there is no batch {number}")


def lines(
    batch: int, *, verdict: str = "", reason: str = "", policy: str = "", household: str = ""
) -> Select[Any]:
    """The lines of a batch; a query to count or cut."""
    line = tables.pay_line.c
    found = select(tables.pay_line).where(line.batch == batch).order_by(line.number)
    for column, value in ((line.verdict, verdict), (line.policy, policy), (line.household_id, household)):
        found = found.where(column == value) if value else found
    return found.where(line.reasons.contains(json.dumps(reason), autoescape=True)) if reason else found


@dataclass(frozen=True, slots=True)
class Sums:
    """`pays` and `blocked`: lines. `amounts`: by policy what is paid. `reasons`: lines by what speaks against them."""

    pays: int
    blocked: int
    amount: Decimal
    amounts: Mapping[str, Decimal]
    reasons: Mapping[str, int]
    warnings: Mapping[str, int]


def sums(read: Reading, query: Select[Any]) -> Sums:
    """Of some lines (`lines`): computed from them, and kept nowhere."""
    amounts: dict[str, Decimal] = {}
    reasons: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    pays = blocked = 0
    for row in read.connection.execute(query):
        warnings.update(json.loads(row.warnings))
        if row.verdict == Verdict.PAY:
            pays += 1
            amounts[row.policy] = amounts.get(row.policy, Decimal(0)) + Decimal(row.amount)
        else:
            blocked += 1
            reasons.update(json.loads(row.reasons))
    return Sums(
        pays, blocked, sum(amounts.values(), Decimal(0)), dict(sorted(amounts.items())),
        dict(sorted(reasons.items())), dict(sorted(warnings.items())),
    )  # fmt: skip


def steps(read: Reading, batch: int) -> Sequence[Row[Any]]:
    step_ = tables.pay_step
    return read.connection.execute(select(step_).where(step_.c.batch == batch).order_by(step_.c.number)).all()


# --- steps --------------------------------------------------------------------------------------------------


def step(
    write: Writing,
    viewer: Viewer,
    batch: int,
    state: State,
    number: int,
    reason: str = "",
    file_hash: str = "",
) -> None:
    """Writes a step down. Raises `Refused` four-eyes, moved."""
    row = {
        "batch": batch,
        "number": number,
        "state": state.value,
        "person": viewer.person,
        "reason": reason.strip(),
        "file_hash": file_hash,
    }
    try:
        audit.add_row(write, f"batch-{state}", tables.pay_step, f"batch:{batch}", row)
    except DBAPIError as error:
        raise collided(error) from None


def next_step(
    write: Writing, viewer: Viewer, batch: Batch, state: State, after: Iterable[State], reason: str = "",
    file_hash: str = "",
) -> None:  # fmt: skip
    """One step more. Raises `Refused` not-now when the batch stands elsewhere."""
    if batch.state not in after:
        raise Refused(
            "not-now",
            f"批次 {batch.seq} 现为“{batch.state}”，不能办理“{state}” · batch {batch.seq} is {batch.state}; it cannot be {state} now",
        )
    last = steps(write, batch.seq)[-1].number
    step(write, viewer, batch.seq, state, last + 1, reason, file_hash)


def cancel(write: Writing, viewer: Viewer, batch: Batch, reason: str) -> None:
    """Nothing of it will be paid; its lines may be built again. Raises `Refused` no-reason, not-now."""
    if not reason.strip():
        raise Refused("no-reason", "取消批次须说明理由 · why a batch is cancelled has to be said")
    next_step(write, viewer, batch, State.CANCELLED, {State.BUILT}, reason)
