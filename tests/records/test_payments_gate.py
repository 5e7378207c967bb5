"""The gate spares facts only where nothing comes out otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import granted, households, sealed
from records.database import connect
from records.erasure import erase_household
from records.granted import Happened, Paid
from records.households import Asserted, Held
from records.keys import Keys
from records.payments.gate import _facts_can_be_spared, _needs_no_facts, watched
from records.payments.planning import Planned
from records.payments.words import HOUSEHOLD, Kind, month_number
from records.people import Identity, register_person
from tests.records.casework import BOOK
from tests.records.payoffice import AREA, PayOffice

POLICIES = ("dibao", "dibao_single", "dibao_edge", "tekun", "elderly_80", "disabled_living", "defacto_child")
OWN = tuple(one for one in POLICIES if BOOK.policies[one].unit == "household")
EVENTS = ("death", "certification_missed", "marriage")
NOVEMBER = month_number("2026-11")

days = st.dates(date(2026, 1, 1), date(2026, 10, 30))
held = st.tuples(st.sampled_from(POLICIES), st.integers(0, 1), days, st.booleans())
happened = st.tuples(st.sampled_from(EVENTS), st.integers(0, 1), days)
lines = st.tuples(st.sampled_from(POLICIES), st.integers(0, 1), st.integers(NOVEMBER - 2, NOVEMBER))
family = st.fixed_dictionaries(
    {
        "people": st.integers(1, 2),
        "held": st.lists(held, max_size=3),
        "nothing_else": st.booleans(),
        "happened": st.lists(happened, max_size=1),
        "lines": st.lists(lines, min_size=1, max_size=3, unique=True),
        "paid": st.booleans(),
        "dead": st.booleans(),
        "erased": st.sampled_from([False, False, False, True]),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(families=st.lists(family, min_size=1, max_size=4))
def test_all_facts_say_the_same(sqlite: Path, tmp_path: Path, keys: Keys, families: Sequence[Any]) -> None:
    place = tmp_path / "county.db"
    shutil.copy(sqlite, place)
    office = PayOffice(connect(f"sqlite:///{place}", keys))
    planned: list[Planned] = []
    for number, one in enumerate(families):
        planned += written_down(office, number, one)
    holders = {(line.household_id, HOUSEHOLD): f"{line.household_id}-0" for line in planned}
    known = date(2026, 11, 2)
    with office.reads() as read:
        spared = watched(read, BOOK, planned, holders, known)
        thorough = watched(read, BOOK, planned, holders, known, thorough=True)
    office.database.engine.dispose()
    assert [(one.reasons, one.warnings) for one in spared] == [
        (one.reasons, one.warnings) for one in thorough
    ]


def written_down(office: PayOffice, number: int, told: Any) -> list[Planned]:
    household = f"f{number}"
    people = [f"{household}-{place}" for place in range(told["people"])]

    def who(policy: str, place: int) -> str:
        return "" if policy in OWN else people[place % len(people)]

    planned = [
        Planned(1, household, who(policy, place) or HOUSEHOLD, policy, month, Kind.REGULAR, "100.00")
        for policy, place, month in told["lines"]
    ]
    with office.writes(day="2026-11-01") as write:
        households.register(write, household, AREA, None)
        for person in people:
            register_person(write, Identity(person), person)
            households.join(write, household, person, date(2020, 1, 1))
        facts = [Asserted("whereabouts", "dead" if told["dead"] else "ordinary", "health", people[0])]
        if told["nothing_else"]:
            facts.append(Asserted("statuses", [], "civil_affairs", ""))
        households.tell(write, household, facts)
        statuses = [
            Held(policy, day, "case", who(policy, place), date(2026, 10, 31) if ended else None)
            for policy, place, day, ended in told["held"]
        ]
        households.hold(write, household, list({(one.policy, one.person, one.valid_from): one for one in statuses}.values()))  # fmt: skip
        events = [Happened(kind, day, "health", people[place % len(people)]) for kind, place, day in told["happened"]]  # fmt: skip
        granted.happened(write, household, events)
        if told["paid"]:
            line = planned[0]
            person = "" if line.subject == HOUSEHOLD else line.subject
            granted.pay(write, household, [Paid(line.policy, "2026-11", "100.00", "bank", person)])
        if told["erased"]:
            erase_household(write, household, "保存期满")
    return planned


def test_the_rulebook_lets_facts_be_spared() -> None:
    """Otherwise the test above would compare the long way with itself."""
    assert _facts_can_be_spared(BOOK)
    one = {"policy": "dibao", "from": "2026-01-01"}
    assert _needs_no_facts(BOOK, {"statuses": [one]})
    assert not _needs_no_facts(BOOK, {"statuses": []})
    assert not _needs_no_facts(BOOK, {"statuses": [one], "events": [{"kind": "death"}]})
    assert not _needs_no_facts(BOOK, {"statuses": [one, {**one, "policy": "dibao_single"}]})


def test_an_erased_household_is_blocked(sqlite: Path, tmp_path: Path, keys: Keys) -> None:
    place = tmp_path / "county.db"
    shutil.copy(sqlite, place)
    office = PayOffice(connect(f"sqlite:///{place}", keys))
    office.simple(1)
    with office.writes() as write:
        households.claim_as_it_is(write, "h1")
        erase_household(write, "h1", "保存期满")
    with office.reads() as read:
        assert sealed.of_household("h1") not in sealed.data_keys(read, [sealed.of_household("h1")])
        line = Planned(1, "h1", HOUSEHOLD, "dibao", NOVEMBER, Kind.REGULAR, "500")
        [seen] = watched(read, BOOK, [line], {}, date(2026, 11, 2))
    office.database.engine.dispose()
    assert seen.reasons == {"no-document"}


@pytest.mark.parametrize("amount", ["0", "-5", "1e3"])
def test_an_amount_that_is_no_money_stops_nobody_else(
    sqlite: Path, tmp_path: Path, keys: Keys, amount: str
) -> None:
    place = tmp_path / "county.db"
    shutil.copy(sqlite, place)
    office = PayOffice(connect(f"sqlite:///{place}", keys))
    office.simple(1, amount=amount)
    office.simple(2)
    batch = office.builds("2026-11", "dibao")
    found = {row.household_id: row.verdict for row in office.lines(batch)}
    office.database.engine.dispose()
    assert found["h2"] == "pay"
    assert (found["h1"] == "blocked") == (amount != "1e3")
