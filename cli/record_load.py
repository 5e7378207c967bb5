"""`relief record load`: a sample county written down in the record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import typer

from cli.county_record import Kept, arrivals, kept_of, registered
from cli.record import opened_record, rulebook_of
from cli.stop import stop
from county.kept import EVENTS, PAYEES, PAYMENTS, REVIEWS
from county.sample import HOUSEHOLDS, PERSONS
from records.database import Database, batched, writing
from records.intake import write_down_all
from records.payments.carried import Entry, approve_all, enter_all
from records.payments.payees import Relation

AT_ONCE = 500  # households of one transaction: those before it stay when a later one is refused
APPROVER = "sample-approver"  # the second person who looks at payees


def run(county: Path, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    for name in (HOUSEHOLDS, PERSONS):
        if not (county / name).is_file():
            stop(
                f"{county / name}: 没有这个文件，请先 relief sample --out {county} · "
                f"there is no such file; make it with relief sample --out {county}"
            )
    files = (EVENTS, PAYMENTS, REVIEWS, PAYEES)
    kept = kept_of({name: pq.read_table(county / name) for name in files if (county / name).is_file()})
    people = registered(pq.read_table(county / PERSONS), kept)
    done = awards = payments = 0
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        for some in batched(arrivals(book, pq.read_table(county / HOUSEHOLDS), people, kept), AT_ONCE):
            with writing(database, actor) as write:
                write_down_all(write, book, some)
            done += len(some)
            awards += sum(len(one.document.get("awards", ())) for one in some)
            payments += sum(len(one.document.get("payments", ())) for one in some)
        payees = pay_to(database, kept, actor)
    typer.echo(
        f"{done} 户 {len(people)} 人 {awards} 项待遇 {payments} 笔发放 {payees} 个收款账户 · "
        f"{done} households, {len(people)} people, {awards} awards, {payments} payments, {payees} payees"
    )


def pay_to(database: Database, kept: Kept, actor: str, at: datetime | None = None) -> int:
    """Writes down whose accounts the money goes to, entered by one person and approved by another; how many."""
    entries = [
        Entry(household, row["person_id"] or "", row["holder"], Relation(row["relation"]))
        for household, rows in kept.payees.items()
        for row in rows
    ]
    for some in batched(entries, AT_ONCE):
        with writing(database, actor, at) as write:
            entered = enter_all(write, some, actor, "示例县开账 · the sample county's opening")
        with writing(database, APPROVER, at) as write:
            approve_all(write, entered, APPROVER)
    return len(entries)
