"""`relief pay`: what can be asked about payments, and how."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.record_commands import DEFAULT_KEYS, DEFAULT_RECORD, Actor, Day, KeyFile, Policies, Record, date_of

pay_app = typer.Typer(
    help="发放：制单、放行、银行文件、回盘、资金。 Payments: batches, bank files, funds.",
    no_args_is_help=True,
)

Batch = Annotated[int, typer.Argument(metavar="BATCH", help="批次号 · number of the batch")]
Area = Annotated[str, typer.Option("--area", metavar="AREA", help="地区 · area")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由 · the reason")]
FormatOf = Annotated[Literal["text", "json"], typer.Option("--format", help="输出格式 · output")]


@pay_app.command("build")
def build(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="月份，如 2026-11 · month")],
    area: Area,
    policy: Annotated[list[str], typer.Option("--policy", metavar="ID", help="项目，可多次 · programme")],
    actor: Actor,
    output: FormatOf = "text",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """制单：每项待遇一行，发放或列明原因不发。 Build a batch: every award is a line, paid or blocked with reasons."""
    from cli.pay import run_build

    run_build(month, area, policy, actor, output, record, keys, policies)


@pay_app.command("show")
def show(
    batch: Batch,
    blocked: Annotated[bool, typer.Option("--blocked", help="列出不发的行 · list blocked lines")] = False,
    output: FormatOf = "text",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """查看批次。 Show a batch."""
    from cli.pay import run_show

    run_show(batch, blocked, output, record, keys)


@pay_app.command("release")
def release(
    batch: Batch,
    actor: Actor,
    reason: Why = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """放行；制单人和审批人不得放行。 Release a batch, by another person than built or approved it."""
    from cli.pay import run_release

    run_release(batch, actor, reason, record, keys, policies)


@pay_app.command("cancel")
def cancel(
    batch: Batch,
    actor: Actor,
    reason: Why,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """取消未放行的批次。 Cancel a batch that is not released."""
    from cli.pay import run_cancel

    run_cancel(batch, actor, reason, record, keys, policies)


@pay_app.command("export")
def export(
    batch: Batch,
    actor: Actor,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="写到哪里 · where to write it")],
    payer: Annotated[str, typer.Option("--payer", metavar="NAME", help="付款单位 · who pays")],
    account: Annotated[str, typer.Option("--account", metavar="NUMBER", help="付款账号 · its account")],
    bank: Annotated[str, typer.Option("--bank", metavar="CODE", help="付款行号 · its bank")],
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="TEXT", help="用途，留痕 · why, for the trail")
    ],
    kind: Annotated[
        Literal["csv", "pain.001"], typer.Option("--as", help="文件格式 · kind of file")
    ] = "pain.001",
    pay_on: Annotated[
        datetime | None,
        typer.Option("--pay-on", formats=["%Y-%m-%d"], metavar="DATE", help="付款日 · pay on"),
    ] = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """导出银行文件（姓名和账号为明文）。 Write the bank's file, with names and accounts in clear."""
    from cli.pay import run_export

    told = (payer, account, bank, date_of(pay_on))
    run_export(batch, actor, out, told, purpose, kind, record, keys, policies)


@pay_app.command("result")
def result(
    batch: Batch,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="银行回盘 CSV · the bank's CSV")],
    actor: Actor,
    output: FormatOf = "text",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """导入银行回盘。 Take in what the bank says."""
    from cli.pay import run_result

    run_result(batch, file, actor, output, record, keys, policies)


@pay_app.command("funds")
def funds(
    area: Area,
    year: Annotated[int | None, typer.Option("--year", min=1950, max=2200, help="年度 · year")] = None,
    on: Day = None,
    output: FormatOf = "text",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """资金：预算、已下达、已发、退回。 Funds: budget, committed, paid, returned."""
    from cli.pay import run_funds

    run_funds(area, year or date_of(on).year, output, record, keys, policies)
