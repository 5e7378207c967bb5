"""What other rules would do is what deciding twice and subtracting gives; where income rises and less is left."""

from __future__ import annotations

import shutil
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.population.cliffs import Vary, climb
from engine.population.impact import EXAMPLES, Impact, impact
from engine.population.pairs import NoResults, open_run
from engine.population.stream import decide_all
from engine.rulebook import Rulebook, load_rulebook
from tests.conftest import SOAK
from tests.support.county import DAY, Decided, decided_county
from tests.support.households import POLICIES, shipped

PERIODS = ("month", "once", "year")
HOUSEHOLDS = 10_000 if SOAK else 4_000


@cache
def _loaded(directory: Path) -> Rulebook:
    return load_rulebook(directory)


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped rulebook with the rural standard raised from 632 to 640."""
    directory = tmp_path_factory.mktemp("raised") / "policies"
    shutil.copytree(POLICIES, directory)
    (directory / "versions.lock").unlink()
    file = directory / "parameters" / "linkou" / "dibao_standard.yaml"
    before = file.read_text("utf-8")
    assert before.count("rural: 632") == 1
    file.write_text(before.replace("rural: 632", "rural: 640"), "utf-8")
    return directory


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return decided_county(tmp_path_factory.mktemp("county"), HOUSEHOLDS, 7)


@pytest.fixture(scope="module")
def found(county: Decided, raised: Path, tmp_path_factory: pytest.TempPathFactory) -> Impact:
    out = tmp_path_factory.mktemp("impact")
    return impact(shipped(), _loaded(raised), county.data, out, DAY, DAY)


@pytest.fixture(scope="module")
def twice(county: Decided, raised: Path, tmp_path_factory: pytest.TempPathFactory) -> list[pl.DataFrame]:
    """Both runs made again, read by another library."""
    out = tmp_path_factory.mktemp("twice")
    areas = pl.read_parquet(county.data, columns=["household_id", "area"])
    frames = []
    for name, book in (("old", shipped()), ("new", _loaded(raised))):
        decide_all(book, county.data, out / name, DAY, DAY)
        frame = pl.concat([pl.read_parquet(path) for path in sorted((out / name).glob("part-*.parquet"))])
        frames.append(frame.join(areas, on="household_id").with_columns(pl.col("area").cast(pl.String)))
    return frames


def test_totals_are_those_of_deciding_twice_and_subtracting(found: Impact, twice: list[pl.DataFrame]) -> None:
    old, new = twice
    for period in PERIODS:
        sums = [frame["due"].struct.field(f"{period}_min").sum() for frame in twice]
        assert Decimal(found.whole.before[period]).scaleb(-2) == sums[0]
        assert Decimal(found.whole.after[period]).scaleb(-2) == sums[1]
        assert Decimal(found.whole.change(period)).scaleb(-2) == sums[1] - sums[0]
    assert found.whole.change("month") > 0
    by_town = [
        frame.group_by("area").agg(pl.col("due").struct.field("month_min").sum().alias("sum"))
        for frame in twice
    ]
    sums_of = [dict(frame.iter_rows()) for frame in by_town]
    assert {area: Decimal(one.change("month")).scaleb(-2) for area, one in found.towns.items()} == {
        area: sums_of[1][area] - sums_of[0][area] for area in sums_of[0]
    }
    assert sum(one.households for one in found.towns.values()) == found.whole.households == len(old)
    months = [frame["due"].struct.field("month_min") for frame in (old, new)]
    changed = found.changed.filter(
        found.changed.column("month_before").to_numpy() != found.changed.column("month_after").to_numpy()
    )
    assert changed.num_rows == (months[0] != months[1]).sum()


def test_a_policy_s_sums_and_moves_are_those_of_the_two_runs(
    found: Impact, twice: list[pl.DataFrame]
) -> None:
    outcomes = [frame["dibao"].struct.field("outcome").cast(pl.String) for frame in twice]
    moved = pl.DataFrame({"was": outcomes[0], "is": outcomes[1]}).filter(pl.col("was") != pl.col("is"))
    counted = {(was, is_): many for was, is_, many in moved.group_by("was", "is").len().iter_rows()}
    assert counted and dict(found.policies["dibao"].moves) == counted
    clauses = found.policies["dibao"].clauses
    assert clauses["income-below-standard", "false", "true"] > 0
    assert sum(clauses.values()) >= counted["ineligible", "eligible"]
    assert found.policies["dibao"].after > found.policies["dibao"].before


def test_the_examples_show_gain_and_loss(found: Impact) -> None:
    assert len(found.examples) == EXAMPLES
    assert any(one.lead.policy == "dibao" and one.lead.becomes == "eligible" for one in found.examples)
    assert not found.whole.lose or any(one.after < one.before for one in found.examples)
    assert len({one.household_id for one in found.examples}) == EXAMPLES


def test_the_same_rules_change_nothing(county: Decided, tmp_path: Path) -> None:
    found = impact(shipped(), shipped(), county.data, tmp_path, DAY, DAY)
    assert found.changed.num_rows == found.whole.gain == found.whole.lose == 0
    assert not found.examples and not any(one.moves for one in found.policies.values())


def test_results_of_other_rules_or_households_are_not_taken(
    county: Decided, raised: Path, tmp_path: Path
) -> None:
    with pytest.raises(NoResults, match="rulebook"):
        open_run(_loaded(raised), county.data, county.run.out)
    with pytest.raises(NoResults, match="households"):
        open_run(shipped(), county.persons, county.run.out)
    with pytest.raises(NoResults, match=r"run\.json"):
        open_run(shipped(), county.data, tmp_path)


def _family(child: bool) -> Vary:
    """Two grown-ups in the country and perhaps a child, who live on one wage."""
    person = {
        "hukou_county": "sample_county",
        "whereabouts": "ordinary",
        "school_level": "none",
        "disability_grade": "none",
        "severe_illness": False,
        "work_ability": "full",
        "refused_job_offers": 0,
        "income_items": [],
    }
    parents = [
        {**person, "person_id": name, "relation": relation, "birth_date": "1990-01-01"}
        for name, relation in (("a", "head"), ("b", "spouse"))
    ]
    third = {
        **person,
        "person_id": "c",
        "relation": "child",
        "birth_date": "2021-01-01",
        "father_situation": "ordinary",
        "mother_situation": "ordinary",
    }
    household = {
        "household_id": "h",
        "area": "sample_county",
        "residence": "rural",
        "consent_refused": False,
        "financial_assets": 0,
        **{name: [] for name in ("vehicles", "houses", "businesses", "transfers_paid", "spending_items")},
        "statuses": [],
    }

    def vary(income: int) -> Any:
        wage = [{"kind": "wage", "amount": income, "per": "month"}]
        people = [{**parents[0], "income_items": wage}, parents[1], *([third] if child else [])]
        return {**household, "people": people}

    return vary


def test_a_cliff_is_found_to_the_yuan() -> None:
    """Four fifths of a wage count. The guarantee ends where they reach 632 a head; with it the child's top-up of 104."""
    alone = climb(shipped(), _family(child=False), range(0, 4000, 200), DAY, DAY)
    assert alone.cliffs == []
    assert [step.due for step in alone.steps[:2]] == [1264, 1264 - 160]
    with_child = climb(shipped(), _family(child=True), range(0, 4000, 200), DAY, DAY)
    (cliff,) = with_child.cliffs
    assert (cliff.income, cliff.loss, cliff.policies) == (2370, 104, ("dibao",))
    assert (cliff.before.due, cliff.behind.due) == (105, 0)
