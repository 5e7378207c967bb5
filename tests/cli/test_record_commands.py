"""The record on the command line, from an empty directory to a verified export."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from relief_runner import ROOT, Office


@pytest.fixture
def relief(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_from_nothing_to_a_verified_export(relief: Office) -> None:
    assert relief("record", "init")[0] == 0
    sample = str(ROOT / "samples" / "household.json")
    assert (
        relief("record", "put", sample, "--actor", "li", "--since", "2025-01-01")[1]
        == "sample: 已登记 · written down\n"
    )
    code, decision_id, _ = relief("record", "decide", "sample", "--actor", "wang", "--on", "2025-10-15")
    assert code == 0 and len(decision_id.strip()) == 64
    code, said, _ = relief("replay", decision_id.strip())
    assert code == 0 and "相同 · same: 1" in said
    code, said, _ = relief("audit", "verify")
    assert code == 0 and said.startswith("完整 · whole: ")
    _, head, _ = relief("audit", "anchor", "--actor", "zhao")
    assert relief("audit", "export", "--out", "audit.jsonl")[0] == 0
    verifier = ROOT / "records" / "verify_export.py"
    key = head.split()[-1]
    done = subprocess.run(
        [sys.executable, "-I", str(verifier), "audit.jsonl", key],
        cwd=relief.place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "signatures hold: 1" in done.stdout

    with sqlite3.connect(relief.place / "record.db") as connection:
        connection.execute("DROP TRIGGER assertion_no_update")
        connection.execute("UPDATE assertion SET value = '1' WHERE fact = 'financial_assets'")
    code, said, _ = relief("audit", "verify")
    assert code == 1 and "assertion" in said and "被改动 · was changed" in said
    code, said, _ = relief("replay")
    assert code == 1 and "不同 · differs: 1" in said


def test_what_goes_wrong_is_said(relief: Office) -> None:
    code, _, problem = relief("audit", "verify")
    assert code == 2 and "record.keys.json" in problem and "relief record keys" not in problem
    relief("record", "init")
    code, _, problem = relief("record", "decide", "nobody", "--actor", "wang", "--on", "2025-10-15")
    assert code == 2 and "没有家庭 nobody" in problem
    assert relief("replay")[0] == 1
    code, _, problem = relief("audit", "verify", "--record", "nonsense")
    assert code == 2 and "不是数据库地址" in problem
