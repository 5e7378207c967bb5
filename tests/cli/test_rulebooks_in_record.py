"""Rulebooks, keys and erasure on the command line, over a record of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from relief_runner import ISLAND, Office

STORM = "harbour/storm_help/2001-01-01.yaml"
NEXT = "harbour/storm_help/2024-01-01.yaml"
HOUSEHOLD = '{"household_id": "h1", "area": "north", "people": [{"person_id": "p1"}], "zone": "shore"}'


class County(Office):
    """In a directory with a rulebook and a record."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.policies = place / "policies"
        shutil.copytree(ISLAND, self.policies)
        (place / "household.json").write_text(HOUSEHOLD)
        assert self("record", "init")[0] == 0

    def writes(self, path: str, text: str) -> None:
        target = self.policies / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")

    def reads(self, path: str) -> str:
        return (self.policies / path).read_text("utf-8")


@pytest.fixture
def relief(tmp_path: Path) -> County:
    return County(tmp_path)


def test_a_rulebook_from_draft_to_published(relief: County) -> None:
    assert relief("record", "put", "household.json", "--actor", "li", "--since", "2025-01-01")[0] == 0
    (first,) = relief("rulebook", "list")[1].splitlines()
    assert "已发布 · published 1" in first and "setup" in first
    relief.writes(NEXT, relief.reads(STORM).replace("from: 2001", "from: 2024").replace("120", "130"))
    code, tried, _ = relief("rulebook", "dry-run", "policies", "--on", "2026-06-01")
    assert code == 0 and NEXT in tried and "1 households decided of 1" in tried
    code, said, _ = relief("rulebook", "submit", "policies", "--actor", "li", "--note", "提高")
    assert code == 0
    new = said.split(":")[0]
    code, _, said = relief("rulebook", "publish", new, "--actor", "wang")
    assert code == 2 and "须为已复核" in said
    assert relief("rulebook", "check", new, "--actor", "li")[0] == 0
    code, _, said = relief("rulebook", "publish", new, "--actor", "li")
    assert code == 2 and "须由另一人发布" in said
    code, said, _ = relief("rulebook", "publish", new, "--actor", "wang")
    assert code == 0 and "第 2 版" in said
    lines = relief("rulebook", "list")[1].splitlines()
    assert [("superseded" in one, "published 2" in one) for one in lines] == [(False, True), (True, False)]
    assert relief("rulebook", "show", new, NEXT)[1] == relief.reads(NEXT)
    code, said, _ = relief("rulebook", "diff", first[:12], new)
    assert code == 1 and "+++ " in said and "then 130" in said
    code, said, _ = relief("rulebook", "find", "storm_help/2024-01-01")
    assert code == 0 and said.count(new) == 1 and first[:12] not in said
    decision = relief("record", "decide", "h1", "--actor", "wang", "--on", "2026-06-01")[1].strip()
    assert "相同 · same: 1" in relief("replay", decision)[1]
    assert relief("audit", "verify")[0] == 0


def test_a_changed_published_file_keeps_commands_and_the_server_from_starting(relief: County) -> None:
    relief("record", "put", "household.json", "--actor", "li", "--since", "2025-01-01")
    relief.writes(STORM, relief.reads(STORM).replace("then 120", "then 130"))
    line = next(i for i, one in enumerate(relief.reads(STORM).splitlines(), 1) if "then 130" in one)
    for command in (
        ("record", "decide", "h1", "--actor", "wang"),
        ("serve", "--record", "sqlite:///record.db", "--port", "0"),
    ):
        code, _, said = relief(*command)
        assert code == 2, said
        assert f"{STORM}:{line}: 被改动 · was changed" in said
        assert "-      value: if isle" in said and "+      value: if isle" in said
    relief.writes(STORM, relief.reads(STORM).replace("then 130", "then 120"))
    assert relief("record", "decide", "h1", "--actor", "wang")[0] == 0


def test_a_draft_with_problems_tells_them(relief: County) -> None:
    relief("record", "put", "household.json", "--actor", "li", "--since", "2025-01-01")
    relief.writes(NEXT, relief.reads(STORM).replace("from: 2001", "from: 2024").replace("savings", "savigns"))
    code, said, _ = relief("rulebook", "submit", "policies", "--actor", "li")
    assert code == 1 and f"policies/{NEXT}:" in said and "did you mean `savings`" in said
    assert relief("rulebook", "withdraw", said.split(":")[0], "--actor", "li")[0] == 0
    assert relief("rulebook", "dry-run", "policies")[0] == 1
    assert relief("rulebook", "show", "ffffffff")[0] == 2


def test_keys_are_rotated_and_a_household_is_erased(relief: County) -> None:
    relief("record", "put", "household.json", "--actor", "li", "--since", "2025-01-01")
    code, said, _ = relief("record", "rotate-keys", "--actor", "admin")
    assert code == 0 and "第 2 版" in said
    assert "已删去旧主密钥 1" in relief("record", "rotate-keys", "--drop-old", "--actor", "admin")[1]
    erase = ("record", "erase", "h1", "--actor", "admin", "--reason", "保存期满")
    code, _, said = relief(*erase, typed="h2\n")
    assert code == 2 and "什么也没有删除" in said
    code, _, said = relief(*erase, "--confirm", "h2")
    assert code == 2
    assert relief("record", "decide", "h1", "--actor", "wang")[0] == 0
    code, said, _ = relief(*erase, typed="h1\n")
    assert code == 0 and "household:h1" in said and "person:p1" in said
    code, _, said = relief("record", "decide", "h1", "--actor", "wang")
    assert code == 2 and "依法删除" in said
    assert relief("audit", "verify")[0] == 0
