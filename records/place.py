"""Where the office is: its days are those on which things become known."""

from __future__ import annotations

import os
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
