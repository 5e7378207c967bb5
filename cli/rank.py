"""`relief rank`: the list of the county from the hardest life up."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from cli.county_words import WORDS
from cli.rulebooks import language_of
from cli.run_lists import area_name, finished_run, in_words, plain_rows, print_rows
from cli.stop import stop
from cli.table_files import write_tables

COLUMNS = ("place", "household_id", "people", "aid", "score_worst", "score_best", "waiting_days", "due_month_min", "due_month_max")  # fmt: skip


def run(
    out: Path,
    data: Path,
    area: str | None,
    whole: bool,
    top: int,
    to: Path | None,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    with finished_run(data, out, policies) as found:
        import pyarrow.compute as pc

        from engine.population.rank import rank

        book, language = found.book, language_of(found.book, lang)
        if area is not None and area not in book.areas:
            stop(f"没有地区 “{area}” · there is no area `{area}`")
        ranked = rank(found, whole=whole)
        if area is not None:
            ranked = ranked.filter(pc.equal(ranked.column("area"), area))
        if to is not None:
            for path in write_tables({"rank": ranked}, to):
                typer.echo(f"{path}: {ranked.num_rows}", err=True)
        first = ranked.filter(pc.less_equal(ranked.column("place"), top))
        if output == "json":
            typer.echo(json.dumps(plain_rows(first), ensure_ascii=False))
            return
        towns = [None] if whole else first.column("area").unique().to_pylist()
        for town in towns:
            rows = first if town is None else first.filter(pc.equal(first.column("area"), town))
            if town is not None:
                count = pc.sum(pc.equal(ranked.column("area"), town)).as_py()
                typer.echo(f"{area_name(book, town, language)}（{count}）")
            words = WORDS[language]
            print_rows(
                in_words(language, COLUMNS),
                [[words.get(str(row[name]), row[name]) for name in COLUMNS] for row in rows.to_pylist()],
            )
