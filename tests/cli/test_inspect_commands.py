"""`relief inspect` over a record of its own: from the opening to a pack that is verified, each step by who may."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from relief_runner import ROOT, Office

from cli.stop import BAD_INPUT, NEGATIVE, PARTIAL
from records import accounts
from records.accounts import NewAccount
from records.database import Database, connect, migrate, writing
from records.keys import new_keys, write_keys
from records.rights import Grant, Role
from tests.records.inspectorate import paid_after_a_death
from tests.records.payoffice import AREA

PERIOD = ("--area", AREA, "--since", "2026-01-01", "--until", "2026-10-31", "--reason", "群众举报")


@pytest.fixture
def relief(tmp_path: Path) -> Office:
    keys = new_keys()
    write_keys(tmp_path / "record.keys.json", keys)
    database = connect(f"sqlite:///{tmp_path / 'record.db'}", keys, ZoneInfo("Asia/Shanghai"))
    migrate(database)
    paid_after_a_death(database)
    hire(database, "lin", Grant(Role.DEPARTMENT_OFFICER, AREA, "civil_affairs"))
    hire(database, "tao", Grant(Role.TOWNSHIP_OFFICER, AREA))
    hire(database, "shen", Grant(Role.AUDITOR, AREA))
    database.engine.dispose()
    (tmp_path / "policies").symlink_to(ROOT / "policies")
    return Office(tmp_path)


def hire(database: Database, name: str, grant: Grant) -> None:
    with writing(database, "admin", datetime(2026, 1, 1, tzinfo=UTC)) as write:
        accounts.create(write, NewAccount(name, name, name))
        granted = accounts.grant_role(write, name, grant, "admin", date(2026, 1, 1))
        if granted.pending:
            accounts.confirm(write, name, granted.number, "chief")


def test_an_inspection_from_the_command_line(relief: Office, tmp_path: Path) -> None:
    def inspect(*told: str, actor: str = "lin", code: int = 0) -> str:
        exit_code, said, wrong = relief("inspect", *told, "--actor", actor)
        assert exit_code == code, said + wrong
        return said

    assert "deaths  死亡人员待遇专项检查" in inspect("rules")
    assert "随机种子 · seed 379" in inspect("open", "deaths", *PERIOD, "--share", "1", "--seed", "379")
    inspect("open", "death", *PERIOD, "--share", "1", code=BAD_INPUT)
    assert "总体 3，抽中 3" in inspect("draw", "1")
    inspect("draw", "1", code=BAD_INPUT)
    assert "看了 3 户" in inspect("run", "1")
    inspect("run", "1", actor="tao", code=BAD_INPUT)
    found = json.loads(inspect("findings", "1", "--format", "json"))["findings"]
    assert {one["about"] for one in found} == {
        "paid_after_death_alone",
        "death_not_entered",
        "unreported_death",
    }
    for one in found:
        inspect("answer", str(one["seq"]), "confirmed", "--reason", "与火化记录一致")
        told = ("--area", AREA, "--due", "2027-01-31", "--text", "停发并追回")
        ordered = re.search(r"第 (\d+) 号整改", inspect("order", str(one["seq"]), *told))
        assert ordered is not None
        inspect("rectify", ordered[1], "done", "--text", "已停发", actor="shen", code=BAD_INPUT)
        inspect("rectify", ordered[1], "done", "--text", "已停发，已退回", actor="tao")
        inspect("rectify", ordered[1], "verified", "--text", "已查看凭证")
    assert "逾期 · overdue: 0" in inspect("overdue")
    inspect("pack", "1", "--out", str(tmp_path / "early.zip"), actor="shen", code=BAD_INPUT)
    assert not (tmp_path / "early.zip").exists()
    assert "属实 3" in inspect("close", "1", "--text", "抽查完毕")
    inspect(
        "pack", "1", "--out", str(tmp_path / "pack.zip"), code=BAD_INPUT
    )  # not the department that inspected
    packed = inspect("pack", "1", "--out", str(tmp_path / "pack.zip"), actor="shen")
    key = re.search(r"public key ([0-9a-f]{64})", packed)
    assert key is not None
    assert (tmp_path / "pack.zip").stat().st_mode & 0o077 == 0
    inspect("pack", "1", "--out", str(tmp_path / "pack.zip"), actor="shen", code=BAD_INPUT)
    for told, code in (((key[1],), 0), ((), PARTIAL), (("00" * 32,), NEGATIVE)):
        assert relief("inspect", "verify", str(tmp_path / "pack.zip"), *told)[0] == code
    assert "[closed] 3" in inspect("list")
