"""`relief account`: the very first accounts, made on the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from records.database import connect
from records.keys import read_keys
from records.sessions import Lasting, sign_in
from tests.cli.test_record_commands import Office

PASSWORD = re.compile(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}")


@pytest.fixture
def relief(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office("record", "init")
    return office


def test_an_account_its_grants_and_its_password(relief: Office) -> None:
    code, said, _ = relief(
        "account", "add", "wang", "--role", "auditor", "--area", "linkou", "--name", "王审"
    )
    first = PASSWORD.findall(said)
    assert code == 0 and len(first) == 1
    arguments = ("--role", "department_officer", "--area", "linkou", "--department", "health")
    assert relief("account", "grant", "wang", *arguments)[0] == 0
    _, listed, _ = relief("account", "list")
    assert "王审" in listed and "Auditor: linkou" in listed and "Department officer: linkou health" in listed
    assert first[0] not in listed
    _, said, _ = relief("account", "reset", "wang")
    (second,) = PASSWORD.findall(said)
    database = connect(
        f"sqlite:///{relief.place / 'record.db'}", read_keys(relief.place / "record.keys.json")
    )
    assert sign_in(database, Lasting(), "wang", second, "", "").must_change
    database.engine.dispose()
    assert relief("audit", "verify")[0] == 0


def test_an_account_for_every_role_to_try_with(relief: Office) -> None:
    code, said, _ = relief("account", "demo")
    passwords = PASSWORD.findall(said)
    assert code == 0 and len(passwords) == len(set(passwords)) == 10
    assert not PASSWORD.search(relief("account", "list")[1])
    database = connect(
        f"sqlite:///{relief.place / 'record.db'}", read_keys(relief.place / "record.keys.json")
    )
    (line,) = [one for one in said.splitlines() if one.strip().startswith("auditor ")]
    assert not sign_in(database, Lasting(), "auditor", line.split()[1], "", "").must_change
    database.engine.dispose()


def test_what_goes_wrong_is_said(relief: Office) -> None:
    for arguments, told in (
        (("add", "wang", "--role", "king", "--area", "linkou"), "没有角色 king"),
        (("add", "wang", "--role", "auditor", "--area", "nowhere"), "没有地区 nowhere"),
        (("add", "wang", "--role", "department_officer", "--area", "linkou"), "部门经办人须指明部门"),
        (("add", "Wang!", "--role", "auditor", "--area", "linkou"), "登录名"),
        (("add", "setup", "--role", "auditor", "--area", "linkou"), "登录名"),
        (("reset", "nobody"), "没有账号 nobody"),
    ):
        code, _, problem = relief("account", *arguments)
        assert code == 2 and told in problem, problem
    assert relief("account", "list")[1] == ""
