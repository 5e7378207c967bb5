"""Intake: awards and payments, life events, departments' feeds with their proposals and answers."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    make(
        (
            tables.award,
            tables.award_review,
            tables.payment,
            tables.life_event,
            tables.feed_run,
            tables.proposal,
            tables.proposal_answer,
        )
    )
