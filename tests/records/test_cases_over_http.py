"""Casework over HTTP: one window, steps with their rights, what is public to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.requests import Request

from api.app import make_app
from api.current import CurrentRulebook
from engine.decision import encode_json, parse_json
from records import audit, tables
from records.database import Database, writing
from records.rights import Role, Viewer
from tests.api.api_client import ROOT, Client, problem
from tests.records.casework import AUDITOR, CAI, CHEN, TAO, VERA, WIN, Bureau, county, worker

CURRENT = CurrentRulebook(ROOT / "policies")
PEOPLE = {
    one.account: one
    for one in (
        VERA,
        WIN,
        TAO,
        CAI,
        CHEN,
        AUDITOR,
        county("hao", "housing"),
        worker("gu", Role.TOWNSHIP_OFFICER, "guangxi_sample"),
    )
}


def authenticate(request: Request) -> Viewer | None:
    return PEOPLE.get(request.headers.get("x-viewer", ""))


class Desk:
    """Asks as somebody; "" as nobody."""

    def __init__(self, database: Database) -> None:
        self.client = Client(make_app(CURRENT, record=database, authenticate=authenticate))

    def get(self, who: str, path: str, status: int = 200) -> Any:
        return self._said(self.client.get(path, headers={"x-viewer": who}), status)

    def post(self, who: str, path: str, body: Any, status: int = 201) -> Any:
        return self._said(self.client.post(path, encode_json(body), headers={"x-viewer": who}), status)

    @staticmethod
    def _said(answer: Any, status: int) -> Any:
        if status >= 400:
            return problem(answer, status)
        assert answer.status_code == status, answer.text
        return parse_json(answer.content) if "json" in answer.headers["content-type"] else answer.text


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def household(database: Database) -> str:
    return Bureau(database).household(day="2025-10-15")


@pytest.fixture
def applied(desk: Desk, household: str) -> dict[str, Any]:
    body = {
        "household_id": household,
        "applicant": "p2",
        "policies": ["elderly_80", "disabled_care", "dibao"],
    }
    made: dict[str, Any] = desk.post("win", "/v1/applications", body)
    return made


def case_of(applied: dict[str, Any], policy: str) -> str:
    return next(str(one["case_id"]) for one in applied["cases"] if one["policy"] == policy)


def code(told: dict[str, Any]) -> str:
    return str(told["errors"][0]["code"])


def test_one_window_and_its_slip(desk: Desk, household: str, applied: dict[str, Any]) -> None:
    assert {one["policy"] for one in applied["cases"]} == {"elderly_80", "disabled_care", "dibao"}
    assert applied["facts_known"] > 50
    path = f"/v1/applications/{applied['application_id']}"
    assert desk.get("shen", path)["cases"] == applied["cases"]
    page = desk.get("win", f"{path}/slip")
    assert "受理单" in page and "成***" not in page.split("<h2>")[1] and "成" in page
    desk.get("gu", path, 404)
    desk.post("shen", "/v1/applications", {"household_id": household}, 403)
    assert code(desk.post("gu", "/v1/applications", {"household_id": household}, 404)) == "no-household"
    assert code(desk.post("win", "/v1/applications", {"household_id": household, "channel": "fax"}, 422)) == (
        "no-channel"
    )


def test_a_case_is_taken_step_by_step(desk: Desk, applied: dict[str, Any], household: str) -> None:
    case = case_of(applied, "disabled_care")
    path = f"/v1/cases/{case}"
    steps = f"{path}/steps"
    shown = desk.get("tao", path)
    assert (shown["state"], [one["action"] for one in shown["next"] if one["awaited"]]) == (
        "applied",
        ["accept"],
    )
    assert code(desk.post("cai", steps, {"action": "accept", "seen": 1}, 403)) == "not-your-level"
    desk.post("win", steps, {"action": "accept", "seen": 1})
    assert code(desk.post("tao", steps, {"action": "accept", "seen": 1}, 409)) == "case-moved"
    investigate = {"action": "investigate", "seen": 2, "text": "入户", "outcome": "grant"}
    assert code(desk.post("win", steps, investigate, 403)) == "four-eyes"
    assert code(desk.post("tao", steps, {**investigate, "text": ""}, 422)) == "no-text"
    desk.post("tao", steps, investigate)
    assert code(desk.post("tao", steps, {"action": "notify", "seen": 3}, 409)) == "wrong-step"
    decision = desk.post("tao", f"/v1/households/{household}/decisions", None)["decision"]["decision_id"]
    confirm = {"action": "confirm", "seen": 3, "decision_id": decision}
    assert desk.post("cai", steps, confirm)["after"] == "confirmed"
    shown = desk.get("shen", path)
    assert shown["state"] == "confirmed" and shown["award"]["period"] == "month"
    said = {one["action"]: one["said"] for one in shown["steps"]}
    assert said["investigate"] == {"text": "入户"}
    foreign = desk.get("hao", path)
    assert foreign["state"] == "confirmed" and {one["said"] for one in foreign["steps"]} == {None}
    desk.get("gu", path, 404)
    desk.post("win", steps, {"action": "dance", "seen": 4}, 422)


def test_lists_count_what_they_show(desk: Desk, applied: dict[str, Any]) -> None:
    assert desk.get("shen", "/v1/cases")["total"] == len(applied["cases"])
    assert desk.get("shen", "/v1/cases?policy=dibao&state=applied")["total"] == 1
    assert desk.get("shen", "/v1/cases?state=confirmed")["total"] == 0
    assert desk.get("gu", "/v1/cases")["total"] == 0
    page = desk.get("win", "/v1/cases?limit=2")
    following = desk.get("win", f"/v1/cases?limit=2&after={page['after']}")
    assert len(page["cases"]) == 2 and len(following["cases"]) == len(applied["cases"]) - 2


def test_my_list_over_http(desk: Desk, applied: dict[str, Any]) -> None:
    listed = desk.get("tao", "/v1/todo")
    assert listed["total"] == len(applied["cases"]) and {one["action"] for one in listed["todo"]} == {
        "accept"
    }
    assert desk.get("cai", "/v1/todo")["total"] == 0
    assert desk.get("shen", "/v1/cases-overdue")["total"] == 0
    desk.get("win", "/v1/discretion-outliers?policy=temporary_relief", 403)
    assert desk.get("shen", "/v1/discretion-outliers?policy=temporary_relief")["outliers"] == []


def test_many_at_once_over_http(desk: Desk, applied: dict[str, Any]) -> None:
    same = [one["case_id"] for one in applied["cases"] if one["policy"] == "dibao"]
    body = {"action": "accept", "cases": [{"case_id": one, "seen": 1} for one in same]}
    assert desk.post("win", "/v1/cases/steps", body, 200)["done"] == len(same)
    mixed = [{"case_id": one["case_id"], "seen": 1} for one in applied["cases"]]
    assert code(desk.post("win", "/v1/cases/steps", {"action": "accept", "cases": mixed}, 422)) == "unlike"


def test_an_appeal_over_http(desk: Desk, applied: dict[str, Any], household: str) -> None:
    case = case_of(applied, "disabled_care")
    assert code(desk.post("win", f"/v1/cases/{case}/appeal", {"text": "…"}, 422)) == "not-decided"
    assert (
        code(
            desk.post(
                "tao",
                f"/v1/households/{household}/cases",
                {"policy": "dibao", "purpose": "stop", "text": "…"},
                422,
            )
        )
        == "nothing-granted"
    )


# --- public -------------------------------------------------------------------------------------------------


@pytest.fixture
def public(database: Database, household: str) -> Iterator[str]:
    """A case that is public today."""
    bureau = Bureau(database, date.today().isoformat())
    bureau.tells(household, "statuses", [])
    case = bureau.case(household, "dibao")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    bureau.takes(TAO, case, "publicise")
    yield case


def test_everybody_sees_notices_and_nothing_but_notices(desk: Desk, public: str) -> None:
    shown = desk.get("", "/v1/publicity?area=sample_county")
    (notice,) = shown["notices"]
    assert set(notice) == {"name", "members", "policy", "amount", "period", "area", "first_day", "last_day"}
    assert notice["name"] == "成***"
    assert desk.get("", "/v1/publicity?area=beijing")["notices"] == []
    desk.get("", "/v1/publicity?area=nowhere", 404)
    desk.get("", "/v1/publicity", 400)
    desk.get("", "/v1/cases", 401)


def test_nothing_is_shown_that_a_notice_has_no_room_for(
    desk: Desk, database: Database, public: str, household: str
) -> None:
    """Even a row that somebody wrote by hand shows no more."""
    with writing(database, "li") as write:
        audit.add_row(
            write,
            "publicise",
            tables.publicity,
            household,
            {
                "case_id": public,
                "number": 99,
                "area": "sample_county",
                "person_id": "p3",
                "policy": "dibao",
                "members": 3,
                "amount": None,
                "period": None,
                "first_day": write.day,
                "last_day": write.day,
            },
        )
    text = encode_json(desk.get("", "/v1/publicity?area=sample_county")).decode()
    for hidden in ("p3", "p1", household, public, "1990"):
        assert hidden not in text
