"""Is the record whole? The chain, every row against the entry it was written with, the signed heads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Table, select

from records import tables
from records.audit import CHUNK, digest_of, digest_of_row, signed_text
from records.chain import FIRST, hash_of

RowsOf = Callable[[Table], Iterable[Mapping[str, Any]]]
"""Reads a table, entries and signed heads by their number, other tables in any order."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing found wrong. `seq` None: rows have no entry."""

    seq: int | None
    entity: str
    subject: str
    problem: str  # chain, hash, missing, changed, unknown, area, cut, rewritten, signature


_NUMBERED = (tables.audit, tables.anchor)


@dataclass(frozen=True, slots=True)
class _Written:
    seq: int
    subject: str
    rows: int
    digest: str


def verify(connection: Connection, public: Ed25519PublicKey) -> Broken | None:
    """The first thing that is wrong, or nothing. Reads everything once, a thousand rows at a time."""

    def rows_of(table: Table) -> Iterator[Mapping[str, Any]]:
        query = select(table).order_by(table.c.seq) if table in _NUMBERED else select(table)
        rows = connection.execution_options(yield_per=CHUNK).execute(query)
        yield from (dict(row) for row in rows.mappings())

    return verify_rows(rows_of, public)


def verify_rows(rows_of: RowsOf, public: Ed25519PublicKey) -> Broken | None:
    """The same for a record that lies elsewhere, in a backup."""
    written: dict[str, dict[str, _Written]] = defaultdict(dict)  # by table and entry
    erased: set[str] = set()
    hashes: list[str] = [FIRST]
    for entry in rows_of(tables.audit):
        found = _entry_broken(entry, hashes)
        if found is not None:
            return found
        hashes.append(entry["hash"])
        if entry["rows"]:
            written[entry["entity"]][entry["entry"]] = _Written(
                entry["seq"], entry["subject"], entry["rows"], entry["digest"]
            )
        elif entry["action"] == "erase":
            erased.add(entry["subject"])
    for table in tables.AUDITED:
        found = _rows_broken(rows_of(table), table, written[table.name], erased)
        if found is not None:
            return found
    return _area_broken(rows_of) or _heads_broken(rows_of(tables.anchor), hashes, public)


def _entry_broken(entry: Mapping[str, Any], hashes: list[str]) -> Broken | None:
    seq = len(hashes)
    if entry["seq"] != seq:
        return Broken(seq, "audit", str(seq), "missing")
    if entry["previous"] != hashes[-1]:
        return Broken(seq, entry["entity"], entry["subject"], "chain")
    if entry["hash"] != hash_of(entry):
        return Broken(seq, entry["entity"], entry["subject"], "hash")
    return None


def _rows_broken(
    rows: Iterable[Mapping[str, Any]], table: Table, written: Mapping[str, _Written], erased: set[str]
) -> Broken | None:
    """Rows may be read in any order: an entry's digest is of its rows' sorted digests."""
    left = dict(written)
    found: dict[str, list[str]] = defaultdict(list)  # of the entries whose rows were not all met yet
    wrong: list[Broken] = []
    for row in rows:
        entry = row["entry"]
        one = written.get(entry)
        if one is None:
            key = "/".join(str(row[column.name]) for column in table.primary_key)
            return Broken(None, table.name, key, "unknown")
        found[entry].append(digest_of_row(table, row))
        whole = len(found[entry]) == one.rows
        if whole and (left.pop(entry, None) is None or digest_of(found.pop(entry)) != one.digest):
            wrong.append(Broken(one.seq, table.name, one.subject, "changed"))
    for one in left.values():
        if not (table.info.get("erasable") and one.subject in erased):
            wrong.append(Broken(one.seq, table.name, one.subject, "missing"))
    wrong += [Broken(written[entry].seq, table.name, written[entry].subject, "changed") for entry in found]
    return min(wrong, key=lambda broken: broken.seq or 0, default=None)


def _area_broken(rows_of: RowsOf) -> Broken | None:
    """Lists and scopes go by the area of a household; it is that of the last row of `residence`."""
    last: dict[str, tuple[date, int, str]] = {}
    for row in rows_of(tables.residence):
        lives, household = (row["valid_from"], row["seq"], row["area"]), row["household_id"]
        last[household] = max(last.get(household, lives), lives)
    for row in rows_of(tables.household):
        if row["household_id"] not in last or last[row["household_id"]][-1] != row["area"]:
            return Broken(None, "household", row["household_id"], "area")
    return None


def _heads_broken(
    heads: Iterable[Mapping[str, Any]], hashes: list[str], public: Ed25519PublicKey
) -> Broken | None:
    for head in heads:
        seq = head["seq"]
        try:
            public.verify(head["signature"], signed_text(seq, head["hash"]))
        except InvalidSignature:
            return Broken(seq, "anchor", str(seq), "signature")
        if seq >= len(hashes):
            return Broken(seq, "anchor", str(seq), "cut")
        if hashes[seq] != head["hash"]:
            return Broken(seq, "anchor", str(seq), "rewritten")
    return None
