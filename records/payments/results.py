"""What the bank said: each row matched to its instruction, what cannot be matched named, nothing lost, nothing done twice."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Row, Table, exists, select, update
from sqlalchemy.exc import DBAPIError

from records import audit, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.granted import again_row, cause_row, paid_beside
from records.payments.batches import Batch, next_step
from records.payments.grounds import Ground, grounds
from records.payments.words import HOUSEHOLD, State, collided
from records.refused import Refused
from records.rights import Viewer

PAID, RETURNED = "paid", "returned"
SOURCE = "bank"
_HEADERS: Mapping[str, str] = {
    "reference": "reference", "业务参考号": "reference", "参考号": "reference",
    "outcome": "outcome", "结果": "outcome",
    "reason": "reason", "原因": "reason",
    "date": "date", "日期": "date",
    "amount": "amount", "金额": "amount",
}  # fmt: skip
_OUTCOMES: Mapping[str, str] = {
    "paid": PAID, "成功": PAID, "已发放": PAID,
    "returned": RETURNED, "退回": RETURNED, "失败": RETURNED, "退票": RETURNED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A row of the bank's file, as people count rows."""

    row: int
    reference: str
    outcome: str
    reason: str
    day: date | None
    amount: Decimal | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """`counts`: rows by what became of them: paid, returned, known, and each problem. `missing`: instructions of which
    the bank has said nothing yet. `again`: the file was read before, and nothing was done now.
    """

    bank_file: int
    counts: Mapping[str, int]
    problems: Sequence[Mapping[str, Any]]
    missing: int
    again: bool


def take(write: Writing, viewer: Viewer, batch: Batch, content: bytes) -> Taken:
    """Writes down what a file says. Raises `Refused` not-now, bad-file, moved."""
    if batch.state not in (State.EXPORTED, State.SETTLED):
        raise Refused("not-now", f"批次 {batch.seq} 尚未导出 · batch {batch.seq} was not given to a bank yet")
    file_hash = hashlib.sha256(content).hexdigest()
    file = tables.bank_file
    before = write.connection.execute(
        select(file).where(file.c.batch == batch.seq, file.c.file_hash == file_hash)
    ).first()
    if before is not None:
        counts, problems = json.loads(before.counts), json.loads(before.problems)
        return Taken(before.seq, counts, problems, len(missing(write, batch.seq)), True)
    rows = read_file(content)
    return _take(write, viewer, batch, file_hash, rows)


def _take(write: Writing, viewer: Viewer, batch: Batch, file_hash: str, rows: Sequence[Said]) -> Taken:
    instructions = _instructions(write, batch.seq)
    answered = _answered(write, batch.seq)
    counts: Counter[str] = Counter()
    problems: list[dict[str, Any]] = []
    new: list[tuple[Said, Row[Any]]] = []
    seen: set[str] = set()
    for one in rows:
        found = instructions.get(one.reference)
        problem = one.problem or _problem(one, found, seen, answered)
        if found is not None:
            seen.add(one.reference)
        if problem == "known":
            counts["known"] += 1
        elif problem or found is None:
            counts[problem] += 1
            problems.append({"row": one.row, "reference": one.reference[:80], "problem": problem})
        else:
            counts[one.outcome] += 1
            new.append((one, found))
    row = {
        "batch": batch.seq,
        "file_hash": file_hash,
        "rows": len(rows),
        "counts": json.dumps(counts, sort_keys=True),
        "problems": json.dumps(problems, ensure_ascii=False),
        "person": viewer.person,
    }
    try:
        number: int = audit.add_row(write, "bank-file", tables.bank_file, f"batch:{batch.seq}", row)["seq"]
        _write(write, batch, number, new, answered)
    except DBAPIError as error:
        raise collided(error) from None
    left = missing(write, batch.seq)
    if not left and batch.state is State.EXPORTED:
        next_step(write, viewer, batch, State.SETTLED, {State.EXPORTED}, f"bank-file:{number}")
    return Taken(number, dict(counts), problems, len(left), False)


def _problem(
    one: Said, found: Row[Any] | None, seen: set[str], answered: Mapping[int, Mapping[str, Any]]
) -> str:
    if found is None:
        return "unknown-reference"
    if one.reference in seen:
        return "twice-in-file"
    if one.amount is not None and one.amount != Decimal(found.amount):
        return "wrong-amount"
    said = answered.get(found.seq, {})
    if one.outcome in said:
        return "known"
    if one.outcome == PAID and RETURNED in said:
        return "returned-before"
    return ""


# --- the file -----------------------------------------------------------------------------------------------


def read_file(content: bytes) -> list[Said]:
    """The rows of a CSV with the columns reference, outcome, reason and date; amount where the bank tells it.

    Raises `Refused` bad-file for what is no such file. A row that cannot be read is kept with its problem.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise Refused(
                "bad-file", "文件编码应为 UTF-8 或 GB18030 · the file is neither UTF-8 nor GB18030"
            ) from None
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise Refused("bad-file", f"不是 CSV 文件 · this is no CSV: {error}") from None
    header = [_HEADERS.get(part.lower()) for part in map(_first_word, rows[0])] if rows else []
    for wanted in ("reference", "outcome", "date"):
        if header.count(wanted) != 1:
            raise Refused(
                "bad-file",
                f"表头须恰有一列“{wanted}” · the header needs the columns reference, outcome, reason, date; `{wanted}` once",
            )
    return [_said(number, header, cells) for number, cells in enumerate(rows[1:], 2) if any(cells)]


def _first_word(cell: str) -> str:
    return cell.strip().split()[0] if cell.strip() else ""


def _said(number: int, header: Sequence[str | None], cells: Sequence[str]) -> Said:
    told = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
    outcome, day, amount, problem = _OUTCOMES.get(told.get("outcome", "").lower(), ""), None, None, ""
    try:
        day = date.fromisoformat(told.get("date", ""))
    except ValueError:
        problem = "bad-date"
    if told.get("amount"):
        try:
            amount = Decimal(told["amount"])
        except InvalidOperation:
            problem = "bad-amount"
    if not outcome:
        problem = "bad-outcome"
    return Said(
        number, told.get("reference", ""), outcome, told.get("reason", "")[:500], day, amount, problem
    )


# --- writing ------------------------------------------------------------------------------------------------


def _write(
    write: Writing,
    batch: Batch,
    bank_file: int,
    new: Sequence[tuple[Said, Row[Any]]],
    answered: Mapping[int, Mapping[str, Any]],
) -> None:
    """Payments and what came back, in their households, and what was said of each instruction."""
    _claim(write, {found.household_id for _, found in new})
    payments = tables.payment
    numbers = audit.numbers(write, payments, len(new))
    by_household: dict[str, dict[str, list[dict[str, Any]]]] = {PAID: {}, RETURNED: {}}
    results: list[dict[str, Any]] = []
    for said, found in new:
        assert said.day is not None
        paid_before = answered.get(found.seq, {}).get(PAID)
        payment = None
        if said.outcome == PAID or paid_before is not None:
            payment = next(numbers)
            row = _payment(batch, found, said, payment, paid_before)
            by_household[said.outcome].setdefault(found.household_id, []).append(row)
        results.append(
            {
                "instruction": found.seq,
                "outcome": said.outcome,
                "reason": said.reason,
                "day": said.day,
                "payment": payment,
                "bank_file": bank_file,
            }
        )
    audit.add_many(write, "pay", payments, by_household[PAID])
    _say_why(write, by_household[PAID])
    audit.add_many(write, "take-back", payments, by_household[RETURNED])
    audit.add_rows(write, "bank-results", tables.instruction_result, f"batch:{batch.seq}", results)


def _say_why(write: Writing, paid: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """What payments were given for and what explains them, in the households' documents from now on."""
    known = grounds(write, (row["award"] for rows in paid.values() for row in rows))
    causes: dict[str, list[dict[str, Any]]] = {}
    explained: dict[str, list[dict[str, Any]]] = {}
    for household, rows in paid.items():
        for row in rows:
            ground = known.get(row["award"], Ground())
            if ground.cause:
                causes.setdefault(household, []).append(cause_row(row, ground.cause))
            if ground.again:
                explained.setdefault(household, []).append(again_row(row, ground.again))
    _counted(write, "say-cause", tables.payment_cause, causes)
    _counted(write, "explain", tables.payment_again, explained)


def _counted(write: Writing, action: str, table: Table, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    numbers = audit.numbers(write, table, sum(map(len, rows.values())))
    for one in (one for some in rows.values() for one in some):
        one["seq"] = next(numbers)
    audit.add_many(write, action, table, rows)


def _payment(
    batch: Batch, found: Row[Any], said: Said, number: int, takes_back: int | None
) -> dict[str, Any]:
    """As `records.granted` writes it; the account is known by its index alone."""
    return {
        "seq": number,
        "household_id": found.household_id,
        "person_id": None if found.subject == HOUSEHOLD else found.subject,
        "award": found.award,
        "policy": found.policy,
        "month": found.month,
        "amount": found.amount,
        "paid_on": said.day,
        "account": found.account,
        "state": said.outcome,
        "takes_back": takes_back,
        "basis": f"batch:{batch.seq}",
        "source": SOURCE,
    }


def _claim(write: Writing, households: set[str]) -> None:
    """Their documents are made from what is written now, so nobody else writes to them until the end."""
    household, member = tables.household, tables.membership.c
    more: set[str] = set()
    for some in batched(sorted(households), AT_ONCE):
        people = select(member.person_id).where(member.household_id.in_(some))
        more.update(
            write.connection.execute(
                select(member.household_id).where(member.person_id.in_(people))
            ).scalars()
        )
    for some in batched(sorted((households | more) - set(write.claimed)), AT_ONCE):
        done = write.connection.execute(
            update(household)
            .where(household.c.household_id.in_(some))
            .values(version=household.c.version + 1)
            .returning(household.c.household_id, household.c.version)
        )
        write.claimed.update({row.household_id: row.version for row in done})


# --- reading ------------------------------------------------------------------------------------------------


def _instructions(read: Reading, batch: int) -> dict[str, Row[Any]]:
    one, line = tables.instruction, tables.pay_line
    rows = (
        select(one, line.c.award)
        .join(line, (line.c.batch == one.c.batch) & (line.c.number == one.c.line))
        .where(one.c.batch == batch)
    )
    return {row.reference: row for row in read.connection.execute(rows)}


def _answered(read: Reading, batch: int) -> dict[int, dict[str, int | None]]:
    """By instruction what was said of it, with the payment that was written for it."""
    one, result = tables.instruction.c, tables.instruction_result
    rows = select(result).where(result.c.instruction.in_(select(one.seq).where(one.batch == batch)))
    found: dict[int, dict[str, int | None]] = {}
    for row in read.connection.execute(rows):
        found.setdefault(row.instruction, {})[row.outcome] = row.payment
    return found


def missing(read: Reading, batch: int) -> Sequence[Row[Any]]:
    """Instructions of which the bank has said nothing."""
    one, result = tables.instruction, tables.instruction_result.c
    silent = ~exists().where(result.instruction == one.c.seq)
    return read.connection.execute(select(one).where(one.c.batch == batch, silent).order_by(one.c.line)).all()


def returned(batches: Sequence[int] = ()) -> Any:
    """What came back and was not instructed again: somebody has to ask why. A query to count, narrow or cut."""
    one, result, later = tables.instruction, tables.instruction_result, tables.instruction.alias()
    line, award = tables.pay_line, tables.award
    other_line, other = line.alias(), award.alias()
    beside = (
        exists()
        .where(line.c.batch == one.c.batch, line.c.number == one.c.line, award.c.seq == line.c.award)
        .where(other_line.c.batch == later.c.batch, other_line.c.number == later.c.line)
        .where(other.c.seq == other_line.c.award, paid_beside(award, other))
        .correlate(one, later)
    )
    again = exists().where(
        later.c.household_id == one.c.household_id,
        later.c.subject == one.c.subject,
        later.c.policy == one.c.policy,
        later.c.month == one.c.month,
        later.c.attempt > one.c.attempt,
        ~beside,
    )
    found = (
        select(one, result.c.reason, result.c.day)
        .join(result, result.c.instruction == one.c.seq)
        .where(result.c.outcome == RETURNED, ~again)
        .order_by(result.c.seq)
    )
    return found.where(one.c.batch.in_(batches)) if batches else found
