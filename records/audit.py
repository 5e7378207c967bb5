"""The audit trail: one entry per write and per unmasking, each holding the hash of the one before.

An entry says who did what to whom, with a digest of the rows that were written. Entries cannot be changed or taken away
without breaking the chain, the rows cannot be changed without differing from their digest, and a chain that is cut
off or written anew does not fit the last signed head (`anchor`).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, insert, select

from records import tables
from records.chain import FIELDS, Entry
from records.database import Writing
from records.many_rows import insert_counted, insert_many, inserting
from records.tables.base import changing, utc

CHUNK = 1000


def add_rows(
    write: Writing,
    action: str,
    table: Table,
    subject: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    at_last: bool = False,
) -> list[dict[str, Any]]:
    """Writes rows of one table with one entry of the audit trail; they are returned with their keys.

    Who wrote them and when is added here. No rows: no entry.

    at_last: rows that have their keys may be written as late as the end of the transaction, which reads none of them
    """
    if not rows:
        return []
    whole = _stamped(write, secrets.token_hex(12), rows)
    if "seq" in table.columns and "seq" not in rows[0]:
        counted = insert_counted(write.connection, table, whole)
        whole = [{**row, "seq": seq} for row, seq in zip(whole, counted, strict=True)]
    elif at_last and write.connection.dialect.name == "postgresql":
        write.at_last.append(inserting(table, whole))
    else:
        insert_many(write.connection, table, whole)
    write.entries.append(_entry(action, table, subject, whole))
    return whole


def add_many(
    write: Writing, action: str, table: Table, by_subject: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Writes the rows of many subjects at once, with one entry for each subject that has any.

    Rows of a table that counts them bring their numbers (`numbers`).
    """
    written: list[dict[str, Any]] = []
    for subject, rows in by_subject.items():
        if rows:
            whole = _stamped(write, secrets.token_hex(12), rows)
            write.entries.append(_entry(action, table, subject, whole))
            written += whole
    if written:
        insert_many(write.connection, table, written)


def numbers(write: Writing, table: Table, count: int) -> Iterator[int]:
    """So many numbers that rows of a table will have, taken from the database's own counter."""
    if write.connection.dialect.name == "sqlite":  # whoever writes is alone
        last = write.connection.execute(select(func.max(table.c.seq))).scalar() or 0
        return iter(range(last + 1, last + 1 + count))
    taken = select(func.nextval(func.pg_get_serial_sequence(table.name, "seq"))).select_from(
        func.generate_series(1, count)
    )
    return iter(sorted(write.connection.execute(taken).scalars()))


def _stamped(write: Writing, entry: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    stamp = {
        "recorded_on": write.day,
        "recorded_at": write.at,
        "recorded_by": write.actor,
        "entry": entry,
    }
    return [{**row, **stamp} for row in rows]


def _entry(action: str, table: Table, subject: str, whole: Sequence[Mapping[str, Any]]) -> Entry:
    digest = digest_of(digest_of_row(table, row) for row in whole)
    return Entry(action, table.name, subject, len(whole), whole[0]["entry"], digest)


def add_row(
    write: Writing, action: str, table: Table, subject: str, row: Mapping[str, Any], *, at_last: bool = False
) -> dict[str, Any]:
    return add_rows(write, action, table, subject, [row], at_last=at_last)[0]


def noted(write: Writing, action: str, entity: str, subject: str, text: str) -> None:
    """An entry for what writes no row: an unmasking with its purpose, an erasure, a rotation."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    write.entries.append(Entry(action, entity, subject, 0, secrets.token_hex(12), digest))


def digest_of(rows: Iterable[str]) -> str:
    """Of the digests of rows, in whatever order they are read."""
    return hashlib.sha256("".join(sorted(rows)).encode()).hexdigest()


def digest_of_row(table: Table, row: Mapping[str, Any]) -> str:
    """SHA-256 of all columns of a row but of those that may change: JSON, by name, without spaces."""
    return hashlib.sha256(msgspec.json.encode(digested(table, row))).hexdigest()


def digested(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row its digest is of, as plain data by name; bytes as their SHA-256."""
    return {name: _plain(row.get(name)) for name in _digested(table)}


@cache
def _digested(table: Table) -> tuple[str, ...]:
    return tuple(sorted({column.name for column in table.columns} - {*changing(table)}))


def _plain(value: Any) -> Any:
    if value is None or type(value) in _AS_IT_IS:
        return value
    if isinstance(value, date):
        return _day_or_moment(value)
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value


@lru_cache(maxsize=1024)
def _day_or_moment(value: date) -> str:
    """Of thousands of rows that are written at once most have the same."""
    if isinstance(value, datetime):
        return utc(value).astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat()


_AS_IT_IS = frozenset({str, int, bool})


def count(connection: Connection) -> int:
    found: int = connection.execute(select(func.count()).select_from(tables.audit)).scalar_one()
    return found


def head(connection: Connection) -> tuple[int, str] | None:
    """The number and hash of the last entry."""
    audit = tables.audit.c
    last = connection.execute(select(audit.seq, audit.hash).order_by(audit.seq.desc()).limit(1)).first()
    return None if last is None else (last.seq, last.hash)


def last_anchor(connection: Connection) -> datetime | None:
    """When the head was signed last."""
    anchored = tables.anchor.c
    last = connection.execute(select(anchored.at).order_by(anchored.seq.desc()).limit(1)).scalar()
    return None if last is None else datetime.fromisoformat(last)


def anchor(write: Writing) -> tuple[int, str] | None:
    """Signs the head of the chain: its number and hash, to print or to lay down elsewhere. Nothing to sign: None."""
    last = head(write.connection)
    if last is None:
        return None
    seq, hash_ = last
    known = write.connection.execute(select(tables.anchor.c.seq).where(tables.anchor.c.seq == seq))
    if known.first() is None:
        write.connection.execute(
            insert(tables.anchor),
            {
                "seq": seq,
                "hash": hash_,
                "signature": write.keys.signing.sign(signed_text(seq, hash_)),
                "at": write.at.isoformat(timespec="microseconds"),
            },
        )
    return last


def signed_text(seq: int, head: str) -> bytes:
    return f"smart-relief audit {seq} {head}".encode()


def exported(connection: Connection, public: bytes, until: int = 2**62) -> Iterator[str]:
    """Lines of JSON for `verify_export.py`: the public key, every entry and every signed head up to a number."""
    yield json.dumps({"public_key": public.hex(), "fields": list(FIELDS)})
    entries = connection.execution_options(yield_per=CHUNK).execute(
        select(tables.audit).where(tables.audit.c.seq <= until).order_by(tables.audit.c.seq)
    )
    for entry in entries:
        yield json.dumps({**entry._mapping}, ensure_ascii=False)
    heads = select(tables.anchor).where(tables.anchor.c.seq <= until).order_by(tables.anchor.c.seq)
    for head in connection.execute(heads):
        yield json.dumps({"anchor": head.seq, "hash": head.hash, "signature": head.signature.hex()})
