"""`relief account`: what can be asked, and how."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.record_commands import DEFAULT_KEYS, DEFAULT_RECORD, KeyFile, Policies, Record

if TYPE_CHECKING:
    from records.rights import Grant

account_app = typer.Typer(help="账号与授权。 Accounts and what they are granted.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="登录名 · login name")]
RoleName = Annotated[
    str,
    typer.Option(
        "--role",
        metavar="ROLE",
        help="角色：village_worker township_officer department_officer policy_officer auditor administrator · role",
    ),
]
Area = Annotated[str, typer.Option("--area", metavar="AREA", help="地区及其下级 · area and all below it")]
Department = Annotated[
    str, typer.Option("--department", metavar="ID", help="部门经办人的部门 · of a department officer")
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], metavar="DATE", help="何日起，默认今天 · from this day on"),
]


@account_app.command("add")
def add(
    name: Name,
    role: RoleName,
    area: Area,
    department: Department = "",
    person: Annotated[
        str,
        typer.Option("--person", metavar="ID", help="人员编号，默认同登录名 · the real person, default NAME"),
    ] = "",
    shown: Annotated[str, typer.Option("--name", metavar="TEXT", help="姓名 · as it is shown")] = "",
    subject: Annotated[
        str,
        typer.Option("--oidc-subject", metavar="SUB", help="由统一认证登录 · signs in elsewhere, as SUB"),
    ] = "",
    since: Since = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """建立账号并授权，初始密码只显示一次。 Make an account with a grant; its first password is shown once."""
    from cli.accounts import run_add
    from records.accounts import Kind, NewAccount

    kind = Kind.OIDC if subject else Kind.PASSWORD
    new = NewAccount(name, person or name, shown or name, kind, subject or None)
    run_add(new, _grant(role, area, department), _day(since), record, keys, policies)


@account_app.command("grant")
def grant(
    name: Name,
    role: RoleName,
    area: Area,
    department: Department = "",
    since: Since = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """再授一个角色。 Grant one more role."""
    from cli.accounts import run_grant

    run_grant(name, _grant(role, area, department), _day(since), record, keys, policies)


@account_app.command("reset")
def reset(name: Name, record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """新的初始密码。 A new first password."""
    from cli.accounts import run_reset

    run_reset(name, record, keys)


@account_app.command("list")
def list_all(record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """所有账号及其授权。 All accounts and their grants."""
    from cli.accounts import run_list

    run_list(record, keys)


@account_app.command("demo")
def demo(
    county: Annotated[str, typer.Option("--area", metavar="AREA", help="县 · county")] = "sample_county",
    first: Annotated[
        str, typer.Option("--department", metavar="ID", help="部门 · department")
    ] = "civil_affairs",
    second: Annotated[
        str, typer.Option("--other-department", metavar="ID", help="另一部门 · another one")
    ] = "disabled_federation",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """每个角色一个演示账号。 A demonstration account for every role."""
    from cli.accounts import run_demo

    run_demo(county, (first, second), record, keys, policies)


def _grant(role: str, area: str, department: str) -> Grant:
    from records.rights import Grant, Role

    if role not in list(Role):
        raise typer.BadParameter(f"没有角色 {role} · there is no role {role}: {' '.join(Role)}")
    return Grant(Role(role), area, department)


def _day(told: datetime | None) -> date | None:
    return None if told is None else told.date()
