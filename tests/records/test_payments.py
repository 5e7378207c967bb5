"""From awards to payments: what is blocked and why, who may release, what the bank is told and says, what is owed back."""

from __future__ import annotations

import json
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sepaxml
import xmlschema
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError

from records import granted, households, recovery, tables
from records.database import Database
from records.granted import Granted, Paid
from records.payments import batches, funds, payees, results
from records.payments.bank_files import NAMESPACE, Format
from records.payments.payees import Relation
from records.payments.words import State
from records.recovery import Entry
from records.refused import Refused
from records.verify import verify
from tests.records.casework import CAI, Bureau, county
from tests.records.payoffice import AREA, BUILDER, DIBAO, OLD, RELEASER, THIRD, PayOffice, bank_says

PAIN = {"p": NAMESPACE}


@pytest.fixture
def office(database: Database) -> PayOffice:
    return PayOffice(database)


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


# --- worked case 6 ------------------------------------------------------------------------------------------


def test_a_death_that_becomes_known_blocks_the_next_batch_and_shows_what_was_overpaid(
    office: PayOffice,
) -> None:
    """972 and 100 from August to October; he died on 2026-07-18, which is known on 2026-10-05."""
    couple = office.couple()
    for month in ("2026-08", "2026-09", "2026-10"):
        batch = office.pays(month, day=f"{month}-02")
        assert [(row.policy, row.amount, row.verdict) for row in office.lines(batch)] == [
            (DIBAO, "972.00", "pay"),
            (OLD, "100.00", "pay"),
        ]
    office.day = "2026-10-05"
    office.happened(couple, "death", "2026-07-18", "p1")
    with office.writes() as write:
        households.claim_as_it_is(write, couple)
        dead = households.Asserted("whereabouts", "dead", "civil_affairs", "p1", valid_from=date(2026, 7, 18))
        households.tell(write, couple, [dead])
    office.day = "2026-11-02"
    batch = office.builds("2026-11")
    assert office.blocked(batch) == {
        ("household", DIBAO): ["holder:paid_after_death"],
        ("p1", OLD): ["paid_after_death"],
    }
    with pytest.raises(Refused) as nothing:
        office.releases(batch)
    assert code(nothing) == "nothing-to-pay"
    with office.reads() as read:
        months = recovery.overpaid(read, office.book, couple, "2026-08", "2026-10", date(2026, 11, 2))
    assert sum(one.over for one in months) == 616 * 3 + 300 == 2148
    assert {(one.policy, one.over) for one in months} == {(DIBAO, 616), (OLD, 100)}
    assert all(one.version for one in months)


# --- what is in a batch -------------------------------------------------------------------------------------


def test_every_award_of_the_month_is_a_line(office: PayOffice) -> None:
    office.couple()
    for number in (1, 2, 3):
        office.simple(number)
    office.grants("h1", Granted(DIBAO, date(2026, 1, 1), "case", valid_to=date(2026, 10, 31), amount="500", period="month"))  # fmt: skip
    office.grants("h2", Granted(DIBAO, date(2026, 1, 1), "case", amount=None, period="month"))
    batch = office.builds("2026-11")
    assert {row.household_id for row in office.lines(batch)} == {"case_06", "h2", "h3"}  # h1 has ended
    assert office.blocked(batch) == {("household", DIBAO): ["amount-unknown"]}
    with office.reads() as read:
        told = batches.sums(read, batches.lines(batch))
    assert (told.pays, told.blocked, told.amount) == (3, 1, Decimal("1572.00"))
    assert len(office.lines(batch, verdict="pay")) == told.pays
    assert len(office.lines(batch, reason="amount-unknown")) == told.reasons["amount-unknown"] == 1


def test_without_awards_there_is_no_batch(office: PayOffice) -> None:
    with pytest.raises(Refused) as none:
        office.builds("2026-11")
    assert code(none) == "no-awards"
    for policies, area in (((), AREA), (("dibo",), AREA)):
        with pytest.raises(Refused) as bad, office.writes() as write:
            batches.build(write, office.book, BUILDER, "2026-11", area, policies)
        assert code(bad) == "no-policy"


def test_another_department_builds_nothing(office: PayOffice) -> None:
    office.simple(1)
    housing = county("hou", "housing")
    with pytest.raises(Refused) as refused:
        office.builds("2026-11", DIBAO, viewer=housing)
    assert code(refused) == "out-of-reach"


def test_what_was_paid_or_instructed_is_not_paid_again(office: PayOffice) -> None:
    for number in (1, 2, 3):
        office.simple(number)
    with office.writes() as write:
        households.claim_as_it_is(write, "h1")
        granted.pay(write, "h1", [Paid(DIBAO, "2026-11", "500.00", "bank")])
    batch = office.builds("2026-11", DIBAO)
    [blocked] = office.lines(batch, verdict="blocked")
    assert json.loads(blocked.reasons) == ["paid-already", "paid_twice"]
    second = office.builds("2026-11", DIBAO)
    assert {tuple(json.loads(row.reasons)) for row in office.lines(second, household="h2")} == {
        ("in-another-batch",)
    }
    office.releases(batch)
    third = office.builds("2026-11", DIBAO)
    assert {tuple(json.loads(row.reasons)) for row in office.lines(third, household="h2")} == {
        ("instructed-already",)
    }


def test_a_month_that_was_blocked_is_paid_as_arrears_once_it_may(office: PayOffice) -> None:
    office.simple(1)
    office.account("q1", "6228999900000000")
    first = office.builds("2026-11", DIBAO)
    assert office.blocked(first) == {("household", DIBAO): ["account-changed"]}
    office.payee("h1", "", "q1")
    office.day = "2026-12-02"
    later = office.builds("2026-12", DIBAO)
    assert [(row.month, row.kind, row.verdict) for row in office.lines(later)] == [
        ("2026-11", "arrears", "pay"),
        ("2026-12", "regular", "pay"),
    ]


def test_a_case_that_ends_what_came_over_makes_no_arrears_of_the_time_before(office: PayOffice) -> None:
    """Months before this record began are not owed because a case has reduced or stopped the award since."""
    office.simple(1)
    office.grants("h1", Granted(DIBAO, date(2026, 1, 1), "case", valid_to=date(2026, 10, 31), amount="500.00", period="month", basis="case:C1"))  # fmt: skip
    office.grants(
        "h1", Granted(DIBAO, date(2026, 11, 1), "case", amount="300.00", period="month", basis="case:C1")
    )
    with office.writes() as write:
        households.claim_as_it_is(write, "h1")
        households.hold(write, "h1", [households.Held(DIBAO, date(2026, 11, 1), "case", "")])
    batch = office.builds("2026-11", DIBAO)
    assert [(row.month, row.amount) for row in office.lines(batch)] == [("2026-11", "300.00")]


def test_what_one_benefit_excludes_is_blocked_and_the_other_is_paid(office: PayOffice) -> None:
    office.simple(1)
    with office.writes() as write:
        households.claim_as_it_is(write, "h1")
        households.hold(write, "h1", [households.Held("dibao_single", date(2026, 1, 1), "case", "q1")])
        alone = Granted("dibao_single", date(2026, 1, 1), "case", "q1", amount="632", period="month")
        granted.grant(write, "h1", [alone])
    office.payee("h1", "q1", "q1")
    batch = office.builds("2026-11", DIBAO, "dibao_single")
    assert office.blocked(batch) == {("q1", "dibao_single"): ["held_together"]}
    assert [row.policy for row in office.lines(batch, verdict="pay")] == [DIBAO]


def test_without_a_status_nothing_is_paid(office: PayOffice) -> None:
    """Held by nobody, as far as is known: blocked; nothing known of what is held: blocked as unclear."""
    office.simple(1)
    with office.writes() as write:
        households.claim_as_it_is(write, "h1")
        ended = households.Held(DIBAO, date(2026, 1, 1), "case", "", date(2026, 6, 30))
        households.hold(write, "h1", [ended])
        households.register(write, "bare", AREA, None)
        from records.people import Identity, register_person

        register_person(write, Identity("某人", account="1234567890"), "b1")
        households.join(write, "bare", "b1", date(2020, 1, 1))
        granted.grant(write, "bare", [Granted(DIBAO, date(2026, 1, 1), "case", amount="10", period="month")])
    office.payee("bare", "", "b1")
    batch = office.builds("2026-11", DIBAO)
    found = {row.household_id: json.loads(row.reasons) for row in office.lines(batch)}
    assert found == {"h1": ["paid_without_status"], "bare": ["unclear:paid_without_status"]}


@pytest.mark.parametrize("death", [False, True])
def test_sparing_facts_changes_nothing(office: PayOffice, death: bool) -> None:
    couple = office.couple()
    for number in range(1, 6):
        office.simple(number)
    if death:
        office.happened(couple, "death", "2026-07-18", "p1")
        office.happened("h2", "death", "2026-10-18", "q2")
    told = []
    for thorough in (False, True):
        batch = office.builds("2026-11", thorough=thorough)
        told.append(
            [(row.household_id, row.policy, row.reasons, row.warnings) for row in office.lines(batch)]
        )
        with office.writes() as write:
            batches.cancel(write, BUILDER, office.seen(write, batch), "再算一次")
    assert told[0] == told[1]
    assert any("paid_after_death" in reasons for _, _, reasons, _ in told[0]) is death


# --- payees -------------------------------------------------------------------------------------------------


def test_nobody_approves_his_own_payee(office: PayOffice) -> None:
    office.simple(1)
    number = office.payee("h1", "", "q1", approved_by=None)
    with pytest.raises(Refused) as own, office.writes(BUILDER) as write:
        payees.approve(write, BUILDER, number)
    assert code(own) == "four-eyes"
    same = county("bo2", person="bo")  # another account of the same person
    with pytest.raises(Refused) as other, office.writes(same) as write:
        payees.approve(write, same, number)
    assert code(other) == "four-eyes"
    row = {
        "pay_to": number,
        "person": "bo",
        "recorded_on": date(2026, 11, 2),
        "recorded_by": "x",
        "entry": "e",
    }
    with pytest.raises(DBAPIError, match="whoever entered a payee"), office.writes() as write:
        write.connection.execute(insert(tables.pay_to_approval), {**row, "recorded_at": write.at})


def test_an_account_of_somebody_else_needs_an_agent(office: PayOffice) -> None:
    for number in (1, 2, 3):
        office.simple(number)
    with pytest.raises(Refused) as own:
        office.payee("h1", "", "q2")
    assert code(own) == "not-own-account"
    office.payee("h1", "", "q2", Relation.GUARDIAN)
    batch = office.builds("2026-11", DIBAO)
    found = {row.household_id: json.loads(row.reasons) for row in office.lines(batch)}
    assert found == {"h1": ["account-shared"], "h2": ["account-shared"], "h3": []}
    office.payee("h1", "", "q2", Relation.AGENT)
    office.payee("h3", "", "q2", Relation.AGENT)
    with office.writes() as write:
        batches.cancel(write, BUILDER, office.seen(write, batch), "收款账户更正")
    assert office.blocked(office.builds("2026-11", DIBAO)) == {}


def test_without_a_payee_nothing_is_paid(office: PayOffice) -> None:
    household = office.simple(1)
    office.grants(household, Granted(OLD, date(2026, 1, 1), "case", "q1", amount="100", period="month"))
    office.payee(household, "q1", "q1", approved_by=None)  # entered, and nobody has looked
    assert "no-payee" in office.blocked(office.builds("2026-11"))["q1", OLD]


# --- release ------------------------------------------------------------------------------------------------


def test_another_person_releases(office: PayOffice) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    same = county("bo2", person="bo")
    for viewer in (BUILDER, same, THIRD):  # who built it, once more, and who approved its payee
        with pytest.raises(Refused) as refused:
            office.releases(batch, viewer)
        assert code(refused) == "four-eyes"
    assert office.releases(batch).instructions == 1
    with pytest.raises(Refused) as twice:
        office.releases(batch)
    assert code(twice) == "not-now"


@pytest.mark.parametrize("who", ["bo", "san"])
def test_the_database_knows_who_may_release(office: PayOffice, who: str) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    viewer = county(f"{who}3", person=who)
    with pytest.raises(Refused, match="whoever") as refused, office.writes(viewer) as write:
        batches.step(write, viewer, batch, State.RELEASED, 2)
    assert code(refused) == "four-eyes"


def test_whoever_confirmed_the_case_does_not_release_its_money(database: Database) -> None:
    bureau = Bureau(database)
    household = bureau.household("case_01")
    case = bureau.case(household, DIBAO)
    bureau.confirmed(household, case)
    office = PayOffice(database, "2025-11-05")
    with office.reads() as read:
        member = households.members(read.connection, household)[0] if hasattr(households, "members") else "p1"
    office.account(member, "6222111122223333")
    office.payee(household, "", member)
    batch = office.builds("2025-11", DIBAO)
    assert office.blocked(batch) == {}
    with pytest.raises(Refused) as words:
        office.releases(batch, CAI)
    assert code(words) == "four-eyes"
    with pytest.raises(Refused, match="approved a case"), office.writes(CAI) as write:
        batches.step(write, CAI, batch, State.RELEASED, 2)
    assert office.releases(batch).instructions == 1


def test_what_became_known_since_stops_the_release(office: PayOffice) -> None:
    office.couple()
    office.simple(1)
    batch = office.builds("2026-11")
    office.day = "2026-11-03"
    office.happened("case_06", "death", "2026-10-18", "p1")
    with pytest.raises(Refused, match="paid_after_death") as changed:
        office.releases(batch)
    assert code(changed) == "changed-since"
    with office.writes() as write:
        batches.cancel(write, BUILDER, office.seen(write, batch), "有人去世")
    again = office.builds("2026-11")
    assert office.releases(again).instructions == 1


@pytest.mark.parametrize("what", ["account", "award", "payee"])
def test_a_line_that_changed_since_stops_the_release(office: PayOffice, what: str) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    office.day = "2026-11-03"
    if what == "account":
        office.account("q1", "6228999900000000")
    elif what == "award":
        office.grants("h1", Granted(DIBAO, date(2026, 1, 1), "case", valid_to=date(2026, 10, 31), amount="500", period="month"))  # fmt: skip
    else:
        office.payee("h1", "", "q1")
    with pytest.raises(Refused) as changed:
        office.releases(batch)
    assert code(changed) == "changed-since"


def test_nothing_is_instructed_twice_whatever_is_written(office: PayOffice) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    office.releases(batch)
    with office.reads() as read:
        row = dict(read.connection.execute(select(tables.instruction)).mappings().one())
    del row["seq"]
    for attempt, kind in ((1, "regular"), (2, "regular"), (2, "again"), (3, "arrears")):
        with pytest.raises(DBAPIError), office.writes() as write:
            write.connection.execute(
                insert(tables.instruction),
                {**row, "attempt": attempt, "kind": kind, "reference": "x", "line": 1},
            )
    with pytest.raises(DBAPIError, match="only added to"), office.writes() as write:
        write.connection.execute(update(tables.instruction).values(amount="9999"))


def test_two_release_at_once_and_one_of_them_does(office: PayOffice) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    outcomes: list[Any] = []
    gate = threading.Barrier(2)

    def release(viewer: Any) -> None:
        gate.wait()
        try:
            outcomes.append(office.releases(batch, viewer).instructions)
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=release, args=(one,)) for one in (RELEASER, county("ru2"))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(map(str, outcomes)) in (["1", "moved"], ["1", "not-now"])
    assert len(office.references(batch)) == 1


# --- the bank -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd")


def test_pain_001_is_valid_and_adds_up(office: PayOffice, schema: xmlschema.XMLSchema) -> None:
    office.couple()
    for number in (1, 2):
        office.simple(number, amount=f"{number}.10")
    batch = office.builds("2026-11")
    office.releases(batch)
    made = office.exports(batch)
    schema.validate(made.content.decode().split("\n", 1)[1])
    root = ElementTree.fromstring(made.content)  # noqa: S314 our own
    amounts = root.findall(".//p:InstdAmt", PAIN)
    total = sum(Decimal(one.text or "") for one in amounts)
    assert total == made.amount == Decimal("1075.20")
    assert {one.get("Ccy") for one in amounts} == {"CNY"}
    for head in ("p:GrpHdr", "p:PmtInf"):
        [found] = root.findall(f".//{head}", PAIN)
        assert found.findtext("p:NbOfTxs", None, PAIN) == str(len(amounts)) == "4"
        assert found.findtext("p:CtrlSum", None, PAIN) == "1075.20"
    ends = [one.text or "" for one in root.findall(".//p:EndToEndId", PAIN)]
    assert len({*ends}) == len(ends) == 4 and all(len(one) <= 35 for one in ends)
    assert {one.text for one in root.findall(".//p:CdtrAcct//p:Id/p:Othr/p:Id", PAIN)} >= {"6222000011112222"}


def test_the_same_batch_gives_the_same_bytes_and_leaves_its_trace(office: PayOffice) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    with pytest.raises(Refused) as early:
        office.exports(batch)
    assert code(early) == "not-now"
    office.releases(batch)
    first, again = office.exports(batch), office.exports(batch)
    assert first.content == again.content
    table = office.exports(batch, Format.CSV)
    assert "6228000000000001" in table.content.decode() and "户主1" in table.content.decode()
    with office.reads() as read:
        hashes = [one.file_hash for one in batches.steps(read, batch) if one.state == "exported"]
        audit = tables.audit.c
        seen = read.connection.execute(
            select(func.count()).where(audit.action == "unmask", audit.subject == f"batch:{batch}")
        ).scalar()
    assert hashes == [first.file_hash, first.file_hash, table.file_hash] and seen == 3


def test_the_bank_answers_row_by_row(office: PayOffice) -> None:
    for number in (1, 2, 3, 4):
        office.simple(number)
    batch = office.builds("2026-11", DIBAO)
    office.releases(batch)
    office.exports(batch)
    one, two, three, four = office.references(batch)
    said = bank_says(
        [
            (one, "成功", "", "2026-11-05", "500"),
            (two, "退回", "账户已销户", "2026-11-05", "500.00"),
            (three, "成功", "", "2026-11-05", "5.00"),
            (one, "成功", "", "2026-11-05", "500"),
            ("nobody", "成功", "", "2026-11-05", "500"),
            (four, "maybe", "", "2026-11-05", "500"),
        ],
        "业务参考号,结果,原因,日期,金额",
    )
    taken = office.takes(batch, said)
    assert [(each["row"], each["problem"]) for each in taken.problems] == [
        (4, "wrong-amount"),
        (5, "twice-in-file"),
        (6, "unknown-reference"),
        (7, "bad-outcome"),
    ]
    assert (taken.counts["paid"], taken.counts["returned"], taken.missing) == (1, 1, 2)
    assert [row.state for row in office.payments("h1")] == ["paid"]
    assert office.payments("h2") == office.payments("h3") == []
    again = office.takes(batch, said)
    assert again.again and again.counts == taken.counts and len(office.payments("h1")) == 1
    rest = office.takes(batch, bank_says([(three, "paid", "", "2026-11-06"), (four, "paid", "", "2026-11-06"), (one, "paid", "", "2026-11-05")], "reference,outcome,reason,date"))  # fmt: skip
    assert (rest.counts, rest.missing) == ({"paid": 2, "known": 1}, 0)
    with office.reads() as read:
        assert office.seen(read, batch).state is State.SETTLED
        assert [row.household_id for row in read.connection.execute(results.returned())] == ["h2"]
        assert verify(read.connection, office.database.keys.signing.public_key()) is None


def test_what_came_back_is_paid_again_to_another_account_only(office: PayOffice) -> None:
    office.simple(1)
    batch = office.pays("2026-11", DIBAO)
    [reference] = office.references(batch)
    later = office.takes(batch, bank_says([(reference, "退回", "户名不符", "2026-11-20")]))
    assert later.counts == {"returned": 1}
    assert [(row.state, row.takes_back is None) for row in office.payments("h1")] == [
        ("paid", True),
        ("returned", False),
    ]
    office.day = "2026-12-02"
    second = office.builds("2026-12", DIBAO)
    kinds = {row.month: (row.kind, json.loads(row.reasons)) for row in office.lines(second)}
    assert kinds == {
        "2026-11": ("again", ["came-back-from-this-account"]),
        "2026-12": ("regular", []),
    }
    with office.writes() as write:
        batches.cancel(write, BUILDER, office.seen(write, second), "先更正账户")
    office.account("q1", "6228555500000000")
    office.payee("h1", "", "q1")
    third = office.builds("2026-12", DIBAO)
    assert office.blocked(third) == {}
    office.releases(third)
    with office.reads() as read:
        one = tables.instruction.c
        rows = read.connection.execute(select(one.month, one.kind, one.attempt).order_by(one.seq)).all()
    assert [tuple(row) for row in rows] == [
        ("2026-11", "regular", 1), ("2026-11", "again", 2), ("2026-12", "regular", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\xff\xff\xff", "结果,日期\n成功,2026-11-05\n".encode()]
)
def test_what_is_no_file_of_a_bank_is_refused(office: PayOffice, content: bytes) -> None:
    office.simple(1)
    batch = office.builds("2026-11", DIBAO)
    office.releases(batch)
    office.exports(batch)
    with pytest.raises(Refused) as bad:
        office.takes(batch, content)
    assert code(bad) == "bad-file"


# --- funds --------------------------------------------------------------------------------------------------


def test_funds_are_the_same_rows(office: PayOffice) -> None:
    for number in (1, 2):
        office.simple(number)

    def fund() -> funds.Fund:
        with office.reads() as read:
            return funds.figures(read, office.book, AREA, 2026)[0]

    with office.writes() as write:
        funds.set_budget(write, office.book, BUILDER, DIBAO, 2026, AREA, "1200", "年度预算")
    batch = office.builds("2026-11", DIBAO)
    office.releases(batch)
    assert (fund().committed, fund().paid, fund().left) == (1000, 0, 200)
    office.exports(batch)
    _, two = office.references(batch)
    office.takes(batch, office.answer(batch, returned=[two]))
    assert (fund().committed, fund().paid, fund().returned, fund().left) == (0, 500, 500, 700)
    office.day = "2026-12-02"
    december = office.builds("2026-12", DIBAO)
    with office.writes() as write:
        funds.set_budget(write, office.book, BUILDER, DIBAO, 2026, AREA, "900", "年中调减")
    with pytest.raises(Refused) as over:
        office.releases(december)
    assert code(over) == "over-budget"
    assert office.releases(december, reason="县政府同意追加").over == {DIBAO: 600}


# --- recovery -----------------------------------------------------------------------------------------------


def test_nothing_is_asked_back_before_somebody_was_heard(office: PayOffice) -> None:
    couple = office.couple()
    office.pays("2026-08", day="2026-08-02")
    office.day = "2026-11-02"
    office.happened(couple, "death", "2026-07-18", "p1")
    with office.writes() as write:
        households.claim_as_it_is(write, couple)
        dead = households.Asserted("whereabouts", "dead", "civil_affairs", "p1", valid_from=date(2026, 7, 18))
        households.tell(write, couple, [dead])
    day = date(2026, 11, 2)
    with office.writes() as write:
        months = recovery.overpaid(write, office.book, couple, "2026-08", "2026-08", write.day)
        number = recovery.open_recovery(
            write, office.book, BUILDER, couple, months, "alert:paid_after_death", "死亡信息比对"
        )
        assert recovery.account_of(write, number).hearing == "LAW art 48"
    with pytest.raises(Refused) as twice, office.writes() as write:
        recovery.open_recovery(write, office.book, BUILDER, couple, months, "alert:x", "再来一次")
    assert code(twice) == "claimed-already"

    def adds(viewer: Any, kind: Entry, amount: str | None = None, reference: str = "") -> recovery.Account:
        with office.writes(viewer) as write:
            return recovery.add_entry(
                write,
                office.book,
                viewer,
                number,
                kind,
                day=day,
                reason="依据",
                amount=amount,
                reference=reference,
            )

    with pytest.raises(Refused) as unheard:
        adds(RELEASER, Entry.DECIDED, "716")
    assert code(unheard) == "not-heard"
    with pytest.raises(DBAPIError, match="heard"), office.writes() as write:
        write.connection.execute(
            insert(tables.recovery_entry),
            {
                "recovery": number, "number": 1, "kind": "decided", "amount": "716", "reference": "", "reason": "x",
                "day": day, "person": "ru", "recorded_on": day, "recorded_at": write.at, "recorded_by": "ru", "entry": "e",
            },
        )  # fmt: skip
    adds(BUILDER, Entry.HEARD, reference="听证-2026-7")
    with pytest.raises(Refused) as same:
        adds(BUILDER, Entry.DECIDED, "716")
    assert code(same) == "four-eyes"
    assert adds(RELEASER, Entry.DECIDED, "700").balance == 700
    assert adds(BUILDER, Entry.REPAID, "300", "收据 12").balance == 400
    with pytest.raises(Refused) as too_much:
        adds(BUILDER, Entry.OFFSET, "400.01")
    assert code(too_much) == "too-much"
    assert adds(BUILDER, Entry.OFFSET, "150").balance == 250
    adds(BUILDER, Entry.WAIVER_ASKED, "250")
    with pytest.raises(Refused) as own:
        adds(BUILDER, Entry.WAIVED, "250")
    assert code(own) == "four-eyes"
    assert adds(RELEASER, Entry.WAIVED, "250").balance == 0


def test_without_a_finding_there_is_no_recovery(office: PayOffice) -> None:
    couple = office.couple()
    office.pays("2026-06", day="2026-06-02")
    with office.writes() as write:
        months = recovery.overpaid(write, office.book, couple, "2026-06", "2026-06", write.day)
        with pytest.raises(Refused) as nothing:
            recovery.open_recovery(write, office.book, BUILDER, couple, months, "alert:x", "x")
    assert months == [] and code(nothing) == "nothing-found"
