"""Special inspections: drawn by a seed, looked at by rules, answered and put right by people, four eyes at each turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from records import notices, tables
from records.database import Database, reading, writing
from records.inspections.opening import Asked
from records.inspections.rectifying import Wanted, rectifications
from records.inspections.words import Answer, State, Step, Stratify
from records.nightly import nightly
from records.verify import verify
from tests.records.casework import BOOK, county
from tests.records.conftest import at
from tests.records.inspectorate import AUDIT, DEATHS, LEAD, SECOND, TOWN, Inspectorate, paid_after_a_death
from tests.records.payoffice import AREA
from tests.records.test_cases import refuses


@pytest.fixture
def office(database: Database) -> Inspectorate:
    return paid_after_a_death(database)


def test_an_inspection_from_its_opening_to_its_end(office: Inspectorate) -> None:
    number = office.opens()
    assert office.one(number).state is State.OPENED
    assert sorted(office.draws(number)) == ["h1", "h2", "h3"]
    assert set(office.runs(number)) >= {"paid_after_death_alone"}
    found = office.found(number)
    assert {row.household_id for row in found} == {"h2"}
    assert office.runs(number) == {}  # nothing is suggested twice
    with refuses("still-open"):
        office.ends(number)
    for row in found:
        office.answers(row.seq)
        with refuses("moved"):
            office.answers(row.seq, Answer.REFUTED)
    with refuses("still-open"):
        office.ends(number)  # nothing was ordered for it yet
    ordered = [office.orders(row.seq) for row in found]
    for one in ordered:
        with refuses("moved"):
            office.steps(one, Step.VERIFIED, SECOND)  # nothing was done
        office.steps(one, Step.DONE, TOWN)
        with refuses("four-eyes"):
            office.steps(one, Step.VERIFIED, TOWN)
        office.steps(one, Step.RETURNED, LEAD, "未见退款凭证")
        with refuses("still-open"):
            office.ends(number)
        office.steps(one, Step.DONE, TOWN, "已补退款凭证")
        office.steps(one, Step.VERIFIED, LEAD, "已查看")
    office.ends(number)
    assert office.one(number).state is State.CLOSED
    with refuses("inspection-over"):
        office.writes_down(number, "h1")
    with refuses("inspection-over"):
        office.runs(number)
    with reading(office.database) as read:
        assert verify(read.connection, office.database.keys.signing.public_key()) is None


def test_business_stays_as_it_was(office: Inspectorate) -> None:
    """An inspection reads everything and stops, pays, recovers and answers nothing."""
    business = (
        "award",
        "status",
        "payment",
        "assertion",
        "notice",
        "notice_answer",
        "pause",
        "relief_case",
        "recovery",
    )

    def rows() -> dict[str, int]:
        with office.reads() as read:
            return {
                name: len(read.connection.execute(select(tables.metadata.tables[name])).all())
                for name in business
            }

    before = rows()
    office.walked()
    assert rows() == before


def test_a_rule_of_nights_that_saw_it_before_is_named(office: Inspectorate) -> None:

    nightly(office.database, BOOK, office.today, office.today, "night")
    with office.reads() as read:
        query = notices.chosen(tables.household.c.area == AREA, about="paid_after_death_alone")
        number = read.connection.execute(query).one().seq
    with writing(office.database, "wang", at(office.day)) as write:
        notices.answer(write, number, "refuted", "家属称已退回", "wang")
    inspection = office.opens()
    office.draws(inspection)
    office.runs(inspection)
    [row] = [row for row in office.found(inspection) if row.about == "paid_after_death_alone"]
    assert row.notice == number
    assert '"answered": "refuted"' in row.evidence  # what somebody waved through is looked at again


def test_a_period_without_the_payment_finds_nothing_of_it(office: Inspectorate) -> None:
    number = office.opens(Asked("deaths", AREA, date(2026, 1, 1), date(2026, 8, 31), "抽查", share="1"))
    office.draws(number)
    assert "paid_after_death_alone" not in office.runs(number)


# --- the draw -----------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_sample(office: Inspectorate) -> None:
    asked = Asked("deaths", AREA, date(2026, 1, 1), date(2026, 10, 31), "抽查", size=2, seed="7")
    first, again = office.opens(asked), office.opens(asked)
    assert office.draws(first) == office.draws(again)
    with refuses("moved"):
        office.draws(first)


def test_a_seed_is_made_where_none_is_told(office: Inspectorate) -> None:
    asked = Asked("deaths", AREA, date(2026, 1, 1), date(2026, 10, 31), "抽查", size=2)
    seeds = {office.one(office.opens(asked)).seed for _ in range(3)}
    assert len(seeds) == 3 and all(len(one) == 32 for one in seeds)


def test_a_sample_by_programme_draws_households_for_each(office: Inspectorate) -> None:
    asked = Asked(
        "deaths", AREA, date(2026, 1, 1), date(2026, 10, 31), "抽查", stratify=Stratify.POLICY, share="0.34"
    )
    number = office.opens(asked)
    assert len(office.draws(number)) == 2  # a third of three, rounded up
    with office.reads() as read:
        rows = read.connection.execute(
            select(tables.inspection_sample).where(tables.inspection_sample.c.inspection == number)
        ).all()
    assert {(row.stratum, row.policy) for row in rows} == {("dibao", "dibao")}
    assert all(row.item == f"{row.household_id}/dibao" for row in rows)


def test_a_list_with_nobody_in_it_is_an_error(office: Inspectorate) -> None:
    number = office.opens(Asked("decisions", AREA, date(2026, 1, 1), date(2026, 10, 31), "抽查", size=2))
    with refuses("nobody"):
        office.draws(number)
    with refuses("not-drawn"):
        office.runs(number)
    with refuses("not-drawn"):
        office.ends(number)
    office.ends(number, State.ABANDONED, report="该期间没有办案")
    assert office.one(number).state is State.ABANDONED


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"rules": "death"}, "no-rules"),
        ({"area": "nowhere"}, "no-area"),
        ({"policies": ["dibo"]}, "no-policy"),
        ({"policies": ["public_rental"]}, "out-of-reach"),
        ({"until": date(2025, 1, 1)}, "bad-period"),
        ({"size": None}, "bad-sample"),
        ({"share": "0.5"}, "bad-sample"),
        ({"size": None, "share": "1.5"}, "bad-sample"),
        ({"size": None, "share": "nan"}, "bad-sample"),
        ({"rules": "left_out", "stratify": Stratify.POLICY}, "bad-sample"),
        ({"reason": " "}, "no-reason"),
        ({"reason": "举报人电话 13812345678"}, "names-somebody"),
    ],
)
def test_what_cannot_be_opened(office: Inspectorate, more: dict[str, object], code: str) -> None:
    with refuses(code):
        office.opens(replace(DEATHS, **more))


# --- whose eyes ---------------------------------------------------------------------------------------------


def test_what_an_inspector_wrote_another_confirms(office: Inspectorate) -> None:
    number = office.opens()
    with refuses("not-drawn"):
        office.writes_down(number, "h1")
    office.draws(number)
    finding = office.writes_down(number, "h1", policy="dibao")
    with refuses("four-eyes"):
        office.answers(finding)
    with refuses("four-eyes"):
        office.answers(finding, viewer=county("lin-2", person="lin"))
    office.answers(finding, viewer=SECOND)
    own = office.writes_down(number, "h3")
    office.answers(own, Answer.REFUTED, reason="再次入户，确有人居住")  # taking it back needs nobody else
    with refuses("not-confirmed"):
        office.orders(own)


def test_nobody_is_named(office: Inspectorate) -> None:
    number = office.opens()
    office.draws(number)
    for text in ("户主1不在家", "证件 110105199003070418", "账号 6222020200001234567"):
        with refuses("names-somebody"):
            office.writes_down(number, "h1", text=text)
    with refuses("names-somebody"):
        office.writes_down(number, "h1", about="户主1虚报")
    office.writes_down(
        number, "h1", text="与 3f12345678901ab 号办件不符"
    )  # an id of ours is no number of somebody
    finding = office.writes_down(number, "h1")
    with refuses("names-somebody"):
        office.answers(finding, viewer=SECOND, reason="户主1承认")
    with refuses("no-household"):
        office.writes_down(number, "nobody")


def test_a_department_does_not_see_the_audit_of_it(office: Inspectorate) -> None:
    number = office.opens(viewer=AUDIT)
    with refuses("no-inspection"):
        office.one(number, LEAD)
    own = office.opens()
    assert office.one(own, AUDIT).department == "civil_affairs"
    with refuses("no-inspection"):
        office.one(own, county("hou", "housing"))


def test_what_is_overdue(office: Inspectorate) -> None:
    number = office.opens()
    office.draws(number)
    office.runs(number)
    finding = office.found(number)[0].seq
    office.answers(finding)
    late, other = (
        office.orders(finding, due=date(2026, 12, 1)),
        office.orders(finding, due=date(2026, 12, 31)),
    )

    def wanted(which: Wanted, day: str) -> list[int]:
        with office.reads() as read:
            query = rectifications(wanted=which, today=date.fromisoformat(day))
            return [row.seq for row in read.connection.execute(query)]

    assert wanted(Wanted.OVERDUE, "2026-12-01") == []
    assert wanted(Wanted.OVERDUE, "2026-12-02") == [late]
    office.steps(late, Step.DONE, TOWN)
    assert wanted(Wanted.OVERDUE, "2026-12-02") == []
    assert (wanted(Wanted.DONE, "2026-12-02"), wanted(Wanted.OPEN, "2026-12-02")) == ([late], [late, other])
    with refuses("four-eyes"):
        office.steps(other, Step.DROPPED, LEAD, "重复下达")
    office.steps(other, Step.DROPPED, SECOND, "重复下达")
    assert wanted(Wanted.OVER, "2026-12-02") == [other]
    with refuses("not-abandoned"):
        office.ends(number, State.ABANDONED)
