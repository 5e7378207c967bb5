"""`relief missed`: who qualifies and has nothing, who is one fact away from it, who has something and no longer qualifies."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.county_words import WORDS
from cli.rulebooks import asked_policies, language_of
from cli.run_lists import area_name, finished_run, in_words, plain_rows, policy_name, print_rows
from cli.table_files import write_tables

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.population.missed import Gaps
    from engine.population.one_fact import Asked
    from engine.rulebook.model import Rulebook

SHOWN = ("policy", "area", "household_id", "person_id", "amount", "score_worst", "score_best")


def run(
    out: Path,
    data: Path,
    asked: list[str],
    top: int,
    to: Path | None,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    with finished_run(data, out, policies) as found:
        from engine.population.missed import gaps
        from engine.population.one_fact import ask

        book, language = found.book, language_of(found.book, lang)
        lists = gaps(found, asked_policies(book, asked))
        waiting = ask(found, lists.open, workers=os.cpu_count() or 1)
        tables = {
            "missed": lists.missed,
            "one-fact-away": _questions(lists, waiting, book, language),
            "refused": lists.refused,
        }
        if to is not None:
            for path in write_tables(tables, to):
                typer.echo(str(path), err=True)
        if output == "json":
            told = {name: plain_rows(table) for name, table in tables.items()}
            typer.echo(json.dumps({**told, "unchecked": lists.unchecked}, ensure_ascii=False))
            return
        _print(lists, waiting, tables, book, language, top)


def _questions(lists: Gaps, waiting: list[Asked], book: Rulebook, language: str) -> pa.Table:
    """Open findings that wait for one answer, with the question and who can answer it."""
    import pyarrow as pa

    from engine.population.one_fact import ONE, rows_of

    rows = rows_of(waiting, ONE)
    table = lists.open.take(pa.array(rows, pa.int64())).select(
        ["policy", "area", "household_id", "person_id", "score_worst"]
    )
    facts = [book.facts[waiting[row].fact] for row in rows]
    for name, values in (
        ("fact", [waiting[row].fact for row in rows]),
        ("of", [waiting[row].of for row in rows]),
        ("question", [fact.question.get(language, fact.name) for fact in facts]),
        ("answered_by", [fact.answered_by for fact in facts]),
    ):
        table = table.append_column(name, pa.array(values, pa.string()))
    return table


def _print(
    lists: Gaps, waiting: list[Asked], tables: dict[str, pa.Table], book: Rulebook, language: str, top: int
) -> None:
    words = WORDS[language]
    reasons = Counter((one.policy, one.waits_for) for one in waiting)
    kinds = ("one-fact", "several-facts", "a-rule", "a-status", "no-answer-seen")
    header = in_words(language, ("policy", "enrolled", "missed", "refused", *kinds, "unsaid"))
    print_rows(
        header,
        [
            [policy_name(book, policy, language), one.enrolled, one.missed, one.refused,
             *(reasons[policy, kind] for kind in kinds), one.unsaid]
            for policy, one in lists.counts.items()
        ],
    )  # fmt: skip
    if lists.unchecked:
        names = "、".join(policy_name(book, one, language) for one in lists.unchecked)
        typer.echo(
            f"资料中无人在册，未核对：{names}"
            if language == "zh"
            else f"nobody is on record, not checked: {names}"
        )
    for name in ("missed", "refused"):
        _list(words[name], tables[name], book, language, top)
    questions = tables["one-fact-away"]
    typer.echo(f"\n{words['one-fact']}（{questions.num_rows}）")
    for row in questions.slice(0, top).to_pylist():
        who = row["household_id"] if row["of"] == "household" else f"{row['household_id']}/{row['of']}"
        typer.echo(
            f"  {who}  {policy_name(book, row['policy'], language)}  {row['question']} [{row['answered_by']}]"
        )


def _list(title: str, table: pa.Table, book: Rulebook, language: str, top: int) -> None:
    typer.echo(f"\n{title}（{table.num_rows}）")
    rows: list[list[Any]] = []
    for row in table.slice(0, top).to_pylist():
        named = {
            "policy": policy_name(book, row["policy"], language),
            "area": area_name(book, row["area"], language),
        }
        rows.append([{**row, **named}[name] for name in SHOWN])
    print_rows(in_words(language, SHOWN), rows)
