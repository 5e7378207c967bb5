"""Scanned papers and printed letters."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    make((tables.scan, tables.letter))
