"""Days as integers yyyymmdd, and the calendar arithmetic that expressions use (FEEL, DMN 1.5, clause
10.3.2.3).

The integer orders like the calendar, and full years between two days are a subtraction: a child born on
29 February is a year older on 1 March of a common year.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

MIN_DAY, MAX_DAY = 1_01_01, 9999_12_31  # the calendar's first and last day

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)
_MONTHS = re.compile(r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?\Z")
_DAYS = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z")


def from_date(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day


def to_date(day: int) -> date:
    return date(day // 10000, day // 100 % 100, day % 100)


@lru_cache(maxsize=8192)
def parse_date(text: str) -> int | None:
    """yyyy-mm-dd as an integer, or None when there is no such day."""
    found = _DATE.match(text)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups())
    if not (1 <= month <= 12 and year >= 1 and 1 <= day <= monthrange(year, month)[1]):
        return None
    return year * 10000 + month * 100 + day


def parse_duration(text: str) -> tuple[str, Fraction] | None:
    """ISO 8601: ("months", n) for years and months, ("days", seconds) for days and time, or None."""
    found = _MONTHS.match(text)
    if found and any(found.groups()[1:]):
        sign, years, months = found.groups()
        return "months", Fraction((-1 if sign else 1) * (int(years or 0) * 12 + int(months or 0)))
    found = _DAYS.match(text)
    if found and any(found.groups()[1:]) and not text.endswith("T"):
        sign, days, hours, minutes, seconds = found.groups()
        whole = int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60
        return "days", (-1 if sign else 1) * (whole + Fraction(seconds or 0))
    return None


def duration_text(kind: str, size: Fraction | int) -> str:
    """The shortest ISO 8601 form: `P1Y2M`, `-P1DT2H`, `PT0.5S`; nothing at all is `P0M` or `PT0S`."""
    sign, length = ("-" if size < 0 else ""), abs(Fraction(size))
    if kind == "months":
        years, months = divmod(int(length), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return f"{sign}P{text or '0M'}"
    days, rest = divmod(int(length), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    shown = f"{seconds + float(length % 1):.9f}".rstrip("0").rstrip(".")
    clock = "".join(f"{n}{letter}" for n, letter in ((hours, "H"), (minutes, "M")) if n)
    clock += f"{shown}S" if shown != "0" else ""
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"{sign}P{text or 'T0S'}"


def make_date(year: int, month: int, day: int) -> int | None:
    whole = int(year) == year and int(month) == month and int(day) == day
    year, month, day = int(year), int(month), int(day)
    if whole and 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        return year * 10000 + month * 100 + day
    return None


def years_between(first: int, last: int) -> int:
    """Full years, towards zero."""
    return (last - first) // 10000 if last >= first else -((first - last) // 10000)


def months_between(first: int, last: int) -> int:
    """Full months, towards zero."""
    if last < first:
        return -months_between(last, first)
    months = (last // 10000 - first // 10000) * 12 + (last // 100 % 100 - first // 100 % 100)
    return months - (last % 100 < first % 100)


def days_between(first: int, last: int) -> int:
    return (to_date(last) - to_date(first)).days


def add_months(day: int, months: int) -> int | None:
    """The same day so many months later, or the month's last; None before year 1 or after 9999."""
    months = (day // 10000) * 12 + day // 100 % 100 - 1 + int(months)
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        return None
    return year * 10000 + month * 100 + min(day % 100, monthrange(year, month)[1])


def add_seconds(day: int, seconds: int) -> int | None:
    """A day so many seconds later, whole days only count; None outside the calendar."""
    try:
        return from_date(to_date(day) + timedelta(days=int(seconds) // 86400))
    except OverflowError:
        return None


def month_start(day: int) -> int:
    return day // 100 * 100 + 1


def date_part(day: int, part: str) -> int:
    if part == "year":
        return day // 10000
    if part == "month":
        return day // 100 % 100
    return day % 100 if part == "day" else to_date(day).isoweekday()


def week_of_year(day: int) -> int:
    """The number of the week by ISO 8601."""
    return to_date(day).isocalendar().week


def day_of_year(day: int) -> int:
    return to_date(day).timetuple().tm_yday


def duration_part(value: Fraction | int, kind: str, part: str) -> int:
    """One component of a duration, whole, with the duration's sign."""
    sign, size = (-1 if value < 0 else 1), abs(int(value))
    if kind == "months":
        return sign * (size // 12 if part == "years" else size % 12)
    whole = {
        "days": size // 86400,
        "hours": size // 3600 % 24,
        "minutes": size // 60 % 60,
        "seconds": size % 60,
    }
    return sign * whole[part]
