"""Worked cases of the fact sheet through cases and payments, with every number. Case 6 is `features/casework`, too.

The numbers are those of the fact sheet, with the articles that it names; nothing here is computed by the program first.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from engine.decision.document import read_household
from engine.decision.entitlement import entitlement
from engine.population.sheets import Sheet
from records import notices, tables
from records.cases import ending
from records.database import Database
from records.documents import document
from records.nightly import nightly
from records.opening import open_record
from records.opening_rows import check_opening
from records.refused import Refused
from records.rights import Role, Viewer
from tests.records.casework import BOOK, CAI, TAO, TIAN, WIN, Bureau, county, worker
from tests.records.payoffice import DIBAO, PayOffice, bank_says

LIVING, CARE = "disabled_living", "disabled_care"
Lines = dict[tuple[str, str, str], str]


def office_of(bureau: Bureau) -> PayOffice:
    return PayOffice(bureau.database, bureau.day)


def with_payee(bureau: Bureau, household: str, person: str, *whose: str) -> None:
    office = office_of(bureau)
    office.account(person, "6222000011112222", bureau.day)
    for one in whose or ("",):
        office.payee(household, one, person, day=bureau.day)


def lines(office: PayOffice, batch: int) -> Lines:
    """By policy, month and kind the amount of each line that pays."""
    return {
        (row.policy, row.month, row.kind): f"{Decimal(row.amount).normalize():f}"
        for row in office.lines(batch)
        if row.verdict == "pay"
    }


def night(bureau: Bureau) -> dict[tuple[str, str], Any]:
    nightly(bureau.database, BOOK, bureau.today, bureau.today, "night")
    with bureau.reads() as read:
        query = notices.chosen(tables.household.c.area.is_not(None), kind="proposal")
        return {(row.about, row.policy): row for row in read.connection.execute(query)}


def accepted(bureau: Bureau, notice: Any, viewer: Viewer = WIN) -> tuple[str, Any]:
    with bureau.writes(viewer) as write:
        case, numbers = ending.accept(write, BOOK, viewer, notice.seq, "已核实")
    return case.case_id, numbers


# --- case 7: a pupil turns 18 on 2026-09-10 ---------------------------------------------------------------------


def test_case_7_the_top_up_of_a_minor_ends_with_the_month_after_the_birthday(database: Database) -> None:
    """Gap 1,196 (LAW art 18) and top-ups 104 + 104 (LAW art 20): 1,404; from October 1,196 + 104 = 1,300."""
    bureau = Bureau(database, "2026-08-03")
    household = bureau.another("case_07", "pupil")
    case = bureau.case(household, DIBAO)
    step = bureau.confirmed(household, case)
    assert Decimal(step.amount or 0) == 1404
    with_payee(bureau, household, "pupil-p1")
    bureau.day = "2026-09-02"
    night(bureau)
    office = office_of(bureau)
    september = office.pays("2026-09", DIBAO, day="2026-09-02")
    assert lines(office, september) == {(DIBAO, "2026-09", "regular"): "1404"}
    bureau.day = "2026-09-30"  # the month of the birthday is the last one of the whole amount
    assert ("change", DIBAO) not in night(bureau)
    bureau.day = "2026-10-01"
    told = night(bureau)["change", DIBAO]
    assert [Decimal(json.loads(told.evidence)[one]) for one in ("amount", "held")] == [1300, 1404]
    case, numbers = accepted(bureau, told)
    assert numbers == {}
    bureau.takes(TAO, case, "investigate", text="仍在高中就读", outcome="grant")
    with pytest.raises(Refused) as unheard:  # LAW art 48
        bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household), until=date(2026, 9, 30))
    assert unheard.value.code == "wrong-step"
    bureau.takes(TIAN, case, "hear", text="已听取，无异议", who="祖母", outcome="heard")
    bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household), until=date(2026, 9, 30))
    office = office_of(bureau)
    october = office.pays("2026-10", DIBAO, day="2026-10-09")
    assert lines(office, october) == {(DIBAO, "2026-10", "regular"): "1300"}
    bureau.day = "2026-10-10"
    assert not {key for key in night(bureau) if key[1] == DIBAO}


# --- case 10: a notice of August that counts from January ---------------------------------------------------------

GUANGXI = "guangxi_sample"
MONTHS = [f"2025-{month:02}" for month in range(1, 9)]
GATE, ENTERS, LOOKS, DECIDES = (
    worker("gate", Role.TOWNSHIP_OFFICER, GUANGXI),
    worker("enters", Role.TOWNSHIP_OFFICER, GUANGXI),
    worker("looks", Role.TOWNSHIP_OFFICER, GUANGXI),
    county("decides", area=GUANGXI),
)
PAYS, LETS_GO = county("pays", area=GUANGXI), county("lets-go", area=GUANGXI)


def opened(database: Database) -> Bureau:
    """What was held and paid before this record began: 80 and 80 a month from January to August 2025."""
    bureau = Bureau(database, "2025-08-20")
    household = bureau.another("case_10", "guilin")
    awards = Sheet("待遇", ("户编号", "人员编号", "政策", "起始日期", "金额", "周期"), [
        ["guilin", "", DIBAO, "2023-04-01", "350", "按月"],
        ["guilin", "guilin-p1", LIVING, "2023-03-01", "80", "按月"],
        ["guilin", "guilin-p1", CARE, "2023-03-01", "80", "按月"],
    ])  # fmt: skip
    paid = Sheet("发放", ("户编号", "人员编号", "政策", "发放月份", "金额", "发放日期"), [
        ["guilin", "" if policy == DIBAO else "guilin-p1", policy, month, amount, f"{month}-10"]
        for month in MONTHS
        for policy, amount in ((DIBAO, "350"), (LIVING, "80"), (CARE, "80"))
    ])  # fmt: skip
    with bureau.writes(GATE) as write:
        opening = check_opening(write, BOOK, [awards, paid], bureau.today)
        assert not opening.imported.problems, opening.imported.problems
        open_record(write, opening, True)
    with_payee(bureau, household, "guilin-p1", "", "guilin-p1")
    return bureau


def due(bureau: Bureau, month: str, known: str) -> tuple[Decimal, Decimal]:
    """What both subsidies together were due and paid for a month, as known on a day."""
    with bureau.reads() as read:
        made = document(read, "guilin", bureau.today, bureau.today)
    for one in (
        made["statuses"]
        + [
            row
            for person in made["people"]
            for rows in person.values()
            if isinstance(rows, list)
            for row in rows
        ]
        + made["payments"]
    ):
        one.pop("recorded", None)  # written down in August; asked as if it had been known all the time
    first = int(month.replace("-", "")) * 100 + 1
    told = entitlement(BOOK, read_household(BOOK, made), first, first, int(known.replace("-", "")))
    mine = [line for line in told.lines if line.policy in (LIVING, CARE)]
    return sum((Decimal(str(line.due.max)) for line in mine), Decimal(0)), sum(
        (Decimal(str(line.paid)) for line in mine), Decimal(0)
    )


def test_case_10_a_back_dated_figure_is_paid_in_one_batch(database: Database) -> None:
    """Both 80 -> 90 from 2025-01-01, published 2025-08-21: arrears (90 - 80) x 2 x 8 = 160, then 180 from September."""
    bureau = opened(database)
    assert due(bureau, "2025-05", "2025-05-31") == (160, 160)
    assert due(bureau, "2025-05", "2025-09-30") == (180, 160)
    assert not {
        key for key in night(bureau) if key[0] == "change"
    }  # the day before the notice nothing is known
    bureau.day = "2025-08-25"
    told = night(bureau)
    for policy in (LIVING, CARE):
        case, numbers = accepted(bureau, told["change", policy], ENTERS)
        assert (numbers["first"], numbers["arrears"]) == ("2025-01-01", "80")
        assert [one["month"] for one in numbers["months"]] == MONTHS
        bureau.takes(LOOKS, case, "investigate", text="标准调整，情况未变", outcome="grant")
        bureau.takes(DECIDES, case, "confirm", decision_id=bureau.decision("guilin", LOOKS))
    bureau.day = "2025-09-02"
    office = office_of(bureau)
    with office.writes(PAYS) as write:
        from records.payments import batches

        batch = batches.build(write, BOOK, PAYS, "2025-09", GUANGXI, [LIVING, CARE])
    found = lines(office, batch)
    arrears = {key: amount for key, amount in found.items() if key[2] == "arrears"}
    assert arrears == {(policy, month, "arrears"): "10" for policy in (LIVING, CARE) for month in MONTHS}
    assert sum(map(Decimal, arrears.values())) == 160
    assert {key: amount for key, amount in found.items() if key[2] == "regular"} == {
        (policy, "2025-09", "regular"): "90" for policy in (LIVING, CARE)
    }
    assert office.blocked(batch) == {}
    released(office, batch)
    for month in (*MONTHS, "2025-09"):
        assert due(bureau, month, "2025-09-30") == (180, 180), month
    bureau.day = "2025-10-02"
    office = office_of(bureau)
    with office.writes(PAYS) as write:
        batch = batches.build(write, BOOK, PAYS, "2025-10", GUANGXI, [LIVING, CARE])
    assert (
        set(lines(office, batch).values()) == {"90"} and len(lines(office, batch)) == 2
    )  # nothing is paid twice
    with bureau.reads() as read:
        before = read.connection.execute(
            select(tables.award.c.amount).where(tables.award.c.basis == "carried-over")
        ).scalars()
        assert sorted(before) == ["350", "80", "80"]  # corrections add rows, never edit old ones


def released(office: PayOffice, batch: int, outcome: str = "成功") -> None:
    from records.payments import batches, releasing, results
    from records.payments.bank_files import Format, export
    from records.rights import Right
    from tests.records.payoffice import PAYER, PURPOSE

    def seen(read: Any, right: Right) -> Any:
        return batches.seen(read, BOOK, LETS_GO, right, batch)

    with office.writes(LETS_GO) as write:
        releasing.release(write, BOOK, LETS_GO, seen(write, Right.RELEASE_PAYMENTS))
    with office.writes(LETS_GO) as write:
        export(write, BOOK, LETS_GO, seen(write, Right.EXPORT_PAYMENTS), Format.CSV, PAYER, PURPOSE)
    said = bank_says([(one, outcome, "", office.day) for one in office.references(batch)])
    with office.writes(PAYS) as write:
        taken = results.take(write, PAYS, seen(write, Right.SETTLE_PAYMENTS), said)
    assert not taken.problems and not taken.missing


def test_a_difference_that_came_back_goes_to_another_account_only(database: Database) -> None:
    from records.payments import batches

    bureau = opened(database)
    bureau.day = "2025-08-25"
    case, _ = accepted(bureau, night(bureau)["change", CARE], ENTERS)
    bureau.takes(LOOKS, case, "investigate", text="标准调整", outcome="grant")
    bureau.takes(DECIDES, case, "confirm", decision_id=bureau.decision("guilin", LOOKS))
    for day, month in (("2025-09-02", "2025-09"), ("2025-10-02", "2025-10")):
        bureau.day = day
        office = office_of(bureau)
        with office.writes(PAYS) as write:
            batch = batches.build(write, BOOK, PAYS, month, GUANGXI, [CARE])
        if month == "2025-09":
            released(office, batch, "退回")
    blocked = {
        row.month: (row.amount, json.loads(row.reasons)) for row in office.lines(batch) if row.month in MONTHS
    }
    assert blocked == {month: ("10", ["came-back-from-this-account"]) for month in MONTHS}


def test_a_difference_is_paid_once_and_never_above_what_is_granted(database: Database) -> None:
    """Two batches of the same difference: the database takes one instruction, whatever the program looks at."""
    bureau = opened(database)
    bureau.day = "2025-08-25"
    case, _ = accepted(bureau, night(bureau)["change", CARE], ENTERS)
    bureau.takes(LOOKS, case, "investigate", text="标准调整", outcome="grant")
    bureau.takes(DECIDES, case, "confirm", decision_id=bureau.decision("guilin", LOOKS))
    bureau.day = "2025-09-02"
    office = office_of(bureau)
    from records.payments import batches, releasing
    from records.rights import Right

    with office.writes(PAYS) as write:
        one = batches.build(write, BOOK, PAYS, "2025-09", GUANGXI, [CARE])
    with office.writes(PAYS) as write:
        other = batches.build(write, BOOK, PAYS, "2025-09", GUANGXI, [CARE])
    assert {tuple(json.loads(row.reasons)) for row in office.lines(other)} == {("in-another-batch",)}
    with office.writes(LETS_GO) as write:
        releasing.release(
            write, BOOK, LETS_GO, batches.seen(write, BOOK, LETS_GO, Right.RELEASE_PAYMENTS, one)
        )
    with office.writes(PAYS) as write:
        third = batches.build(write, BOOK, PAYS, "2025-09", GUANGXI, [CARE])
    assert {tuple(json.loads(row.reasons)) for row in office.lines(third)} == {("instructed-already",)}


# --- case 13: the same facts before and after a standard -------------------------------------------------------------


def test_case_13_nothing_is_granted_or_paid_while_the_standard_is_missing(database: Database) -> None:
    """March 2026: a declared gap, so undetermined (MF57 art 8 cannot be told). April: 632, gap 32 (MF57 art 23)."""
    bureau = Bureau(database, "2026-03-09")
    household = bureau.another("case_13", "single")
    applied = bureau.applies(household, DIBAO)
    assert [(one.parameter, one.policies) for one in applied.gaps] == [("dibao_standard", (DIBAO,))]
    assert applied.cases[0].outcome == "undetermined"
    case = applied.cases[0].case_id
    bureau.until_public(case)
    bureau.later(8)
    for action, why in (("confirm", "not-eligible"), ("refuse", "undetermined")):
        with pytest.raises(Refused) as refused:
            bureau.takes(CAI, case, action, text="…", decision_id=bureau.decision(household))
        assert refused.value.code == why
    office = office_of(bureau)
    with pytest.raises(Refused) as nothing:
        office.builds("2026-03", DIBAO)
    assert nothing.value.code == "no-awards"
    bureau.day = "2026-04-02"
    step = bureau.takes(CAI, case, "confirm", decision_id=bureau.decision(household))
    assert Decimal(step.amount or 0) == 32
    with_payee(bureau, household, "single-p1")
    office = office_of(bureau)
    april = office.builds("2026-05", DIBAO)  # pays from the month after the decision (MF57 art 21)
    assert lines(office, april) == {(DIBAO, "2026-05", "regular"): "32"}


def test_case_13_who_newly_may_qualify_is_told_and_not_paid(database: Database) -> None:
    """From April on the household is found for outreach; no payment without an application (MF57 art 28)."""
    bureau = Bureau(database, "2026-03-31")
    household = bureau.another("case_13", "single")
    assert ("outreach", DIBAO) not in night(bureau)
    bureau.day = "2026-04-01"
    told = night(bureau)["outreach", DIBAO]
    assert Decimal(json.loads(told.evidence)["amount"]) == 32
    with pytest.raises(Refused) as refused:
        accepted(bureau, told)
    assert refused.value.code == "not-a-proposal"
    with pytest.raises(Refused) as nothing:
        office_of(bureau).builds("2026-04", DIBAO)
    assert nothing.value.code == "no-awards" and household


def test_case_13_what_came_over_without_an_amount_is_held_with_its_reason(database: Database) -> None:
    """A list of the time before says that dibao is held and not how much: with the gap nobody can tell, so nothing is paid."""
    bureau = Bureau(database, "2026-03-09")
    household = bureau.another("case_13", "single")
    sheet = Sheet(
        "待遇", ("户编号", "政策", "起始日期", "金额", "周期"), [[household, DIBAO, "2025-07-01", "", "按月"]]
    )
    with bureau.writes(WIN) as write:
        opening = check_opening(write, BOOK, [sheet], bureau.today)
        open_record(write, opening, True)
    with_payee(bureau, household, "single-p1")
    office = office_of(bureau)
    batch = office.builds("2026-03", DIBAO)
    assert office.blocked(batch) == {("household", DIBAO): ["amount-unknown"]}
    with pytest.raises(Refused) as nothing:
        office.releases(batch)
    assert nothing.value.code == "nothing-to-pay"
    assert night(bureau)["recheck", DIBAO].severity == "low"
