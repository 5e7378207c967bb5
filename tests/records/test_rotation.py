"""A new office key: whatever breaks the rotation off, everything opens and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from records import rotation, sealed, tables
from records.database import Database, reading, writing
from records.documents import document
from records.keys import Keys, read_keys, replace_keys, write_keys
from records.refused import Refused
from records.rotation import drop_old_keys, needed, rotate_keys
from records.verify import verify
from tests.records.conftest import ROOT, Clerk, at


@pytest.fixture
def key_file(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RELIEF_KEYS", raising=False)
    place = tmp_path / "keys.json"
    write_keys(place, keys)
    return place


@pytest.fixture
def household(database: Database, clerk: Clerk, key_file: Path) -> str:
    """Somebody about whom something is sealed, with the one key that there is."""
    return clerk.writes_down("case_10", "2023-03-06")


def opened(database: Database, key_file: Path) -> Database:
    """The record as a process opens it that starts now."""
    return replace(database, keys=read_keys(key_file))


def assert_readable(database: Database, household: str) -> None:
    with reading(database) as read:
        assert document(read, household, at("2025-05-01").date(), at("2025-05-01").date())["people"]
        assert verify(read.connection, database.keys.signing.public_key()) is None


def versions(database: Database) -> set[int]:
    with reading(database) as read:
        return set(needed(read))


def test_everything_is_sealed_with_the_new_key(database: Database, household: str, key_file: Path) -> None:
    batches: list[int] = []
    done = rotate_keys(opened(database, key_file), key_file, "admin", batches.append)
    assert (done.version, done.sealed, done.resumed) == (2, sum(batches), False) and done.sealed > 1
    assert versions(database) == {2} and sorted(read_keys(key_file).sealing) == [1, 2]
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert drop_old_keys(opened(database, key_file), key_file, "admin") == (1,)
    assert list(read_keys(key_file).sealing) == [2] and key_file.stat().st_mode & 0o777 == 0o600
    assert drop_old_keys(opened(database, key_file), key_file, "admin") == ()
    assert_readable(opened(database, key_file), household)
    with pytest.raises(sealed.Tampered, match="no office key of version 2"):
        assert_readable(database, household)  # opened with the old key alone


def test_old_keys_stay_while_something_needs_them(database: Database, household: str, key_file: Path) -> None:
    keys = read_keys(key_file)
    replace_keys(key_file, rotation.with_new_sealing_key(keys))
    with pytest.raises(Refused, match="run relief record rotate-keys first"):
        drop_old_keys(opened(database, key_file), key_file, "admin")
    assert sorted(read_keys(key_file).sealing) == [1, 2]


def test_keys_of_the_environment_are_not_rotated(
    database: Database, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELIEF_KEYS", key_file.read_text("utf-8"))
    before = key_file.read_bytes()
    for step in (rotate_keys, drop_old_keys):
        with pytest.raises(Refused, match="only a file of keys"):
            step(database, key_file, "admin")
    assert key_file.read_bytes() == before


def test_a_server_that_runs_seals_with_the_new_key_and_opens_it(
    database: Database, household: str, key_file: Path
) -> None:
    server = opened(database, key_file)  # since before the rotation
    rotate_keys(opened(database, key_file), key_file, "admin")
    assert_readable(server, household)
    with writing(server, "li") as write:
        sealed.data_key(write, sealed.of_person("new"))
    assert versions(database) == {2}
    drop_old_keys(opened(database, key_file), key_file, "admin")
    assert_readable(server, household)
    key_file.rename(key_file.with_name("elsewhere"))
    assert_readable(server, household)  # who takes the file away after the start goes on with what was read


# --- broken off ---------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from records import audit, rotation, sealed
from records.database import connect
from records.keys import read_keys

step, url, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
rotation.AT_ONCE = 1

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if step == "before the file is in place":
    Path.replace = die
elif step == "before the new key is committed":
    audit.noted = die
elif step == "after a batch":
    whole, left = sealed.rotate, iter([True])
    sealed.rotate = lambda *told: whole(*told) if next(left, False) else die()
elif step == "inside a batch":
    whole = sealed.rotate
    sealed.rotate = lambda *told: whole(*told) and die()
else:
    rotation.rotate_keys(connect(url, read_keys(place)), place, "admin")
    rotation.replace_keys = die
    rotation.drop_old_keys(connect(url, read_keys(place)), place, "admin")
rotation.rotate_keys(connect(url, read_keys(place)), place, "admin")
"""


@pytest.mark.parametrize(
    ("step", "sealed_with"),
    [
        ("before the file is in place", {1}),
        ("before the new key is committed", {1}),
        ("inside a batch", {1}),
        ("after a batch", {1, 2}),
        ("before old keys are dropped", {2}),
    ],
)
def test_a_rotation_that_is_killed_goes_on(
    database: Database, household: str, key_file: Path, step: str, sealed_with: set[int]
) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, url, str(key_file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert versions(database) == sealed_with
    assert_readable(opened(database, key_file), household)
    rotated = rotate_keys(opened(database, key_file), key_file, "admin")
    assert versions(database) == {rotated.version}
    assert rotated.resumed == (step in ("before the new key is committed", "inside a batch", "after a batch"))
    assert drop_old_keys(opened(database, key_file), key_file, "admin")
    assert_readable(opened(database, key_file), household)
    assert [path.name for path in key_file.parent.glob("keys.json*")] == ["keys.json"]


def test_what_a_stale_process_sealed_keeps_its_key(
    database: Database, household: str, key_file: Path
) -> None:
    """A process with keys of its own environment knows nothing of the new one."""
    rotate_keys(opened(database, key_file), key_file, "admin")
    with writing(database, "li") as write:
        sealed.data_key(write, sealed.of_person("new"))
    with pytest.raises(Refused) as refused:
        drop_old_keys(opened(database, key_file), key_file, "admin")
    assert refused.value.code == "key-needed"
    assert rotate_keys(opened(database, key_file), key_file, "admin").resumed
    assert versions(database) == {2}


def test_a_data_key_that_was_bent_stops_the_rotation(
    database: Database, household: str, key_file: Path
) -> None:
    with database.engine.begin() as connection:
        connection.execute(update(tables.data_key).values(wrapped=b"bent"))
    with pytest.raises(sealed.Tampered):
        rotate_keys(opened(database, key_file), key_file, "admin")
    assert sorted(read_keys(key_file).sealing) == [1, 2]
