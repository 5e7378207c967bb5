"""Logs: one line of JSON each, which nobody's life can be read from.

An error is told by its kinds and by the lines of code that it came through, and not by its message: messages of a
database or of a parser repeat what they were given.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec

FIELDS = "relief"
"""The attribute of a log record that holds fields of its own: `_log.info("request", extra={FIELDS: {...}})`."""


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info is not None and record.exc_info[1] is not None:
            line |= told(record.exc_info[1])
        return msgspec.json.encode(line).decode()


def told(error: BaseException) -> dict[str, Any]:
    """What went wrong, from the first cause to the last, and where."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 10:
        kinds.insert(0, f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    return {
        "error": kinds,
        "at": [
            f"{frame.filename.rpartition('/site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in frames
        ],
    }


def set_up() -> None:
    """Everything that is logged goes to standard error as lines of JSON."""
    # What no line shows need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
