"""Letters, reports and divergence on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from records.database import connect, writing
from records.keys import read_keys
from records.people import Identity, identify
from tests.cli.test_record_commands import ROOT, Office

DAYS = ("--on", "2025-10-15", "--known", "2025-10-20")


@pytest.fixture(scope="module")
def relief(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A record with one household and its decision."""
    office = Office(tmp_path_factory.mktemp("office"))
    office.place.joinpath("cache").mkdir()
    assert office("record", "init")[0] == 0
    sample = str(ROOT / "samples" / "household.json")
    office("record", "put", sample, "--actor", "li", "--since", "2025-01-01")
    return office


@pytest.fixture(scope="module")
def decision(relief: Office) -> str:
    return relief("record", "decide", "sample", "--actor", "wang", "--on", "2025-10-15")[1].strip()


def test_a_letter_needs_a_name_and_says_so(relief: Office, decision: str) -> None:
    """The sample's people have ids and no names: nothing is written to nobody."""
    told = ("--actor", "wang", "--purpose", "送达", "--policy", "dibao")
    code, _, wrong = relief("letter", decision, "--out", "a.pdf", *told)
    assert code == 2 and "没有登记姓名" in wrong and not (relief.place / "a.pdf").exists()
    code, _, wrong = relief("letter", decision, "--out", "a.txt", *told)
    assert code == 2 and ".pdf" in wrong
    code, _, wrong = relief("letter", "0" * 64, "--out", "a.pdf", *told)
    assert code == 1 and "没有裁定" in wrong


def test_a_letter_is_written_once_there_is_somebody_to_write_to(relief: Office, decision: str) -> None:
    database = connect(
        f"sqlite:///{relief.place / 'record.db'}", read_keys(relief.place / "record.keys.json")
    )
    with writing(database, "li") as write:
        identify(write, "p1", Identity("王小明"))
    database.engine.dispose()
    told = ("--actor", "wang", "--purpose", "送达", "--policy", "dibao", "--on", "2025-10-20")
    for name in ("a.pdf", "b.pdf", "a.html"):
        code, said, wrong = relief("letter", decision, "--out", name, *told)
        assert code == 0, wrong
        assert "最低生活保障确认决定书" in said and "样稿" in wrong
    assert (relief.place / "a.pdf").read_bytes() == (relief.place / "b.pdf").read_bytes()
    assert "王小明：" in (relief.place / "a.html").read_text("utf-8")
    code, _, wrong = relief("letter", decision, "--out", "c.pdf", *told, "--kind", "refusal")
    assert code == 2 and "refusal" in wrong
    assert relief("audit", "verify")[0] == 0


def test_a_month_is_written_three_times(relief: Office, decision: str) -> None:
    code, said, wrong = relief("report", "2025-10", "--out", "reports", "--by", "county")
    assert code == 0, wrong
    assert len(said.splitlines()) == 6
    place = relief.place / "reports"
    with (place / "report-2025-10.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    listed = json.loads((place / "lines-2025-10.json").read_text("utf-8"))
    cases = rows[0].index("件数")
    assert sum(int(row[cases]) for row in rows[1:]) == len(listed) > 5
    sheet = load_workbook(place / "lines-2025-10.xlsx").active
    assert sheet is not None and sheet.max_row == len(listed) + 1
    code, _, wrong = relief("report", "2025-13", "--out", "reports")
    assert code == 2 and "2025-10" in wrong
    assert relief("report", "2020-01", "--out", "none")[0] == 1


def test_divergence_names_the_lines_and_counts_households(relief: Office, decision: str) -> None:
    asked = ("divergence", "--area", "sample_county", "--on", "2025-10-15", "--concept", "counted_income")
    code, said, wrong = relief(*asked)
    assert code == 0, wrong
    assert "最低生活保障：" in said and "住房保障收入线" in said
    code, said, wrong = relief(*asked, "--count", "--format", "json")
    assert code == 0, wrong
    assert {"concepts", "several", "between"} == set(json.loads(said))
    assert relief("divergence", "--area", "nowhere")[0] == 2


def test_scans_need_a_directory_and_something_to_check(
    relief: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELIEF_DOCUMENTS", raising=False)
    code, _, wrong = relief("scans")
    assert code == 2 and "RELIEF_DOCUMENTS" in wrong
