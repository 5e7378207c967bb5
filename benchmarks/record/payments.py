"""`python -m benchmarks.record.payments`: the batch of a month, from awards to the bank's answer, on one core.

Households of the sample county that hold something are written down with all of their facts (`--statuses-only`: with
nothing but what is held, granted and paid), as often as it takes, each with an account and an approved payee. Exit code 1
when building takes longer than `--within`.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select

from cli.county_record import arrivals, registered
from county.sample import HOUSEHOLDS, PERSONS, sample, write_sample
from engine.rulebook import Rulebook, load_rulebook
from records import audit, tables
from records.arrivals import Arrival
from records.database import Database, batched, connect, migrate, writing
from records.intake import write_down_all
from records.keys import new_keys
from records.payments import batches, releasing, results
from records.payments.bank_files import Format, Payer, export
from records.payments.payees import accounts_of
from records.payments.planning import planned
from records.payments.words import month_number
from records.people import Identity
from records.rights import Grant, Right, Role, Viewer
from records.scope import areas_below

ROOT = Path(__file__).parents[2]
AREA, MONTH = "sample_county", "2026-10"
AT = datetime(2026, 10, 5, 1, tzinfo=UTC)
BEFORE = datetime(2026, 10, 2, 1, tzinfo=UTC)
PAYER = Payer("某县民政局", "62220000999", "102100099996", date(2026, 10, 10))


def officer(name: str) -> Viewer:
    return Viewer(name, name, (Grant(Role.DEPARTMENT_OFFICER, AREA),))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=40_000)
    parser.add_argument("--within", type=float, default=60, help="seconds for building and the gate")
    parser.add_argument("--database", default="", help="an empty one; default a new SQLite file")
    parser.add_argument("--statuses-only", action="store_true", help="no fact of anybody is known")
    given = parser.parse_args()
    book = load_rulebook(ROOT / "policies")
    with tempfile.TemporaryDirectory() as place:
        database = connect(given.database or f"sqlite:///{place}/county.db", new_keys())
        migrate(database)
        with timed("written down"):
            households = fill(database, book, Path(place), given.lines, bare=given.statuses_only)
        seconds = run(database, book, households)
    sys.exit(0 if seconds <= given.within else 1)


@contextmanager
def timed(what: str) -> Iterator[dict[str, float]]:
    wall, busy = time.perf_counter(), time.process_time()
    taken: dict[str, float] = {}
    yield taken
    taken["wall"], taken["busy"] = time.perf_counter() - wall, time.process_time() - busy
    print(f"{what:<28} {taken['wall']:8.2f} s  {taken['busy']:8.2f} s of the processor", flush=True)


def run(database: Database, book: Rulebook, households: int) -> float:
    builder, releaser = officer("builder"), officer("releaser")
    policies = sorted(book.policies)
    with writing(database, "builder", AT) as write, timed("  of that: planned"):
        planned(write, book, month_number(MONTH), sorted(areas_below(book, AREA)), policies, write.day)
    with timed("built and gated") as taken, writing(database, "builder", AT) as write:
        number = batches.build(write, book, builder, MONTH, AREA, policies)
    with writing(database, "releaser", AT) as write:
        batch = batches.seen(write, book, releaser, Right.RELEASE_PAYMENTS, number)
        told = batches.sums(write, batches.lines(number))
        print(f"{batch.lines} lines of {households} households: {told.pays} pay, {told.blocked} blocked")
        print(json.dumps(told.reasons))
        with timed("released"):
            releasing.release(write, book, releaser, batch, "基准")
    for form in Format:
        with timed(f"exported as {form}"), writing(database, "releaser", AT) as write:
            batch = batches.seen(write, book, releaser, Right.EXPORT_PAYMENTS, number)
            made = export(write, book, releaser, batch, form, PAYER, "基准")
            print(f"{len(made.content):,} bytes")
    with timed("settled"), writing(database, "builder", AT) as write:
        batch = batches.seen(write, book, builder, Right.SETTLE_PAYMENTS, number)
        results.take(write, builder, batch, answer(write, number))
    return taken["wall"]


def answer(read: Any, batch: int) -> bytes:
    one = tables.instruction.c
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("reference", "outcome", "reason", "date"))
    for reference in read.connection.execute(select(one.reference).where(one.batch == batch)).scalars():
        rows.writerow((reference, "paid", "", "2026-10-12"))
    return text.getvalue().encode()


# --- the county ---------------------------------------------------------------------------------------------


def fill(database: Database, book: Rulebook, place: Path, lines: int, *, bare: bool) -> int:
    """Households with awards until there are so many lines; how many."""
    (place / "sample").mkdir()
    write_sample(sample(book, 2000, 1), place / "sample")
    people = registered(pq.read_table(place / "sample" / PERSONS))
    table = pq.read_table(place / "sample" / HOUSEHOLDS)
    holding = [one for one in arrivals(book, table, people) if paid_by_the_month(one)]
    if bare:
        holding = [without_facts(one) for one in holding]
    made = households = 0
    for some in batched(copies(holding, lines), 500):
        with writing(database, "li", BEFORE) as write:
            write_down_all(write, book, some)
        households += len(some)
        made += sum(paid_by_the_month(one) for one in some)
        print(f"\r{households} households, {made} awards", end="", file=sys.stderr)
    print(file=sys.stderr)
    with writing(database, "entering", BEFORE) as write:
        enter_payees(write)
    with writing(database, "approving", BEFORE) as write:
        numbers = write.connection.execute(select(tables.pay_to.c.seq)).scalars().all()
        rows = [{"pay_to": one, "person": "approving"} for one in numbers]
        audit.add_rows(write, "approve-payee", tables.pay_to_approval, AREA, rows)
    return households


def paid_by_the_month(one: Arrival) -> int:
    return sum("to" not in award and "amount" in award for award in one.document.get("awards", ()))


def without_facts(one: Arrival) -> Arrival:
    kept = ("household_id", "area", "application_date", "statuses", "awards", "payments")
    document = {key: value for key, value in one.document.items() if key in kept}
    document["people"] = [{"person_id": each["person_id"]} for each in one.document["people"]]
    return replace(one, document=document)


def copies(holding: list[Arrival], lines: int) -> Iterator[Arrival]:
    """The same households under other ids, until there are so many lines."""
    made, copy = 0, 0
    while made < lines:
        for one in holding:
            if made >= lines:
                return
            made += paid_by_the_month(one)
            yield copied(one, copy)
        copy += 1


def copied(one: Arrival, copy: int) -> Arrival:
    def named(person: str) -> str:
        return f"{person}-{copy}" if person else person

    document = dict(one.document)
    document["household_id"] = named(document["household_id"])
    document["people"] = [{**each, "person_id": named(each["person_id"])} for each in document["people"]]
    for listed in ("statuses", "awards", "payments"):
        document[listed] = [
            {**each, "person_id": named(each["person_id"])} if each.get("person_id") else each
            for each in document.get(listed, ())
        ]
    identities = {
        named(person): Identity(who.name, None, None, f"{copy:04d}{who.account}" if who.account else None)
        for person, who in one.identities.items()
    }
    return replace(
        one,
        document=document,
        identities=identities,
        joined={named(person): day for person, day in one.joined.items()},
        accounts={named(person): f"{copy:04d}{account}" for person, account in one.accounts.items()},
    )


def enter_payees(write: Any) -> None:
    """Everybody's own account; for a household, and for who has none, that of whoever has one."""
    award, member = tables.award.c, tables.membership.c
    wanted = write.connection.execute(select(award.household_id, award.person_id).distinct()).all()
    inside: dict[str, list[str]] = {}
    for row in write.connection.execute(select(member.household_id, member.person_id)):
        inside.setdefault(row.household_id, []).append(row.person_id)
    everybody = [person for people in inside.values() for person in people]
    accounts = accounts_of(write, everybody)
    rows = []
    for household, person in wanted:
        able = [one for one in inside[household] if one in accounts]
        holder = person if person in accounts else next(iter(able), None)
        if holder is not None:
            relation = "self" if person in (None, holder) else "guardian"
            rows.append(
                {
                    "household_id": household,
                    "person_id": person,
                    "holder": holder,
                    "account": accounts[holder],
                    "relation": relation,
                    "reason": "基准",
                    "person": "entering",
                }
            )
    audit.add_rows(write, "enter-payee", tables.pay_to, AREA, rows)


if __name__ == "__main__":
    main()
