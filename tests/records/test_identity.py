"""Names and numbers: sealed for their cell, found without being opened, shown masked, opened for a purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from records import households, tables
from records.database import Database, reading, writing
from records.households import Refused
from records.keys import BadKeys, Keys, new_keys, read_keys, with_new_sealing_key, write_keys
from records.sealed import Tampered, blind_index, masked_name, seal, unseal
from records.standards.gb11643 import check_digit, problem_with
from tests.records.conftest import at

NUMBER = "11010519491231002X"  # the example of GB 11643-1999
KEYS = new_keys()


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (NUMBER, ""),
        (NUMBER.lower(), ""),
        ("110105194912310021", "check"),
        ("11010519491231002", "length"),
        ("1101051949123100２X", "digits"),
        ("110105194913310020", "birth"),
    ],
)
def test_identity_numbers(number: str, problem: str) -> None:
    assert problem_with(number) == problem


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(first: str, place: int, more: int) -> None:
    """ISO 7064 MOD 11-2 finds every single error."""
    wrong = first[:place] + str((int(first[place]) + more) % 10) + first[place + 1 :]
    assert check_digit(wrong) != check_digit(first)


@given(st.text(max_size=40))
def test_a_sealed_value_opens_in_its_cell_only(value: str) -> None:
    sealed = seal(KEYS, "person", "a", "name", value)
    assert value.encode() not in sealed or len(value) < 3
    assert unseal(KEYS, "person", "a", "name", 1, sealed) == value
    for table, row, column in (("person", "b", "name"), ("person", "a", "id_number"), ("other", "a", "name")):
        with pytest.raises(Tampered):
            unseal(KEYS, table, row, column, 1, sealed)
    with pytest.raises(Tampered):
        unseal(new_keys(), "person", "a", "name", 1, sealed)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = seal(KEYS, "person", "a", "name", "王小明")
    rotated = with_new_sealing_key(KEYS)
    assert rotated.newest == 2
    assert unseal(rotated, "person", "a", "name", 1, sealed) == "王小明"
    again = seal(rotated, "person", "a", "name", "王小明")
    assert unseal(rotated, "person", "a", "name", 2, again) == "王小明"
    with pytest.raises(Tampered, match="version 2"):
        unseal(KEYS, "person", "a", "name", 2, again)


def test_a_person_is_found_by_number_and_registered_once(database: Database) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        person = households.add_person(write, "王小明", NUMBER)
    with pytest.raises(Refused) as refused, writing(database, "li", at("2026-01-06")) as write:
        households.add_person(write, "王晓明", NUMBER.lower())
    assert refused.value.code == "person-known"
    with reading(database) as connection:
        index = blind_index(database.keys, "id_number", f" {NUMBER.lower()}")
        assert households.find_by_number(connection, index) == person
        identity = households.masked(connection, database.keys, person)
    assert identity is not None
    assert (identity.name, identity.id_number) == ("王**", "110105***********X")


def test_nothing_that_identifies_people_stands_in_the_database(database: Database, tmp_path: Path) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        households.add_person(write, "欧阳小明", NUMBER)
    with reading(database) as connection:
        stored = [
            bytes(value)
            for row in connection.execute(select(tables.person))
            for value in row
            if type(value) is bytes
        ]
    assert stored and not any(NUMBER.encode() in value or "欧阳".encode() in value for value in stored)
    if database.is_sqlite:
        content = b"".join(path.read_bytes() for path in tmp_path.glob("county.db*"))
        assert NUMBER.encode() not in content and "欧阳小明".encode() not in content


def test_opening_needs_a_purpose_and_leaves_an_entry(database: Database) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        person = households.add_person(write, "王小明", NUMBER)
    with pytest.raises(Refused) as refused, writing(database, "wang", at("2026-01-06")) as write:
        households.unmasked(write, person, "  ")
    assert refused.value.code == "no-purpose"
    with writing(database, "wang", at("2026-01-06")) as write:
        assert households.unmasked(write, person, "核对银行账户").id_number == NUMBER
    with reading(database) as connection:
        entry = connection.execute(text("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")).one()
    assert (entry.actor, entry.action, entry.entity_id) == ("wang", "unmask", person)


def test_names_are_masked_to_the_family_name() -> None:
    assert [masked_name(name) for name in ("王", "王明", "欧阳小明")] == ["*", "王*", "欧***"]


def test_a_key_file_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELIEF_KEYS", raising=False)
    place = tmp_path / "keys.json"
    with pytest.raises(BadKeys, match="relief record init"):
        read_keys(place)
    write_keys(place, KEYS)
    assert place.stat().st_mode & 0o777 == 0o600
    assert same(read_keys(place), KEYS)
    with pytest.raises(FileExistsError):
        write_keys(place, KEYS)
    place.chmod(0o644)
    with pytest.raises(BadKeys, match="chmod 600"):
        read_keys(place)
    place.chmod(0o600)
    place.write_text('{"sealing": {}}')
    with pytest.raises(BadKeys, match="密钥"):
        read_keys(place)
    monkeypatch.setenv("RELIEF_KEYS", "nonsense")
    with pytest.raises(BadKeys, match="RELIEF_KEYS"):
        read_keys(place)


def same(a: Keys, b: Keys) -> bool:
    return (a.sealing, a.finding, a.signing.private_bytes_raw()) == (
        b.sealing,
        b.finding,
        b.signing.private_bytes_raw(),
    )
