"""Stored decisions come out the same when they are made again; whoever changes something in between is found."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Table, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from engine.decision import parse_json
from records import audit, chain, decisions, households, people, sealed, tables
from records.database import Database, reading, writing
from records.decisions import Replayed, Stored
from records.documents import document
from records.erasure import erase_household
from records.households import Asserted
from records.keys import with_new_sealing_key
from records.verify import Broken, verify
from tests.records.conftest import Clerk, at, fill_intake
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


def broken(database: Database) -> Broken | None:
    with reading(database) as read:
        return verify(read.connection, database.keys.signing.public_key())


def replayed(database: Database) -> list[decisions.Replay]:
    with reading(database) as read:
        return list(decisions.replay_all(read))


def test_a_stored_decision_comes_out_the_same(database: Database, stored: Stored) -> None:
    assert [one.result for one in replayed(database)] == [Replayed.SAME]
    assert broken(database) is None
    content = parse_json(stored.content)
    living = content["policies"]["disabled_living"]["findings"][0]
    assert (living["outcome"], living["amount"]["value"]) == ("eligible", 80)


def test_it_still_does_after_more_was_told_on_the_same_day(database: Database, stored: Stored) -> None:
    with reading(database) as read:
        version = households.version_of(read.connection, stored.household_id)
    with writing(database, "li", at("2025-05-31")) as write:
        more = [Asserted("financial_assets", 99_999, "civil_affairs")]
        households.claim(write, stored.household_id, version or 0)
        households.tell(write, stored.household_id, more)
    later = decided(database, stored.household_id)
    assert later.decision_id != stored.decision_id
    assert [one.result for one in replayed(database)] == [Replayed.SAME, Replayed.SAME]
    changed = decisions.compared(parse_json(stored.content), parse_json(later.content))
    assert changed.facts["financial_assets"][0] == {"value": 1000, "source": "civil_affairs"}
    assert changed.facts["financial_assets"][1] == {"value": 99_999, "source": "civil_affairs"}
    assert changed.rulebook is None and "dibao/household" in changed.outcomes


def test_nothing_of_whoever_has_left_is_in_a_decision_nor_in_its_way(
    database: Database, clerk: Clerk
) -> None:
    """What was told of them last is not what it was made from, and that it cannot be opened any more stops nothing."""
    household = clerk.writes_down("case_06", "2025-03-03")
    decided(database, household)
    with writing(database, "li", at("2025-06-02")) as write:
        gone = sorted(households.ever_members(write.connection, household))[-1]
        households.claim_as_it_is(write, household)
        households.leave(write, household, gone, date(2025, 6, 1))
        households.tell(write, household, [Asserted("pregnant", False, "police", gone)])
    with database.engine.begin() as connection:
        told = connection.execute(select(func.max(tables.assertion.c.seq))).scalar_one()
        key = tables.data_key
        connection.execute(delete(key).where(key.c.subject == sealed.of_person(gone)))
    later = decided(database, household, "2025-06-03", date(2025, 6, 2))
    with reading(database) as read:
        row = read.connection.execute(select(tables.decision).where(tables.decision.c.seq == later.seq)).one()
    assert gone not in parse_json(later.content)["people"]
    assert 0 < json.loads(row.made_from)["assertion"] < told
    assert [one.result for one in replayed(database)] == [Replayed.ERASED, Replayed.SAME]


def test_lists_by_household_and_by_outcome(database: Database, stored: Stored) -> None:
    with reading(database) as read:
        for found in (
            decisions.listed(read, decisions.chosen(household_id=stored.household_id)),
            decisions.listed(read, decisions.chosen(policy="disabled_living", outcome="eligible")),
        ):
            assert [one.decision_id for one in found] == [stored.decision_id]
        assert decisions.listed(read, decisions.chosen(policy="disabled_living", outcome="ineligible")) == []


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
    without_triggers(database, edit(tables.assertion, "value", b"5" * 40, "fact = 'financial_assets'"))
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("assertion", "changed")
    assert replayed(database)[0].result is Replayed.DIFFERS


def test_an_edited_decision_is_found(database: Database, stored: Stored) -> None:
    """Even by somebody who has the keys."""
    forged = zlib.compress(stored.content.replace(b"ineligible", b"eligible"))
    with reading(database) as read:
        subject = sealed.of_household(stored.household_id)
        key = sealed.data_keys(read, [subject])[subject]
        row = read.connection.execute(tables.decision.select()).one()
    again = sealed.seal(key, subject, "decision", row.content_hash, "content", forged)
    without_triggers(database, edit(tables.decision, "content", again))
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("decision", "changed")
    assert "哈希" in replayed(database)[0].problem


def test_a_bent_list_is_found(database: Database, stored: Stored) -> None:
    without_triggers(database, edit(tables.finding, "outcome", "discretionary", "policy = 'dibao'"))
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("finding", "changed")


def test_a_household_that_was_put_into_another_area_is_found(database: Database, stored: Stored) -> None:
    with database.engine.begin() as connection:  # the program may do this, for those that move
        connection.execute(update(tables.household).values(area="elsewhere"))
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("household", "area")


def test_what_was_erased_by_law_cannot_be_read_and_the_record_is_whole(
    database: Database, stored: Stored
) -> None:
    with writing(database, "li", at("2026-01-01")) as write:
        households.claim(
            write, stored.household_id, households.version_of(write.connection, stored.household_id) or 0
        )
        assert len(erase_household(write, stored.household_id, "保存期满")) == 2
    assert broken(database) is None
    assert [one.result for one in replayed(database)] == [Replayed.ERASED]
    with reading(database) as read, pytest.raises(sealed.Erased):
        document(read, stored.household_id, ON, ON)


def test_a_key_that_was_taken_away_unlawfully_is_found(database: Database, stored: Stored) -> None:
    with database.engine.begin() as connection:
        connection.execute(tables.data_key.delete())
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("data_key", "missing")


def test_a_new_office_key_seals_and_the_old_one_is_not_needed_any_more(
    database: Database, stored: Stored
) -> None:
    rotated = with_new_sealing_key(database.keys)
    with writing(replace(database, keys=rotated), "admin", at("2026-01-01")) as write:
        assert sealed.rotate(write) == 2
    newest = replace(rotated, sealing={rotated.newest: rotated.sealing[rotated.newest]})
    again = replace(database, keys=newest)
    assert [one.result for one in replayed(again)] == [Replayed.SAME]
    assert broken(again) is None
    with pytest.raises(sealed.Tampered, match="version 2"), reading(database) as read:
        document(read, stored.household_id, ON, ON)


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
        lambda connection: connection.execute(tables.status.delete()) and None,
    )
    found = broken(database)
    assert found is not None and (found.entity, found.problem) == ("status", "missing")


def test_a_tail_that_was_cut_off_is_found(database: Database, stored: Stored) -> None:
    def cut(connection: Connection) -> None:
        last = connection.execute(text("SELECT max(seq) FROM audit")).scalar_one()
        connection.execute(tables.finding.delete())
        connection.execute(tables.decision.delete())
        connection.execute(tables.audit.delete().where(tables.audit.c.seq >= last - 1))

    without_triggers(database, cut)
    found = broken(database)
    assert found is not None and found.problem == "cut"


def test_a_chain_that_was_written_anew_is_found(database: Database, stored: Stored) -> None:
    """Every hash fits, from the changed entry on; the signed head does not."""

    def rewrite(connection: Connection) -> None:
        previous = chain.FIRST
        for entry in connection.execute(tables.audit.select().order_by(tables.audit.c.seq)).mappings().all():
            forged = {**entry, "previous": previous}
            forged["actor"] = "nobody" if entry["seq"] == 3 else entry["actor"]
            previous = chain.hash_of(forged)
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
        assert document(write, stored.household_id, ON, ON)["people"]
        households.claim(write, stored.household_id, 1)
        households.move(write, stored.household_id, "guangxi_sample", ON, "新城路1号")
        people.register_person(write, people.Identity("王小明", "11010519491231002X"))
        fill_intake(write, stored.household_id)
    for table in tables.metadata.sorted_tables:
        column = next(iter(table.columns))
        forbidden = [update(table).values({column.name: column})]
        if not table.info.get("erasable"):
            forbidden.append(table.delete())
        for statement in forbidden:
            if database.is_sqlite and is_empty(database, table):  # its triggers look at rows
                continue
            with (
                pytest.raises(DBAPIError, match="only added to"),
                database.engine.begin() as connection,
            ):
                connection.execute(statement)


def is_empty(database: Database, table: Table) -> bool:
    with database.engine.connect() as connection:
        return connection.execute(table.select().limit(1)).first() is None


def test_every_table_has_its_triggers(database: Database) -> None:
    with database.engine.connect() as connection:
        catalogue = (
            "SELECT name FROM sqlite_master" if database.is_sqlite else "SELECT tgname FROM pg_trigger"
        )
        there = set(connection.execute(text(catalogue)).scalars())
    for table in tables.metadata.sorted_tables:
        assert f"{table.name}_no_update" in there
        assert table.info.get("erasable") or f"{table.name}_no_delete" in there


# --- an auditor elsewhere -----------------------------------------------------------------------------------


def test_an_export_is_verified_without_the_platform(
    database: Database, stored: Stored, tmp_path: Path
) -> None:
    key = database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    with reading(database) as read:
        lines = list(audit.exported(read.connection, key))
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


def test_written_at_last_it_is_written_the_same(database: Database, clerk: Clerk) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    at_once = decided(database, household)
    with writing(database, "wang", at("2025-05-31")) as write:
        found = decisions.to_decide(write, household, write.day)
        at_last = decisions.decide_found(write, BOOK, found, ON, at_last=True)
    assert at_last.content == at_once.content and at_last.seq > at_once.seq
    assert broken(database) is None
    assert [one.result for one in replayed(database)] == [Replayed.SAME, Replayed.SAME]
    with reading(database) as read:
        found_in = [
            read.connection.execute(
                select(*(column for column in tables.finding.c if column.name not in ("decision", "entry")))
                .where(tables.finding.c.decision == seq)
                .order_by(tables.finding.c.policy, tables.finding.c.subject)
            ).all()
            for seq in (at_once.seq, at_last.seq)
        ]
    assert found_in[0] and found_in[0] == found_in[1]


def test_what_fails_at_last_leaves_nothing(database: Database, stored: Stored) -> None:
    with pytest.raises(DBAPIError), writing(database, "wang", at("2025-05-31")) as write:
        found = decisions.to_decide(write, stored.household_id, write.day)
        made = decisions.decide_found(write, BOOK, found, ON, at_last=True)
        audit.add_row(
            write,
            "find",
            tables.finding,
            "h",
            {
                "decision": made.seq + 1000,  # which there is not
                "policy": "p",
                "subject": "household",
                "version": None,
                "outcome": "eligible",
                "amount": None,
            },
            at_last=True,
        )
    with reading(database) as read:
        assert read.connection.execute(select(func.count()).select_from(tables.decision)).scalar() == 1
    assert decided(database, stored.household_id).content == stored.content
    assert broken(database) is None
