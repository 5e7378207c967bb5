"""`relief pay`: done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from cli.at_work import Work, at_work
from cli.progress import progress
from cli.record import opened_record, rulebook_of
from cli.stop import PARTIAL, stop
from records import tables
from records.database import Database, Writing, reading
from records.payments import bank_files, batches, funds, releasing, results
from records.payments.bank_files import Format, Payer
from records.payments.batches import Batch, batch_of
from records.payments.results import missing
from records.rights import Right


def _seen(work: Work, write: Writing, batch: int, right: Right) -> Batch:
    return batches.seen(write, work.book, work.viewer, right, batch)


def run_build(
    month: str, area: str, wanted: list[str], actor: str, output: str, record: str, keys: Path, policies: Path | None
) -> None:  # fmt: skip
    with at_work(actor, record, keys, policies) as work:
        with progress() as told, work.writing() as write:
            number = batches.build(write, work.book, work.viewer, month, area, wanted, progress=told)
        blocked = _show(work.database, number, False, output)
    if blocked:
        raise typer.Exit(PARTIAL)


def run_show(batch: int, blocked: bool, output: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database:
        _show(database, batch, blocked, output)


def _show(database: Database, number: int, blocked: bool, output: str) -> int:
    """Says how a batch stands; how many of its lines are blocked."""
    with reading(database) as read:
        row = read.connection.execute(batches.batches().where(tables.pay_batch.c.seq == number)).first()
        if row is None:
            stop(f"没有批次 {number} · there is no batch {number}")
        batch = batch_of(row)
        told = batches.sums(read, batches.lines(number))
        silent = len(missing(read, number))
        lines = read.connection.execute(batches.lines(number, verdict="blocked")).all() if blocked else ()
    if output == "json":
        content: dict[str, Any] = {
            "batch": number,
            "month": batch.month,
            "area": batch.area,
            "state": batch.state.value,
            "pays": told.pays,
            "blocked": told.blocked,
            "amount": str(told.amount),
            "amounts": {policy: str(amount) for policy, amount in told.amounts.items()},
            "reasons": told.reasons,
            "warnings": told.warnings,
            "silent": silent,
        }
        if blocked:
            content["lines"] = [_blocked(line) for line in lines]
        typer.echo(json.dumps(content, ensure_ascii=False))
        return told.blocked
    typer.echo(f"批次 {number} · batch {number}: {batch.month} {batch.area} [{batch.state}]")
    typer.echo(
        f"发放 {told.pays} 行 {told.amount}，不发 {told.blocked} 行 · {told.pays} paid, {told.blocked} blocked"
    )
    for policy, amount in told.amounts.items():
        typer.echo(f"{amount:>16}  {policy}")
    for title, counted in (("不发原因 · blocked for", told.reasons), ("提示 · warnings", told.warnings)):
        for name, count in counted.items():
            typer.echo(f"{title}: {name}  {count}")
    if silent:
        typer.echo(f"银行尚未答复 · the bank has not answered: {silent}")
    for line in lines:
        said = _blocked(line)
        typer.echo(f"{line.number:>7}  {line.household_id} {line.subject} {line.policy} {line.month}  {', '.join(said['reasons'])}")  # fmt: skip
    return told.blocked


def _blocked(line: Any) -> dict[str, Any]:
    names = ("number", "household_id", "subject", "policy", "month", "amount")
    return {name: getattr(line, name) for name in names} | {"reasons": json.loads(line.reasons)}


def run_release(batch: int, actor: str, reason: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        found = _seen(work, write, batch, Right.RELEASE_PAYMENTS)
        made = releasing.release(write, work.book, work.viewer, found, reason)
    typer.echo(f"批次 {batch} 已放行 · released: {made.instructions}  {made.amount}")
    for policy, amount in made.over.items():
        typer.echo(f"超出预算 · over the budget: {policy} {amount}", err=True)
    if made.no_budget:
        typer.echo(f"没有预算 · no budget: {', '.join(made.no_budget)}", err=True)


def run_cancel(batch: int, actor: str, reason: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        batches.cancel(write, work.viewer, _seen(work, write, batch, Right.BUILD_PAYMENTS), reason)
    typer.echo(f"批次 {batch} 已取消 · cancelled")


def run_export(
    batch: int,
    actor: str,
    out: Path,
    payer: tuple[str, str, str, date],
    purpose: str,
    kind: str,
    record: str,
    keys: Path,
    policies: Path | None,
) -> None:
    if out.exists():
        stop(f"{out}: 已存在，不覆盖 · there is a file already; it is not written over")
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        found = _seen(work, write, batch, Right.EXPORT_PAYMENTS)
        made = bank_files.export(write, work.book, work.viewer, found, Format(kind), Payer(*payer), purpose)
        out.touch(mode=0o600)
        out.write_bytes(made.content)
    typer.echo(
        f"{out}: {made.transfers} 笔 {made.amount} · {made.transfers} transfers\nSHA-256 {made.file_hash}"
    )


def run_result(
    batch: int, file: Path, actor: str, output: str, record: str, keys: Path, policies: Path | None
) -> None:
    try:
        content = file.read_bytes()
    except OSError as error:
        stop(f"{file}: {error.strerror} · it cannot be read")
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        found = _seen(work, write, batch, Right.SETTLE_PAYMENTS)
        taken = results.take(write, work.viewer, found, content)
    if output == "json":
        told: Mapping[str, Any] = {
            "counts": taken.counts,
            "problems": taken.problems,
            "silent": taken.missing,
            "read_before": taken.again,
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        if taken.again:
            typer.echo("此文件已导入过，未重复处理 · this file was read before; nothing was done again")
        for name, count in taken.counts.items():
            typer.echo(f"{count:>8}  {name}")
        typer.echo(f"{taken.missing:>8}  银行尚未答复 · the bank has not answered")
        for one in taken.problems:
            typer.echo(
                f"第 {one['row']} 行 · row {one['row']}: {one['reference']} [{one['problem']}]", err=True
            )
    if taken.problems:
        raise typer.Exit(PARTIAL)


def _plain(amount: Decimal | None) -> Any:
    return None if amount is None else str(amount)


def run_funds(area: str, year: int, output: str, record: str, keys: Path, policies: Path | None) -> None:
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        if area not in book.areas:
            stop(f"没有地区 {area} · there is no area {area}")
        with reading(database) as read:
            found = funds.figures(read, book, area, year)
    names = ("budget", "committed", "paid", "returned", "elsewhere", "left")
    if output == "json":
        listed = [
            {"policy": one.policy} | {name: _plain(getattr(one, name)) for name in names} for one in found
        ]
        typer.echo(json.dumps({"area": area, "year": year, "funds": listed}, ensure_ascii=False))
        return
    shown = Table(title=f"{area} {year}")
    for title in (
        "项目 policy",
        "预算 budget",
        "已下达 committed",
        "已发 paid",
        "退回 returned",
        "他处 elsewhere",
        "余额 left",
    ):
        shown.add_column(title, justify="left" if title.endswith("policy") else "right")
    for one in found:
        shown.add_row(one.policy, *(_plain(getattr(one, name)) or "—" for name in names))
    Console().print(shown)
