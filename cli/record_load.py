"""`relief record load`: a sample county written down in the record."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import typer

from cli.county_record import arrivals, registered
from cli.record import opened_record, rulebook_of
from cli.stop import stop
from county.sample import HOUSEHOLDS, PERSONS
from records.database import batched, writing
from records.intake import write_down_all

AT_ONCE = 500  # households of one transaction: those before it stay when a later one is refused


def run(county: Path, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    for name in (HOUSEHOLDS, PERSONS):
        if not (county / name).is_file():
            stop(
                f"{county / name}: 没有这个文件，请先 relief sample --out {county} · "
                f"there is no such file; make it with relief sample --out {county}"
            )
    people = registered(pq.read_table(county / PERSONS))
    done = awards = payments = 0
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        for some in batched(arrivals(book, pq.read_table(county / HOUSEHOLDS), people), AT_ONCE):
            with writing(database, actor) as write:
                write_down_all(write, book, some)
            done += len(some)
            awards += sum(len(one.document.get("awards", ())) for one in some)
            payments += sum(len(one.document.get("payments", ())) for one in some)
    typer.echo(
        f"{done} 户 {len(people)} 人 {awards} 项待遇 {payments} 笔发放 · "
        f"{done} households, {len(people)} people, {awards} awards, {payments} payments"
    )
