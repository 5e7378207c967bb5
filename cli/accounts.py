"""`relief account`: done. The very first accounts are made here, on the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import typer

from cli.record import opened_record, rulebook_of
from cli.stop import stop
from engine.rulebook import Rulebook
from records import accounts
from records.accounts import SETUP, Kind, NewAccount
from records.database import Database, Writing, reading, writing
from records.rights import ROLE_LABELS, Grant, Role

_SHOWN_ONCE = "只显示这一次 · shown this once"


@contextmanager
def _checked(grant: Grant, record: str, keys: Path, policies: Path | None) -> Iterator[Database]:
    """The record, in whose rulebook the grant's area and department are."""
    with opened_record(record, keys) as database:
        accounts.check_grant(rulebook_of(database, policies), grant)
        yield database


def run_add(
    new: NewAccount, grant: Grant, since: date | None, record: str, keys: Path, policies: Path | None
) -> None:
    with _checked(grant, record, keys, policies) as database, writing(database, SETUP) as write:
        accounts.create(write, new)
        accounts.grant_role(write, new.account, grant, SETUP, since or write.day)
        password = accounts.give_first_password(write, new.account) if new.kind is Kind.PASSWORD else ""
    typer.echo(f"{new.account}: 已建立 · made")
    if password:
        typer.echo(f"初始密码 · first password: {password}  （{_SHOWN_ONCE}）")


def run_grant(
    account: str, grant: Grant, since: date | None, record: str, keys: Path, policies: Path | None
) -> None:
    with _checked(grant, record, keys, policies) as database, writing(database, SETUP) as write:
        accounts.grant_role(write, account, grant, SETUP, since or write.day)
    typer.echo(f"{account}: 已授权 · granted")


def run_reset(account: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, writing(database, SETUP) as write:
        password = accounts.give_first_password(write, account)
    typer.echo(f"初始密码 · first password: {password}  （{_SHOWN_ONCE}）")


def run_list(record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        found = accounts.listed(read)
    for one in found:
        closed = "  已停用 · closed" if one.closed else ""
        typer.echo(f"{one.account}  {one.name}  {one.person}  {one.kind}{closed}")
        for granted in one.grants:
            waits = "  待确认 · waits for a confirmation" if granted.pending else ""
            typer.echo(f"  {granted.number}  {_said(granted.grant)}  {granted.valid_from}{waits}")


def run_demo(
    county: str, departments: tuple[str, str], record: str, keys: Path, policies: Path | None
) -> None:
    """An account for every role of a county, whose passwords need not be changed: to try the system with."""
    made: list[tuple[NewAccount, Grant, str]] = []
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        with writing(database, SETUP) as write:
            for name, shown, grant in _of_every_role(book, county, departments):
                made.append((*_demo_account(write, book, name, shown, grant),))
    typer.echo(f"演示账号与密码（{_SHOWN_ONCE}）：")
    for new, grant, password in made:
        typer.echo(f"  {new.account:<11} {password}  {_said(grant)}")


def _first_below(book: Rulebook, area: str) -> str | None:
    return next((one.code for one in book.areas.values() if one.parent == area), None)


def _of_every_role(book: Rulebook, county: str, departments: tuple[str, str]) -> list[tuple[str, str, Grant]]:
    town = _first_below(book, county)
    if town is None:
        stop(f"规则库没有地区 {county} 或其下级 · the rulebook has no area {county}, or none below it")
    first, second = departments
    return [
        ("village", "赵村", Grant(Role.VILLAGE_WORKER, _first_below(book, town) or town)),
        ("township1", "钱乡", Grant(Role.TOWNSHIP_OFFICER, town)),
        ("township2", "孙镇", Grant(Role.TOWNSHIP_OFFICER, town)),
        ("county1", "李民", Grant(Role.DEPARTMENT_OFFICER, county, first)),
        ("county2", "周政", Grant(Role.DEPARTMENT_OFFICER, county, first)),
        ("county3", "吴联", Grant(Role.DEPARTMENT_OFFICER, county, second)),
        ("policy1", "郑策", Grant(Role.POLICY_OFFICER, county)),
        ("policy2", "王规", Grant(Role.POLICY_OFFICER, county)),
        ("auditor", "冯审", Grant(Role.AUDITOR, county)),
        ("admin", "陈管", Grant(Role.ADMINISTRATOR, county)),
    ]


def _demo_account(
    write: Writing, book: Rulebook, name: str, shown: str, grant: Grant
) -> tuple[NewAccount, Grant, str]:
    new = NewAccount(name, name, shown)
    accounts.check_grant(book, grant)
    accounts.create(write, new)
    accounts.grant_role(write, name, grant, SETUP, write.day)
    return new, grant, accounts.give_first_password(write, name, must_change=False)


def _said(grant: Grant) -> str:
    label = ROLE_LABELS[grant.role]
    department = f" {grant.department}" if grant.department else ""
    return f"{label['zh']} · {label['en']}: {grant.area}{department}"
