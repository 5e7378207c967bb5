"""The short way of a night says of every household what the long way says: the same values, the same standings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from cli.county_record import arrivals, registered
from county.sample import sample
from engine.decision import BadDocument, decide, read_household
from engine.decision.inputs import Inputs, inputs_on
from engine.language.dates import from_date
from records import households
from records.arrivals import Arrival
from records.database import Database, reading, writing
from records.erasure import erase_household
from records.granted import Happened, happened
from records.households import Asserted
from records.households_on import HouseholdsOn
from records.intake import write_down_all
from records.many_documents import documents
from records.nightly import nightly
from records.sealed import Tampered
from records.standing import last_digests, last_standings
from records.tables import assertion
from tests.records.conftest import at
from tests.records.test_stored_decisions import edit, without_triggers
from tests.support.households import shipped

BOOK = shipped()
DAY, LATER = date(2026, 9, 15), date(2027, 9, 15)


@pytest.fixture(scope="module")
def coming() -> list[Arrival]:
    county = sample(BOOK, 60, 5)
    return list(arrivals(BOOK, county.households, registered(county.persons)))


@pytest.fixture
def ids(database: Database, coming: list[Arrival]) -> list[str]:
    with writing(database, "li", at("2026-09-01")) as write:
        write_down_all(write, BOOK, coming)
    return [one.document["household_id"] for one in coming]


def tell(database: Database, household: str, day: str, *told: Asserted) -> None:
    with writing(database, "li", at(day)) as write:
        households.claim_as_it_is(write, household)
        households.tell(write, household, told)


def long_way(database: Database, ids: list[str], on: date, known: date) -> Iterator[tuple[str, Any]]:
    with reading(database) as read:
        for one in documents(read, ids, on, known):
            if one["people"]:
                try:
                    household = read_household(BOOK, one)
                except BadDocument as bad:
                    yield one["household_id"], [(each.pointer, each.code) for each in bad.problems]
                else:
                    yield (
                        one["household_id"],
                        (
                            values(inputs_on(BOOK, household, from_date(on), from_date(known))),
                            lists(household),
                        ),
                    )


def short_way(database: Database, ids: list[str], on: date, known: date) -> Iterator[tuple[str, Any]]:
    with reading(database) as read:
        for one in HouseholdsOn(BOOK, on, known).read(read, ids):
            if isinstance(one.household, BadDocument):
                yield one.household_id, [(each.pointer, each.code) for each in one.household.problems]
            else:
                found = inputs_on(BOOK, one.household, from_date(on), from_date(known))
                yield one.household_id, (values(found), lists(one.household))


def values(found: Inputs) -> Any:
    return found.household, found.people


def lists(household: Any) -> Any:
    return (
        household.area,
        household.application_date,
        household.statuses,
        household.payments,
        household.events,
    )


def told_alike(database: Database, ids: list[str]) -> dict[str, Any]:
    """Both ways, for several days; what they say of the last."""
    found: dict[str, Any] = {}
    for on, known in ((DAY, DAY), (DAY, LATER), (LATER, LATER), (date(2026, 12, 1), DAY)):
        found = dict(long_way(database, ids, on, known))
        assert dict(short_way(database, ids, on, known)) == found
    return found


def test_a_county_is_read_alike(database: Database, ids: list[str]) -> None:
    found = told_alike(database, ids)
    assert len(found) == len(ids) and not any(isinstance(one, list) for one in found.values())


def test_what_was_told_more_than_once_is_chosen_alike(database: Database, ids: list[str]) -> None:
    first, second, third = ids[:3]
    assets = "financial_assets"
    tell(database, first, "2026-09-02", Asserted(assets, 7, "bank"), Asserted(assets, 8, "civil_affairs"))
    tell(database, first, "2026-09-03", Asserted(assets, 9, "bank", as_of=date(2020, 1, 1)))
    tell(database, second, "2026-09-20", Asserted(assets, 10, "civil_affairs"))  # not known on the day
    ended = Asserted(assets, 11, "civil_affairs", valid_from=date(2026, 1, 1), valid_to=date(2026, 9, 30))
    tell(database, third, "2026-09-02", ended, Asserted(assets, 12, "nobody", valid_from=date(2026, 9, 10)))
    told_alike(database, ids[:5])


def test_what_begins_or_ends_counts_in_its_time_alone(database: Database, ids: list[str]) -> None:
    first, second = ids[:2]
    fact = "income_irregular"  # which the county tells of nobody
    tell(database, first, "2026-09-02", Asserted(fact, True, "bank", valid_from=date(2027, 1, 1)))
    tell(database, second, "2026-09-02", Asserted(fact, True, "bank", valid_to=date(2026, 9, 30)))
    place = list(BOOK.household_inputs()).index(fact)
    told_alike(database, ids[:2])
    later = dict(short_way(database, ids[:2], LATER, LATER))
    assert [later[one][0][0][place] for one in ids[:2]] == [True, None]
    now = dict(short_way(database, ids[:2], DAY, DAY))
    assert [now[one][0][0][place] for one in ids[:2]] == [None, True]


def test_who_lives_in_two_households_is_told_of_in_both(database: Database, ids: list[str]) -> None:
    with reading(database) as read:
        [one] = documents(read, ids[:1], DAY, DAY)
    person = one["people"][0]["person_id"]
    with writing(database, "li", at("2026-09-02")) as write:
        households.claim_as_it_is(write, ids[1])
        households.join(write, ids[1], person, date(2026, 9, 2))
        households.tell(write, ids[1], [Asserted("sex", "male", "bank", person)])
    told_alike(database, ids[:3])


def test_what_cannot_be_read_says_the_same(database: Database, ids: list[str]) -> None:
    tell(database, ids[0], "2026-09-02", Asserted("financial_assets", "much", "bank"))
    tell(database, ids[1], "2026-09-02", Asserted("no_such_fact", 1, "bank"))
    tell(database, ids[2], "2026-09-02", Asserted("statuses", "whole", "record"))
    with writing(database, "li", at("2026-09-02")) as write:
        households.claim_as_it_is(write, ids[3])
        happened(write, ids[3], [Happened("no_such_event", date(2026, 9, 1), "bank")])
        households.claim_as_it_is(write, ids[4])
        erase_household(write, ids[4], "保存期满")
    found = told_alike(database, ids[:6])
    assert [found[one][0][1] for one in (ids[0], ids[1], ids[3])] == [
        "wrong-type",
        "unknown-fact",
        "unknown-event",
    ]
    assert found[ids[2]][1][2] == () and ids[4] not in found
    unread = nightly(database, BOOK, DAY, DAY, "night").unread
    assert unread == {one: " ".join(found[one][0]) for one in (ids[0], ids[1], ids[3])}


def test_a_night_finds_what_a_decision_finds(database: Database, ids: list[str]) -> None:
    nightly(database, BOOK, DAY, DAY, "night")
    with reading(database) as read:
        standing = last_standings(read, ids)
        assert last_digests(read, ids) == {one: found.digest for one, found in standing.items()}
        made = {one["household_id"]: one for one in documents(read, ids, DAY, DAY)}
    assert standing.keys() == made.keys() and len(made) == len(ids)
    amounts = 0
    for household_id, document in made.items():
        decision = decide(BOOK, document, on=DAY, known=DAY, advice=False)
        outcomes = {
            (policy, one.subject): one
            for policy, decided in decision.policies.items()
            for one in decided.findings
            if one.outcome != "not-in-force"
        }
        found = standing[household_id]
        assert {key: one.outcome for key, one in found.findings.items()} == {
            key: one.outcome for key, one in outcomes.items()
        }
        assert sorted((one[0], one[1], one[2], one[3], one[4]) for one in found.conflicts) == sorted(
            (one.rule, one.stage, one.subject, one.effect, one.policy) for one in decision.conflicts
        )
        for key, one in outcomes.items():
            if one.outcome == "eligible" and one.amount is not None and one.amount.value is not None:
                assert float(found.findings[key].amount or "nan") == float(one.amount.value), key
                amounts += 1
    assert amounts > 10


def test_what_was_moved_is_refused(database: Database, ids: list[str]) -> None:
    without_triggers(database, edit(assertion, "value", b"0" * 60, "seq = 5"))
    with reading(database) as read, pytest.raises(Tampered):
        list(HouseholdsOn(BOOK, DAY, DAY).read(read, ids))
