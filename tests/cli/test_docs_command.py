"""`relief docs`: the pages of the policies follow the rule files."""

from __future__ import annotations

import shutil
from pathlib import Path

from relief_runner import ISLAND, ROOT, Relief

PAGES = ROOT / "docs" / "policies"


def test_the_pages_of_the_repository_are_current(relief: Relief) -> None:
    result = relief("docs", "--check")
    assert result.exit_code == 0, result.stderr


def test_one_row_of_a_parameter_is_noticed_by_every_page_that_reads_it(
    relief: Relief, tmp_path: Path
) -> None:
    """A standard of 632 becomes 640 from a day on: one row more, and what is published stays as it is."""
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    row = "  - {from: 2026-10-01, value: {rural: 640, urban: 832}, published: 2026-09-20, cite: local-text-needed}\n"
    with (policies / "parameters" / "linkou" / "dibao_standard.yaml").open("a", encoding="utf-8") as file:
        file.write(row)
    result = relief("docs", "--policies", policies, "--check")
    assert result.exit_code == 1
    assert "dibao.zh-CN.md" in result.stderr and "dibao_edge.en.md" in result.stderr
    assert "orphan_allowance.zh-CN.md" not in result.stderr
    relief("docs", "--policies", policies, "--out", tmp_path / "pages")
    assert "农村 640" in (tmp_path / "pages" / "dibao.zh-CN.md").read_text("utf-8")


def test_a_page_without_a_policy_goes_and_another_rulebook_has_its_own(
    relief: Relief, tmp_path: Path
) -> None:
    out = tmp_path / "pages"
    out.mkdir()
    (out / "gone.en.md").write_text("old\n", "utf-8")
    assert relief("docs", "--policies", ISLAND, "--out", out, "--check").exit_code == 1
    assert relief("docs", "--policies", ISLAND, "--out", out).exit_code == 0
    assert not (out / "gone.en.md").exists()
    assert "storm_help.en.md" in {path.name for path in out.iterdir()}
    assert relief("docs", "--policies", ISLAND, "--out", out, "--check").exit_code == 0
