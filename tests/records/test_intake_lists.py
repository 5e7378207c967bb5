"""Awards, payments and events: on both time axes, in documents, in decisions that are made again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from engine.decision import read_household
from records import decisions, granted, households, reviews, tables
from records.database import Database, Writing, reading, writing
from records.decisions import Replayed
from records.documents import document
from records.granted import CARRIED_OVER, Granted, Happened, Paid
from records.intake import write_down
from records.refused import Refused
from records.verify import verify
from tests.records.conftest import Clerk, at
from tests.support.households import shipped

BOOK = shipped()
ON = date(2025, 5, 15)
LATE = date(2099, 1, 1)


@pytest.fixture
def household(clerk: Clerk) -> str:
    return clerk.writes_down("case_10", "2023-03-06")


def claimed(write: Writing, household: str) -> str:
    households.claim_as_it_is(write, household)
    return household


def asked(database: Database, household: str, on: date = ON, known: date = LATE) -> dict[str, Any]:
    with reading(database) as read:
        found = document(read, household, on, known)
    read_household(BOOK, found)  # the engine takes it
    return found


def whole(database: Database) -> bool:
    with reading(database) as read:
        return verify(read.connection, database.keys.signing.public_key()) is None


def test_a_document_says_nothing_of_what_was_never_told(database: Database, household: str) -> None:
    assert not {"awards", "payments", "events"} & asked(database, household).keys()


def test_they_are_known_from_the_day_on_which_they_were_written_down(
    database: Database, household: str
) -> None:
    with writing(database, "li", at("2025-03-01")) as write:
        claimed(write, household)
        granted.grant(
            write,
            household,
            [Granted("dibao", date(2024, 1, 1), "civil_affairs", amount="632.00", period="month")],
        )
        [paid] = granted.pay(
            write, household, [Paid("dibao", "2025-02", "632.00", "civil_affairs", paid_on=date(2025, 2, 10))]
        )
        granted.happened(write, household, [Happened("birth", date(2025, 1, 3), "health")])
    with writing(database, "li", at("2025-04-01")) as write:
        claimed(write, household)
        granted.take_back(write, paid, date(2025, 3, 20), "bank")
    assert "payments" not in asked(database, household, known=date(2025, 2, 28))
    known = asked(database, household, known=date(2025, 3, 31))
    assert known["awards"] == [
        {"policy": "dibao", "from": "2024-01-01", "amount": 632, "recorded": "2025-03-01",
         "source": "civil_affairs", "basis": "recorded", "period": "month"}
    ]  # fmt: skip
    assert known["payments"] == [
        {"policy": "dibao", "month": "2025-02", "amount": 632, "paid": "2025-02-10",
         "recorded": "2025-03-01", "source": "civil_affairs"}
    ]  # fmt: skip
    assert known["events"] == [
        {"kind": "birth", "date": "2025-01-03", "recorded": "2025-03-01", "source": "health"}
    ]
    assert asked(database, household)["payments"] == []  # it came back: nothing was paid, and that is known
    assert whole(database)


def test_money_comes_back_once(database: Database, household: str) -> None:
    with writing(database, "li") as write:
        claimed(write, household)
        [paid] = granted.pay(write, household, [Paid("dibao", "2025-02", "632.00", "civil_affairs")])
        granted.take_back(write, paid, date(2025, 3, 20), "bank")
        with pytest.raises(Refused, match="已退回"):
            granted.take_back(write, paid, date(2025, 3, 21), "bank")
        with pytest.raises(Refused, match="没有第 999 笔"):
            granted.take_back(write, 999, date(2025, 3, 21), "bank")


def test_a_decision_made_before_them_is_made_again_without_them(database: Database, household: str) -> None:
    with writing(database, "wang", at("2025-05-31")) as write:
        before = decisions.decide_and_keep(write, BOOK, household, ON, write.day)
    with writing(database, "li", at("2025-05-31")) as write:  # on the same day, so the day tells nothing
        claimed(write, household)
        granted.pay(write, household, [Paid("dibao", "2025-04", "632.00", "civil_affairs")])
        granted.grant(write, household, [Granted("dibao", date(2024, 1, 1), "civil_affairs")])
    with writing(database, "wang", at("2025-05-31")) as write:
        after = decisions.decide_and_keep(write, BOOK, household, ON, write.day)
    assert before.decision_id != after.decision_id  # other facts
    with reading(database) as read:
        assert [one.result for one in decisions.replay_all(read)] == [Replayed.SAME] * 2


def test_decisions_stored_before_the_tables_came_replay(database: Database, household: str) -> None:
    """They name no rows of awards; rows of a later day or the same one are none of theirs."""
    with writing(database, "li", at("2025-05-31")) as write:
        claimed(write, household)
        granted.pay(write, household, [Paid("dibao", "2025-04", "632.00", "civil_affairs")])
    with reading(database) as read:
        old = {"residence": 99, "membership": 99, "assertion": 9999, "status": 99}
        assert "payments" not in document(read, household, ON, LATE, old)
        assert "payments" in document(read, household, ON, LATE)


def test_a_whole_document_comes_out_as_it_went_in(database: Database) -> None:
    told: dict[str, Any] = {
        "household_id": "h1",
        "area": "sample_county",
        "people": [{"person_id": "p1", "birth_date": "1990-01-01"}],
        "statuses": [],
        "awards": [{"policy": "dibao", "from": "2024-01-01", "basis": "carried-over"}],
        "payments": [],
        "events": [
            {"kind": "prison", "person_id": "p1", "date": "2025-01-01", "sentence_ends": "2025-08-01"}
        ],
    }
    with writing(database, "li", at("2025-05-01")) as write:
        write_down(write, BOOK, told, date(2020, 1, 1))
    found = asked(database, "h1")
    assert (found["statuses"], found["payments"]) == ([], [])
    kept = {"recorded": "2025-05-01", "source": "record"}
    assert found["awards"] == [{**told["awards"][0], **kept}]
    assert found["events"] == [{**told["events"][0], **kept}]
    with database.engine.connect() as connection:
        content = connection.execute(select(tables.life_event.c.content)).scalar_one()
    assert b"prison" not in content


def test_an_award_without_its_day_is_refused(database: Database) -> None:
    told = {
        "household_id": "h1",
        "area": "sample_county",
        "people": [{"person_id": "p1"}],
        "awards": [{"policy": "dibao"}],
    }
    with pytest.raises(Refused, match="/awards/0"), writing(database, "li") as write:
        write_down(write, BOOK, told, date(2020, 1, 1))


def test_a_carried_over_award_waits_for_its_review(database: Database, household: str) -> None:
    with writing(database, "li", at("2025-03-01")) as write:
        claimed(write, household)
        one, other, _ = granted.grant(
            write,
            household,
            [
                Granted("dibao", date(2024, 1, 1), "civil_affairs", basis=CARRIED_OVER),
                Granted("rent_subsidy", date(2024, 1, 1), "housing", basis=CARRIED_OVER),
                Granted("temporary_relief", date(2025, 1, 1), "civil_affairs"),
            ],
        )
        households.hold(write, household, [households.Held("rent_subsidy", date(2024, 1, 1), "housing")])
        assert [row.seq for row in write.connection.execute(reviews.waiting())] == [one, other]
        reviews.review(write, one, reviews.CONFIRMED, "与底册一致")
        with pytest.raises(Refused, match="不在待复核之列"):
            reviews.review(write, one, reviews.CONFIRMED, "再来一次")
        with pytest.raises(Refused, match="最后一日"):
            reviews.review(write, other, reviews.ENDED, "已退租")
        with pytest.raises(Refused, match="理由"):
            reviews.review(write, other, reviews.ENDED, " ", date(2025, 2, 28))
        reviews.review(write, other, reviews.ENDED, "已退租", date(2025, 2, 28))
        assert write.connection.execute(reviews.waiting()).all() == []
    found = asked(database, household)
    rent = [one for one in found["awards"] if one["policy"] == "rent_subsidy"]
    assert [(one["to"], one["basis"]) for one in rent] == [("2025-02-28", "reviewed")]
    assert [one["to"] for one in found["statuses"] if one["policy"] == "rent_subsidy"] == ["2025-02-28"]
    assert whole(database)
