"""The record: households, facts, statuses, rulebooks, decisions, the audit trail; rows that nobody can change."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Table

from records.tables import ADDED_TO, household, metadata

revision = "0001"
down_revision = None

_SQLITE = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON "{table}"
BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added to'); END
"""
_FUNCTION = """
CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are only added to', TG_TABLE_NAME; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON "{table}"
FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()
"""


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(_FUNCTION)
    for table in ADDED_TO:
        _forbid(table, sqlite, "UPDATE", "DELETE", *(() if sqlite else ("TRUNCATE",)))
    _forbid(household, sqlite, "DELETE")


def _forbid(table: Table, sqlite: bool, *events: str) -> None:
    for event in events:
        op.execute((_SQLITE if sqlite else _POSTGRESQL).format(table=table.name, event=event))
