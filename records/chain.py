"""The chain of the audit trail: how an entry is hashed, and how entries are added to its end.

hash = SHA-256 of the entry's fields from seq to previous, each as JSON, one list in canonical form (RFC 8785 for texts
and whole numbers).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RootTransaction, select, text
from sqlalchemy.exc import DBAPIError

from records import tables
from records.driver import Question, Said, in_one_message
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
        for name in _TOLD:
            row[name] = getattr(one, name)
        previous = row["hash"] = hash_of(row)
        rows.append(row)
    insert_many(connection, tables.audit, rows)


def append_and_commit(
    connection: Connection,
    transaction: RootTransaction,
    actor: str,
    at: str,
    entries: Sequence[Entry],
    before: Iterable[Said] = (),
) -> None:
    """The same on PostgreSQL, behind what is still to be written, and the end of the transaction, in one message to the database.

    Whoever waits for the end of the chain waits for the database alone: nothing comes back to this process in between,
    where it would wait for other threads. Raises `DBAPIError`.
    """
    columns = {name: [getattr(one, name) for one in entries] for name in _TOLD}
    within = [_json([at, actor, *(getattr(one, name) for name in _TOLD)])[1:-1] for one in entries]
    appending = (_APPEND, {"at": at, "actor": actor, "within": within, **columns})
    try:
        in_one_message(connection, [*before, appending], and_commit=True)
        transaction.commit()  # which it is: so that SQLAlchemy knows
    except DBAPIError as error:  # nobody takes back what has failed in its end
        connection.invalidate(error)
        raise


_TOLD = ("action", "entity", "subject", "rows", "entry", "digest")
_APPEND = Question(
    text(f"SELECT audit_append({', '.join(f':{name}' for name in ('at', 'actor', *_TOLD, 'within'))})")
)


def hash_of(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(_json([entry[name] for name in FIELDS]).encode()).hexdigest()


def _json(values: Sequence[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
