"""Stored decisions, and the text of rulebooks."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary, String, Table, Text

from records.tables.base import ID, Number, counted, metadata, recorded

# Every rulebook that was submitted, or that a decision was made under: its files, so that it can be loaded again.
rulebook = Table(
    "rulebook",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("files", LargeBinary, nullable=False),  # compressed JSON of path and text
    *recorded(),
)

decision = Table(
    "decision",
    metadata,
    counted(),
    Column("decision_id", String(64), nullable=False, index=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("on", Date, nullable=False),
    Column("known", Date, nullable=False),
    Column("made_from", Text, nullable=False),  # JSON: the last row of each table that it was made from
    Column("rulebook", ForeignKey("rulebook.fingerprint"), nullable=False),
    Column("engine", String(80), nullable=False),
    Column(
        "content", LargeBinary, nullable=False
    ),  # the document, compressed and sealed with the household's key
    Column("content_hash", String(64), nullable=False),
    *recorded(),
)

# What lists are made from: one row for each finding of a stored decision.
finding = Table(
    "finding",
    metadata,
    Column("decision", Number, ForeignKey("decision.seq"), primary_key=True, autoincrement=False),
    Column("policy", ID, primary_key=True),
    Column("subject", ID, primary_key=True),
    Column("version", String(40)),
    Column("outcome", String(20), nullable=False),
    Column("amount", Text),  # JSON, as the decision says it
    *recorded(),
    Index(None, "policy", "outcome"),
)
