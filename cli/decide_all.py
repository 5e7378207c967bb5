"""`relief decide-all`: every household of a Parquet file, batch by batch."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date
from pathlib import Path

import typer

from cli.population import reading_tables
from cli.rulebooks import open_rulebook
from cli.stop import stop
from engine.language.dates import from_date


def run(data: Path, out: Path, on: date, known: date, policies: Path | None, output: str) -> None:
    book = open_rulebook(policies)
    with reading_tables(data):
        import pyarrow.parquet as pq
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from engine.population.stream import OtherRun, decide_all

        began = time.monotonic()
        columns = (
            TextColumn("户 households"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        console = Console(file=sys.stderr)
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=pq.ParquetFile(data).metadata.num_rows)
            try:
                summary = decide_all(
                    book,
                    data,
                    out,
                    from_date(on),
                    from_date(known),
                    workers=os.cpu_count() or 1,
                    progress=lambda rows: bar.advance(task, rows),
                )
            except OtherRun as other:
                stop(
                    f"{out}: 这里是另一次运行的结果（{other} 不同），请换一个目录\n"
                    f"this directory holds the results of another run ({other} differ); name another one"
                )
    if output == "json":
        typer.echo(
            json.dumps(
                {
                    "households": summary.households,
                    "computed": summary.computed,
                    "outcomes": summary.outcomes,
                },
                ensure_ascii=False,
                sort_keys=True,
            )
        )
        return
    typer.echo(
        f"{summary.households} 户，本次计算 {summary.computed} 户，{time.monotonic() - began:.1f} 秒 · "
        f"{summary.households} households, {summary.computed} of them computed now"
    )
    for policy, counts in summary.outcomes.items():
        told = "  ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items()))
        typer.echo(f"  {policy:28} {told}")
