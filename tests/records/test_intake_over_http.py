"""Imports, awards, payments and feeds over HTTP, each within what the viewer may see."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook
from starlette.requests import Request

from api.app import make_app
from api.current import CurrentRulebook
from engine.decision import encode_json, parse_json
from records.database import Database
from records.rights import Grant, Role, Viewer
from records.sheet_template import template
from records.standards.gb11643 import check_digit
from tests.api.api_client import ROOT, Client, problem

CURRENT = CurrentRulebook(ROOT / "policies")
FIRST = "23990119400302011"
WANG = FIRST + check_digit(FIRST)
VIEWERS = {
    "village": Grant(Role.VILLAGE_WORKER, "sample_liuhe_01"),
    "town": Grant(Role.TOWNSHIP_OFFICER, "sample_liuhe"),
    "other": Grant(Role.TOWNSHIP_OFFICER, "sample_sanhe"),
    "civil": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"),
    "disabled": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "disabled_federation"),
    "housing": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "housing"),
    "auditor": Grant(Role.AUDITOR, "sample_county"),
    "admin": Grant(Role.ADMINISTRATOR, "sample_county"),
}


def authenticate(request: Request) -> Viewer | None:
    who = request.headers.get("x-viewer", "")
    return Viewer(who, who, (VIEWERS[who],)) if who in VIEWERS else None


class Office:
    def __init__(self, database: Database) -> None:
        self.client = Client(make_app(CURRENT, record=database, authenticate=authenticate))

    def get(self, who: str, path: str, status: int = 200) -> Any:
        return self._said(self.client.get(path, headers={"x-viewer": who}), status)

    def post(self, who: str, path: str, body: Any, status: int = 200) -> Any:
        content = body if isinstance(body, bytes) else encode_json(body)
        kind = "text/csv" if isinstance(body, bytes) else "application/json"
        headers = {"x-viewer": who, "Content-Type": kind}
        return self._said(self.client.request("POST", path, content=content, headers=headers), status)

    @staticmethod
    def _said(answer: Any, status: int) -> Any:
        if status >= 400:
            return problem(answer, status)
        assert answer.status_code == status, answer.text
        return parse_json(answer.content)


def filled(*households: tuple[str, str]) -> bytes:
    """The template with a household for each id and area, one person in each."""
    made = load_workbook(io.BytesIO(template(CURRENT.book, "zh")))
    for place, (household, area) in enumerate(households):
        made["家庭"].append([household, area, "前进村"])
        made["人员"].append([household, f"p{place}", "王秀兰", WANG if place == 0 else None])
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def county(office: Office) -> Office:
    told = office.post(
        "civil", "/v1/imports?since=2020-01-01", filled(("h1", "sample_liuhe_01"), ("h2", "sample_sanhe_01"))
    )
    assert told["taken"] == {"households": 2}
    return office


def test_a_template_is_filled_in_and_comes_back(office: Office) -> None:
    answer = office.client.get("/v1/imports/template?lang=zh", headers={"x-viewer": "town"})
    assert answer.status_code == 200 and answer.content.startswith(b"PK")
    sheet = filled(("h1", "sample_liuhe_01"))
    looked = office.post("town", "/v1/imports?dry_run=true", sheet)
    assert looked["dry_run"] and looked["taken"] == {"households": 1} and looked["verdicts"] == {"ok": 2}
    assert office.get("town", "/v1/households")["total"] == 0
    office.post("town", "/v1/imports", sheet)
    assert office.get("village", "/v1/households")["total"] == 1
    again = office.post("town", "/v1/imports", sheet)
    assert again["taken"] == {"households": 0} and again["verdicts"]["wrong"] >= 1
    assert {one["code"] for one in again["problems"] if not one["warning"]} == {"household-known"}


def test_who_reaches_no_area_imports_none_of_it(office: Office) -> None:
    told = office.post("other", "/v1/imports", filled(("h1", "sample_liuhe_01")))
    assert told["taken"] == {"households": 0} and told["problems"][0]["code"] == "out-of-reach"
    office.post("village", "/v1/imports", filled(("h1", "sample_liuhe_01")), 403)
    office.post("town", "/v1/imports", b"PK\x03\x04 broken", 422)
    office.post("town", "/v1/imports?kind=other", b"a", 400)


def test_another_household_is_named_only_to_who_may_see_it(county: Office) -> None:
    def warned(who: str, area: str) -> str:
        told = county.post(who, "/v1/imports?dry_run=true&since=2021-01-01", filled(("h3", area)))
        return next(one["message"]["zh"] for one in told["problems"] if one["code"] == "in-another")

    assert "h1" in warned("civil", "sample_sanhe_01")
    assert "h1" not in warned("other", "sample_sanhe_01")


AWARDS = "户编号,身份证号码,政策,起始日期,金额\nh1,,dibao,2024-01-01,632\n,{wang},elderly_80,2023-03-01,100\nh2,,dibao,2024-01-01,500\n"


def test_awards_and_payments_are_listed_within_reach(county: Office) -> None:
    path = "/v1/imports?kind=opening&sheet="
    told = county.post("civil", f"{path}awards", AWARDS.format(wang=WANG).encode())
    assert told["taken"] == {"awards": 3, "payments": 0}
    paid = f"户编号,政策,月份,金额\nh1,dibao,{date.today():%Y-%m},632\nh2,dibao,{date.today():%Y-%m},500\n"
    assert county.post("civil", f"{path}payments", paid.encode())["taken"]["payments"] == 2
    for who, many in (("town", 2), ("village", 2), ("other", 1), ("auditor", 3)):
        found = county.get(who, "/v1/awards?waiting=true")
        assert (found["total"], len(found["awards"])) == (many, many)
    for who, many in (("town", 1), ("other", 1), ("auditor", 2)):
        found = county.get(who, "/v1/payments")
        assert (found["total"], len(found["payments"])) == (many, many)
    page = county.get("auditor", "/v1/awards?limit=2")
    assert (page["total"], len(page["awards"])) == (3, 2)
    assert len(county.get("auditor", f"/v1/awards?after={page['after']}")["awards"]) == 1
    county.get("admin", "/v1/payments", 403)


def test_an_award_is_reviewed_by_who_decides_there(county: Office) -> None:
    county.post("civil", "/v1/imports?kind=opening&sheet=awards", AWARDS.format(wang=WANG).encode())
    one = county.get("other", "/v1/awards?waiting=true")["awards"][0]
    path = f"/v1/awards/{one['award']}/review"
    told = {"outcome": "confirmed", "reason": "与底册一致"}
    county.post("town", path, told, 404)
    county.post("village", path, told, 403)
    assert county.post("other", path, told, 201)["outcome"] == "confirmed"
    county.post("other", path, told, 404)
    assert county.get("other", "/v1/awards?waiting=true")["total"] == 0


DEATHS = f"身份证号码,死亡日期\n{WANG},2026-08-20\n239901199901010131,2026-08-21\n"
CARDS = f"身份证号码,残疾等级\n{WANG},一级\n"


def test_a_feed_makes_proposals_that_are_answered_once(county: Office) -> None:
    told = county.post("civil", "/v1/feeds/deaths?as_of=2026-09-01", DEATHS.encode(), 201)
    assert told["counts"]["known"] == 1 and told["counts"]["proposed-event"] == 1
    found = county.get("town", "/v1/proposals")
    assert found["total"] == len(found["proposals"]) == 1
    event = found["proposals"][0]
    assert event["content"]["since"] == "2026-08-20" and event["evidence"]["row"] == 2
    assert county.get("other", "/v1/proposals") == {"total": 0, "proposals": [], "after": None}
    path = f"/v1/proposals/{event['proposal']}/answer"
    said = {"answer": "confirmed", "reason": "入户核实"}
    county.post("other", path, said, 404)
    county.post("auditor", path, said, 403)
    county.post("town", path, {**said, "answer": "perhaps"}, 422)
    assert county.post("town", path, said, 201)["said"] == "confirmed"
    county.post("town", path, said, 409)
    assert county.get("town", "/v1/proposals")["total"] == 0
    assert county.get("town", "/v1/proposals?settled=true")["total"] == 1
    [rate] = county.get("auditor", "/v1/feeds/rates")["rates"]
    assert (rate["proposed"], rate["answered"], rate["hit_rate"]) == (1, 1, 1)
    assert county.get("other", "/v1/feeds/rates") == {"total": 0, "rates": []}
    household = county.get("town", "/v1/households/h1")
    assert household["document"]["events"][0]["kind"] == "death"


def test_what_somebody_is_not_cleared_for_is_masked(county: Office) -> None:
    county.post("disabled", "/v1/feeds/disability_certificates", CARDS.encode(), 201)
    county.post("civil", "/v1/feeds/deaths", DEATHS.encode(), 201)
    shown = {
        one["kind"]: one
        for one in county.get("disabled", "/v1/proposals?feed=disability_certificates")["proposals"]
    }
    assert shown["new"]["content"]["value"] == "grade_1" and not shown["new"]["masked"]
    housing = {one["kind"]: one for one in county.get("housing", "/v1/proposals")["proposals"]}
    death = housing["event"]
    assert death["masked"] and death["content"] is None and death["about"] is None
    path = f"/v1/proposals/{death['proposal']}/answer"
    county.post("housing", path, {"answer": "refuted", "reason": "x"}, 403)


def test_a_feed_that_is_none_is_told(county: Office) -> None:
    assert "deaths" in str(county.post("civil", "/v1/feeds/death", DEATHS.encode(), 404))
    assert (
        county.post("civil", "/v1/feeds/deaths", "身份证号码,死亡日期\n".encode(), 422)["errors"][0]["code"]
        == "no-rows"
    )
    assert (
        county.post("civil", "/v1/feeds/deaths", "姓名,死亡日期\n王,2026-08-20\n".encode(), 422)["errors"][0][
            "code"
        ]
        == "no-column"
    )
    county.post("town", "/v1/feeds/deaths", DEATHS.encode(), 403)


def test_a_request_with_a_key_that_comes_again_is_answered_as_before(county: Office) -> None:
    headers = {"x-viewer": "civil", "Content-Type": "text/csv", "Idempotency-Key": "12345678-feed"}
    first, again = (
        county.client.request("POST", "/v1/feeds/deaths", content=DEATHS.encode(), headers=headers)
        for _ in range(2)
    )
    assert first.status_code == again.status_code == 201 and first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
