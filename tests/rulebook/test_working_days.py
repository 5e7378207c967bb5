"""Working days by the calendars of the rulebook, and what is said where there is none."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rulebook import load_rulebook
from engine.rulebook.working_days import calendar_of, working_days_after

BOOK = load_rulebook(Path(__file__).parents[2] / "policies")
LATER = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),  # over the Spring Festival
        ("2026-09-30", 3, "2026-10-10"),  # over National Day, with a Saturday that is worked
        ("2025-09-30", 1, "2025-10-09"),
        ("2025-12-30", 2, "2026-01-04"),  # from one year into the next, to a Sunday that is worked
        ("2026-07-03", 5, "2026-07-10"),
    ],
)
def test_limits_end_on_the_day_that_the_notice_makes(start: str, days: int, end: str) -> None:
    due = working_days_after(BOOK, date.fromisoformat(start), days, LATER)
    assert due.day == due.estimate == date.fromisoformat(end)


def test_how_many_days_are_worked_in_a_year() -> None:
    """As the notices make them: 261 days from Monday to Friday, fewer by the holidays, more by the days made up for."""
    for year, worked in ((2025, 261 - 18 + 5), (2026, 261 - 19 + 6)):
        calendar = calendar_of(BOOK.calendars, year, LATER)
        assert calendar is not None
        days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
        assert sum(calendar.works_on(day) for day in days) == worked


def test_a_year_without_a_calendar_gives_an_estimate_that_says_so() -> None:
    due = working_days_after(BOOK, date(2026, 12, 28), 5, LATER)
    assert (due.day, due.estimate, due.unknown_years) == (None, date(2027, 1, 4), (2027,))


def test_a_calendar_counts_from_when_it_was_announced() -> None:
    before, after = date(2025, 11, 3), date(2025, 11, 4)
    assert working_days_after(BOOK, date(2025, 12, 31), 1, before).day is None
    assert working_days_after(BOOK, date(2025, 12, 31), 1, after).day == date(2026, 1, 4)


@given(st.dates(date(2025, 1, 1), date(2026, 10, 31)), st.integers(0, 30), st.integers(0, 10))
def test_more_days_never_end_sooner(start: date, days: int, more: int) -> None:
    first = working_days_after(BOOK, start, days, LATER)
    assert first.estimate >= start + timedelta(days=days)
    assert first.estimate <= working_days_after(BOOK, start, days + more, LATER).estimate
    second = working_days_after(BOOK, first.estimate, more, LATER)
    assert second.estimate == working_days_after(BOOK, start, days + more, LATER).estimate
