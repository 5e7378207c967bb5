"""What becomes more: from when on, and what is still owed for months that were paid by what was known then.

A figure of the rules that is published for earlier months counts for these months. What changed with the household
itself does not: that counts from the decision on, as the rules say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.decision.document import read_household
from engine.decision.entitlement import entitlement
from engine.decision.month_lines import MonthLine
from engine.language.dates import add_months, from_date, month_start
from engine.rulebook import Rulebook

LOOKING_BACK = 24  # months
_ARREARS = "arrears"


@dataclass(frozen=True, slots=True)
class Short:
    """A month of which less was paid than was due. `parameters`: the figures that became known since."""

    month: str
    version: str | None
    paid: Decimal
    due: Decimal
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Increase:
    """`first` None: nothing is owed for earlier months, and the decision counts from the day that the rules say."""

    first: date | None
    months: tuple[Short, ...]

    def plain(self) -> dict[str, Any]:
        return {
            "purpose": "grant",
            "first": None if self.first is None else self.first.isoformat(),
            "arrears": str(sum((one.due - one.paid for one in self.months), Decimal(0))),
            "months": [
                {
                    "month": one.month,
                    "version": one.version,
                    "paid": str(one.paid),
                    "due": str(one.due),
                    "parameters": list(one.parameters),
                }
                for one in self.months
            ],
        }


def increase(
    book: Rulebook, document: Mapping[str, Any], policy: str, subject: str, on: date, known: date
) -> Increase:
    """The months up to a day for which a figure that was published later says more. Raises `BadDocument`."""
    last = month_start(from_date(on))
    first = add_months(last, -LOOKING_BACK)
    assert first is not None
    household = read_household(book, _always_known(document))
    told = entitlement(book, household, first, last, from_date(known))
    short = [
        _short(line)
        for line in told.lines
        if (line.policy, line.subject) == (policy, subject) and _by_a_figure(line)
    ]
    begins = date.fromisoformat(f"{short[0].month}-01") if short else None
    return Increase(begins, tuple(short))


def _always_known(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as if everything that is known of the household had been known all the time: what a month came to
    then and comes to now can differ by the rules alone.
    """

    def told(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: told(one) for name, one in value.items() if name != "recorded"}
        return [told(one) for one in value] if isinstance(value, list) else value

    made: dict[str, Any] = told(document)
    return made


def _by_a_figure(line: MonthLine) -> bool:
    """What was paid was what the month came to then, and a figure that became known since makes it surely more."""
    if line.verdict != _ARREARS or line.then is None or line.due.min != line.due.max:
        return False
    then = line.then.due
    return bool(line.then.changed.parameters) and then.min == then.max == line.paid


def _short(line: MonthLine) -> Short:
    assert line.then is not None
    return Short(
        line.month,
        line.version,
        Decimal(str(line.paid)),
        Decimal(str(line.due.min)),
        tuple(line.then.changed.parameters),
    )
