"""A batch that is wrong is named with file, column and row, in both languages; the others are not harmed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.main import app
from cli.stop import BAD_INPUT, PARTIAL
from county.sample import sample
from engine.population import stream
from engine.population.problems import MOST_ROWS, PHRASES
from tests.support.county import DAY
from tests.support.households import shipped

HOUSEHOLDS, AT_ONCE = 400, 100  # a row group, and so a batch


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return sample(shipped(), HOUSEHOLDS, 2).households


Change = Callable[[pa.Table], pa.Table]


def replaced(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    """One cell of a column is another."""
    place = table.schema.get_field_index(name)
    values = table.column(name).to_pylist()
    values[row] = value
    kind = table.schema.field(name).type
    kind = pa.string() if pa.types.is_dictionary(kind) else kind
    return table.set_column(place, pa.field(name, kind), pa.array(values, kind))


def with_person(table: pa.Table, row: int, fact: str, value: object) -> pa.Table:
    people = table.column("people").to_pylist()[row]
    return replaced(table, "people", row, [{**people[0], fact: value}, *people[1:]])


def decided(
    table: pa.Table, directory: Path, capsys: pytest.CaptureFixture[str], data: Path | None = None
) -> tuple[int, str]:
    """Exit code and complaints of `relief decide-all`."""
    path = directory / "data.parquet"
    if data is None:
        pq.write_table(table, path, row_group_size=AT_ONCE)
    asked = ["decide-all", str(data or path), "--on", "2026-09-15", "--known", "2026-09-15"]
    with pytest.raises(SystemExit) as ended:
        app([*asked, "--out", str(directory / "out")])
    told = capsys.readouterr().err.replace(str(directory) + "/", "")
    assert isinstance(ended.value.code, int)
    return ended.value.code, told


WHOLE: dict[str, tuple[Change, str]] = {
    "missing column": (
        lambda table: table.drop_columns(["area"]),
        "data.parquet: area: 缺少这一列；请补上后重新提交\n"
        "      = area: this column is missing; add it and send the table again\n",
    ),
    "wrong type": (
        lambda table: table.set_column(
            table.schema.get_field_index("financial_assets"), "financial_assets", pa.array([1.5] * len(table))
        ),
        "data.parquet: financial_assets: 应为 decimal128(18, 2)，实为 double；请改列的类型\n"
        "      = financial_assets: decimal128(18, 2) is needed, and this is double; change the type of the column\n",
    ),
    "unknown column": (
        lambda table: table.append_column("finacial_assets", pa.nulls(len(table), pa.int64())),
        "data.parquet: finacial_assets: 没有这项事实；相近的有：financial_assets\n"
        "      = finacial_assets: there is no such fact; the nearest are financial_assets\n",
    ),
    "no households": (
        lambda table: table.slice(0, 0),
        "data.parquet: 表中没有家庭；请检查导出\n      = there are no households in this table; check the export\n",
    ),
}

BATCH: dict[str, tuple[Change, str]] = {
    "unknown choice": (
        lambda table: replaced(table, "house_grade", 150, "e"),
        "data.parquet: 第 151 行，户 H0000150，house_grade: “e”不是可选值；可填：a, b, c, d, none\n"
        "      = row 151, household H0000150, house_grade: `e` is not a value of this choice; it is one of a, b, c, d, none\n",
    ),
    "unknown choice of a person": (
        lambda table: with_person(table, 199, "whereabouts", "gone"),
        "data.parquet: 第 200 行，户 H0000199，people.whereabouts: “gone”不是可选值；可填：ordinary, religious_premises, "
        "prison, labour_reeducation, drug_isolation, declared_missing, dead, wandering\n"
        "      = row 200, household H0000199, people.whereabouts: `gone` is not a value of this choice; it is one of "
        "ordinary, religious_premises, prison, labour_reeducation, drug_isolation, declared_missing, dead, wandering\n",
    ),
    "out of range": (
        lambda table: replaced(table, "financial_assets", 100, Decimal("-0.01")),
        "data.parquet: 第 101 行，户 H0000100，financial_assets: -0.01 不在数据字典规定的范围 0 至 100000000 内\n"
        "      = row 101, household H0000100, financial_assets: -0.01 is not within the range that the dictionary "
        "declares, 0 to 100000000\n",
    ),
    "unknown area": (
        lambda table: replaced(table, "area", 120, "sample_liuh"),
        "data.parquet: 第 121 行，户 H0000120，area: 规则库没有地区“sample_liuh”；相近的有：sample_liuhe, sample_liuhe_21, sample_liuhe_20\n"
        "      = row 121, household H0000120, area: there is no area `sample_liuh` in this rulebook; the nearest are "
        "sample_liuhe, sample_liuhe_21, sample_liuhe_20\n",
    ),
    "nobody": (
        lambda table: replaced(table, "people", 101, []),
        "data.parquet: 第 102 行，户 H0000101，people: 没有列出任何人；至少填申请人\n"
        "      = row 102, household H0000101, people: nobody is listed in `people`; name at least the applicant\n",
    ),
    "same household twice": (
        lambda table: replaced(table, "household_id", 130, "H0000110"),
        "data.parquet: 第 131 行，household_id: 户编号“H0000110”重复，第 111 行已有；每户只留一行\n"
        "      = row 131, household_id: the household id `H0000110` stands in row 111 already; keep one row for each household\n",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_table_that_is_wrong_as_a_whole(
    name: str, table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, expected = WHOLE[name]
    code, told = decided(change(table), tmp_path, capsys)
    assert (code, told) == (BAD_INPUT, expected)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", BATCH)
def test_a_batch_that_is_wrong(
    name: str, table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, expected = BATCH[name]
    code, told = decided(change(table), tmp_path, capsys)
    assert code == PARTIAL
    assert (
        told == f"data.parquet: 第 101 至 200 行这一批未裁定 · rows 101 to 200 were not decided\n{expected}"
    )
    whole = tmp_path / "whole"
    pq.write_table(table, tmp_path / "good.parquet", row_group_size=AT_ONCE)
    stream.decide_all(shipped(), tmp_path / "good.parquet", whole, DAY, DAY)
    parts = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("part-*.parquet")}
    assert set(parts) == {f"part-{number:05d}.parquet" for number in (0, 2, 3)}
    assert all((whole / part).read_bytes() == content for part, content in parts.items())


def test_every_problem_of_a_batch_is_told_and_not_too_many_of_a_kind(table: pa.Table, tmp_path: Path) -> None:
    wrong = replaced(table, "house_grade", 3, "e")
    wrong = with_person(wrong, 5, "self_care_items_failed", 7)
    wrong = replaced(wrong, "residence_permit_here", 6, None)
    for row in range(10, 10 + MOST_ROWS + 5):
        wrong = replaced(wrong, "financial_assets", row, Decimal("-1.00"))
    pq.write_table(wrong, tmp_path / "data.parquet", row_group_size=AT_ONCE)
    summary = stream.decide_all(shipped(), tmp_path / "data.parquet", tmp_path / "out", DAY, DAY)
    (refused,) = summary.refused
    assert [(one.code, one.row) for one in refused.problems[:4]] == [
        ("more-of-these", None),
        ("unknown-choice", 3),
        ("out-of-range", 5),
        ("out-of-range", 10),
    ]
    assert refused.problems[0].told["count"] == "5"
    assert summary.computed == HOUSEHOLDS - AT_ONCE


def test_a_truncated_file(table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.parquet"
    pq.write_table(table, path)
    path.write_bytes(path.read_bytes()[:-2000])
    code, told = decided(table, tmp_path, capsys, path)
    assert code == BAD_INPUT
    assert told.startswith("cut.parquet: 读不出来，文件可能被截断或损坏；请重新传送（")
    assert "\n      = cannot be read, the file may be cut off or damaged; send it again (" in told


def test_a_damaged_row_group(table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table, path, row_group_size=AT_ONCE)
    groups = pq.ParquetFile(path).metadata
    chunk = groups.row_group(2).column(0)
    content = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(bytes(content))
    code, told = decided(table, tmp_path, capsys, path)
    assert code == PARTIAL
    assert "第 201 至 300 行这一批未裁定 · rows 201 to 300 were not decided" in told
    assert "第 201 行: 读不出来，文件可能被截断或损坏" in told
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) == 3


def test_a_full_disk(
    table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        if len(list((tmp_path / "out").glob("part-*.parquet"))) >= 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(stream.os, "fsync", full)
    code, told = decided(table, tmp_path, capsys)
    assert code == PARTIAL
    assert told == (
        "out: 结果写不下去（No space left on device）；已完成的批次保留，腾出空间后重新运行即可接着做\n"
        "      = the results cannot be written (No space left on device); finished batches stay, make room and run "
        "the same again to go on\n"
    )
    assert not list((tmp_path / "out").glob("*.part"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("part-*.parquet")}
    monkeypatch.undo()
    app(["decide-all", str(tmp_path / "data.parquet"), "--on", "2026-09-15", "--known", "2026-09-15",
         "--out", str(tmp_path / "out")], standalone_mode=False)  # fmt: skip
    after = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("part-*.parquet")}
    assert len(after) == HOUSEHOLDS // AT_ONCE
    assert before.items() <= after.items()


def test_one_wrong_file_does_not_stop_the_others(
    table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        pq.write_table(table.slice(number * 100, 100), data / f"town-{number}.parquet")
    cut = data / "town-1.parquet"
    cut.write_bytes(cut.read_bytes()[:500])
    asked = ["decide-all", str(data), "--on", "2026-09-15", "--known", "2026-09-15", "--format", "json"]
    with pytest.raises(SystemExit) as ended:
        app([*asked, "--out", str(tmp_path / "out")])
    assert ended.value.code == PARTIAL
    told = capsys.readouterr()
    assert "town-1.parquet: 读不出来" in told.err and '"computed": 200' in told.out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["town-0", "town-2"]


def test_every_phrase_is_said_in_both_languages() -> None:
    assert all(set(phrases) == {"zh", "en"} and all(phrases.values()) for phrases in PHRASES.values())
