"""Stored decisions come out the same when they are made again; whoever changes something in between is found."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Table, text, update
from sqlalchemy.exc import DBAPIError

from engine.decision import parse_json
from records import audit, decisions, households, tables
from records.database import Database, reading, writing
from records.decisions import Replayed, Stored
from records.households import Asserted
from tests.records.conftest import Clerk, at
from tests.support.households import shipped

BOOK = shipped()
ON = date(2025, 5, 15)
VERIFIER = Path(audit.__file__).with_name("verify_export.py")


def decided(database: Database, household: str, day: str = "2025-05-31", on: date = ON) -> Stored:
    with writing(database, "wang", at(day)) as write:
        return decisions.decide_and_keep(write, BOOK, household, on, write.day)


@pytest.fixture
def stored(database: Database, clerk: Clerk) -> Stored:
    """A decision, its household's facts, and the signed head over all of it."""
    found = decided(database, clerk.writes_down("case_10", "2023-03-06"))
    with writing(database, "auditor", at("2025-06-01")) as write:
        assert audit.anchor(write) is not None
    return found


def broken(database: Database) -> audit.Broken | None:
    with reading(database) as connection:
        return audit.verify(connection, database.keys.signing.public_key())


def replayed(database: Database) -> list[decisions.Replay]:
    with reading(database) as connection:
        return list(decisions.replay_all(connection))


def test_a_stored_decision_comes_out_the_same(database: Database, stored: Stored) -> None:
    assert [one.result for one in replayed(database)] == [Replayed.SAME]
    assert broken(database) is None
    content = parse_json(stored.content)
    living = content["policies"]["disabled_living"]["findings"][0]
    assert (living["outcome"], living["amount"]["value"]) == ("eligible", 80)


def test_it_still_does_after_more_was_told_on_the_same_day(database: Database, stored: Stored) -> None:
    with reading(database) as connection:
        version = households.version_of(connection, stored.household_id)
    with writing(database, "li", at("2025-05-31")) as write:
        more = [Asserted("financial_assets", 99_999, "civil_affairs")]
        households.tell(write, stored.household_id, version or 0, more)
    later = decided(database, stored.household_id)
    assert later.decision_id != stored.decision_id
    assert [one.result for one in replayed(database)] == [Replayed.SAME, Replayed.SAME]
    changed = decisions.compared(stored, later)
    assert changed.facts["financial_assets"][0] == {"value": 1000, "source": "civil_affairs"}
    assert changed.facts["financial_assets"][1] == {"value": 99_999, "source": "civil_affairs"}
    assert changed.rulebook is None and "dibao/household" in changed.outcomes


def test_lists_by_household_and_by_outcome(database: Database, stored: Stored) -> None:
    with reading(database) as connection:
        for found in (
            decisions.listed(connection, household_id=stored.household_id),
            decisions.listed(connection, policy="disabled_living", outcome="eligible"),
        ):
            assert [one.decision_id for one in found] == [stored.decision_id]
        assert decisions.listed(connection, policy="disabled_living", outcome="ineligible") == []


# --- somebody changes the database behind our back ---------------------------------------------------------


def without_triggers(database: Database, change: Callable[[Connection], None]) -> None:
    with database.engine.begin() as connection:
        if database.is_sqlite:
            found = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).scalars()
            for name in found.all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        change(connection)


def edit(table: Table, column: str, value: object, where: str = "") -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        statement = update(table).values({column: value})
        connection.execute(statement.where(text(where)) if where else statement)

    return change


def test_an_edited_fact_is_found(database: Database, stored: Stored) -> None:
    without_triggers(database, edit(tables.assertion, "value", "5", "fact = 'financial_assets'"))
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("assertion", "changed")
    assert replayed(database)[0].result is Replayed.DIFFERS


def test_an_edited_decision_is_found(database: Database, stored: Stored) -> None:
    forged = zlib.compress(stored.content.replace(b"ineligible", b"eligible"))
    without_triggers(database, edit(tables.decision, "content", forged))
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("decision", "changed")
    assert "哈希" in replayed(database)[0].problem


def test_an_edited_rule_text_is_found(database: Database, stored: Stored) -> None:
    def change(connection: Connection) -> None:
        files = zlib.decompress(connection.execute(tables.rulebook.select()).one().files).decode()
        assert "counted_income < dibao_standard" in files
        forged = files.replace("counted_income < dibao_standard", "counted_income <= dibao_standard")
        connection.execute(update(tables.rulebook).values(files=zlib.compress(forged.encode())))

    without_triggers(database, change)
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("rulebook", "changed")
    assert replayed(database)[0].result is Replayed.DIFFERS


def test_a_rule_text_that_no_longer_loads_is_said_and_not_stumbled_over(
    database: Database, stored: Stored
) -> None:
    def change(connection: Connection) -> None:
        files = zlib.decompress(connection.execute(tables.rulebook.select()).one().files).decode()
        forged = files.replace("counted_income < dibao_standard", "counted_income < nothing_known")
        connection.execute(update(tables.rulebook).values(files=zlib.compress(forged.encode())))

    without_triggers(database, change)
    (found,) = replayed(database)
    assert found.result is Replayed.DIFFERS and "no longer loads" in found.problem


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [("actor", "'nobody'", "hash"), ("previous", f"'{'1' * 64}'", "chain"), ("seq", "seq + 1000", "missing")],
)
def test_an_edited_entry_is_found(
    database: Database, stored: Stored, column: str, value: str, problem: str
) -> None:
    without_triggers(database, edit(tables.audit, column, text(value), "seq = 5"))
    found = broken(database)
    assert found is not None and (found.seq, found.problem) == (5, problem)


def test_a_row_without_an_entry_and_an_entry_without_a_row_are_found(
    database: Database, stored: Stored
) -> None:
    without_triggers(
        database,
        lambda connection: (
            connection.execute(tables.status.delete().where(tables.status.c.policy == "dibao")) and None
        ),
    )
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("status", "missing")


def test_a_tail_that_was_cut_off_is_found(database: Database, stored: Stored) -> None:
    def cut(connection: Connection) -> None:
        last = connection.execute(text("SELECT max(seq) FROM audit")).scalar_one()
        connection.execute(tables.finding.delete())
        connection.execute(tables.decision.delete())
        connection.execute(tables.audit.delete().where(tables.audit.c.seq == last))

    without_triggers(database, cut)
    found = broken(database)
    assert found is not None and found.problem == "cut"


def test_a_chain_that_was_written_anew_is_found(database: Database, stored: Stored) -> None:
    """Every hash fits, from the changed entry on; the signed head does not."""

    def rewrite(connection: Connection) -> None:
        previous = audit.FIRST
        for entry in connection.execute(tables.audit.select().order_by(tables.audit.c.seq)).mappings().all():
            forged = {**entry, "previous": previous}
            forged["actor"] = "nobody" if entry["seq"] == 3 else entry["actor"]
            previous = audit.hash_of(forged)
            connection.execute(
                update(tables.audit)
                .where(tables.audit.c.seq == entry["seq"])
                .values(actor=forged["actor"], previous=forged["previous"], hash=previous)
            )

    without_triggers(database, rewrite)
    found = broken(database)
    assert found is not None and found.problem == "rewritten"


def test_a_head_that_somebody_else_signed_is_found(database: Database, stored: Stored) -> None:
    without_triggers(database, edit(tables.anchor, "signature", b"\0" * 64))
    found = broken(database)
    assert found is not None and found.problem == "signature"


def test_rows_cannot_be_changed_through_the_program(database: Database, stored: Stored) -> None:
    with writing(database, "li", at("2025-06-02")) as write:
        household = households.document(write.connection, stored.household_id, ON, ON)
        assert household["people"]
    for table in tables.ADDED_TO:
        column = next(iter(table.columns))
        for statement in (update(table).values({column.name: column}), table.delete()):
            with (
                pytest.raises(DBAPIError, match="only added to"),
                database.engine.begin() as connection,
            ):
                connection.execute(statement)


# --- an auditor elsewhere -----------------------------------------------------------------------------------


def test_an_export_is_verified_without_the_platform(
    database: Database, stored: Stored, tmp_path: Path
) -> None:
    key = database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    with reading(database) as connection:
        lines = list(audit.exported(connection, key))
    export = tmp_path / "audit.jsonl"

    def verified(content: list[str], *more: str) -> tuple[int, str]:
        export.write_text("\n".join(content), "utf-8")
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), str(export), *more],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    code, said = verified(lines, key.hex())
    assert code == 0 and "链条完整" in said and "签名有效" in said
    assert verified(lines)[0] == 0
    code, said = verified([line.replace('"actor": "wang"', '"actor": "zhao"') for line in lines])
    assert code == 1 and "哈希不符" in said
    code, said = verified([*lines[:3], *lines[4:]])
    assert code == 1 and "第 3 条" in said
    other = audit.signed_text(1, "")  # 32 bytes of another key
    assert verified(lines, (other * 2)[:32].hex())[0] == 1
