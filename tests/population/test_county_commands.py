"""The commands over a county, as people use them: what they print in both languages, what they write, how they refuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli import charts
from cli.main import app
from cli.stop import BAD_INPUT
from tests.support.county import Decided, decided_county
from tests.support.households import POLICIES


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return decided_county(tmp_path_factory.mktemp("county"), 1200, 4)


def asked(county: Decided, command: str, *more: str) -> list[str]:
    return [command, str(county.run.out), "--data", str(county.data), *more]


def told(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    capsys.readouterr()
    app(arguments, standalone_mode=False)
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        app(arguments)
    assert ended.value.code == BAD_INPUT
    return capsys.readouterr().err


def test_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, ["sample", "--households", "50", "--seed", "2", "--out", str(tmp_path)])
    assert "50 households" in out and "only relief record faults reads it" in out
    assert len(pq.read_table(tmp_path / "households.parquet")) == 50


def test_rank(county: Decided, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, asked(county, "rank", "--top", "2"))
    assert "城关镇（" in text and "得分（最低）" in text and "未救助" in text
    text = told(capsys, asked(county, "rank", "--lang", "en", "--area", "sample_liuhe", "--top", "1"))
    assert "Liuhe town" in text and "Chengguan" not in text and "not aided" in text
    listed = json.loads(told(capsys, asked(county, "rank", "--whole", "--top", "5", "--format", "json")))
    assert [row["place"] for row in listed] == [1, 2, 3, 4, 5]
    for name in ("list.csv", "list.xlsx", "list.parquet"):
        told(capsys, asked(county, "rank", "--to", str(tmp_path / name)))
    assert len(pq.read_table(tmp_path / "list.parquet")) == 1200
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "there is no area `nowhere`" in refused(capsys, asked(county, "rank", "--area", "nowhere"))
    assert "name a file that ends in" in refused(
        capsys, asked(county, "rank", "--to", str(tmp_path / "a.doc"))
    )


def test_missed(county: Decided, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, asked(county, "missed", "--top", "30"))
    assert "漏保（" in text and "在册但不符合（" in text and "资料中无人在册，未核对" in text
    assert "因残疾产生额外护理支出、需要长期照护已持续几个月（不需要填0）？" in text
    text = told(capsys, asked(county, "missed", "--lang", "en", "--policy", "disabled_care"))
    assert "For how many months has care been needed (0 if none)? [disabled_federation]" in text
    assert "Allowance for the very old" not in text
    told(capsys, asked(county, "missed", "--to", str(tmp_path / "missed.parquet")))
    assert {path.name for path in tmp_path.iterdir()} == {
        "missed-missed.parquet",
        "missed-one-fact-away.parquet",
        "missed-refused.parquet",
    }
    listed = json.loads(told(capsys, asked(county, "missed", "--format", "json")))
    assert {row["policy"] for row in listed["missed"]} > {"dibao", "elderly_80"}
    assert "medical_aid" in listed["unchecked"]


def test_duplicates(county: Decided, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, asked(county, "duplicates"))
    assert "一人在两户（3）" in text and "没有查一人两号" in text
    text = told(capsys, asked(county, "duplicates", "--persons", str(county.persons), "--lang", "en"))
    assert "perhaps one person under two numbers（3）" in text and "same name" in text
    wrong = refused(capsys, asked(county, "duplicates", "--persons", str(county.data)))
    assert "name: 缺少这一列" in wrong and "name: this column is missing" in wrong


def test_other_results_are_refused(
    county: Decided, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = ["rank", str(tmp_path), "--data", str(county.data)]
    assert "没有批量裁定的结果，请先运行 relief decide-all · there are no results here" in refused(
        capsys, nothing
    )
    cut = tmp_path / "cut"
    shutil.copytree(county.run.out, cut)
    (cut / "part-00000.parquet").unlink()
    assert "结果不全，缺 part-00000.parquet" in refused(
        capsys, ["missed", str(cut), "--data", str(county.data)]
    )


# --- impact and its chart -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("raised") / "policies"
    shutil.copytree(POLICIES, directory)
    (directory / "versions.lock").unlink()
    file = directory / "parameters" / "linkou" / "dibao_standard.yaml"
    file.write_text(file.read_text("utf-8").replace("rural: 632", "rural: 640"), "utf-8")
    return directory


def test_impact(county: Decided, raised: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = ["--on", "2026-09-15", "--known", "2026-09-15"]
    asked_ = ["impact", str(county.data), "--rulebook", str(raised), "--out", str(tmp_path / "out"), *days]
    text = told(capsys, asked_)
    assert "1200 户：" in text and "按乡镇（每月）" in text and "最清楚的例子" in text
    assert "最低生活保障" in text and "按条款" in text
    drawn = (tmp_path / "out" / "cliffs.svg").read_text("utf-8")
    assert "收入增加时，到手多少" in drawn and "新规则" in drawn
    assert (tmp_path / "out" / "changes.csv").is_file()
    text = told(capsys, [*asked_, "--lang", "en", "--chart", str(tmp_path / "english.svg")])
    assert "by town (a month)" in text and "where a higher wage leaves less" in text
    assert "What is left as income rises" in (tmp_path / "english.svg").read_text("utf-8")
    found = json.loads(told(capsys, [*asked_, "--format", "json"]))
    assert found["whole"]["households"] == 1200 and len(found["examples"]) <= 5
    assert "there is no household `H1`" in refused(capsys, [*asked_, "--household", "H1"])
    assert "换一个目录" in refused(capsys, [*asked_[:-1], "2026-09-16"])


def test_a_png_needs_a_chinese_font(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import altair as alt
    import typer

    chart = alt.Chart(alt.Data(values=[{"x": 1, "y": "低保"}])).mark_bar().encode(x="x:Q", y="y:N")
    monkeypatch.setattr(charts, "PLACES", ())
    monkeypatch.delenv("RELIEF_FONTS", raising=False)
    with pytest.raises(typer.Exit):
        charts.write_chart(chart, tmp_path / "a.png")
    assert "fonts-noto-cjk" in capsys.readouterr().err
    charts.write_chart(chart, tmp_path / "a.svg")
    assert "低保" in (tmp_path / "a.svg").read_text("utf-8")
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "NotoSansCJK-Regular.ttc").write_bytes(b"")
    monkeypatch.setenv("RELIEF_FONTS", str(tmp_path / "fonts"))
    assert charts.chinese_font() == ("Noto Sans CJK SC", tmp_path / "fonts")


@pytest.mark.skipif(charts.chinese_font() is None, reason="no font with Chinese letters on this machine")
def test_a_png_is_drawn(tmp_path: Path) -> None:
    import altair as alt

    chart = alt.Chart(alt.Data(values=[{"x": 1, "y": "低保"}])).mark_bar().encode(x="x:Q", y="y:N")
    charts.write_chart(chart, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
