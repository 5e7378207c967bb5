"""Two grants of one programme that are given once: both are paid, each of them once, and a repeat that was explained too."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from engine.decision.document import read_household
from engine.decision.watching import watch_household
from records import granted, households, sealed, tables
from records.cases import applying, deciding
from records.database import Database
from records.documents import document, document_with_rows
from records.erasure import erase_household
from records.granted import Granted, Paid
from records.intake import write_down
from records.many_documents import documents
from records.payments import batches, results
from records.payments.grounds import Ground, grounds
from records.refused import Refused
from records.reports import Chosen, month_of, table
from records.verify import verify
from tests.records.casework import BOOK, CAI, PAN, PEI, TAO, TIAN, WIN, Bureau, county
from tests.records.payoffice import BUILDER, DIBAO, PayOffice, bank_says
from tests.records.test_cases import refuses
from tests.records.test_discretion import REASON, band, confirms, ready, struck
from tests.support.at_once import at_once, won

RELIEF, MONTH = "temporary_relief", "2026-12"


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database, "2026-12-02")


@pytest.fixture
def household(bureau: Bureau) -> str:
    """A household whose house has burnt, with an account."""
    found = struck(bureau)
    office = paying(bureau)
    office.account("p1", "6222000011112222")
    office.payee(found, "", "p1")
    return found


def paying(bureau: Bureau) -> PayOffice:
    return PayOffice(bureau.database, bureau.day)


def aided(bureau: Bureau, household: str, cause: str = "fire", more: int = 0, **told: Any) -> str:
    """A case as far as its confirmation, four days from now: the least that may be given, and so much more."""
    bureau.tells(household, "sudden_event", cause)
    amount = str(band(bureau, household)[0] + more)
    case = ready(bureau, household, amount)
    confirms(bureau, household, case, amount=amount, **REASON, **told)
    return f"case:{case}"


def aided_today(bureau: Bureau, household: str, cause: str, more: int = 0, **told: Any) -> str:
    """An urgent case needs no publicity."""
    bureau.tells(household, "sudden_event", cause)
    case = bureau.case(household, RELIEF, urgent=(RELIEF,))
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    confirms(bureau, household, case, amount=str(band(bureau, household)[0] + more), **REASON, **told)
    return f"case:{case}"


def in_two_parts(bureau: Bureau, household: str, rest: int = 0) -> tuple[str, Decimal]:
    """Relief at once of the least that may be given, and three days later the rest; `rest` 0: as much again."""
    least, _ = band(bureau, household)
    case = bureau.case(household, RELIEF, urgent=(RELIEF,))
    bureau.takes(TIAN, case, "relieve", amount=str(least), until=date(2026, 12, 20), **REASON)
    bureau.later(3)
    bureau.takes(WIN, case, "supplement", text="材料已补")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    confirms(bureau, household, case, amount=str(least + (rest or least)), **REASON)
    return f"case:{case}", least


def paid_for(office: PayOffice, household: str) -> list[tuple[str, str, str]]:
    """Of what was paid and has not come back: month, cause, what explains it."""
    with office.reads() as read:
        today = date.fromisoformat(office.day)
        made = document(read, household, today, today)
        [many] = documents(read, [household], today, today)
    assert many == made
    return [(one["month"], one.get("cause", ""), one.get("again", "")) for one in made["payments"]]


def alerts(office: PayOffice, household: str) -> set[str]:
    """What the watch rules say of the household as the record has it."""
    with office.reads() as read:
        today = date.fromisoformat(office.day)
        made = read_household(BOOK, document(read, household, today, today))
    return {one.rule for one in watch_household(BOOK, made, 20260101, 20261231, 20261231).alerts}


def reasons(office: PayOffice, batch: int) -> list[tuple[str, list[str]]]:
    return [(row.verdict, json.loads(row.reasons)) for row in office.lines(batch)]


def instructed(office: PayOffice) -> list[tuple[str, int]]:
    one = tables.instruction.c
    with office.reads() as read:
        return [
            tuple(row) for row in read.connection.execute(select(one.kind, one.attempt).order_by(one.seq))
        ]


def whole(office: PayOffice) -> None:
    with office.reads() as read:
        assert verify(read.connection, office.database.keys.signing.public_key()) is None


# --- both are paid ------------------------------------------------------------------------------------------


def appealed(bureau: Bureau, household: str, case: str, amount: Decimal) -> str:
    """The case that looks at another one again, confirmed with an amount."""
    bureau.takes(WIN, case, "notify", text="送达")
    with bureau.writes(WIN) as write:
        again = applying.appeal(write, bureau.book, WIN, case, "金额过低").case_id
    bureau.takes(county("pang", area="mudanjiang"), again, "accept")
    bureau.takes(PEI, again, "investigate", text="重新核实", outcome="grant")
    bureau.takes(PEI, again, "publicise", amount=str(amount), **REASON)
    bureau.later(4)
    step = confirms(bureau, household, again, PAN, amount=str(amount), **REASON)
    assert Decimal(step.amount) == amount
    return again


def test_more_after_an_appeal_is_the_difference(bureau: Bureau, household: str) -> None:
    """What is decided anew takes the place of what was decided before: all together it is paid once."""
    case = aided(bureau, household).removeprefix("case:")
    least, _ = band(bureau, household)
    again = appealed(bureau, household, case, least + 300)
    office = paying(bureau)
    batch = office.builds(MONTH, RELIEF)
    assert reasons(office, batch) == [("pay", []), ("pay", [])]
    assert [Decimal(row.amount) for row in office.lines(batch)] == [least, 300]
    office.releases(batch)
    office.exports(batch)
    office.takes(batch, office.answer(batch))
    assert paid_for(office, household) == [(MONTH, "fire", ""), (MONTH, "fire", f"case:{again}")]
    assert not alerts(office, household) & {"paid_twice", "relief_twice_for_one_cause"}


def test_no_more_after_an_appeal_gives_nothing_more(bureau: Bureau, household: str) -> None:
    case = aided(bureau, household, more=200).removeprefix("case:")
    least, _ = band(bureau, household)
    appealed(bureau, household, case, least)
    office = paying(bureau)
    assert [Decimal(row.amount) for row in office.lines(office.builds(MONTH, RELIEF))] == [least + 200]


def test_two_causes_in_one_month_are_paid_in_one_batch(bureau: Bureau, household: str) -> None:
    """Of equal amounts: what is given for another cause is not the same twice."""
    fire = aided(bureau, household)
    illness = aided(bureau, household, "sudden_illness")
    office = paying(bureau)
    batch = office.builds(MONTH, RELIEF)
    assert reasons(office, batch) == [("pay", []), ("pay", [])]
    assert office.releases(batch).instructions == 2
    assert instructed(office) == [("regular", 1), ("regular", 2)]
    office.exports(batch)
    assert office.takes(batch, office.answer(batch)).counts == {"paid": 2}
    assert paid_for(office, household) == [(MONTH, "fire", ""), (MONTH, "sudden_illness", "")]
    with office.reads() as read:
        award = tables.award.c
        rests = select(award.basis).join(tables.payment, tables.payment.c.award == award.seq)
        assert set(read.connection.execute(rests).scalars()) == {fire, illness}
        assert list(read.connection.execute(results.returned())) == []
    assert alerts(office, household) == set()
    assert all("instructed-already" in found for _, found in reasons(office, office.builds(MONTH, RELIEF)))
    whole(office)


def test_two_cases_confirmed_on_one_day_are_both_kept_and_paid(bureau: Bureau, household: str) -> None:
    first = aided(bureau, household)
    second = aided_today(bureau, household, "sudden_illness", 100)
    office = paying(bureau)
    with office.reads() as read:
        made = document(read, household, bureau.today, bureau.today)
        figures = {
            one.what: (one.cases, one.households, one.amount)
            for one in table(read, BOOK, month_of(MONTH), Chosen(bureau.today, policy=RELIEF))
        }
    amounts = [one["amount"] for one in made["awards"]]
    assert [one["basis"] for one in made["awards"]] == [first, second] and amounts[0] + 100 == amounts[1]
    assert len({one["from"] for one in made["awards"]}) == 1
    assert figures["granted"] == (2, 1, sum(amounts))
    office.pays(MONTH, RELIEF)
    assert [Decimal(row.amount) for row in office.payments(household)] == amounts
    whole(office)


def test_relief_at_once_and_the_rest_are_paid_though_they_are_equal(bureau: Bureau, household: str) -> None:
    case, least = in_two_parts(bureau, household)
    office = paying(bureau)
    office.pays(MONTH, RELIEF)
    assert [Decimal(row.amount) for row in office.payments(household)] == [least, least]
    assert paid_for(office, household) == [(MONTH, "fire", ""), (MONTH, "fire", case)]
    assert alerts(office, household) == set()
    whole(office)


@pytest.mark.parametrize("days", [0, 3])
def test_the_rest_is_paid_after_the_first_part_was(bureau: Bureau, household: str, days: int) -> None:
    """Also when everything is done on one day."""
    least, _ = band(bureau, household)
    case = bureau.case(household, RELIEF, urgent=(RELIEF,))
    bureau.takes(TIAN, case, "relieve", amount=str(least), until=date(2026, 12, 20), **REASON)
    office = paying(bureau)
    office.pays(MONTH, RELIEF)
    bureau.later(days)
    bureau.takes(WIN, case, "supplement", text="材料已补")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    confirms(bureau, household, case, amount=str(least * 2), **REASON)
    office = paying(bureau)
    batch = office.builds(MONTH, RELIEF)
    assert [row.verdict for row in office.lines(batch)] == ["blocked", "pay"]
    office.releases(batch)
    office.exports(batch)
    office.takes(batch, office.answer(batch))
    assert [Decimal(row.amount) for row in office.payments(household)] == [least, least]
    assert paid_for(office, household)[1] == (MONTH, "fire", f"case:{case}")


def test_relief_and_the_rest_on_one_day_are_one_award_while_nothing_was_instructed(
    bureau: Bureau, household: str
) -> None:
    least, _ = band(bureau, household)
    case = bureau.case(household, RELIEF, urgent=(RELIEF,))
    bureau.takes(TIAN, case, "relieve", amount=str(least), until=date(2026, 12, 20), **REASON)
    office = paying(bureau)
    early = office.builds(MONTH, RELIEF)
    bureau.takes(WIN, case, "supplement", text="材料已补")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="属实", outcome="grant")
    confirms(bureau, household, case, amount=str(least * 2), **REASON)
    with pytest.raises(Refused, match="award-changed"):
        office.releases(early)
    with office.writes() as write:
        batches.cancel(write, BUILDER, office.seen(write, early), "已确认全额")
    office.pays(MONTH, RELIEF)
    assert [Decimal(row.amount) for row in office.payments(household)] == [least * 2]


def test_one_cause_twice_is_paid_with_a_reason_and_refused_without(bureau: Bureau, household: str) -> None:
    aided(bureau, household)
    with refuses("same-cause"):
        aided(bureau, household)
    amount = str(band(bureau, household)[0])
    with bureau.reads() as read:
        again = applying.open_case_of(read, household, RELIEF, "")
    confirms(bureau, household, again, amount=amount, again="二次起火，另一事故", **REASON)
    office = paying(bureau)
    office.pays(MONTH, RELIEF)
    assert paid_for(office, household) == [(MONTH, "fire", ""), (MONTH, "fire", f"case:{again}")]
    assert alerts(office, household) == set()
    whole(office)


def test_one_cause_twice_that_nobody_has_explained_stays_blocked(bureau: Bureau, household: str) -> None:
    """Told by a document for the same cause: the case that follows could be confirmed, and is not paid unseen."""
    office = paying(bureau)
    with office.writes() as write:
        households.claim_as_it_is(write, household)
        granted.pay(write, household, [Paid(RELIEF, MONTH, "1.00", "civil_affairs", cause="fire")])
    aided(bureau, household)
    office = paying(bureau)
    [(verdict, found)] = reasons(office, office.builds(MONTH, RELIEF))
    assert (verdict, set(found)) == ("blocked", {"paid-already", "relief_twice_for_one_cause"})


# --- and none of them twice ---------------------------------------------------------------------------------


def test_one_that_came_back_is_paid_again_and_the_other_is_not(bureau: Bureau, household: str) -> None:
    aided(bureau, household)
    aided(bureau, household, "sudden_illness", 100)
    office = paying(bureau)
    batch = office.builds(MONTH, RELIEF)
    office.releases(batch)
    office.exports(batch)
    first, _ = office.references(batch)
    office.takes(batch, office.answer(batch, returned=[first]))
    with office.reads() as read:
        assert [row.reference for row in read.connection.execute(results.returned())] == [first]
    same = office.builds(MONTH, RELIEF)
    assert reasons(office, same)[0] == ("blocked", ["came-back-from-this-account"])
    with office.writes() as write:
        batches.cancel(write, BUILDER, office.seen(write, same), "先更正账户")
    office.account("p1", "6222999988887777")
    office.payee(household, "", "p1")
    again = office.builds(MONTH, RELIEF)
    lines = office.lines(again)
    assert [(row.kind, row.verdict) for row in lines] == [("again", "pay"), ("regular", "blocked")]
    assert "instructed-already" in json.loads(lines[1].reasons)
    office.releases(again)
    assert instructed(office) == [("regular", 1), ("regular", 2), ("again", 3)]
    office.exports(again)
    office.takes(again, office.answer(again))
    with office.reads() as read:
        assert list(read.connection.execute(results.returned())) == []
    assert sorted(cause for _, cause, _ in paid_for(office, household)) == ["fire", "sudden_illness"]
    whole(office)


def test_the_same_award_is_never_instructed_twice_whatever_is_written(bureau: Bureau, household: str) -> None:
    """By the row itself: the trigger lets another award of a case beside it, and nothing else."""
    aided(bureau, household)
    aided(bureau, household, "sudden_illness", 100)
    office = paying(bureau)
    released, built = office.builds(MONTH, RELIEF), office.builds(MONTH, RELIEF)
    assert {tuple(found) for _, found in reasons(office, built)} == {("in-another-batch",)}
    office.releases(released)
    with office.reads() as read:
        told = read.connection.execute(select(tables.instruction).order_by(tables.instruction.c.seq))
        rows = [dict(row) for row in told.mappings()]
        lines = [dict(row) for row in read.connection.execute(select(tables.pay_line)).mappings()]
    for row, line in zip(rows, lines[:2], strict=True):
        with pytest.raises(DBAPIError, match="paid again"), office.writes() as write:
            _another_line(write, {**line, "number": 9})
            _instruct(write, {**row, "line": 9, "attempt": 3})
    third = Granted(RELIEF, date(2026, 12, 20), "case", "", None, "77", "once", "case:C9")
    office.grants(household, third)
    with office.reads() as read:
        award = read.connection.execute(select(tables.award).order_by(tables.award.c.seq.desc())).first()
    assert award is not None
    other = {**lines[0], "number": 9, "award": award.seq, "amount": "77"}
    with office.writes() as write:
        _another_line(write, other)
        _instruct(write, {**rows[0], "line": 9, "attempt": 3, "amount": "77"})
        write.connection.rollback()
        write.entries.clear()


@pytest.mark.parametrize(
    "more",
    [
        {"basis": "carried-over"},
        {"period": "month"},
        {"period": None},
        {"policy": DIBAO},
    ],
    ids=str,
)
def test_only_what_a_case_gives_once_is_beside_another(
    bureau: Bureau, household: str, more: dict[str, Any]
) -> None:
    aided(bureau, household)
    office = paying(bureau)
    released = office.builds(MONTH, RELIEF)
    office.releases(released)
    one = Granted(RELIEF, date(2026, 12, 20), "case", "", None, "77", "once", "case:C9")
    office.grants(household, replace(one, **more))
    with office.reads() as read:
        row = dict(read.connection.execute(select(tables.instruction)).mappings().one())
        line = dict(read.connection.execute(select(tables.pay_line)).mappings().one())
        seq = read.connection.execute(select(tables.award.c.seq).order_by(tables.award.c.seq.desc())).scalar()
    other = {**line, "number": 9, "award": seq, "amount": "77"}
    with pytest.raises(DBAPIError, match="paid again"), office.writes() as write:
        _another_line(write, other)
        _instruct(write, {**row, "line": 9, "attempt": 2, "amount": "77"})
    if "policy" not in more:
        batch = office.builds(MONTH, RELIEF)
        assert all("two-awards" in found for _, found in reasons(office, batch))


def _another_line(write: Any, line: dict[str, Any]) -> None:
    write.connection.execute(insert(tables.pay_line), line)


def _instruct(write: Any, row: dict[str, Any]) -> None:
    kept = {name: value for name, value in row.items() if name != "seq"}
    write.connection.execute(insert(tables.instruction), {**kept, "reference": "by hand"})


def test_two_release_at_once_and_each_award_is_instructed_once(bureau: Bureau, household: str) -> None:
    aided(bureau, household)
    aided(bureau, household, "sudden_illness")
    office = paying(bureau)
    batch = office.builds(MONTH, RELIEF)
    found = at_once([lambda: office.releases(batch)] * 2)
    assert len(won(found)) == 1 and len(instructed(office)) == 2


def test_money_of_which_nobody_knows_the_award_holds_them_all(bureau: Bureau, household: str) -> None:
    """Told without a batch: whichever of the two it was, neither is paid unseen."""
    aided(bureau, household)
    aided(bureau, household, "sudden_illness")
    office = paying(bureau)
    with office.reads() as read:
        award = read.connection.execute(select(tables.award.c.seq)).scalars().first()
    with office.writes() as write:
        households.claim_as_it_is(write, household)
        granted.pay(write, household, [Paid(RELIEF, MONTH, "5.00", "bank", award=award)])
    found = reasons(office, office.builds(MONTH, RELIEF))
    assert [verdict for verdict, _ in found] == ["blocked", "blocked"]
    assert all("paid-already" in one for _, one in found)


def test_a_guarantee_of_two_awards_is_still_blocked(database: Database) -> None:
    office = PayOffice(database)
    office.simple(1)
    office.grants(
        "h1", Granted(DIBAO, date(2026, 11, 1), "case", amount="5", period="month", basis="case:C1")
    )
    batch = office.builds("2026-11", DIBAO)
    assert all("two-awards" in found for _, found in reasons(office, batch)) and len(office.lines(batch)) == 2


# --- what it rests on ---------------------------------------------------------------------------------------


def test_a_night_finds_what_a_batch_has_paid_by_its_cause(bureau: Bureau, household: str) -> None:
    """What was given before for the same cause and was not known when the case was confirmed becomes sure."""
    aided(bureau, household)
    office = paying(bureau)
    office.pays(MONTH, RELIEF)
    with office.writes() as write:
        households.claim_as_it_is(write, household)
        granted.pay(write, household, [Paid(RELIEF, "2026-08", "900.00", "civil_affairs", cause="fire")])
    assert alerts(office, household) == {"relief_twice_for_one_cause"}


def test_a_case_that_says_no_cause_gives_none(bureau: Bureau) -> None:
    bureau.day = "2025-10-15"
    found = bureau.household()
    case = bureau.case(found, DIBAO)
    bureau.confirmed(found, case)
    with bureau.reads() as read:
        seq = read.connection.execute(select(tables.award.c.seq)).scalar_one()
        assert grounds(read, [seq]) == {}


def test_the_reason_of_a_household_that_was_erased_is_not_read(bureau: Bureau, household: str) -> None:
    aided(bureau, household)
    aided(bureau, household, again="二次起火")
    with bureau.reads() as read:
        seqs = list(
            read.connection.execute(select(tables.award.c.seq).order_by(tables.award.c.seq)).scalars()
        )
        known = grounds(read, seqs)
    assert [bool(known[seq].again) for seq in seqs] == [False, True]
    with bureau.writes(CAI) as write:
        households.claim_as_it_is(write, household)
        erase_household(write, household, "保存期满")
    with bureau.reads() as read:
        assert not sealed.data_keys(read, [sealed.of_household(household)])
        assert grounds(read, seqs) == dict.fromkeys(seqs, Ground("fire"))


def test_what_is_given_once_has_nothing_to_stop(bureau: Bureau, household: str) -> None:
    case = aided(bureau, household).removeprefix("case:")
    with bureau.reads() as read:
        one = bureau.row(read, case)
        shown = deciding.award_shown(read, one)
        assert deciding.award_held(read, one) is None and shown is not None and shown.period == "once"
    with pytest.raises(Refused) as nothing, bureau.writes(WIN) as write:
        applying.open_case(write, BOOK, WIN, household, RELIEF, "", "stop", "不再需要")
    assert nothing.value.code == "nothing-granted"


def test_documents_of_before_say_what_they_said(bureau: Bureau, household: str) -> None:
    """A decision that was made before the cases were told apart is made again from the same document."""
    aided(bureau, household)
    aided_today(bureau, household, "sudden_illness", 100)
    with bureau.reads() as read:
        now, last = document_with_rows(read, household, bureau.today, bureau.today)
        before = {name: seq for name, seq in last.items() if name != "payment_again"}
        then = document(read, household, bureau.today, bureau.today, before)
        assert document(read, household, bureau.today, bureau.today, last) == now
    assert len(now["awards"]) == 2 and then["awards"] == now["awards"][1:]
    assert {**now, "awards": []} == {**then, "awards": []}


def test_a_document_tells_what_explains_a_payment(bureau: Bureau) -> None:
    told = {
        "household_id": "told",
        "area": "sample_county",
        "people": [{"person_id": "t1"}],
        "statuses": [],
        "payments": [
            {"policy": RELIEF, "month": "2026-03", "amount": 900, "cause": "fire"},
            {"policy": RELIEF, "month": "2026-10", "amount": 900, "cause": "fire", "again": "doc-7"},
        ],
    }
    with bureau.writes(WIN) as write:
        write_down(write, BOOK, told, date(2000, 1, 1))
    office = paying(bureau)
    assert [again for _, _, again in paid_for(office, "told")] == ["", "doc-7"]
    assert alerts(office, "told") == set()
    with office.writes() as write:
        households.claim_as_it_is(write, "told")
        granted.pay(write, "told", [Paid(RELIEF, "2026-11", "9", "bank", cause="fire", again="doc-8")])
    assert [again for _, _, again in paid_for(office, "told")] == ["", "doc-7", "doc-8"]
    whole(office)


def test_a_bank_that_answers_twice_says_no_cause_twice(bureau: Bureau, household: str) -> None:
    aided(bureau, household)
    office = paying(bureau)
    batch = office.pays(MONTH, RELIEF)
    [reference] = office.references(batch)
    office.takes(batch, bank_says([(reference, "退回", "户名不符", bureau.day)]))
    with office.reads() as read:
        causes = read.connection.execute(select(tables.payment_cause.c.payment)).scalars().all()
    assert causes == [row.seq for row in office.payments(household) if row.state == "paid"]
    assert paid_for(office, household) == []
    whole(office)
