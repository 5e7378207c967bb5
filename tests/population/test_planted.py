"""Every mistake and hardship that was planted in the sample county is found, and little else is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import pytest

from engine.population.alike import alike, read_register
from engine.population.duplicates import held_together, in_two_households
from engine.population.missed import Gaps, gaps
from engine.population.one_fact import ONE, ask
from engine.population.problems import BadTable
from engine.population.rank import NOT_AIDED, rank
from tests.conftest import PLANTED, SOAK
from tests.support.county import Decided, decided_county, precision_and_recall
from tests.support.households import shipped

HOUSEHOLDS = 10_000


@pytest.fixture(scope="module", params=(7, 20_261) if SOAK else (7,))
def county(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return decided_county(tmp_path_factory.mktemp("county"), HOUSEHOLDS, request.param)


@pytest.fixture(scope="module")
def lists(county: Decided) -> Gaps:
    return gaps(county.run)


Check = Callable[..., None]


@pytest.fixture
def check(county: Decided, record_property: Callable[[str, object], None]) -> Check:
    """Asserts how well something was found, and has it told at the end of the run."""

    def checked(name: str, found: list[Hashable], planted: list[Hashable], least: float = 0.97) -> None:
        precision, recall, told = precision_and_recall(found, planted)
        record_property(PLANTED, f"{county.directory.name}  {name:22} {told}")
        assert recall == 1, set(planted) - set(found)
        assert precision >= least, set(found) - set(planted)

    return checked


def subject(row: dict[str, str]) -> Hashable:
    return row["policy"], row["household_id"], row["person_id"]


def test_the_missed(county: Decided, lists: Gaps, check: Check) -> None:
    found = [subject(row) for row in lists.missed.to_pylist()]
    check("missed", found, [subject(row) for row in county.planted("missed", "missed")])


def test_the_enrolled_who_no_longer_qualify(county: Decided, lists: Gaps, check: Check) -> None:
    found = [subject(row) for row in lists.refused.to_pylist()]
    check("refused", found, [subject(row) for row in county.planted("missed", "refused")])


def test_those_who_are_one_fact_away(county: Decided, lists: Gaps, check: Check) -> None:
    asked = [one for one in ask(county.run, lists.open) if one.waits_for == ONE]
    found: list[Hashable] = [(one.household_id, one.policy, one.fact) for one in asked]
    planted = county.planted("missed", "one-fact-away")
    wanted: list[Hashable] = [(row["household_id"], row["policy"], row["fact"]) for row in planted]
    # whatever else the same answer would open for the same household is no false alarm
    same = {(row["household_id"], row["fact"]) for row in planted}
    found = [one for one in found if one in wanted or (one[0], one[2]) not in same]  # type: ignore[index]
    check("one fact away", found, wanted)


def test_people_in_two_households(county: Decided, check: Check) -> None:
    found: list[Hashable] = [
        (one.person_id, frozenset(entry.household_id for entry in one.entries))
        for one in in_two_households(county.run)
    ]
    planted: list[Hashable] = [
        (row["person_id"], frozenset((row["household_id"], row["other_household_id"])))
        for row in county.planted("duplicates", "two-households")
    ]
    check("two households", found, planted)


def test_exclusive_programmes(county: Decided, check: Check) -> None:
    found: list[Hashable] = [
        (one.household_id, one.person_id, "|".join(sorted(one.between))) for one in held_together(county.run)
    ]
    planted: list[Hashable] = [
        (row["household_id"], row["person_id"], row["policy"])
        for row in county.planted("duplicates", "exclusive")
    ]
    check("exclusive programmes", found, planted)


def test_two_numbers_for_one_person(county: Decided, check: Check) -> None:
    register = read_register(county.persons)
    ids = register.column("person_id").to_pylist()
    search = alike(register)
    found: list[Hashable] = [frozenset((ids[one.first], ids[one.second])) for one in search.pairs]
    planted: list[Hashable] = [
        frozenset((row["person_id"], row["other_person_id"]))
        for row in county.planted("duplicates", "two-numbers")
    ]
    assert not search.skipped
    assert all(one.reasons for one in search.pairs)
    check("two numbers", found, planted, 0.8)  # people who share a name and a birthday do exist


def test_the_hardest_lives_come_first(county: Decided, check: Check) -> None:
    planted = county.planted("rank", "hardest")
    ranked = rank(county.run)
    found: list[Hashable] = []
    for area in {row["area"] for row in planted}:
        many = sum(row["area"] == area for row in planted)
        rows = [row for row in ranked.to_pylist() if row["area"] == area][:many]
        assert [row["place"] for row in rows] == list(range(1, many + 1))
        assert all(row["aid"] == NOT_AIDED for row in rows)
        found += [row["household_id"] for row in rows]
    check("hardest", found, [row["household_id"] for row in planted])


def test_the_order_of_the_list(county: Decided) -> None:
    areas = list(shipped().areas)
    groups = ("not-aided", "not-known", "aided")
    rows = rank(county.run).to_pylist()
    keys = [
        (
            areas.index(row["area"]),
            groups.index(row["aid"]),
            row["score_worst"],
            row["first_term"],
            -1 * (row["waiting_days"] if row["waiting_days"] is not None else -1),
            row["score_best"],
            row["household_id"],
        )
        for row in rows
    ]
    assert keys == sorted(keys)
    assert any(row["score_worst"] < row["score_best"] for row in rows)
    whole = rank(county.run, whole=True).to_pylist()
    assert [row["place"] for row in whole] == list(range(1, HOUSEHOLDS + 1))


def test_a_programme_that_nobody_holds_is_not_checked(county: Decided, lists: Gaps) -> None:
    assert "medical_aid" in lists.unchecked
    assert "dibao" not in lists.unchecked
    with pytest.raises(BadTable, match="nobody holds any of these"):
        gaps(county.run, ("medical_aid",))
