"""Stored decisions: made from the record, kept as they were said, made again to see whether they still come out."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from engine.decision import BadDocument, Decision, decide, encode_json, parse_json
from engine.rulebook import Rulebook
from records import rulebooks, tables
from records.database import Writing
from records.households import Refused, Until, add_row, document, newest, recorded


class Replayed(Enum):
    """How a stored decision came out when it was made again."""

    SAME = "same"
    SAME_CONTENT = "same content, other engine"
    DIFFERS = "differs"


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


def decide_and_keep(write: Writing, book: Rulebook, household_id: str, on: date, known: date) -> Stored:
    """Decides a household from what the record holds, and keeps the decision with all that it was made from.

    Raises `Refused` when there is no such household, `BadDocument` when the rulebook does not take its facts.
    """
    rulebooks.keep(write, book)
    until = newest(write.connection, household_id)
    decision = decide(book, document(write.connection, household_id, on, known, until), on=on, known=known)
    content = encode_json(decision)
    row = {
        "decision_id": decision.decision_id,
        "household_id": household_id,
        "on": on,
        "known": known,
        "facts_until": until.facts,
        "statuses_until": until.statuses,
        "members_until": until.members,
        "rulebook": book.fingerprint,
        "engine": decision.engine,
        "content": zlib.compress(content, 1),
        "content_hash": hashlib.sha256(content).hexdigest(),
        **recorded(write),
    }
    seq = add_row(write, "decide", tables.decision, row)["seq"]
    write.connection.execute(insert(tables.finding), list(_findings(seq, decision)))
    found = get(write.connection, decision.decision_id)
    assert found is not None
    return found


def _findings(seq: int, decision: Decision) -> Iterator[dict[str, Any]]:
    for policy, one in decision.policies.items():
        for finding in one.findings:
            yield {
                "decision": seq,
                "policy": policy,
                "subject": finding.subject,
                "version": one.version,
                "outcome": finding.outcome,
            }


def get(connection: Connection, decision_id: str) -> Stored | None:
    """The newest decision of that id: the same facts, days and rules give the same one."""
    row = connection.execute(
        select(tables.decision)
        .where(tables.decision.c.decision_id == decision_id)
        .order_by(tables.decision.c.seq.desc())
        .limit(1)
    ).first()
    return None if row is None else _stored(row)


def listed(
    connection: Connection, *, household_id: str = "", policy: str = "", outcome: str = "", most: int = 100
) -> list[Stored]:
    """The newest decisions, of a household, or with that outcome of a policy."""
    chosen = select(tables.decision).order_by(tables.decision.c.seq.desc()).limit(most)
    if household_id:
        chosen = chosen.where(tables.decision.c.household_id == household_id)
    if policy or outcome:
        finding = tables.finding.c
        of = select(finding.decision)
        of = of.where(finding.policy == policy) if policy else of
        of = of.where(finding.outcome == outcome) if outcome else of
        chosen = chosen.where(tables.decision.c.seq.in_(of))
    return [_stored(row) for row in connection.execute(chosen)]


def _stored(row: Row[Any]) -> Stored:
    return Stored(
        row.seq,
        row.decision_id,
        row.household_id,
        row.rulebook,
        row.engine,
        row.recorded_on,
        row.recorded_by,
        zlib.decompress(row.content),
    )


# --- made again ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replay:
    """`problem`: why a decision differs, in words; "" otherwise."""

    seq: int
    decision_id: str
    result: Replayed
    problem: str = ""


def replay_all(connection: Connection, decision_id: str = "") -> Iterator[Replay]:
    """Makes stored decisions again from stored facts and stored rule text: all, or those of one id."""
    chosen = select(tables.decision).order_by(tables.decision.c.seq)
    if decision_id:
        chosen = chosen.where(tables.decision.c.decision_id == decision_id)
    books: dict[str, Rulebook] = {}
    for row in connection.execute(chosen).all():
        yield _replay(connection, row, lambda print_: _book(connection, books, print_))


def _book(connection: Connection, books: dict[str, Rulebook], fingerprint: str) -> Rulebook:
    if fingerprint not in books:
        books[fingerprint] = rulebooks.load(connection, fingerprint)
    return books[fingerprint]


def _replay(connection: Connection, row: Row[Any], book_of: Callable[[str], Rulebook]) -> Replay:
    try:
        content = zlib.decompress(row.content)
        if hashlib.sha256(content).hexdigest() != row.content_hash:
            return _differs(row, "存储的内容与哈希不符 · the stored content differs from its hash")
        until = Until(row.facts_until, row.statuses_until, row.members_until)
        made = document(connection, row.household_id, row.on, row.known, until)
        again = encode_json(decide(book_of(row.rulebook), made, on=row.on, known=row.known))
    except Refused as refused:
        return _differs(row, str(refused))
    except (BadDocument, ValueError, zlib.error) as error:
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


def compared(a: Stored, b: Stored) -> Compared:
    before, after = parse_json(a.content), parse_json(b.content)

    def of(key: str) -> Mapping[str, tuple[Any, Any]]:
        return _differing(before[key], after[key])

    return Compared(
        of("facts"),
        of("definitions"),
        of("parameters"),
        of("versions"),
        _differing(_outcomes(before), _outcomes(after)),
        None if a.rulebook == b.rulebook else (a.rulebook, b.rulebook),
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
