"""The list of whom an inspection may look at, and the sample that is drawn from it once."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError

from engine.rulebook import Rulebook
from records import audit, tables
from records.cases.words import Action
from records.database import Reading, Writing
from records.inspections import sampling
from records.inspections.opening import MOST
from records.inspections.reading import Inspection
from records.inspections.words import Stratify, collided
from records.refused import Refused
from records.rights import Viewer
from records.scope import areas_below

SEPARATOR = "/"  # between the household and the programme of an item
DECISIONS = (Action.CONFIRM, Action.REFUSE, Action.CLOSE, Action.RELIEVE)


def draw(write: Writing, book: Rulebook, viewer: Viewer, one: Inspection) -> int:
    """Draws the sample; how many. Raises `Refused` nobody, too-many, moved."""
    lives = _lives(write, sorted(areas_below(book, one.area)))
    population = sorted(
        {(_stratum(one, lives, *pair), _item(one, *pair)) for pair in _concerned(write, one, lives)}
    )
    if not population:
        raise Refused(
            "nobody",
            f"{one.area} 在该期间没有符合条件的家庭，未抽样 · nobody in {one.area} is concerned; nothing was drawn",
        )
    sample = sampling.drawn(population, one.seed, one.size, one.share)
    if len(sample) > MOST:
        raise Refused(
            "too-many", f"样本 {len(sample)} 超过 {MOST} · a sample of {len(sample)} is more than {MOST}"
        )
    text = sampling.as_text(population).encode()
    of, taken = Counter(stratum for stratum, _ in population), Counter(stratum for stratum, _ in sample)
    row = {
        "inspection": one.seq,
        "method": sampling.METHOD,
        "population": len(population),
        "sampled": len(sample),
        "strata": json.dumps({stratum: [of[stratum], taken[stratum]] for stratum in sorted(of)}),
        "population_hash": hashlib.sha256(text).hexdigest(),
        "content": zlib.compress(text),
        "person": viewer.person,
    }
    rows = [_row(one.seq, number, *pair) for number, pair in enumerate(sample, 1)]
    try:
        audit.add_row(write, "draw-sample", tables.inspection_draw, f"inspection:{one.seq}", row)
        audit.add_rows(write, "sample", tables.inspection_sample, f"inspection:{one.seq}", rows)
    except DBAPIError as error:
        raise collided(error) from None
    return len(sample)


def _row(inspection: int, number: int, stratum: str, item: str) -> dict[str, Any]:
    household, _, policy = item.partition(SEPARATOR)
    return {
        "inspection": inspection,
        "number": number,
        "stratum": stratum,
        "item": item,
        "household_id": household,
        "policy": policy,
    }


def _stratum(one: Inspection, lives: dict[str, str], household: str, policy: str) -> str:
    return {Stratify.AREA: lives[household], Stratify.POLICY: policy, Stratify.NONE: ""}[one.stratify]


def _item(one: Inspection, household: str, policy: str) -> str:
    return f"{household}{SEPARATOR}{policy}" if one.stratify is Stratify.POLICY else household


def _lives(read: Reading, areas: list[str]) -> dict[str, str]:
    household = tables.household.c
    rows = read.connection.execute(
        select(household.household_id, household.area).where(household.area.in_(areas))
    )
    return {row.household_id: row.area for row in rows if SEPARATOR not in row.household_id}


def _concerned(read: Reading, one: Inspection, lives: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Household and programme; the programme is "" where everyone is looked at."""
    if one.of == "everyone":
        yield from ((household, "") for household in lives)
        return
    found = _decided(read, one) if one.of == "decided" else _receiving(read, one)
    wanted = frozenset(one.policies)
    for household, policy in found:
        if household in lives and (not wanted or policy in wanted):
            yield household, policy


def _decided(read: Reading, one: Inspection) -> Iterator[tuple[str, str]]:
    of, step = tables.relief_case.c, tables.case_step.c
    rows = read.connection.execute(
        select(of.household_id, of.policy)
        .join(tables.case_step, step.case_id == of.case_id)
        .where(step.action.in_([each.value for each in DECISIONS]))
        .where(step.recorded_on >= one.since, step.recorded_on <= one.until)
        .distinct()
    )
    yield from ((row.household_id, row.policy) for row in rows)


def _receiving(read: Reading, one: Inspection) -> Iterator[tuple[str, str]]:
    """What was held, granted or paid for a day or month of the period."""
    for table in (tables.status, tables.award):
        yield from _held(read.connection.execute(select(table).order_by(table.c.seq)), one.since, one.until)
    paid = tables.payment.c
    back = select(paid.takes_back).where(paid.takes_back.is_not(None))
    query: Select[Any] = select(paid.household_id, paid.policy).where(
        paid.month >= one.since.isoformat()[:7],
        paid.month <= one.until.isoformat()[:7],
        paid.state == "paid",
        paid.seq.not_in(back),
    )
    yield from ((row.household_id, row.policy) for row in read.connection.execute(query.distinct()))


def _held(rows: Iterable[Any], since: date, until: date) -> Iterator[tuple[str, str]]:
    """A later row of the same policy, person and first day takes an earlier one's place."""
    last = {(row.household_id, row.person_id, row.policy, row.valid_from): row.valid_to for row in rows}
    for (household, _, policy, start), end in last.items():
        if start <= until and (end is None or end >= since):
            yield household, policy
