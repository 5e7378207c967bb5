"""The audit trail and its signed heads."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from records.tables.base import ID, TOKEN, Number, metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", ID, nullable=False),
    Column("action", String(40), nullable=False),
    Column("entity", String(40), nullable=False),  # the table that was written
    Column("subject", String(160), nullable=False, index=True),  # the household, person, … that it is about
    Column("rows", Integer, nullable=False),  # how many were written
    Column("entry", TOKEN, nullable=False, unique=True),  # the rows' own name for this entry
    Column("digest", String(64), nullable=False),  # of what was written
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

anchor = Table(
    "anchor",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("at", String(32), nullable=False),
)
