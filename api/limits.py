"""How much is taken of one client: buckets that fill up again, one for each address and one for each account.

They are kept in each server process by itself: with four processes a client may do up to four times as much.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from api.problems import ProblemError

_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and `per_second` for ever."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Generous where anybody may ask: one client of the open routes decides 500 households a second and more.

    `sign_in` is of an address, too: a whole office signs in at eight.
    """

    address: Rate = Rate(1000, 5000)
    account: Rate = Rate(100, 500)
    sign_in: Rate = Rate(1, 60)
    body: int = 1_000_000  # bytes, where a route says nothing else
    target: int = 8_000  # bytes of path and query
    headers: int = 32_000  # bytes
    header_count: int = 100


class Buckets:
    """The token buckets of one kind. The ones that were not used for longest make room."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.clock, self.lock = rate, clock, threading.Lock()
        self.kept: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when

    def take(self, whose: str) -> float:
        """Takes one; 0, or the seconds after which there is one."""
        now, rate = self.clock(), self.rate
        with self.lock:
            left, then = self.kept.pop(whose, (rate.burst, now))
            left = min(rate.burst, left + max(0.0, now - then) * rate.per_second)
            wait = 0.0 if left >= 1 else (1 - left) / rate.per_second
            self.kept[whose] = (left if wait else left - 1, now)
            if len(self.kept) > _MOST_KEPT:
                self.kept.popitem(last=False)
        return wait


def take(buckets: Buckets, whose: str) -> None:
    """Raises `ProblemError` 429."""
    wait = buckets.take(whose)
    if wait:
        raise too_many(wait)


def too_many(seconds: float) -> ProblemError:
    whole = max(1, math.ceil(seconds))
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many",
        f"请在 {whole} 秒后再试 · try again after {whole} seconds",
        headers={"Retry-After": str(whole)},
    )
