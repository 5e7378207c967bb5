"""Accounts, grants and sessions."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    make(
        (
            tables.account,
            tables.closing,
            tables.credential,
            tables.granted,
            tables.confirmation,
            tables.withdrawal,
            tables.session,
            tables.session_end,
            tables.attempt,
        )
    )
