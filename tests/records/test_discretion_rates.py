"""How people decide: every figure is the length of its list, small counts name nobody, and few may look."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import true

from records.cases.rates import FEW, FEWEST, Approved, Chosen, Rates, approved, rates, within
from records.database import Database
from records.refused import Refused
from tests.records.casework import AUDITOR, BOOK, CAI, CHEN, TAO, WIN, Bureau, county, worker
from tests.records.test_cases_over_http import PEOPLE, Desk
from tests.records.test_discretion import REASON, band, confirms, ready, struck

YEARS = Chosen(date(2025, 1, 1), date(2026, 12, 31))
HOUSING = county("hao", "housing")


@pytest.fixture
def bureau(database: Database) -> Bureau:
    """Cai grants the least five times and sends one back; Chen grants the most twice and refuses once against the rules."""
    bureau = Bureau(database, "2025-10-15")
    other = bureau.another("case_01", "other")
    case = bureau.case(other, "dibao")
    bureau.until_public(case)
    bureau.later(8)
    step = bureau.takes(CHEN, case, "refuse", decision_id=bureau.decision(other), text="住房情况待核")
    assert step.outcome == "against"
    bureau.day = "2026-07-06"
    household = struck(bureau)
    least, most = band(bureau, household)
    for viewer, amount in [(CAI, least)] * FEWEST + [(CHEN, most)] * 2:
        case = ready(bureau, household, str(amount))
        confirms(bureau, household, case, viewer, amount=str(amount), again="另一事故", **REASON)
    returned = ready(bureau, household, str(least))
    bureau.takes(CAI, returned, "send_back", text="再查一次")
    return bureau


def told(bureau: Bureau, chosen: Chosen = YEARS) -> dict[str, Rates]:
    with bureau.reads() as read:
        return {one.person: one for one in rates(read, BOOK, true(), chosen)}


def steps(bureau: Bureau, reach: Any = None, **chosen: Any) -> list[Approved]:
    with bureau.reads() as read:
        found = approved(
            read, BOOK, true() if reach is None else reach, Chosen(YEARS.first, YEARS.last, **chosen)
        )
        return list(found)


def test_what_each_approver_did(bureau: Bureau) -> None:
    found = told(bureau)
    cai, few = found["cai"], found[FEW]
    assert list(found) == ["cai", FEW]
    assert (cai.people, cai.cases, cai.decisions, cai.discretion, cai.against, cai.sent_back) == (
        *(1, FEWEST + 1, FEWEST),
        *(FEWEST, 0, 1),
    )
    assert (cai.discretion_share, cai.against_share, cai.sent_back_share) == (
        Decimal("100.0"),
        Decimal("0.0"),
        Decimal("16.7"),
    )
    least = steps(bureau, person="cai", what="discretion")[0].least
    assert (cai.amounts, cai.average, cai.place) == (FEWEST, least, Decimal("0.0"))
    assert (few.people, few.decisions, few.against, few.discretion) == (1, 3, 1, 2)
    assert {few.against_share, few.discretion_share, few.sent_back_share, few.average, few.place} == {None}


def test_every_figure_is_the_length_of_its_list(bureau: Bureau) -> None:
    for person, one in told(bureau).items():
        behind = steps(bureau, person=person)
        whats = Counter(step.what for step in behind)
        assert (whats["against"], whats["discretion"], whats["sent-back"]) == (
            one.against,
            one.discretion,
            one.sent_back,
        )
        assert len(behind) == one.decisions + one.sent_back
        assert len({step.case_id for step in behind}) == one.cases
        for what, count in whats.items():
            assert len(steps(bureau, person=person, what=what)) == count
    assert steps(bureau, person="chen") == []  # nobody who is not named is found by name
    places = [step.place for step in steps(bureau, what="discretion")]
    assert Counter(places) == {Decimal(100): 2, Decimal(0): FEWEST}


def test_somebody_is_named_once_there_is_enough(bureau: Bureau) -> None:
    before = told(bureau, Chosen(YEARS.first, YEARS.last, policy="temporary_relief"))
    assert before[FEW].decisions == 2 and before[FEW].against == 0
    [household] = {one.household_id for one in steps(bureau, policy="temporary_relief")}
    _, most = band(bureau, household)
    [again] = [one.case_id for one in steps(bureau, what="sent-back")]
    bureau.takes(TAO, again, "investigate", text="复查属实", outcome="grant")
    bureau.takes(TAO, again, "publicise", amount=str(most), **REASON)
    bureau.later(4)
    confirms(bureau, household, again, CHEN, amount=str(most), again="另一事故", **REASON)
    for _ in range(2):
        case = ready(bureau, household, str(most))
        confirms(bureau, household, case, CHEN, amount=str(most), again="另一事故", **REASON)
    chen = told(bureau)["chen"]
    assert (chen.decisions, chen.discretion, chen.amounts, chen.place) == (6, 5, FEWEST, Decimal("100.0"))
    assert chen.against_share == Decimal("16.7")


def test_days_areas_and_policies_narrow_it(bureau: Bureau) -> None:
    assert steps(bureau, area="sample_county") == steps(bureau)
    assert steps(bureau, area="guangxi_sample") == []
    assert {one.policy for one in steps(bureau, policy="dibao")} == {"dibao"}
    assert told(bureau, Chosen(date(2024, 1, 1), date(2024, 12, 31))) == {}
    for wrong in ({"area": "nowhere"}, {"policy": "nothing"}, {"what": "happy"}):
        with pytest.raises(Refused):
            steps(bureau, **wrong)


def test_who_may_look_and_how_far(bureau: Bureau) -> None:
    everything = len(steps(bureau))
    assert everything == FEWEST + 4
    elsewhere = county("xia", area="guangxi_sample")
    for viewer, seen in (
        (AUDITOR, everything),
        (CAI, everything),
        (HOUSING, 0),
        (elsewhere, 0),
        (WIN, 0),
        (TAO, 0),
    ):
        assert len(steps(bureau, within(viewer, BOOK))) == seen, viewer.account


def test_over_http_with_files(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    from records.rights import Role

    monkeypatch.setitem(PEOPLE, "boss", worker("boss", Role.POLICY_OFFICER))
    desk = Desk(bureau.database)
    path, days = "/v1/discretion-rates", "since=2025-01-01&until=2026-12-31"
    for account in ("vera", "win", "tao", "boss"):
        desk.get(account, path, 403)
        desk.get(account, f"{path}/steps", 403)
    shown = desk.get("shen", f"{path}?{days}")
    assert [one["person"] for one in shown["rates"]] == ["cai", FEW]
    assert desk.get("hao", f"{path}?{days}")["rates"] == []
    for one in shown["rates"]:
        behind = desk.get("cai", f"{path}/steps?{days}&person={one['person']}&limit=2&skip=1")
        assert behind["total"] == one["decisions"] + one["sent_back"] and len(behind["steps"]) == 2
        for step in behind["steps"]:
            assert desk.get("cai", f"/v1/cases/{step['case_id']}")["case_id"] == step["case_id"]
    desk.get("shen", f"{path}/steps?{days}&what=happy", 422)
    for suffix, count in (("", 2), ("/steps", FEWEST + 4)):
        content = [
            desk.client.get(f"{path}{suffix}?{days}&format={one}", headers={"x-viewer": "shen"})
            for one in ("csv", "xlsx")
        ]
        rows = list(csv.reader(io.StringIO(content[0].content.decode("utf-8-sig"), newline="")))
        sheet = load_workbook(io.BytesIO(content[1].content)).active
        assert sheet is not None and len(rows) == sheet.max_row == count + 1
        assert rows[0][0] == "审批人" and rows[-1][0] != "chen"
        assert "件数过少，不列名" in {row[0] for row in rows}
