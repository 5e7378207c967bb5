"""Households beside what a run decided of them, batch by batch: what the lists of a county are made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.language.columns import Codes, Truths
from engine.language.columns.values import Array, full
from engine.language.dates import parse_date
from engine.language.scope import PERSON
from engine.population.batch import NOBODY, Batch
from engine.population.findings import OUTCOMES
from engine.population.kernel import fixed_codes
from engine.population.layout import check_schema
from engine.population.problems import bad
from engine.population.reader import batches_of, parts_of
from engine.population.stream import path_of, run_of
from engine.rulebook.model import Rulebook

_ALWAYS = ("household_id", "area", "application_date", "statuses")


class NoResults(Exception):
    """There are no finished results that answer these households by these rules: says what is different or missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: which households, decided by which rules for which days, and where the results are."""

    book: Rulebook
    source: Path
    out: Path
    on: int
    known: int
    at_once: int


def open_run(book: Rulebook, source: Path, out: Path) -> Run:
    """The run whose results stand in a directory. Raises `NoResults`, or `BadTable` when the households do not fit."""
    try:
        said = run_of(out)
    except (FileNotFoundError, NotADirectoryError):
        raise NoResults("run.json") from None
    with source.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    for key, now in (("households", digest), ("rulebook", book.fingerprint)):
        if said[key] != now:
            raise NoResults(key)
    on, known = parse_date(said["on"]), parse_date(said["known"])
    assert on is not None and known is not None
    file = pq.ParquetFile(source)
    check_schema(book, file.schema_arrow)
    missing = [one for one in parts_of(file, said["at_once"]) if not path_of(out, one.number).exists()]
    if missing:
        raise NoResults(path_of(out, missing[0].number).name)
    return Run(book, source, out, on, known, said["at_once"])


@dataclass(frozen=True, slots=True)
class Found:
    """What a run says of one policy, for the households or the people of a batch."""

    outcome: Array  # places in OUTCOMES
    dropped: Array  # a conflict has put it aside
    in_force: Array
    rows: pa.Array

    def is_(self, *outcomes: str) -> Array:
        return np.isin(self.outcome, [OUTCOMES.index(one) for one in outcomes])

    def column(self, name: str) -> pa.Array:
        return self.rows.field(name)


class Pair:
    """A batch of households with their rows of results."""

    def __init__(self, run: Run, batch: Batch, results: pa.Table) -> None:
        self.run, self.batch = run, batch
        self.results = results
        self._people: pa.Array | None = None
        self._dropped: dict[tuple[str, str], Array] | None = None

    @property
    def people(self) -> pa.Array:
        if self._people is None:
            column = self.results.column("people")
            self._people = pa.concat_arrays([chunk.flatten() for chunk in column.chunks])
        return self._people

    def own(self, name: str) -> pa.Array:
        return _whole(self.results.column(name))

    def of_people(self, policy: str) -> bool:
        return self.run.book.policies[policy].unit == PERSON

    def size_of(self, policy: str) -> int:
        return self.batch.people.size if self.of_people(policy) else self.batch.households.size

    def households_of(self, policy: str, rows: Array) -> Array:
        """The households of subjects."""
        return self.batch.people.of[rows] if self.of_people(policy) else rows

    def found(self, policy: str) -> Found:
        rows = self.people.field(policy) if self.of_people(policy) else self.own(policy)
        unit = PERSON if self.of_people(policy) else "household"
        dropped = self._all_dropped().get((policy, unit))
        size = len(rows)
        return Found(
            outcome_places(rows.field("outcome")),
            np.zeros(size, np.bool_) if dropped is None else dropped,
            rows.field("version").is_valid().to_numpy(zero_copy_only=False),
            rows,
        )

    def held(self, policy: str) -> tuple[Array, Array]:
        """Where it is on record that the subject holds a policy, and where it is on record that it does not."""
        read = self.batch.person if self.of_people(policy) else self.batch.own
        truths = read(f"{policy}.held")
        assert isinstance(truths, Truths)
        size = self.size_of(policy)
        return full(truths.yes, size), full(truths.no, size)

    def conflicts(self) -> tuple[Array, pa.Array]:
        """The household of each conflict, and the conflicts."""
        column = _whole(self.results.column("conflicts"))
        sizes = pc.list_value_length(column).to_numpy(zero_copy_only=False).astype(np.int64)
        return np.repeat(np.arange(len(sizes)), sizes), column.flatten()

    def person_rows(self, households: Array, ids: Sequence[str | None]) -> Array:
        """The rows of people by household and id; `NOBODY` where there is no id."""
        own = self.batch.person_ids().to_pylist()
        offsets = self.batch.people.offsets
        found = np.full(len(households), NOBODY, np.int64)
        for place, (household, wanted) in enumerate(zip(households.tolist(), ids, strict=True)):
            if wanted is not None:
                first, last = int(offsets[household]), int(offsets[household + 1])
                found[place] = first + own[first:last].index(wanted)
        return found

    def _all_dropped(self) -> dict[tuple[str, str], Array]:
        """By policy and unit of its subjects: who lost it to another."""
        if self._dropped is None:
            self._dropped = {}
            household, rows = self.conflicts()
            mine = pc.equal(rows.field("effect").cast(pa.string()), "dropped").to_numpy(zero_copy_only=False)
            chosen = np.flatnonzero(mine)
            policies = rows.field("policy").cast(pa.string()).take(pa.array(chosen)).to_pylist()
            ids = rows.field("person_id").take(pa.array(chosen)).to_pylist()
            people = self.person_rows(household[chosen], ids)
            for policy, where, person in zip(
                policies, household[chosen].tolist(), people.tolist(), strict=True
            ):
                self._drop(policy, where, person)
        return self._dropped

    def _drop(self, policy: str, household: int, person: int) -> None:
        assert self._dropped is not None
        if not self.of_people(policy):
            self._dropped.setdefault((policy, "household"), self._nobody(policy))[household] = True
            return
        mask = self._dropped.setdefault((policy, PERSON), self._nobody(policy))
        if person != NOBODY:
            mask[person] = True
        else:  # a conflict of the household drops it for everyone
            first, last = self.batch.people.offsets[household : household + 2]
            mask[first:last] = True

    def _nobody(self, policy: str) -> Array:
        return np.zeros(self.size_of(policy), np.bool_)


def outcome_places(outcomes: pa.Array) -> Array:
    """Outcomes as places in OUTCOMES."""
    coded = outcomes if pa.types.is_dictionary(outcomes.type) else outcomes.dictionary_encode()
    places = np.array([OUTCOMES.index(one) for one in coded.dictionary.to_pylist()], np.int64)
    return places[coded.indices.to_numpy()]


def pairs(run: Run, policies: Sequence[str], *columns: str) -> Iterator[Pair]:
    """Every batch with its results: of `policies`, and other columns of the results by name."""
    file = pq.ParquetFile(run.source)
    leaves = [file.schema.column(i).path for i in range(len(file.schema))]
    wanted = [leaf for leaf in leaves if leaf.split(".")[0] in _ALWAYS or _is_person_id(leaf)]
    codes = fixed_codes(run.book)
    read = ["household_id", "conflicts", *columns, "people.list.element.person_id"]
    for policy in policies:
        person = run.book.policies[policy].unit == PERSON
        read.append(f"people.list.element.{policy}" if person else policy)
    for part, rows in batches_of(file, list(parts_of(file, run.at_once)), wanted, run.at_once):
        results = pq.ParquetFile(path_of(run.out, part.number)).read(columns=read)
        if (
            results.num_rows != rows.num_rows
            or not pc.all(
                pc.equal(results.column("household_id"), rows.column("household_id").cast(pa.string()))
            ).as_py()
        ):
            raise bad("results-of-others", value=path_of(run.out, part.number).name)
        yield Pair(run, Batch(run.book, Codes(codes), rows, run.on, run.known), results)


def _is_person_id(leaf: str) -> bool:
    path = leaf.split(".")  # people.list.element.<fact>
    return path[0] == "people" and path[3] == "person_id"


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def enrolled_policies(run: Run) -> list[str]:
    """Policies that anybody holds by these data. Raises `BadTable` when nothing is said of what is held."""
    file = pq.ParquetFile(run.source)
    if "statuses" not in file.schema_arrow.names:
        raise bad("missing-column", "statuses")
    held: set[str] = set()
    for group in range(file.num_row_groups):  # Arrow reads no nested batch that reaches over two of them
        for rows in file.iter_batches(row_groups=[group], columns=["statuses.list.element.policy"]):
            held |= set(rows.column(0).flatten().field("policy").unique().to_pylist())
    return [policy for policy in run.book.policies if policy in held]
