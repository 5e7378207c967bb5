"""Exits that nobody reported, by village; reviews that are written down; and what of it is told over HTTP, to whom."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from engine.decision.document import read_household
from engine.decision.watching import watch_household
from records import granted, households, notices, tables
from records.database import Database, reading, writing
from records.documents import document
from records.exits import Exits, unreported
from records.giving import give_out
from records.granted import Paid, Reviewed
from records.notices import Raised, raise_all
from records.proposing import watched_notices
from records.refused import Refused
from tests.records.conftest import at
from tests.support.county_office import ELSEWHERE, HERE, CountyOffice, county_office
from tests.support.households import shipped

BOOK = shipped()
NIGHT, REPORT = date(2026, 9, 15), date(2026, 9, 30)
EVERYWHERE = tables.household.c.area.is_not(None)


def exit_of(household: str, person: str, since: str, about: str = "unreported_death", **more: Any) -> Raised:
    term = {"since": "2026-09-01", "unreported_since": since}
    return Raised("alert", about, household, person, "township", "high", [], term=term, **more)


@pytest.fixture
def villages(database: Database) -> Database:
    """Two villages of one township and one of another; seven alerts, one of them of something else."""
    with writing(database, "li", at("2026-09-15")) as write:
        for household, area in (
            ("h1", "sample_hedong_01"),
            ("h2", "sample_hedong_01"),
            ("h3", "sample_hedong_02"),
            ("h4", "sample_liuhe_01"),
        ):
            households.register(write, household, area)
        some = [
            exit_of("h1", "p1", "2026-08-31", harm="900.00"),
            exit_of("h1", "p2", "2026-06-22", "unreported_prison", harm="100.50"),
            exit_of("h2", "p3", "2026-07-02", certain=False),
            exit_of("h3", "p4", "2026-09-20", harm="50.00"),
            exit_of("h4", "p5", "2026-05-03", harm="7.00"),
            exit_of("h4", "p6", "2026-10-01"),
            Raised("alert", "over_property_rule", "h4", "household", "township", "high", []),
        ]
        raise_all(write, some, NIGHT)
    return database


def told(database: Database, **more: Any) -> dict[tuple[str, str], Exits]:
    with reading(database) as read:
        found = unreported(read, BOOK, EVERYWHERE, REPORT, **more)
    return {(one.area, one.about): one for one in found}


def answers(database: Database, person: str, said: str, day: str) -> None:
    with writing(database, "wang", at(day)) as write:
        of = select(tables.notice.c.seq).where(tables.notice.c.subject == person)
        number = write.connection.execute(of).scalar_one()
        notices.answer(write, number, said, "已入户核查", "wang")


def test_how_many_how_late_and_how_much_in_each_village(villages: Database) -> None:
    found = told(villages)
    whole = {area: one for (area, about), one in found.items() if not about}
    assert set(whole) == {"sample_hedong_01", "sample_hedong_02", "sample_liuhe_01"}
    one = whole["sample_hedong_01"]
    assert (one.cases, one.possible, one.households) == (3, 1, {"h1", "h2"})
    assert (sorted(one.days), one.days_middle, one.days_most) == ([30, 90, 100], 90, 100)
    assert str(one.money) == "1000.50"
    assert found["sample_hedong_01", "unreported_prison"].days == [100]
    assert whole["sample_liuhe_01"].cases == 1  # one is of October, one of something else
    assert next(iter(found)) == ("sample_hedong_01", "")  # most cases first


def test_by_township_and_inside_an_area(villages: Database) -> None:
    found = told(villages, by="township")
    assert {area: one.cases for (area, about), one in found.items() if not about} == {
        "sample_hedong": 4,
        "sample_liuhe": 1,
    }
    assert {area for area, _ in told(villages, area="sample_liuhe")} == {"sample_liuhe_01"}
    for wrong, code in (({"by": "street"}, "no-level"), ({"area": "nowhere"}, "no-area")):
        with pytest.raises(Refused) as refused:
            told(villages, **wrong)
        assert refused.value.code == code


def test_an_answer_ends_the_lateness_and_a_refuted_one_is_no_case(villages: Database) -> None:
    answers(villages, "p1", "confirmed", "2026-09-20")
    answers(villages, "p2", "refuted", "2026-09-20")
    one = told(villages)["sample_hedong_01", ""]
    assert (one.cases, one.confirmed, one.refuted) == (2, 1, 1)
    assert sorted(one.days) == [20, 90] and str(one.money) == "900.00"


# --- reviews and causes -------------------------------------------------------------------------------------


def test_a_review_is_part_of_what_is_held_from_the_day_it_was_written_down(database: Database) -> None:
    with writing(database, "li", at("2026-01-10")) as write:
        households.register(write, "h1", "sample_hedong_01", since=date(2020, 1, 1))
        households.add_person(write, "p1")
        households.join(write, "h1", "p1", date(2020, 1, 1))
        held = households.Held("dibao", date(2025, 1, 1), "civil_affairs", "", date(2026, 8, 31))
        again = households.Held("dibao", date(2026, 9, 15), "civil_affairs")
        own = households.Held("elderly_80", date(2025, 1, 1), "civil_affairs", "p1")
        households.hold(write, "h1", [held, again, own])
        paid = [Paid("temporary_relief", "2026-01", "900.00", "civil_affairs", cause="fire")]
        granted.pay(write, "h1", [*paid, Paid("dibao", "2026-01", "500.00", "civil_affairs")])
    for day in ("2026-02-01", "2026-07-01"):
        with writing(database, "li", at(day)) as write:
            households.claim_as_it_is(write, "h1")
            granted.review(write, "h1", [Reviewed("dibao", date.fromisoformat(day), "review")])
    with reading(database) as read:
        now = document(read, "h1", date(2026, 9, 20), date(2026, 9, 20))
        then = document(read, "h1", date(2026, 9, 20), date(2026, 3, 1))
        before = document(read, "h1", date(2026, 9, 20), date(2026, 1, 31))
    assert [one.get("reviewed") for one in now["statuses"]] == ["2026-07-01", None, None]
    assert [one.get("reviewed") for one in then["statuses"]] == ["2026-02-01", None, None]
    assert [one.get("reviewed") for one in before["statuses"]] == [None, None, None]
    assert [one.get("cause") for one in now["payments"]] == ["fire", None]


def test_a_review_that_is_overdue_again_is_another_notice() -> None:
    def notice(reviewed: str, on: int) -> str:
        told = {
            "household_id": "h1",
            "area": "sample_hedong_01",
            "people": [{"person_id": "p1"}],
            "statuses": [{"policy": "dibao", "from": "2023-01-01", "reviewed": reviewed}],
        }
        household = read_household(BOOK, told)
        found = watch_household(BOOK, household, 20230101, on, on)
        made = watched_notices(BOOK, household, told, found, date(2026, 9, 15))
        [one] = [one for one in made if one.about == "review_overdue"]
        return one.same_as

    assert notice("2024-06-01", 20250901) == notice("2024-06-01", 20251001)
    assert notice("2024-06-01", 20250901) != notice("2025-06-01", 20260901)


# --- over HTTP ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CountyOffice:
    made = county_office(tmp_path_factory.mktemp("county"))
    here, there = (made.known[area]["household_id"] for area in (HERE, ELSEWHERE))
    both = [
        {"kind": "membership", "household_id": one, "subject": "x", "holder": "y"} for one in (here, there)
    ]
    with writing(made.database, "night", at("2026-09-15")) as write:
        some = [exit_of(here, "p1", "2026-08-31", harm="900.00"), exit_of(there, "p2", "2026-06-22")]
        some += [
            Raised("alert", "in_two_households", one, "x", "township", "high", both) for one in (here, there)
        ]
        raise_all(write, some, NIGHT)
        give_out(write, BOOK, NIGHT, each=1)
    return made


def test_villages_report_within_reach(office: CountyOffice) -> None:
    path = f"/v1/unreported-exits?on={REPORT}"
    mine = office.ask("town", "GET", path).json()
    assert [(one["area"], one["about"], one["cases"]) for one in mine["exits"]] == [
        (HERE, "", 1),
        (HERE, "unreported_death", 1),
    ]
    assert (mine["exits"][0]["days_most"], mine["exits"][0]["money"], mine["exits"][0]["households"]) == (
        30,
        900.00,
        1,
    )
    whole = office.ask("county", "GET", f"{path}&by=county").json()
    assert [one["cases"] for one in whole["exits"] if not one["about"]] == [2]
    answer = office.ask("town", "GET", f"{path}&format=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0][:4] == ["地区", "地区名称", "规则", "应退未报情形"] and rows[1][3] == "合计"
    assert rows[2][3] == "死亡未报，待遇仍在享受"
    assert office.ask("town", "GET", f"{path}&by=street").status_code == 422


def test_what_waits_is_counted_and_can_be_asked_for(office: CountyOffice) -> None:
    given = office.ask("town", "GET", "/v1/notices").json()
    waiting = office.ask("town", "GET", "/v1/notices?waiting=true").json()
    assert (given["total"], given["waiting"]) == (1, 1)
    assert (waiting["total"], waiting["waiting"]) == (1, 1)
    assert given["notices"][0]["shown_on"] == "2026-09-15" and waiting["notices"][0]["shown_on"] is None


def test_a_household_out_of_reach_is_told_by_its_area_alone(office: CountyOffice) -> None:
    there = office.known[ELSEWHERE]["household_id"]
    everything = [
        row
        for waiting in ("true", "false")
        for row in office.ask("town", "GET", f"/v1/notices?waiting={waiting}").json()["notices"]
    ]
    [one] = [row for row in everything if row["about"] == "in_two_households"]
    assert there not in str(everything)
    assert {"kind": "membership", "subject": "x", "area": ELSEWHERE} in one["evidence"]
    seen = office.ask("county", "GET", "/v1/notices?waiting=true").json()["notices"]
    assert there in str([row["evidence"] for row in seen])


def test_a_review_is_written_down_by_an_officer(office: CountyOffice) -> None:
    known = office.known[HERE]
    path = f"/v1/households/{known['household_id']}/reviews"
    version = office.ask("town", "GET", f"/v1/households/{known['household_id']}").json()["version"]
    body = {"version": version, "policy": "dibao", "day": "2026-09-01"}
    for wrong, code in (
        ({"policy": "nothing"}, "no-policy"),
        ({"person_id": known["person_id"]}, "whose"),
        ({"day": "2999-01-01"}, "not-yet"),
        ({"policy": "elderly_80", "person_id": "nobody"}, "no-member"),
    ):
        answer = office.ask("town", "POST", path, body | wrong)
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == code, answer.text
    made = office.ask("town", "POST", path, body)
    assert made.status_code == 201 and made.json()["version"] == version + 1
    assert office.ask("town", "POST", path, body).status_code == 409
    with reading(office.database) as read:
        rows = read.connection.execute(select(tables.status_review)).all()
    assert [(row.policy, row.reviewed_on, row.recorded_by) for row in rows] == [
        ("dibao", date(2026, 9, 1), "town")
    ]
