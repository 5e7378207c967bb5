"""Nights: what has changed is told once, people's words outrank every run, and nothing is done by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from engine.decision import decide, parse_json, read_household
from records import decisions, households, notices, tables
from records.database import Database, reading, writing
from records.decisions import Replayed
from records.documents import document
from records.households import Asserted, Held
from records.intake import write_down
from records.nightly import Night, nightly
from records.proposing import proposals
from records.refused import Refused
from records.standing import Standing, last_standings
from tests.api.api_client import SAMPLE
from tests.records.conftest import at
from tests.support.households import shipped

BOOK = shipped()
FIRST, SECOND, THIRD = date(2025, 10, 15), date(2025, 10, 16), date(2025, 10, 17)


@pytest.fixture
def household(database: Database) -> str:
    told: dict[str, Any] = parse_json(SAMPLE)
    told["household_id"] = "h1"
    told["statuses"] = [
        {"policy": "dibao", "from": "2025-01-01", "amount": 1132},
        {"policy": "disabled_care", "person_id": "p3", "from": "2025-01-01", "amount": 100},
    ]
    with writing(database, "li", at("2025-10-01")) as write:
        return write_down(write, BOOK, told, date(2025, 1, 1)).household_id


def night(database: Database, on: date, workers: int = 1) -> Night:
    return nightly(database, BOOK, on, on, "night", workers=workers)


def raised(database: Database, kind: str = "", open_only: bool = True) -> dict[str, Any]:
    with reading(database) as read:
        query = notices.chosen(tables.household.c.area.is_not(None), kind=kind, open_only=open_only)
        return {f"{row.about} {row.policy}": row for row in read.connection.execute(query)}


def tell(database: Database, household: str, day: str, *told: Asserted) -> None:
    with writing(database, "li", at(day)) as write:
        households.claim(write, household, households.version_of(write.connection, household) or 0)
        households.tell(write, household, told)


def test_a_first_night_lays_down_what_later_ones_compare_with(database: Database, household: str) -> None:
    found = night(database, FIRST)
    assert (found.households, found.changed, found.unread) == (1, [], {})
    with reading(database) as read:
        assert read.connection.execute(select(tables.decision)).first() is None
        standing = last_standings(read, [household])[household]
        made = document(read, household, FIRST, FIRST)
    decision = decide(BOOK, made, on=FIRST, known=FIRST, advice=False)
    expected = {
        (policy, finding.subject): (
            finding.outcome,
            None
            if finding.amount is None or finding.amount.value is None or finding.amount.if_eligible
            else finding.amount.value,
        )
        for policy, one in decision.policies.items()
        for finding in one.findings
        if finding.outcome != "not-in-force"
    }
    assert {key: one.outcome for key, one in standing.findings.items()} == {
        key: outcome for key, (outcome, _) in expected.items()
    }
    for key, (outcome, amount) in expected.items():
        if outcome == "eligible" and amount is not None:
            assert float(standing.findings[key].amount or "nan") == float(amount), key


def test_what_changed_is_decided_in_full_and_told_once(database: Database, household: str) -> None:
    night(database, FIRST)
    before = raised(database)
    assert not [one for one in before if one.startswith("stop")]
    tell(database, household, "2025-10-16", Asserted("financial_assets", 900_000, "civil_affairs"))
    found = night(database, SECOND)
    assert found.changed == [household]
    stop = raised(database)["stop dibao"]
    assert (stop.kind, stop.harm, stop.owner) == ("proposal", "1132", "civil_affairs")
    with reading(database) as read:
        kept = decisions.listed(read, decisions.chosen(household_id=household))
        assert len(kept) == 1
        assert [one.result for one in decisions.replay_all(read)] == [Replayed.SAME]
        statuses = document(read, household, SECOND, SECOND)["statuses"]
    assert [one["policy"] for one in statuses] == ["dibao", "disabled_care"]  # nothing stops by itself
    again = night(database, THIRD)
    assert (again.changed, again.raised.total()) == ([], 0)


def test_the_same_night_run_again_adds_nothing(database: Database, household: str) -> None:
    first = night(database, FIRST)
    assert first.raised.total() > 0
    assert night(database, FIRST).raised.total() == 0


def test_several_processes_find_the_same(database: Database, household: str) -> None:
    found = night(database, FIRST, workers=2)
    assert found.households == 1 and found.raised.total() > 0
    assert night(database, FIRST).raised.total() == 0


def test_a_pause_holds_until_its_day(database: Database, household: str) -> None:
    night(database, FIRST)
    with writing(database, "wang", at("2025-10-15")) as write:
        notices.pause(
            write,
            household_id=household,
            about="stop",
            until=SECOND,
            reason="存款来源正在核实",
            person="wang",
        )
    tell(database, household, "2025-10-16", Asserted("financial_assets", 900_000, "civil_affairs"))
    night(database, SECOND)
    assert "stop dibao" not in raised(database)
    night(database, THIRD)
    assert "stop dibao" in raised(database)


def test_what_somebody_refuted_is_not_raised_again(database: Database, household: str) -> None:
    night(database, FIRST)
    tell(database, household, "2025-10-16", Asserted("financial_assets", 900_000, "civil_affairs"))
    night(database, SECOND)
    number = raised(database)["stop dibao"].seq
    with writing(database, "wang", at("2025-10-16")) as write:
        notices.answer(write, number, "refuted", "存款属于村集体", "wang")
    night(database, THIRD)
    assert "stop dibao" not in raised(database)
    with pytest.raises(Refused) as refused, writing(database, "wang", at("2025-10-16")) as write:
        notices.answer(write, number, "confirmed", "再看一次", "wang")
    assert refused.value.code == "closed"


def test_nothing_is_proposed_where_nobody_knows_what_is_held(database: Database) -> None:
    told: dict[str, Any] = parse_json(SAMPLE)
    told.pop("statuses", None)
    with writing(database, "li", at("2025-10-01")) as write:
        write_down(write, BOOK, told, date(2025, 1, 1))
    night(database, FIRST)
    assert raised(database, "proposal") == {}


def test_what_is_held_though_its_policy_has_nothing_to_say_is_looked_at() -> None:
    """A status whose policy is not in force or concerns nobody any more is not passed over in silence."""
    told: dict[str, Any] = parse_json(SAMPLE)
    told["statuses"] = [{"policy": "dibao", "from": "2025-01-01"}]
    found = list(proposals(BOOK, read_household(BOOK, told), Standing({}, (), None), FIRST))
    assert [(one.about, one.policy, one.evidence["outcome"]) for one in found] == [
        ("recheck", "dibao", "not-concerned")
    ]


def test_what_is_held_together_is_an_alert_with_its_rate(database: Database, household: str) -> None:
    """Destitute support excludes the minimum living guarantee of the same person's household ladder (GF14; MF57)."""
    with writing(database, "li", at("2025-10-02")) as write:
        households.claim(write, household, 1)
        both = [
            Held("orphan_allowance", date(2025, 1, 1), "civil_affairs", "p3"),
            Held("disabled_living", date(2025, 1, 1), "civil_affairs", "p3"),
        ]
        households.hold(write, household, both)
    night(database, FIRST)
    alert = next(row for name, row in raised(database, "alert").items() if name.startswith("held_together"))
    assert alert.severity == "high" and alert.subject in ("p3", "household")
    with writing(database, "wang", at("2025-10-16")) as write:
        notices.answer(write, alert.seq, "confirmed", "两项均在发放", "wang")
    with reading(database) as read:
        rates = {one.about: one for one in notices.rates(read, tables.household.c.area.is_not(None))}
    assert rates["held_together"].rate == 1.0
