"""What goes into an evidence pack: rows as the audit trail has digested them, decisions, rule texts.

Only whole entries of the trail go in, so that whoever has the pack can compare every row with the entry it was written with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Table, func, or_, select

from engine.decision import BadDocument, read_household
from engine.rulebook import Rulebook
from records import audit, decisions, masking, rulebooks, scope, sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.inspections.reading import Inspection
from records.refused import Refused
from records.rights import Viewer
from records.sealed import Erased

Rows = dict[str, list[Any]]
_CASE, _STEP = tables.relief_case.c, tables.case_step.c


@dataclass(slots=True)
class Evidence:
    """`rows`: by table. `until`: the last entry of the trail that counts. `erased`: decisions that nobody can read."""

    read: Reading
    one: Inspection
    until: int
    rows: Rows = field(default_factory=dict)
    erased: list[int] = field(default_factory=list)
    masked: list[int] = field(default_factory=list)


def collect(read: Reading, one: Inspection, until: int) -> Evidence:
    """The rows of an inspection and of what it speaks of."""
    made = Evidence(read, one, until)
    _inspection(made)
    sample = sorted({row.household_id for row in made.rows["inspection_sample"]})
    named = {row.household_id for row in made.rows["inspection_finding"] if row.household_id}
    households = sorted({*sample, *named})
    cases = {row.case_id for row in made.rows["inspection_finding"] if row.case_id}
    _add(
        made,
        tables.relief_case,
        _CASE.household_id,
        households,
        *_of_policies(one, _CASE.policy, _CASE.case_id, cases),
    )
    _add(made, tables.case_step, _STEP.case_id, [row.case_id for row in made.rows["relief_case"]])
    for table in (tables.award, tables.payment, tables.status):
        _add(made, table, table.c.household_id, households, *_of_policies(one, table.c.policy))
        _whole_entries(made, table, {*households})
    numbers = sorted({row.notice for row in made.rows["inspection_finding"] if row.notice})
    _add(made, tables.notice, tables.notice.c.seq, numbers)
    _whole_entries(made, tables.notice, {*households})
    _add(made, tables.decision, tables.decision.c.seq, _decisions(made, households))
    used = {row.rulebook for name in ("inspection", "inspection_run", "decision") for row in made.rows[name]}
    _add(made, tables.rulebook, tables.rulebook.c.fingerprint, sorted(used))
    _forget_later(made)
    return made


def _of_policies(
    one: Inspection,
    policy: ColumnElement[Any],
    case: ColumnElement[Any] | None = None,
    cases: Iterable[str] = (),
) -> tuple[ColumnElement[bool], ...]:
    if not one.policies:
        return ()
    own = policy.in_(one.policies)
    return (own,) if case is None else (or_(own, case.in_(sorted(cases))),)


def _inspection(made: Evidence) -> None:
    number = [made.one.seq]
    _add(made, tables.inspection, tables.inspection.c.seq, number)
    for table in (
        tables.inspection_draw,
        tables.inspection_sample,
        tables.inspection_run,
        tables.inspection_finding,
        tables.inspection_end,
    ):
        _add(made, table, table.c.inspection, number)
    found = [row.seq for row in made.rows["inspection_finding"]]
    _add(made, tables.inspection_answer, tables.inspection_answer.c.finding, found)
    _add(made, tables.rectification, tables.rectification.c.finding, found)
    ordered = [row.seq for row in made.rows["rectification"]]
    _add(made, tables.rectification_step, tables.rectification_step.c.rectification, ordered)


def _add(
    made: Evidence, table: Table, column: Any, values: Sequence[Any], *conditions: ColumnElement[bool]
) -> None:
    rows: list[Any] = []
    for some in batched(values, AT_ONCE):
        query = select(table).where(column.in_(some), *conditions).order_by(*table.primary_key)
        rows += made.read.connection.execute(query).all()
    made.rows[table.name] = rows


def _whole_entries(made: Evidence, table: Table, households: set[str]) -> None:
    """All rows of the entries that some rows have, where these are about nobody else."""
    wanted = sorted({row.entry for row in made.rows[table.name]})
    by_entry: dict[str, list[Any]] = defaultdict(list)
    for some in batched(wanted, AT_ONCE):
        for row in made.read.connection.execute(select(table).where(table.c.entry.in_(some))):
            by_entry[row.entry].append(row)
    whole = (rows for rows in by_entry.values() if {row.household_id for row in rows} <= households)
    made.rows[table.name] = sorted((row for rows in whole for row in rows), key=lambda row: row.seq)


def _decisions(made: Evidence, households: Sequence[str]) -> list[int]:
    """Those that findings name and that cases rest on, and the newest one of each household."""
    found = {row.decision for row in made.rows["inspection_finding"] if row.decision}
    found |= {row.decision for row in made.rows["case_step"] if row.decision}
    decision = tables.decision.c
    for some in batched(households, AT_ONCE):
        newest = (
            select(func.max(decision.seq))
            .where(decision.household_id.in_(some))
            .group_by(decision.household_id)
        )
        found.update(made.read.connection.execute(newest).scalars())
    return sorted(found)


def _forget_later(made: Evidence) -> None:
    """Rows of which the signed head says nothing yet."""
    entries = sorted({row.entry for rows in made.rows.values() for row in rows})
    trail, known = tables.audit.c, set[str]()
    for some in batched(entries, AT_ONCE):
        query = select(trail.entry).where(trail.entry.in_(some), trail.seq <= made.until)
        known.update(made.read.connection.execute(query).scalars())
    for name, rows in made.rows.items():
        made.rows[name] = [row for row in rows if row.entry in known]


def lines(made: Evidence, table: str) -> Iterator[bytes]:
    """A line for each row: exactly what its digest is of."""
    of = tables.metadata.tables[table]
    yield from (msgspec.json.encode(audit.digested(of, row._mapping)) + b"\n" for row in made.rows[table])


# --- decisions and rule texts -------------------------------------------------------------------------------


def decided(made: Evidence, viewer: Viewer) -> Iterator[tuple[str, bytes]]:
    """The decisions by their places, and beside each the document it was made from.

    Where the viewer is not cleared for some fact only the decision goes in, with commitments in the place of values.
    """
    for row in made.rows["decision"]:
        try:
            stored = decisions.numbered(made.read, row.seq)
            book = rulebooks.kept(made.read, row.rulebook)
            cleared = scope.cleared(viewer, book, _area_of(made.read, row.household_id))
            if cleared >= book.facts.keys():
                yield f"decisions/{row.seq}.json", stored.content
                yield f"documents/{row.seq}.json", _canonical(made.read, book, row.seq)
                continue
            key = sealed.data_keys(made.read, [sealed.of_household(row.household_id)])
            shown = masking.masked(stored.content, book, cleared, key[sealed.of_household(row.household_id)])
            made.masked.append(row.seq)
            yield f"decisions/{row.seq}.json", shown
        except Erased:
            made.erased.append(row.seq)


def _canonical(read: Reading, book: Rulebook, seq: int) -> bytes:
    try:
        return read_household(book, decisions.document_of(read, seq)).canonical
    except (BadDocument, Refused) as wrong:
        raise Refused(
            "decision-changed",
            f"裁定 {seq} 所据资料已无法读取 · what decision {seq} rests on cannot be read: {wrong}",
        ) from None


def _area_of(read: Reading, household_id: str) -> str:
    found: str = read.connection.execute(
        select(tables.household.c.area).where(tables.household.c.household_id == household_id)
    ).scalar_one()
    return found


def rule_texts(made: Evidence) -> Iterator[tuple[str, bytes]]:
    """Each rulebook as the record keeps it, compressed, and its files to read."""
    for row in made.rows["rulebook"]:
        yield f"rulebooks/{row.fingerprint}.zlib", row.files
        for path, text in sorted(rulebooks.text_of(made.read, row.fingerprint).items()):
            yield f"rulebooks/{row.fingerprint}/{path}", text.encode()
