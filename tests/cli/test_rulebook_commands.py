"""`relief check`, `policies`, `lock`, `schema`."""

import json
from pathlib import Path

import pytest
from relief_runner import ISLAND, ROOT, Relief

STORM = "harbour/storm_help/2001-01-01.yaml"


def break_it(island: Path) -> None:
    path = island / STORM
    path.write_text(path.read_text("utf-8").replace("savings < 1000.00", "savngs < 1000.00"), "utf-8")


def test_a_clean_rulebook_is_counted(relief: Relief) -> None:
    result = relief("check", "--policies", ISLAND)
    assert result.exit_code == 0
    assert "2 policies in 2 versions" in result.stdout


def test_the_shipped_rulebook_is_clean_and_says_so_in_chinese(relief: Relief) -> None:
    result = relief("check")
    assert result.exit_code == 0
    assert "没有问题" in result.stdout


def test_a_problem_has_a_place_a_caret_and_a_hint(relief: Relief, island: Path) -> None:
    break_it(island)
    result = relief("check", "--policies", island)
    assert result.exit_code == 1
    assert f"{island / STORM}:13:" in result.stdout
    assert "^^^^^^" in result.stdout
    assert "did you mean `savings`?" in result.stdout


def test_problems_as_json(relief: Relief, island: Path) -> None:
    break_it(island)
    result = relief("check", "--policies", island, "--format", "json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)["problems"]
    assert [(one["file"], one["line"], one["code"]) for one in told if "savngs" in one["message"]] == [
        (STORM, 13, "unknown-name")
    ]


def test_a_clean_rulebook_as_json(relief: Relief) -> None:
    told = json.loads(relief("check", "--policies", ISLAND, "--format", "json").stdout)
    assert told["problems"] == []
    assert told["counts"]["facts"] == 11


def test_what_is_open_is_listed_with_its_place(relief: Relief) -> None:
    told = relief("check", "--open", "--lang", "en").stdout
    place = "policies/parameters/linkou/dibao_standard.yaml:"
    gaps = [line for line in told.splitlines() if line.startswith(place) and "gap" in line]
    assert len(gaps) == 1
    assert "2026-01-01" in gaps[0]
    assert "local text needed" in told
    assert "assumed value" in told


def test_what_is_open_as_json_names_the_line(relief: Relief) -> None:
    found = json.loads(relief("check", "--open", "--format", "json").stdout)["open"]
    assert {one["kind"] for one in found} == {"gap", "assumed", "local-text-needed"}
    for one in found:
        line = (ROOT / "policies" / one["file"]).read_text("utf-8").splitlines()[one["line"] - 1]
        assert one["kind"].partition("-")[0] in line


def test_there_is_nothing_open_on_the_island(relief: Relief) -> None:
    assert (
        json.loads(relief("check", "--open", "--policies", ISLAND, "--format", "json").stdout)["open"] == []
    )


def test_a_directory_that_is_not_there(relief: Relief, tmp_path: Path) -> None:
    assert relief("check", "--policies", tmp_path / "nowhere").exit_code == 2


def test_an_empty_directory_is_not_a_rulebook(relief: Relief, tmp_path: Path) -> None:
    result = relief("check", "--policies", tmp_path)
    assert result.exit_code == 1
    assert "rulebook.yaml is missing" in result.stdout


def test_policies_as_a_table(relief: Relief) -> None:
    told = relief("policies", "--policies", ISLAND).stdout
    assert "storm_help" in told
    assert "Harbour office" in told
    assert "2001-01-01" in told


def test_policies_as_json(relief: Relief) -> None:
    told = json.loads(relief("policies", "--policies", ISLAND, "--format", "json").stdout)
    assert [(one["id"], one["unit"]) for one in told] == [
        ("school_meal", "person"),
        ("storm_help", "household"),
    ]


def test_the_variable_names_the_rulebook(relief: Relief, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELIEF_POLICIES", str(ISLAND))
    assert "storm_help" in relief("policies").stdout


def test_the_rulebook_here_goes_before_the_one_beside_the_program(
    relief: Relief,
    island: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    island.rename(island.parent / "policies")
    monkeypatch.chdir(island.parent)
    assert "storm_help" in relief("policies").stdout
    monkeypatch.chdir(island.parent.parent)
    assert "storm_help" not in relief("policies").stdout


def test_locking_adds_once_and_a_changed_file_is_refused(relief: Relief, island: Path) -> None:
    assert "5 added" in relief("lock", "--policies", island).stdout
    assert "0 added" in relief("lock", "--policies", island).stdout
    assert relief("check", "--policies", island).exit_code == 0
    path = island / STORM
    path.write_text(path.read_text("utf-8").replace("120", "130"), "utf-8")
    refused = relief("check", "--policies", island)
    assert refused.exit_code == 1
    assert "published-changed" in refused.stdout
    assert relief("lock", "--policies", island).exit_code == 2


def test_a_changed_comment_is_no_change(relief: Relief, island: Path) -> None:
    relief("lock", "--policies", island)
    path = island / STORM
    path.write_text(path.read_text("utf-8") + "# a remark\n", "utf-8")
    assert relief("check", "--policies", island).exit_code == 0


def test_a_removed_file_that_was_published_is_refused(relief: Relief, island: Path) -> None:
    relief("lock", "--policies", island)
    (island / STORM).unlink()
    assert "published-removed" in relief("check", "--policies", island).stdout


def test_a_broken_lock_is_told_with_its_place(relief: Relief, island: Path) -> None:
    for content in ("nonsense", "harbour/storm_help/2001-01-01.yaml: 12\n", "a: [\n"):
        (island / "versions.lock").write_text(content, "utf-8")
        result = relief("check", "--policies", island)
        assert result.exit_code == 1
        assert "versions.lock:1:" in result.stdout


def test_schemas_are_printed(relief: Relief) -> None:
    household = json.loads(relief("schema", "household", "--policies", ISLAND).stdout)
    assert household["properties"]["boats"]["title"] == "boats"
    assert household["$defs"]["value.savings"]["multipleOf"] == 0.01
    assert json.loads(relief("schema", "decision").stdout)["title"] == "a decision"


def test_what_a_problem_means_is_said_in_chinese_unless_english_is_asked_for(
    relief: Relief, island: Path
) -> None:
    break_it(island)
    assert "= 没有这个名称" in relief("check", "--policies", island).stdout
    assert "没有这个名称" not in relief("check", "--policies", island, "--lang", "en").stdout
