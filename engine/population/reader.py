"""Batches of a Parquet file of households: where each stands, who reads which, and reading them one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    group: int  # the row group it comes from
    place: int  # how many parts of the row group come before it
    first: int  # its first row in the file
    rows: int


def parts_of(file: pq.ParquetFile, at_once: int) -> Iterator[Part]:
    """Batches never reach over a row group, so that a finished one need not be read again."""
    number = first = 0
    for group in range(file.num_row_groups):
        left, place = file.metadata.row_group(group).num_rows, 0
        while left > 0:
            rows = min(at_once, left)
            yield Part(number, group, place, first, rows)
            left, first, number, place = left - rows, first + rows, number + 1, place + 1


def batches_of(
    file: pq.ParquetFile, parts: list[Part], columns: list[str], at_once: int
) -> Iterator[tuple[Part, pa.RecordBatch]]:
    """Every part of some row groups with its rows."""
    for group, mine in groupby(parts, key=lambda part: part.group):
        rows = file.iter_batches(at_once, row_groups=[group], columns=columns, use_threads=False)
        yield from zip(mine, rows, strict=True)


class Reader:
    """Reads parts by themselves; one that follows the last one costs no more than its own rows."""

    def __init__(self, source: Path, columns: list[str], at_once: int) -> None:
        self.source, self.columns, self.at_once = source, columns, at_once
        self._file: pq.ParquetFile | None = None
        self._group, self._next = -1, 0
        self._rows: Iterator[pa.RecordBatch] = iter(())

    def rows(self, part: Part) -> pa.RecordBatch:
        """Raises ArrowInvalid or OSError where the file is damaged."""
        if self._file is None:  # opened where it is read: processes must not share a place in a file
            self._file = pq.ParquetFile(self.source)
        if part.group != self._group or part.place < self._next:
            self._group, self._next = part.group, 0
            self._rows = self._file.iter_batches(
                self.at_once, row_groups=[part.group], columns=self.columns, use_threads=False
            )
        try:
            while self._next < part.place:
                next(self._rows)
                self._next += 1
            self._next += 1
            return next(self._rows)
        except (pa.ArrowInvalid, OSError):
            self._group = -1
            raise


class Spans:
    """Who does which parts: a worker keeps to its row group, and helps with another's when no group is left."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._untouched = deque(deque(mine) for _, mine in groupby(parts, key=lambda part: part.group))
        self._of: dict[int, deque[Part]] = {}

    def next_for(self, worker: int) -> Part | None:
        own = self._of.get(worker)
        if not own:
            own = self._of[worker] = self._untouched.popleft() if self._untouched else self._half()
        return own.popleft() if own else None

    def _half(self) -> deque[Part]:
        """The later half of what the busiest has before it."""
        longest = max(self._of.values(), key=len, default=deque())
        return deque(reversed([longest.pop() for _ in range((len(longest) + 1) // 2)]))
