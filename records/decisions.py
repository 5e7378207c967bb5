"""Stored decisions: made from the record, kept as they were said, made again to see whether they still come out."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from engine.decision import BadDocument, Decision, decide, encode_json
from engine.rulebook import Rulebook
from records import audit, rulebooks, sealed, tables
from records.database import Reading, Writing
from records.documents import document, made_of
from records.household_rows import Remembering, rows_of
from records.refused import Refused, no_household
from records.sealed import Erased, Tampered

_AT_ONCE = 200  # decisions whose keys are fetched together


class Replayed(Enum):
    """How a stored decision came out when it was made again."""

    SAME = "same"
    SAME_CONTENT = "same content, other engine"
    DIFFERS = "differs"
    ERASED = "erased"  # by law: nobody can read any more what it was made from


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision as it stands in the record. `content`: its document."""

    seq: int
    decision_id: str
    household_id: str
    rulebook: str
    engine: str
    recorded_on: date
    recorded_by: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ToDecide:
    """A household that is to be decided: its own row, and the rows that were known of it by a day."""

    household: Row[Any]
    rows: Remembering
    known: date


def to_decide(write: Writing, household_id: str, known: date) -> ToDecide:
    """Raises `Refused` when there is no such household. Nothing of it has been opened yet."""
    found = rows_of(write, household_id, known, None, to_decide=True)
    if found is None:
        raise no_household(household_id)
    return ToDecide(*found, known)


def decide_and_keep(write: Writing, book: Rulebook, household_id: str, on: date, known: date) -> Stored:
    """Decides a household from what the record holds, and keeps the decision with all that it was made from.

    Raises `Refused` when there is no such household, `BadDocument` when the rulebook does not take its facts.
    """
    return decide_found(write, book, to_decide(write, household_id, known), on)


def decide_found(
    write: Writing, book: Rulebook, found: ToDecide, on: date, *, at_last: bool = False
) -> Stored:
    """The same for a household that was found. Raises `BadDocument`.

    at_last: this transaction reads nothing of the decision and writes nothing that refers to it, so it may be written
    with the COMMIT, and nobody waits in between
    """
    rulebooks.keep(write, book)
    household_id, known = found.household.household_id, found.known
    made, made_from = made_of(found.rows, found.household, on), found.rows.last
    decision = decide(book, made, on=on, known=known)
    content = encode_json(decision)
    content_hash = hashlib.sha256(content).hexdigest()
    subject = sealed.of_household(household_id)
    key = sealed.data_key(write, subject)
    packed = zlib.compress(content, 1)
    row = {
        "decision_id": decision.decision_id,
        "household_id": household_id,
        "on": on,
        "known": known,
        "made_from": json.dumps(made_from, sort_keys=True),
        "rulebook": book.fingerprint,
        "engine": decision.engine,
        "content": sealed.seal(key, subject, "decision", content_hash, "content", packed),
        "content_hash": content_hash,
    }
    number = found.rows.number
    if number is not None:
        row["seq"] = number
    kept = audit.add_row(write, "decide", tables.decision, household_id, row, at_last=at_last)
    findings = list(_findings(kept["seq"], decision))
    audit.add_rows(write, "find", tables.finding, household_id, findings, at_last=at_last)
    return Stored(
        kept["seq"],
        decision.decision_id,
        household_id,
        book.fingerprint,
        decision.engine,
        kept["recorded_on"],
        kept["recorded_by"],
        content,
    )


def _findings(seq: int, decision: Decision) -> Iterator[dict[str, Any]]:
    for policy, one in decision.policies.items():
        for finding in one.findings:
            yield {
                "decision": seq,
                "policy": policy,
                "subject": finding.subject,
                "version": one.version,
                "outcome": finding.outcome,
                "amount": None if finding.amount is None else encode_json(finding.amount).decode(),
            }


def get(read: Reading, decision_id: str) -> Stored | None:
    """The newest decision of that id: the same facts, days and rules give the same one. Raises `Erased`, `Tampered`."""
    row = read.connection.execute(
        select(tables.decision)
        .where(tables.decision.c.decision_id == decision_id)
        .order_by(tables.decision.c.seq.desc())
        .limit(1)
    ).first()
    return None if row is None else _stored(read, [row])[0]


def numbered(read: Reading, seq: int) -> Stored:
    """The decision with this number in the record. Raises `Erased`, `Tampered`."""
    row = read.connection.execute(select(tables.decision).where(tables.decision.c.seq == seq)).one()
    return _stored(read, [row])[0]


def document_of(read: Reading, seq: int) -> dict[str, Any]:
    """The household document that a decision was made from. Raises `Erased`."""
    row = read.connection.execute(select(tables.decision).where(tables.decision.c.seq == seq)).one()
    return document(read, row.household_id, row.on, row.known, json.loads(row.made_from))


def household_of(read: Reading, decision_id: str) -> str | None:
    """Whose household a decision is about."""
    decision = tables.decision.c
    found: str | None = read.connection.execute(
        select(decision.household_id).where(decision.decision_id == decision_id).limit(1)
    ).scalar()
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list of decisions."""

    seq: int
    decision_id: str
    household_id: str
    on: date
    known: date
    rulebook: str
    recorded_on: date
    recorded_by: str


def chosen(
    *, household_id: str = "", policy: str = "", outcome: str = "", version: str = "", person_id: str = ""
) -> Select[Any]:
    """The decisions of a household, or with such a finding, the newest first; a query to count, narrow or cut."""
    decision, finding = tables.decision.c, tables.finding.c
    made = select(
        decision.seq,
        decision.decision_id,
        decision.household_id,
        decision.on,
        decision.known,
        decision.rulebook,
        decision.recorded_on,
        decision.recorded_by,
    ).order_by(decision.seq.desc())
    if household_id:
        made = made.where(decision.household_id == household_id)
    asked = {"policy": policy, "outcome": outcome, "version": version, "subject": person_id}
    if any(asked.values()):
        of = select(finding.decision)
        for name, value in asked.items():
            of = of.where(finding[name] == value) if value else of
        made = made.where(decision.seq.in_(of))
    return made


def listed(read: Reading, query: Select[Any]) -> list[Listed]:
    return [Listed(*row) for row in read.connection.execute(query)]


def _stored(read: Reading, rows: Sequence[Row[Any]]) -> list[Stored]:
    subjects = {sealed.of_household(row.household_id) for row in rows}
    keys = sealed.data_keys(read, subjects)
    return [
        Stored(
            row.seq,
            row.decision_id,
            row.household_id,
            row.rulebook,
            row.engine,
            row.recorded_on,
            row.recorded_by,
            _content(row, keys),
        )
        for row in rows
    ]


def _content(row: Row[Any], keys: Mapping[str, bytes]) -> bytes:
    """Raises `Erased`, `Tampered`."""
    subject = sealed.of_household(row.household_id)
    key = sealed.key_of(keys, subject)
    try:
        packed = sealed.unseal(key, subject, "decision", row.content_hash, "content", row.content)
        content = zlib.decompress(packed)
    except zlib.error:
        content = b""
    if hashlib.sha256(content).hexdigest() != row.content_hash:
        raise Tampered("存储的内容与哈希不符 · the stored content differs from its hash")
    return content


def latest(read: Reading, rulebook: str, within: ColumnElement[bool]) -> Iterator[Stored]:
    """The newest decision of every household within a condition, where it was made under this rulebook; erased ones not."""
    decision, household = tables.decision, tables.household
    newest = select(func.max(decision.c.seq)).group_by(decision.c.household_id)
    chosen = (
        select(decision)
        .join(household, household.c.household_id == decision.c.household_id)
        .where(decision.c.seq.in_(newest), decision.c.rulebook == rulebook, within)
        .order_by(decision.c.household_id)
    )
    for rows in read.connection.execute(chosen).partitions(_AT_ONCE):
        subjects = {sealed.of_household(row.household_id) for row in rows}
        there = sealed.data_keys(read, subjects)
        yield from _stored(read, [row for row in rows if sealed.of_household(row.household_id) in there])


# --- made again ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replay:
    """`problem`: why a decision differs, in words; "" otherwise."""

    seq: int
    decision_id: str
    result: Replayed
    problem: str = ""


def replay_all(read: Reading, decision_id: str = "") -> Iterator[Replay]:
    """Makes stored decisions again from stored facts and stored rule text: all, or those of one id."""
    stored = select(tables.decision).order_by(tables.decision.c.seq)
    if decision_id:
        stored = stored.where(tables.decision.c.decision_id == decision_id)
    books: dict[str, Rulebook] = {}

    def book_of(fingerprint: str) -> Rulebook:
        if fingerprint not in books:
            books[fingerprint] = rulebooks.load(read, fingerprint)
        return books[fingerprint]

    for rows in read.connection.execute(stored).partitions(_AT_ONCE):
        subjects = {sealed.of_household(row.household_id) for row in rows}
        keys = sealed.data_keys(read, subjects)
        for row in rows:
            yield _replay(read, row, keys, book_of)


def _replay(
    read: Reading, row: Row[Any], keys: Mapping[str, bytes], book_of: Callable[[str], Rulebook]
) -> Replay:
    try:
        content = _content(row, keys)
        made = document(read, row.household_id, row.on, row.known, json.loads(row.made_from))
        again = encode_json(decide(book_of(row.rulebook), made, on=row.on, known=row.known))
    except Erased as erased:
        return Replay(row.seq, row.decision_id, Replayed.ERASED, str(erased))
    except (Refused, Tampered) as wrong:
        return _differs(row, str(wrong))
    except (BadDocument, ValueError) as error:
        return _differs(row, f"无法重算 · it cannot be made again: {error}")
    if again == content:
        return Replay(row.seq, row.decision_id, Replayed.SAME)
    before, after = json.loads(content), json.loads(again)
    if {**before, "engine": ""} == {**after, "engine": ""}:
        return Replay(row.seq, row.decision_id, Replayed.SAME_CONTENT)
    where = "、".join(key for key in before | after if before.get(key) != after.get(key))
    return _differs(row, f"重算结果不同：{where} · it comes out otherwise: {where}")


def _differs(row: Row[Any], problem: str) -> Replay:
    return Replay(row.seq, row.decision_id, Replayed.DIFFERS, problem)


# --- two of them --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """What is not the same in two decisions: by name the value before and after; null where there is none."""

    facts: Mapping[str, tuple[Any, Any]]
    definitions: Mapping[str, tuple[Any, Any]]
    parameters: Mapping[str, tuple[Any, Any]]
    versions: Mapping[str, tuple[Any, Any]]
    outcomes: Mapping[str, tuple[Any, Any]]
    rulebook: tuple[str, str] | None


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
    """Of two decision documents."""

    def of(key: str) -> Mapping[str, tuple[Any, Any]]:
        return _differing(before[key], after[key])

    return Compared(
        of("facts"),
        of("definitions"),
        of("parameters"),
        of("versions"),
        _differing(_outcomes(before), _outcomes(after)),
        None if before["rulebook"] == after["rulebook"] else (before["rulebook"], after["rulebook"]),
    )


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = sorted({*before, *after})
    return {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }


def _outcomes(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{policy}/{finding['subject']}": {
            key: finding[key] for key in ("outcome", "amount") if key in finding
        }
        for policy, one in decision["policies"].items()
        for finding in one["findings"]
    }
