"""Where the office is, whose days are those on which things become known, and where its files lie."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class BadPlace(Exception):
    """RELIEF_ZONE names no time zone; the message says so in Chinese and English."""


def office_zone() -> ZoneInfo:
    """Of RELIEF_ZONE. Raises `BadPlace`."""
    name = os.environ.get("RELIEF_ZONE", "Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadPlace(f"RELIEF_ZONE: 没有时区 {name} · there is no time zone {name}") from None


def documents_directory() -> Path:
    """Of RELIEF_DOCUMENTS. Raises `BadPlace`."""
    told = os.environ.get("RELIEF_DOCUMENTS", "")
    if not told:
        raise BadPlace(
            "未设置材料目录，请设置 RELIEF_DOCUMENTS · no directory for scans; set RELIEF_DOCUMENTS"
        )
    return Path(told)
