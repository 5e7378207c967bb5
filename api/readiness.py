"""GET /healthz, /readyz, /metrics: what machines ask. Nothing in them is about anybody."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from api import metrics
from api.answers import PRIVATE
from api.guard import open_to_all
from engine.decision import encode_json
from records import audit
from records.database import Database, known_revisions, reading, revision_of

router = APIRouter()

LEAST_FREE = 500 << 20  # bytes: a night's import and its log
LATE = timedelta(hours=36)  # an anchor a day, and one that was missed is seen

_log = logging.getLogger("relief.readiness")
_Check = Callable[[Database], dict[str, Any]]


@router.get("/readyz", summary="Can the server do its work")
@open_to_all
def readyz(request: Request) -> Response:
    """503 when it cannot: no record, other tables than this program has, no room on the disk. A late anchor is told only."""
    record: Database | None = request.app.state.record
    checks: dict[str, dict[str, Any]] = {}
    if record is not None:
        for name, check in _CHECKS.items():
            try:
                checks[name] = check(record)
            except Exception:
                _log.exception("%s could not be checked", name)
                checks[name] = {"ok": False}
    ready = all(one["ok"] for one in checks.values())
    content = {"status": "ready" if ready else "not-ready", "checks": checks}
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(encode_json(content), status, PRIVATE, "application/json")


@router.get("/metrics", summary="What is counted, for Prometheus", response_class=PlainTextResponse)
@open_to_all
def exposed(request: Request) -> Response:
    return Response(metrics.exposed(request.app.state.record), 200, PRIVATE, metrics.MEDIA_TYPE)


@cache
def _expected() -> str:
    return known_revisions()[0]


def _schema(record: Database) -> dict[str, Any]:
    with reading(record) as read:
        found = revision_of(read.connection)
    return {"ok": found == _expected(), "revision": found, "expected": _expected()}


def _disk(record: Database) -> dict[str, Any]:
    """Where SQLite's file is. PostgreSQL's disk is seen from where PostgreSQL is; ours holds logs and temporary files."""
    file = record.engine.url.database if record.is_sqlite else None
    free = shutil.disk_usage(Path(file).resolve().parent if file else Path.cwd()).free
    return {"ok": free >= LEAST_FREE, "free_bytes": free}


def _anchor(record: Database) -> dict[str, Any]:
    with reading(record) as read:
        anchored, head = audit.last_anchor(read.connection), audit.head(read.connection)
    if anchored is None:
        return {"ok": True, "late": head is not None, "age_hours": None}
    age = datetime.now(UTC) - anchored
    return {"ok": True, "late": age > LATE, "age_hours": round(age.total_seconds() / 3600, 1)}


_CHECKS: dict[str, _Check] = {"record": _schema, "disk": _disk, "anchor": _anchor}
