"""Letters over HTTP: for a purpose, written down, by those who may, in the words of the rulebook that decided."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from engine.decision import encode_json, parse_json
from engine.rulebook.source import plain, read_yaml_file
from records.database import Database, reading
from records.verify import verify
from tests.records.conftest import ROOT
from tests.records.test_letters import in_pdf, squeezed
from tests.records.test_over_http import Office, problem_code

PRINT = {"purpose": "送达申请人", "policy": "dibao", "on": "2025-10-20"}


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def household(office: Office) -> str:
    _, tree, _ = read_yaml_file(ROOT / "features" / "households" / "case_01.yaml", "case_01")
    assert tree is not None
    names = {"p1": {"name": "王建国"}, "p2": {"name": "李秀兰"}, "p3": {"name": "王强"}}
    body = {"document": plain(tree), "since": "2020-01-01", "identities": names}
    return str(office.post("civil", "/v1/households", body, 201)["household_id"])


@pytest.fixture
def decision(office: Office, household: str) -> str:
    path = f"/v1/households/{household}/decisions?on=2025-10-15"
    return str(office.post("civil", path, status=201)["decision"]["decision_id"])


def printed(office: Office, who: str, path: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = office.client.post(path, encode_json(body), headers={"x-viewer": who})
    assert answer.status_code == status, answer.text[:500]
    return answer if status == 201 else parse_json(answer.content)


def test_a_decision_is_printed_with_the_full_name_and_written_down(
    office: Office, database: Database, household: str, decision: str
) -> None:
    path = f"/v1/decisions/{decision}/letters"
    made = printed(office, "civil", path, PRINT)
    content = in_pdf(made.content)
    assert "王建国：" in content and squeezed("每月1,132元") in content
    assert "李**" in content and "秀兰" not in content and "王强" not in content
    assert made.headers["content-type"] == "application/pdf"
    assert made.headers["x-content-sha256"] == hashlib.sha256(made.content).hexdigest()
    assert made.headers["x-draft"] == "true"
    again = printed(office, "civil", path, PRINT)
    assert again.content == made.content
    listed = office.get("auditor", f"/v1/letters?household={household}")
    assert listed["total"] == 2 and listed["letters"][0]["purpose"] == "送达申请人"
    assert {one["file_hash"] for one in listed["letters"]} == {made.headers["x-content-sha256"]}
    assert office.get("auditor", "/v1/audit?action=unmask")["total"] == 2
    with reading(database) as read:
        assert verify(read.connection, database.keys.signing.public_key()) is None


def test_a_print_that_is_asked_again_is_a_file_again(office: Office, decision: str) -> None:
    path, headers = (
        f"/v1/decisions/{decision}/letters",
        {"x-viewer": "civil", "Idempotency-Key": "a-print-of-ours"},
    )
    first, again = (office.client.post(path, encode_json(PRINT), headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert again.headers["content-type"] == "application/pdf" and again.content == first.content
    failed = {**PRINT, "kind": "refusal"}
    assert office.client.post(path, encode_json(failed), headers=headers).status_code == 422
    assert office.get("auditor", "/v1/letters")["total"] == 2


def test_html_is_offered_and_runs_nothing(office: Office, decision: str) -> None:
    path = f"/v1/decisions/{decision}/letters"
    made = printed(office, "civil", path, {**PRINT, "format": "text/html", "language": "en"})
    assert made.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in made.headers["content-security-policy"]
    assert "585 yuan" in made.text and '<html lang="en">' in made.text


def test_who_may_print(office: Office, decision: str) -> None:
    path = f"/v1/decisions/{decision}/letters"
    for who, status in (("village", 403), ("auditor", 403), ("admin", 403), ("other-town", 404)):
        printed(office, who, path, PRINT, status)
    printed(office, "civil", path, {**PRINT, "purpose": ""}, 422)
    care = {**PRINT, "policy": "disabled_care", "subject": "p3"}
    assert problem_code(printed(office, "housing", path, care, 422)) == "not-cleared"
    printed(office, "civil", path, care)


def test_what_has_not_come_out_so_is_refused(office: Office, decision: str) -> None:
    path = f"/v1/decisions/{decision}/letters"
    for body, code in (
        ({**PRINT, "kind": "refusal"}, "other-outcome"),
        ({**PRINT, "to": "nobody"}, "no-member"),
        ({**PRINT, "language": "fr"}, "no-language"),
        ({**PRINT, "policy": "disabled_living", "subject": "p3"}, "not-settled"),
    ):
        assert problem_code(printed(office, "civil", path, body, 422)) == code
    assert office.get("auditor", "/v1/letters")["total"] == 0


def test_hearing_missing_acceptance_and_publicity(office: Office, household: str, decision: str) -> None:
    hearing = {
        **PRINT,
        "before": 1300,
        "since": "2026-08-01",
        "meeting": "2026-07-10",
        "time": "上午9时",
        "place": "办事处",
        "on": "2026-07-02",
    }
    made = printed(office, "civil", f"/v1/decisions/{decision}/hearings", hearing)
    assert squeezed("本通知不是决定") in in_pdf(made.content)
    asked = {"purpose": "送达", "papers": ["bank_book"]}
    made = printed(office, "civil", f"/v1/decisions/{decision}/missing-papers", asked)
    assert "银行存折或流水" in in_pdf(made.content)
    slip = {"purpose": "送达", "policies": ["dibao"], "number": "2025-8", "to": "p1", "on": "2025-10-08"}
    path = f"/v1/households/{household}/acceptance-slips"
    assert "受理单" in in_pdf(printed(office, "civil", path, slip).content)
    assert problem_code(printed(office, "civil", path, {**slip, "to": "p0"}, 404)) == "no-person"
    sheet = {
        "purpose": "公示",
        "area": "sample_county",
        "policy": "dibao",
        "cases": [{"decision_id": decision}],
        "on": "2025-10-20",
    }
    made = printed(office, "civil", "/v1/publicity-sheets", sheet)
    content = in_pdf(made.content)
    assert "王**" in content and "建国" not in content and made.headers["x-withheld"] == ""
    assert office.get("auditor", "/v1/audit?action=publish")["entries"][0]["subject"] == "sample_county"
    printed(office, "town", "/v1/publicity-sheets", sheet, 422)
    printed(office, "civil", "/v1/publicity-sheets", {**sheet, "policy": "orphan_allowance"}, 422)
