"""`relief serve` with several processes: one that dies is replaced, what was counted stays, a stop lets writes end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from api_client import LEAST
from sqlalchemy import select

from records import tables
from records.database import connect, migrate, reading
from records.keys import new_keys
from tests.support.served import HOST, ISLAND, PEOPLE, ROOT, Served, until


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    database = connect(f"sqlite:///{tmp_path / 'county.db'}", new_keys())
    migrate(database)
    one = Served(database, tmp_path, workers=2)
    yield one
    one.stop()
    database.engine.dispose()


def processes(served: Served) -> set[int]:
    """The worker processes that have begun so far, and live."""
    lines = [json.loads(line) for line in served.log.read_text("utf-8").splitlines()]
    begun = {
        int(one["message"].partition("[")[2].rstrip("]"))
        for one in lines
        if one["message"].startswith("Started server process")
    }
    return {pid for pid in begun if _lives(pid)}


def _lives(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def decided(served: Served) -> float:
    with served.client as client:
        lines = client.get("/metrics").text.splitlines()
    return sum(
        float(line.split()[-1]) for line in lines if line.startswith('relief_decisions_total{kept="no"}')
    )


def decides(served: Served) -> bool:
    """On a connection of its own, so that either process may get it."""
    try:
        with served.client as client:
            return client.post("/v1/decisions", content=LEAST).status_code == 200
    except httpx.TransportError:
        return False


def test_a_process_that_dies_is_replaced_and_what_it_counted_stays(served: Served) -> None:
    served.start()
    until(lambda: len(processes(served)) == 2, 60)
    for _ in range(40):
        assert decides(served)
    assert decided(served) == 40
    before = processes(served)
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(processes(served)) == 2 and killed not in processes(served), 60)
    assert processes(served) != before
    until(lambda: decides(served))
    assert decided(served) >= 41
    with served.client as client:
        told = client.get("/metrics").text
    (open_,) = [line for line in told.splitlines() if line.startswith("relief_transactions_open ")]
    assert 0 <= float(open_.split()[-1]) <= 2


def test_connections_are_dealt_to_both_processes(served: Served) -> None:
    """So that one core does not work while the other one waits. (32 tosses of a coin: below 4 once in 100,000.)"""
    served.start()
    until(lambda: len(processes(served)) == 2, 60)
    before = {pid: _sockets(pid) for pid in processes(served)}
    with ExitStack() as open_:
        for _ in range(32):
            assert open_.enter_context(served.client).get("/healthz").status_code == 200
        assert {pid for pid in before if _sockets(pid) - before[pid] >= 4} == set(before)


def _sockets(pid: int) -> int:
    return sum(str(one.readlink()).startswith("socket:") for one in Path(f"/proc/{pid}/fd").iterdir())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_is_taken_is_said(workers: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "cli",
            "serve",
            "--port",
            port,
            "--workers",
            workers,
            "--policies",
            str(ISLAND),
        ]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 2
    assert f"{HOST}:{port}: 不能在此地址提供服务" in told.stderr


def test_a_stop_waits_for_what_is_being_written(served: Served) -> None:
    """The database is held while a write is asked for; the server is told to stop, and the write ends well."""
    password = served.hire("wang")
    served.start()
    headers, answers = served.signed_in("wang", password), []

    def write() -> None:
        with served.client as client:
            answers.append(client.post("/v1/households", json=PEOPLE, headers=headers))

    writer = threading.Thread(target=write)
    with served.database.engine.begin():
        writer.start()
        writer.join(1)
        assert not answers
        assert served.process is not None
        served.process.terminate()
        writer.join(1)
        assert not answers
    writer.join(30)
    assert [answer.status_code for answer in answers] == [201]
    assert served.process.wait(40) in (0, -signal.SIGTERM)
    with reading(served.database) as read:
        there = read.connection.execute(select(tables.household.c.household_id)).scalars().all()
    assert there == [answers[0].json()["household_id"]]
