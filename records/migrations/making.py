"""New tables, with the triggers that keep their rows as they were written."""

from __future__ import annotations

from collections.abc import Iterable

from alembic import op
from sqlalchemy import Table

from records.tables.base import changing, metadata

_SQLITE = """
CREATE TRIGGER {table}_no_{name} BEFORE {event} ON "{table}"
BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added to'); END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are only added to', TG_TABLE_NAME; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_no_{name} BEFORE {event} ON "{table}"
FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()
"""


def make(tables: Iterable[Table]) -> None:
    """Makes tables, in the order of their references."""
    made = list(tables)
    metadata.create_all(op.get_bind(), tables=made)
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(_FUNCTION)
    for table in made:
        for name, event in _forbidden(table, sqlite):
            op.execute((_SQLITE if sqlite else _POSTGRESQL).format(table=table.name, name=name, event=event))


def _forbidden(table: Table, sqlite: bool) -> Iterable[tuple[str, str]]:
    kept = [column.name for column in table.columns if column.name not in changing(table)]
    yield "update", "UPDATE OF " + ", ".join(f'"{name}"' for name in kept)
    if not table.info.get("erasable"):
        yield "delete", "DELETE"
    if not sqlite:
        yield "truncate", "TRUNCATE"
