"""Calendar arithmetic on arrays of days yyyymmdd, as in `engine.language.dates`. A second array says where a
result stays inside the calendar.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.language.columns.values import Array

_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
SECONDS = 86_400
_FIRST, _LAST = -25_567, 47_846  # 1900-01-01 and 2100-12-31


def day_number(day: Array) -> Array:
    """Days since 1970-01-01."""
    year, month, of_month = day // 10000, day // 100 % 100, day % 100
    year = year - (month <= 2)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + of_month - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def from_day_number(number: Array) -> Array:
    """The day yyyymmdd of a number of days since 1970-01-01."""
    number = np.asarray(number)
    if number.size > 1 and number.min() >= _FIRST and number.max() <= _LAST:
        return _lifetime().take(number - _FIRST)
    return _worked_out(number)


@cache
def _lifetime() -> Array:
    """The days of everybody alive, looked up several times faster than worked out."""
    return _worked_out(np.arange(_FIRST, _LAST + 1))


def _worked_out(number: Array) -> Array:
    number = np.asarray(number, np.int64) + 719_468
    era = number // 146_097
    of_era = number - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    of_month = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + np.where(shifted < 10, 3, -9)
    return (year + era * 400 + (month <= 2)) * 10000 + month * 100 + of_month


def years_between(first: Array, last: Array) -> Array:
    gap = (np.maximum(first, last) - np.minimum(first, last)) // 10000
    return np.where(last >= first, gap, -gap)


def months_between(first: Array, last: Array) -> Array:
    early, late = np.minimum(first, last), np.maximum(first, last)
    months = (late // 10000 - early // 10000) * 12 + (late // 100 % 100 - early // 100 % 100)
    months = months - (late % 100 < early % 100)
    return np.where(last >= first, months, -months)


def days_between(first: Array, last: Array) -> Array:
    return day_number(last) - day_number(first)


def add_months(day: Array, months: Array) -> tuple[Array, Array]:
    total = (day // 10000) * 12 + day // 100 % 100 - 1 + months
    year, month = total // 12, total % 12 + 1
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _LENGTHS[month] + (leap & (month == 2))
    return year * 10000 + month * 100 + np.minimum(day % 100, last), (year >= 1) & (year <= 9999)


def add_seconds(day: Array, seconds: Array) -> tuple[Array, Array]:
    found = from_day_number(day_number(day) + seconds // SECONDS)
    return found, (found >= 1_01_01) & (found <= 9999_12_31)


def month_start(day: Array) -> Array:
    return day // 100 * 100 + 1


def date_part(day: Array, part: str) -> Array:
    if part == "year":
        return day // 10000
    if part == "month":
        return day // 100 % 100
    return day % 100 if part == "day" else (day_number(day) + 3) % 7 + 1


def duration_part(value: Array, kind: str, part: str) -> Array:
    sign, size = np.where(value < 0, -1, 1), np.abs(value)
    if kind == "months":
        return sign * (size // 12 if part == "years" else size % 12)
    if part == "days":
        return sign * (size // SECONDS)
    if part == "hours":
        return sign * (size // 3600 % 24)
    return sign * (size // 60 % 60 if part == "minutes" else size % 60)
