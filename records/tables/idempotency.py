"""What was answered to a request that may come again."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table

from records.tables.base import ERASABLE, metadata

# Kept for a day, beside what was written and in the same transaction. It is no part of the record, so it has no entries.
idempotency = Table(
    "idempotency",
    metadata,
    Column(
        "found_by", LargeBinary, primary_key=True
    ),  # of the account and its key, for whoever has the office's keys
    Column("request", LargeBinary, nullable=False),  # what was asked, likewise
    Column("status", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    info=ERASABLE,
)
