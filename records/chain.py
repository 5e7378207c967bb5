"""The chain of the audit trail: how an entry is hashed, and how entries are added to its end.

hash = SHA-256 of the entry's fields from seq to previous, each as JSON, one list in canonical form (RFC 8785 for texts
and whole numbers).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from records import tables
from records.many_rows import insert_many

FIRST = "0" * 64  # what the first entry holds in place of a hash before it
FIELDS = ("seq", "at", "actor", "action", "entity", "subject", "rows", "entry", "digest", "previous")


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did. `entry`: its name, which the rows that were written carry."""

    action: str
    entity: str
    subject: str
    rows: int
    entry: str
    digest: str


def append(connection: Connection, actor: str, at: str, entries: Sequence[Entry]) -> None:
    """Adds entries to the chain. Whoever calls holds its end: nobody else adds until the transaction is over."""
    audit = tables.audit.c
    last = connection.execute(select(audit.seq, audit.hash).order_by(audit.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last is not None else (0, FIRST)
    rows = []
    for one in entries:
        seq += 1
        row: dict[str, Any] = {"seq": seq, "at": at, "actor": actor, "previous": previous}
        for name in ("action", "entity", "subject", "rows", "entry", "digest"):
            row[name] = getattr(one, name)
        previous = row["hash"] = hash_of(row)
        rows.append(row)
    insert_many(connection, tables.audit, rows)


def hash_of(entry: Mapping[str, Any]) -> str:
    content = json.dumps([entry[name] for name in FIELDS], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()
