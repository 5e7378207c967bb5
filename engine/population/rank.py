"""The list of a county from the hardest life up: who has no aid yet comes first, town by town."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engine.language.columns.values import Array, full, is_known
from engine.language.dates import to_date
from engine.population.arrays import integers, known_of
from engine.population.pairs import Pair, Run, pairs
from engine.population.problems import bad

NOT_AIDED, NOT_SAID, AIDED = "not-aided", "not-known", "aided"
GROUPS = (NOT_AIDED, NOT_SAID, AIDED)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one batch gives: columns by name, and what it is sorted by."""

    columns: dict[str, pa.Array]
    group: Array
    worst: Array
    best: Array
    first: Array
    waiting: Array


def rank(run: Run, *, whole: bool = False) -> pa.Table:
    """Every household with its place in its town (`whole`: in all of the data).

    Not aided before not known before aided; then the lowest score at worst; of the same score the lower first term,
    then who has waited longer for an answer, then the lower score at best, then the id.
    """
    pieces = [_piece(pair) for pair in pairs(run, (), "score", "due")]
    columns = {
        name: pa.chunked_array([piece.columns[name] for piece in pieces]).combine_chunks()
        for name in pieces[0].columns
    }
    area = columns["area"].cast(pa.string()).dictionary_encode()
    town = np.zeros(len(area), np.int64) if whole else _order_of(area, [*run.book.areas])
    group, worst, best, first, waiting = (
        np.concatenate([getattr(piece, name) for piece in pieces])
        for name in ("group", "worst", "best", "first", "waiting")
    )
    ids = columns["household_id"].to_numpy(zero_copy_only=False).astype(str)
    order = np.lexsort((ids, best, -waiting, first, worst, group, town))
    starts = np.append(True, town[order][1:] != town[order][:-1])
    begin = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    place = pa.array(np.arange(len(order)) - begin + 1)
    table = pa.table(columns).take(pa.array(order))
    return table.add_column(0, "place", place)


def _order_of(area: pa.Array, areas: list[str]) -> Array:
    """Areas in the order in which the rulebook names them."""
    places = np.array([areas.index(one) for one in area.dictionary.to_pylist()])
    return places[area.indices.to_numpy()]


def _piece(pair: Pair) -> _Piece:
    batch, size = pair.batch, pair.batch.households.size
    score = pair.own("score")
    if score.null_count:
        raise bad("no-scoring", "score")
    worst, best, first = (integers(score.field(name)) for name in ("worst", "best", "first"))
    statuses = batch.statuses
    aided = np.zeros(size, np.bool_)
    aided[statuses.entries.of[statuses.covers]] = True
    said = full(is_known(statuses.said), size)
    group = np.where(aided, 2, np.where(said, 0, 1)).astype(np.int8)
    waiting, applied = _waiting(pair)
    due = pair.own("due")
    columns = {
        "area": batch.rows.column("area").cast(pa.string()),
        "household_id": pair.own("household_id").cast(pa.string()),
        "people": pa.array(batch.people.sizes),
        "aid": pa.DictionaryArray.from_arrays(pa.array(group), pa.array(GROUPS)).cast(pa.string()),
        "score_worst": score.field("worst"),
        "score_best": score.field("best"),
        "first_term": score.field("first"),
        "waiting_days": pa.array(waiting, mask=~applied),
        "due_month_min": due.field("month_min"),
        "due_month_max": due.field("month_max"),
    }
    return _Piece(columns, group, worst, best, first, np.where(applied, waiting, -1))


def _waiting(pair: Pair) -> tuple[Array, Array]:
    """Days since the application, and who has applied."""
    batch, size = pair.batch, pair.batch.households.size
    place = batch.rows.schema.get_field_index("application_date")
    if place < 0:
        return np.zeros(size, np.int64), np.zeros(size, np.bool_)
    array = batch.rows.column(place)
    days = array.cast(pa.date32()).view(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False)
    today = (to_date(pair.run.on) - to_date(19700101)).days
    applied = full(is_known(known_of(array)), size) & (days <= today)
    return np.where(applied, today - days, 0).astype(np.int64), applied
