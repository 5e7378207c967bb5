"""What is counted, for Prometheus: requests by route and status, decisions, the database.

With several worker processes each counts in files of a directory of their own (PROMETHEUS_MULTIPROC_DIR, set by
`api.serve` before a worker begins), and whoever is asked adds them up. Labels are routes as they are declared, methods,
statuses: never an address with an id in it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import SQLAlchemyError

from records import audit, driver
from records.database import Database, reading

MEDIA_TYPE = CONTENT_TYPE_LATEST
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUESTS = Counter("relief_requests", "Requests answered", ("method", "route", "status"))
SECONDS = Histogram("relief_request_seconds", "Time to answer", ("method", "route"), buckets=_BUCKETS)
DECISIONS = Counter("relief_decisions", "Decisions made", ("kept",))
ERRORS = Counter("relief_database_errors", "What the database refused or failed at", ("kind",))
OPEN = Gauge(
    "relief_transactions_open", "Connections to the record in use", multiprocess_mode="livesum"
)  # each is used for one transaction


def watch(engine: Engine) -> None:
    """Counts the transactions and errors of a database."""

    def failed(error: BaseException) -> None:
        ERRORS.labels(type(error).__name__).inc()

    def failed_in(context: ExceptionContext) -> None:
        failed(context.sqlalchemy_exception or context.original_exception)

    event.listen(engine, "handle_error", failed_in)
    engine.update_execution_options(**{driver.FAILED: failed})
    event.listen(engine.pool, "checkout", lambda *_: OPEN.inc())
    event.listen(engine.pool, "checkin", lambda *_: OPEN.dec())


def exposed(record: Database | None) -> bytes:
    """All of it as Prometheus reads it, with the state of the record as it is now."""
    registry = REGISTRY
    if os.environ.get(DIRECTORY):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    found = generate_latest(registry)
    if record is not None:
        of_record = CollectorRegistry()
        of_record.register(_OfRecord(record))
        found += generate_latest(of_record)
    return found


class _OfRecord(Collector):
    def __init__(self, record: Database) -> None:
        self.record = record

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("relief_record_up", "1: the record answers")
        with contextlib.ExitStack() as open_:
            try:
                read = open_.enter_context(reading(self.record))
                head, anchored = audit.head(read.connection), audit.last_anchor(read.connection)
            except SQLAlchemyError:  # counted where it happens
                up.add_metric((), 0)
                yield up
                return
        up.add_metric((), 1)
        yield up
        entries = GaugeMetricFamily("relief_audit_head", "Number of the last entry of the audit trail")
        entries.add_metric((), head[0] if head else 0)
        yield entries
        if anchored is not None:
            age = GaugeMetricFamily(
                "relief_anchor_age_seconds", "Since the head of the audit trail was signed"
            )
            age.add_metric((), (datetime.now(UTC) - anchored).total_seconds())
            yield age


def forget_the_dead() -> None:
    """Takes processes that are gone out of what is counted of those that live; their totals stay."""
    directory = os.environ.get(DIRECTORY)
    for file in Path(directory).glob("gauge_live*_*.db") if directory else ():
        pid = int(file.stem.rpartition("_")[2])
        if pid != os.getpid() and not Path("/proc", str(pid)).exists():
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
