"""Working days, counted by calendars that the rulebook holds: a government announces them year by year.

A year without a calendar is one of which nobody knows yet: a deadline that runs through it is no date but an estimate,
and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.language.dates import from_date

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a year. Days are yyyymmdd; `weekend` counts Monday as 0."""

    file: str
    year: int
    published: int
    weekend: frozenset[int]
    holidays: frozenset[int]
    working: frozenset[int]
    cite: str

    def works_on(self, one: date) -> bool:
        number = from_date(one)
        if number in self.working:
            return True
        return one.weekday() not in self.weekend and number not in self.holidays


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a limit. `day` None: a year on the way has no calendar, and `estimate` counts weekends alone."""

    day: date | None
    estimate: date
    unknown_years: tuple[int, ...] = ()


def working_days_after(book: Rulebook, start: date, days: int, known: date) -> Due:
    """The last of so many working days, of which the first is one after `start`, by what was announced by `known`."""
    current, left = start, days
    unknown: dict[int, None] = {}
    while left:
        current += timedelta(days=1)
        calendar = calendar_of(book.calendars, current.year, known)
        if calendar is None:
            unknown[current.year] = None
            left -= current.weekday() not in _weekend(book)
        else:
            left -= calendar.works_on(current)
    return Due(None if unknown else current, current, tuple(unknown))


def calendar_of(calendars: Mapping[int, tuple[Calendar, ...]], year: int, known: date) -> Calendar | None:
    """Of a year, as it was known on a day: what was published last."""
    found = [one for one in calendars.get(year, ()) if one.published <= from_date(known)]
    return max(found, key=lambda one: one.published, default=None)


def _weekend(book: Rulebook) -> frozenset[int]:
    """For an estimate: that of the newest calendar; where there is none, Saturday and Sunday."""
    if not book.calendars:
        return frozenset({5, 6})
    return book.calendars[max(book.calendars)][-1].weekend


# --- reading ------------------------------------------------------------------------------------------------
