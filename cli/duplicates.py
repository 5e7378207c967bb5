"""`relief duplicates`: who draws twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.county_words import WORDS
from cli.population import reading_tables
from cli.rulebooks import language_of
from cli.run_lists import area_name, finished_run, policy_name
from cli.table_files import write_tables

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.population.alike import Search
    from engine.population.duplicates import Exclusive, TwoHouseholds

TITLES = {
    "zh": ("一人在两户", "互斥政策同时在册", "疑似一人两号", "两处都在领取"),
    "en": ("one person in two households", "exclusive programmes on record together", "perhaps one person under two numbers", "draws in both"),
}  # fmt: skip


def run(
    out: Path,
    data: Path,
    persons: Path | None,
    top: int,
    to: Path | None,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    with finished_run(data, out, policies) as found:
        from engine.population.duplicates import held_together, in_two_households

        language = language_of(found.book, lang)
        twice, together = in_two_households(found), held_together(found)
        register, search = None, None
        if persons is not None:
            with reading_tables(persons):
                from engine.population.alike import alike, read_register

                register = read_register(persons)
                search = alike(register)
        tables = _tables(twice, together, register, search)
        if to is not None:
            for path in write_tables(tables, to):
                typer.echo(str(path), err=True)
        if output == "json":
            typer.echo(
                json.dumps({name: table.to_pylist() for name, table in tables.items()}, ensure_ascii=False)
            )
            return
        book, titles, words = found.book, TITLES[language], WORDS[language]
        typer.echo(f"{titles[0]}（{len(twice)}）")
        for one in twice[:top]:
            places = "；".join(
                f"{entry.household_id} {area_name(book, entry.area, language)}"
                + "".join(f" [{policy_name(book, policy, language)}]" for policy in entry.holds)
                for entry in one.entries
            )
            typer.echo(f"  {one.person_id}  {places}" + (f"  ← {titles[3]}" if one.draws_twice else ""))
        typer.echo(f"\n{titles[1]}（{len(together)}）")
        for pair in together[:top]:
            who = pair.household_id if pair.person_id is None else f"{pair.household_id}/{pair.person_id}"
            names = " + ".join(policy_name(book, policy, language) for policy in pair.between)
            typer.echo(f"  {who}  {names}  ({pair.rule})")
        if search is None or register is None:
            typer.echo(
                "\n未给出人员登记册（--persons），没有查一人两号 · no register of people (--persons): two numbers were not looked for"
            )
            return
        typer.echo(f"\n{titles[2]}（{len(search.pairs)}）")
        for row in tables["two-numbers"].slice(0, top).to_pylist():
            reasons = "、".join(words[reason] for reason in row["reasons"].split())
            typer.echo(
                f"  {row['points']:3}  {row['person_id']} {row['name']} {row['birth_date']} {row['household_id']}"
                f"  ~  {row['other_person_id']} {row['other_name']} {row['other_birth_date']} {row['other_household_id']}"
                f"  {reasons}"
            )
        if search.by_chance:
            typer.echo(
                f"  另有 {search.by_chance} 对，同类的相似在陌生人之间一样多见，未列出 · pairs alike in ways as frequent among "
                f"strangers, not shown: {search.by_chance}"
            )
        if search.skipped:
            typer.echo(
                f"  {search.skipped} 条登记在过大的比对组内，未逐对比较 · entries in blocks too large to compare: {search.skipped}"
            )


def _tables(
    twice: list[TwoHouseholds], together: list[Exclusive], register: pa.Table | None, search: Search | None
) -> dict[str, pa.Table]:
    entries = [
        {"person_id": one.person_id, "household_id": entry.household_id, "area": entry.area,
         "holds": " ".join(entry.holds), "draws_twice": one.draws_twice}
        for one in twice for entry in one.entries
    ]  # fmt: skip
    pairs = [
        {"household_id": one.household_id, "area": one.area, "person_id": one.person_id, "rule": one.rule,
         "first": one.between[0], "second": one.between[1], "kept": one.kept, "pending": one.pending}
        for one in together
    ]  # fmt: skip
    tables = {
        "two-households": _table(entries, "person_id household_id area holds draws_twice"),
        "exclusive": _table(pairs, "household_id area person_id rule first second kept pending"),
    }
    if register is not None and search is not None:
        tables["two-numbers"] = _alike(register, search)
    return tables


def _table(rows: list[dict[str, Any]], names: str) -> pa.Table:
    import pyarrow as pa

    return pa.table({name: [row[name] for row in rows] for name in names.split()})


def _alike(register: pa.Table, search: Search) -> pa.Table:
    import pyarrow as pa

    shown = ("person_id", "name", "birth_date", "household_id", "address")
    first = register.take(pa.array([one.first for one in search.pairs], pa.int64()))
    second = register.take(pa.array([one.second for one in search.pairs], pa.int64()))
    columns = {"points": pa.array([one.points for one in search.pairs], pa.int64())}
    columns |= {name: first.column(name).cast(pa.string()) for name in shown}
    columns |= {f"other_{name}": second.column(name).cast(pa.string()) for name in shown}
    columns["reasons"] = pa.array([" ".join(one.reasons) for one in search.pairs], pa.string())
    return pa.table(columns)
