"""A real server on an address of its own: hot reload, documents that do not end, a signal."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from api_client import ISLAND, LEAST, ROOT, problem

from api.app import make_app
from api.current import CurrentRulebook

HOST = "127.0.0.1"
STORM = "harbour/storm_help/2001-01-01.yaml"


def copy_of_island(tmp_path: Path) -> Path:
    for path in ISLAND.rglob("*.yaml"):
        target = tmp_path / "island" / path.relative_to(ISLAND)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path / "island"


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def island(tmp_path: Path) -> Path:
    return copy_of_island(tmp_path)


@pytest.fixture
def server(island: Path) -> Iterator[httpx.Client]:
    """A server that looks for changed files all the time."""
    app = make_app(CurrentRulebook(island), look_every=0.05)
    config = uvicorn.Config(app, host=HOST, port=0, loop="asyncio", log_config=None)
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, daemon=True)
    thread.start()
    until(lambda: uvicorn_server.started)
    port = uvicorn_server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://{HOST}:{port}", timeout=30) as client:
        yield client
    uvicorn_server.should_exit = True
    thread.join(10)


def fingerprint(client: httpx.Client) -> str:
    return str(client.get("/v1/rulebook").json()["fingerprint"])


def change(island: Path, old: str, new: str) -> None:
    path = island / STORM
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_changed_rulebook_is_served_without_a_restart(server: httpx.Client, island: Path) -> None:
    before = fingerprint(server)
    change(island, "120", "130")
    until(lambda: fingerprint(server) != before)
    told = server.get("/v1/policies/storm_help/versions/2001-01-01")
    assert "130" in told.json()["yaml"]
    assert told.headers["x-rulebook"] != before


def test_a_broken_rulebook_is_not_served_and_its_problems_are_told(
    server: httpx.Client, island: Path
) -> None:
    before = fingerprint(server)
    change(island, "savings < 1000.00", "savngs < 1000.00")
    until(lambda: bool(server.get("/v1/rulebook").json()["pending_problems"]))
    (waiting,) = [
        one for one in server.get("/v1/rulebook").json()["pending_problems"] if one["code"] == "unknown-name"
    ]
    assert (waiting["file"], waiting["line"]) == (STORM, 13)
    assert waiting["hint"] == "did you mean `savings`?"
    assert fingerprint(server) == before
    headers = {"Content-Type": "application/json"}
    assert server.post("/v1/decisions", content=LEAST, headers=headers).status_code == 200
    change(island, "savngs < 1000.00", "savings < 1000.00")
    until(lambda: not server.get("/v1/rulebook").json()["pending_problems"])
    assert fingerprint(server) == before


def test_a_new_file_and_a_removed_one_are_noticed(server: httpx.Client, island: Path) -> None:
    before = fingerprint(server)
    again = island / STORM.replace("2001", "2011")
    again.write_text((island / STORM).read_text("utf-8").replace("from: 2001", "from: 2011"), "utf-8")
    until(lambda: fingerprint(server) != before)
    assert len(server.get("/v1/policies/storm_help").json()["versions"]) == 2
    again.unlink()
    until(lambda: fingerprint(server) == before)


def test_a_request_under_way_keeps_the_rulebook_it_began_with(server: httpx.Client, island: Path) -> None:
    """The head of a request is sent, the rulebook changes, and only then the document follows."""
    before = fingerprint(server)
    with socket.create_connection((HOST, int(server.base_url.port or 0)), timeout=20) as connection:
        head = f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(LEAST)}\r\n\r\n"
        connection.sendall(head.encode() + LEAST[:10])
        change(island, "120", "130")
        until(lambda: fingerprint(server) != before)
        connection.sendall(LEAST[10:])
        answer = b""
        while b'"rulebook":"' not in answer:
            answer += connection.recv(65536)
    assert f'"rulebook":"{before}"'.encode() in answer


@pytest.fixture
def process(island: Path) -> Iterator[tuple[httpx.Client, int]]:
    """`relief serve`, as it is started by hand."""
    port = free_port()
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--policies", str(island)]
    started = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    with httpx.Client(base_url=f"http://{HOST}:{port}", timeout=30) as client:

        def there() -> bool:
            try:
                return client.get("/healthz").status_code == 200
            except httpx.TransportError:
                return False

        try:
            until(there, 60)
            yield client, started.pid
        finally:
            started.terminate()
            assert started.wait(20) in (0, -signal.SIGTERM)


def test_relief_serve(process: tuple[httpx.Client, int], island: Path) -> None:
    client, pid = process
    headers = {"Content-Type": "application/json"}
    decided = client.post("/v1/decisions?on=2024-03-01", content=LEAST, headers=headers)
    assert decided.json()["household_id"] == "h1"
    assert "server" not in decided.headers

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 100_000

    refused = client.post("/v1/decisions", content=endless(), headers=headers)
    assert problem(refused, 413)["errors"][0]["code"] == "too-large"
    nested = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    deep = client.post("/v1/decisions", content=nested, headers=headers)
    assert problem(deep, 422)["errors"][0]["code"] == "too-deep"

    before = fingerprint(client)
    change(island, "120", "130")
    os.kill(pid, signal.SIGHUP)
    until(lambda: fingerprint(client) != before)
