"""JSON that this program has written itself, sealed or hashed since: no key stands twice, so nobody looks for one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

parse_own: Callable[[bytes | msgspec.Raw], Any] = msgspec.json.Decoder(float_hook=Decimal).decode
"""Plain data, every number exact."""

parts_of: Callable[[bytes | msgspec.Raw], dict[str, msgspec.Raw]] = msgspec.json.Decoder(
    dict[str, msgspec.Raw]
).decode
"""The members of an object, each as the text that stands there."""
