"""What a payment is given for, and what explains that it is made beside another one: as the case of its award says it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from records import sealed, tables
from records.cases.store import said_in_step
from records.cases.words import Action
from records.database import AT_ONCE, Reading, batched
from records.granted import CASE, ONCE

_GRANTS = (Action.CONFIRM.value, Action.RELIEVE.value)


@dataclass(frozen=True, slots=True)
class Ground:
    """`cause`: a word, "" where none was told. `again`: the case that explains it, "" where nobody has explained it."""

    cause: str = ""
    again: str = ""


def grounds(read: Reading, awards: Iterable[int]) -> dict[int, Ground]:
    """By award, of those that rest on a case which says something.

    Explained is what a case gives once, when whoever granted it has said why the cause is aided again, or when it is the
    rest of what the same case gave before, or the case that it appeals against.
    """
    found: dict[int, Ground] = {}
    for some in batched(sorted({*awards}), AT_ONCE):
        steps: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in _granting(read, some):
            steps[row.award].append(row)
        once = {rows[0].basis for rows in steps.values() if rows[0].period == ONCE}
        rest, keys = _rests(read, once), _keys(read, (rows[0] for rows in steps.values()))
        for award, rows in steps.items():
            before = [row for row in rows if row.recorded_at <= rows[0].granted_at]
            explained = rows[0].period == ONCE and (
                award in rest or rows[0].appeals or any(_says_again(keys, row) for row in rows)
            )
            one = Ground(before[-1].cause if before else "", rows[0].basis if explained else "")
            if one != Ground():
                found[award] = one
    return found


def _granting(read: Reading, awards: Collection[int]) -> list[Row[Any]]:
    """The steps by which the cases of some awards granted something, in their order."""
    award, step, case = tables.award.c, tables.case_step.c, tables.relief_case.c
    query = (
        select(
            award.seq.label("award"), award.household_id, award.basis, award.period,
            award.recorded_at.label("granted_at"), step.seq, step.cause, step.content, step.commitment,
            step.recorded_at, case.appeals,
        )
        .join(tables.case_step, step.case_id == func.substr(award.basis, len(CASE) + 1))
        .join(tables.relief_case, case.case_id == step.case_id)
        .where(award.seq.in_(awards), award.basis.startswith(CASE), step.action.in_(_GRANTS))
        .order_by(award.seq, step.number)
    )  # fmt: skip
    return list(read.connection.execute(query))


def _rests(read: Reading, cases: Collection[str]) -> set[int]:
    """Awards before which the same case gave something, from another day on."""
    award = tables.award.c
    first: dict[tuple[Any, ...], Any] = {}
    found: set[int] = set()
    for some in batched(sorted(cases), AT_ONCE):
        query = select(tables.award).where(award.basis.in_(some), award.period == ONCE).order_by(award.seq)
        for row in read.connection.execute(query):
            key = row.household_id, row.person_id, row.policy, row.basis
            if first.setdefault(key, row.valid_from) != row.valid_from:
                found.add(row.seq)
    return found


def _keys(read: Reading, rows: Iterable[Row[Any]]) -> Mapping[str, bytes]:
    subjects = {sealed.of_household(row.household_id) for row in rows if row.period == ONCE}
    return sealed.data_keys(read, subjects) if subjects else {}


def _says_again(keys: Mapping[str, bytes], row: Row[Any]) -> bool:
    """Of a household that was erased nobody can read it, and nothing is paid to it."""
    subject = sealed.of_household(row.household_id)
    return subject in keys and bool(said_in_step(keys[subject], subject, row).get("again", "").strip())
