"""`relief record decide`: one household, or every household of the record, decided and kept."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from cli.documents import refuse
from cli.record import opened_record, rulebook_of
from cli.stop import PARTIAL
from engine.decision import BadDocument
from engine.rulebook import Rulebook
from records import decisions, tables
from records.database import Database, batched, reading, writing
from records.sealed import Erased

AT_ONCE = 50  # households of one transaction


def run_one(
    household: str, actor: str, on: date, known: date, record: str, keys: Path, policies: Path | None
) -> None:
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        try:
            with writing(database, actor) as write:
                stored = decisions.decide_and_keep(write, book, household, on, known)
        except BadDocument as bad:
            refuse(household, bad)
    typer.echo(stored.decision_id)


def run_all(actor: str, on: date, known: date, record: str, keys: Path, policies: Path | None) -> None:
    """Exit code 3 when some could not be decided; each is named with the reason."""
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        with reading(database) as read:
            everyone = list(
                read.connection.execute(
                    select(tables.household.c.household_id).order_by(tables.household.c.household_id)
                ).scalars()
            )
        done = _decided(database, book, everyone, actor, on, known)
    typer.echo(
        f"{done['decided']} 户已裁定，{done['erased']} 户已依法删除，{done['refused']} 户未能裁定 · "
        f"{done['decided']} decided, {done['erased']} erased, {done['refused']} not decided"
    )
    if done["refused"]:
        raise typer.Exit(PARTIAL)


def _decided(
    database: Database, book: Rulebook, everyone: list[str], actor: str, on: date, known: date
) -> Counter[str]:
    done: Counter[str] = Counter()
    console = Console(file=sys.stderr)
    columns = (TextColumn("裁定 · deciding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(everyone))
        for some in batched(everyone, AT_ONCE):
            with writing(database, actor) as write:
                for household in some:
                    try:
                        decisions.decide_and_keep(write, book, household, on, known)
                        done["decided"] += 1
                    except Erased:
                        done["erased"] += 1
                    except BadDocument as bad:
                        done["refused"] += 1
                        typer.echo(f"{household}: {bad.problems[0].message}", err=True)
            bar.advance(task, len(some))
    return done
