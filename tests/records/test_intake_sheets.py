"""Sheets into the record: a verdict for every row, the right ones written down, the others to correct."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from engine.population.sheets import Imported, Sheet
from records import households, people
from records.database import Database, reading, writing
from records.documents import document
from records.refused import Refused
from records.sheet_template import template
from records.sheets_in import check_sheets, import_checked
from records.standards.gb11643 import check_digit
from records.workbooks import read_csv, read_sheets, read_workbook
from tests.support.households import shipped

BOOK = shipped()
SINCE = date(2025, 1, 1)


def number(born: str, sequence: int = 11) -> str:
    first = f"239901{born.replace('-', '')}{sequence:03d}"
    return first + check_digit(first)


WANG, LI = number("1985-03-02"), number("1990-07-15", 12)
PEOPLE = ("户编号", "人员编号", "姓名", "身份证号码", "联系电话", "出生日期")


def sheets(
    people_rows: Sequence[Sequence[Any]],
    household_rows: Sequence[Sequence[Any]] = (("h1", "sample_liuhe_01", "柳河镇前进村3组", "1200", "无"),),
) -> list[Sheet]:
    header = ("户编号", "地区", "住址", BOOK.facts["financial_assets"].value.label["zh"], "在册")
    born = BOOK.facts["birth_date"].value.label["zh"]
    return [
        Sheet("家庭", header, [list(row) for row in household_rows]),
        Sheet("人员", (*PEOPLE[:-1], born), [list(row) for row in people_rows]),
    ]


def imported(database: Database, given: Sequence[Sheet], since: date = SINCE) -> Imported:
    with writing(database, "li") as write:
        checked = check_sheets(write, BOOK, given, since)
        import_checked(write, BOOK, checked)
    return checked.imported


def codes(found: Imported) -> Mapping[tuple[str, int], list[str]]:
    told: dict[tuple[str, int], list[str]] = {}
    for one in (*found.problems, *found.warnings):
        told.setdefault((one.sheet, one.row), []).append(one.code)
        assert one.said("zh") and one.said("en")
    return told


def test_a_household_comes_in_with_its_people(database: Database) -> None:
    found = imported(database, sheets([("h1", "p1", "王秀兰", WANG, "13900000001", "1985-03-02")]))
    assert not found.problems and [found.verdict(row) for row in found.rows] == ["ok", "ok"]
    with reading(database) as read:
        made = document(read, "h1", SINCE, date(2099, 1, 1))
        assert people.find_by_number(read, WANG) == "p1"
        assert people.names_in_clear(read, ["p1"]) == {"p1": "王秀兰"}
        assert people.masked(read, ["p1"])["p1"].phone == "*******0001"
    assert made["area"] == "sample_liuhe_01" and made["statuses"] == []
    assert made["financial_assets"][0]["value"] == 1200
    assert made["financial_assets"][0]["source"] == "civil_affairs"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("23990119850302011", "id-length"),
        ("2399011985030201一1", "id-digits"),
        ("239901198513020111", "id-birth"),
        (WANG[:-1] + ("0" if WANG[-1] != "0" else "1"), "id-check"),
        (number("1985-03-03"), "id-other-birth"),
    ],
)
def test_a_wrong_number_is_a_verdict(database: Database, told: str, code: str) -> None:
    found = imported(database, sheets([("h1", "p1", "王秀兰", told, "", "1985-03-02")]))
    assert codes(found) == {("人员", 2): [code]}
    assert [found.verdict(row) for row in found.rows] == ["held-back", "wrong"]
    with reading(database) as read:
        assert households.version_of(read.connection, "h1") is None


def test_one_wrong_household_holds_up_no_other(database: Database) -> None:
    rows = [("h1", "p1", "王秀兰", "1", "", ""), ("h2", "p2", "李强", LI, "", "")]
    both = [("h1", "sample_liuhe_01", "", "", ""), ("h2", "sample_liuhe_02", "", "", "")]
    found = imported(database, sheets(rows, both))
    assert found.wrong == {"h1"}
    with reading(database) as read:
        assert households.version_of(read.connection, "h1") is None
        assert households.version_of(read.connection, "h2") is not None


def test_two_people_of_one_number_are_told(database: Database) -> None:
    rows = [("h1", "p1", "王秀兰", WANG, "", ""), ("h1", "p2", "王秀芝", WANG, "", "")]
    assert codes(imported(database, sheets(rows))) == {("人员", 3): ["id-twice"]}


def test_somebody_of_another_household_is_the_same_person_and_worth_a_look(database: Database) -> None:
    imported(database, sheets([("h1", "p1", "王秀兰", WANG, "", "")]))
    again = sheets([("h2", "x9", "王秀兰", WANG, "", "")], [("h2", "sample_liuhe_02", "", "", "")])
    found = imported(database, again)
    assert codes(found) == {("人员", 2): ["known-person", "in-another"]}
    assert [found.verdict(row) for row in found.rows] == ["ok", "warned"]
    with reading(database) as read:
        assert households.households_of(read.connection, "p1", SINCE) == ("h1", "h2")
        assert not people.known(read, ["x9"])


def test_what_the_record_has_is_not_written_over(database: Database) -> None:
    imported(database, sheets([("h1", "p1", "王秀兰", WANG, "", "")]))
    assert codes(imported(database, sheets([("h1", "p1", "王秀兰", WANG, "", "")])))["家庭", 2] == [
        "household-known"
    ]
    other = sheets([("h2", "p1", "王秀兰", LI, "", "")], [("h2", "sample_liuhe_02", "", "", "")])
    assert codes(imported(database, other)) == {("人员", 2): ["other-number"]}


def test_areas_out_of_reach_are_refused(database: Database) -> None:
    with reading(database) as read:
        checked = check_sheets(
            read, BOOK, sheets([("h1", "p1", "", "", "", "")]), SINCE, lambda area: area == "sample_sanhe"
        )
    assert codes(checked.imported) == {("家庭", 2): ["out-of-reach"]} and checked.arrivals == []


def test_the_template_comes_back_as_it_went_out(database: Database) -> None:
    made = load_workbook(io.BytesIO(template(BOOK, "zh")))
    assert made.sheetnames[:3] == ["家庭", "人员", "在册"] and made.sheetnames[-1] == "可填内容"
    assert {BOOK.facts["income_items"].value.label["zh"], BOOK.facts["vehicles"].value.label["zh"]} <= set(
        made.sheetnames
    )
    titles = [cell.value for cell in made["家庭"][1]]
    assert titles[:3] == ["户编号", "地区", "住址"] and len(titles) == len(set(titles))
    made["家庭"].append(["h1", "sample_liuhe_01"])
    made["人员"].append(["h1", "p1", "王秀兰", WANG])
    content = io.BytesIO()
    made.save(content)
    found = imported(database, read_workbook("填好的表", content.getvalue()))
    assert codes(found) == {} and [one.household_id for one in found.households] == ["h1"]


def test_choices_of_the_template_are_those_that_are_read(database: Database) -> None:
    made = load_workbook(io.BytesIO(template(BOOK, "zh")))
    listed = made["可填内容"]
    for sheet in made.worksheets[:-1]:
        for picked in sheet.data_validations.dataValidation:
            [first] = [
                cell for row in listed[picked.formula1.split("!")[1].replace("$", "")] for cell in row
            ][:1]
            assert first.value not in (None, "")
    label = BOOK.facts["house_grade"].value.label["zh"]
    assert any(cell.value == label for row in listed.iter_rows() for cell in row)


def test_files_that_are_none_are_told() -> None:
    with pytest.raises(Refused, match="可能被截断"):
        read_sheets("x", b"PK\x03\x04 cut off")
    with pytest.raises(Refused, match="不是 UTF-8"):
        read_csv("x", b"\xff\xff\xff")
    assert read_csv("x", "户编号,地区\nh1,北".encode("gb18030")).header == ["户编号", "地区"]
