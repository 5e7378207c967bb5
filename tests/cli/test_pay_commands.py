"""`relief pay` over a record of its own: a month from the batch to the bank's answer."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from relief_runner import ROOT, Office

from cli.stop import BAD_INPUT, PARTIAL
from engine.rulebook import load_rulebook
from records import accounts
from records.accounts import NewAccount
from records.database import Database, connect, migrate, writing
from records.keys import new_keys, write_keys
from records.rights import Grant, Role
from tests.records.payoffice import AREA, PayOffice

PAYER = (
    "--payer",
    "某县民政局",
    "--account",
    "62220000999",
    "--bank",
    "102100099996",
    "--purpose",
    "月度发放",
)


@pytest.fixture
def relief(tmp_path: Path) -> Office:
    keys = new_keys()
    write_keys(tmp_path / "record.keys.json", keys)
    database = connect(f"sqlite:///{tmp_path / 'record.db'}", keys, ZoneInfo("Asia/Shanghai"))
    migrate(database)
    office = PayOffice(database)
    for number in (1, 2):
        office.simple(number)
    office.account("q2", "6228999900000000")
    hire(database, "bo", "ru")
    database.engine.dispose()
    (tmp_path / "policies").symlink_to(ROOT / "policies")
    return Office(tmp_path)


def hire(database: Database, *names: str) -> None:
    book = load_rulebook(ROOT / "policies")
    grant = Grant(Role.DEPARTMENT_OFFICER, AREA, "civil_affairs")
    accounts.check_grant(book, grant)
    with writing(database, "admin", datetime(2026, 1, 1, tzinfo=UTC)) as write:
        for name in names:
            accounts.create(write, NewAccount(name, name, name))
            granted = accounts.grant_role(write, name, grant, "admin", date(2026, 1, 1))
            if granted.pending:
                accounts.confirm(write, name, granted.number, "chief")


def test_a_month_on_the_command_line(relief: Office) -> None:
    told = ("--area", AREA, "--policy", "dibao", "--format", "json")
    code, said, wrong = relief("pay", "build", "2026-11", *told, "--actor", "bo")
    assert code == PARTIAL, wrong  # a line is blocked
    made = json.loads(said)
    assert (made["pays"], made["reasons"]) == (1, {"account-changed": 1})
    batch = str(made["batch"])
    code, _, wrong = relief("pay", "release", batch, "--actor", "bo")
    assert code == BAD_INPUT and "制单人" in wrong
    code, _, wrong = relief("pay", "release", batch, "--actor", "nobody")
    assert code == BAD_INPUT and "nobody" in wrong
    assert relief("pay", "release", batch, "--actor", "ru")[0] == 0
    code, said, wrong = relief(
        "pay", "export", batch, "--actor", "ru", "--as", "csv", "--out", "bank.csv", *PAYER
    )
    assert code == 0, wrong
    rows = list(csv.reader(io.StringIO((relief.place / "bank.csv").read_text("utf-8-sig"))))
    assert rows[1][2:4] == ["6228000000000001", "500.00"] and rows[-1][3] == "500.00"
    assert (relief.place / "bank.csv").stat().st_mode & 0o077 == 0
    (relief.place / "answer.csv").write_text(f"参考号,结果,原因,日期\n{rows[1][0]},成功,,2026-11-12\n")
    code, said, _ = relief("pay", "result", batch, "answer.csv", "--actor", "bo", "--format", "json")
    assert code == 0 and json.loads(said)["counts"] == {"paid": 1}
    code, said, _ = relief("pay", "show", batch, "--blocked")
    assert code == 0 and "[settled]" in said and "account-changed" in said
    code, said, _ = relief("pay", "funds", "--area", AREA, "--year", "2026", "--format", "json")
    assert code == 0 and json.loads(said)["funds"][0]["paid"] == "500.00"
