"""`python -m benchmarks.record.export`: a county's month as files, and how much memory that takes.

Makes a record in a temporary SQLite file (or the one that is named): households with members, statuses, payments and a
latest decision with findings, written straight into the tables. Nothing of it is a real case. Exit code 1 when 40,000
rows take more than ten seconds of the processor; what the clock says depends on who else is at work.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert

from engine.rulebook import Rulebook, load_rulebook
from records import exports, reports, tables
from records.database import Database, connect, migrate, reading
from records.keys import new_keys
from records.report_sheets import LINES, header, line_rows
from records.reports import Chosen, month_of
from records.xlsx import as_xlsx

ROOT = Path(__file__).parents[2]
MONTH = month_of("2026-09")
KNOWN = date(2026, 10, 5)
HOUSEHOLDS = 20_000
MOST_SECONDS = 10
STAMP = {
    "recorded_on": date(2026, 9, 1),
    "recorded_at": datetime(2026, 9, 1, tzinfo=UTC),
    "recorded_by": "benchmark",
    "entry": "benchmark",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--households", type=int, default=HOUSEHOLDS)
    parser.add_argument("--record", default="", help="an empty database (SQLAlchemy URL)")
    given = parser.parse_args()
    book = load_rulebook(ROOT / "policies")
    with tempfile.TemporaryDirectory() as place:
        url = given.record or f"sqlite:///{place}/county.db"
        database = connect(url, new_keys())
        migrate(database)
        with database.engine.begin() as connection:
            fill(connection, book, given.households)
        slow = measured(database, book, Path(place))
        database.engine.dispose()
    sys.exit(1 if slow else 0)


def fill(connection: Connection, book: Rulebook, households: int) -> None:
    """Two members, a status, a payment and a finding of every policy for each household."""
    areas = [one.code for one in book.areas.values() if one.code.startswith("sample_")]
    policies = list(book.policies)
    ids = [f"H{n:06d}" for n in range(households)]
    _put(connection, tables.rulebook, [{"fingerprint": book.fingerprint, "files": b""}])
    _put(
        connection,
        tables.household,
        ({"household_id": one, "version": 1, "area": areas[n % len(areas)]} for n, one in enumerate(ids)),
    )
    people = [(one, f"{one}-{k}") for one in ids for k in (1, 2)]
    _put(connection, tables.person, ({"person_id": person} for _, person in people))
    since = date(2026, 1, 1)
    _put(
        connection,
        tables.membership,
        ({"household_id": one, "person_id": person, "valid_from": since} for one, person in people),
    )
    _put(
        connection,
        tables.status,
        (
            {"household_id": one, "policy": "dibao", "valid_from": since, "amount": "820", "source": "x"}
            for one in ids
        ),
    )
    _put(
        connection,
        tables.payment,
        (
            {
                "household_id": one,
                "policy": "dibao",
                "month": MONTH.name,
                "amount": "820.50",
                "state": "paid",
                "basis": "x",
                "source": "x",
            }
            for one in ids
        ),
    )
    _put(
        connection,
        tables.decision,
        (
            {
                "seq": n,
                "decision_id": secrets.token_hex(32),
                "household_id": one,
                "on": MONTH.first,
                "known": MONTH.first,
                "made_from": "{}",
                "rulebook": book.fingerprint,
                "engine": "x",
                "content": b"",
                "content_hash": "",
            }
            for n, one in enumerate(ids, 1)
        ),
    )
    outcomes = ("eligible", "ineligible", "undetermined", "ineligible", "ineligible")
    amount = '{"period":"month","value":820.50}'
    _put(
        connection,
        tables.finding,
        (
            {
                "decision": n,
                "policy": policy,
                "subject": "household",
                "version": "x",
                "outcome": outcomes[(n + place) % 5],
                "amount": amount if (n + place) % 5 == 0 else None,
            }
            for n in range(1, len(ids) + 1)
            for place, policy in enumerate(policies)
        ),
    )


def _put(connection: Connection, table: Table, rows: Any) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append({**row, **STAMP})
        if len(batch) == 5000:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def measured(database: Database, book: Rulebook, place: Path) -> bool:
    rolls = Chosen(KNOWN, what="held")
    paid = Chosen(KNOWN, what="paid")

    def rows(*chosen: Chosen) -> Iterator[list[Any]]:
        with reading(database) as read:
            for one in chosen:
                yield from line_rows(book, MONTH, reports.lines(read, book, MONTH, one), "zh")

    def table() -> int:
        with reading(database) as read:
            return sum(one.cases for one in reports.table(read, book, MONTH, Chosen(KNOWN, by="township")))

    def csv(name: str, *chosen: Chosen) -> int:
        count = -1  # the header
        with (place / name).open("wb") as file:
            for chunk in exports.as_csv(header(LINES, "zh"), rows(*chosen)):
                count += chunk.count(b"\r\n")
                file.write(chunk)
        return count

    def xlsx() -> int:
        count = 0

        def given() -> Iterator[list[Any]]:
            nonlocal count
            for row in rows(rolls, paid):
                count += 1
                yield row

        with (place / "a.xlsx").open("wb") as file:
            file.writelines(as_xlsx("lines", header(LINES, "zh"), given()))
        return count

    warm = rows(rolls)
    next(warm)
    warm.close()
    took = [
        timed("CSV of the rolls and payments", lambda: csv("a.csv", rolls, paid)),
        timed("XLSX of the same", xlsx),
    ]
    timed("CSV of every line of the month", lambda: csv("b.csv", Chosen(KNOWN)))
    timed("the table of the month, by township", table)
    return max(took) > MOST_SECONDS


def timed(what: str, make: Callable[[], int]) -> float:
    begun, processor, before = time.perf_counter(), time.process_time(), peak()
    count = make()
    took, worked = time.perf_counter() - begun, time.process_time() - processor
    print(
        f"{what}: {count:,} rows in {took:.1f} s ({worked:.1f} s of processor); "
        f"memory {before} -> {peak()} MB at most (process {os.getpid()})"
    )
    return worked


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
