"""Who may do what, for every route: what is not said in this table may not be done.

A new route needs a line in `TABLE`. The roles in it are written down here once more, and not taken from the program.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from api_client import problem

from api.guard import api_routes
from records.rights import Grant, Role
from records.scope import facts_needed
from tests.support.county_office import ADDRESS, ELSEWHERE, HERE, NUMBERS, STAFF, CountyOffice, county_office

ANYBODY = frozenset({*Role, None})
EVERYBODY = frozenset(Role)
VILLAGE, TOWN, DEPARTMENT = Role.VILLAGE_WORKER, Role.TOWNSHIP_OFFICER, Role.DEPARTMENT_OFFICER
POLICY, AUDITOR, ADMINISTRATOR = Role.POLICY_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR
READERS = frozenset({VILLAGE, TOWN, DEPARTMENT, AUDITOR})
WRITERS = frozenset({VILLAGE, TOWN, DEPARTMENT})
OFFICERS = frozenset({TOWN, DEPARTMENT})
INSPECTORS = frozenset({DEPARTMENT, AUDITOR})


@dataclass(frozen=True)
class Row:
    """`may`: the roles (None: nobody signed in). `here`: the answer to them about what is within their reach.

    `elsewhere`: the answer to the same roles about what is not; None where there is nothing to reach.
    """

    may: frozenset[Role | None]
    here: int
    elsewhere: int | None = None
    body: Any = None
    query: str = ""


STALE = {"version": 999, "since": "2025-06-01"}  # passes the door and the scope, and changes nothing

TABLE: dict[str, Row] = {
    "GET /healthz": Row(ANYBODY, 200),
    "GET /readyz": Row(ANYBODY, 200),
    "GET /metrics": Row(ANYBODY, 200),
    "GET /docs": Row(ANYBODY, 200),
    "GET /v1/policies": Row(ANYBODY, 200),
    "GET /v1/policies/{policy_id}": Row(ANYBODY, 200),
    "GET /v1/policies/{policy_id}/versions/{version}": Row(ANYBODY, 200),
    "GET /v1/facts": Row(ANYBODY, 200),
    "GET /v1/rulebook": Row(ANYBODY, 200),
    "POST /v1/decisions": Row(ANYBODY, 422, body={}),
    "POST /v1/explanations": Row(ANYBODY, 422, body={}),
    # --- one's own
    "POST /v1/sessions": Row(ANYBODY, 422, body={}),
    "GET /v1/sessions": Row(EVERYBODY, 200),
    "DELETE /v1/sessions/current": Row(EVERYBODY, 204),
    "DELETE /v1/sessions/{session}": Row(EVERYBODY, 404),
    "GET /v1/me": Row(EVERYBODY, 200),
    "POST /v1/me/password": Row(EVERYBODY, 422, body={}),
    # --- accounts
    "GET /v1/accounts": Row(frozenset({ADMINISTRATOR}), 200),
    "POST /v1/accounts": Row(frozenset({ADMINISTRATOR}), 422, body={}),
    "GET /v1/accounts/{account}": Row(frozenset({ADMINISTRATOR}), 200, 404),
    "POST /v1/accounts/{account}/password": Row(frozenset({ADMINISTRATOR}), 201, 404),
    "POST /v1/accounts/{account}/grants": Row(
        frozenset({ADMINISTRATOR}), 422, 404, {"role": "auditor", "area": "nowhere"}
    ),
    "POST /v1/accounts/{account}/grants/{number}/confirm": Row(frozenset({ADMINISTRATOR}), 404, 404),
    "DELETE /v1/accounts/{account}/grants/{number}": Row(frozenset({ADMINISTRATOR}), 404, 404),
    "POST /v1/accounts/{account}/close": Row(frozenset({ADMINISTRATOR}), 204, 404),
    # --- households
    "GET /v1/households": Row(READERS, 200),
    "POST /v1/households": Row(WRITERS, 422, body={}),
    "GET /v1/households/{household_id}": Row(READERS, 200, 404),
    "POST /v1/households/{household_id}/facts": Row(
        WRITERS, 409, 404, {"version": 999, "told": [{"fact": "financial_assets", "value": 1}]}
    ),
    "POST /v1/households/{household_id}/members": Row(WRITERS, 409, 404, STALE),
    "POST /v1/households/{household_id}/members/{person_id}/leave": Row(
        WRITERS, 409, 404, {"version": 999, "until": "2025-06-01"}
    ),
    "POST /v1/households/{household_id}/move": Row(WRITERS, 409, 404, {**STALE, "area": ELSEWHERE}),
    "POST /v1/households/{household_id}/split": Row(WRITERS, 409, 404, {**STALE, "people": ["x"]}),
    "POST /v1/households/{household_id}/merge": Row(
        WRITERS, 409, 404, {**STALE, "into": "x", "into_version": 1}
    ),
    "GET /v1/people/{person_id}": Row(READERS, 200, 404),
    "POST /v1/people/{person_id}/unmask": Row(OFFICERS | {AUDITOR}, 200, 404, {"purpose": "核对账户"}),
    "POST /v1/people/{person_id}/identity": Row(WRITERS, 422, 422, {"reason": "银行退回"}),
    "GET /v1/search": Row(READERS, 200, query="?q=王小明"),
    # --- decisions
    "POST /v1/households/{household_id}/decisions": Row(OFFICERS, 201, 404, query="?on=2025-10-15"),
    "GET /v1/decisions": Row(READERS, 200),
    "GET /v1/decisions/compare": Row(READERS, 404, query="?a=x&b=y"),
    "GET /v1/decisions/{decision_id}": Row(READERS, 200, 404),
    "GET /v1/decisions/{decision_id}/replay": Row(OFFICERS | {AUDITOR}, 200, 404),
    # --- payments
    "GET /v1/payees": Row(READERS, 200),
    "POST /v1/payees": Row(frozenset({DEPARTMENT}), 422, body={}),
    "POST /v1/payees/{payee}/approve": Row(frozenset({DEPARTMENT}), 404),
    "GET /v1/payment-batches": Row(READERS, 200),
    "POST /v1/payment-batches": Row(frozenset({DEPARTMENT}), 422, body={}),
    "GET /v1/payment-batches/{batch}": Row(READERS, 404),
    "GET /v1/payment-batches/{batch}/lines": Row(READERS, 404),
    "POST /v1/payment-batches/{batch}/release": Row(frozenset({DEPARTMENT}), 404, body={}),
    "POST /v1/payment-batches/{batch}/cancel": Row(frozenset({DEPARTMENT}), 404, body={}),
    "POST /v1/payment-batches/{batch}/export": Row(frozenset({DEPARTMENT}), 422, body={}),
    "POST /v1/payment-batches/{batch}/results": Row(frozenset({DEPARTMENT}), 404, body={}),
    "GET /v1/payments-returned": Row(READERS, 200),
    "GET /v1/funds": Row(READERS, 200, query="?year=2026"),
    "POST /v1/budgets": Row(frozenset({DEPARTMENT}), 422, body={}),
    "GET /v1/recoveries": Row(READERS, 200),
    "POST /v1/recoveries": Row(frozenset({DEPARTMENT}), 422, body={}),
    "GET /v1/recoveries/{number}": Row(READERS, 404),
    "POST /v1/cases/{case_id}/recovery": Row(frozenset({DEPARTMENT}), 422, 404, {"reason": "多发"}),
    "POST /v1/recoveries/{number}/entries": Row(frozenset({DEPARTMENT}), 422, body={}),
    # --- notices
    "GET /v1/notices": Row(READERS, 200),
    "GET /v1/notices/rates": Row(READERS, 200),
    "POST /v1/notices/{notice}/answers": Row(WRITERS, 404, body={"answer": "done", "reason": "已上门"}),
    "POST /v1/notices/{notice}/case": Row(OFFICERS, 404, body={"reason": "已核实"}),
    "POST /v1/pauses": Row(OFFICERS, 422, body={}),
    # --- inspections
    "GET /v1/inspection-rules": Row(INSPECTORS, 200),
    "GET /v1/inspections": Row(INSPECTORS, 200),
    "POST /v1/inspections": Row(INSPECTORS, 422, body={}),
    "GET /v1/inspections/{inspection}": Row(INSPECTORS, 404),
    "POST /v1/inspections/{inspection}/draw": Row(INSPECTORS, 404),
    "GET /v1/inspections/{inspection}/sample": Row(INSPECTORS, 404),
    "POST /v1/inspections/{inspection}/runs": Row(INSPECTORS, 404),
    "GET /v1/inspections/{inspection}/findings": Row(INSPECTORS, 404),
    "POST /v1/inspections/{inspection}/findings": Row(
        INSPECTORS, 404, body={"household_id": "x", "about": "核查", "text": "人户分离"}
    ),
    "POST /v1/inspections/{inspection}/end": Row(INSPECTORS, 404, body={"report": "结论"}),
    "POST /v1/inspections/{inspection}/pack": Row(frozenset({AUDITOR}), 404),
    "POST /v1/inspection-findings/{finding}/answer": Row(
        INSPECTORS, 404, body={"answer": "confirmed", "reason": "属实"}
    ),
    "POST /v1/inspection-findings/{finding}/rectifications": Row(
        INSPECTORS, 404, body={"area": "sample_county", "task": "停发并核实", "due": "2030-01-01"}
    ),
    "GET /v1/rectifications": Row(OFFICERS | {AUDITOR}, 200),
    "GET /v1/rectifications/{rectification}": Row(OFFICERS | {AUDITOR}, 404),
    "POST /v1/rectifications/{rectification}/done": Row(OFFICERS, 404, body={"text": "已停发"}),
    "POST /v1/rectifications/{rectification}/verify": Row(
        INSPECTORS, 404, body={"state": "verified", "text": "已查看"}
    ),
    # --- supervision
    "GET /v1/unreported-exits": Row(READERS, 200),
    "POST /v1/households/{household_id}/reviews": Row(
        OFFICERS, 409, 404, {"version": 999, "policy": "dibao", "day": "2025-06-01"}
    ),
    # --- the trail
    "GET /v1/audit": Row(frozenset({AUDITOR}), 200),
    "GET /v1/audit/verification": Row(frozenset({AUDITOR}), 200),
    "GET /v1/audit/export": Row(frozenset({AUDITOR}), 200),
    # --- rulebooks
    "GET /v1/rulebooks": Row(EVERYBODY, 200),
    "GET /v1/rulebooks/{fingerprint}": Row(EVERYBODY, 404),
    "GET /v1/rulebooks/{fingerprint}/diff": Row(EVERYBODY, 404),
    "POST /v1/rulebooks": Row(frozenset({POLICY}), 422, body={}),
    "POST /v1/rulebooks/{fingerprint}/check": Row(frozenset({POLICY}), 404, body={}),
    "POST /v1/rulebooks/{fingerprint}/publish": Row(frozenset({POLICY}), 404, body={}),
    "POST /v1/rulebooks/{fingerprint}/withdraw": Row(frozenset({POLICY}), 404, body={}),
    "POST /v1/rulebooks/{fingerprint}/dry-run": Row(frozenset({POLICY}), 404),
    # --- papers
    "POST /v1/decisions/{decision_id}/letters": Row(OFFICERS, 422, body={}),
    "POST /v1/decisions/{decision_id}/hearings": Row(OFFICERS, 422, body={}),
    "POST /v1/decisions/{decision_id}/missing-papers": Row(OFFICERS, 422, body={}),
    "POST /v1/households/{household_id}/acceptance-slips": Row(OFFICERS, 422, body={}),
    "POST /v1/publicity-sheets": Row(OFFICERS, 422, body={}),
    "GET /v1/letters": Row(READERS, 200),
    "GET /v1/scan-types": Row(READERS, 200),
    "POST /v1/households/{household_id}/scans": Row(WRITERS, 422, 404, query="?type=other"),
    "GET /v1/scans": Row(READERS, 200),
    "GET /v1/scans/{scan_id}": Row(READERS, 200, 404),
    "GET /v1/scans/{scan_id}/content": Row(READERS, 200, 404),
    # --- reports
    "GET /v1/reports/{month}": Row(READERS, 200),
    "GET /v1/reports/{month}/lines": Row(READERS, 200),
    "GET /v1/divergence": Row(READERS, 200),
    # --- cases
    "POST /v1/applications": Row(WRITERS, 404, body={"household_id": "x"}),
    "GET /v1/applications/{application_id}": Row(READERS, 200, 404),
    "GET /v1/applications/{application_id}/slip": Row(READERS, 200, 404),
    "POST /v1/households/{household_id}/cases": Row(
        OFFICERS, 422, 404, {"policy": "nothing", "purpose": "stop", "text": "核查"}
    ),
    "GET /v1/cases": Row(READERS, 200),
    "GET /v1/cases/{case_id}": Row(READERS, 200, 404),
    "POST /v1/cases/{case_id}/steps": Row(READERS, 422, body={}),
    "POST /v1/cases/steps": Row(READERS, 422, body={}),
    "POST /v1/cases/{case_id}/appeal": Row(OFFICERS, 422, 404, {"text": "不服"}),
    "GET /v1/cases/{case_id}/similar": Row(READERS, 404, 404, query="?decision=x"),
    "GET /v1/todo": Row(READERS, 200),
    "GET /v1/cases-overdue": Row(READERS, 200),
    "GET /v1/discretion-rates": Row(frozenset({DEPARTMENT, AUDITOR}), 200),
    "GET /v1/discretion-rates/steps": Row(frozenset({DEPARTMENT, AUDITOR}), 200),
    "GET /v1/discretion-outliers": Row(frozenset({AUDITOR}), 200, query="?policy=dibao"),
    "GET /v1/publicity": Row(ANYBODY, 200, query="?area=sample_county"),
    # --- intake
    "POST /v1/imports": Row(OFFICERS, 200, query="?dry_run=true"),
    "GET /v1/imports/template": Row(OFFICERS, 200),
    "GET /v1/awards": Row(READERS, 200),
    "POST /v1/awards/{award}/review": Row(OFFICERS, 404, body={"outcome": "confirmed", "reason": "核对"}),
    "GET /v1/payments": Row(READERS, 200),
    "POST /v1/feeds/{feed}": Row(frozenset({DEPARTMENT}), 422),
    "GET /v1/feeds/rates": Row(READERS, 200),
    "GET /v1/proposals": Row(READERS, 200),
    "POST /v1/proposals/{proposal}/answer": Row(
        OFFICERS, 404, body={"answer": "confirmed", "reason": "核对"}
    ),
}
ASKING: list[str | None] = [None, *STAFF]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CountyOffice:
    return county_office(tmp_path_factory.mktemp("county"))


def test_every_route_has_its_line_and_every_line_its_route(office: CountyOffice) -> None:
    routes = {
        f"{method} {route.path}"
        for route in api_routes(office.client.app.routes)
        for method in route.methods or ()
    }
    assert routes - set(TABLE) == set(), "say in TABLE who may ask these"
    assert set(TABLE) - routes == set()


def role_of(account: str | None) -> Role | None:
    return None if account is None else STAFF[account][0]


def reaches(account: str, area: str) -> bool:
    return STAFF[account][1] in (area, "sample_county")


def filled(office: CountyOffice, path: str, account: str | None, area: str) -> str:
    places = {
        **office.known[area],
        "policy_id": "dibao",
        "version": "2021-07-01",
        "session": "none",
        "number": "999999",
        "award": "999999",
        "proposal": "999999",
        "feed": "deaths",
        "month": "2025-10",
        "fingerprint": "0" * 64,
        "batch": "999999",
        "payee": "999999",
        "notice": "999999",
        "inspection": "999999",
        "finding": "999999",
        "rectification": "999999",
    }
    for name, value in places.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.mark.parametrize("line", TABLE)
@pytest.mark.parametrize("account", ASKING)
def test_who_may_ask(office: CountyOffice, line: str, account: str | None) -> None:
    row = TABLE[line]
    method, path = line.split(" ")
    role = role_of(account)
    areas = (HERE, ELSEWHERE) if row.elsewhere is not None else (HERE,)
    for area in areas:
        if "{account}" in path:
            path = path.replace("{account}", someone(office, area))
        answer = office.ask(account, method, filled(office, path, account, area) + row.query, row.body)
        if role not in row.may:
            problem(answer, 401 if account is None else 403)
        elif row.elsewhere is None or reaches(str(account), area):
            assert answer.status_code == row.here, answer.text
        else:
            problem(answer, row.elsewhere)
        path = line.split(" ")[1]
    if line == "DELETE /v1/sessions/current":
        office.tokens.pop(account or "", None)


_hired = itertools.count()


def someone(office: CountyOffice, area: str) -> str:
    """An account to be administered, with a grant in an area."""
    account = f"someone{next(_hired)}"
    office.hire(account, Grant(Role.VILLAGE_WORKER, area))
    return account


def test_who_has_several_grants_reaches_as_far_as_all_of_them(office: CountyOffice) -> None:
    assert office.ask("both", "GET", "/v1/households").json()["total"] == 2
    for area in (HERE, ELSEWHERE):
        assert office.ask(
            "both", "GET", filled(office, "/v1/households/{household_id}", "both", area)
        ).is_success


# --- which facts --------------------------------------------------------------------------------------------

CLEARED: dict[str, frozenset[str]] = {
    "village": frozenset({"ordinary", "personal", "procedure"}),
    "town": frozenset({"ordinary", "personal", "sensitive", "procedure"}),
    "housing": frozenset({"ordinary", "procedure"}),  # and what housing answers or needs
    "auditor": frozenset({"ordinary", "personal", "sensitive", "procedure"}),
}


@pytest.mark.parametrize("account", CLEARED)
@pytest.mark.parametrize("place", ["/v1/households/{household_id}", "/v1/decisions/{decision_id}"])
def test_which_facts_are_shown_in_clear(office: CountyOffice, account: str, place: str) -> None:
    book = office.client.app.state.current.book
    own = frozenset()
    if account == "housing":
        own = facts_needed(book, "housing") | {
            name for name, one in book.facts.items() if one.answered_by == "housing"
        }
    shown = dict(facts_in(office.ask(account, "GET", filled(office, place, account, HERE)).json()))
    assert {book.facts[name].privacy for name in shown} >= {"ordinary", "personal", "sensitive"}
    for name, in_clear in shown.items():
        assert in_clear == (book.facts[name].privacy in CLEARED[account] or name in own), name


def facts_in(answer: dict[str, Any]) -> list[tuple[str, bool]]:
    if "document" in answer:
        document = answer["document"]
        rows = [*document.items(), *(pair for person in document["people"] for pair in person.items())]
        return [
            (name, "commitment" not in told[0])
            for name, told in rows
            if isinstance(told, list) and name not in ("people", "statuses")
        ]
    facts = answer["decision"]["facts"].items()
    return [
        (ref.rpartition("/")[2], not (isinstance(one["value"], dict) and "commitment" in one["value"]))
        for ref, one in facts
    ]


# --- lists and counts ---------------------------------------------------------------------------------------

LISTS = {
    "/v1/households?": ("households", READERS),
    "/v1/decisions?": ("decisions", READERS),
    "/v1/decisions?policy=dibao&": ("decisions", READERS),
    "/v1/cases?": ("cases", READERS),
    "/v1/scans?": ("scans", READERS),
    "/v1/payment-batches?": ("batches", READERS),
    "/v1/payees?": ("payees", READERS),
    "/v1/recoveries?": ("recoveries", READERS),
    "/v1/notices?": ("notices", READERS),
    "/v1/inspections?": ("inspections", INSPECTORS),
    "/v1/notices?waiting=true&": ("notices", READERS),
    "/v1/audit?": ("entries", frozenset({AUDITOR})),
    "/v1/accounts?": ("accounts", frozenset({ADMINISTRATOR})),
}
FURTHER = ("after", "before")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("account", STAFF)
def test_a_count_is_as_long_as_its_list(office: CountyOffice, path: str, account: str) -> None:
    name, roles = LISTS[path]
    if STAFF[account][0] not in roles:
        problem(office.ask(account, "GET", path.rstrip("?&")), 403)
        return
    rows: list[dict[str, Any]] = []
    further = ""
    while True:
        page = office.ask(account, "GET", f"{path}limit=7{further}").json()
        rows += page[name]
        cursor = next((key for key in FURTHER if page.get(key) is not None), None)
        if cursor is None:
            break
        further = f"&{cursor}={page[cursor]}"
    assert page["total"] == len(rows) == len({str(row) for row in rows})
    if name in ("households", "decisions", "cases", "scans"):
        seen = {row["household_id"] for row in rows}
        reached = {area for area in (HERE, ELSEWHERE) if reaches(account, area)}
        assert seen == {office.known[area]["household_id"] for area in reached}


@pytest.mark.parametrize(
    "account", ["village-elsewhere", "town-elsewhere", "housing-elsewhere", "auditor-elsewhere"]
)
def test_a_search_finds_nothing_out_of_reach(office: CountyOffice, account: str) -> None:
    there = office.known[HERE]
    for text in (
        NUMBERS[HERE],
        ADDRESS[HERE],
        "前进社区",
        "王小明",
        there["household_id"],
        there["person_id"],
    ):
        answer = office.ask(account, "GET", f"/v1/search?q={text}")
        found = {one["household_id"] for one in answer.json().get("found", ())}
        assert found <= {office.known[ELSEWHERE]["household_id"]}, text


# --- trying ids ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "account", ["village-elsewhere", "town-elsewhere", "housing-elsewhere", "auditor-elsewhere"]
)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/households/{household_id}",
        "/v1/people/{person_id}",
        "/v1/decisions/{decision_id}",
        "/v1/cases/{case_id}",
        "/v1/applications/{application_id}",
        "/v1/scans/{scan_id}",
        "/v1/scans/{scan_id}/content",
    ],
)
def test_who_tries_ids_learns_nothing(office: CountyOffice, path: str, account: str) -> None:
    """What is out of reach and what is not there are answered alike, but for the id that was asked for."""
    (place,) = [name for name in office.known[HERE] if f"{{{name}}}" in path]
    there = office.known[HERE][place]
    missing = there[:-1] + ("0" if there[-1] != "0" else "1")

    def told(one: str) -> tuple[str, dict[str, str]]:
        answer = office.ask(account, "GET", path.replace(f"{{{place}}}", one))
        problem(answer, 404)
        return answer.text.replace(one, "ID"), {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-length", "x-request-id")
        }

    assert told(there) == told(missing)


def test_an_account_is_not_there_for_an_administrator_of_elsewhere(office: CountyOffice) -> None:
    account = someone(office, HERE)
    there = problem(office.ask("admin-elsewhere", "GET", f"/v1/accounts/{account}"), 404)
    missing = problem(office.ask("admin-elsewhere", "GET", "/v1/accounts/nobody"), 404)
    assert str(there).replace(account, "ID") == str(missing).replace("nobody", "ID")
    granting = {"role": "township_officer", "area": HERE}
    own = someone(office, ELSEWHERE)
    problem(office.ask("admin-elsewhere", "POST", f"/v1/accounts/{own}/grants", granting), 422)
