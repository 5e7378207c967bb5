"""The server killed at any moment: what was acknowledged is there, nothing is there twice, and the chain holds."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from sqlalchemy import func, select

from records import tables
from records.database import Database, reading
from records.verify import verify
from tests.conftest import SOAK
from tests.support.served import PEOPLE, Served

TIMES = 100 if SOAK else 5


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Iterator[Served]:
    one = Served(database, tmp_path)
    yield one
    one.stop()


class Writer(threading.Thread):
    """Writes households down and decides them, and asks again with the same key until it hears an answer."""

    def __init__(self, served: Served, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.served, self.headers, self.ended = served, headers, threading.Event()
        self.households: list[str] = []
        self.decisions: list[int] = []
        self.asked_again = self.answered_before = 0

    def run(self) -> None:
        while not self.ended.is_set():
            household = self.heard("/v1/households", PEOPLE)["household_id"]
            self.households.append(household)
            self.decisions.append(self.heard(f"/v1/households/{household}/decisions", None)["seq"])

    def heard(self, path: str, body: object) -> dict[str, object]:
        key = str(uuid.uuid4())
        while True:
            try:
                with self.served.client as client:
                    answer = client.post(path, json=body, headers={**self.headers, "Idempotency-Key": key})
            except httpx.TransportError:
                self.asked_again += 1
                time.sleep(0.02)
                continue
            assert answer.status_code == 201, answer.text
            self.answered_before += answer.headers.get("Idempotency-Replayed") == "true"
            told: dict[str, object] = answer.json()
            return told


def test_killed_at_any_moment(served: Served) -> None:
    password = served.hire("wang")
    served.start()
    writer = Writer(served, served.signed_in("wang", password))
    writer.start()
    random = Random(7)
    for _ in range(TIMES):
        heard = len(writer.decisions)
        while len(writer.decisions) == heard:
            assert writer.is_alive()
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.1))
        served.kill()
        served.start()
    writer.ended.set()
    writer.join(60)
    assert writer.asked_again, "no request was cut off, so nothing was shown"
    with reading(served.database) as read:
        connection = read.connection
        assert verify(connection, served.database.keys.signing.public_key()) is None
        there = connection.execute(select(tables.household.c.household_id)).scalars().all()
        decided = connection.execute(select(tables.decision.c.seq)).scalars().all()
        people = connection.execute(select(func.count()).select_from(tables.person)).scalar_one()
    assert sorted(there) == sorted(writer.households)
    assert sorted(decided) == sorted(writer.decisions)
    assert people == len(there)
