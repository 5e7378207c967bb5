"""A batch of households as the column reading takes it: frames, and columns made when they are first asked for.

Numbers outside the range that the dictionary declares, and choices that it does not know, are refused: the proof that
64 bits are enough rests on them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.decision.inputs import area_at
from engine.language.columns import Codes, Column, Frame, Lists, Numbers, Tables, Truths
from engine.language.columns.values import (
    NEVER,
    ZERO,
    Array,
    Mask,
    full,
    is_known,
)
from engine.language.types import Boolean, Date, Enum, Number, Text, to_plain
from engine.population.arrays import (
    booleans,
    days_of,
    entries_of,
    field_of,
    integers,
    known_of,
    same_texts,
    strangers,
    texts,
)
from engine.population.problems import BadTable, TableProblem, bad, first_ones, near
from engine.rulebook.model import FOREVER, Fact, Field, Rulebook

NOBODY = -1  # stands for the household where a row number of a person is expected


class Statuses:
    """What is on record: one row for each status of the batch, and whether it covers the day."""

    def __init__(self, batch: Batch, array: pa.Array | None, on: int, known: int) -> None:
        self.entries = Frame(0, batch.households, np.zeros(batch.households.size + 1, np.int64))
        self.said: Mask = np.zeros(batch.households.size, np.bool_)
        self.policy = self.person = self.start = self.recorded = self.amount = np.zeros(0, np.int64)
        self.covers = self.has_amount = np.zeros(0, np.bool_)
        if array is None:
            return
        self.entries, rows, self.said = entries_of(array, batch.households)
        if not self.entries.size:
            return
        size = self.entries.size
        self.policy = texts(rows.field("policy"), batch.codes)
        batch.only_known(
            "statuses.policy", "unknown-policy", rows.field("policy"), batch.book.policies, self.entries
        )
        self.start = integers(rows.field("from"))
        end, self.recorded = _days(rows, "to", FOREVER, size), _days(rows, "recorded", 0, size)
        self.covers = (self.start <= on) & (on <= end) & (self.recorded <= known)
        amount = field_of(rows, "amount")
        if amount is not None:
            self.amount, self.has_amount = integers(amount), full(is_known(known_of(amount)), size)
        else:
            self.amount, self.has_amount = np.zeros(size, np.int64), np.zeros(size, np.bool_)
        self.person = _holders(batch, field_of(rows, "person_id"), self.entries)


def _days(rows: pa.Array, name: str, otherwise: int, size: int) -> Array:
    array = field_of(rows, name)
    if array is None:
        return np.full(size, otherwise, np.int64)
    return np.where(is_known(known_of(array)), integers(array), otherwise)


def _holders(batch: Batch, array: pa.Array | None, entries: Frame) -> Array:
    """The row of the person who holds each status, `NOBODY` for what the household holds."""
    result = np.full(entries.size, NOBODY, np.int64)
    if array is None:
        return result
    rows = np.flatnonzero(full(is_known(known_of(array)), entries.size))
    own, wanted = same_texts(batch.person_ids(), array)
    width = len(own) + len(wanted)
    keys, asked = batch.people.of * width + own, entries.of[rows] * width + wanted[rows]
    order = np.argsort(keys, kind="stable")
    found = order.take(np.minimum(np.searchsorted(keys[order], asked), len(order) - 1))
    wrong = keys.take(found) != asked
    if wrong.any():
        row = int(entries.of[rows[wrong][0]])
        raise bad("status-of-nobody", "statuses.person_id", row, batch.id_of(row))
    result[rows] = found
    return result


class Batch:
    """One Arrow batch, opened for one legal date and one day of knowledge."""

    def __init__(self, book: Rulebook, codes: Codes, rows: pa.RecordBatch, on: int, known: int) -> None:
        self.book, self.codes, self.rows = book, codes, rows
        self.households = Frame(rows.num_rows)
        listed = rows.column("people")
        self.people, self._people, said = entries_of(listed, self.households)
        if said is not None or not (self.people.sizes > 0).all():
            nobody = ~(full(is_known(said), rows.num_rows) & (self.people.sizes > 0))
            raise self._wrong("nobody-listed", "people", nobody, self.households)
        many = self.people.sizes > book.people_at_most
        if many.any():
            raise self._wrong(
                "too-many-people",
                "people",
                many,
                self.households,
                lambda row: {"most": str(book.people_at_most)},
            )
        self._made: dict[str, Column] = {}
        self._rank: Array | None = None
        self._entries: dict[str, tuple[Frame, pa.Array]] = {}
        area = rows.column("area")
        if area.null_count:
            raise self._wrong("no-area", "area", ~full(is_known(known_of(area)), len(area)), self.households)
        self.only_known("area", "unknown-area", area, book.areas, self.households)
        self.areas, self.area_of = _distinct(area)
        place = rows.schema.get_field_index("statuses")
        self.statuses = Statuses(self, None if place < 0 else rows.column(place), on, known)

    def id_of(self, row: int) -> str:
        return str(self.rows.column("household_id")[row].as_py())

    def person_ids(self) -> pa.Array:
        return self._people.field("person_id")

    def id_rank(self) -> Array:
        """Numbers that order the people of each household as their ids do."""
        if self._rank is None:
            ids = self.person_ids().cast(pa.string())
            after = pc.greater(ids.slice(1), ids.slice(0, max(len(ids) - 1, 0))).to_numpy(
                zero_copy_only=False
            )
            in_order = (after | (np.diff(self.people.of) > 0)).all()
            self._rank = self.people.rows if in_order else pc.rank(ids, tiebreaker="dense").to_numpy()
        return self._rank

    def tables(self) -> Tables:
        return Tables(self.households, self.people, self.own, self.person, self.item, self.entries)

    # --- columns ----------------------------------------------------------------------------------------

    def own(self, name: str) -> Column:
        if name not in self._made:
            self._made[name] = self._own(name)
        return self._made[name]

    def _own(self, name: str) -> Column:
        if name.endswith(".held"):
            return self._held(name.rpartition(".")[0], self.households)
        if name in self.book.levels:
            return self._level(name)
        place = self.rows.schema.get_field_index(name)
        return self._fact(
            self.book.facts[name], None if place < 0 else self.rows.column(place), self.households
        )

    def person(self, name: str) -> Column:
        key = f"people/{name}"
        if key not in self._made:
            self._made[key] = self._person(name)
        return self._made[key]

    def _person(self, name: str) -> Column:
        if name.endswith(".held"):
            return self._held(name.rpartition(".")[0], self.people)
        array = field_of(self._people, name)
        if name == "person_id":
            if array is None or array.null_count:
                unnamed = np.ones(self.people.size, np.bool_)
                if array is not None:
                    unnamed = ~full(is_known(known_of(array)), self.people.size)
                raise self._wrong("no-person-id", "people.person_id", unnamed, self.people)
            return Numbers(texts(array, self.codes))
        return self._fact(self.book.facts[name], array, self.people)

    def _fact(self, fact: Fact, array: pa.Array | None, frame: Frame) -> Column:
        if not fact.items:
            return self._column(fact.name, fact.value, array, frame)
        if array is None:
            array = pa.nulls(frame.size)
        entries, rows, known = entries_of(array, frame)
        many = entries.sizes > fact.at_most
        if many.any():
            raise self._wrong(
                "too-many-entries",
                self._place(fact.name),
                many,
                frame,
                lambda row: {"most": str(fact.at_most)},
            )
        self._entries[fact.name] = entries, rows
        return Lists(entries, Numbers(entries.rows), None, None, known)

    def entries(self, name: str) -> Frame:
        """The frame of all entries of a list."""
        if name not in self._entries:
            (self.person if self.book.facts[name].of == "person" else self.own)(name)
        return self._entries[name][0]

    def item(self, name: str, field: str) -> Column:
        key = f"{name}.{field}"
        if key not in self._made:
            frame = self.entries(name)
            of = next(one for one in self.book.facts[name].items if one.name == field)
            self._made[key] = self._column(key, of, field_of(self._entries[name][1], field), frame)
        return self._made[key]

    def _column(self, place: str, of: Field, array: pa.Array | None, frame: Frame) -> Column:
        if array is None or pa.types.is_null(array.type):
            return Truths(NEVER, NEVER) if isinstance(of.type, Boolean) else Numbers(ZERO, NEVER)
        if isinstance(of.type, Boolean):
            return booleans(array)
        known = known_of(array)
        if isinstance(of.type, Enum | Text):
            if isinstance(of.type, Enum):
                self.only_known(self._place(place), "unknown-choice", array, of.type.values, frame)
            return Numbers(texts(array, self.codes), known)
        try:
            values = integers(array)
        except OverflowError:
            raise bad("too-large", self._place(place)) from None
        if isinstance(of.type, Date):
            return Numbers(values, known, days_of(array))
        if isinstance(of.type, Number):
            self._check_range(place, of.type, values, known, frame)
        return Numbers(values, known)

    def _check_range(self, place: str, of: Number, values: Array, known: Mask, frame: Frame) -> None:
        if not len(values) or (values.min() >= of.lo and values.max() <= of.hi):
            return
        wrong = ((values < of.lo) | (values > of.hi)) & is_known(known)
        if wrong.any():
            limits = {"least": str(to_plain(of.lo, of)), "most": str(to_plain(of.hi, of))}
            raise self._wrong(
                "out-of-range",
                self._place(place),
                wrong,
                frame,
                lambda row: {"value": str(to_plain(int(values[row]), of)), **limits},
            )

    # --- what is wrong ----------------------------------------------------------------------------------

    def only_known(
        self, place: str, code: str, array: pa.Array, known: Collection[str], frame: Frame
    ) -> None:
        """Refuses texts that are none of those known, each with its row."""
        unknown = strangers(array, known)
        if unknown:
            given = array.cast(pa.string())
            wrong = pc.is_in(given, pa.array(unknown, pa.string())).to_numpy(zero_copy_only=False)
            likely = {value: {"value": value, "near": near(value, known)} for value in unknown}
            raise self._wrong(code, place, wrong, frame, lambda row: likely[given[row].as_py()])

    def _wrong(
        self,
        code: str,
        place: str,
        wrong: Array,
        frame: Frame,
        told: Callable[[int], Mapping[str, str]] = lambda row: {},
    ) -> BadTable:
        """A problem for each row that is wrong, with the household that it stands in."""
        rows = np.flatnonzero(wrong)
        households = rows if frame is self.households else frame.above(self.households)[rows]
        return BadTable(
            first_ones(
                TableProblem(code, place, household, self.id_of(household), told(row))
                for row, household in zip(rows.tolist(), households.tolist(), strict=True)
            )
        )

    def _place(self, name: str) -> str:
        """The column as the table calls it."""
        fact = self.book.facts.get(name.split(".")[0])
        return f"people.{name}" if fact is not None and fact.of == "person" else name

    # --- what is not in the table as it stands ----------------------------------------------------------

    def _held(self, policy: str, frame: Frame) -> Truths:
        statuses = self.statuses
        mine = statuses.covers & (statuses.policy == self.codes.of(policy))
        yes = np.zeros(frame.size, np.bool_)
        if frame is self.people:
            yes[statuses.person[mine & (statuses.person != NOBODY)]] = True
        else:
            yes[statuses.entries.of[mine & (statuses.person == NOBODY)]] = True
        said = statuses.said
        if said is None:
            return Truths(yes)
        said = said if frame is self.households else said.take(self.people.of)
        return Truths(yes, np.greater(said, yes))

    def _level(self, level: str) -> Numbers:
        found = [area_at(self.book, area, level) for area in self.areas]
        value = np.array(self.codes.many(found), np.int64).take(self.area_of)
        known = np.array([one is not None for one in found], np.bool_)
        return Numbers(value, None if known.all() else known.take(self.area_of))


def _distinct(array: pa.Array) -> tuple[list[str], Array]:
    """The different texts of an array, and the place of each row's among them."""
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    used = np.flatnonzero(np.bincount(coded.indices.to_numpy(), minlength=len(coded.dictionary)))
    place = np.zeros(len(coded.dictionary), np.int64)
    place[used] = np.arange(len(used))
    names: Sequence[Any] = coded.dictionary.take(pa.array(used)).to_pylist()
    return list(names), place.take(coded.indices.to_numpy())
