"""What an inspection found: suggested by rules, written down by inspectors, confirmed or refuted by people."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.exc import DBAPIError

from records import audit, tables
from records.database import Reading, Writing
from records.households import ever_members
from records.inspections.reading import Inspection, sampled_households
from records.inspections.words import (
    HOUSEHOLD,
    Answer,
    collided,
    households_in,
    impersonal,
    no_finding,
    said,
)
from records.notices import GRAVITY
from records.refused import Refused, no_household
from records.rights import Viewer
from records.scope import areas_below

_finding, _answer = tables.inspection_finding.c, tables.inspection_answer.c
_TO_READ = tuple(column for column in _finding if column.name not in ("entry", "same_as", "recorded_at"))


def findings(*conditions: ColumnElement[bool], answer: str = "") -> Select[Any]:
    """With their answers, the gravest first; a query to count, narrow or cut. `answer`: open, confirmed, refuted."""
    made = (
        select(
            *_TO_READ,
            _answer.answer,
            _answer.reason,
            _answer.person.label("answered_by"),
            _answer.recorded_on.label("answered_on"),
        )
        .outerjoin(tables.inspection_answer, _answer.finding == _finding.seq)
        .where(*conditions)
        .order_by(_finding.gravity.desc(), _finding.seq)
    )
    if answer == "open":
        return made.where(_answer.answer.is_(None))
    return made.where(_answer.answer == answer) if answer else made


def of_inspection(number: int, answer: str = "") -> Select[Any]:
    return findings(_finding.inspection == number, answer=answer)


def finding_of(read: Reading, number: int) -> Row[Any]:
    """Raises `Refused` no-finding."""
    row = read.connection.execute(findings(_finding.seq == number)).first()
    if row is None:
        raise no_finding(number)
    return row


def shown(row: Row[Any]) -> dict[str, Any]:
    made = dict(row._mapping)
    return {**made, "evidence": json.loads(made["evidence"])}


def write_down(
    write: Writing,
    book: Any,
    viewer: Viewer,
    one: Inspection,
    household_id: str,
    about: str,
    text: str,
    *,
    person_id: str = "",
    policy: str = "",
    case_id: str = "",
    severity: str = "medium",
    evidence: Sequence[str] = (),
) -> int:
    """An inspector's own finding; its number. Raises `Refused`.

    Also about a household that is not in the sample: who looks sees more than was drawn.
    """
    lives = write.connection.execute(
        select(tables.household.c.area).where(tables.household.c.household_id == household_id)
    ).scalar()
    drawn = household_id in sampled_households(write, one.seq)
    if not drawn and (lives is None or lives not in areas_below(book, one.area)):
        raise no_household(household_id)
    if person_id and person_id not in ever_members(write.connection, household_id):
        raise Refused("not-a-member", f"{person_id} 不是该户成员 · {person_id} is not of this household")
    if policy and policy not in book.policies:
        raise Refused("no-policy", f"规则库没有 {policy} · there is no policy {policy}")
    if case_id:
        _check_case(write, household_id, case_id)
    row = {
        "inspection": one.seq,
        "origin": "hand",
        "about": impersonal(write, said(about, "请写明问题类别"), [household_id]),
        "household_id": household_id,
        "subject": person_id or HOUSEHOLD,
        "policy": policy,
        "case_id": case_id or None,
        "notice": None,
        "decision": None,
        "severity": severity,
        "gravity": GRAVITY[severity],
        "certain": True,
        "harm": None,
        "evidence": json.dumps(
            {"papers": [impersonal(write, each, [household_id]) for each in evidence]}, ensure_ascii=False
        ),
        "text": impersonal(write, said(text, "请写明发现了什么"), [household_id]),
        "same_as": hashlib.sha256(secrets.token_bytes(16)).hexdigest(),
        "person": viewer.person,
    }
    try:
        number: int = audit.add_row(
            write, "write-finding", tables.inspection_finding, f"inspection:{one.seq}", row
        )["seq"]
    except DBAPIError as error:
        raise collided(error) from None
    return number


def _check_case(read: Reading, household_id: str, case_id: str) -> None:
    case = tables.relief_case.c
    found = select(case.case_id).where(case.case_id == case_id, case.household_id == household_id)
    if read.connection.execute(found).first() is None:
        raise Refused("no-case", f"没有案件 {case_id} · there is no case {case_id} of this household")


def answer(write: Writing, viewer: Viewer, number: int, told: Answer, reason: str) -> None:
    """Confirms or refutes a finding, once. Raises `Refused` four-eyes, moved, inspection-over, names-somebody."""
    found = finding_of(write, number)
    row = {
        "finding": number,
        "answer": told.value,
        "reason": impersonal(write, said(reason, "请写明核实情况"), households_in(found)),
        "person": viewer.person,
    }
    try:
        audit.add_row(
            write, f"{told}-finding", tables.inspection_answer, f"inspection:{found.inspection}", row
        )
    except DBAPIError as error:
        raise collided(error) from None
