"""`relief sample`: a county of people who do not exist."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.rulebooks import open_rulebook
from cli.stop import stop
from cli.table_files import writing


def run(households: int, seed: int, out: Path, policies: Path | None) -> None:
    from county.marginals import AREA, AS_OF
    from county.sample import HOUSEHOLDS, KEY, PERSONS, sample, write_sample

    book = open_rulebook(policies)
    if AREA not in book.areas:
        stop(f"规则库没有地区 {AREA}，示例县只配本项目自带的规则库 · this rulebook has no area `{AREA}`; "
             "the sample county goes with the rulebook of this project")  # fmt: skip
    found = sample(book, households, seed)
    writing(out, lambda: write_sample(found, out))
    people = found.persons.num_rows
    typer.echo(
        f"{out / HOUSEHOLDS}: {households} 户 {people} 人，截至 {AS_OF} · {households} households, {people} entries of people"
    )
    typer.echo(f"{out / PERSONS}: 人员登记册 · the register of people")
    typer.echo(
        f"{out / KEY}: 答案，{found.key.num_rows} 条，只供 relief record faults 对照 · the answer key, {found.key.num_rows} rows; only relief record faults reads it"
    )
