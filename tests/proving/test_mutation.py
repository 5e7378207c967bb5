"""Mutation tells what the features would miss: nothing dies that is not asserted, nothing lives that is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ferry import ISLAND, SCENARIOS, without, write_features

from engine.language.syntax import parse, plain_source
from engine.rulebook import load_rulebook
from proving.changes import changes, numbers_beside
from proving.mutation import Workshop, try_all

POLICY = "harbour/boat_help/2001-01-01.yaml"
GROWN = "definitions/grown/2001-01-01.yaml"
SHARE = "parameters/isle/boat_share.yaml"


def workshop(features: Path) -> Workshop:
    return Workshop(load_rulebook(ISLAND), features)


def survivors(features: Path) -> set[str]:
    shop = workshop(features)
    trials = [shop.attempt(one) for one in shop.mutants]
    return {one.mutant.key for one in trials if one.end == "survived"}


def test_the_whole_notices_every_mutant(features: Path) -> None:
    assert survivors(features) == set()


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["at the limit"], {f"{POLICY} poor: < -> <="}),
        (
            ["half of the cost, rounded up"],
            {f"{SHARE} 2001-01-01 shore: 0.5 -> 0.4", f"{SHARE} 2001-01-01 shore: 0.5 -> 0.6"},
        ),
        (
            ["a fifth on the hill"],
            {f"{SHARE} 2001-01-01 hill: 0.2 -> 0.1", f"{SHARE} 2001-01-01 hill: 0.2 -> 0.3"},
        ),
        (["two are not"], {f"{GROWN} value: 18 -> 17"}),
        (
            ["two are not", "nobody knows whether it was lost"],
            {f"{POLICY} many: > -> >=", f"{POLICY} many: 2 -> 1", f"{GROWN} value: 18 -> 17"},
        ),
    ],
)
def test_what_a_scenario_alone_notices_lives_without_it(
    tmp_path: Path, names: list[str], left: set[str]
) -> None:
    assert survivors(write_features(tmp_path, without(*names))) == left


def test_a_change_of_what_nothing_asserts_lives(tmp_path: Path) -> None:
    """Amounts are computed in every scenario. Where none is stated, nothing about them is noticed."""
    silent = {name: (given, then[:1]) for name, (given, then) in SCENARIOS.items()}
    left = survivors(write_features(tmp_path, silent))
    assert {f"{POLICY} share: 10 -> 9", f"{POLICY} share: round up -> round down"} <= left
    assert {f"{SHARE} 2001-01-01 {cell}" for cell in ("shore: 0.5 -> 0.4", "hill: 0.2 -> 0.3")} <= left


def test_a_survivor_names_the_cases_where_its_values_are_other_ones(tmp_path: Path) -> None:
    silent = {name: (given, then[:1]) for name, (given, then) in SCENARIOS.items()}
    shop = workshop(write_features(tmp_path, silent))
    hill = next(one for one in shop.mutants if one.key == f"{SHARE} 2001-01-01 hill: 0.2 -> 0.3")
    trial = shop.attempt(hill)
    assert trial.end == "survived" and trial.cases == len(SCENARIOS)
    assert [one.rpartition(": ")[2] for one in trial.unheard] == ["a fifth on the hill"]


def test_a_rulebook_without_a_change_is_never_noticed(features: Path) -> None:
    """Otherwise the machinery itself, and not a feature, would be what kills mutants."""
    shop = workshop(features)
    for one in shop.mutants:
        if one.what != "parameter":
            assert shop.judge(one, replace(shop.book, memo={})).end == "survived"


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    features = write_features(tmp_path, without("at the limit", "two are not"))
    shop = workshop(features)
    places = range(len(shop.mutants))
    one, two = (try_all(shop, ISLAND, places, processes, lambda trial: None) for processes in (1, 2))
    assert [(each.mutant.key, each.end, each.by) for each in one] == [
        (each.mutant.key, each.end, each.by) for each in two
    ]


def test_every_mutant_has_a_key_and_a_place_of_its_own(features: Path) -> None:
    shop = workshop(features)
    assert len({one.key for one in shop.mutants}) == len(shop.mutants) > 20
    lines = {file: text.split("\n") for file, text in shop.book.sources.items()}
    for one in shop.mutants:
        at = one.span
        if one.kind not in ("dropped", "negated", "rounding"):
            assert lines[at.file][at.line - 1][at.column - 1 :].startswith(one.before), one.key


# --- the changes of one expression ----------------------------------------------------------------------


def changed(expression: str, *choices: tuple[str, ...]) -> list[tuple[str, str]]:
    source = plain_source(expression)
    return [(one.before, one.after) for one in changes(parse(source), choices)]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a < b", [("<", "<=")]),
        ("a >= b", [(">=", ">")]),
        ("a = b", [("=", "!=")]),
        ("a and b or c", [("and", "or"), ("or", "and")]),
        ("a + b - c", [("+", "-"), ("-", "+")]),
        ("a * b / c", []),
        ("round up(a, 0)", [("round up", "round down"), ("round up", "round half up"), ("0", "1")]),
        ("floor(a)", [("floor", "ceiling")]),
        ('@"2024-03-01"', [("2024-03-01", "2024-02-29"), ("2024-03-01", "2024-03-02")]),
        ('date("2024-12-31")', [("2024-12-31", "2024-12-30"), ("2024-12-31", "2025-01-01")]),
        ("if a then true else false", [("true", "false"), ("false", "true")]),
        ("a in [b..c)", [("closed-open", "closed-closed"), ("closed-open", "open-open")]),
        ("a in (< 5)", [("<", "<="), ("5", "4"), ("5", "6")]),
        ("not(a)", []),
    ],
)
def test_changes(expression: str, found: list[tuple[str, str]]) -> None:
    assert changed(expression) == found


def test_a_choice_becomes_the_next_of_its_list() -> None:
    assert changed('zone = "hill"', ("shore", "hill", "wood")) == [("=", "!="), ('"hill"', '"wood"')]
    assert changed('zone = "wood"', ("shore", "hill", "wood")) == [("=", "!="), ('"wood"', '"shore"')]
    assert changed('county = "here"', ("shore", "hill")) == [("=", "!=")]


def test_a_number_moves_by_its_last_written_decimal() -> None:
    assert numbers_beside("632.10") == ("632.09", "632.11")
    assert numbers_beside("24") == ("23", "25")
    assert numbers_beside("0") == ("1",)
    assert numbers_beside("1000") == ("999", "1001")
