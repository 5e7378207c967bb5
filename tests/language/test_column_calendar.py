"""Calendar and roundings of columns say what those for one value say, day by day and tie by tie."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np

from engine.language import dates, runtime
from engine.language.columns import calendar
from engine.language.columns.numbers import ROUND

FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)


def days(number: int) -> list[int]:
    """Random days, with the ends of the calendar and of Februaries."""
    random, span = Random(3), (LAST - FIRST).days
    found = [FIRST + timedelta(days=random.randint(0, span)) for _ in range(number)]
    ends = [
        date(year, month, day)
        for year in (1900, 2000, 2023, 2024)
        for month, day in ((2, 28), (3, 1), (12, 31))
    ]
    return [
        dates.from_date(one) for one in (*found, *ends, date(2024, 2, 29), date(2000, 2, 29), FIRST, LAST)
    ]


def test_every_day_has_its_number_and_comes_back() -> None:
    every = [dates.from_date(date(1970, 1, 1) + timedelta(days=n)) for n in range(-40_000, 40_000)]
    numbers = calendar.day_number(np.array(every))
    assert numbers.tolist() == list(range(-40_000, 40_000))
    assert calendar.from_day_number(numbers).tolist() == every


def test_spans_and_parts() -> None:
    first, last = days(4_000), days(4_000)[::-1]
    a, b = np.array(first), np.array(last)
    for name in ("years_between", "months_between", "days_between"):
        expected = [getattr(dates, name)(x, y) for x, y in zip(first, last, strict=True)]
        assert getattr(calendar, name)(a, b).tolist() == expected, name
    assert calendar.month_start(a).tolist() == [dates.month_start(x) for x in first]
    for part in ("year", "month", "day", "weekday"):
        assert calendar.date_part(a, part).tolist() == [dates.date_part(x, part) for x in first], part


def test_moved_days_stay_inside_the_calendar() -> None:
    random, start = Random(5), days(4_000)
    for name, most in (("add_months", 120_000), ("add_seconds", 4_000_000 * 86_400)):
        by = [random.choice((0, 1, -1, 12, random.randint(-most, most))) for _ in start]
        found, inside = getattr(calendar, name)(np.array(start), np.array(by))
        expected = [getattr(dates, name)(day, n) for day, n in zip(start, by, strict=True)]
        told = [int(day) if ok else None for day, ok in zip(found, inside, strict=True)]
        assert told == expected, name
        assert None in expected


def test_durations() -> None:
    sizes = [-100_000, -86_401, -13, -1, 0, 1, 11, 12, 59, 3600, 86_399, 90_061, 10_000_000]
    for kind, parts in (("months", ("years", "months")), ("days", ("days", "hours", "minutes", "seconds"))):
        for part in parts:
            expected = [dates.duration_part(size, kind, part) for size in sizes]
            assert calendar.duration_part(np.array(sizes), kind, part).tolist() == expected, part


def test_roundings_of_every_small_quotient() -> None:
    pairs = [(num, den) for num in range(-60, 61) for den in (1, 2, 3, 4, 7, 10, 12, 100)]
    nums, dens = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    for name, rounding in ROUND.items():
        assert rounding(nums, dens).tolist() == [runtime.ROUND[name](*pair) for pair in pairs], name
