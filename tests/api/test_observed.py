"""What machines are told: request ids, one line of log for each request, metrics, readiness; and what they are not."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from api_client import LEAST, Client, problem
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import InterfaceError, OperationalError

from api import logs, readiness
from records import audit, search
from records.database import writing
from records.rights import Grant, Role
from tests.support.office import Office

TOWN = Grant(Role.TOWNSHIP_OFFICER, "north")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PLANTED = ("王小明", "11010519491231002X", "13812345678", "6222020200001234567", "幸福路七号")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged, as it would be written."""
    found: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name not in ("httpx", "asyncio"):  # the client of the test
                found.append(self.format(record))

    handler, root = Kept(), logging.getLogger()
    handler.setFormatter(logs.JsonLines())
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def wang(office: Office) -> Office:
    office.hire("wang", TOWN)
    return office


def requests_in(lines: list[str]) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in lines]
    return [one for one in told if one["logger"] == "relief.request"]


def test_every_request_has_an_id_and_one_line(wang: Office, lines: list[str]) -> None:
    answer = wang.ask("wang", "GET", "/v1/households?area=north", headers={"X-Request-ID": TRACE})
    assert answer.headers["x-request-id"] == TRACE
    (line,) = [one for one in requests_in(lines) if one["request_id"] == TRACE]
    assert line["level"] == "info" and line["ms"] > 0
    datetime.fromisoformat(line["time"])
    assert {key: line[key] for key in ("method", "route", "status", "account")} == {
        "method": "GET",
        "route": "/v1/households",
        "status": 200,
        "account": "wang",
    }


@pytest.mark.parametrize("told", [*PLANTED[1:4], "a" * 31, "x" * 32, TRACE + "\n", ""])
def test_what_is_no_id_of_a_trace_is_not_taken_over(island: Client, lines: list[str], told: str) -> None:
    answer = island.get("/v1/facts", headers={"X-Request-ID": told.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["x-request-id"] != TRACE
    assert not any(told and told in line for line in lines)


def test_routes_stand_for_addresses(wang: Office, lines: list[str]) -> None:
    wang.ask("wang", "GET", "/v1/households/H-secret-7")
    wang.ask("wang", "GET", "/v1/nowhere/H-secret-7")
    wang.client.request("BREW", "/v1/households/H-secret-7")
    told = [(one["method"], one["route"], one["status"]) for one in requests_in(lines)]
    assert ("GET", "/v1/households/{household_id}", 404) in told
    assert ("GET", "-", 404) in told
    assert "other" in {method for method, _, _ in told}
    assert "secret" not in "".join(lines)
    assert "secret" not in wang.client.get("/metrics").text


def test_nothing_about_anybody_is_logged(
    wang: Office, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written down, read, searched, refused, and failed over: the log and the database say none of it in clear."""
    name, number, phone, account, address = PLANTED
    identity = {"name": name, "id_number": number, "phone": phone, "account": account}
    body = {
        "document": {"area": "north", "people": [{"person_id": "p1"}]},
        "address": address,
        "identities": {"p1": identity},
    }
    made = wang.ask("wang", "POST", "/v1/households", body)
    assert made.status_code == 201, made.text
    household = made.json()["household_id"]
    wang.ask("wang", "POST", "/v1/households", body, headers={"Idempotency-Key": "planted-0001"})
    wang.ask("wang", "GET", f"/v1/households/{household}")
    wang.ask("wang", "GET", f"/v1/people?number={number}")
    wang.ask("wang", "GET", f"/v1/households?{name}={phone}")
    wang.ask("wang", "POST", f"/v1/{number}/{phone}", {"name": name})
    wang.client.post("/v1/sessions", json.dumps({"account": phone, "password": number}).encode())
    monkeypatch.setattr(search, "members_of", _failing_over(identity))
    problem(wang.ask("wang", "GET", "/v1/households"), 500)
    (failed,) = [one for one in requests_in(lines) if one["status"] == 500]
    assert failed["error"] == ["builtins.ValueError"]
    assert "test_observed.py" in failed["at"][-1]
    for secret in PLANTED:
        assert not any(secret in line for line in lines)
        for file in wang.database.engine.url.database, f"{wang.database.engine.url.database}-wal":
            with open(str(file), "rb") as content:  # noqa: PTH123
                assert secret.encode() not in content.read()


def _failing_over(identity: dict[str, str]) -> Any:
    def failing(*_: Any) -> Any:
        raise ValueError(f"cannot take {identity}")

    return failing


# --- the database is away -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("", {}, psycopg.errors.DeadlockDetected()),
        OperationalError("", {}, psycopg.errors.SerializationFailure()),
        OperationalError("", {}, psycopg.errors.DiskFull()),
        InterfaceError("", {}, psycopg.InterfaceError()),
    ],
)
def test_a_database_that_is_away_is_said(
    wang: Office, lines: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    assert issubclass(psycopg.errors.DiskFull, psycopg.OperationalError)
    assert issubclass(psycopg.errors.DeadlockDetected, psycopg.OperationalError)

    def failing(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(search, "members_of", failing)
    answer = wang.ask("wang", "GET", "/v1/households")
    told = problem(answer, 503)
    assert told["type"].endswith("/unavailable")
    assert int(answer.headers["retry-after"]) > 0
    (line,) = [one for one in requests_in(lines) if one["status"] == 503]
    assert line["level"] == "error" and line["request_id"] == answer.headers["x-request-id"]


# --- readiness ----------------------------------------------------------------------------------------------


def test_ready(wang: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    told = wang.client.get("/readyz")
    assert told.status_code == 200
    checks = told.json()["checks"]
    assert all(one["ok"] for one in checks.values())
    assert checks["record"]["revision"] == checks["record"]["expected"]
    monkeypatch.setattr(readiness, "LEAST_FREE", 1 << 60)
    full = wang.client.get("/readyz")
    assert full.status_code == 503
    assert full.json()["checks"]["disk"]["ok"] is False


def test_other_tables_than_expected_are_not_ready(wang: Office) -> None:
    with wang.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    told = wang.client.get("/readyz")
    assert told.status_code == 503
    assert told.json()["checks"]["record"]["revision"] == "0001"


def test_a_late_anchor_is_told_and_does_not_stop_the_server(wang: Office) -> None:
    def anchor() -> Any:
        return wang.client.get("/readyz").json()["checks"]["anchor"]

    assert anchor() == {"ok": True, "late": True, "age_hours": None}
    with writing(wang.database, "zhao", datetime.now(UTC) - timedelta(hours=40)) as write:
        audit.anchor(write)
    assert anchor() == {"ok": True, "late": True, "age_hours": 40.0}
    with writing(wang.database, "zhao") as write:
        audit.noted(write, "look", "person", "p", "")
    with writing(wang.database, "zhao") as write:
        audit.anchor(write)
    assert anchor() == {"ok": True, "late": False, "age_hours": 0.0}


def test_without_a_record_there_is_nothing_to_wait_for(island: Client) -> None:
    assert island.get("/readyz").json() == {"status": "ready", "checks": {}}


# --- metrics ------------------------------------------------------------------------------------------------


def metrics_of(client: Client) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_is_counted(wang: Office) -> None:
    before = metrics_of(wang.client)
    for _ in range(3):
        assert wang.client.post("/v1/decisions", LEAST).status_code == 200
    made = wang.ask("wang", "POST", "/v1/households", {"document": {"area": "north", "people": [{}]}})
    household = made.json()["household_id"]
    assert wang.ask("wang", "POST", f"/v1/households/{household}/decisions").status_code == 201
    after = metrics_of(wang.client)

    def more(*name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more("relief_requests_total", "POST", "/v1/decisions", "200") == 3
    assert more("relief_request_seconds_count", "POST", "/v1/decisions") == 3
    assert more("relief_decisions_total", "no") == 3
    assert more("relief_decisions_total", "yes") == 1
    assert after[("relief_record_up",)] == 1
    assert after[("relief_audit_head",)] > before[("relief_audit_head",)]
