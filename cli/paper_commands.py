"""`relief letter`, `relief report`, `relief divergence`, `relief scans`: what can be asked, and how."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.record_commands import DEFAULT_KEYS, DEFAULT_RECORD, Actor, Day, KeyFile, Policies, Record, date_of

Kind = Literal["decision", "grant", "refusal", "change", "stop", "closing", "missing"]
Lang = Annotated[str, typer.Option("--lang", metavar="zh|en", help="语言，默认规则库的第一种 · language")]
Date = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE")]


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"“{text}” 不是金额，请写成 820.50 · no amount; write 820.50") from None


Amount = Annotated[Decimal | None, typer.Option(parser=_amount, metavar="AMOUNT")]


def letter(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="裁定编号 · decision id")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".pdf 或 .html")],
    actor: Actor,
    purpose: Annotated[str, typer.Option("--purpose", help="用途，记入审计 · why, kept in the audit trail")],
    kind: Annotated[Kind, typer.Option("--kind", help="文书种类 · which letter")] = "decision",
    policy: Annotated[str, typer.Option("--policy", metavar="ID", help="哪项政策 · which policy")] = "",
    subject: Annotated[
        str, typer.Option("--subject", metavar="ID", help="哪个成员，默认全家 · which person")
    ] = "household",
    to: Annotated[
        str, typer.Option("--to", metavar="PERSON", help="收件人，默认按规则库 · who it goes to")
    ] = "",
    on: Date = None,
    before: Amount = None,
    amount: Amount = None,
    since: Date = None,
    heard: Date = None,
    lang: Lang = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """把留存的裁定写成决定书，或列出所缺材料。 A stored decision as a letter, or the list of what is missing."""
    from cli.papers import Asked, run_letter

    days = [None if one is None else one.date() for one in (on, since, heard)]
    asked = Asked(
        decision, kind, policy, subject, to, days[0], before, amount, days[1], days[2], lang, purpose
    )
    run_letter(asked, out, actor, record, keys)


def report(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="月份，如 2025-10 · month")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪个目录 · directory")],
    by: Annotated[str, typer.Option("--by", metavar="LEVEL", help="按哪一级地区 · level of areas")] = "",
    area: Annotated[str, typer.Option("--area", metavar="ID", help="只看这个地区 · only this area")] = "",
    known: Day = None,
    lang: Lang = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """月报表及每个数字背后的名单（CSV、XLSX、JSON）。 The table of a month, and the list behind its figures."""
    from cli.papers import run_report

    run_report(month, out, by, area, date_of(known), lang, record, keys, policies)


def divergence(
    area: Annotated[str, typer.Option("--area", metavar="ID", help="哪个地区的标准 · whose figures")],
    on: Day = None,
    concept: Annotated[
        str,
        typer.Option("--concept", metavar="NAME", help="只看这项事实或口径 · only this fact or definition"),
    ] = "",
    count: Annotated[
        bool, typer.Option("--count", help="数出落在两条线之间的家庭（需要记录） · count households between")
    ] = False,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="输出格式 · format")] = "text",
    lang: Lang = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """标准差异：同一件事，各部门各划各的线。 Where departments draw different lines through one thing."""
    from cli.diverging import run

    run(area, date_of(on), concept, count, output, lang, record, keys, policies)


def scans(record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """核对材料文件是否被改动或缺失。 Whether any scan was changed or is gone (RELIEF_DOCUMENTS)."""
    from cli.papers import run_scans

    run_scans(record, keys)
