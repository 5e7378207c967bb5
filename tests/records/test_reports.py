"""The tables of a month: every figure is the length of its list, within what each viewer may see."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from engine.rulebook import Rulebook
from engine.rulebook.source import plain, read_yaml_file
from records import exports, granted, xlsx
from records.database import Database, reading, writing
from records.decisions import decide_and_keep
from records.granted import Granted, Paid
from records.households import Held, claim, hold, version_of
from records.intake import write_down
from records.refused import Refused
from records.reports import ENTERED, HELD, LEFT, Chosen, lines, month_of, movement, quota, table
from records.xlsx import as_xlsx
from tests.records.conftest import ROOT, at
from tests.records.test_letters import book
from tests.records.test_over_http import Office

OCTOBER = month_of("2025-10")
KNOWN = date(2025, 11, 5)
FIRST = date(2025, 1, 1)


@pytest.fixture
def rules() -> Rulebook:
    return book()


def told(case: str, prefix: str) -> Any:
    """A household of the features; its people with ids of their own."""
    _, tree, _ = read_yaml_file(ROOT / "features" / "households" / f"{case}.yaml", case)
    assert tree is not None
    document = plain(tree)
    for one in document["people"]:
        one["person_id"] = prefix + one["person_id"]
    return document


@pytest.fixture
def county(database: Database, rules: Rulebook) -> Database:
    """Two households: one on the rolls and paid, one that left in October; both decided."""
    rolls = {
        "case_01": [Held("dibao", date(2025, 3, 1), "civil_affairs", amount="1132")],
        "case_08": [
            Held("dibao", date(2025, 3, 1), "civil_affairs", valid_to=date(2025, 10, 9), amount="500.50"),
            Held("elderly_80", date(2025, 10, 1), "civil_affairs", "qp1", amount="25"),
        ],
    }
    for case, held in rolls.items():
        document = told(case, "" if case == "case_01" else "q")
        with writing(database, "li", at("2025-09-01")) as write:
            household = write_down(write, rules, document, date(2020, 1, 1)).household_id
        with reading(database) as read:
            version = version_of(read.connection, household) or 0
        with writing(database, "li", at("2025-10-02")) as write:
            claim(write, household, version)
            hold(write, household, held)
            award = granted.grant(
                write, household, [Granted("dibao", FIRST, "civil_affairs", amount="1132", period="month")]
            )
            paid = granted.pay(
                write, household, [Paid("dibao", "2025-10", "1132.10", "civil_affairs", award=award[0])]
            )
            if case == "case_08":
                granted.take_back(write, paid[0], date(2025, 10, 20), "bank")
            decide_and_keep(write, rules, household, date(2025, 10, 1), date(2025, 10, 2))
    return database


def figures(database: Database, rules: Rulebook, **more: Any) -> dict[tuple[str, str], Any]:
    with reading(database) as read:
        found = table(read, rules, OCTOBER, Chosen(KNOWN, **more))
    return {(one.policy, one.what): one for one in found}


def test_rolls_awards_and_payments_are_counted(county: Database, rules: Rulebook) -> None:
    found = figures(county, rules)
    on_the_rolls = found["dibao", "held"]
    assert (on_the_rolls.cases, on_the_rolls.households, on_the_rolls.people, on_the_rolls.amount) == (
        1,
        1,
        3,
        Decimal(1132),
    )
    assert (found["dibao", "left"].cases, found["dibao", "left"].amount) == (1, Decimal("500.50"))
    assert ("dibao", "entered") not in found
    entered = found["elderly_80", "entered"]
    assert (entered.cases, entered.people) == (1, 1)
    assert found["dibao", "paid"].amount == Decimal("2264.20")
    assert found["dibao", "returned"].amount == Decimal("1132.10")
    assert (found["dibao", "granted"].cases, found["dibao", "granted"].amount) == (2, Decimal(2264))


def test_what_is_not_settled_is_counted_apart_and_never_as_zero(county: Database, rules: Rulebook) -> None:
    found = figures(county, rules)
    for (policy, what), one in found.items():
        if what in ("eligible", "discretionary") and one.period:
            assert one.without_amount <= one.cases, policy
            assert one.amount > 0 or one.without_amount == one.cases, policy
    assert found["elderly_80", "eligible"].amount == Decimal(100)


def test_only_what_was_known_by_then_counts(county: Database, rules: Rulebook) -> None:
    with reading(county) as read:
        assert list(lines(read, rules, OCTOBER, Chosen(date(2025, 10, 1)))) == []
        before = {one.what for one in lines(read, rules, month_of("2025-09"), Chosen(KNOWN))}
    assert "paid" not in before and "eligible" not in before and "held" in before


def test_every_figure_is_the_length_of_its_list(county: Database, rules: Rulebook) -> None:
    for by in ("", "county", "township"):
        with reading(county) as read:
            for one in table(read, rules, OCTOBER, Chosen(KNOWN, by=by)):
                chosen = Chosen(
                    KNOWN, by=by, place=one.area, policy=one.policy, what=one.what, period=one.period
                )
                behind = list(lines(read, rules, OCTOBER, chosen))
                assert len(behind) == one.cases
                assert len({line.household_id for line in behind}) == one.households
                assert sum(line.people for line in behind) == one.people
                assert sum(line.amount or 0 for line in behind) == one.amount


def test_a_figure_that_is_not_there_and_a_month_that_is_none(county: Database, rules: Rulebook) -> None:
    with reading(county) as read:
        for chosen in (Chosen(KNOWN, by="street"), Chosen(KNOWN, what="happy")):
            with pytest.raises(Refused):
                list(lines(read, rules, OCTOBER, chosen))
    for wrong in ("2025-13", "2025", "x", "2025-1"):
        with pytest.raises(Refused):
            month_of(wrong)


def test_a_policy_without_a_quota_has_none(rules: Rulebook) -> None:
    assert quota(rules, "dibao", "sample_county", OCTOBER, KNOWN) is None


_days = st.dates(date(2025, 9, 20), date(2025, 11, 10))
_spans = st.lists(
    st.tuples(_days, st.none() | _days).map(lambda one: (one[0], one[1] and max(one))), max_size=4
)


@given(_spans)
def test_before_and_entered_and_left_make_what_is_held(spans: list[tuple[date, date | None]]) -> None:
    def held_on(day: date) -> bool:
        return any(first <= day and (last is None or day <= last) for first, last in spans)

    begun = [one for one in spans if one[0] <= OCTOBER.last]
    moved = movement(begun, OCTOBER)
    before, after = held_on(OCTOBER.first - timedelta(days=1)), held_on(OCTOBER.last)
    assert before + (ENTERED in moved) - (LEFT in moved) == after == (HELD in moved)


# --- exports ------------------------------------------------------------------------------------------------


def test_no_export_computes_what_somebody_typed() -> None:
    row = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "王", Decimal("-3.50"), None, 7]
    content = b"".join(exports.as_csv(["a"] * 9, [row] * 3))
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert read[1] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "王", "-3.50", "", "7"]
    cells = workbook(["a"] * 9, [row])[0][1]
    assert cells[0].value == "=1+1" and cells[0].data_type == "s"
    assert cells[6].value == -3.5 and cells[8].value == 7 and cells[7].value is None


def workbook(columns: list[str], rows: list[list[Any]]) -> list[list[Any]]:
    """The cells of every sheet, as another reader finds them."""
    found = load_workbook(io.BytesIO(b"".join(as_xlsx("行/1", columns, rows))))
    return [list(sheet.iter_rows()) for sheet in found.worksheets]


def test_a_workbook_keeps_what_it_is_given() -> None:
    given = ["<王&\"'> ]]>", " a\n b ", date(2026, 9, 1), date(1899, 1, 1), True, Decimal("820.50"), 10**14]
    [[head, row]] = workbook(list("abcdefg"), [given])
    assert [one.value for one in head] == list("abcdefg")
    assert [one.value for one in row][:2] == given[:2]
    assert row[2].value.date() == given[2] and row[2].is_date and row[3].value == "1899-01-01"
    assert [one.value for one in row[4:]] == [True, 820.5, 10**14]
    [[_, odd]] = workbook(["a", "b"], [["\x00\r\ud800", "_x0041_"]])
    assert [one.value for one in odd] == ["_x0000__x000D__xD800_", "_x005F_x0041_"]  # read so by ST_Xstring
    with pytest.raises(ValueError, match="zip"):
        workbook(["a"], [[1, 2]])
    assert [len(sheet) for sheet in workbook(["a"], [])] == [1]


def test_a_sheet_that_is_full_goes_on_in_a_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    sheets = workbook(["n"], [[n] for n in range(7)])
    assert [[row[0].value for row in sheet] for sheet in sheets] == [["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6]]
    monkeypatch.setattr(xlsx, "_MOST_BYTES", 0)
    assert len(workbook(["n"], [[n] for n in range(3)])) == 1  # a piece is written before anybody counts


def test_rows_are_written_while_they_are_read() -> None:
    made = 0

    def rows() -> Any:
        nonlocal made
        for made in range(1, 10_001):
            yield [made]

    for stream in (exports.as_csv, partial(as_xlsx, "rows")):
        chunks = stream(["a"], rows())
        next(chunks)
        assert made < 1000
        size = max(map(len, chunks))
        assert made == 10_000 and size < 50_000


# --- over HTTP ----------------------------------------------------------------------------------------------


@pytest.fixture
def office(county: Database) -> Office:
    return Office(county)


def test_a_month_over_http_drills_to_its_list(office: Office) -> None:
    told = office.get("auditor", "/v1/reports/2025-10?by=county&known=2025-11-05")
    counted = {(one["policy"], one["what"]): one for one in told["figures"]}
    assert counted["dibao", "held"]["cases"] == 1 and counted["dibao", "held"]["quota"] is None
    for one in told["figures"]:
        path = (
            f"/v1/reports/2025-10/lines?by=county&known=2025-11-05&policy={one['policy']}"
            f"&place={one['area']}&what={one['what']}&period={one['period']}&limit=1"
        )
        behind = office.get("auditor", path)
        assert behind["total"] == one["cases"] and len(behind["lines"]) == 1
    person = office.get("auditor", "/v1/reports/2025-10/lines?what=entered&known=2025-11-05")["lines"][0]
    assert (person["subject"], person.get("name")) == ("qp1", None)


def test_nobody_counts_what_is_out_of_reach(office: Office) -> None:
    assert office.get("other-town", "/v1/reports/2025-10")["figures"] == []
    assert office.get("other-town", "/v1/reports/2025-10/lines")["total"] == 0
    office.get("admin", "/v1/reports/2025-10", 403)
    office.get("auditor", "/v1/reports/2025-10?by=street", 422)
    office.get("auditor", "/v1/reports/october", 422)


def test_files_hold_what_the_list_holds(office: Office) -> None:
    path = "/v1/reports/2025-10/lines?known=2025-11-05&format="
    headers = {"x-viewer": "auditor"}
    total = office.get("auditor", path + "json")["total"]
    answer = office.client.get(path + "csv", headers=headers)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == total + 1 and rows[0][0] == "月份"
    assert "attachment" in answer.headers["content-disposition"]
    assert "成员" not in answer.text and "王" not in answer.text
    answer = office.client.get(path + "xlsx", headers=headers)
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None and sheet.max_row == total + 1
    whats = Counter(row[7] for row in sheet.iter_rows(values_only=True))
    assert whats["月末在册"] == 2
    answer = office.client.get("/v1/reports/2025-10?known=2025-11-05&format=csv&lang=en", headers=headers)
    assert "no quota set" in answer.text
    assert office.client.get(path.replace("?", "?what=happy&") + "csv", headers=headers).status_code == 422


def test_where_lines_differ_and_how_many_fall_between(office: Office) -> None:
    path = "/v1/divergence?on=2025-10-01&area=sample_county&concept=counted_income&count=true"
    told = office.get("auditor", path)
    (concept,) = told["concepts"]
    drawn = {one["where"]: one for one in concept["thresholds"]}
    assert drawn["dibao"]["parameters"] == {"dibao_standard": {"rural": 585, "urban": 780}}
    assert drawn["public_rental"]["departments"] == ["housing"]
    assert "between" in told
    office.get("auditor", "/v1/divergence?area=nowhere", 404)
    office.get("admin", "/v1/divergence", 403)
