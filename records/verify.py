"""Is the record whole? The chain, every row against the entry it was written with, the signed heads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, Table, select

from records import tables
from records.audit import CHUNK, digest_of, digest_of_row, signed_text
from records.chain import FIRST, hash_of


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing found wrong. `seq` None: rows have no entry."""

    seq: int | None
    entity: str
    subject: str
    problem: str  # chain, hash, missing, changed, unknown, area, cut, rewritten, signature


@dataclass(frozen=True, slots=True)
class _Written:
    seq: int
    subject: str
    rows: int
    digest: str


def verify(connection: Connection, public: Ed25519PublicKey) -> Broken | None:
    """The first thing that is wrong, or nothing. Reads everything once, a thousand rows at a time."""
    written: dict[str, dict[str, _Written]] = defaultdict(dict)  # by table and entry
    erased: set[str] = set()
    hashes: list[str] = [FIRST]
    for entry in _entries(connection):
        found = _entry_broken(entry, hashes)
        if found is not None:
            return found
        hashes.append(entry.hash)
        if entry.rows:
            written[entry.entity][entry.entry] = _Written(entry.seq, entry.subject, entry.rows, entry.digest)
        elif entry.action == "erase":
            erased.add(entry.subject)
    for table in tables.AUDITED:
        found = _rows_broken(connection, table, written[table.name], erased)
        if found is not None:
            return found
    return _area_broken(connection) or _heads_broken(connection, hashes, public)


def _entries(connection: Connection) -> Iterator[Row[Any]]:
    yield from connection.execution_options(yield_per=CHUNK).execute(
        select(tables.audit).order_by(tables.audit.c.seq)
    )


def _entry_broken(entry: Row[Any], hashes: list[str]) -> Broken | None:
    seq = len(hashes)
    if entry.seq != seq:
        return Broken(seq, "audit", str(seq), "missing")
    if entry.previous != hashes[-1]:
        return Broken(seq, entry.entity, entry.subject, "chain")
    if entry.hash != hash_of(dict(entry._mapping)):
        return Broken(seq, entry.entity, entry.subject, "hash")
    return None


def _rows_broken(
    connection: Connection, table: Table, written: Mapping[str, _Written], erased: set[str]
) -> Broken | None:
    """Rows may be read in any order: an entry's digest is of its rows' sorted digests."""
    left = dict(written)
    found: dict[str, list[str]] = defaultdict(list)  # of the entries whose rows were not all met yet
    wrong: list[Broken] = []
    rows = connection.execution_options(yield_per=CHUNK).execute(select(table))
    for row in rows.mappings():
        entry = row["entry"]
        one = written.get(entry)
        if one is None:
            key = "/".join(str(row[column.name]) for column in table.primary_key)
            return Broken(None, table.name, key, "unknown")
        found[entry].append(digest_of_row(table, dict(row)))
        whole = len(found[entry]) == one.rows
        if whole and (left.pop(entry, None) is None or digest_of(found.pop(entry)) != one.digest):
            wrong.append(Broken(one.seq, table.name, one.subject, "changed"))
    for one in left.values():
        if not (table.info.get("erasable") and one.subject in erased):
            wrong.append(Broken(one.seq, table.name, one.subject, "missing"))
    wrong += [Broken(written[entry].seq, table.name, written[entry].subject, "changed") for entry in found]
    return min(wrong, key=lambda broken: broken.seq or 0, default=None)


def _area_broken(connection: Connection) -> Broken | None:
    """Lists and scopes go by the area of a household; it is that of the last row of `residence`."""
    residence = tables.residence.c
    last = {
        row.household_id: row.area
        for row in connection.execute(select(tables.residence).order_by(residence.valid_from, residence.seq))
    }
    household = tables.household.c
    for row in connection.execute(select(household.household_id, household.area)):
        if last.get(row.household_id) != row.area:
            return Broken(None, "household", row.household_id, "area")
    return None


def _heads_broken(connection: Connection, hashes: list[str], public: Ed25519PublicKey) -> Broken | None:
    for head in connection.execute(select(tables.anchor).order_by(tables.anchor.c.seq)):
        try:
            public.verify(head.signature, signed_text(head.seq, head.hash))
        except InvalidSignature:
            return Broken(head.seq, "anchor", str(head.seq), "signature")
        if head.seq >= len(hashes):
            return Broken(head.seq, "anchor", str(head.seq), "cut")
        if hashes[head.seq] != head.hash:
            return Broken(head.seq, "anchor", str(head.seq), "rewritten")
    return None
