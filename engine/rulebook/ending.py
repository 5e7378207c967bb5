"""What ends with an event, in memory: up to which month something is still due, and who should have reported it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.rulebook.model import Dated, Label


@dataclass(frozen=True, slots=True)
class LastMonth:
    """Months after the month of the event that are still due. `at_most` above `months`: people say how many it is.

    policies    () for all that nothing else is said of
    """

    policies: tuple[str, ...]
    months: int
    at_most: int
    cite: str


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who should have reported an event: "household", a level or a department. Without a term no text says one."""

    by: str
    days: int | None
    working_days: int | None
    months: int | None
    cite: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What an event of a person ends. `means`: the same thing told as facts of the person."""

    event: str
    dated: Dated
    title: Label
    means: Mapping[str, Any]
    usual: LastMonth
    otherwise: tuple[LastMonth, ...]
    reporters: tuple[Reporter, ...]

    def last(self, policy: str) -> LastMonth:
        return next((one for one in self.otherwise if policy in one.policies), self.usual)
