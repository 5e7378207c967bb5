"""Scanned papers, and the letters that were printed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from records.tables.base import ID, TOKEN, Number, counted, metadata, recorded

# What is in a scan lies sealed in a file, named after the hash of what lies there (`records.scan_files`).
scan = Table(
    "scan",
    metadata,
    counted(),
    Column("scan_id", TOKEN, nullable=False, unique=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("case_id", ID, index=True),
    Column("type", String(30), nullable=False),
    Column("media", String(40), nullable=False),  # what it is by its content
    Column("size", Integer, nullable=False),  # bytes, open
    Column("content_hash", String(64), nullable=False),  # SHA-256 of what it is, open
    Column("file", String(64), nullable=False),  # SHA-256 of what lies in the file, sealed
    Column("quarantine", String(30)),  # why it is kept apart; none: it is not
    *recorded(),
    CheckConstraint("size > 0", "size"),
    Index(None, "household_id", "seq"),
)

# A letter that was printed, to prove later what was sent: the same decision gives the same bytes.
letter = Table(
    "letter",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("decision", Number, ForeignKey("decision.seq"), index=True),
    Column("kind", String(20), nullable=False),
    Column("policy", ID),
    Column("subject", ID),
    Column("number", String(200), nullable=False),
    Column("day", Date, nullable=False),  # that stands on it
    Column("language", String(10), nullable=False),
    Column("rulebook", String(64), nullable=False),  # whose words it has
    Column("media", String(40), nullable=False),
    Column("file_hash", String(64), nullable=False),  # SHA-256 of what was printed
    Column("purpose", Text, nullable=False),
    *recorded(),
)
