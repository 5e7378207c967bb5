"""New tables, with the triggers that keep their rows as they were written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def forbid(table: Table, forbidden: Mapping[str, str], lock: int | None = None) -> None:
    """No row (`NEW`) is added for which one of these conditions holds; its key says why.

    `lock`: an advisory lock of PostgreSQL, for conditions that have to see every row written so far.
    """
    name = f"{table.name}_steps"
    if op.get_bind().dialect.name == "sqlite":
        tests = "\n".join(f"SELECT RAISE(ABORT, '{why}') WHERE {when};" for why, when in forbidden.items())
        op.execute(f'CREATE TRIGGER {name} BEFORE INSERT ON "{table.name}" BEGIN\n{tests}\nEND')
        return
    waits = "" if lock is None else f"PERFORM pg_advisory_xact_lock({lock});\n"
    tests = "\n".join(
        f"IF {when} THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'check_violation'; END IF;"
        for why, when in forbidden.items()
    )
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n{waits}{tests}\nRETURN NEW;\nEND $$"
    )
    op.execute(
        f'CREATE TRIGGER {name} BEFORE INSERT ON "{table.name}" FOR EACH ROW EXECUTE FUNCTION {name}()'
    )


def forbid_instead(table: Table, forbidden: Mapping[str, str], lock: int | None = None) -> None:
    """As `forbid`, in place of what was forbidden before."""
    name = f"{table.name}_steps"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute(f'DROP TRIGGER {name} ON "{table.name}"')
        op.execute(f"DROP FUNCTION {name}()")
    forbid(table, forbidden, lock)
