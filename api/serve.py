"""The server process, or several."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import make_app
from api.current import CurrentRulebook, InRecord
from records.database import connect
from records.keys import read_keys
from records.place import office_zone

_POLICIES, _RECORD, _KEYS = "RELIEF_POLICIES", "RELIEF_RECORD", "RELIEF_KEY_FILE"


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
    """Serves until it is told to stop. Raises `Problems`, `BadKeys`, `BadPlace`, `Refused` (`starting.Drift`)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings: dict[str, Any] = {
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": 5,
    }
    app = make_served(served)  # what is wrong is told before any process is started
    if workers == 1:
        uvicorn.run(app, **settings)
        return
    os.environ[_POLICIES] = "" if served.policies is None else str(served.policies)
    os.environ[_RECORD], os.environ[_KEYS] = served.record, str(served.keys)
    uvicorn.run("api.serve:app_of_environment", factory=True, workers=workers, **settings)


def app_of_environment() -> FastAPI:
    """For each of several worker processes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    environment = os.environ
    policies = environment[_POLICIES]
    return make_served(
        Served(Path(policies) if policies else None, environment.get(_RECORD, ""), Path(environment[_KEYS]))
    )


def make_served(served: Served) -> FastAPI:
    if not served.record:
        assert served.policies is not None
        return make_app(CurrentRulebook(served.policies))
    record = connect(served.record, read_keys(served.keys), office_zone())
    return make_app(CurrentRulebook(InRecord(record, served.policies)), record=record)
