"""`relief coverage` and `relief mutate`: what they print, what is explained, what is chosen, how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from relief_runner import ROOT, Relief

sys.path.append(str(ROOT / "tests" / "proving"))

from ferry import ISLAND, without, write_features

POLICY = "harbour/boat_help/2001-01-01.yaml"
LIMIT = f"{POLICY} poor: at the limit savings < 1000"
OR_EQUAL = f"{POLICY} poor: < -> <="


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_features(tmp_path / "whole")


@pytest.fixture
def open_at_the_limit(tmp_path: Path) -> Path:
    return write_features(tmp_path / "open", without("at the limit"))


def explain(features: Path, **lists: tuple[str, str]) -> None:
    """`survivors` and `uncovered`: a key and its reason each."""
    text = ""
    for name, (key, reason) in lists.items():
        kind = {"survivors": "mutant", "uncovered": "element"}[name]
        text += f"{name}:\n  - {kind}: '{key}'\n    reason: {{{reason}}}\n"
    (features / "explained.yaml").write_text(text, encoding="utf-8")


def answer(relief: Relief, command: str, features: Path, *more: str, code: int) -> Any:
    made = relief(command, "--policies", ISLAND, "--features", features, "--format", "json", *more)
    assert made.exit_code == code, made.output
    return json.loads(made.stdout)


@pytest.mark.parametrize("command", ["coverage", "mutate"])
def test_all_is_shown(relief: Relief, whole: Path, command: str) -> None:
    made = relief(command, "--policies", ISLAND, "--features", whole)
    assert made.exit_code == 0, made.output
    assert "30 of 30" in made.stdout or "24 noticed, 0 not noticed, 0 explained" in made.stdout


def test_what_is_not_covered_is_listed_with_its_place(relief: Relief, open_at_the_limit: Path) -> None:
    made = relief("coverage", "--policies", ISLAND, "--features", open_at_the_limit)
    assert made.exit_code == 1
    assert f"{POLICY}:10:13: poor: never at its limit  `savings < 1000`\n" in made.stdout


def test_a_survivor_is_listed_with_its_place(relief: Relief, open_at_the_limit: Path) -> None:
    made = relief("mutate", "--policies", ISLAND, "--features", open_at_the_limit)
    assert made.exit_code == 1
    assert f"{POLICY}:10:21: operator: < → <=\n    {OR_EQUAL}\n" in made.stdout
    assert "10 cases are decided by it; in none does a value change" in made.stdout


def test_both_as_data(relief: Relief, open_at_the_limit: Path) -> None:
    covered = answer(relief, "coverage", open_at_the_limit, code=1)
    (missing,) = [each for unit in covered["units"] for each in unit["uncovered"]]
    assert (missing["key"], missing["kind"], missing["line"], missing["explained"]) == (
        LIMIT,
        "boundary",
        10,
        False,
    )
    tried = answer(relief, "mutate", open_at_the_limit, code=1)
    (left,) = tried["survivors"]
    assert (left["key"], left["line"], left["cases"], left["explained"]) == (OR_EQUAL, 10, 10, False)
    assert tried["tried"] == tried["killed"] + 1 == 24


def test_so_many_are_drawn_and_the_same_every_time(relief: Relief, whole: Path) -> None:
    drawn = [
        relief("mutate", "--policies", ISLAND, "--features", whole, "--at-most", str(number))
        for number in (10, 10, 100)
    ]
    assert [made.exit_code for made in drawn] == [0, 0, 0], drawn[0].output
    assert drawn[0].stdout == drawn[1].stdout and "10 of " in drawn[0].stderr
    assert "24 noticed" in drawn[2].stdout and not drawn[2].stderr


def test_what_is_explained_is_accepted(relief: Relief, open_at_the_limit: Path) -> None:
    explain(
        open_at_the_limit,
        survivors=(OR_EQUAL, "en: nobody has so much"),
        uncovered=(LIMIT, "en: nobody has so much"),
    )
    assert answer(relief, "coverage", open_at_the_limit, code=0)["complete"]
    assert answer(relief, "mutate", open_at_the_limit, code=0)["survivors"][0]["explained"]


def test_an_explanation_of_what_is_shown_is_a_mistake(relief: Relief, whole: Path) -> None:
    explain(whole, survivors=(OR_EQUAL, "en: old"), uncovered=(LIMIT, "en: old"))
    (of_coverage,) = answer(relief, "coverage", whole, code=1)["problems"]
    assert of_coverage["message"] == f"`{LIMIT}` is covered" and of_coverage["line"] == 5
    (of_mutation,) = answer(relief, "mutate", whole, code=1)["problems"]
    assert of_mutation["message"] == f"`{OR_EQUAL}` is noticed by a case" and of_mutation["line"] == 2


def test_an_explanation_of_nothing_is_a_mistake(relief: Relief, whole: Path) -> None:
    explain(
        whole, survivors=(OR_EQUAL.replace("poor", "rich"), "en: old"), uncovered=(LIMIT + "0", "en: old")
    )
    (of_coverage,) = answer(relief, "coverage", whole, code=1)["problems"]
    assert of_coverage["hint"] == f"did you mean `{LIMIT}`?"
    (of_mutation,) = answer(relief, "mutate", whole, code=1)["problems"]
    assert of_mutation["code"] == "explains-nothing"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("survivors:\n  - mutant: a\n    reason: {en: ''}\n", "the reason in `en` is missing"),
        ("survivors:\n  - mutant: a\n", "an entry has `mutant` and `reason`"),
        ("lives:\n  - mutant: a\n", "there is no list `lives`"),
        (
            "survivors: [{mutant: a, reason: {en: b}}, {mutant: a, reason: {en: b}}]\n",
            "this is explained twice",
        ),
    ],
)
def test_a_mistaken_explanation_stops(relief: Relief, whole: Path, text: str, told: str) -> None:
    (whole / "explained.yaml").write_text(text, encoding="utf-8")
    for command in ("coverage", "mutate"):
        made = relief(command, "--policies", ISLAND, "--features", whole)
        assert made.exit_code == 2 and told in made.stderr and "explained.yaml:" in made.stderr


def test_a_feature_that_does_not_hold_stops(relief: Relief, whole: Path) -> None:
    path = whole / "boat_help.feature"
    path.write_text(path.read_text().replace('"eligible"', '"ineligible"', 1))
    for command in ("coverage", "mutate"):
        made = relief(command, "--policies", ISLAND, "--features", whole)
        assert made.exit_code == 2 and "the outcome is eligible" in made.stderr


def test_an_unknown_policy_names_the_nearest(relief: Relief, whole: Path) -> None:
    made = relief("mutate", "--policies", ISLAND, "--features", whole, "--policy", "boat_halp")
    assert made.exit_code == 2 and "did you mean `boat_help`?" in made.stderr


def test_no_features_is_an_error(relief: Relief, tmp_path: Path) -> None:
    made = relief("coverage", "--policies", ISLAND, "--features", tmp_path / "none")
    assert made.exit_code == 2 and "there is no such directory" in made.stderr


def test_one_policy_with_what_it_reads(relief: Relief, whole: Path) -> None:
    found = answer(relief, "coverage", whole, "--policy", "boat_help", code=0)
    assert [one["name"] for one in found["units"]] == ["boat_help", "grown", "boat_share"]


# --- what has changed -----------------------------------------------------------------------------------


def test_only_what_is_not_locked(relief: Relief, island_here: Path, whole: Path) -> None:
    def keys(code: int) -> int:
        made = relief(
            "mutate", "--policies", island_here, "--features", whole, "--changed", "lock", "--format", "json"
        )
        assert made.exit_code == code, made.output
        tried: int = json.loads(made.stdout)["tried"]
        return tried

    assert keys(0) == 24
    relief("lock", "--policies", island_here)
    assert keys(0) == 0
    text = (island_here / POLICY).read_text().replace("2001-01-01", "2002-01-01")
    (island_here / POLICY.replace("2001", "2002")).write_text(text)
    assert keys(0) == 17  # of the new version alone


@pytest.fixture
def island_here(tmp_path: Path) -> Path:
    copy = tmp_path / "island"
    for path in ISLAND.rglob("*.yaml"):
        target = copy / path.relative_to(ISLAND)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return copy


def git(directory: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.hooksPath=/dev/null")
    subprocess.run(["git", "-C", str(directory), *who, *arguments], check=True, capture_output=True)


def test_only_what_changed_since_a_commit(relief: Relief, island_here: Path, tmp_path: Path) -> None:
    features = write_features(tmp_path / "features")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "as it was")
    git(tmp_path, "checkout", "-q", "-b", "work")

    def run(*more: str) -> Any:
        return relief("mutate", "--policies", island_here, "--features", features, "--changed", "main", *more)

    nothing = run()
    assert nothing.exit_code == 0 and "nothing has changed since main" in nothing.stdout

    grown = island_here / "definitions/grown/2001-01-01.yaml"
    grown.write_text(grown.read_text().replace("grown up", "grown-up"))
    made = run("--format", "json")
    assert made.exit_code == 0 and json.loads(made.stdout)["tried"] == 3

    feature = features / "boat_help.feature"
    feature.write_text(feature.read_text() + "\n")
    made = run("--format", "json")
    assert (
        json.loads(made.stdout)["tried"] > 15
    )  # the features of a policy changed, so its rules are tried again

    git(tmp_path, "checkout", "-q", "--", ".")
    (features / "boats.feature").write_text(feature.read_text())
    assert "nothing has changed since main" in run().stdout  # it is of nothing that there is, by its name
    (features / "boats.feature").rename(features / "boat_help_limits.feature")
    assert json.loads(run("--format", "json").stdout)["tried"] > 15

    made = relief("mutate", "--policies", island_here, "--features", features, "--changed", "nowhere")
    assert made.exit_code == 2 and "git knows no `nowhere`" in made.stderr
