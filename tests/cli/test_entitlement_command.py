"""`relief entitlement`: months on the command line."""

from __future__ import annotations

import json

import pytest
from relief_runner import ROOT, Relief

CASE = ROOT / "features" / "households" / "case_10.yaml"


def test_months_as_text_and_as_json(relief: Relief) -> None:
    asked = ("entitlement", CASE, "--from", "2025-01", "--to", "2025-03", "--known", "2025-05-31")
    assert "2025年1月至 2025年3月：应发 80 元" in relief(*asked).stdout
    document = json.loads(relief(*asked, "--format", "json").stdout)
    assert (document["first"], document["last"], document["known"]) == ("2025-01", "2025-03", "2025-05-31")
    assert {line["due"]["max"] for line in document["lines"] if line["policy"] == "disabled_care"} == {80}


def test_one_month_and_known_today_unless_said(relief: Relief) -> None:
    document = json.loads(relief("entitlement", CASE, "--from", "2025-01", "--format", "json").stdout)
    assert document["last"] == "2025-01"
    assert {line["due"]["max"] for line in document["lines"] if line["policy"] == "disabled_care"} == {90}


@pytest.mark.parametrize(
    ("months", "message"),
    [
        (("--from", "2025-1"), "write 2025-01"),
        (("--from", "2025-02", "--to", "2025-01"), "the earlier first"),
        (("--to", "2025-01"), "--from"),
    ],
)
def test_wrong_months_say_what_to_write(relief: Relief, months: tuple[str, ...], message: str) -> None:
    result = relief("entitlement", CASE, *months)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_document_without_statuses_says_what_to_write(relief: Relief) -> None:
    document = '{"household_id": "h", "area": "linkou", "people": [{"person_id": "p"}]}'
    result = relief("entitlement", "-", "--from", "2025-01", stdin=document)
    assert result.exit_code == 2
    assert "statuses: []" in result.stderr


def test_a_wrong_document_is_refused_with_its_pointer(relief: Relief) -> None:
    document = '{"household_id": "h", "area": "linkou", "people": [{"person_id": "p"}], "payments": [{}]}'
    result = relief("entitlement", "-", "--from", "2025-01", stdin=document)
    assert result.exit_code == 2
    assert "#/payments/0/amount" in result.stderr
