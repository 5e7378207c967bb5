"""From Parquet to Parquet, batch by batch: memory stays flat, and a run that was cut off goes on where it stood.

A run is a directory: `run.json` says of what it is the answer, `part-00000.parquet` and so on are the results in the
order of the households, each written beside and renamed when it is whole. The same households, rules and days give the
same bytes, however often the run was cut off.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.decision.model import ENGINE
from engine.language.dates import day_text
from engine.population.kernel import Kernel
from engine.population.layout import BadTable, check_schema
from engine.rulebook.model import Rulebook

HOUSEHOLDS_AT_ONCE = 12_288
COUNTS = b"relief.counts"


class OtherRun(Exception):
    """The directory holds results of other households, rules or days."""


@dataclass(frozen=True, slots=True)
class Summary:
    """households; how many were computed now (the rest stood there); per policy how often each outcome."""

    households: int
    computed: int
    outcomes: dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    group: int  # the row group it comes from
    rows: int


def decide_all(
    book: Rulebook,
    source: Path,
    out: Path,
    on: int,
    known: int,
    *,
    at_once: int = HOUSEHOLDS_AT_ONCE,
    workers: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Decides every household of a Parquet file. `progress` is told of every batch how many households it had.

    Raises `BadTable` when the file does not fit the dictionary, `OtherRun` when `out` belongs to another run.
    """
    file = pq.ParquetFile(source)
    check_schema(book, file.schema_arrow)
    if not file.metadata.num_rows:
        raise BadTable("there are no households in this table")
    out.mkdir(parents=True, exist_ok=True)
    _claim(book, source, out, on, known, at_once)
    kernel = Kernel(book, on, known)
    parts = list(_parts(file, at_once))
    todo = {part.number for part in parts if not path_of(out, part.number).exists()}
    for part in parts:
        if part.number not in todo and progress is not None:
            progress(part.rows)

    def decide(part: Part, rows: pa.RecordBatch) -> int:
        _write(path_of(out, part.number), kernel.run(rows))
        return rows.num_rows

    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[int]] = set()
        for part, rows in _batches(file, kernel, parts, todo, at_once):
            while len(running) > workers:
                running = _finished(running, progress)
            running.add(pool.submit(decide, part, rows))
        while running:
            running = _finished(running, progress)
    computed = sum(part.rows for part in parts if part.number in todo)
    return Summary(file.metadata.num_rows, computed, _counted(out, parts))


def _finished(running: set[Future[int]], progress: Callable[[int], None] | None) -> set[Future[int]]:
    done, still = wait(running, return_when=FIRST_COMPLETED)
    for one in done:
        rows = one.result()
        if progress is not None:
            progress(rows)
    return still


def path_of(out: Path, number: int) -> Path:
    return out / f"part-{number:05d}.parquet"


def _parts(file: pq.ParquetFile, at_once: int) -> Iterator[Part]:
    """Batches never reach over a row group, so that a finished one need not be read again."""
    number = 0
    for group in range(file.num_row_groups):
        left = file.metadata.row_group(group).num_rows
        while left > 0:
            yield Part(number, group, min(at_once, left))
            left -= at_once
            number += 1


def _batches(
    file: pq.ParquetFile, kernel: Kernel, parts: list[Part], todo: set[int], at_once: int
) -> Iterator[tuple[Part, pa.RecordBatch]]:
    columns = kernel.columns(file.schema.column(i).path for i in range(len(file.schema)))
    groups: dict[int, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.group, []).append(part)
    for group, mine in groups.items():
        if todo.isdisjoint(part.number for part in mine):
            continue
        rows = file.iter_batches(at_once, row_groups=[group], columns=columns, use_threads=False)
        for part, batch in zip(mine, rows, strict=True):
            if part.number in todo:
                yield part, batch


# --- writing ------------------------------------------------------------------------------------------------


def _claim(book: Rulebook, source: Path, out: Path, on: int, known: int, at_once: int) -> None:
    """Writes down what this run answers, or makes sure that it is what was written down."""
    with source.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    run = {
        "households": digest,
        "rulebook": book.fingerprint,
        "engine": ENGINE,
        "on": day_text(on),
        "known": day_text(known),
        "at_once": at_once,
    }
    path = out / "run.json"
    text = json.dumps(run, indent=1, sort_keys=True) + "\n"
    if path.exists():
        if path.read_text("utf-8") != text:
            before = json.loads(path.read_text("utf-8"))
            raise OtherRun(", ".join(key for key in run if before.get(key) != run[key]))
        return
    if any(out.glob("part-*.parquet")):
        raise OtherRun("run.json")
    beside = path.with_suffix(".part")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def run_of(out: Path) -> dict[str, Any]:
    """What a directory of results answers. Raises FileNotFoundError when it is none."""
    found: dict[str, Any] = json.loads((out / "run.json").read_text("utf-8"))
    return found


def _write(path: Path, rows: pa.RecordBatch) -> None:
    counts = json.dumps(_counts(rows), sort_keys=True)
    schema = rows.schema.with_metadata({COUNTS: counts.encode()})
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        table = pa.Table.from_batches([rows.cast(schema)], schema)
        pq.write_table(table, file, compression="zstd", write_statistics=False)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _counts(rows: pa.RecordBatch) -> dict[str, dict[str, int]]:
    """How often each policy gave each outcome."""
    people = rows.column("people").flatten()
    found = {}
    for fields, column_of in ((rows.schema, rows.column), (people.type, people.field)):
        for field in fields:
            if pa.types.is_struct(field.type) and field.type.get_field_index("outcome") >= 0:
                outcomes = pc.struct_field(column_of(field.name), "outcome")
                counted = np.bincount(outcomes.indices.to_numpy(), minlength=len(outcomes.dictionary))
                names = zip(outcomes.dictionary.to_pylist(), counted.tolist(), strict=True)
                found[field.name] = {name: count for name, count in names if count}
    return found


def _counted(out: Path, parts: list[Part]) -> dict[str, Counter[str]]:
    total: dict[str, Counter[str]] = {}
    for part in parts:
        metadata = pq.read_schema(path_of(out, part.number)).metadata
        for policy, counts in json.loads(metadata[COUNTS]).items():
            total.setdefault(policy, Counter()).update(counts)
    return total


# --- one row ------------------------------------------------------------------------------------------------


def find_household(source: Path, household_id: str) -> tuple[int, dict[str, Any]]:
    """The place of a household in a file, and its row. Raises KeyError when it is not there."""
    file = pq.ParquetFile(source)
    before = 0
    for group in range(file.num_row_groups):
        ids = file.read_row_group(group, columns=["household_id"]).column(0)
        place = pc.index(ids, pa.scalar(household_id, ids.type)).as_py()
        if place >= 0:
            rows = file.read_row_group(group).slice(place, 1).to_pylist()
            return before + place, rows[0]
        before += len(ids)
    raise KeyError(household_id)


def result_row(source: Path, out: Path, place: int) -> dict[str, Any]:
    """The row of results for the household at a place in the source."""
    for part in _parts(pq.ParquetFile(source), run_of(out)["at_once"]):
        if place < part.rows:
            found: dict[str, Any] = pq.read_table(path_of(out, part.number)).slice(place, 1).to_pylist()[0]
            return found
        place -= part.rows
    raise BadTable("there is no such row")
