"""`relief decide-all`: every household of a Parquet file, or of every Parquet file in a directory, batch by batch."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.population import reading_tables, said
from cli.rulebooks import open_rulebook
from cli.stop import PARTIAL, stop
from engine.language.dates import from_date
from engine.rulebook.model import Rulebook

if TYPE_CHECKING:
    from engine.population.stream import Summary


def run(data: Path, out: Path, on: date, known: date, policies: Path | None, output: str) -> None:
    book = open_rulebook(policies)
    began = time.monotonic()
    if data.is_dir():
        summaries, ended = _files(book, data, out, on, known)
    else:
        summaries, ended = [_file(book, data, out, on, known)], False
    _tell(summaries, time.monotonic() - began, output)
    if ended or any(one.refused for one in summaries):
        raise typer.Exit(PARTIAL)


def _files(book: Rulebook, data: Path, out: Path, on: date, known: date) -> tuple[list[Summary], bool]:
    """Each file of a directory into a directory of its own; one that is wrong as a whole does not stop the others."""
    files = sorted(data.glob("*.parquet"))
    if not files:
        stop(f"{data}: 目录里没有 .parquet 文件 · there is no .parquet file in this directory")
    summaries, ended = [], False
    for file in files:
        try:
            summaries.append(_file(book, file, out / file.stem, on, known))
        except typer.Exit as exit_:
            if exit_.exit_code == PARTIAL:  # the disk is full: the next file would not fare better
                raise
            ended = True
    if not summaries:
        raise typer.Exit(2)
    return summaries, ended


def _file(book: Rulebook, data: Path, out: Path, on: date, known: date) -> Summary:
    with reading_tables(data):
        import pyarrow.parquet as pq
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from engine.population.stream import OtherRun, decide_all

        columns = (TextColumn("户 households"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
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
            except OSError as error:
                stop(
                    f"{out}: 结果写不下去（{error.strerror or error}）；已完成的批次保留，腾出空间后重新运行即可接着做\n"
                    f"      = the results cannot be written ({error.strerror or error}); finished batches stay, "
                    "make room and run the same again to go on",
                    PARTIAL,
                )
    for refused in summary.refused:
        first, last = refused.part.first + 1, refused.part.first + refused.part.rows
        typer.echo(
            f"{data}: 第 {first} 至 {last} 行这一批未裁定 · rows {first} to {last} were not decided", err=True
        )
        for problem in refused.problems:
            typer.echo(said(data, problem), err=True)
    return summary


def _tell(summaries: list[Summary], seconds: float, output: str) -> None:
    households, computed = (
        sum(getattr(one, name) for one in summaries) for name in ("households", "computed")
    )
    outcomes: dict[str, Counter[str]] = {}
    for one in summaries:
        for policy, counts in one.outcomes.items():
            outcomes.setdefault(policy, Counter()).update(counts)
    left = sum(refused.part.rows for one in summaries for refused in one.refused)
    if output == "json":
        told = {"households": households, "computed": computed, "not_decided": left, "outcomes": outcomes}
        typer.echo(json.dumps(told, ensure_ascii=False, sort_keys=True))
        return
    typer.echo(
        f"{households} 户，本次计算 {computed} 户，{seconds:.1f} 秒 · {households} households, {computed} of them computed now"
    )
    if left:
        typer.echo(f"{left} 户未裁定，见上 · {left} households were not decided, see above")
    for policy, counts in outcomes.items():
        listed = "  ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items()))
        typer.echo(f"  {policy:28} {listed}")
