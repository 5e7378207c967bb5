"""The audit trail: one entry per write and per unmasking, each holding the hash of the one before.

An entry says who did what to which row, with a digest of what was written. Entries cannot be changed or taken away
without breaking the chain, the rows cannot be changed without differing from their digests, and a chain that is cut
off or written anew does not fit the last signed head (`anchor`).

hash = SHA-256 of the entry's fields from seq to previous, each as JSON, one list in canonical form (RFC 8785 for texts
and whole numbers).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, Table, func, insert, select

from records import tables
from records.database import Writing

FIRST = "0" * 64  # what the first entry holds in place of a hash before it
FIELDS = ("seq", "at", "actor", "action", "entity", "entity_id", "digest", "previous")
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing found wrong. `seq` None: the row has no entry."""

    seq: int | None
    entity: str
    entity_id: str
    problem: str  # chain, hash, missing, changed, unknown, cut, rewritten, signature


def written(write: Writing, action: str, table: Table, row: Mapping[str, Any]) -> None:
    """Adds the entry for a row that was just written."""
    append(write, action, table.name, key_of(table, row), digest_of(table, row))


def append(write: Writing, action: str, entity: str, entity_id: str, digest: str) -> None:
    last = write.connection.execute(
        select(tables.audit.c.seq, tables.audit.c.hash).order_by(tables.audit.c.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq + 1, last.hash) if last is not None else (1, FIRST)
    entry = {
        "seq": seq,
        "at": write.at.isoformat(timespec="microseconds"),
        "actor": write.actor,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "digest": digest,
        "previous": previous,
    }
    write.connection.execute(insert(tables.audit), {**entry, "hash": hash_of(entry)})


def hash_of(entry: Mapping[str, Any]) -> str:
    content = json.dumps([entry[name] for name in FIELDS], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def digest_of(table: Table, row: Mapping[str, Any]) -> str:
    """Of all columns of a row, by name; but of a household's version, which counts its writes."""
    content = {
        column.name: _plain(row.get(column.name))
        for column in table.columns
        if column is not tables.household.c.version
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def key_of(table: Table, row: Mapping[str, Any]) -> str:
    return "/".join(str(row[column.name]) for column in table.primary_key.columns)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)  # SQLite forgets the zone
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value


# --- is it whole? -------------------------------------------------------------------------------------------


def verify(connection: Connection, public: Ed25519PublicKey) -> Broken | None:
    """Goes through the chain, the rows and the signed heads. The first thing that is wrong, or nothing."""
    entries: dict[tuple[str, str], str] = {}
    hashes: dict[int, str] = {}
    for entry in _entries(connection):
        found = _entry_broken(entry, hashes)
        if found is not None:
            return found
        hashes[entry.seq] = entry.hash
        if entry.action != "unmask":
            entries[entry.entity, entry.entity_id] = entry.digest
    return _rows_broken(connection, entries) or _heads_broken(connection, hashes, public)


def count(connection: Connection) -> int:
    found: int = connection.execute(select(func.count()).select_from(tables.audit)).scalar_one()
    return found


def _entries(connection: Connection) -> Iterator[Row[Any]]:
    yield from connection.execution_options(yield_per=CHUNK).execute(
        select(tables.audit).order_by(tables.audit.c.seq)
    )


def _entry_broken(entry: Row[Any], before: Mapping[int, str]) -> Broken | None:
    seq = len(before) + 1
    if entry.seq != seq:
        return Broken(seq, "audit", str(seq), "missing")
    if entry.previous != before.get(seq - 1, FIRST):
        return Broken(seq, entry.entity, entry.entity_id, "chain")
    if entry.hash != hash_of(dict(entry._mapping)):
        return Broken(seq, entry.entity, entry.entity_id, "hash")
    return None


def _rows_broken(connection: Connection, entries: Mapping[tuple[str, str], str]) -> Broken | None:
    left = dict(entries)
    for table in tables.AUDITED:
        rows = connection.execution_options(yield_per=CHUNK).execute(
            select(table).order_by(*table.primary_key.columns)
        )
        for mapping in rows.mappings():
            row = dict(mapping)
            key = key_of(table, row)
            digest = left.pop((table.name, key), None)
            if digest is None:
                return Broken(None, table.name, key, "unknown")
            if digest != digest_of(table, row):
                return Broken(_seq_of(connection, table.name, key), table.name, key, "changed")
    for (entity, key), _ in left.items():
        if entity in {table.name for table in tables.AUDITED}:
            return Broken(_seq_of(connection, entity, key), entity, key, "missing")
    return None


def _seq_of(connection: Connection, entity: str, key: str) -> int | None:
    audit = tables.audit.c
    seq: int | None = connection.execute(
        select(audit.seq).where(audit.entity == entity, audit.entity_id == key).order_by(audit.seq).limit(1)
    ).scalar()
    return seq


# --- signed heads -------------------------------------------------------------------------------------------


def anchor(write: Writing) -> tuple[int, str] | None:
    """Signs the head of the chain: its number and hash, to print or to lay down elsewhere. Nothing to sign: None."""
    audit = tables.audit.c
    head = write.connection.execute(select(audit.seq, audit.hash).order_by(audit.seq.desc()).limit(1)).first()
    if head is None:
        return None
    known = write.connection.execute(select(tables.anchor.c.seq).where(tables.anchor.c.seq == head.seq))
    if known.first() is None:
        write.connection.execute(
            insert(tables.anchor),
            {
                "seq": head.seq,
                "hash": head.hash,
                "signature": write.keys.signing.sign(signed_text(head.seq, head.hash)),
                "at": write.at.isoformat(timespec="microseconds"),
            },
        )
    return head.seq, head.hash


def signed_text(seq: int, head: str) -> bytes:
    return f"smart-relief audit {seq} {head}".encode()


def _heads_broken(
    connection: Connection, hashes: Mapping[int, str], public: Ed25519PublicKey
) -> Broken | None:
    for head in connection.execute(select(tables.anchor).order_by(tables.anchor.c.seq)):
        try:
            public.verify(head.signature, signed_text(head.seq, head.hash))
        except InvalidSignature:
            return Broken(head.seq, "anchor", str(head.seq), "signature")
        if head.seq not in hashes:
            return Broken(head.seq, "anchor", str(head.seq), "cut")
        if hashes[head.seq] != head.hash:
            return Broken(head.seq, "anchor", str(head.seq), "rewritten")
    return None


# --- for auditors elsewhere ---------------------------------------------------------------------------------


def exported(connection: Connection, public: bytes) -> Iterator[str]:
    """Lines of JSON for `verify_export.py`: the public key, every entry, every signed head."""
    yield json.dumps({"public_key": public.hex(), "fields": list(FIELDS)})
    for entry in _entries(connection):
        yield json.dumps({**entry._mapping}, ensure_ascii=False)
    for head in connection.execute(select(tables.anchor).order_by(tables.anchor.c.seq)):
        yield json.dumps({"anchor": head.seq, "hash": head.hash, "signature": head.signature.hex()})
