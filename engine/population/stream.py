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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.decision.model import ENGINE
from engine.language.dates import day_text
from engine.population.check import problems_in
from engine.population.kernel import Kernel
from engine.population.layout import check_schema
from engine.population.problems import BadTable, TableProblem, bad, first_ones
from engine.population.reader import Part, Reader, Spans, parts_of
from engine.population.workers import in_processes
from engine.rulebook.model import Rulebook

HOUSEHOLDS_AT_ONCE = 8_192
COUNTS = b"relief.counts"


class OtherRun(Exception):
    """The directory holds results of other households, rules or days."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A batch that was not decided, and what is wrong with it, by the rows of the file."""

    part: Part
    problems: tuple[TableProblem, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """households; how many were computed now (the rest stood there); per policy how often each outcome.

    `refused`: batches that are wrong. All others are decided.
    """

    households: int
    computed: int
    outcomes: dict[str, Counter[str]]
    refused: tuple[Refused, ...] = ()


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
    """Decides every household of a Parquet file, in so many processes. `progress` is told of every batch how many
    households it had.

    A batch with something wrong in it is left out and told of; the others are decided. Raises `BadTable` when the
    file as a whole does not fit the dictionary, `OtherRun` when `out` belongs to another run, OSError when the
    results cannot be written, `WorkerLost` when a process has been ended from outside (what stands there by then
    stays, and the next run goes on from it).
    """
    file = pq.ParquetFile(source)
    check_schema(book, file.schema_arrow)
    if not file.metadata.num_rows:
        raise bad("empty-table")
    out.mkdir(parents=True, exist_ok=True)
    _claim(book, source, out, on, known, at_once)
    for half in out.glob("part-*.part"):  # left by a run that was cut off
        half.unlink(missing_ok=True)
    kernel = Kernel(book, on, known)
    parts = list(parts_of(file, at_once))
    refused = _doubled(file, parts)
    pa.default_memory_pool().release_unused()  # all ids at once; the workers need the memory now
    todo = {part.number for part in parts if not path_of(out, part.number).exists()} - refused.keys()
    for part in parts:
        if part.number not in todo and progress is not None:
            progress(part.rows)

    columns = kernel.columns(file.schema.column(i).path for i in range(len(file.schema)))
    reader = Reader(source, columns, at_once)

    def decide(part: Part) -> tuple[Part, Refused | None]:
        try:
            rows = reader.rows(part)
        except (pa.ArrowInvalid, OSError) as error:
            why = {"why": str(error).splitlines()[0]}
            return part, Refused(part, (TableProblem("unreadable", row=part.first, told=why),))
        try:
            _write(path_of(out, part.number), kernel.run(rows))
        except BadTable:
            every = problems_in(book, rows, on, known)
            return part, Refused(part, every.moved(range(part.first, part.first + part.rows)).problems)
        return part, None

    spans = Spans(part for part in parts if part.number in todo)
    for part, wrong in in_processes(decide, spans.next_for, min(workers, len(todo))):
        if wrong is not None:
            refused[part.number] = wrong
        if progress is not None:
            progress(part.rows)
    done = [part for part in parts if part.number not in refused]
    computed = sum(part.rows for part in done if part.number in todo)
    told = tuple(refused[number] for number in sorted(refused))
    return Summary(file.metadata.num_rows, computed, _counted(out, done), told)


def _doubled(file: pq.ParquetFile, parts: list[Part]) -> dict[int, Refused]:
    """Batches with the id of a household that stands in another row as well: none of the rows is the right one."""
    try:
        ids = (
            file.read(columns=["household_id"], use_threads=False)
            .column(0)
            .cast(pa.string())
            .combine_chunks()
        )
    except (pa.ArrowInvalid, OSError):
        return {}  # a damaged row group is named when its batches are read
    coded = ids.dictionary_encode()
    if len(coded.dictionary) == len(ids) and not ids.null_count:
        return {}
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first: dict[int, int] = {}
    again: list[tuple[int, int]] = []
    for row in np.flatnonzero(np.bincount(codes + 1)[codes + 1] > 1).tolist():
        if codes[row] >= 0 and codes[row] in first:
            again.append((row, first[codes[row]]))
        first.setdefault(int(codes[row]), row)
    found: dict[int, list[TableProblem]] = {}
    starts = [part.first for part in parts]
    for row, other in again:
        told = {"value": str(ids[row].as_py()), "other": str(other + 1)}
        problem = TableProblem("duplicate-household", "household_id", row, told=told)
        for place in {int(np.searchsorted(starts, one, "right")) - 1 for one in (row, other)}:
            found.setdefault(parts[place].number, []).append(problem)
    return {
        part.number: Refused(part, tuple(first_ones(found[part.number])))
        for part in parts
        if part.number in found
    }


def path_of(out: Path, number: int) -> Path:
    return out / f"part-{number:05d}.parquet"


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
    beside = path.with_suffix(f".{os.getpid()}.part")  # a worker that outlives its run may still write here
    try:
        with beside.open("wb") as file:
            table = pa.Table.from_batches([rows.cast(schema)], schema)
            pq.write_table(table, file, compression="zstd", write_statistics=False)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


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
    for part in parts_of(pq.ParquetFile(source), run_of(out)["at_once"]):
        if place < part.rows:
            found: dict[str, Any] = pq.read_table(path_of(out, part.number)).slice(place, 1).to_pylist()[0]
            return found
        place -= part.rows
    raise KeyError(place)
