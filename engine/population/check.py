"""Everything that is wrong with a batch, not the first thing alone: every column is looked at, also those no rule reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from engine.language.columns import Codes
from engine.population.batch import Batch
from engine.population.kernel import fixed_codes
from engine.population.problems import BadTable, TableProblem
from engine.rulebook.model import Rulebook


def problems_in(book: Rulebook, rows: pa.RecordBatch, on: int, known: int) -> BadTable:
    """All problems of a batch that has some, by its rows."""
    try:
        batch = Batch(book, Codes(fixed_codes(book)), rows, on, known)
    except BadTable as wrong:
        return wrong
    found: list[TableProblem] = []
    for look in _looks(batch):
        try:
            look()
        except BadTable as wrong:
            found += wrong.problems
    return BadTable(sorted(found, key=lambda one: (-1 if one.row is None else one.row, one.column)))


def _looks(batch: Batch) -> Iterator[Callable[[], object]]:
    people = batch.rows.schema.field("people").type.value_type
    given = {field.name for field in people}
    for fact in batch.book.facts.values():
        if fact.name not in (given if fact.of == "person" else batch.rows.schema.names):
            continue
        read = batch.person if fact.of == "person" else batch.own
        yield lambda read=read, name=fact.name: read(name)  # type: ignore[misc]
        for one in fact.items:
            yield lambda name=fact.name, item=one.name: batch.item(name, item)  # type: ignore[misc]
