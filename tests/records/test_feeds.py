"""Departments' files against the record: proposals, never changes; answers, once; how often a feed is right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from engine.decision import decide
from engine.population.sheets import Sheet
from records import households, matching, proposals, tables
from records.arrivals import Arrival
from records.database import Database, reading, writing
from records.documents import document
from records.erasure import erase_household
from records.households import Asserted
from records.intake import write_down_all
from records.matching import Matched
from records.people import Identity
from records.proposals import CONFIRMED, REFUTED, UNCLEAR, Proposal
from records.refused import Refused
from records.standards.gb11643 import check_digit
from records.verify import verify
from tests.support.households import shipped

BOOK = shipped()
AS_OF = date(2026, 9, 1)
LATE = date(2099, 1, 1)


def number(born: str, sequence: int) -> str:
    first = f"239901{born.replace('-', '')}{sequence:03d}"
    return first + check_digit(first)


WANG, LI, NOBODY = number("1940-03-02", 11), number("1985-07-15", 12), number("1999-01-01", 13)


@pytest.fixture
def county(database: Database) -> Database:
    """Two people of one household: a cent counts, and of one of them the certificate is known."""
    told = {
        "household_id": "h1",
        "area": "sample_liuhe_01",
        "people": [
            {"person_id": "p1", "birth_date": "1940-03-02", "disability_grade": "grade_2"},
            {"person_id": "p2", "birth_date": "1985-07-15", "income_items": [{"kind": "wage", "amount": 800, "per": "month"}]},
        ],
        "vehicles": [{"use": "private"}],
        "statuses": [],
    }  # fmt: skip
    who = {"p1": Identity("王秀兰", WANG), "p2": Identity("李强", LI)}
    with writing(database, "li") as write:
        write_down_all(write, BOOK, [Arrival(told, date(2020, 1, 1), identities=who)])
    return database


def matched(
    database: Database, feed: str, header: Sequence[str], *rows: Sequence[Any], as_of: date = AS_OF
) -> Matched:
    with writing(database, "feeds") as write:
        return matching.match(
            write, BOOK, BOOK.feeds[feed], Sheet("feed", header, [list(row) for row in rows]), as_of, "0" * 64
        )


def asked(database: Database, *, open_only: bool = True) -> list[Proposal]:
    with reading(database) as read:
        return proposals.listed(read, proposals.chosen(open_only=open_only))


def answered(database: Database, one: Proposal, said: str, **more: Any) -> None:
    with writing(database, "zhang") as write:
        households.claim_as_it_is(write, one.household_id)
        proposals.answer(write, BOOK, one.seq, said, "入户核实", **more)


def facts(database: Database, on: date = AS_OF) -> dict[str, Any]:
    """What a decision takes of the household on a day."""
    with reading(database) as read:
        made = document(read, "h1", on, LATE)
    return {name: one.value for name, one in decide(BOOK, made, on=on, known=LATE).facts.items()}


DEATHS = ("公民身份号码", "姓名", "死亡日期")


def test_a_death_is_proposed_with_its_evidence_and_changes_nothing(county: Database) -> None:
    found = matched(county, "deaths", DEATHS, (WANG, "王秀兰", "2026-08-20"), (NOBODY, "无名", "2026-08-21"))
    assert found.counts["known"] == 1 and found.counts["not-known"] == 1
    assert found.counts["with-its-event"] == 1  # that somebody has died is one thing, event and fact
    [event] = asked(county)
    assert (event.kind, event.about, event.person_id, event.weak) == ("event", "death", "p1", False)
    assert event.answered_by == "township" and event.content is not None
    assert event.content["means"] == {"whereabouts": "dead"}
    assert event.row_number == 2 and len(event.row_hash) == 64 and event.file_hash == "0" * 64
    with reading(county) as read:
        made = document(read, "h1", AS_OF, LATE)
        assert "events" not in made and "whereabouts" not in made["people"][0]
        assert verify(read.connection, county.keys.signing.public_key()) is None
        run = read.connection.execute(select(tables.feed_run)).one()
        assert (run.feed, run.source, run.rows) == ("deaths", "public_security", 2)
        for table in (tables.proposal, tables.feed_run):
            stored = str(read.connection.execute(select(table)).all())
            assert NOBODY not in stored and WANG not in stored and "2026-08-2" not in stored


def test_what_is_confirmed_is_written_down_in_the_same_transaction(county: Database) -> None:
    matched(county, "deaths", DEATHS, (WANG, "王秀兰", "2026-08-20"))
    [event] = asked(county)
    answered(county, event, CONFIRMED)
    with reading(county) as read:
        made = document(read, "h1", AS_OF, LATE)
    [happened] = made["events"]
    assert (happened["kind"], happened["date"], happened["source"]) == (
        "death",
        "2026-08-20",
        "public_security",
    )
    [told] = made["people"][0]["whereabouts"]
    assert told["value"] == "dead" and told["from"] == "2026-08-20"
    assert (told["source"], told["as_of"]) == ("public_security", AS_OF.isoformat())
    assert asked(county) == []
    assert matched(county, "deaths", DEATHS, (WANG, "王秀兰", "2026-08-20")).counts["unchanged"] == 2
    with reading(county) as read:
        assert verify(read.connection, county.keys.signing.public_key()) is None


def test_it_is_answered_once(county: Database) -> None:
    matched(county, "cremations", ("身份证号码", "死亡日期"), (WANG, "2026-08-20"))
    [one] = asked(county)
    answered(county, one, UNCLEAR)
    assert [again.answer for again in asked(county)] == [UNCLEAR]
    answered(county, one, CONFIRMED)
    for said in (CONFIRMED, REFUTED, UNCLEAR):
        with pytest.raises(Refused, match="已有结论"):
            answered(county, one, said)
    with reading(county) as read:
        assert read.connection.execute(select(func.count()).select_from(tables.life_event)).scalar_one() == 1


def test_the_database_itself_lets_no_second_answer_in(county: Database) -> None:
    matched(county, "cremations", ("身份证号码", "死亡日期"), (WANG, "2026-08-20"))
    [one] = asked(county)
    answered(county, one, REFUTED)
    from records import audit

    row = {"proposal": one.seq, "answer": CONFIRMED, "reason": "x"}
    with pytest.raises(DBAPIError), writing(county, "zhang") as write:
        audit.add_row(write, "answer", tables.proposal_answer, "proposal", row)


def test_an_answer_needs_its_reason_and_a_proposal(county: Database) -> None:
    matched(county, "cremations", ("身份证号码", "死亡日期"), (WANG, "2026-08-20"))
    [one] = asked(county)
    with writing(county, "zhang") as write:
        households.claim_as_it_is(write, "h1")
        with pytest.raises(Refused, match="理由"):
            proposals.answer(write, BOOK, one.seq, CONFIRMED, " ")
        with pytest.raises(Refused, match="没有第 99 条"):
            proposals.answer(write, BOOK, 99, CONFIRMED, "x")
        with pytest.raises(Refused, match="答复只能是"):
            proposals.answer(write, BOOK, one.seq, "perhaps", "x")


def test_a_death_that_one_office_knows_as_an_event_is_told_by_another_as_a_fact(county: Database) -> None:
    """Two offices, one death: what the first one has proposed the second does not propose again, and the fact comes along."""
    matched(county, "cremations", ("身份证号码", "死亡日期"), (WANG, "2026-08-20"))
    assert matched(county, "deaths", DEATHS, (WANG, "", "2026-08-20")).counts["proposed-before"] == 1
    [event] = asked(county)
    answered(county, event, CONFIRMED)
    with reading(county) as read:
        made = document(read, "h1", AS_OF, LATE)
    assert [one["kind"] for one in made["events"]] == ["death"]
    [told] = made["people"][0]["whereabouts"]
    assert (told["value"], told["from"], told["source"]) == ("dead", "2026-08-20", "civil_affairs")


def test_a_fact_that_is_known_already_is_not_said_again(county: Database) -> None:
    with writing(county, "li") as write:
        households.claim_as_it_is(write, "h1")
        dead = Asserted("whereabouts", "dead", "township", "p1", date(2026, 8, 20))
        households.tell(write, "h1", [dead])
    matched(county, "deaths", DEATHS, (WANG, "", "2026-08-20"))
    [event] = asked(county)
    answered(county, event, CONFIRMED)
    with reading(county) as read:
        [told] = document(read, "h1", AS_OF, LATE)["people"][0]["whereabouts"]
    assert told["source"] == "township"


CARD = ("身份证号", "残疾等级", "签发日期", "有效期至")


def test_an_unchanged_value_makes_none_and_another_one_differs(county: Database) -> None:
    assert matched(county, "disability_certificates", CARD[:2], (WANG, "二级")).counts["unchanged"] == 1
    assert asked(county) == []
    matched(county, "disability_certificates", CARD[:2], (WANG, "一级"))
    [one] = asked(county)
    assert one.content is not None
    assert (one.kind, one.content["value"], one.content["held"]) == ("differs", "grade_1", "grade_2")
    answered(county, one, CONFIRMED)
    assert facts(county)["people/p1/disability_grade"] == "grade_1"  # two sources do not leave it unknown


def test_other_days_of_the_same_value_are_told(county: Database) -> None:
    row = (WANG, "二级", "2020-05-01", "2030-04-30")
    matched(county, "disability_certificates", CARD, row)
    [one] = asked(county)
    assert one.kind == "differs" and one.content is not None and one.content["until"] == "2030-04-30"
    answered(county, one, CONFIRMED)
    assert matched(county, "disability_certificates", CARD, row).counts["unchanged"] == 1
    with reading(county) as read:
        [*_, told] = document(read, "h1", AS_OF, LATE)["people"][0]["disability_grade"]
    assert (told["from"], told["to"]) == ("2020-05-01", "2030-04-30")


def test_the_same_row_makes_one_proposal(county: Database) -> None:
    row = (WANG, "一级")
    assert matched(county, "disability_certificates", CARD[:2], row, row).counts["repeated"] == 1
    assert matched(county, "disability_certificates", CARD[:2], row).counts["proposed-before"] == 1
    assert len(asked(county)) == 1
    answered(county, asked(county)[0], REFUTED)
    assert matched(county, "disability_certificates", CARD[:2], row).counts["proposed-before"] == 1
    assert asked(county) == []  # what was refuted does not come again


def test_two_feeds_of_one_death_ask_once_and_a_refuted_one_is_new_evidence(county: Database) -> None:
    matched(county, "deaths", DEATHS, (WANG, "", "2026-08-20"))
    assert (
        matched(county, "cremations", ("身份证号码", "死亡日期"), (WANG, "2026-08-20")).counts[
            "proposed-before"
        ]
        == 1
    )
    answered(county, asked(county)[0], REFUTED)
    assert (
        matched(county, "cremations", ("身份证号码", "死亡日期"), (WANG, "2026-08-20")).counts[
            "proposed-event"
        ]
        == 1
    )


def test_a_name_and_a_day_of_birth_are_a_hint(county: Database) -> None:
    header = (*DEATHS, "出生日期")
    found = matched(county, "deaths", header, ("", "王秀兰", "2026-08-20", "1940年3月2日"))
    assert found.counts["weak"] == 1 and all(one.weak for one in asked(county))
    assert (
        matched(county, "deaths", header, ("", "王秀兰", "2026-08-20", "1941-03-02")).counts["not-known"] == 1
    )


WAGES = ("社会保障号码", "参保状态", "月工资", "参保日期")


def test_an_entry_of_a_list_takes_the_place_of_the_same_one(county: Database) -> None:
    rows = [(LI, "正常参保", "2500.00", "2026-03-01"), (WANG, "停保", "900", "")]
    found = matched(county, "wages", WAGES, *rows)
    assert found.counts["passed-over"] == 1
    wage, work = asked(county)
    assert wage.content is not None and wage.content["held"] == [
        {"kind": "wage", "amount": 800, "per": "month"}
    ]
    assert (wage.kind, work.kind, work.about) == ("differs", "new", "employed")
    answered(county, wage, CONFIRMED, value={"kind": "wage", "amount": 2300, "per": "month"})
    assert facts(county)["people/p2/income_items"] == [{"kind": "wage", "amount": 2300, "per": "month"}]


def test_a_list_that_nobody_knows_is_not_made_whole_by_one_entry(county: Database) -> None:
    matched(county, "pensions", ("身份证号码", "月养老金"), (WANG, 120))
    [one] = asked(county)
    assert one.kind == "new"
    with pytest.raises(Refused, match="整份清单尚未登记"):
        answered(county, one, CONFIRMED)
    answered(county, one, CONFIRMED, whole=True)
    assert facts(county)["people/p1/income_items"] == [{"kind": "pension", "amount": 120, "per": "month"}]


def test_entries_without_a_name_are_counted(county: Database) -> None:
    header = ("所有人证件号码", "号牌号码", "使用性质", "状态")
    one_car = matched(county, "vehicles", header, (LI, "黑C10001", "非营运", "正常"))
    assert one_car.counts["unchanged"] == 1
    two = [
        (LI, "黑C10001", "非营运", "正常"),
        (LI, "黑C10002", "非营运", "正常"),
        (LI, "黑C10003", "货运", "正常"),
    ]
    assert matched(county, "vehicles", header, *two).counts["proposed-new"] == 2
    for one in asked(county):
        answered(county, one, CONFIRMED)
    assert facts(county)["vehicles"] == [{"use": "private"}, {"use": "private"}, {"use": "tool_of_trade"}]
    assert matched(county, "vehicles", header, *two).counts["unchanged"] == 3


def test_a_status_that_the_record_does_not_have(county: Database) -> None:
    header = ("身份证号码", "起始日期")
    matched(county, "flexible_insurance_aid", header, (LI, "2026-01-01"))
    [one] = asked(county)
    assert (one.kind, one.about) == ("status", "flex_insurance")
    answered(county, one, CONFIRMED)
    with reading(county) as read:
        [held] = document(read, "h1", AS_OF, LATE)["statuses"]
    assert (held["policy"], held["person_id"], held["from"]) == ("flex_insurance", "p2", "2026-01-01")


@pytest.mark.parametrize(
    ("header", "rows", "code"),
    [
        (DEATHS, [], "no-rows"),
        (DEATHS, [("", " ", None)], "no-rows"),
        (("姓名", "死亡日期"), [("王秀兰", "2026-08-20")], "no-column"),
        (("身份证号码", "姓名"), [(WANG, "王秀兰")], "no-column"),
    ],
)
def test_a_file_in_which_nothing_can_be_found_is_an_error(
    county: Database, header: Sequence[str], rows: Sequence[Sequence[Any]], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        matched(county, "deaths", header, *rows)
    assert refused.value.code == code
    with reading(county) as read:
        assert read.connection.execute(select(func.count()).select_from(tables.feed_run)).scalar_one() == 0


def test_what_cannot_be_read_is_told_by_row(county: Database) -> None:
    found = matched(county, "deaths", DEATHS, (WANG, "", "上月"), (LI, "", "2026-08-20"))
    assert found.unreadable == {2: ("死亡日期", "not-a-day")} and found.counts["proposed-event"] == 1
    grade = matched(county, "disability_certificates", CARD[:2], (WANG, "特级"))
    assert grade.unreadable == {2: ("残疾等级", "not-a-choice")}


def test_people_out_of_reach_are_not_there(county: Database) -> None:
    with writing(county, "feeds") as write:
        found = matching.match(
            write, BOOK, BOOK.feeds["deaths"], Sheet("f", DEATHS, [(WANG, "", "2026-08-20")]), AS_OF, "0" * 64,
            lambda area: area.startswith("sample_sanhe"),
        )  # fmt: skip
    assert found.counts["not-known"] == 1 and asked(county) == []


def test_the_rate_of_a_feed(county: Database) -> None:
    matched(
        county,
        "disability_certificates",
        CARD,
        *((who, "一级", day, "") for who in (WANG, LI) for day in ("2020-05-01", "2021-05-01")),
    )
    with reading(county) as read:
        [rate] = proposals.rates(read)
    assert (rate.proposed, rate.answered, rate.hit_rate) == (4, 0, None)
    first, second, third, _ = asked(county)
    for one, said in ((first, CONFIRMED), (second, REFUTED), (third, UNCLEAR)):
        answered(county, one, said)
    with reading(county) as read:
        [rate] = proposals.rates(read)
    assert (rate.proposed, rate.answered, rate.confirmed, rate.hit_rate) == (4, 3, 1, Decimal("0.333"))


def test_a_later_change_of_the_record_is_met_as_it_is(county: Database) -> None:
    """A list is put together from what is held when somebody confirms, not from what was held when it was proposed."""
    matched(county, "wages", ("身份证号码", "参保状态", "月工资"), (LI, "正常", "2500"))
    wage = asked(county)[0]
    with writing(county, "li") as write:
        households.claim_as_it_is(write, "h1")
        more = [
            {"kind": "wage", "amount": 800, "per": "month"},
            {"kind": "support", "amount": 50, "per": "month"},
        ]
        households.tell(write, "h1", [Asserted("income_items", more, "civil_affairs", "p2")])
    answered(county, wage, CONFIRMED)
    assert {one["kind"] for one in facts(county)["people/p2/income_items"]} == {"support", "wage"}


def test_what_was_erased_is_shown_as_such(county: Database) -> None:
    matched(county, "deaths", DEATHS, (WANG, "", "2026-08-20"))
    with writing(county, "zhang") as write:
        households.claim_as_it_is(write, "h1")
        erase_household(write, "h1", "依法删除")
    assert [one.content for one in asked(county)] == [None]


def test_every_shipped_feed_can_be_read() -> None:
    assert {"deaths", "cremations", "pensions", "wages", "vehicles", "property", "businesses",
            "disability_certificates", "school_roll"} <= BOOK.feeds.keys()  # fmt: skip
    for feed in BOOK.feeds.values():
        assert feed.id_number and feed.tells
