"""`relief serve` with a record, as a process of its own that a test may kill, and a client of it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from records import accounts
from records.accounts import SETUP, NewAccount
from records.database import Database, writing
from records.keys import write_keys
from records.rights import Grant, Role

ROOT = Path(__file__).parents[2]
ISLAND = ROOT / "tests" / "decision" / "rulebook"
HOST = "127.0.0.1"
PEOPLE = {"document": {"area": "north", "people": [{}]}}


@dataclass
class Served:
    """A server of the island on a port of its own. `log`: the file that it logs to."""

    database: Database
    place: Path
    workers: int = 1
    port: int = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with socket.socket() as one:
            one.bind((HOST, 0))
            self.port = one.getsockname()[1]
        self.keys = self.place / "keys.json"
        write_keys(self.keys, self.database.keys)

    @property
    def log(self) -> Path:
        return self.place / "log"

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{HOST}:{self.port}", timeout=30)

    def hire(self, account: str) -> str:
        """An account that writes down and decides; its password."""
        with writing(self.database, SETUP) as write:
            accounts.create(write, NewAccount(account, account, f"员工{account}"))
            accounts.grant_role(write, account, Grant(Role.TOWNSHIP_OFFICER, "north"), SETUP, write.day)
            return accounts.give_first_password(write, account, must_change=False)

    def start(self, **more: Any) -> None:
        url = self.database.engine.url.render_as_string(hide_password=False)
        told = ["--record", url, "--keys", str(self.keys), "--policies", str(ISLAND)]
        command = [sys.executable, "-m", "cli", "serve", "--port", str(self.port), *told]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", str(self.workers)], cwd=ROOT, stderr=log, stdout=log, **more
            )
        until(lambda: self.answers("/healthz"), 180)  # a machine may have much else to do

    def answers(self, path: str) -> bool:
        try:
            with self.client as client:
                return client.get(path).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As the power goes: nothing is tidied up."""
        assert self.process is not None
        self.process.kill()
        assert self.process.wait(20) == -signal.SIGKILL

    def stop(self) -> int:
        if self.process is None:
            return 0
        self.process.terminate()
        code = self.process.wait(40)
        self.process = None
        return code

    def signed_in(self, account: str, password: str) -> dict[str, str]:
        """The headers of a session, which outlasts the server."""
        with self.client as client:
            answer = client.post("/v1/sessions", json={"account": account, "password": password})
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}


def until(true: Any, seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")
