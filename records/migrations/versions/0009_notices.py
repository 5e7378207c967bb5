"""What nights came to, what people are asked to look at, their answers and pauses."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    make((tables.night, tables.standing, tables.notice, tables.notice_answer, tables.pause))
