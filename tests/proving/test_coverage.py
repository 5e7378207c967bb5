"""Coverage says what is exercised and nothing more: each scenario that is taken away shows as exactly what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from ferry import ELIGIBLE, ISLAND, SCENARIOS, without, write_features

from engine.rulebook import load_rulebook
from proving.cases import record
from proving.coverage import Coverage, measured
from proving.mutants import Files
from proving.scenarios import BadFeature

POLICY = "harbour/boat_help/2001-01-01.yaml"
GROWN = "definitions/grown/2001-01-01.yaml"
SHARE = "parameters/isle/boat_share.yaml"


def uncovered(features: Path) -> set[str]:
    book = load_rulebook(ISLAND)
    found = Coverage(book).run(Files(book), record(book, features))
    return {each.key for one in found for each in one.uncovered}


def test_the_whole_is_covered(features: Path) -> None:
    assert uncovered(features) == set()


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    names = list(SCENARIOS)
    for part, some in (("first", names[:6]), ("second", names[6:])):
        made = write_features(tmp_path, {name: SCENARIOS[name] for name in some})
        (made / "boat_help.feature").rename(made / f"{part}.feature")
    book = load_rulebook(ISLAND)
    for processes in (1, 2, 5):
        found = measured(book, Files(book), tmp_path, processes)
        assert not [each.key for one in found for each in one.uncovered]
    (tmp_path / "second.feature").unlink()
    alone, several = (measured(book, Files(book), tmp_path, processes) for processes in (1, 2))
    assert alone == several and any(one.uncovered for one in alone)


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["at the limit"], {f"{POLICY} poor: at the limit savings < 1000"}),
        (["a cent below"], {f"{POLICY} poor: just below savings < 1000"}),
        (["a cent above"], {f"{POLICY} poor: just above savings < 1000"}),
        (["savings not known"], {f"{POLICY} poor: unknown"}),
        (["a fifth on the hill"], {f"{SHARE} 2001-01-01 hill: read"}),
        (
            ["lost and not many"],
            {
                f"{POLICY} many: just below count(people[grown]) > 2",
                f"{POLICY} eligible/1: only one that holds lost",
            },
        ),
        (
            ["two are not"],
            {
                f"{POLICY} eligible/1: none holds",
                f"{POLICY} eligible: only one that fails 1",
                f"{POLICY} many: at the limit count(people[grown]) > 2",
                f"{GROWN} value: just below age(born) >= 18",
            },
        ),
        (["nobody knows whether it was lost"], {f"{POLICY} lost: unknown", f"{POLICY} many: unknown"}),
    ],
)
def test_what_a_scenario_alone_shows_is_missed_without_it(
    tmp_path: Path, names: list[str], left: set[str]
) -> None:
    assert uncovered(write_features(tmp_path, without(*names))) == left


def test_two_cents_below_are_not_just_below(tmp_path: Path) -> None:
    scenarios = dict(SCENARIOS)
    given, then = scenarios["a cent below"]
    scenarios["a cent below"] = ([given[0].replace("999.99", "999.98")], then)
    assert uncovered(write_features(tmp_path, scenarios)) == {f"{POLICY} poor: just below savings < 1000"}


def test_a_decision_of_which_nothing_is_said_exercises_nothing(tmp_path: Path) -> None:
    """The scenario still decides the household; it only stops saying what must come out."""
    scenarios = dict(SCENARIOS)
    scenarios["at the limit"] = (scenarios["at the limit"][0], [])
    assert uncovered(write_features(tmp_path, scenarios)) == {f"{POLICY} poor: at the limit savings < 1000"}


def test_a_branch_that_is_not_reached_is_not_taken(tmp_path: Path) -> None:
    """Without an amount for those who lost nothing, `else` is only computed, as every branch is."""
    left = uncovered(
        write_features(tmp_path, without("three are many, the third on the birthday", "four are"))
    )
    assert left == {
        f"{POLICY} share: else if lost_boat then boat_share * cost else 10",
        f"{POLICY} eligible/1: only one that holds many",
        f"{GROWN} value: just above age(born) >= 18",
    }


def test_scenarios_that_do_not_hold_are_no_measure(tmp_path: Path) -> None:
    wrong = {"wrong": (SCENARIOS["at the limit"][0], [ELIGIBLE])}
    with pytest.raises(BadFeature, match=r"boat_help\.feature:7: wrong(.|\n)*the outcome is ineligible"):
        uncovered(write_features(tmp_path, wrong))


def test_a_sentence_that_is_none_is_named(tmp_path: Path) -> None:
    wrong = {"wrong": (["the household is poor"], [ELIGIBLE])}
    with pytest.raises(BadFeature, match=r"boat_help\.feature:5: .*the household is poor"):
        uncovered(write_features(tmp_path, wrong))


def test_a_directory_without_features_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadFeature, match="there is no feature file"):
        uncovered(tmp_path)
