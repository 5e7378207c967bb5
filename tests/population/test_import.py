"""Households from sheets: what is right comes in as it was, what is wrong is told by row and column and sent back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from cli.main import app
from cli.stop import BAD_INPUT, PARTIAL
from cli.table_files import write_workbook
from county.sample import sample
from engine.population.cells import Unfit, day_of, number_of, text_of
from engine.population.documents import document_of
from engine.population.sheets import WORDS
from tests.support.county import Decided, decided_county
from tests.support.households import shipped

Sheets = dict[str, tuple[list[Any], list[list[Any]]]]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return sample(shipped(), 40, 3).households


def sheets_of(table: pa.Table, language: str = "") -> Sheets:
    """The sheets that say what a table says; titles by label where a language is named."""
    book = shipped()
    found: Sheets = {}

    def put(sheet: str, row: dict[str, Any]) -> None:
        header, rows = found.setdefault(sheet, ([], []))
        header += [name for name in row if name not in header]
        rows.append([row.get(name) for name in header])

    def split(owner: dict[str, Any], ids: dict[str, Any], skip: tuple[str, ...]) -> dict[str, Any]:
        row = dict(ids)
        for name, value in owner.items():
            if name in skip:
                continue
            if not isinstance(value, list):
                row[name] = value
            elif not value:
                row[name] = "无"
            else:
                for entry in value:
                    put(name, {**ids, **entry})
        return row

    for raw in table.to_pylist():
        document = document_of(raw)
        ids = {"household_id": document["household_id"]}
        for person in document["people"]:
            put("people", split(person, {**ids, "person_id": person["person_id"]}, ("person_id",)))
        put("households", split(document, ids, ("household_id", "people")))
    for sheet, (header, rows) in found.items():
        for row in rows:
            row += [None] * (len(header) - len(row))
        if language and sheet in ("households", "people"):
            labels = {fact.name: fact.value.label[language] for fact in book.facts.values() if not fact.items}
            found[sheet] = ([labels.get(name, name) for name in header], rows)
    return found


def write_csv(sheets: Sheets, directory: Path, encoding: str) -> None:
    directory.mkdir()
    for name, (header, rows) in sheets.items():
        with (directory / f"{name}.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(
                [header, *(["" if cell is None else cell for cell in row] for row in rows)]
            )


def imported(source: Path, out: Path, *more: str) -> int:
    try:
        app(["import", str(source), "--out", str(out), *more], standalone_mode=True)
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        return ended.code
    raise AssertionError


def plain(rows: list[Any]) -> list[Any]:
    return [dict(sorted(document_of(row).items())) for row in rows]


@pytest.mark.parametrize("kind", ["workbook", "labels", "utf-8", "gb18030"])
def test_what_is_right_comes_in_as_it_was(kind: str, table: pa.Table, tmp_path: Path) -> None:
    sheets = sheets_of(table, "zh" if kind == "labels" else "")
    source = tmp_path / "in.xlsx"
    if kind in ("workbook", "labels"):
        write_workbook(sheets, source)
    else:
        source = tmp_path / "in"
        write_csv(sheets, source, kind)
    assert imported(source, tmp_path / "out") == 0
    assert plain(pq.read_table(tmp_path / "out" / "households.parquet").to_pylist()) == plain(
        table.to_pylist()
    )
    verdicts = list(csv.reader((tmp_path / "out" / "verdicts.csv").open(encoding="utf-8-sig")))
    assert {row[3] for row in verdicts[1:]} == {"通过"}
    assert len(verdicts) - 1 == sum(len(rows) for _, rows in sheets.values())
    assert not list((tmp_path / "out").glob("to-correct*"))


def cell(sheets: Sheets, sheet: str, row: int, column: str, value: Any) -> None:
    """Another value in a cell, by the row as people count."""
    header, rows = sheets[sheet]
    rows[row - 2][header.index(column)] = value


Change = Callable[[Sheets], None]
WRONG: dict[str, tuple[Change, tuple[str, int, str], str, str]] = {
    "truth": (
        lambda sheets: cell(sheets, "households", 3, "consent_refused", "也许"),
        ("households", 3, "consent_refused"),
        "“也许”应填“是”或“否”",
        "`也许`: write yes or no",
    ),
    "choice": (
        lambda sheets: cell(sheets, "households", 4, "residence", "乡下"),
        ("households", 4, "residence"),
        "“乡下”不是可选值；可填：rural/农村, urban/城镇",
        "`乡下` is not a value of this choice; it is one of rural/农村, urban/城镇",
    ),
    "number": (
        lambda sheets: cell(sheets, "households", 5, "financial_assets", "1,200元"),
        ("households", 5, "financial_assets"),
        "“1,200元”不是数，请只填数字，不写单位和逗号",
        "`1,200元` is not a number; write digits alone, no unit and no comma",
    ),
    "day": (
        lambda sheets: cell(sheets, "people", 3, "birth_date", "2023-02-30"),
        ("people", 3, "birth_date"),
        "“2023-02-30”不是日期，请写成 2024-02-29",
        "`2023-02-30` is not a date; write 2024-02-29",
    ),
    "household unknown": (
        lambda sheets: cell(sheets, "people", 3, "household_id", "H9"),
        ("people", 3, "household_id"),
        "家庭表中没有这一户",
        "there is no such household in the sheet of households",
    ),
    "household twice": (
        lambda sheets: cell(sheets, "households", 6, "household_id", "H0000000"),
        ("households", 6, "household_id"),
        "户编号与第 2 行相同",
        "the same household as in row 2",
    ),
    "no area": (
        lambda sheets: cell(sheets, "households", 7, "area", None),
        ("households", 7, "area"),
        "不能为空",
        "must not be empty",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_row_and_column(name: str, table: pa.Table, tmp_path: Path) -> None:
    change, (sheet, row, column), zh, en = WRONG[name]
    sheets = sheets_of(table)
    change(sheets)
    write_workbook(sheets, tmp_path / "in.xlsx")
    for language, expected in (("zh", zh), ("en", en)):
        out = tmp_path / language
        assert imported(tmp_path / "in.xlsx", out, "--lang", language) == PARTIAL
        verdicts = list(csv.reader((out / "verdicts.csv").open(encoding="utf-8-sig")))
        told = [tuple(one) for one in verdicts if one[4]]
        assert [sheet, str(row), column, expected] in [[one[0], one[1], one[4], one[5]] for one in told]


def test_what_is_wrong_is_sent_back_and_comes_in_corrected(table: pa.Table, tmp_path: Path) -> None:
    sheets = sheets_of(table)
    header, rows = sheets["people"]
    cell(sheets, "people", 3, "school_level", "夜校")
    wrong = rows[1][header.index("household_id")]
    write_workbook(sheets, tmp_path / "in.xlsx")
    assert imported(tmp_path / "in.xlsx", tmp_path / "first") == PARTIAL
    taken = pq.read_table(tmp_path / "first" / "households.parquet")
    assert len(taken) == len(table) - 1 and wrong not in taken.column("household_id").to_pylist()

    book = load_workbook(tmp_path / "first" / "to-correct.xlsx")
    people = book["people"]
    titles = [one.value for one in people[1]]
    assert titles[0] == "问题"
    faulty = [row for row in people.iter_rows(min_row=2) if row[0].value]
    assert len(faulty) == 1 and "“夜校”不是可选值" in str(faulty[0][0].value)
    assert {row[0] for sheet in book for row in sheet.iter_rows(min_row=2, values_only=True)} > {None}
    faulty[0][titles.index("school_level")].value = "不在学"
    book.save(tmp_path / "corrected.xlsx")
    assert imported(tmp_path / "corrected.xlsx", tmp_path / "second") == 0
    (again,) = pq.read_table(tmp_path / "second" / "households.parquet").to_pylist()
    assert again["household_id"] == wrong


def test_a_mistake_of_the_document_is_told_at_its_cell(
    table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheets = sheets_of(table)
    cell(sheets, "households", 2, "financial_assets", -5)
    cell(sheets, "people", 4, "person_id", sheets["people"][1][1][sheets["people"][0].index("person_id")])
    write_csv(sheets, tmp_path / "in", "utf-8")
    capsys.readouterr()
    assert imported(tmp_path / "in", tmp_path / "out", "--format", "json", "--lang", "en") == PARTIAL
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert ("households", 2, "financial_assets") in {
        (one["sheet"], one["row"], one["column"]) for one in problems
    }
    assert (tmp_path / "out" / "to-correct" / "households.csv").is_file()


def test_unknown_columns_and_sheets(
    table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheets = sheets_of(table)
    header, rows = sheets["households"]
    sheets["households"] = ([*header, "finacial_assets"], [[*row, None] for row in rows])
    sheets["vehicels"] = (["household_id"], [["H0000000"]])
    write_workbook(sheets, tmp_path / "in.xlsx")
    assert imported(tmp_path / "in.xlsx", tmp_path / "out", "--lang", "en") == BAD_INPUT
    told = capsys.readouterr().err
    assert "there is no column called `finacial_assets`; the nearest are financial_assets" in told
    assert "there is no sheet called `vehicels`; the nearest are vehicles" in told


def test_a_cell_under_no_title_is_told(
    table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheets = sheets_of(table)
    sheets["people"][1][0].append("顺带一提")
    write_csv(sheets, tmp_path / "in", "utf-8")
    out = tmp_path / "out"
    assert imported(tmp_path / "in", out, "--lang", "en") == PARTIAL
    assert "people row 2 : a cell stands under no title" in capsys.readouterr().err
    assert (out / "to-correct" / "people.csv").is_file()
    sheets["people"][1][0].pop()
    write_csv(sheets, tmp_path / "again", "utf-8")
    assert imported(tmp_path / "again", out) == 0
    assert not list((out / "to-correct").iterdir())


def test_cells_are_read_exactly() -> None:
    assert [str(number_of(one)) for one in (632.1, "632.10", 1e-7, 5, 12.0)] == [
        "632.1",
        "632.1",
        "1E-7",
        "5",
        "12",
    ]
    assert day_of("2024/2/9") == day_of("2024年2月9日") == day_of(date(2024, 2, 9)) == "2024-02-09"
    assert text_of(12.0) == "12"
    for cell_, read in (("1e5", number_of), (True, number_of), ("2024-13-01", day_of), (1.5, text_of)):
        with pytest.raises(Unfit):
            read(cell_)
    assert all(set(words) == {"zh", "en"} for words in WORDS.values())


# --- results out --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return decided_county(tmp_path_factory.mktemp("county"), 300, 6)


def test_results_go_out_as_parquet_csv_and_xlsx(county: Decided, tmp_path: Path) -> None:
    for name in ("all.xlsx", "all.csv", "all.parquet"):
        asked = ["export", str(county.run.out), "--data", str(county.data), "--to", str(tmp_path / name)]
        app(asked, standalone_mode=False)
    parquet = pq.read_table(tmp_path / "all-findings.parquet")
    assert set(parquet.column("outcome").to_pylist()) <= {
        "eligible",
        "ineligible",
        "undetermined",
        "discretionary",
        "closed",
    }
    rows = list(csv.DictReader((tmp_path / "all-findings.csv").open(encoding="utf-8-sig")))
    sheet = load_workbook(tmp_path / "all.xlsx")["findings"]
    assert len(rows) == parquet.num_rows == sheet.max_row - 1 > 300
    assert [row["policy"] for row in rows] == parquet.column("policy").to_pylist()
    assert len(pq.read_table(tmp_path / "all-households.parquet")) == 300


def test_a_text_that_begins_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    write_workbook({"a": (["x"], [["=1+1"], ["+86"], ["普通"]])}, tmp_path / "a.xlsx")
    cells = [row[0] for row in load_workbook(tmp_path / "a.xlsx")["a"].iter_rows(min_row=2)]
    assert [(one.data_type, one.value) for one in cells] == [("s", "=1+1"), ("s", "+86"), ("s", "普通")]
