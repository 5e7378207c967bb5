"""The server process, or several."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from fastapi import FastAPI

from api import logs, metrics
from api.app import make_app
from api.current import CurrentRulebook, InRecord
from api.settings import settings_of
from api.workers import refuse_taken, serve_in_processes
from records.database import connect
from records.keys import read_keys
from records.place import office_zone

_POLICIES, _RECORD, _KEYS = "RELIEF_POLICIES", "RELIEF_RECORD", "RELIEF_KEY_FILE"

DRAIN = 30  # seconds that requests under way are given when the server is told to stop


@dataclass(frozen=True, slots=True)
class Served:
    """What is served: the rulebook of a directory; or a record, and the rulebook that is published in it.

    policies: with a record, where its first rulebook comes from and drafts are written; None when there is none
    keys      the file of the record's keys
    """

    policies: Path | None
    record: str = ""
    keys: Path = Path("record.keys.json")


def serve(served: Served, host: str, port: int, workers: int = 1) -> None:
    """Serves until it is told to stop. Raises `Problems`, `BadKeys`, `BadPlace`, `BadSettings`, `Refused` (`starting.Drift`),
    `OSError` where the port is taken."""
    logs.set_up()
    settings: dict[str, Any] = {
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": DRAIN,
    }
    app = make_served(served)  # what is wrong is told before any process is started
    refuse_taken(host, port)
    if workers == 1:
        uvicorn.run(app, host=host, port=port, **settings)
        return
    os.environ[_POLICIES] = "" if served.policies is None else str(served.policies)
    os.environ[_RECORD], os.environ[_KEYS] = served.record, str(served.keys)
    if app.state.record is not None:
        app.state.record.engine.dispose()  # each process has connections of its own
    with TemporaryDirectory(prefix="relief-metrics-") as directory:
        os.environ[metrics.DIRECTORY] = directory
        serve_in_processes("api.serve:app_of_environment", host, port, workers, settings)


def app_of_environment() -> FastAPI:
    """For each of several worker processes; another takes the place of one that died."""
    logs.set_up()
    metrics.forget_the_dead()
    environment = os.environ
    policies = environment[_POLICIES]
    return make_served(
        Served(Path(policies) if policies else None, environment.get(_RECORD, ""), Path(environment[_KEYS]))
    )


def make_served(served: Served) -> FastAPI:
    settings = settings_of()
    if not served.record:
        assert served.policies is not None
        return make_app(CurrentRulebook(served.policies), settings=settings)
    record = connect(served.record, read_keys(served.keys), office_zone())
    metrics.watch(record.engine)
    return make_app(CurrentRulebook(InRecord(record, served.policies)), record=record, settings=settings)
