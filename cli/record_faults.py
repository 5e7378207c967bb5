"""`relief record faults`: what nights found of the faults that were planted in the sample county."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from cli.record import opened_record
from cli.stop import stop
from county.faults import FAULTS
from county.found import Alerted, Score, score
from records import notices, tables
from records.database import reading

_SHOWN = 10


def run(key: Path, record: str, keys: Path) -> None:
    if not key.is_file():
        stop(f"{key}: 没有这个文件 · there is no such file")
    with opened_record(record, keys) as database, reading(database) as read:
        query = notices.chosen(tables.household.c.area.is_not(None), kind="alert", open_only=False)
        alerts = [
            Alerted(row.about, row.household_id, row.subject, row.certain)
            for row in read.connection.execute(query)
        ]
    found = score(pq.read_table(key).to_pylist(), alerts)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("问题 · fault")
    for title in ("埋设 · planted", "预警 · alerts", "查准率 · precision", "查全率 · recall"):
        table.add_column(title, justify="right")
    for one in found.scores:
        fault = FAULTS[one.kind]
        row = (str(one.planted), str(one.alerts), _share(one.precision), _share(one.recall))
        table.add_row(f"{fault.zh} · {fault.en}", *row)
    Console(width=130).print(table)
    typer.echo(
        f"未埋设问题的家庭被预警 {len(found.strangers)} 条 · {len(found.strangers)} alerts of households without a planted fault"
    )
    for other in (*found.strangers, *found.unknown)[:_SHOWN]:
        typer.echo(f"  {other.rule} {other.household_id} {other.subject}")
    for one in found.scores:
        _tell(one)


def _share(share: float | None) -> str:
    return "—" if share is None else f"{share:.4f}"


def _tell(one: Score) -> None:
    for title, some in (("漏查 · missed", one.missed), ("误报 · wrong", one.wrong)):
        for household, subject in some[:_SHOWN]:
            typer.echo(f"  {FAULTS[one.kind].zh} {title}: {household} {subject}")
