"""`Idempotency-Key`: asked again, answered as before, done once."""

from __future__ import annotations

import threading
from dataclasses import replace

import httpx
import pytest
from api_client import ISLAND, Client, problem
from sqlalchemy import func, select

from api.app import make_app
from api.current import CurrentRulebook
from records import tables
from records.database import reading, writing
from records.idempotency import KEPT
from records.rights import Grant, Role
from records.verify import verify
from tests.support.office import Office

TOWN = Grant(Role.TOWNSHIP_OFFICER, "north")
BODY = {"document": {"area": "north", "people": [{}]}}
KEY = "5e0c9a52-0000-4000-8000-4ff1d2f9a001"


@pytest.fixture
def town(office: Office) -> Office:
    office.hire("wang", TOWN)
    office.hire("li", TOWN)
    return office


def written(office: Office) -> int:
    with reading(office.database) as read:
        assert verify(read.connection, read.keys.signing.public_key()) is None
        found: int = read.connection.execute(select(func.count()).select_from(tables.household)).scalar_one()
        return found


def asks(office: Office, account: str = "wang", key: str = KEY, body: object = BODY) -> httpx.Response:
    return office.ask(account, "POST", "/v1/households", body, headers={"Idempotency-Key": key})


def test_asked_again_is_answered_as_before(town: Office) -> None:
    first, again = asks(town), asks(town)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert written(town) == 1


def test_without_a_key_it_is_done_again(town: Office) -> None:
    for _ in range(2):
        assert town.ask("wang", "POST", "/v1/households", BODY).status_code == 201
    assert written(town) == 2


def test_a_key_is_of_one_account_and_one_request(town: Office) -> None:
    assert asks(town).status_code == 201
    assert asks(town, account="li").status_code == 201
    other = {**BODY, "address": "elsewhere"}
    told = problem(asks(town, body=other), 422)
    assert told["errors"][0]["code"] == "key-reused"
    assert written(town) == 2


def test_what_was_refused_may_be_asked_again(town: Office) -> None:
    problem(asks(town, body={"document": {"area": "nowhere", "people": [{}]}}), 422)
    assert asks(town).status_code == 201
    assert written(town) == 1


@pytest.mark.parametrize(
    "key", ["short", "x" * 65, "王小明王小明王小明".encode().decode("latin-1"), "a b c d e f"]
)
def test_what_is_no_key(town: Office, key: str) -> None:
    sent = {"Idempotency-Key": key.encode("latin-1")}
    answer = town.ask("wang", "POST", "/v1/households", BODY, headers=sent)  # type: ignore[arg-type]
    assert "8 to 64" in problem(answer, 400)["detail"]
    assert written(town) == 0


def test_asked_twice_at_once_is_done_once(town: Office) -> None:
    town.signed_in("wang")
    answers: list[httpx.Response] = []
    many = [threading.Thread(target=lambda: answers.append(asks(town))) for _ in range(6)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert {one.status_code for one in answers} == {201}
    assert len({one.content for one in answers}) == 1
    assert written(town) == 1


def test_a_new_office_key_changes_nothing_of_it(town: Office) -> None:
    first = asks(town)
    keys = town.database.keys
    app = make_app(
        CurrentRulebook(ISLAND), record=replace(town.database, keys=replace(keys, sealing={2: bytes(32)}))
    )
    town.client = Client(app)
    assert asks(town).content == first.content


def test_what_was_answered_is_kept_sealed_and_for_a_day(town: Office) -> None:
    first = asks(town)
    household = first.json()["household_id"].encode()
    kept = tables.idempotency
    with reading(town.database) as read:
        (row,) = read.connection.execute(select(kept)).all()
    assert household not in row.content and KEY.encode() not in row.found_by
    with writing(town.database, "clock") as write:
        write.connection.execute(kept.delete())
        write.connection.execute(
            kept.insert(), {**row._mapping, "found_by": b"old", "at": write.at - KEPT * 2}
        )
    assert asks(town).json() != first.json()
    with reading(town.database) as read:
        assert b"old" not in read.connection.execute(select(kept.c.found_by)).scalars().all()
