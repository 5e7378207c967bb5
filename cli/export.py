"""`relief export`: the results of a run as flat tables."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.run_lists import finished_run
from cli.table_files import write_tables


def run(out: Path, data: Path, to: Path, policies: Path | None) -> None:
    with finished_run(data, out, policies) as found:
        from engine.population.export import flat

        tables = flat(found)
        for path in write_tables(tables, to):
            typer.echo(str(path))
        for name, table in tables.items():
            typer.echo(f"  {name}: {table.num_rows}")
