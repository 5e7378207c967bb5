"""Inspections over HTTP: each step by who may, the inspected see what they have to put right and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request

from api.app import make_app
from api.current import CurrentRulebook
from records import audit
from records.database import Database
from records.rights import Grant, Role, Viewer
from tests.api.api_client import ROOT, Client
from tests.records.inspectorate import paid_after_a_death
from tests.records.test_payments_over_http import Desk

CURRENT = CurrentRulebook(ROOT / "policies")
VIEWERS = {
    "leads": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"),
    "second": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"),
    "housing": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "housing"),
    "town": Grant(Role.TOWNSHIP_OFFICER, "sample_hedong"),
    "other": Grant(Role.TOWNSHIP_OFFICER, "sample_liuhe"),
    "village": Grant(Role.VILLAGE_WORKER, "sample_county"),
    "auditor": Grant(Role.AUDITOR, "sample_county"),
}
NEW = {
    "rules": "deaths", "area": "sample_county", "since": "2026-01-01", "until": "2026-10-31", "reason": "群众举报",
    "share": "1", "seed": "379",
}  # fmt: skip


def authenticate(request: Request) -> Viewer | None:
    who = request.headers.get("x-viewer", "")
    return Viewer(who, who, (VIEWERS[who],)) if who in VIEWERS else None


class Counter(Desk):
    def __init__(self, database: Database) -> None:
        self.client = Client(make_app(CURRENT, record=database, authenticate=authenticate))


@pytest.fixture
def counter(database: Database) -> Counter:
    paid_after_a_death(database)
    return Counter(database)


def walked(counter: Counter, who: str = "leads") -> dict[str, Any]:
    one: dict[str, Any] = counter.post(who, "/inspections", NEW, 201)
    place = f"/inspections/{one['inspection']}"
    counter.post(who, f"{place}/draw", {}, 201)
    counter.post(who, f"{place}/runs", {}, 201)
    return one


def test_an_inspection_over_http(counter: Counter, database: Database, tmp_path: Path) -> None:
    assert "deaths" in {one["rules"] for one in counter.get("auditor", "/inspection-rules")["rules"]}
    one = counter.post("leads", "/inspections", NEW, 201)
    place = f"/inspections/{one['inspection']}"
    assert (one["state"], one["seed"], one["draw"]) == ("opened", "379", None)
    counter.post("leads", f"{place}/runs", {}, 409)
    drawn = counter.post("leads", f"{place}/draw", {}, 201)
    assert (drawn["state"], drawn["draw"]["sampled"], drawn["draw"]["strata"]) == ("drawn", 3, {"": [3, 3]})
    counter.post("leads", f"{place}/draw", {}, 409)
    assert counter.get("auditor", f"{place}/sample?limit=2")["total"] == 3
    run = counter.post("leads", f"{place}/runs", {}, 201)
    assert run["looked"] == 3 and run["counts"]["paid_after_death_alone"] == 1
    written = counter.post(
        "leads", f"{place}/findings", {"household_id": "h1", "about": "人户分离", "text": "入户无人"}, 201
    )["finding"]
    counter.post(
        "leads", f"/inspection-findings/{written}/answer", {"answer": "confirmed", "reason": "属实"}, 403
    )
    counter.post(
        "second", f"/inspection-findings/{written}/answer", {"answer": "refuted", "reason": "有人居住"}, 201
    )
    counter.post(
        "leads", f"{place}/findings", {"household_id": "h1", "about": "核查", "text": "户主1不在"}, 422
    )
    listed = counter.get("leads", f"{place}/findings?state=open")
    assert listed["total"] == len(listed["findings"]) == 3
    for found in listed["findings"]:
        path = f"/inspection-findings/{found['finding']}"
        counter.post(
            "leads",
            f"{path}/rectifications",
            {"area": "sample_hedong", "task": "停发", "due": "2099-01-01"},
            409,
        )
        counter.post("leads", f"{path}/answer", {"answer": "confirmed", "reason": "与火化记录一致"}, 201)
        told = {"area": "sample_hedong", "task": "停发并追回", "due": "2099-01-01"}
        number = counter.post("leads", f"{path}/rectifications", told, 201)["rectification"]
        counter.post("other", f"/rectifications/{number}/done", {"text": "已停发"}, 404)
        counter.post("town", f"/rectifications/{number}/done", {"text": "已停发，已退回"}, 201)
        assert counter.get("town", f"/rectifications/{number}")["steps"][0]["state"] == "done"
        counter.post(
            "housing", f"/rectifications/{number}/verify", {"state": "verified", "text": "已查看"}, 404
        )
        counter.post(
            "leads", f"/rectifications/{number}/verify", {"state": "verified", "text": "已查看凭证"}, 201
        )
    counter.post("auditor", f"{place}/pack", {}, 409)
    ended = counter.post("leads", f"{place}/end", {"report": "抽查完毕，问题已整改"}, 201)
    assert ended["counts"] == {
        "findings": 4, "open": 0, "confirmed": 3, "refuted": 1, "rectifications": 3, "rectifications_open": 0,
    }  # fmt: skip
    answer = counter.post("auditor", f"{place}/pack")
    (tmp_path / "pack.zip").write_bytes(answer.content)
    key = database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    verifier = Path(audit.__file__).with_name("verify_pack.py")
    done = subprocess.run(
        [sys.executable, "-I", str(verifier), str(tmp_path / "pack.zip"), key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_inspected_see_what_they_have_to_do_and_not_who_was_drawn(counter: Counter) -> None:
    one = walked(counter)
    place = f"/inspections/{one['inspection']}"
    for who in ("town", "village"):
        counter.get(who, place, 403)
        counter.get(who, f"{place}/sample", 403)
    counter.get("village", "/rectifications", 403)
    [finding, *_] = counter.get("leads", f"{place}/findings")["findings"]
    path = f"/inspection-findings/{finding['finding']}"
    counter.post("leads", f"{path}/answer", {"answer": "confirmed", "reason": "属实"}, 201)
    for area, department in (("sample_hedong", ""), ("sample_county", "housing")):
        told = {"area": area, "department": department, "task": "核实", "due": "2099-01-01"}
        counter.post("leads", f"{path}/rectifications", told, 201)
    seen = {
        who: counter.get(who, "/rectifications")["total"]
        for who in ("town", "other", "housing", "leads", "auditor")
    }
    assert seen == {"town": 1, "other": 0, "housing": 2, "leads": 2, "auditor": 2}


def test_an_audit_is_out_of_sight_of_the_departments(counter: Counter) -> None:
    one = walked(counter, "auditor")
    place = f"/inspections/{one['inspection']}"
    assert one["department"] == ""
    for who in ("leads", "housing"):
        counter.get(who, place, 404)
        counter.post(who, f"{place}/end", {"report": "撤销", "kind": "abandoned"}, 404)
        assert counter.get(who, "/inspections")["total"] == 0
    assert counter.get("auditor", "/inspections")["total"] == 1


def test_what_is_asked_again_is_not_done_again(counter: Counter) -> None:
    once = {"Idempotency-Key": "open-one-inspection"}
    first = counter.post("leads", "/inspections", NEW, 201, **once)
    assert counter.post("leads", "/inspections", NEW, 201, **once) == first
    assert counter.get("leads", "/inspections")["total"] == 1
    drawn = {"Idempotency-Key": "draw-one-sample"}
    place = f"/inspections/{first['inspection']}"
    assert counter.post("leads", f"{place}/draw", {}, 201, **drawn) == counter.post(
        "leads", f"{place}/draw", {}, 201, **drawn
    )
    run = {"Idempotency-Key": "run-the-rules-1"}
    assert counter.post("leads", f"{place}/runs", {}, 201, **run) == counter.post(
        "leads", f"{place}/runs", {}, 201, **run
    )
