"""Payments over HTTP: a month from the batch to the bank's answer, within what each viewer may see and do."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from api.app import make_app
from api.current import CurrentRulebook
from engine.decision import encode_json, parse_json
from records.database import Database
from records.rights import Grant, Role, Viewer
from tests.api.api_client import ROOT, Client, problem
from tests.records.payoffice import DIBAO, PayOffice, bank_says

CURRENT = CurrentRulebook(ROOT / "policies")
VIEWERS = {
    "builds": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"),
    "releases": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"),
    "housing": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "housing"),
    "town": Grant(Role.TOWNSHIP_OFFICER, "sample_hedong"),
    "auditor": Grant(Role.AUDITOR, "sample_county"),
}
EXPORT = {
    "format": "pain.001", "payer_name": "某县民政局", "payer_account": "6222", "payer_bank": "1021",
    "pay_on": "2026-11-10", "purpose": "月度发放",
}  # fmt: skip


def authenticate(request: Request) -> Viewer | None:
    who = request.headers.get("x-viewer", "")
    return Viewer(who, who, (VIEWERS[who],)) if who in VIEWERS else None


class Desk:
    def __init__(self, database: Database) -> None:
        self.client = Client(make_app(CURRENT, record=database, authenticate=authenticate))

    def get(self, who: str, path: str, status: int = 200) -> Any:
        return self._said(self.client.get(f"/v1{path}", headers={"x-viewer": who}), status)

    def post(self, who: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else encode_json({} if body is None else body)
        answer = self.client.post(f"/v1{path}", content, headers={"x-viewer": who, **headers})
        return self._said(answer, status)

    @staticmethod
    def _said(answer: Any, status: int) -> Any:
        if status >= 400:
            return problem(answer, status)
        assert answer.status_code == status, answer.text
        return parse_json(answer.content) if "json" in answer.headers["content-type"] else answer


@pytest.fixture
def desk(database: Database) -> Desk:
    office = PayOffice(database)
    for number in (1, 2):
        office.simple(number)
    return Desk(database)


def month(**more: Any) -> dict[str, Any]:
    return {"month": "2026-11", "area": "sample_county", "policies": [DIBAO], **more}


def test_a_month_over_http(desk: Desk) -> None:
    made = desk.post("builds", "/payment-batches", month(), 201)
    batch = f"/payment-batches/{made['batch']}"
    assert (made["pays"], made["blocked"], made["state"]) == (2, 0, "built")
    desk.post("builds", f"{batch}/release", {}, 403)
    desk.post("housing", f"{batch}/release", {}, 404)
    desk.post("releases", f"{batch}/export", EXPORT, 409)
    released = desk.post("releases", f"{batch}/release", {}, 200)
    assert (released["instructions"], released["without_budget"]) == (2, [DIBAO])
    desk.post("releases", f"{batch}/release", {}, 409)
    file = desk.post("releases", f"{batch}/export", EXPORT)
    assert file.headers["x-control-sum"] == "1000.00" and b"6228000000000001" in file.content
    desk.post("builds", f"{batch}/cancel", {"reason": "晚了"}, 409)
    references = [f"202611-{made['batch']}-{line}" for line in (1, 2)]
    said = bank_says(
        [(references[0], "成功", "", "2026-11-05"), (references[1], "退回", "销户", "2026-11-05")]
    )
    assert desk.post("builds", f"{batch}/results", said)["counts"] == {"paid": 1, "returned": 1}
    assert desk.post("builds", f"{batch}/results", said)["read_before"] is True
    assert desk.get("auditor", batch)["state"] == "settled"
    back = desk.get("auditor", "/payments-returned")
    assert (back["total"], back["returned"][0]["reason"]) == (1, "销户")
    [fund] = desk.get("auditor", "/funds?year=2026")["funds"]
    assert (fund["paid"], fund["returned"], fund["budget"]) == (500, 500, None)


def test_counts_are_as_long_as_lists(desk: Desk) -> None:
    made = desk.post("builds", "/payment-batches", month(), 201)
    batch = f"/payment-batches/{made['batch']}"
    for who in ("builds", "auditor", "town"):
        lines = desk.get(who, f"{batch}/lines")
        assert lines["total"] == len(lines["lines"]) == desk.get(who, batch)["pays"]
    assert desk.get("town", f"{batch}/lines")["total"] == 0  # none of these households is the town's
    first = desk.get("builds", f"{batch}/lines?limit=1&skip=1")
    assert first["total"] == 2 and [one["number"] for one in first["lines"]] == [2]
    one = first["lines"][0]
    assert (
        one["holder_name"] == "户**" and one["account"].endswith("0002") and one["account"].startswith("****")
    )


def test_a_request_that_comes_again_releases_once(desk: Desk) -> None:
    made = desk.post("builds", "/payment-batches", month(), 201)
    path = f"/payment-batches/{made['batch']}/release"
    first = desk.post("releases", path, {}, 200, **{"Idempotency-Key": "release-november"})
    again = desk.post("releases", path, {}, 200, **{"Idempotency-Key": "release-november"})
    assert first == again


def test_towns_and_auditors_look_and_do_not_touch(desk: Desk) -> None:
    for who in ("town", "auditor"):
        desk.post(who, "/payment-batches", month(), 403)
        desk.post(who, "/payees", {}, 403)
        desk.post(who, "/budgets", {}, 403)
        desk.post(who, "/recoveries", {}, 403)
        assert desk.get(who, "/payment-batches")["total"] == 0


def test_payees_and_budgets(desk: Desk) -> None:
    told = {"household_id": "h1", "holder": "q1", "relation": "self", "reason": "换卡"}
    made = desk.post("builds", "/payees", told, 201)["payee"]
    desk.post("builds", f"/payees/{made}/approve", {}, 403)
    assert desk.get("builds", "/payees?waiting=true")["total"] == 1
    desk.post("releases", f"/payees/{made}/approve", {})
    assert desk.get("builds", "/payees?waiting=true")["total"] == 0
    assert desk.get("builds", "/payees?household=h1")["total"] == 2
    budget = {"policy": DIBAO, "year": 2026, "area": "sample_county", "amount": "900", "reason": "年度预算"}
    desk.post("builds", "/budgets", budget, 201)
    desk.post("housing", "/budgets", budget, 422)
    batch = desk.post("builds", "/payment-batches", month(), 201)["batch"]
    desk.post("releases", f"/payment-batches/{batch}/release", {}, 403)  # approved a payee in it
    desk.post("builds", "/payment-batches", month(month="2026-13"), 422)
    desk.post("builds", "/payment-batches", month(policies=["dibo"]), 422)
