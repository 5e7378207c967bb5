"""Names and numbers: sealed for their cell, found without being opened, shown masked, opened for a purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from records import people, tables
from records.database import Database, reading, writing
from records.keys import BadKeys, Keys, new_keys, read_keys, write_keys
from records.people import Identity, masked_name, register_person
from records.refused import Refused
from records.sealed import Tampered, seal, unseal
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


@given(st.binary(max_size=40))
def test_a_sealed_value_opens_in_its_cell_only(value: bytes) -> None:
    key, subject = KEYS.finding, "person:a"
    sealed = seal(key, subject, "identity", "a", "name", value)
    assert len(value) < 3 or value not in sealed
    assert unseal(key, subject, "identity", "a", "name", sealed) == value
    for cell in (
        (subject, "identity", "b", "name"),
        (subject, "identity", "a", "phone"),
        (subject, "other", "a", "name"),
        ("person:b", "identity", "a", "name"),
    ):
        with pytest.raises(Tampered):
            unseal(key, *cell, sealed)
    with pytest.raises(Tampered):
        unseal(new_keys().finding, subject, "identity", "a", "name", sealed)


def test_a_person_is_found_by_number_and_registered_once(database: Database) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        person = register_person(write, Identity("王小明", NUMBER))
    with pytest.raises(Refused) as refused, writing(database, "li", at("2026-01-06")) as write:
        register_person(write, Identity("王晓明", NUMBER.lower()))
    assert refused.value.code == "person-known"
    with reading(database) as read:
        assert people.find_by_number(read, f" {NUMBER.lower()}") == person
        identity = people.masked(read, [person])[person]
    assert (identity.name, identity.id_number) == ("王**", "110105***********X")


def test_a_later_name_takes_the_place_of_an_earlier_one(database: Database) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        person = register_person(write, Identity("王小明", NUMBER, "13800001234", "6222020200001234567"))
        people.identify(write, person, Identity("王大明", NUMBER))
        assert people.unmasked(write, person, "核对") == Identity(
            "王大明", NUMBER, "13800001234", "6222020200001234567"
        )
    with reading(database) as read:
        shown = people.masked(read, [person])[person]
    assert (shown.phone, shown.account) == ("*******1234", "***************4567")


def test_nothing_that_identifies_people_stands_in_the_database(database: Database, tmp_path: Path) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        register_person(write, Identity("欧阳小明", NUMBER, "13800001234"))
    with reading(database) as read:
        stored = [
            bytes(value)
            for row in read.connection.execute(select(tables.identity))
            for value in row
            if type(value) is bytes
        ]
    assert stored and not any(NUMBER.encode() in value or "欧阳".encode() in value for value in stored)
    if database.is_sqlite:
        content = b"".join(path.read_bytes() for path in tmp_path.glob("county.db*"))
        assert NUMBER.encode() not in content and "欧阳小明".encode() not in content


def test_opening_needs_a_purpose_and_leaves_an_entry(database: Database) -> None:
    with writing(database, "li", at("2026-01-05")) as write:
        person = register_person(write, Identity("王小明", NUMBER))
    with pytest.raises(Refused) as refused, writing(database, "wang", at("2026-01-06")) as write:
        people.unmasked(write, person, "  ")
    assert refused.value.code == "no-purpose"
    with writing(database, "wang", at("2026-01-06")) as write:
        assert people.unmasked(write, person, "核对银行账户").id_number == NUMBER
    with reading(database) as read:
        entry = read.connection.execute(text("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")).one()
    assert (entry.actor, entry.action, entry.subject) == ("wang", "unmask", person)


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
