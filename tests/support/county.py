"""A sample county, decided, and how well lists find what was planted in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from county.sample import HOUSEHOLDS, KEY, PERSONS, sample, write_sample
from engine.population.pairs import Run, open_run
from engine.population.stream import decide_all
from tests.support.households import shipped

DAY = 20260915


@dataclass(frozen=True, slots=True)
class Decided:
    directory: Path
    run: Run
    key: list[dict[str, Any]]

    @property
    def data(self) -> Path:
        return self.directory / HOUSEHOLDS

    @property
    def persons(self) -> Path:
        return self.directory / PERSONS

    def planted(self, command: str, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.key if (row["command"], row["kind"]) == (command, kind)]


def decided_county(directory: Path, households: int, seed: int) -> Decided:
    book = shipped()
    write_sample(sample(book, households, seed), directory)
    out = directory / "results"
    decide_all(book, directory / HOUSEHOLDS, out, DAY, DAY)
    key = pq.read_table(directory / KEY / "answer_key.parquet").to_pylist()
    return Decided(directory, open_run(book, directory / HOUSEHOLDS, out), key)


def precision_and_recall(found: Iterable[Hashable], planted: Iterable[Hashable]) -> tuple[float, float, str]:
    """The two and a line that tells them. Nothing planted is a mistake of the test."""
    got, wanted = set(found), set(planted)
    assert wanted, "nothing was planted"
    right = len(got & wanted)
    precision, recall = right / len(got) if got else 0.0, right / len(wanted)
    told = f"planted {len(wanted):4}  found {len(got):4}  precision {precision:.4f}  recall {recall:.4f}"
    return precision, recall, told
