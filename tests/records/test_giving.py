"""A night gives each owner of each area so many notices, the gravest first; the others wait and come later."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from records import households, notices, tables
from records.database import Database, reading, writing
from records.giving import desk, give_out
from records.notices import Raised, raise_all
from tests.records.conftest import at
from tests.support.households import shipped

BOOK = shipped()
FIRST, SECOND, THIRD = date(2026, 9, 15), date(2026, 9, 16), date(2026, 9, 17)
HERE, THERE = "sample_hedong_01", "sample_liuhe_01"
EVERYWHERE = tables.household.c.area.is_not(None)


def alert(household: str, number: int, severity: str = "high", owner: str = "township") -> Raised:
    return Raised("alert", f"rule_{number}", household, "household", owner, severity, [])


@pytest.fixture
def full(database: Database) -> Database:
    """Five for one township, two for another, three for a department, the low ones first."""
    with writing(database, "li", at("2026-09-15")) as write:
        households.register(write, "h1", HERE)
        households.register(write, "h2", THERE)
        severities = ("low", "low", "medium", "medium", "high")
        some = [alert("h1", number, severity) for number, severity in enumerate(severities)]
        some += [alert("h2", number) for number in range(2)]
        some += [alert("h1" if number else "h2", 10 + number, owner="civil_affairs") for number in range(3)]
        raise_all(write, some, FIRST)
    return database


def gives(database: Database, on: date, each: int = 2) -> Any:
    with writing(database, "night", at(on.isoformat())) as write:
        return give_out(write, BOOK, on, each)


def shown(database: Database) -> list[Any]:
    with reading(database) as read:
        return list(read.connection.execute(notices.chosen(EVERYWHERE, waiting=False)))


def test_each_owner_of_each_area_gets_its_number_the_gravest_first(full: Database) -> None:
    given = gives(full, FIRST)
    assert (given.shown, given.waiting) == (6, 4)
    assert given.full == (("civil_affairs", ""), ("township", "sample_hedong"), ("township", "sample_liuhe"))
    rows = shown(full)
    assert Counter(desk(BOOK, row.owner, row.area) for row in rows) == dict.fromkeys(given.full, 2)
    mine = sorted(row.severity for row in rows if row.owner == "township" and row.area == HERE)
    assert mine == ["high", "medium"]
    assert {row.shown_on for row in rows} == {FIRST}


def test_what_waits_comes_on_the_following_nights(full: Database) -> None:
    counts = [gives(full, on).shown for on in (FIRST, SECOND, THIRD)]
    assert counts == [6, 3, 1]
    assert len(shown(full)) == 10


def test_the_same_night_again_gives_no_more(full: Database) -> None:
    gives(full, FIRST)
    assert gives(full, FIRST).shown == 0
    assert gives(full, FIRST, each=3).shown == 2  # one township has no more, the others get their third


def test_what_came_meanwhile_is_given_by_its_gravity(full: Database) -> None:
    gives(full, FIRST)
    with writing(full, "li", at("2026-09-16")) as write:
        raise_all(write, [alert("h1", 99, "high")], SECOND)
    gives(full, SECOND, each=1)
    assert "rule_99" in {row.about for row in shown(full)}


def test_what_was_answered_or_paused_is_not_given_out(full: Database) -> None:
    with reading(full) as read:
        waiting = list(read.connection.execute(notices.chosen(EVERYWHERE, owner="township")))
    gravest = next(row for row in waiting if row.area == HERE and row.severity == "high")
    paused = next(row for row in waiting if row.about == "rule_2")
    with writing(full, "wang", at("2026-09-15")) as write:
        notices.answer(write, gravest.seq, "refuted", "已核查", "wang")
        notices.pause(
            write, until=FIRST, reason="核实中", person="wang", household_id="h1", about=paused.about
        )
    gives(full, FIRST)
    mine = {row.about for row in shown(full) if row.owner == "township" and row.area == HERE}
    assert mine == {"rule_3", "rule_0"}
    gives(full, SECOND)
    assert "rule_2" in {row.about for row in shown(full)}  # the pause is over
