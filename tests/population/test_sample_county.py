"""The sample county: the same for the same seed, like the country it is drawn from, and decided alike by both evaluators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from county.sample import KEY, sample, write_sample
from engine.decision.decide import decide_situation, situate
from engine.decision.document import read_household
from engine.population.documents import document_of
from engine.population.layout import check_schema
from engine.population.row import differences, row_of, row_without_reasons
from tests.conftest import SOAK
from tests.support.county import DAY, Decided, decided_county
from tests.support.households import shipped

EVERY = 1 if SOAK else 25  # of 10,000 households
FULL = 20  # of those compared, so many are decided with all their reasons


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return decided_county(tmp_path_factory.mktemp("county"), 10_000, 1)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    written = {}
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_sample(sample(shipped(), 500, seed), tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        written[name] = {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files}
    assert written["a"] == written["b"]
    assert all(written["a"][name] != written["c"][name] for name in written["a"])
    assert len(written["a"]) == 7


@pytest.mark.parametrize("households", [1, 2, 7])
def test_a_county_may_be_small(households: int, tmp_path: Path) -> None:
    for seed in range(20):
        found = sample(shipped(), households, seed)
        assert len(found.households) == households
        assert sum(found.households.column("people").combine_chunks().value_lengths().to_pylist()) == len(
            found.persons
        )


def test_the_key_stands_apart(county: Decided) -> None:
    assert [path.name for path in (county.directory / KEY).iterdir()] == ["answer_key.parquet"]
    names = set(pq.read_schema(county.data).names) | set(pq.read_schema(county.persons).names)
    assert not names & {"case", "kind", "reason"}


def test_it_fits_the_dictionary(county: Decided) -> None:
    check_schema(shipped(), pq.read_schema(county.data))


def test_its_people_are_like_those_of_the_census() -> None:
    found = sample(shipped(), 40_000, 11)
    born = found.persons.column("birth_date").to_numpy().astype("datetime64[D]")
    age = (np.datetime64("2026-09-15") - born).astype(int) / 365.2425
    shares = [float((age < 15).mean()), float((age >= 60).mean()), float((age >= 65).mean())]
    assert shares == pytest.approx([0.1795, 0.1870, 0.1350], abs=0.012)  # census of 2020
    sizes = pc.list_value_length(found.households.column("people")).to_numpy()
    ones = [float((sizes == size).mean()) for size in (1, 2, 3, 4)]
    assert ones == pytest.approx([0.2539, 0.2968, 0.2099, 0.1317], abs=0.01)
    men = pc.mean(pc.equal(found.persons.column("sex").cast("string"), "male")).as_py()
    assert men == pytest.approx(0.5124, abs=0.02)
    busiest = np.unique(born, return_counts=True)[1].max()
    assert busiest < 25  # nobody's birthday is everybody's


def test_both_evaluators_say_the_same_of_the_county(county: Decided) -> None:
    book, run = shipped(), county.run
    compared = 0
    parts = sorted(run.out.glob("part-*.parquet"))
    batches = pq.ParquetFile(county.data).iter_batches(run.at_once)
    for part, batch in zip(parts, batches, strict=True):
        chosen = [row for row in range(batch.num_rows) if not (compared + row) % EVERY]
        results = pq.read_table(part).take(chosen).to_pylist()
        for row, result in zip(batch.take(pa.array(chosen)).to_pylist(), results, strict=True):
            at = situate(book, read_household(book, document_of(row)), DAY, DAY)
            assert not differences(row_without_reasons(at), result), row["household_id"]
            if not int(row["household_id"][1:]) % (EVERY * FULL):
                assert not differences(row_of(at, decide_situation(at, advice=False)), result)
        compared += batch.num_rows
    assert compared == 10_000
