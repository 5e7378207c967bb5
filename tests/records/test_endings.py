"""What a death ends: months by their versions, who is heard, who should have reported; a case only when somebody opens it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from records import granted, households, notices, recovery, tables
from records.cases import ending
from records.database import Database
from records.documents import document
from records.endings import Ended, ended
from records.granted import Granted, Happened, Paid
from records.households import Asserted, Held
from records.nightly import nightly
from records.recovery import Entry
from records.refused import Refused
from tests.records.casework import BOOK, CAI, TAO, TIAN, WIN, Bureau
from tests.records.payoffice import BUILDER, DIBAO, OLD
from tests.support.at_once import at_once, won

KNOWN = date(2026, 10, 5)
EVENT, FACT = "event", "fact"


def couple(database: Database, *told: str) -> Bureau:
    """Worked case 6: 972 and 100 paid from August to October; he died on 2026-07-18, which is told on 2026-10-05."""
    bureau = Bureau(database, "2025-04-10")
    household = bureau.household("case_06")
    with bureau.writes(CAI) as write:
        households.claim_as_it_is(write, household)
        granted.grant(
            write,
            household,
            [
                Granted(DIBAO, date(2025, 4, 1), "case", amount="972.00", period="month"),
                Granted(OLD, date(2024, 10, 1), "case", "p1", amount="100.00", period="month"),
            ],
        )
    bureau.day = "2026-10-02"
    with bureau.writes(CAI) as write:
        households.claim_as_it_is(write, household)
        for month in ("2026-08", "2026-09", "2026-10"):
            granted.pay(
                write,
                household,
                [Paid(DIBAO, month, "972.00", "bank"), Paid(OLD, month, "100.00", "bank", "p1")],
            )
    bureau.day = KNOWN.isoformat()
    with bureau.writes(TAO) as write:
        households.claim_as_it_is(write, household)
        if EVENT in told:
            granted.happened(
                write, household, [Happened("death", date(2026, 7, 18), "public_security", "p1")]
            )
        if FACT in told:
            dead = Asserted("whereabouts", "dead", "civil_affairs", "p1", date(2026, 7, 18))
            households.tell(write, household, [dead])
    return bureau


def found(bureau: Bureau) -> dict[str, Ended]:
    with bureau.reads() as read:
        made = document(read, "case_06", bureau.today, bureau.today)
    return {one.policy: one for one in ended(BOOK, made, bureau.today, bureau.today)}


def raised(bureau: Bureau) -> dict[str, Any]:
    nightly(bureau.database, BOOK, bureau.today, bureau.today, "night")
    with bureau.reads() as read:
        query = notices.chosen(tables.household.c.area.is_not(None), kind="proposal")
        return {row.policy: row for row in read.connection.execute(query)}


@pytest.mark.parametrize("told", [(EVENT,), (FACT,), (EVENT, FACT)])
def test_a_death_shows_the_months_after_it_however_it_became_known(
    database: Database, told: tuple[str, ...]
) -> None:
    """Fact sheet, case 6: last month July; 616 x 3 and 100 x 3; hearing (LAW art 48); the re-check by 2026-10-18 (MF83)."""
    one = found(couple(database, *told))
    assert set(one) == {DIBAO, OLD}
    old, home = one[OLD], one[DIBAO]
    assert (old.purpose, old.first, old.overpaid) == ("stop", date(2026, 8, 1), 300)
    assert (home.purpose, home.first, home.amount, home.overpaid) == ("reduce", date(2026, 8, 1), 356, 1848)
    assert [(m.month, m.paid, m.due, m.over) for m in home.months] == [
        (month, Decimal("972.00"), 356, 616) for month in ("2026-08", "2026-09", "2026-10")
    ]
    assert {m.version for m in home.months} == {"2026-07-01"} and {m.version for m in old.months} == {
        "2024-10-01"
    }
    assert (home.hear, home.hear_cite) == (("p2",), "LAW art 48")
    assert home.due == (date(2026, 10, 18) if EVENT in told else None)
    assert [(who.by, who.until, who.cite) for who in home.report] == [
        ("household", date(2026, 10, 18), "MF83 item 5"),
        ("village", None, "local-text-needed"),
    ]


def test_a_death_that_was_told_by_mistake_and_put_right_ends_nothing(database: Database) -> None:
    """What counts on the day counts: a living person is not proposed to be stopped, and an older proposal leads nowhere."""
    bureau = couple(database, FACT)
    row = raised(bureau)[OLD]
    bureau.later(1)
    with bureau.writes(TAO) as write:
        households.claim_as_it_is(write, "case_06")
        home = Asserted("whereabouts", "ordinary", "civil_affairs", "p1", date(2026, 7, 18))
        households.tell(write, "case_06", [home])
    with bureau.reads() as read:
        assert (
            ended(BOOK, document(read, "case_06", bureau.today, bureau.today), bureau.today, bureau.today)
            == []
        )
    with pytest.raises(Refused) as refused:
        accepted(bureau, row)
    assert refused.value.code == "nothing-left"


def test_what_was_not_known_then_ends_nothing(database: Database) -> None:
    bureau = couple(database, EVENT)
    with bureau.reads() as read:
        made = document(read, "case_06", date(2026, 9, 15), date(2026, 9, 15))
    assert ended(BOOK, made, date(2026, 9, 15), date(2026, 9, 15)) == []


def test_where_the_law_has_several_last_months_somebody_has_to_say_which(database: Database) -> None:
    """MIL788 arts 22, 32: six months of one pension, twelve of the other."""
    bureau = couple(database, EVENT)
    with bureau.writes(CAI) as write:
        households.claim_as_it_is(write, "case_06")
        households.hold(write, "case_06", [Held("veteran_pension", date(2025, 1, 1), "veterans", "p1")])
        granted.pay(
            write,
            "case_06",
            [
                Paid("veteran_pension", month, "900.00", "bank", "p1")
                for month in ("2026-09", "2027-02", "2027-08")
            ],
        )
    bureau.day = "2027-08-20"
    one = found(bureau)["veteran_pension"]
    assert (one.first, one.cite) == (None, "MIL788 art 22; MIL788 art 32; MIL788 art 62")
    assert [month.month for month in one.months] == ["2027-08"]  # surely after twelve months
    assert "2027-02" in one.open_months and "2026-09" in one.open_months


@pytest.mark.parametrize("told", [(EVENT,), (FACT,), (EVENT, FACT)])
def test_the_night_proposes_each_benefit_once_and_does_nothing(
    database: Database, told: tuple[str, ...]
) -> None:
    """It reads facts of a household only where an event may have ended something."""
    bureau = couple(database, *told)
    rows = raised(bureau)
    assert {policy: (row.about, row.harm) for policy, row in rows.items() if policy in (DIBAO, OLD)} == {
        DIBAO: ("change", "1848"),
        OLD: ("stop", "300"),
    }
    evidence = json.loads(rows[DIBAO].evidence)
    assert (evidence["overpaid"], evidence["due"], evidence["hear"]) == ("1848", "356", ["p2"])
    assert rows[DIBAO].due == (date(2026, 10, 18) if EVENT in told else None)
    bureau.later(1)
    assert {policy: row.seq for policy, row in raised(bureau).items()} == {
        policy: row.seq for policy, row in rows.items()
    }
    with bureau.reads() as read:
        for table in (tables.relief_case, tables.recovery):
            assert read.connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert document(read, "case_06", bureau.today, bureau.today)["statuses"][0].get("to") is None


def accepted(bureau: Bureau, row: Any) -> str:
    with bureau.writes(WIN) as write:
        return ending.accept(write, BOOK, WIN, row.seq, "户籍注销已核实")[0].case_id


def test_accepting_opens_a_case_that_is_decided_for_the_month_after_the_death(database: Database) -> None:
    bureau = couple(database, EVENT, FACT)
    told = raised(bureau)
    for policy, left in ((DIBAO, "356.00"), (OLD, None)):
        case = accepted(bureau, told[policy])
        with bureau.reads() as read:
            said = ending.store.said_in(read, bureau.row(read, case))[1]
        assert said["notice"] == told[policy].seq and said["ending"]["first"] == "2026-08-01"
        with pytest.raises(Refused) as early, bureau.writes(BUILDER) as write:
            ending.recover(write, BOOK, BUILDER, bureau.row(write, case), "多发")
        assert early.value.code == "not-decided"
        bureau.takes(TAO, case, "investigate", text="妻子在家，情况属实", outcome="grant")
        while bureau.awaited(case) - {"hear", "confirm", "refuse"}:
            bureau.takes(TAO, case, min(bureau.awaited(case)))
            bureau.later(8)
        if (
            policy == DIBAO
        ):  # LAW art 48 is about social assistance; no text asks for it where an allowance of the dead ends
            with pytest.raises(Refused) as unheard:
                bureau.takes(CAI, case, "confirm", decision_id=bureau.decision("case_06"))
            assert unheard.value.code == "wrong-step"
            bureau.takes(TIAN, case, "hear", text="已听取，无异议", who="妻子", outcome="heard")
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision("case_06"))
        with bureau.reads() as read:
            awards = {
                (row.valid_from, row.valid_to): row.amount
                for row in read.connection.execute(select(tables.award).order_by(tables.award.c.seq))
                if row.policy == policy
            }
        assert (date(2025, 4, 1) if policy == DIBAO else date(2024, 10, 1), date(2026, 7, 31)) in awards
        if left is not None:
            assert Decimal(awards[date(2026, 8, 1), None]) == Decimal(left)
        with bureau.writes(BUILDER) as write:
            number = ending.recover(write, BOOK, BUILDER, bureau.row(write, case), "死亡后多发")
            account = recovery.account_of(write, number)
        assert account.found == (1848 if policy == DIBAO else 300)
        assert account.hearing == ("LAW art 48" if policy == DIBAO else "")
        with pytest.raises(Refused) as refused, bureau.writes(BUILDER) as write:
            recovery.add_entry(
                write, BOOK, BUILDER, number, Entry.DECIDED, day=write.day, reason="应退", amount="300"
            )
        assert refused.value.code == ("not-heard" if policy == DIBAO else "four-eyes")
    assert found(bureau) == {}  # what was decided is not proposed again
    with pytest.raises(Refused) as closed:
        accepted(bureau, told[OLD])
    assert closed.value.code in ("closed", "nothing-left")


def test_a_task_is_no_proposal(database: Database) -> None:
    bureau = couple(database, EVENT)
    raised(bureau)
    with bureau.reads() as read:
        query = notices.chosen(tables.household.c.area.is_not(None), kind="task")
        task = read.connection.execute(query).first()
    assert task is not None
    with pytest.raises(Refused) as refused:
        accepted(bureau, task)
    assert refused.value.code == "not-a-proposal"


def test_two_who_accept_at_once_open_one_case_and_claim_the_months_once(database: Database) -> None:
    bureau = couple(database, EVENT, FACT)
    told = raised(bureau)[OLD]
    found = at_once([partial(accepted, bureau, told)] * 2)
    [case] = won(found)
    assert [one.code for one in found if isinstance(one, Refused)] in (
        ["closed"],
        ["stale"],
        ["case-open"],
    ), found
    bureau.takes(TAO, case, "investigate", text="已核实", outcome="grant")
    bureau.takes(CAI, case, "confirm", decision_id=bureau.decision("case_06"))

    def asks_back() -> int:
        with bureau.writes(BUILDER) as write:
            return ending.recover(write, BOOK, BUILDER, bureau.row(write, case), "死亡后多发")

    found = at_once([asks_back] * 2)
    assert len(won(found)) == 1, found
    with bureau.reads() as read:
        rows = read.connection.execute(select(tables.recovery_month.c.month)).scalars().all()
    assert sorted(rows) == ["2026-08", "2026-09", "2026-10"]
