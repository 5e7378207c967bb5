"""A backup is one moment of a record that is written to, goes back into either database, and tells what is wrong."""

from __future__ import annotations

import base64
import hashlib
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import func, select, text

from records import audit, decisions, households, tables
from records.backups.form import Damaged, kind_of, tables_in
from records.backups.making import make
from records.backups.restoring import restore
from records.backups.stored import Backup, opened, verify_backup
from records.database import Database, connect, migrate, reading, writing
from records.decisions import Replayed
from records.erasure import erase_household
from records.households import Asserted
from records.keys import Keys, new_keys, write_keys
from records.people import Identity, register_person
from records.refused import Refused
from records.verify import verify
from tests.records.conftest import Clerk, administering, at
from tests.support.households import shipped

ROOT = Path(__file__).parents[2]
AREA = "sample_county"
DAY = date(2025, 10, 15)
FORMS = ("backup", "backup.tar")


def silent(what: str, done: int, total: int) -> None:
    """Shows no progress."""


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, keys: Keys, database: Database
) -> Iterator[Database]:
    """A database of the other kind with nothing in it, not even tables."""
    if not database.is_sqlite:
        made = connect(f"sqlite:///{tmp_path}/restored.db", keys)
        yield made
        made.engine.dispose()
        return
    server = request.getfixturevalue("postgresql")
    with administering(server) as connection:
        connection.execute(text("DROP DATABASE IF EXISTS restored WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE restored"))
    made = connect(server.set(database="restored").render_as_string(hide_password=False), keys)
    yield made
    made.engine.dispose()
    with administering(server) as connection:
        connection.execute(text("DROP DATABASE restored WITH (FORCE)"))


@pytest.fixture
def filled(database: Database, clerk: Clerk) -> Database:
    """With people, facts, statuses, decisions, an identity, an erased household and a signed head."""
    book = shipped()
    household = clerk.writes_down("case_06", "2025-03-01")
    for day in (DAY, date(2025, 11, 15)):
        with writing(database, "wang", at("2025-10-15")) as write:
            decisions.decide_and_keep(write, book, household, day, DAY)
    with writing(database, "li") as write:
        register_person(
            write, Identity("王小明", "110105199003070418", "13812345678", "6222020200001234567"), "named"
        )
        households.register(write, "gone", AREA)
        households.tell(write, "gone", [Asserted("financial_assets", 7, "bank")])
        erase_household(write, "gone", "依申请")
        audit.anchor(write)
    return database


def counts_of(database: Database) -> dict[str, int]:
    with reading(database) as read:
        return {
            str(table.name): read.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables_in(read.connection)
        }


def rows_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the program, as Python sees it in either database."""
    with reading(database) as read:
        return {
            table.name: sorted(
                tuple(audit._plain(value) for value in row) for row in read.connection.execute(select(table))
            )
            for table in tables.metadata.sorted_tables
        }


def replayed(database: Database) -> list[Replayed]:
    with reading(database) as read:
        return [one.result for one in decisions.replay_all(read)]


def broken_in(database: Database) -> object:
    with reading(database) as read:
        return verify(read.connection, database.keys.signing.public_key())


def brought_back(where: Path, into: Database, documents: Path | None = None) -> Mapping[str, int]:
    with opened(where, into.keys.signing.public_key()) as backup:
        backup.check_files(silent)
        return restore(backup, into, documents, silent)


@pytest.mark.parametrize("form", FORMS)
def test_either_database_takes_the_backup_of_the_other(
    filled: Database, elsewhere: Database, tmp_path: Path, form: str
) -> None:
    manifest = make(filled, tmp_path / form, None, silent)
    assert manifest.counts == counts_of(filled)
    assert all(manifest.counts[one] for one in ("assertion", "decision", "identity", "anchor", "status"))
    assert brought_back(tmp_path / form, elsewhere) == manifest.counts
    assert rows_of(elsewhere) == rows_of(filled)
    assert broken_in(elsewhere) is None
    assert replayed(elsewhere) == [Replayed.SAME] * 2


def test_writing_goes_on_after_a_restore(filled: Database, elsewhere: Database, tmp_path: Path) -> None:
    """Rows are counted on from where the backup ends."""
    make(filled, tmp_path / "backup", None, silent)
    brought_back(tmp_path / "backup", elsewhere)
    before = counts_of(elsewhere)
    with writing(elsewhere, "li") as write:
        households.register(write, "later", AREA)
        households.tell(write, "later", [Asserted("financial_assets", 7, "bank")])
    assert counts_of(elsewhere)["assertion"] == before["assertion"] + 1
    assert broken_in(elsewhere) is None


@pytest.mark.parametrize("form", FORMS)
def test_while_somebody_writes(filled: Database, elsewhere: Database, tmp_path: Path, form: str) -> None:
    book, ended, began, written = shipped(), threading.Event(), threading.Event(), []

    def write_on() -> None:
        while not ended.is_set():
            household = f"busy-{len(written)}"
            with writing(filled, "li") as write:
                households.register(write, household, AREA)
                households.add_person(write, f"{household}-p")
                households.join(write, household, f"{household}-p", DAY)
                households.tell(write, household, [Asserted("financial_assets", len(written), "bank")])
                decisions.decide_and_keep(write, book, household, write.day, write.day)
            written.append(household)
            began.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        assert began.wait(20)
        before = len(written)
        manifest = make(filled, tmp_path / form, None, lambda what, done, total: began.wait(0.01) and None)
        meanwhile = len(written) - before
        verified_while_writing = _verified(tmp_path / form, filled.keys)
    finally:
        ended.set()
        writer.join()
    assert meanwhile > 1, "nobody wrote meanwhile, so nothing was shown"
    assert verified_while_writing is None
    assert brought_back(tmp_path / form, elsewhere) == manifest.counts == counts_of(elsewhere)
    assert broken_in(elsewhere) is None
    results = replayed(elsewhere)
    assert results == [Replayed.SAME] * manifest.counts["decision"]
    assert before <= len(results) - 2 <= len(written)


def _verified(where: Path, keys: Keys) -> object:
    public = keys.signing.public_key()
    with opened(where, public) as backup:
        return verify_backup(backup, public, silent)


def test_every_table_of_the_program_fits(database: Database) -> None:
    with reading(database) as read:
        found = tables_in(read.connection)
    assert {table.name for table in found} == set(tables.metadata.tables)
    assert all(kind_of(column) for table in found for column in table.columns)


# --- what is not in it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_no_key_is_in_a_backup(filled: Database, keys: Keys, tmp_path: Path, form: str) -> None:
    make(filled, tmp_path / form, None, silent)
    private = keys.signing.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    secret = [*keys.sealing.values(), keys.finding, private]
    with reading(filled) as read:
        secret += _data_keys(read)
    written = [key.hex().encode() for key in secret] + [base64.b64encode(key) for key in secret] + secret
    raw = [path.read_bytes() for path in _files(tmp_path / form)]
    assert raw
    with opened(tmp_path / form, keys.signing.public_key()) as backup:
        cells = list(_cells(backup))
    assert any(b"financial_assets" in cell for cell in cells)
    for key in written:
        assert not any(key in content for content in (*raw, *cells))


def _data_keys(read: Any) -> list[bytes]:
    from records import sealed

    subjects = read.connection.execute(select(tables.data_key.c.subject)).scalars().all()
    return list(sealed.data_keys(read, subjects).values())


def _files(where: Path) -> list[Path]:
    return [where] if where.is_file() else [path for path in where.rglob("*") if path.is_file()]


def _cells(backup: Backup) -> Iterator[bytes]:
    for one in backup.manifest.tables:
        for rows in backup.batches(one):
            for row in rows:
                yield from (
                    value if isinstance(value, bytes) else str(value).encode() for value in row.values()
                )


def test_only_its_owner_may_read_it(filled: Database, tmp_path: Path) -> None:
    for form in FORMS:
        make(filled, tmp_path / form, None, silent)
        for path in (tmp_path / form, *_files(tmp_path / form)):
            assert path.stat().st_mode & 0o077 == 0


# --- what is wrong with it ----------------------------------------------------------------------------------


@pytest.fixture
def kept(filled: Database, tmp_path: Path) -> Path:
    """A backup with documents."""
    store = tmp_path / "documents"
    for content in (b"one", b"two" * 100_000):
        name = hashlib.sha256(content).hexdigest()
        (store / name[:2]).mkdir(parents=True)
        (store / name[:2] / name).write_bytes(content)
    (store / ".upload").write_bytes(b"half")
    make(filled, tmp_path / "backup", store, silent)
    make(filled, tmp_path / "backup.tar", store, silent)
    return tmp_path / "backup"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_file_that_was_changed_or_cut_or_taken_is_named(kept: Path, keys: Keys) -> None:
    assert _verified(kept, keys) is None
    for path in _files(kept):
        content, name = path.read_bytes(), path.relative_to(kept).as_posix()
        bent = bytearray(content)
        bent[len(bent) // 2] ^= 1
        for wrong in (bytes(bent), content[: len(content) // 2], None):
            path.unlink()
            if wrong is not None:
                path.write_bytes(wrong)
            with pytest.raises(Damaged) as damaged:
                _verified(kept, keys)
            named = "manifest" if name.startswith("manifest") else name
            assert named in str(damaged.value), (name, str(damaged.value))
        path.write_bytes(content)
    assert _verified(kept, keys) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_all_that_are_wrong_are_named_at_once(kept: Path, keys: Keys) -> None:
    (kept / "tables/audit.parquet").unlink()
    (kept / "tables/person.parquet").write_bytes(b"PAR1")
    with pytest.raises(Damaged) as damaged:
        _verified(kept, keys)
    missing, truncated = damaged.value.problems
    assert "audit.parquet: 缺失 · is missing" in missing
    assert "person.parquet: 被截断" in truncated


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_cut_tar_is_no_backup(kept: Path, keys: Keys) -> None:
    whole = kept.with_suffix(".tar")
    assert _verified(whole, keys) is None
    content = whole.read_bytes()
    for end in (0, 100, 512, len(content) // 3, len(content) // 2, len(content) - 11_000):
        whole.write_bytes(content[:end])
        with pytest.raises(Damaged, match="truncated"):
            _verified(whole, keys)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_whoever_edits_a_backup_needs_the_signing_key(kept: Path, keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="signed with another key"):
        _verified(kept, new_keys())
    manifest = kept / "manifest.json"
    other = new_keys().signing.public_key().public_bytes_raw().hex()
    ours = keys.signing.public_key().public_bytes_raw().hex()
    manifest.write_text(manifest.read_text().replace('"rows": 1,', '"rows": 0,', 1))
    with pytest.raises(Damaged, match="does not fit its signature"):
        _verified(kept, keys)
    manifest.write_text(manifest.read_text().replace(ours, other))
    with pytest.raises(Damaged, match="signed with another key"):
        _verified(kept, keys)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_record_that_was_bent_before_the_backup_is_found_in_it(filled: Database, tmp_path: Path) -> None:
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER status_no_update")
        connection.exec_driver_sql("UPDATE status SET amount = '9999' WHERE seq = 1")
    make(filled, tmp_path / "backup", None, silent)
    found = _verified(tmp_path / "backup", filled.keys)
    assert found is not None
    assert (found.entity, found.problem) == ("status", "changed")  # type: ignore[attr-defined]


def test_documents_come_back(kept: Path, elsewhere: Database, tmp_path: Path) -> None:
    for form in (kept, kept.with_suffix(".tar")):
        target = tmp_path / f"laid-{form.suffix}"
        with opened(form, elsewhere.keys.signing.public_key()) as backup:
            backup.check_files(silent)
            for path, sha256 in backup.documents():
                backup.lay_down(path, target / path)
                assert hashlib.sha256((target / path).read_bytes()).hexdigest() == sha256
        assert len(_files(target)) == 2
    store = tmp_path / "documents"
    shutil.rmtree(store)
    brought_back(kept, elsewhere, store)
    assert sorted(path.read_bytes()[:3] for path in _files(store)) == [b"one", b"two"]


# --- refusals -----------------------------------------------------------------------------------------------


def test_nothing_is_restored_over_a_record(filled: Database, elsewhere: Database, tmp_path: Path) -> None:
    make(filled, tmp_path / "backup", None, silent)
    migrate(elsewhere)
    Clerk(elsewhere).writes_down("village_family", "2025-11-01")
    before = rows_of(elsewhere)
    with pytest.raises(Refused, match="not empty"):
        brought_back(tmp_path / "backup", elsewhere)
    assert rows_of(elsewhere) == before


def test_a_restore_that_breaks_off_leaves_an_empty_database_that_can_be_used_again(
    filled: Database, elsewhere: Database, tmp_path: Path
) -> None:
    make(filled, tmp_path / "backup", None, silent)
    path = tmp_path / "backup/tables/decision.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-4])
    with opened(tmp_path / "backup", filled.keys.signing.public_key()) as backup, pytest.raises(Damaged):
        restore(backup, elsewhere, None, silent)
    assert not any(counts_of(elsewhere).values())
    path.write_bytes(content)
    brought_back(tmp_path / "backup", elsewhere)
    assert broken_in(elsewhere) is None


def test_older_keys_do_not_do(filled: Database, elsewhere: Database, tmp_path: Path, keys: Keys) -> None:
    from dataclasses import replace

    from records import sealed

    newer = replace(filled, keys=replace(keys, sealing={**keys.sealing, 2: bytes(32)}))
    with writing(newer, "zhao") as write:
        sealed.rotate(write)
    make(newer, tmp_path / "backup", None, silent)
    with pytest.raises(Refused, match="no key of version 2"):
        brought_back(tmp_path / "backup", elsewhere)
    assert not any(counts_of(elsewhere).values())


def test_a_backup_never_takes_the_place_of_another(filled: Database, tmp_path: Path) -> None:
    for form in FORMS:
        make(filled, tmp_path / form, None, silent)
        with pytest.raises(Refused, match="is there already"):
            make(filled, tmp_path / form, None, silent)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_killed_run_left_is_cleared_away(filled: Database, tmp_path: Path) -> None:
    left = tmp_path / "place" / ".backup.partial"
    left.mkdir(parents=True)
    (left / "backup").mkdir()
    (left / "backup" / "manifest.json").write_text("half")
    make(filled, tmp_path / "place" / "backup", None, silent)
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["backup"]
    assert _verified(tmp_path / "place" / "backup", filled.keys) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_said_and_leaves_nothing(
    filled: Database, keys: Keys, tmp_path: Path, form: str
) -> None:
    write_keys(tmp_path / "keys.json", keys)
    place = tmp_path / "place"
    place.mkdir()
    command = [sys.executable, "-m", "cli", "backup", "--out", str(place / form)]
    told = ["--record", str(filled.engine.url), "--keys", str(tmp_path / "keys.json")]
    done = subprocess.run(
        [*command, *told],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert done.returncode == 2
    assert "nothing of it is left, make room and try again" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(place.iterdir()) == []
    again = subprocess.run([*command, *told], cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    verified = [sys.executable, "-m", "cli", "verify", str(place / form), "--public-key"]
    public = keys.signing.public_key().public_bytes_raw().hex()
    assert subprocess.run([*verified, public], cwd=ROOT, capture_output=True).returncode == 0
