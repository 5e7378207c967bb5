"""Accounts and sessions in the record: what is kept, who may grant what, who waits, when a session ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from records import accounts, attempts, passwords, sessions, tables
from records.accounts import SETUP, NewAccount
from records.database import Database, reading, writing
from records.refused import Refused
from records.rights import Grant, Right, Role
from records.sessions import Lasting, Waits
from records.verify import verify

LASTING = Lasting()
TOWN = Grant(Role.TOWNSHIP_OFFICER, "sample_hedong")


def hired(
    database: Database, account: str, *grants: Grant, person: str = "", must_change: bool = False
) -> str:
    with writing(database, SETUP) as write:
        accounts.create(write, NewAccount(account, person or account, account))
        for grant in grants:
            accounts.grant_role(write, account, grant, SETUP, write.day)
        return accounts.give_first_password(write, account, must_change=must_change)


def sign_in(database: Database, account: str, password: str, address: str = "10.0.0.1") -> sessions.Begun:
    return sessions.sign_in(database, LASTING, account, password, address, "test")


def refused(code: str) -> AbstractContextManager[Any]:
    return pytest.raises(Refused, check=lambda error: error.code == code)


def wrong(database: Database, account: str, address: str = "10.0.0.1") -> None:
    with refused("wrong-password"):
        sign_in(database, account, "not the right one", address)


# --- passwords ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevensigns", "password-short"),
        ("x" * 60 + "y" * 69, "password-long"),
        ("Password1234", "password-common"),
        ("ＡＤＭＩＮ@123456", "password-common"),
        ("aaaaaaabbbbb", "password-common"),
        ("abcdefghijklmnop", "password-common"),
        ("23456789012345", "password-common"),
        ("my-Ligang-secret", "password-name"),
    ],
)
def test_passwords_that_are_not_taken(password: str, code: str) -> None:
    found = passwords.refused(password, "ligang")
    assert found is not None and found.code == code


@pytest.mark.parametrize(
    "password", ["correct horse battery", "林口县的春天来得晚一些呀", "nocapitalsnodigits"]
)
def test_passwords_that_are_taken(password: str) -> None:
    assert passwords.refused(password, "ligang") is None


def test_first_passwords_are_taken_and_differ() -> None:
    made = {passwords.first_password() for _ in range(200)}
    assert len(made) == 200 and all(passwords.refused(one, "ligang") is None for one in made)


def test_what_is_kept_is_argon2id_as_owasp_asks_for() -> None:
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.fits("correct horse battery", kept)
    assert not passwords.fits("correct horse batterx", kept)
    assert not passwords.fits("correct horse battery", None)


# --- signing in ---------------------------------------------------------------------------------------------


def test_a_token_opens_what_was_granted(database: Database) -> None:
    password = hired(database, "wang", TOWN, person="p-wang")
    begun = sign_in(database, "wang", password)
    found = sessions.of_token(database, LASTING, begun.token, datetime.now(UTC))
    assert found is not None
    viewer, session = found
    assert (viewer.account, viewer.person, viewer.grants, session) == (
        "wang",
        "p-wang",
        (TOWN,),
        begun.session,
    )
    assert sessions.of_token(database, LASTING, begun.token[:-1] + "!", datetime.now(UTC)) is None
    with database.engine.connect() as connection:
        rows = connection.execute(
            select(tables.session.c.token, tables.credential.c.hash).join_from(
                tables.session, tables.credential, tables.session.c.account == tables.credential.c.account
            )
        ).all()
    assert begun.token.encode() not in rows[0].token and password not in rows[0].hash


def test_the_wrong_name_and_the_wrong_password_are_told_alike(database: Database) -> None:
    hired(database, "wang", TOWN)
    told = []
    for account in ("wang", "nobody"):
        with pytest.raises(Refused) as error:
            sign_in(database, account, "not the right one")
        told.append(str(error.value))
    assert told[0] == told[1]


def test_five_failures_and_the_account_waits_even_with_the_right_password(database: Database) -> None:
    password = hired(database, "wang", TOWN)
    for account in ("wang", "nobody"):
        for _ in range(attempts.FREE):
            wrong(database, account)
        with pytest.raises(Waits) as waits:
            sign_in(database, account, password)
        assert 25 <= waits.value.seconds <= 30
    with database.engine.begin() as connection:
        locked = connection.execute(select(tables.audit.c.subject).where(tables.audit.c.action == "lock"))
        assert set(locked.scalars()) == {"wang", "unknown"}
        connection.execute(text("DELETE FROM attempt"))
    assert sign_in(database, "wang", password)


def test_the_right_password_forgets_what_failed_before(database: Database) -> None:
    password = hired(database, "wang", TOWN)
    for _ in range(3):
        for _ in range(attempts.FREE - 1):
            wrong(database, "wang")
        sign_in(database, "wang", password)


def test_an_address_that_tries_many_names_waits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FREE_OF_ADDRESS", 6)
    password = hired(database, "wang", TOWN)
    for n in range(6):
        wrong(database, f"name{n}", "10.0.0.9")
    with pytest.raises(Waits):
        sign_in(database, "wang", password, "10.0.0.9")
    assert sign_in(database, "wang", password, "10.0.0.8")


@given(st.integers(0, 100))
def test_waits_grow_up_to_a_quarter_of_an_hour(failures: int) -> None:
    wait, longer = (attempts.wait_after(n, attempts.FREE) for n in (failures, failures + 1))
    assert wait <= longer <= attempts.LONGEST_WAIT
    assert (wait == timedelta(0)) == (failures < attempts.FREE)


def test_a_password_is_hashed_again_when_more_is_asked_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = hired(database, "wang", TOWN)
    monkeypatch.setattr(
        passwords, "_hasher", passwords.PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
    )
    for _ in range(2):
        sign_in(database, "wang", password)
    with database.engine.connect() as connection:
        kept = list(connection.execute(select(tables.credential.c.hash)).scalars())
    assert [one.split("$")[3] for one in kept] == ["m=19456,t=2,p=1", "m=19456,t=3,p=1"]


def test_a_first_password_opens_only_its_change_and_for_a_week(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = hired(database, "wang", TOWN, must_change=True)
    begun = sign_in(database, "wang", password)
    assert begun.must_change
    viewer, session = sessions.of_token(database, LASTING, begun.token, datetime.now(UTC)) or pytest.fail(
        "nobody"
    )
    assert viewer.must_change and viewer.may(Right.OWN_SESSION) and not viewer.may(Right.READ_HOUSEHOLDS)
    other = sign_in(database, "wang", password)
    with refused("password-same"):
        accounts.change_password(database, viewer, password, password, session, "")
    accounts.change_password(database, viewer, password, "correct horse battery", session, "")
    viewer, _ = sessions.of_token(database, LASTING, begun.token, datetime.now(UTC)) or pytest.fail("nobody")
    assert viewer.grants == (TOWN,)
    assert sessions.of_token(database, LASTING, other.token, datetime.now(UTC)) is None
    with refused("wrong-password"):
        accounts.change_password(database, viewer, password, "battery horse correct", session, "")
    fresh = hired(database, "zhao", TOWN, must_change=True)
    monkeypatch.setattr(sessions, "FIRST_PASSWORD", timedelta(0))
    with refused("wrong-password"):
        sign_in(database, "zhao", fresh)


# --- sessions -----------------------------------------------------------------------------------------------


def test_a_session_ends_unused_and_at_the_latest_after_half_a_day(database: Database) -> None:
    begun = sign_in(database, "wang", hired(database, "wang", TOWN))
    now = datetime.now(UTC)

    def opens(minutes: float) -> bool:
        return sessions.of_token(database, LASTING, begun.token, now + timedelta(minutes=minutes)) is not None

    assert opens(29) and opens(58)  # used again before it grew old
    assert not opens(58 + 31)
    for minutes in range(58, 12 * 60, 25):
        assert opens(minutes)
    assert not opens(12 * 60 + 1)


def test_that_a_session_was_used_is_written_in_steps(database: Database) -> None:
    begun = sign_in(database, "wang", hired(database, "wang", TOWN))

    def last_used(after: timedelta) -> datetime:
        sessions.of_token(database, LASTING, begun.token, datetime.now(UTC) + after)
        with database.engine.connect() as connection:
            found = connection.execute(select(tables.session.c.last_used)).scalar_one()
        return tables.base.utc(found)

    first = last_used(timedelta(0))
    assert last_used(timedelta(minutes=4)) == first
    assert last_used(timedelta(minutes=6)) > first


def test_whatever_ends_a_session_counts_at_once(database: Database) -> None:
    password = hired(database, "wang", TOWN)
    hired(database, "admin", Grant(Role.ADMINISTRATOR, "china"))
    one, two, three = (sign_in(database, "wang", password) for _ in range(3))

    def open_now() -> list[bool]:
        now = datetime.now(UTC)
        return [
            sessions.of_token(database, LASTING, begun.token, now) is not None for begun in (one, two, three)
        ]

    with writing(database, "wang") as write:
        sessions.end(write, LASTING, "wang", one.session)
        with refused("no-session"):
            sessions.end(write, LASTING, "wang", one.session)
        with refused("no-session"):
            sessions.end(write, LASTING, "admin", two.session)
    assert open_now() == [False, True, True]
    with reading(database) as read:
        mine = sessions.of_account(read, LASTING, "wang", datetime.now(UTC))
    assert {found.session for found in mine} == {two.session, three.session}
    with writing(database, "admin") as write:
        accounts.close(write, "wang", "admin")
    assert open_now() == [False, False, False]
    with refused("wrong-password"):
        sign_in(database, "wang", password)


def test_a_withdrawn_grant_and_one_that_has_not_begun_do_not_count(database: Database) -> None:
    begun = sign_in(database, "wang", hired(database, "wang", TOWN))
    with writing(database, SETUP) as write:
        later = Grant(Role.VILLAGE_WORKER, "sample_liuhe")
        accounts.grant_role(write, "wang", later, SETUP, write.day + timedelta(days=40))
        accounts.withdraw(write, "wang", 1)
        with refused("no-grant"):
            accounts.withdraw(write, "wang", 1)

    viewer, _ = sessions.of_token(database, LASTING, begun.token, datetime.now(UTC)) or pytest.fail("nobody")
    assert viewer.grants == ()


# --- four eyes ----------------------------------------------------------------------------------------------


@pytest.fixture
def office(database: Database) -> Iterator[Database]:
    hired(database, "admin", Grant(Role.ADMINISTRATOR, "china"), person="chen")
    hired(database, "admin-too", Grant(Role.ADMINISTRATOR, "china"), person="chen")  # the same person's
    hired(database, "admin2", Grant(Role.ADMINISTRATOR, "china"), person="liu")
    hired(database, "wang", person="wang")
    yield database


AUDITOR = Grant(Role.AUDITOR, "china")


def standing(database: Database, account: str) -> list[tuple[Role, bool]]:
    with reading(database) as read:
        return [(one.grant.role, one.pending) for one in accounts.one(read, account).grants]


def test_nobody_grants_himself_anything(office: Database) -> None:
    for account in ("admin", "admin-too"):
        with refused("own-grant"), writing(office, "admin") as write:
            accounts.grant_role(write, account, TOWN, "chen", write.day)


def test_what_sees_everything_takes_a_second_person(office: Database) -> None:
    with writing(office, "admin") as write:
        made = accounts.grant_role(write, "wang", AUDITOR, "chen", write.day)
        assert made.pending
        assert not accounts.grant_role(write, "wang", TOWN, "chen", write.day).pending
    assert standing(office, "wang") == [(Role.AUDITOR, True), (Role.TOWNSHIP_OFFICER, False)]
    for person in ("chen", "wang"):  # who granted, whatever account; who is granted
        with refused("four-eyes"), writing(office, "x") as write:
            accounts.confirm(write, "wang", made.number, person)
    with writing(office, "admin2") as write:
        accounts.confirm(write, "wang", made.number, "liu")
        with refused("not-pending"):
            accounts.confirm(write, "wang", made.number, "liu")
    assert standing(office, "wang") == [(Role.AUDITOR, False), (Role.TOWNSHIP_OFFICER, False)]


def test_a_pending_grant_opens_nothing(office: Database) -> None:
    with writing(office, "admin") as write:
        accounts.grant_role(write, "wang", AUDITOR, "chen", write.day)
        password = accounts.give_first_password(write, "wang", must_change=False)
    begun = sign_in(office, "wang", password)
    viewer, _ = sessions.of_token(office, LASTING, begun.token, datetime.now(UTC)) or pytest.fail("nobody")
    assert viewer.grants == ()


def test_the_database_itself_wants_four_eyes(office: Database) -> None:
    """Behind the program's back: the constraints are on real persons."""
    stamp = {
        "recorded_on": date(2026, 1, 1),
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
        "recorded_by": "x",
        "entry": "x",
    }
    own = {
        "account": "admin-too",
        "person": "chen",
        "role": "auditor",
        "area": "china",
        "department": "",
        "valid_from": date(2026, 1, 1),
        "granted_by": "chen",
        "pending": True,
    }
    borrowed = {**own, "person": "wang"}  # an account under another person's name
    alone = {**borrowed, "account": "wang", "pending": False}
    for row in (own, borrowed, alone):
        with pytest.raises(IntegrityError), office.engine.begin() as connection:
            connection.execute(insert(tables.granted), {**row, **stamp})
    with writing(office, "admin") as write:
        made = accounts.grant_role(write, "wang", AUDITOR, "chen", write.day)
    for confirmed_by, granted_by in (("chen", "chen"), ("wang", "chen"), ("chen", "liu")):
        row = {
            "granted": made.number,
            "person": "wang",
            "granted_by": granted_by,
            "confirmed_by": confirmed_by,
        }
        with pytest.raises(IntegrityError), office.engine.begin() as connection:
            connection.execute(insert(tables.confirmation), {**row, **stamp})


def test_what_is_written_stays_and_is_in_the_trail(office: Database) -> None:
    with writing(office, SETUP) as write:
        password = accounts.give_first_password(write, "wang", must_change=False)
    sign_in(office, "wang", password)
    for statement in (
        "UPDATE credential SET hash = 'x'",
        "UPDATE granted SET role = 'auditor'",
        "UPDATE session SET ends_at = '2999-01-01'",
        "DELETE FROM session",
        "DELETE FROM granted",
    ):
        with pytest.raises(DBAPIError), office.engine.begin() as connection:
            connection.execute(text(statement))
    with reading(office) as read:
        assert verify(read.connection, office.keys.signing.public_key()) is None
