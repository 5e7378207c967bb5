"""Tables of households for the benchmarks: so many different ones, repeated under their own ids up to the number asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.one_household.households import random_households
from benchmarks.one_household.pack import ON, PACK
from benchmarks.one_household.rulebook_files import write_rulebook
from engine.language.dates import from_date
from engine.population.documents import table_of
from engine.rulebook import Rulebook, load_rulebook
from tests.support.households import Families, outermost, places, shipped, without

DIFFERENT = 5_000
PACK_DAY = from_date(ON)
COUNTY_DAY = 20260915


def pack_rules(policies: tuple[str, ...] = ()) -> Rulebook:
    """The pack as a rulebook, with these policies only."""
    with TemporaryDirectory() as directory:
        write_rulebook(PACK, Path(directory))
        book = load_rulebook(Path(directory))
    kept = {name: one for name, one in book.policies.items() if not policies or name in policies}
    return replace(book, policies=kept, memo={})


def pack_table(book: Rulebook) -> pa.Table:
    return table_of(book, random_households(DIFFERENT), PACK_DAY, PACK_DAY)


def county_table() -> pa.Table:
    """Households for the county rulebook; of each fifth some facts are not known."""
    random, families = Random(11), Families(shipped())
    documents: list[Any] = []
    for number in range(DIFFERENT):
        document = families.document(random, COUNTY_DAY)
        if number % 5 == 0:
            document = without(document, outermost(p for p in places(document) if random.random() < 0.02))
        documents.append(document)
    return table_of(shipped(), documents, COUNTY_DAY, COUNTY_DAY)


def repeated(table: pa.Table, households: int, take: Callable[[pa.Table], None]) -> None:
    """Hands over parts of a table of so many households, each with an id of its own."""
    done = 0
    while done < households:
        part = table.slice(0, households - done)
        ids = pa.array([f"h{number:07d}" for number in range(done, done + len(part))])
        take(part.set_column(0, table.schema.field(0), ids))
        done += len(part)


def write(table: pa.Table, households: int, path: Path, group: int = 65_536) -> None:
    """As a Parquet file with row groups of that size."""
    with pq.ParquetWriter(path, table.schema, compression="zstd") as file:
        waiting: list[pa.Table] = []

        def take(part: pa.Table) -> None:
            waiting.append(part)
            if sum(map(len, waiting)) >= group:
                file.write_table(pa.concat_tables(waiting).combine_chunks())
                waiting.clear()

        repeated(table, households, take)
        if waiting:
            file.write_table(pa.concat_tables(waiting).combine_chunks())
