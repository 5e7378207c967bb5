"""A county office with somebody for every role, inside and outside, and two households with a decision each."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.app import make_app
from api.current import CurrentRulebook
from api.limits import Limits, Rate
from engine.decision import parse_json
from records.database import connect, migrate
from records.keys import new_keys
from records.rights import Grant, Role
from tests.api.api_client import ROOT, SAMPLE, Client
from tests.support.office import Office
from tests.support.pictures import png

HERE, ELSEWHERE, COUNTY = "sample_hedong", "sample_liuhe", "sample_county"
ADDRESS = {HERE: "河东街道前进社区12号", ELSEWHERE: "柳河镇前进社区12号"}
NUMBERS = {HERE: "11010519491231002X", ELSEWHERE: "230225198001010014"}

EVERYTHING = [
    Grant(role, "sample_county", "civil_affairs" if role is Role.DEPARTMENT_OFFICER else "") for role in Role
]
WIDE = Limits(Rate(1e6, 1e6), Rate(1e6, 1e6), Rate(1e6, 1e6))
"""Of tests that ask for much at once."""

STAFF: dict[str, tuple[Role, str, str]] = {
    "village": (Role.VILLAGE_WORKER, HERE, ""),
    "town": (Role.TOWNSHIP_OFFICER, HERE, ""),
    "civil": (Role.DEPARTMENT_OFFICER, HERE, "civil_affairs"),
    "housing": (Role.DEPARTMENT_OFFICER, HERE, "housing"),
    "auditor": (Role.AUDITOR, HERE, ""),
    "policy": (Role.POLICY_OFFICER, COUNTY, ""),
    "admin": (Role.ADMINISTRATOR, COUNTY, ""),
    "village-elsewhere": (Role.VILLAGE_WORKER, ELSEWHERE, ""),
    "town-elsewhere": (Role.TOWNSHIP_OFFICER, ELSEWHERE, ""),
    "civil-elsewhere": (Role.DEPARTMENT_OFFICER, ELSEWHERE, "civil_affairs"),
    "housing-elsewhere": (Role.DEPARTMENT_OFFICER, ELSEWHERE, "housing"),
    "auditor-elsewhere": (Role.AUDITOR, ELSEWHERE, ""),
    "admin-elsewhere": (Role.ADMINISTRATOR, ELSEWHERE, ""),
    "county": (Role.DEPARTMENT_OFFICER, COUNTY, "civil_affairs"),
}


@dataclass
class CountyOffice(Office):
    """`known`: by area what fills the places of a path."""

    known: dict[str, dict[str, str]] = field(default_factory=dict)


def county_office(place: Path) -> CountyOffice:
    os.environ["RELIEF_DOCUMENTS"] = str(place / "documents")
    database = connect(f"sqlite:///{place / 'county.db'}", new_keys())
    migrate(database)
    current = CurrentRulebook(ROOT / "policies")
    office = CountyOffice(database, Client(make_app(current, record=database, limits=WIDE)))
    for account, (role, area, department) in STAFF.items():
        office.hire(account, Grant(role, area, department))
    office.hire("both", Grant(Role.TOWNSHIP_OFFICER, HERE), Grant(Role.TOWNSHIP_OFFICER, ELSEWHERE))
    office.hire("everything", *EVERYTHING)
    office.known = {area: _household(office, area) for area in (HERE, ELSEWHERE)}
    return office


def _household(office: Office, area: str) -> dict[str, str]:
    document: dict[str, Any] = parse_json(SAMPLE)
    del document["household_id"]
    people = [{**one, "person_id": f"{area}-{n}"} for n, one in enumerate(document["people"])]
    body = {
        "document": {**document, "area": area, "people": people},
        "since": "2025-01-01",
        "address": ADDRESS[area],
        "identities": {people[0]["person_id"]: {"name": "王小明", "id_number": NUMBERS[area]}},
    }
    who = "town" if area == HERE else "town-elsewhere"
    made = office.ask(who, "POST", "/v1/households", body)
    assert made.status_code == 201, made.text
    household = made.json()["household_id"]
    decided = office.ask(who, "POST", f"/v1/households/{household}/decisions?on=2025-10-15")
    assert decided.status_code == 201, decided.text
    applied = office.ask(who, "POST", "/v1/applications", {"household_id": household, "policies": ["dibao"]})
    assert applied.status_code == 201, applied.text
    signed = {"Authorization": f"Bearer {office.signed_in(who)}", "Content-Type": "image/png"}
    scanned = office.client.post(f"/v1/households/{household}/scans?type=other", png(), headers=signed)
    assert scanned.status_code == 201, scanned.text
    return {
        "case_id": applied.json()["cases"][0]["case_id"],
        "application_id": applied.json()["application_id"],
        "scan_id": scanned.json()["scan_id"],
        "household_id": household,
        "person_id": people[0]["person_id"],
        "decision_id": decided.json()["decision"]["decision_id"],
        "account": who,
    }
