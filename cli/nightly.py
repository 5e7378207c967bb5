"""`relief nightly`: every household of the record decided again, what has changed told to somebody."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select

from cli.record import opened_record, rulebook_of
from cli.stop import PARTIAL
from records import tables
from records.database import reading
from records.nightly import Night, nightly

_SHOWN = 10


def run(
    actor: str,
    on: date,
    known: date,
    workers: int,
    each: int,
    record: str,
    keys: Path,
    policies: Path | None,
) -> None:
    """Exit code 3 when some households could not be read; each is named."""
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        with reading(database) as read:
            everyone = read.connection.execute(
                select(func.count()).select_from(tables.household)
            ).scalar_one()
        console = Console(file=sys.stderr)
        columns = (TextColumn("夜间核查 · nightly"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=everyone)
            night = nightly(
                database,
                book,
                on,
                known,
                actor,
                workers=workers,
                each=each,
                progress=lambda done: bar.advance(task, done),
            )
    _tell(night)
    if night.unread:
        raise typer.Exit(PARTIAL)


def _tell(night: Night) -> None:
    typer.echo(
        f"{night.on}: {night.households} 户，{len(night.changed)} 户有变化，{night.raised.total()} 条新提示 · "
        f"{night.households} households, {len(night.changed)} changed, {night.raised.total()} new notices"
    )
    given = night.given
    typer.echo(
        f"本次发出 {given.shown} 条，{given.waiting} 条留待以后各夜 · {given.shown} given out, {given.waiting} wait for later nights"
    )
    for what, count in night.raised.most_common():
        typer.echo(f"  {count:>6}  {what}")
    for household, problem in list(night.unread.items())[:_SHOWN]:
        typer.echo(f"{household}: 读不了 · cannot be read: {problem}", err=True)
    if len(night.unread) > _SHOWN:
        typer.echo(f"… {len(night.unread) - _SHOWN}", err=True)
