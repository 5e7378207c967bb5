"""PostgreSQL: the program's role can do its work, and nothing to what is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from cli.record import run_grant
from records import audit, decisions, roles, tables
from records.database import Database, connect, reading, writing
from records.keys import write_keys
from records.verify import verify
from tests.records.conftest import Clerk, at
from tests.support.households import shipped

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has no roles

FORBIDDEN = (
    *(
        update(table).values({next(iter(table.columns)).name: None})
        for table in tables.metadata.sorted_tables
    ),
    *(table.delete() for table in tables.metadata.sorted_tables if not table.info.get("erasable")),
    *(text(f"TRUNCATE {table.name} CASCADE") for table in tables.metadata.sorted_tables),
    text("UPDATE household SET application_date = NULL"),
    text("ALTER TABLE audit DISABLE TRIGGER ALL"),
    text("DROP TABLE anchor"),
    text("SET session_replication_role = replica"),
)


@pytest.fixture
def program(database: Database) -> Iterator[Database]:
    """The same record, opened as a role that owns nothing."""
    with database.engine.begin() as connection:
        known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'relief_program'"))
        if known.first() is None:
            connection.execute(text("CREATE ROLE relief_program LOGIN"))
        roles.grant(connection, "relief_program")
    url = database.engine.url.set(username="relief_program").render_as_string(hide_password=False)
    opened = connect(url, database.keys)
    yield opened
    opened.engine.dispose()


def test_it_can_do_its_work(program: Database) -> None:
    household = Clerk(program).writes_down("case_10", "2023-03-06")
    with writing(program, "wang", at("2025-05-31")) as write:
        decisions.decide_and_keep(write, shipped(), household, date(2025, 5, 15), write.day)
        assert audit.anchor(write) is not None
    with reading(program) as read:
        assert verify(read.connection, program.keys.signing.public_key()) is None


def test_it_can_do_nothing_to_what_is_written(program: Database) -> None:
    for statement in FORBIDDEN:
        with (
            pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
            program.engine.begin() as connection,
        ):
            connection.execute(statement)


def test_a_role_is_a_plain_name(database: Database) -> None:
    with pytest.raises(ValueError, match="no name of a role"), database.engine.begin() as connection:
        roles.grant(connection, "x; DROP TABLE audit")


def test_the_command_gives_a_role_its_rights(database: Database, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    write_keys(keys, database.keys)
    with database.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS relief_other"))
        connection.execute(text("CREATE ROLE relief_other LOGIN"))
    run_grant("relief_other", database.engine.url.render_as_string(hide_password=False), keys)
    url = database.engine.url.set(username="relief_other").render_as_string(hide_password=False)
    opened = connect(url, database.keys)
    assert Clerk(opened).writes_down("case_10", "2023-03-06")
    opened.engine.dispose()
    with database.engine.begin() as connection:
        connection.execute(text("DROP OWNED BY relief_other"))
        connection.execute(text("DROP ROLE relief_other"))
