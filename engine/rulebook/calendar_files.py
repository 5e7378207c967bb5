"""Calendars of working days as they were announced: read, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from engine.language.dates import from_date
from engine.language.problems import Span
from engine.rulebook.reading import Report, day, get, items, mapping, number, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Tree
from engine.rulebook.working_days import Calendar

DAYS_OF_THE_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FILE = re.compile(r"(\d{4})(\.r[2-9]\d*)?\Z")


def read_calendars(
    report: Report, files: Iterable[tuple[str, YamlMapping]]
) -> dict[int, tuple[Calendar, ...]]:
    found: dict[int, list[Calendar]] = {}
    for path, tree in files:
        one = _calendar(report, path, tree)
        known = found.setdefault(one.year, [])
        for other in known:
            if other.published == one.published:
                message = f"{other.file} is the calendar of {one.year} as well, published on the same day"
                hint = "a correction is called <year>.r2.yaml and has its own, later `published`"
                report.add(tree.keys["calendar"], "overlapping-versions", message, hint)
        known.append(one)
    return {year: tuple(sorted(group, key=lambda one: one.published)) for year, group in found.items()}


def _calendar(report: Report, path: str, tree: YamlMapping) -> Calendar:
    year = int(number(get(tree, "calendar")) or 0)
    stem = _FILE.match(Path(path).stem)
    if stem is None or int(stem[1]) != year:
        message = f"the file is called {Path(path).name}, and it is the calendar of {year}"
        hint = f"call it {year}.yaml (a correction {year}.r2.yaml)"
        report.add(scalar(tree.entries["calendar"]).at, "name-and-place", message, hint)
    weekend = frozenset(DAYS_OF_THE_WEEK.index(text(one)) for one in items(get(tree, "weekend")))
    holidays: set[int] = set()
    for entry in items(get(tree, "holidays")):
        report.label(get(entry, "label"))
        holidays.update(_holiday(report, entry, year))
    working: set[int] = set()
    for written in items(get(tree, "working_days")):
        one = scalar(written).value
        assert isinstance(one, date)
        _check_year(report, scalar(written).at, one, year)
        if from_date(one) in holidays:
            report.add(
                scalar(written).at, "out-of-range", f"{one} is a holiday above", "take one of the two away"
            )
        elif one.weekday() not in weekend:
            message = f"{one} is no day of a weekend, so nobody has to say that it is worked"
            report.add(scalar(written).at, "out-of-range", message, "take it away, or correct the day")
        working.add(from_date(one))
    published = day(get(tree, "published"), year * 10000 + 101)
    cite = report.cite(get(tree, "cite"))
    return Calendar(path, year, published, weekend, frozenset(holidays), frozenset(working), cite)


def _holiday(report: Report, entry: Tree, year: int) -> Iterator[int]:
    first = scalar(mapping(entry).entries["from"])
    last = scalar(mapping(entry).entries.get("until", first))
    assert isinstance(first.value, date) and isinstance(last.value, date)
    for one in {id(first): first, id(last): last}.values():
        assert isinstance(one.value, date)
        _check_year(report, one.at, one.value, year)
    if last.value < first.value:
        report.add(
            last.at, "empty-range", "this ends before it begins", "`until` is the last day of the holiday"
        )
        return
    current = first.value
    while current <= last.value and current.year == year:
        yield from_date(current)
        current += timedelta(days=1)


def _check_year(report: Report, at: Span, one: date, year: int) -> None:
    if one.year != year:
        message = f"{one} is no day of {year}"
        report.add(at, "out-of-range", message, "write it into the calendar of its own year")
