"""What a payment was for, when what is held was looked at again, and which night gave out a notice."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    make((tables.payment_cause, tables.status_review, tables.notice_shown))
