"""What only all households together show, in both databases: the same person, the same account, and what is honest."""

from __future__ import annotations

import json
from datetime import date

import pytest

from engine.rulebook.kinds import schema_of
from records import granted, households, people
from records.comparing import COMPARED, SHOWN, compared
from records.database import Database
from records.erasure import erase_household
from records.granted import Paid
from records.notices import Raised, raise_all
from records.payments.carried import Entry, approve_all, enter_all
from records.payments.payees import Relation
from records.people import Identity
from records.refused import Refused
from tests.records.payoffice import BUILDER, PayOffice

ON = date(2026, 11, 2)
PERSON, ACCOUNT = "in_two_households", "account_of_several_households"


@pytest.fixture
def office(database: Database) -> PayOffice:
    made = PayOffice(database)
    for number in (1, 2, 3):
        made.simple(number)
    return made


def found(office: PayOffice, about: str, known: date = ON) -> dict[str, Raised]:
    with office.reads() as read:
        return {one.household_id: one for one in compared(read, office.book, ON, known) if one.about == about}


def joins(office: PayOffice, household: str, person: str, day: str = "2026-10-01") -> None:
    with office.writes(day=day) as write:
        households.claim_as_it_is(write, household)
        households.join(write, household, person, date(2026, 10, 1))


def test_every_comparison_that_a_rule_file_may_name_is_there() -> None:
    assert set(schema_of("watch")["properties"]["compare"]["enum"]) == set(COMPARED)


def test_a_clean_office_has_nothing_in_common(office: PayOffice) -> None:
    with office.reads() as read:
        assert compared(read, office.book, ON, ON) == []


def test_a_member_of_two_households_is_told_to_both(office: PayOffice) -> None:
    joins(office, "h2", "q1")
    alerts = found(office, PERSON)
    assert set(alerts) == {"h1", "h2"}
    one = alerts["h1"]
    assert (one.subject, one.owner, one.severity, one.certain) == ("q1", "township", "high", True)
    assert {each["household_id"] for each in one.evidence} == {"h1", "h2"}
    assert one.due == date(2026, 10, 11)  # ten days after it was written down
    assert found(office, PERSON, known=date(2026, 9, 30)) == {}


def test_who_has_moved_is_in_one_household(office: PayOffice) -> None:
    joins(office, "h2", "q1")
    with office.writes() as write:
        households.claim_as_it_is(write, "h1")
        households.leave(write, "h1", "q1", date(2026, 9, 30))
    assert found(office, PERSON) == {}


def test_a_third_household_is_another_notice(office: PayOffice) -> None:
    joins(office, "h2", "q1")
    before = found(office, PERSON)["h1"]
    joins(office, "h3", "q1")
    assert found(office, PERSON)["h1"].same_as != before.same_as


def test_one_account_for_two_households(office: PayOffice) -> None:
    office.payee("h2", "", "q1", Relation.GUARDIAN)
    with office.writes() as write:
        households.claim_as_it_is(write, "h2")
        granted.pay(write, "h2", [Paid("dibao", "2026-10", "500.00", "civil_affairs")])
    alerts = found(office, ACCOUNT)
    assert set(alerts) == {"h1", "h2"}
    assert (alerts["h2"].owner, alerts["h2"].certain, alerts["h2"].harm) == ("county", True, "500.00")
    assert alerts["h1"].harm is None
    assert {one["holder"] for one in alerts["h1"].evidence} == {"q1"}
    assert "account" not in json.dumps(alerts["h1"].evidence)  # not even the blind index


def test_the_same_number_under_two_names(office: PayOffice) -> None:
    office.account("q3", "6228000000000001")
    office.payee("h3", "", "q3")
    assert set(found(office, ACCOUNT)) == {"h1", "h3"}


def test_an_approved_agent_may_serve_several(office: PayOffice) -> None:
    office.payee("h2", "", "q1", Relation.AGENT)
    office.payee("h3", "", "q1", Relation.AGENT)
    assert found(office, ACCOUNT) == {}


def test_an_agent_whom_nobody_approved_is_no_payee(office: PayOffice) -> None:
    office.payee("h2", "", "q1", Relation.GUARDIAN, approved_by=None)
    assert found(office, ACCOUNT) == {}


def test_households_with_somebody_in_common_may_share(office: PayOffice) -> None:
    joins(office, "h2", "q1")
    office.payee("h2", "", "q1")
    assert found(office, ACCOUNT) == {}
    assert set(found(office, PERSON)) == {"h1", "h2"}


def test_payments_without_a_payee_make_it_only_possible(office: PayOffice) -> None:
    with office.writes() as write:
        households.register(write, "h9", "sample_county")
        people.register_person(write, Identity("户主九"), "q9")
        households.join(write, "h9", "q9", date(2020, 1, 1))
        paid = [
            Paid("dibao", month, "300.00", "bank", account="6228000000000001")
            for month in ("2026-09", "2026-10")
        ]
        granted.pay(write, "h9", paid)
    alerts = found(office, ACCOUNT)
    assert set(alerts) == {"h1", "h9"} and not alerts["h1"].certain
    assert {one["kind"] for one in alerts["h9"].evidence} == {"payee", "payment"}
    assert alerts["h9"].harm == "600.00"


def test_a_large_group_shows_some_and_counts_the_others(office: PayOffice) -> None:
    for number in range(10, 10 + SHOWN + 4):
        office.simple(number)
        office.payee(f"h{number}", "", "q1", Relation.GUARDIAN)
    one = found(office, ACCOUNT)["h15"]
    assert len(one.evidence) == SHOWN + 1 and one.evidence[0]["household_id"] == "h15"
    assert one.evidence[-1] == {"kind": "more", "count": "5"}


def test_told_once_and_again_for_whoever_joins(office: PayOffice) -> None:
    office.payee("h2", "", "q1", Relation.GUARDIAN)
    with office.writes() as write:
        assert len(raise_all(write, compared(write, office.book, ON, ON), ON)) == 2
    office.payee("h3", "", "q1", Relation.GUARDIAN)
    with office.writes() as write:
        assert [one.household_id for one in raise_all(write, compared(write, office.book, ON, ON), ON)] == [
            "h3"
        ]


def test_an_erased_household_is_told_of_no_more(office: PayOffice) -> None:
    office.payee("h2", "", "q1", Relation.GUARDIAN)
    with office.writes() as write:
        households.claim_as_it_is(write, "h2")
        erase_household(write, "h2", "本人要求")
    assert set(found(office, ACCOUNT)) == {"h1"}


def test_many_payees_at_once_are_checked_like_one(office: PayOffice) -> None:
    with pytest.raises(Refused) as refused, office.writes() as write:
        enter_all(write, [Entry("h1", "", "q2", Relation.SELF)], "li", "开账")
    assert refused.value.code == "not-own-account"
    with office.writes() as write:
        people.register_person(write, Identity("无账户"), "q8")
    with pytest.raises(Refused) as refused, office.writes() as write:
        enter_all(write, [Entry("h1", "", "q8", Relation.AGENT)], "li", "开账")
    assert refused.value.code == "account-missing"
    with office.writes() as write:
        entered = enter_all(write, [Entry("h1", "", "q1", Relation.SELF)], BUILDER.person, "开账")
    with pytest.raises(Exception, match="does not approve"), office.writes() as write:
        approve_all(write, entered, BUILDER.person)
