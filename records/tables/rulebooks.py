"""The life of rulebooks: submitted, checked, published, withdrawn.

What stands here are steps. The published rulebook is the one of the last edition, so that there is exactly one; those
of earlier editions are superseded without another row that could say otherwise. Triggers keep the order of the steps
and the four eyes (`records/migrations/versions/0004_publishing.py`).
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from records.tables.base import ID, counted, metadata, recorded

rulebook_state = Table(
    "rulebook_state",
    metadata,
    counted(),
    Column("fingerprint", ForeignKey("rulebook.fingerprint"), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("edition", Integer),  # published: which one it is; checked: which one it may become
    Column("person", ID, nullable=False),  # the real person, whatever account the step was taken with
    Column("note", Text, nullable=False),
    *recorded(),
    CheckConstraint("state IN ('draft', 'checked', 'published', 'withdrawn')", "state"),
    CheckConstraint("(edition IS NOT NULL) = (state IN ('checked', 'published'))", "edition"),
    Index(
        "uq_rulebook_state_edition",
        "edition",
        unique=True,
        sqlite_where=text("state = 'published'"),
        postgresql_where=text("state = 'published'"),
    ),
)
