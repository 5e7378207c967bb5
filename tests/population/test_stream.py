"""Parquet to Parquet: the same bytes however often a run was cut off, and errors that say where."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.main import app
from engine.population import stream
from engine.population.documents import document_of, table_of
from engine.population.problems import BadTable
from tests.support.households import Families, places, shipped, without

DAY = 20260915
HOUSEHOLDS = 60


@pytest.fixture(scope="module")
def documents() -> list[Any]:
    random, families = Random(5), Families(shipped())
    found = []
    for number in range(HOUSEHOLDS):
        document = families.document(random, DAY) | {"household_id": f"h{number}"}
        lost = [place for place in places(document) if len(place) < 4 and random.random() < 0.02]
        found.append(without(document, lost))
    return found


@pytest.fixture
def data(documents: list[Any], tmp_path: Path) -> Path:
    path = tmp_path / "data.parquet"
    pq.write_table(table_of(shipped(), documents, DAY, DAY), path, row_group_size=25)
    return path


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def test_a_run_that_was_cut_off_ends_in_the_same_bytes(data: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    first = stream.decide_all(shipped(), data, whole, DAY, DAY, at_once=10)
    assert (first.households, first.computed) == (HOUSEHOLDS, HOUSEHOLDS)
    assert len(contents(whole)) == 1 + 7  # 25 + 25 + 10 households, ten at once

    class Cut(Exception):
        pass

    def stop(rows: int) -> None:
        raise Cut

    with pytest.raises(Cut):
        stream.decide_all(shipped(), data, cut, DAY, DAY, at_once=10, workers=1, progress=stop)
    (cut / "part-00006.part").write_bytes(b"half of a")
    assert len(list(cut.glob("part-*.parquet"))) < 7
    told: list[int] = []
    again = stream.decide_all(shipped(), data, cut, DAY, DAY, at_once=10, workers=2, progress=told.append)
    assert 0 < again.computed < HOUSEHOLDS
    assert sum(told) == HOUSEHOLDS
    assert again.outcomes == first.outcomes
    assert contents(cut) == contents(whole)


def test_every_household_has_its_row_in_its_place(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = stream.decide_all(shipped(), data, out, DAY, DAY, at_once=7)
    rows = [row for path in sorted(out.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert [row["household_id"] for row in rows] == [f"h{number}" for number in range(HOUSEHOLDS)]
    counted = sum(row["dibao"]["outcome"] == "eligible" for row in rows)
    assert summary.outcomes["dibao"]["eligible"] == counted > 0
    for number in (0, 24, 25, 59):
        place, _ = stream.find_household(data, f"h{number}")
        assert place == number
        assert stream.result_row(data, out, place) == rows[number]


def test_a_table_written_by_polars_gives_the_same_results(data: Path, tmp_path: Path) -> None:
    written = tmp_path / "polars.parquet"
    pl.read_parquet(data).write_parquet(written)
    stream.decide_all(shipped(), data, tmp_path / "a", DAY, DAY)
    stream.decide_all(shipped(), written, tmp_path / "b", DAY, DAY)
    a, b = (
        [
            row
            for path in sorted((tmp_path / out).glob("*.parquet"))
            for row in pq.read_table(path).to_pylist()
        ]
        for out in "ab"
    )
    assert a == b


def test_a_directory_of_another_run_is_left_alone(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stream.decide_all(shipped(), data, out, DAY, DAY)
    before = contents(out)
    with pytest.raises(stream.OtherRun, match=r"^known$"):
        stream.decide_all(shipped(), data, out, DAY, DAY + 1)
    assert contents(out) == before


def test_a_document_survives_the_table(documents: list[Any]) -> None:
    rows = table_of(shipped(), documents, DAY, DAY).to_pylist()
    assert [_sorted(document_of(row)) for row in rows] == [_sorted(document) for document in documents]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    return Decimal(value) if type(value) is int else value


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.slice(0, 0), "there are no households"),
        (lambda table: table.drop_columns(["area"]), "area: this column is missing"),
        (
            lambda table: table.append_column("incme", pa.nulls(len(table), pa.int64())),
            "incme: there is no such fact",
        ),
        (
            lambda table: table.set_column(
                table.schema.get_field_index("financial_assets"),
                "financial_assets",
                pa.array([1.5] * len(table)),
            ),
            "financial_assets: decimal128",
        ),
    ],
)
def test_a_wrong_table_is_refused_and_says_where(data: Path, tmp_path: Path, change: Any, told: str) -> None:
    wrong = tmp_path / "wrong.parquet"
    pq.write_table(change(pq.read_table(data)), wrong)
    with pytest.raises(BadTable) as refused:
        stream.decide_all(shipped(), wrong, tmp_path / "out", DAY, DAY)
    assert told in str(refused.value)
    assert not list((tmp_path / "out").glob("part-*.parquet"))


def test_the_commands(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    asked = ["decide-all", str(data), "--on", "2026-09-15", "--known", "2026-09-15", "--out", str(out)]
    app([*asked, "--format", "json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["computed"] == HOUSEHOLDS
    app(asked, standalone_mode=False)
    assert "60 households, 0 of them computed now" in capsys.readouterr().out
    app(["explain-row", str(data), "h7", "--out", str(out)], standalone_mode=False)
    assert "家庭 h7" in capsys.readouterr().out


def test_a_row_of_results_that_was_changed_is_found(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    stream.decide_all(shipped(), data, out, DAY, DAY)
    part = out / "part-00000.parquet"
    table = pq.read_table(part)
    swapped = pa.concat_tables([table.slice(1, 1), table.slice(0, 1), table.slice(2)])
    pq.write_table(swapped, part)
    with pytest.raises(SystemExit) as ended:
        app(["explain-row", str(data), "h0", "--out", str(out)])
    assert ended.value.code == 1
    assert "/household_id: h0, not h1" in capsys.readouterr().err
