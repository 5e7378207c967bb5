"""The record: households, people, facts, statuses, rulebooks, decisions, the audit trail."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0001"
down_revision = None


def upgrade() -> None:
    make(
        (
            tables.household,
            tables.residence,
            tables.address_gram,
            tables.person,
            tables.identity,
            tables.number,
            tables.data_key,
            tables.membership,
            tables.assertion,
            tables.status,
            tables.rulebook,
            tables.decision,
            tables.finding,
            tables.audit,
            tables.anchor,
        )
    )
