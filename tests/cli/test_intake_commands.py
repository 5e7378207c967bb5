"""Intake on the command line: a county loaded, sheets, an opening, a feed, answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from test_record_commands import Office

from records.standards.gb11643 import check_digit

FIRST = "23990119400302011"
WANG = FIRST + check_digit(FIRST)


@pytest.fixture
def relief(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    assert office("record", "init")[0] == 0
    return office


def test_a_county_is_loaded_and_holds(relief: Office) -> None:
    code, _, problem = relief("record", "load", "nowhere", "--actor", "li")
    assert code == 2 and "relief sample" in problem
    assert relief("sample", "--households", "40", "--seed", "3", "--out", "county")[0] == 0
    code, said, problem = relief("record", "load", "county", "--actor", "li")
    assert code == 0 and said.startswith("40 户"), problem
    assert relief("audit", "verify")[0] == 0
    code, _, problem = relief("record", "load", "county", "--actor", "li")
    assert code == 2 and "已有家庭" in problem


def test_from_a_template_to_an_answered_proposal(relief: Office) -> None:
    place = relief.place
    assert relief("record", "template", "--out", "t.xlsx")[0] == 0
    made = load_workbook(place / "t.xlsx")
    made["家庭"].append(["h1", "sample_liuhe_01"])
    made["人员"].append(["h1", "p1", "王秀兰", WANG])
    made["家庭"].append(["h2", "nowhere"])
    made.save(place / "filled.xlsx")
    code, said, _ = relief(
        "record", "import", "filled.xlsx", "--actor", "li", "--since", "2020-01-01", "--out", "out"
    )
    assert code == 3 and "收下 1 户" in said
    assert "nowhere" in str(list(load_workbook(place / "out" / "to-correct.xlsx")["家庭"].values))
    assert (place / "out" / "verdicts.csv").read_text("utf-8-sig").count("通过") == 2

    (place / "awards.csv").write_text(f"身份证号码,政策,起始日期,金额\n{WANG},elderly_80,2023-03-01,100\n")
    opening = ("record", "open-import", "awards.csv", "--actor", "li", "--as-of", "2026-09-15")
    code, said, problem = relief(*opening)
    assert code == 0 and "待遇 1 项" in said, problem
    code, said, _ = relief("record", "waiting", "--format", "json")
    assert json.loads(said)["count"] == 1
    number = str(json.loads(said)["awards"][0]["award"])
    assert (
        relief("record", "review", number, "confirmed", "--actor", "zhang", "--reason", "与底册一致")[0] == 0
    )
    assert relief("record", "review", number, "confirmed", "--actor", "zhang", "--reason", "再来")[0] == 2

    (place / "deaths.csv").write_text(f"身份证号码,死亡日期\n{WANG},2026-08-20\n")
    matching = ("match", "deaths.csv", "--source", "deaths", "--actor", "feeds", "--as-of", "2026-09-01")
    code, said, problem = relief(*matching, "--format", "json")
    assert code == 0 and json.loads(said)["counts"]["proposed-event"] == 1, problem
    code, said, _ = relief("record", "proposals", "--format", "json")
    event = json.loads(said)["proposals"][0]
    answering = (
        "record",
        "answer",
        str(event["proposal"]),
        "confirmed",
        "--actor",
        "zhang",
        "--reason",
        "已核实",
    )
    assert relief(*answering)[0] == 0
    assert relief(*answering)[0] == 2
    code, said, _ = relief("match", "--rates")
    assert code == 0 and said.startswith("deaths: 100.0%")
    assert relief("audit", "verify")[0] == 0


def test_what_a_match_needs_is_said(relief: Office) -> None:
    (relief.place / "feed.csv").write_text("身份证号码\n")
    assert "--source" in relief("match")[2]
    code, _, problem = relief("match", "feed.csv", "--source", "death", "--actor", "li")
    assert code == 2 and "deaths" in problem
    code, _, problem = relief("match", "feed.csv", "--source", "deaths", "--actor", "li")
    assert code == 2 and "没有这样的列" in problem
    (relief.place / "feed.csv").write_text("身份证号码,死亡日期\n")
    code, _, problem = relief("match", "feed.csv", "--source", "deaths", "--actor", "li")
    assert code == 2 and "没有一行" in problem


def test_a_night_over_a_county_is_held_against_its_answer_key(relief: Office) -> None:
    assert relief("sample", "--households", "300", "--seed", "3", "--out", "county")[0] == 0
    code, said, problem = relief("record", "load", "county", "--actor", "li")
    assert code == 0 and "个收款账户" in said and not said.rstrip().endswith(" 0 payees"), problem
    assert relief("record", "faults", "nowhere.parquet")[0] == 2
    key = str(relief.place / "county" / "answer-key" / "answer_key.parquet")
    code, before, problem = relief("record", "faults", key)
    assert code == 0 and "漏查 · missed" in before, problem
    night = ("nightly", "--actor", "night", "--on", "2026-09-15", "--workers", "1", "--each", "5")
    code, said, problem = relief(*night)
    assert code == 0 and "条留待以后各夜" in said, problem
    code, after, problem = relief("record", "faults", key)
    assert code == 0 and "漏查" not in after and "误报" not in after, after
    assert "未埋设问题的家庭被预警 0 条" in after and "同一事由重复临时救助" in after
    code, said, problem = relief("record", "exits", "--by", "township", "--on", "2026-09-30")
    assert code == 0 and "应退未报情形" in said, problem
    assert relief("record", "exits", "--by", "street")[0] == 2
