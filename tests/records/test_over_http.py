"""The record over HTTP: written down, decided, replayed, searched, within what each viewer may see."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from starlette.requests import Request

from api.app import make_app
from api.current import CurrentRulebook
from engine.decision import encode_json, parse_json
from records import households
from records.database import Database, writing
from records.households import Asserted
from records.rights import Grant, Role, Viewer
from tests.api.api_client import ROOT, SAMPLE, Client, problem
from tests.records.conftest import Clerk, at

CURRENT = CurrentRulebook(ROOT / "policies")
NUMBER = "11010519491231002X"

VIEWERS = {
    "village": Grant(Role.VILLAGE_WORKER, "sample_hedong"),
    "town": Grant(Role.TOWNSHIP_OFFICER, "sample_hedong"),
    "other-town": Grant(Role.TOWNSHIP_OFFICER, "sample_liuhe"),
    "civil": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"),
    "housing": Grant(Role.DEPARTMENT_OFFICER, "sample_county", "housing"),
    "guangxi": Grant(Role.DEPARTMENT_OFFICER, "guangxi", "civil_affairs"),
    "auditor": Grant(Role.AUDITOR, "sample_county"),
    "policy": Grant(Role.POLICY_OFFICER, "sample_county"),
    "admin": Grant(Role.ADMINISTRATOR, "sample_county"),
}


def authenticate(request: Request) -> Viewer | None:
    who = request.headers.get("x-viewer", "")
    return Viewer(who, who, (VIEWERS[who],)) if who in VIEWERS else None


class Office:
    """Asks as somebody."""

    def __init__(self, database: Database) -> None:
        self.client = Client(make_app(CURRENT, record=database, authenticate=authenticate))

    def get(self, who: str, path: str, status: int = 200, **more: Any) -> Any:
        return self._said(self.client.get(path, headers={"x-viewer": who, **more}), status)

    def post(self, who: str, path: str, body: Any = None, status: int = 200) -> Any:
        content = b"" if body is None else encode_json(body)
        return self._said(self.client.post(path, content, headers={"x-viewer": who}), status)

    @staticmethod
    def _said(answer: Any, status: int) -> Any:
        if status >= 400:
            return problem(answer, status)
        assert answer.status_code == status, answer.text
        return parse_json(answer.content)


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def sample(area: str = "sample_hedong", **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = parse_json(SAMPLE)
    del document["household_id"]
    return {**document, "area": area, **more}


@pytest.fixture
def household(office: Office) -> str:
    body = {
        "document": sample(statuses=[{"policy": "dibao", "from": "2025-01-01"}]),
        "since": "2025-01-01",
        "address": "河东街道前进社区12号",
        "identities": {"p1": {"name": "王小明", "id_number": NUMBER, "phone": "13800001234"}},
    }
    made = office.post("town", "/v1/households", body, 201)
    assert made["elsewhere"] == {} and made["version"] == 1
    return str(made["household_id"])


def test_a_household_is_written_down_and_read(office: Office, household: str) -> None:
    found = office.get("town", f"/v1/households/{household}")
    assert found["version"] == 1 and found["area"] == "sample_hedong"
    assert found["people"][0] == {
        "person_id": "p1",
        "name": "王**",
        "id_number": "110105***********X",
        "phone": "*******1234",
    }
    assert found["document"]["financial_assets"][0]["value"] == 8000
    listed = office.get("town", "/v1/households")
    assert (listed["total"], [one["household_id"] for one in listed["households"]]) == (1, [household])


def test_facts_are_told_with_the_version_that_was_read(office: Office, household: str) -> None:
    path = f"/v1/households/{household}/facts"
    told = {"version": 1, "told": [{"fact": "financial_assets", "value": 632.10}]}
    assert office.post("town", path, told)["version"] == 2
    assert problem_code(office.post("town", path, told, 409)) == "stale"
    rows = office.get("town", f"/v1/households/{household}")["document"]["financial_assets"]
    assert [str(row["value"]) for row in rows] == ["8000", "632.1"]
    for wrong in ({"fact": "financial_assets", "value": "much"}, {"fact": "finanical_assets", "value": 1}):
        assert office.post("town", path, {"version": 2, "told": [wrong]}, 422)["errors"]
    office.post("town", path, {"version": 2, "told": []}, 422)
    office.post(
        "town", path, {"version": 2, "told": [{"fact": "relation", "value": "head", "person_id": "x"}]}, 422
    )


def problem_code(told: dict[str, Any]) -> str:
    return str(told["errors"][0]["code"])


def test_people_join_leave_and_are_entered_once(office: Office, household: str) -> None:
    path = f"/v1/households/{household}/members"
    body = {"version": 1, "identity": {"name": "王小花"}, "since": "2025-03-01"}
    made = office.post("village", path, body, 201)
    who = made["person_id"]
    shown = office.get("town", f"/v1/households/{household}?on=2025-03-01")
    assert [one["person_id"] for one in shown["people"]][-1] == who
    assert office.get("town", f"/v1/people/{who}")["name"] == "王**"
    office.post("village", f"{path}/{who}/leave", {"version": 2, "until": "2025-06-30"})
    shown = office.get("town", f"/v1/households/{household}?on=2025-07-01")
    assert who not in [one["person_id"] for one in shown["people"]]
    again = {"document": sample(people=[{"person_id": "x1"}]), "identities": {"x1": {"id_number": NUMBER}}}
    made = office.post("town", "/v1/households", again, 201)
    assert made["elsewhere"] == {"p1": {"households": [household], "outside": False}}
    assert made["people"] == ["p1"]
    wrong = {
        "document": sample(people=[{"person_id": "x2"}]),
        "identities": {"x2": {"id_number": NUMBER[:-1] + "1"}},
    }
    assert problem_code(office.post("town", "/v1/households", wrong, 422)) == "bad-number"


def test_nobody_reads_about_people_elsewhere_by_entering_them(office: Office, household: str) -> None:
    for people, identities in (
        ([{"person_id": "p1"}], {}),
        ([{"person_id": "x1"}], {"x1": {"id_number": NUMBER}}),
    ):
        body = {"document": sample("sample_liuhe", people=people), "identities": identities}
        assert problem_code(office.post("other-town", "/v1/households", body, 409)) == "person-known"


def test_a_household_moves_splits_and_merges(office: Office, household: str) -> None:
    made = office.post(
        "town",
        f"/v1/households/{household}/split",
        {"version": 1, "people": ["p3"], "since": "2025-04-01"},
        201,
    )
    new = made["into"]
    assert [one["person_id"] for one in office.get("town", f"/v1/households/{new}")["people"]] == ["p3"]
    body = {"version": 1, "into": household, "into_version": made["version"], "since": "2025-05-01"}
    assert office.post("town", f"/v1/households/{new}/merge", body)["people"] == ["p3"]
    version = office.get("town", f"/v1/households/{household}")["version"]
    body = {"version": version, "area": "sample_liuhe", "since": "2025-06-01"}
    office.post("town", f"/v1/households/{household}/move", body)
    office.get("town", f"/v1/households/{household}", 404)
    assert office.get("other-town", f"/v1/households/{household}")["area"] == "sample_liuhe"


# --- decisions ----------------------------------------------------------------------------------------------


@pytest.fixture
def decided(office: Office, household: str) -> dict[str, Any]:
    path = f"/v1/households/{household}/decisions?on=2025-10-15"
    made: dict[str, Any] = office.post("town", path, status=201)["decision"]
    return made


def test_a_decision_is_kept_read_in_three_layers_and_made_again(
    office: Office, household: str, decided: dict[str, Any]
) -> None:
    path = f"/v1/decisions/{decided['decision_id']}"
    kept = office.get("auditor", path)
    assert (kept["decision"], kept["masked"], kept["recorded_by"]) == (decided, False, "town")
    for layer in ("applicant", "caseworker", "auditor"):
        told = office.get("town", f"{path}?layer={layer}", **{"accept-language": "en-GB"})
        assert told["language"] == "en"
        assert office.get("town", f"{path}?layer={layer}")["language"] == "zh"
    assert [one["result"] for one in office.get("auditor", f"{path}/replay")["replays"]] == ["same"]
    assert office.get("town", f"/v1/decisions?household={household}")["total"] == 1
    assert office.get("town", "/v1/decisions?policy=dibao&outcome=eligible")["total"] == 1
    assert office.get("town", "/v1/decisions?policy=dibao&outcome=ineligible")["total"] == 0
    assert office.get("town", "/v1/decisions?policy=dibao&version=2021-07-01")["total"] == 0


def test_two_decisions_are_compared(office: Office, household: str, decided: dict[str, Any]) -> None:
    told = {"version": 1, "told": [{"fact": "financial_assets", "value": 900_000}]}
    office.post("town", f"/v1/households/{household}/facts", told)
    later = office.post("town", f"/v1/households/{household}/decisions?on=2025-10-15", status=201)["decision"]
    found = office.get("town", f"/v1/decisions/compare?a={decided['decision_id']}&b={later['decision_id']}")
    assert found["facts"]["financial_assets"]["b"]["value"] == 900_000
    assert found["outcomes"]["dibao/household"]["a"]["outcome"] == "eligible"
    assert found["outcomes"]["dibao/household"]["b"]["outcome"] == "ineligible"
    assert found["rulebook"] is None


def test_who_is_not_cleared_sees_what_came_out_and_commitments(
    office: Office, household: str, decided: dict[str, Any]
) -> None:
    path = f"/v1/decisions/{decided['decision_id']}"
    kept = office.get("village", path)
    assert kept["masked"]
    shown = kept["decision"]
    classes = {name: one.privacy for name, one in CURRENT.book.facts.items()}
    for ref, one in shown["facts"].items():
        hidden = classes[ref.rpartition("/")[2]] == "sensitive"
        assert (isinstance(one["value"], dict) and set(one["value"]) == {"commitment"}) == hidden, ref
    care = shown["policies"]["disabled_care"]["findings"][0]
    assert care["outcome"] == "eligible" and care["masked"] and "trace" not in care and "reasons" not in care
    assert shown["would_be_due"] == decided["would_be_due"] and shown["score"]["terms"] == []
    office.get("village", f"{path}?layer=auditor", 403)
    document = office.get("village", f"/v1/households/{household}")["document"]
    person = document["people"][2]
    assert "commitment" in person["disability_grade"][0] and "value" not in person["disability_grade"][0]


# --- who sees what ------------------------------------------------------------------------------------------


def test_what_is_out_of_reach_is_not_there(office: Office, household: str, decided: dict[str, Any]) -> None:
    decision = decided["decision_id"]
    for path in (
        f"/v1/households/{household}",
        "/v1/people/p1",
        f"/v1/decisions/{decision}",
        f"/v1/decisions/compare?a={decision}&b={decision}",
    ):
        there = office.get("other-town", path, 404)
        missing = office.get(
            "other-town", path.replace(household, "H0").replace("p1", "p0").replace(decision, "0"), 404
        )
        assert (
            there["title"] == missing["title"] and there["errors"][0]["code"] == missing["errors"][0]["code"]
        )
    assert office.get("other-town", "/v1/households")["total"] == 0
    assert office.get("other-town", "/v1/decisions")["total"] == 0
    assert office.get("other-town", "/v1/search?q=王小明")["found"] == []
    office.post(
        "other-town",
        f"/v1/households/{household}/facts",
        {"version": 1, "told": [{"fact": "financial_assets", "value": 1}]},
        404,
    )
    body = {"document": sample("sample_hedong")}
    office.post("other-town", "/v1/households", body, 403)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("王小明", True),
        (NUMBER.lower(), True),
        ("13800001234", True),
        ("前进社区", True),
        ("12号", True),
        ("前进社区13", False),
        ("王小", False),
        ("p1", False),
    ],
)
def test_search(office: Office, household: str, text: str, found: bool) -> None:
    if text == "p1":
        office.get("town", f"/v1/search?q={text}", 422)
        return
    answer = office.get("housing", f"/v1/search?q={text}")["found"]
    assert [one["household_id"] for one in answer] == ([household] if found else [])
    if found:
        assert answer[0]["held"] == [{"policy": "dibao", "since": "2025-01-01"}]
        assert answer[0]["people"][0]["name"] == "王**"


def test_in_clear_for_a_purpose_that_stays_in_the_trail(office: Office, household: str) -> None:
    office.post("town", "/v1/people/p1/unmask", {"purpose": " "}, 422)
    office.post("village", "/v1/people/p1/unmask", {"purpose": "核对账户"}, 403)
    assert office.post("town", "/v1/people/p1/unmask", {"purpose": "核对账户"})["id_number"] == NUMBER
    found = office.get("auditor", "/v1/audit?action=unmask")
    assert (found["total"], found["entries"][0]["actor"], found["entries"][0]["subject"]) == (1, "town", "p1")


def test_the_trail_is_verified_and_exported(office: Office, household: str) -> None:
    assert office.get("auditor", "/v1/audit/verification")["whole"]
    exported = office.client.get("/v1/audit/export", headers={"x-viewer": "auditor"})
    assert exported.status_code == 200 and exported.text.count("\n") > 5
    for who in ("town", "civil", "policy", "admin"):
        office.get(who, "/v1/audit", 403)


def found_over_http(office: Any, who: str, household: str, on: str, known: str, policy: str) -> Any:
    """Outcome and amount of the first finding of a policy, by a decision that is made and kept over HTTP."""
    path = f"/v1/households/{household}/decisions?on={on}&known={known}"
    decision = office.post(who, path, status=201)["decision"]
    one = decision["policies"][policy]["findings"][0]
    amount = one.get("amount", {})
    return one["outcome"], amount.get("value")


def test_case_10_back_dated_parameters_change_the_answer_for_later_knowing_only(
    office: Office, clerk: Clerk
) -> None:
    """May 2025 as known on 2025-05-31: 80 and 80; as known on 2025-09-30: 90 and 90 (DIS52; the notice of 2025-08-21)."""
    household = clerk.writes_down("case_10", "2023-03-06")
    for known, amount in (("2025-05-31", 80), ("2025-09-30", 90)):
        for policy in ("disabled_living", "disabled_care"):
            found = found_over_http(office, "guangxi", household, "2025-05-15", known, policy)
            assert found == ("eligible", amount)


def test_case_06_a_death_that_becomes_known_late_changes_the_answer_for_later_knowing_only(
    office: Office, database: Database, clerk: Clerk
) -> None:
    """September 2026: 972 and 100 as known on 2026-09-15; 356 and nothing as known on 2026-10-05 (MF83 item 1)."""
    household = clerk.writes_down("case_06", "2025-03-03")
    dead = Asserted("whereabouts", "dead", "civil_affairs", "p1", valid_from=date(2026, 7, 18))
    with writing(database, "li", at("2026-10-05")) as write:
        households.claim(write, household, households.version_of(write.connection, household) or 0)
        households.tell(write, household, [dead])
    asked = (office, "civil", household, "2026-09-01")
    assert found_over_http(*asked, "2026-09-15", "dibao") == ("eligible", 972)
    assert found_over_http(*asked, "2026-09-15", "elderly_80") == ("eligible", 100)
    assert found_over_http(*asked, "2026-10-05", "dibao") == ("eligible", 356)
    assert found_over_http(*asked, "2026-10-05", "elderly_80")[0] != "eligible"
    for known, alive in (("2026-10-04", True), ("2026-10-05", False)):
        path = f"/v1/households/{household}?on=2026-09-01&known={known}"
        person = office.get("civil", path)["document"]["people"][0]
        assert (person["whereabouts"][-1]["value"] != "dead") == alive
