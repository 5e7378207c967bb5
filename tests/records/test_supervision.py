"""The sample county in a record: every planted fault becomes an alert in one night, and no clean household gets one."""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.county_record import DAY, arrivals, kept_of, registered
from cli.record_load import pay_to
from county.faults import AGENT, FAULTS, WATCH
from county.found import Alerted, score
from county.kept import EVENTS, PAYEES, PAYMENTS, REVIEWS
from county.sample import Sample, sample
from records import notices, tables
from records.database import Database, batched, connect, reading, writing
from records.exits import unreported
from records.giving import EACH, desk
from records.intake import write_down_all
from records.keys import Keys
from records.nightly import Night, nightly
from tests.conftest import PLANTED
from tests.records.conftest import at
from tests.support.households import shipped

BOOK = shipped()
HOUSEHOLDS = 2000
EVERYWHERE = tables.household.c.area.is_not(None)


@dataclass(frozen=True)
class Watched:
    county: Sample
    database: Database
    night: Night
    rows: list[Any]  # every notice, the gravest first

    @property
    def alerts(self) -> list[Any]:
        return [row for row in self.rows if row.kind == "alert"]

    @property
    def key(self) -> list[dict[str, Any]]:
        return [row for row in self.county.key.to_pylist() if row["command"] == WATCH]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, sqlite: Path, keys: Keys) -> Iterator[Watched]:
    place = tmp_path_factory.mktemp("supervised") / "county.db"
    shutil.copy(sqlite, place)
    database = connect(f"sqlite:///{place}", keys)
    county = sample(BOOK, HOUSEHOLDS, 7)
    kept = kept_of(county.kept)
    coming = arrivals(BOOK, county.households, registered(county.persons, kept), kept)
    for some in batched(coming, 500):
        with writing(database, "li", at("2026-09-14")) as write:
            write_down_all(write, BOOK, some)
    pay_to(database, kept, "li", at("2026-09-14"))
    night = nightly(database, BOOK, DAY, DAY, "night")
    with reading(database) as read:
        rows = list(read.connection.execute(notices.chosen(EVERYWHERE)))
    yield Watched(county, database, night, rows)
    database.engine.dispose()


def test_every_planted_fault_is_an_alert_and_no_clean_household_gets_one(
    watched: Watched, record_property: Callable[[str, object], None]
) -> None:
    alerts = [Alerted(row.about, row.household_id, row.subject, row.certain) for row in watched.alerts]
    found = score(watched.key, alerts)
    for one in found.scores:
        told = (
            f"planted {one.planted:4}  found {one.alerts:4}  precision {one.precision}  recall {one.recall}"
        )
        record_property(PLANTED, f"night  {FAULTS[one.kind].zh}  {one.kind:18} {told}")
        assert one.planted >= 3 and one.recall == 1, one
        assert one.precision is not None and one.precision >= 0.95, one
    assert found.strangers == () and found.unknown == ()
    assert watched.night.unread == {}


def test_the_score_counts_what_is_missed_and_what_is_wrong(watched: Watched) -> None:
    """The measure itself: without an alert, with one for somebody else, and with one that is only possible."""
    [one, other, *_] = [row for row in watched.key if row["kind"] == "over-asset"]
    alerts = [
        Alerted("over_property_rule", other["household_id"], "household", certain=False),
        Alerted("over_property_rule", "H9999999", "household"),
    ]
    found = score([one, other], alerts)
    mine = next(each for each in found.scores if each.kind == "over-asset")
    assert {household for household, _ in mine.missed} == {one["household_id"], other["household_id"]}
    assert mine.wrong == (("H9999999", "household"),) and mine.precision == 0.5 and mine.recall == 0
    assert [each.household_id for each in found.strangers] == ["H9999999"]


def test_honest_lives_that_look_like_faults_are_there(watched: Watched) -> None:
    """What no alert came of: agents for several, causes that differ, deaths that were entered, reviews made in time."""
    kept = {name: table.to_pylist() for name, table in watched.county.kept.items()}
    alerted = {row.household_id for row in watched.alerts}
    served: dict[str, set[str]] = defaultdict(set)
    for row in kept[PAYEES]:
        if row["relation"] == AGENT:
            served[row["holder"]].add(row["household_id"])
    shared = {row.household_id for row in watched.alerts if row.about == "account_of_several_households"}
    assert any(len(some) > 1 for some in served.values()) and not set().union(*served.values()) & shared
    causes: dict[str, list[str]] = defaultdict(list)
    for row in kept[PAYMENTS]:
        causes[row["household_id"]].append(row["cause"])
    honest = {household: some for household, some in causes.items() if household not in alerted}
    assert {len(set(some)) for some in honest.values()} == {1, 2}  # one cause after its time, and two causes
    told = Counter(row["kind"] for row in kept[EVENTS] if row["household_id"] not in alerted)
    assert {"death", "new_job", "moved_out"} <= set(told)
    assert sum(row["household_id"] not in alerted for row in kept[REVIEWS]) > 100


def test_an_alert_says_what_it_rests_on_and_what_is_at_stake(watched: Watched) -> None:
    by_rule = {row.about: row for row in watched.alerts}
    for rule, row in by_rule.items():
        assert json.loads(row.evidence) and row.due is not None and row.certain, rule
    for rule in (
        "unreported_death",
        "paid_after_death",
        "over_property_rule",
        "account_of_several_households",
    ):
        assert float(by_rule[rule].harm) > 0, rule
    shared = json.loads(by_rule["account_of_several_households"].evidence)
    assert len({one["household_id"] for one in shared}) == 3
    twice = json.loads(by_rule["in_two_households"].evidence)
    assert {one["kind"] for one in twice} == {"membership"} and len(
        {one["household_id"] for one in twice}
    ) == 2


def test_property_alerts_agree_with_the_clauses_of_the_guarantee(watched: Watched) -> None:
    """The watch rule says the property clauses once more; the decision finds everybody whom it names not eligible."""
    stopped = {row.household_id for row in watched.rows if (row.about, row.policy) == ("stop", "dibao")}
    over = {row.household_id for row in watched.alerts if row.about == "over_property_rule"}
    assert over and over <= stopped


def test_a_night_gives_out_the_gravest_and_keeps_the_rest(watched: Watched) -> None:
    shown = [row for row in watched.rows if row.shown_on is not None]
    waiting = [row for row in watched.rows if row.shown_on is None]
    assert watched.night.given.shown == len(shown) and watched.night.given.waiting == len(waiting) > 0
    given: dict[Any, list[int]] = defaultdict(list)
    for row in shown:
        given[desk(BOOK, row.owner, row.area)].append(row.gravity)
    assert max(map(len, given.values())) == EACH
    for row in waiting:
        mine = given[desk(BOOK, row.owner, row.area)]
        assert len(mine) == EACH and min(mine) >= row.gravity


def test_exits_that_nobody_reported_by_village(watched: Watched) -> None:
    planted = [row for row in watched.key if row["kind"] == "unreported-exit"]
    with reading(watched.database) as read:
        villages = unreported(read, BOOK, EVERYWHERE, DAY)
        [county] = [one for one in unreported(read, BOOK, EVERYWHERE, DAY, by="county") if not one.about]
    whole = [one for one in villages if not one.about]
    assert all(BOOK.areas[one.area].level == "village" for one in whole)
    assert sum(one.cases for one in whole) == county.cases == len(planted)
    assert county.households == {row["household_id"] for row in planted}
    assert sum(one.money for one in whole) == county.money > 0
    days = {row["person_id"]: (DAY - row["date"]).days for row in watched.county.kept[EVENTS].to_pylist()}
    assert sorted(county.days) == sorted(days[row["person_id"]] for row in planted)
