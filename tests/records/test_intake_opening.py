"""The opening of a record: current awards and past payments from sheets, each row with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.population.cells import Unfit
from engine.population.sheets import Imported, Sheet
from records import reviews, tables
from records.arrivals import Arrival
from records.database import Database, reading, writing
from records.documents import document
from records.intake import write_down_all
from records.opening import open_record
from records.opening_rows import check_opening, month_of
from records.people import Identity
from records.standards.gb11643 import check_digit
from records.verify import verify
from tests.support.households import shipped

BOOK = shipped()
AS_OF = date(2026, 9, 15)
FIRST = "23990119400302011"
WANG = FIRST + check_digit(FIRST)
AWARDS = ("户编号", "人员编号", "身份证号码", "政策", "起始日期", "终止日期", "金额", "周期")
PAYMENTS = ("户编号", "身份证号码", "政策", "发放月份", "金额", "发放日期", "银行账号")


@pytest.fixture
def county(database: Database) -> Database:
    one = {
        "household_id": "h1",
        "area": "sample_liuhe_01",
        "people": [{"person_id": "p1"}, {"person_id": "p2"}],
    }
    other = {"household_id": "h2", "area": "sample_sanhe_01", "people": [{"person_id": "p2"}]}
    with writing(database, "li") as write:
        arrivals = [
            Arrival(one, date(2020, 1, 1), identities={"p1": Identity("王秀兰", WANG)}),
            Arrival(other, date(2020, 1, 1)),
        ]
        write_down_all(write, BOOK, arrivals)
    return database


def opened(
    database: Database,
    awards: Sequence[Sequence[Any]] = (),
    payments: Sequence[Sequence[Any]] = (),
    whole: bool = False,
) -> Imported:
    given = [
        Sheet("待遇", AWARDS, [list(row) for row in awards]),
        Sheet("发放", PAYMENTS, [list(row) for row in payments]),
    ]
    with writing(database, "li") as write:
        opening = check_opening(write, BOOK, [one for one in given if one.rows], AS_OF)
        open_record(write, opening, whole)
    return opening.imported


def told(found: Imported) -> list[tuple[int, str]]:
    assert all(one.said("zh") and one.said("en") for one in (*found.problems, *found.warnings))
    return [(one.row, one.code) for one in (*found.problems, *found.warnings)]


GOOD = ("h1", "", "", "最低生活保障", "2024-01-01", "", "632.00", "按月")
OLD = ("", "", WANG, "elderly_80", "2023年3月1日", "", 100, "")


def test_current_awards_come_in_and_wait(county: Database) -> None:
    assert told(opened(county, [GOOD, OLD])) == []
    with reading(county) as read:
        found = read.connection.execute(reviews.waiting()).all()
        assert [
            (row.household_id, row.person_id, row.policy, row.amount, row.period, row.basis) for row in found
        ] == [
            ("h1", None, "dibao", "632", "month", "carried-over"),
            ("h1", "p1", "elderly_80", "100", "month", "carried-over"),
        ]
        made = document(read, "h1", AS_OF, date(2099, 1, 1))
        assert [one["policy"] for one in made["awards"]] == ["dibao", "elderly_80"]
        assert "statuses" not in made  # two awards are not known to be all
        assert verify(read.connection, county.keys.signing.public_key()) is None


def test_awards_become_statuses_where_they_are_all(county: Database) -> None:
    opened(county, [GOOD], whole=True)
    with reading(county) as read:
        assert [one["policy"] for one in document(read, "h1", AS_OF, date(2099, 1, 1))["statuses"]] == [
            "dibao"
        ]
    opened(county, [OLD])  # the list is known by now, so what is held besides belongs into it
    with reading(county) as read:
        found = document(read, "h1", AS_OF, date(2099, 1, 1))["statuses"]
    assert {one["policy"] for one in found} == {"dibao", "elderly_80"}


def test_payments_name_their_award(county: Database) -> None:
    rows = [
        ("h1", "", "dibao", "2026-08", "632", "2026-08-10", "6222000000000000001"),
        ("", WANG, "elderly_80", "202608", "100.00", "", ""),
    ]
    assert told(opened(county, [GOOD, OLD], rows)) == []
    with reading(county) as read:
        found = read.connection.execute(select(tables.payment).order_by(tables.payment.c.seq)).all()
        assert [(one.month, one.amount, one.award is not None, one.basis) for one in found] == [
            ("2026-08", "632", True, "carried-over"),
            ("2026-08", "100", True, "carried-over"),
        ]
        assert found[0].account is not None and b"6222" not in found[0].account


def test_sending_a_file_again_writes_nothing(county: Database) -> None:
    rows = [("h1", "", "dibao", "2026-08", "632.00", "2026-08-10", "")]
    opened(county, [GOOD], rows)
    assert told(opened(county, [GOOD], rows)) == [(2, "already-there"), (2, "already-there")]
    with reading(county) as read:
        for table in (tables.award, tables.payment):
            assert read.connection.execute(select(func.count()).select_from(table)).scalar_one() == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("h9", "", "", "dibao", "2024-01-01", "", "", ""), "no-such-household"),
        (("", "", "", "dibao", "2024-01-01", "", "", ""), "who"),
        (("", "p9", "", "elderly_80", "2024-01-01", "", "", ""), "no-such-person"),
        (("", "p2", "", "elderly_80", "2024-01-01", "", "", ""), "in-several"),
        (("h2", "p1", "", "elderly_80", "2024-01-01", "", "", ""), "not-of-household"),
        (("h1", "", "", "elderly_80", "2024-01-01", "", "", ""), "of-a-person"),
        (("", "p2", WANG, "elderly_80", "2024-01-01", "", "", ""), "other-number"),
        (("", "", WANG[:-1] + "Y", "elderly_80", "2024-01-01", "", "", ""), "id-digits"),
        (("h1", "", "", "低保金", "2024-01-01", "", "", ""), "no-such-policy"),
        (("h1", "", "", "dibao", "去年", "", "", ""), "not-a-day"),
        (("h1", "", "", "dibao", "2024-01-01", "2023-01-01", "", ""), "ends-before"),
        (("h1", "", "", "dibao", "2024-01-01", "2025-01-01", "", ""), "not-current"),
        (("h1", "", "", "dibao", "2024-01-01", "", "-5", ""), "negative"),
        (("h1", "", "", "dibao", "2024-01-01", "", "5.001", ""), "too-fine"),
        (("h1", "", "", "dibao", "2024-01-01", "", "5", "季"), "not-a-period"),
        (("h1", "", "", "", "2024-01-01", "", "", ""), "missing-cell"),
    ],
)
def test_a_wrong_row_has_its_verdict(county: Database, row: Sequence[Any], code: str) -> None:
    found = opened(county, [row, GOOD])
    assert (2, code) in told(found) and (3, code) not in told(found)
    assert [found.verdict(one) for one in found.rows] == ["wrong", "ok"]


@pytest.mark.parametrize(
    ("month", "code"),
    [("2026-10", "not-yet"), ("2024-09", "too-old"), ("八月", "not-a-month"), ("2026-13", "not-a-month")],
)
def test_a_payment_is_for_one_of_the_last_months(county: Database, month: str, code: str) -> None:
    row = ("h1", "", "dibao", month, "632", "", "")
    assert (2, code) in told(opened(county, [GOOD], [row]))


def test_a_payment_without_an_award_is_worth_a_look(county: Database) -> None:
    found = opened(county, payments=[("h1", "", "dibao", "2024-10", "632", "", "")])
    assert told(found) == [(2, "no-award")]


def test_a_row_that_stands_twice_is_told(county: Database) -> None:
    assert told(opened(county, [GOOD, GOOD])) == [(3, "row-twice")]


def test_a_sheet_of_another_name_or_without_rows_is_a_mistake(county: Database) -> None:
    with reading(county) as read:
        given = [Sheet("表1", AWARDS, []), Sheet("待遇", AWARDS, [])]
        found = check_opening(read, BOOK, given, AS_OF).imported
    assert {code for _, code in told(found)} == {"no-such-sheet", "no-rows"}


def test_months_in_the_ways_that_offices_write_them() -> None:
    for told_so in ("2026-08", "2026/8", "2026年8月", "202608", 202608, date(2026, 8, 5), "2026-08-05"):
        assert month_of(told_so) == "2026-08"
    with pytest.raises(Unfit):
        month_of("")
