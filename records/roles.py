"""PostgreSQL: the program's own role, which owns no table and may only read and add.

The owner of the tables migrates and grants; the program runs as somebody who could not drop a trigger. What may change
or be taken away is said where the tables are made (`records.tables.base`).
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from records.tables import metadata
from records.tables.base import changing

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def grant(connection: Connection, role: str) -> None:
    """Gives a role what the program needs and nothing more. Raises ValueError for what is no plain name of a role."""
    if not _NAME.fullmatch(role):
        raise ValueError(f"{role}: 不是角色名 · no name of a role")
    for table in metadata.sorted_tables:
        connection.execute(text(f'REVOKE ALL ON "{table.name}" FROM PUBLIC, {role}'))
        connection.execute(text(f'GRANT SELECT, INSERT ON "{table.name}" TO {role}'))
        if changing(table):
            columns = ", ".join(f'"{column}"' for column in changing(table))
            connection.execute(text(f'GRANT UPDATE ({columns}) ON "{table.name}" TO {role}'))
        if table.info.get("erasable"):
            connection.execute(text(f'GRANT DELETE ON "{table.name}" TO {role}'))
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {role}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
