"""Columns: a value for every row of a frame, and which of the values are known.

What is not known has some number in its place, which nobody may look at. `known` None says that everything is.
A value that is the same in every row may be a single number instead of an array.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Mask = Array | None


class Frame:
    """Rows that stand side by side: the households, the people, or the entries that a body runs over.

    `offsets`: where the rows of each row of `parent` begin, and where the last end. `of`: the parent's row of each.
    """

    def __init__(self, size: int, parent: Frame | None = None, offsets: Array | None = None) -> None:
        self.size, self.parent = size, parent
        self.offsets = np.array([0, size]) if offsets is None else offsets
        self.rows: Array = np.arange(size)
        self._of: Array | None = None
        self._above: dict[int, Array] = {}

    @property
    def sizes(self) -> Array:
        """How many rows each row of the parent has."""
        return np.diff(self.offsets)

    @property
    def of(self) -> Array:
        if self._of is None:
            self._of = np.repeat(np.arange(len(self.offsets) - 1), self.sizes)
        return self._of

    def above(self, ancestor: Frame) -> Array:
        """The row of an ancestor that each row belongs to."""
        found = self._above.get(id(ancestor))
        if found is None:
            assert self.parent is not None, "not an ancestor"
            found = self.of if self.parent is ancestor else self.parent.above(ancestor).take(self.of)
            self._above[id(ancestor)] = found
        return found

    # --- from the rows of each parent row to one value --------------------------------------------------

    def total(self, values: Array) -> Array:
        """The sum for each row of the parent. Sums that wrap on the way come out right."""
        wide = np.int32 if values.dtype == np.bool_ else np.int64
        if not values.ndim:
            return self.sizes * wide(values)
        running = np.empty(self.size + 1, wide)
        running[0] = 0
        np.cumsum(values, dtype=wide, out=running[1:])
        return np.diff(running.take(self.offsets))

    def any(self, truths: Array) -> Array:
        if not truths.ndim:
            return (self.sizes > 0) & truths
        return self.total(truths) > 0 if truths.any() else np.zeros(len(self.offsets) - 1, np.bool_)

    def extreme(self, values: Array, largest: bool) -> Array:
        """The largest or smallest for each row of the parent, 0 where it has no rows."""
        filled = np.flatnonzero(self.sizes)
        result = np.zeros(len(self.offsets) - 1, np.int64)
        if len(filled):
            pick = np.maximum if largest else np.minimum
            result[filled] = pick.reduceat(full(values, self.size), self.offsets[filled])
        return result


class Truths:
    """`yes` and `no` never hold both; where neither does, the truth is unknown.

    `settled`: nothing is unknown, so `no` is all that is not `yes`, and is made only when somebody asks for it.
    """

    __slots__ = ("_no", "settled", "yes")

    def __init__(self, yes: Array, no: Mask = None, settled: bool = False) -> None:
        self.yes, self._no = yes, no
        self.settled = settled or no is None

    @property
    def no(self) -> Array:
        if self._no is None:
            self._no = np.logical_not(self.yes)
        return self._no

    @property
    def known(self) -> Mask:
        return None if self.settled else self.yes | self.no

    def negated(self) -> Truths:
        return Truths(self.no, self.yes, self.settled)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers inside; also dates, durations, codes of texts and choices, row numbers of people and entries.

    `days`: dates as days since 1970, where the table brought them so.
    """

    value: Array
    known: Mask = None
    days: Mask = None


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    num: Array
    den: Array
    known: Mask = None


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """A list for every row of a frame. `entries` are all that could belong to the lists, `item` what stands there.

    sure: which entries surely belong (None: all). maybe: which a filter could not decide about (None: none).
    """

    entries: Frame
    item: Column
    sure: Mask = None
    maybe: Mask = None
    known: Mask = None


Column = Truths | Numbers | Ratios | Lists

NEVER: Array = np.zeros((), np.bool_)
ALWAYS: Array = np.ones((), np.bool_)
ZERO: Array = np.zeros((), np.int64)


def whole(number: int) -> Array:
    """The same number in every row."""
    return np.asarray(number, np.int64)


class Codes:
    """Texts as numbers: those that the rules name once for all, others as they come in a batch."""

    def __init__(self, fixed: dict[str, int]) -> None:
        self.fixed = fixed
        self.seen: dict[str, int] = {}

    def of(self, text: str) -> int:
        code = self.fixed.get(text)
        return self.seen.setdefault(text, len(self.fixed) + len(self.seen)) if code is None else code

    def many(self, texts: Iterable[str | None]) -> list[int]:
        return [0 if text is None else self.of(text) for text in texts]


def both(*masks: Mask) -> Mask:
    """Known where all of them are."""
    result: Mask = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None or result is mask else result & mask
    return result


def is_known(mask: Mask) -> Array:
    return ALWAYS if mask is None else mask


def full(values: Array, size: int) -> Array:
    """An array of that size, also of what is the same everywhere."""
    found = np.asarray(values)
    return found if found.ndim else np.broadcast_to(found, (size,))


def meet(a: Array, b: Array) -> Array:
    """Where both hold; what is the same in every row costs nothing."""
    if not a.ndim:
        return b if a else NEVER
    if not b.ndim:
        return a if b else NEVER
    return a & b


def all_known(mask: Mask) -> Mask:
    """The same mask, or None when it leaves nothing unknown: what is known everywhere is cheaper from there on."""
    return None if mask is None or mask.all() else mask


def as_truths(result: Array, known: Mask) -> Truths:
    """The outcome of a comparison, where it could be made."""
    result = np.asarray(result)
    if known is None:
        return Truths(result)
    return Truths(result & known, np.greater(known, result))


def take(column: Column, index: Array) -> Column:
    """The column's rows in another order, number or frame; lists get entries of their own."""
    if isinstance(column, Truths):
        yes = _take(column.yes, index)
        return Truths(yes) if column.settled else Truths(yes, _take(column.no, index))
    if isinstance(column, Numbers):
        return Numbers(_take(column.value, index), _take_mask(column.known, index))
    if isinstance(column, Ratios):
        num, den = _take(column.num, index), _take(column.den, index)
        return Ratios(num, den, _take_mask(column.known, index))
    raise TypeError("lists are spread, see `spread`")


def spread(lists: Lists, index: Array, parent: Frame) -> Lists:
    """Lists as the rows of another frame see them; `index` says whose list each of its rows sees."""
    offsets = lists.entries.offsets
    starts, sizes = offsets.take(index), lists.entries.sizes.take(index)
    begin = np.concatenate(([0], np.cumsum(sizes)))
    entries = Frame(int(begin[-1]), parent, begin)
    rows = entries.rows + np.repeat(starts - begin[:-1], sizes)
    return Lists(
        entries,
        take(lists.item, rows),
        _take_mask(lists.sure, rows),
        _take_mask(lists.maybe, rows),
        _take_mask(lists.known, index),
    )


def picked(column: Column, rows: Numbers, size: int, frame: Frame) -> Column:
    """The column at row numbers that may be unknown; `size`: how many rows it has, `frame`: where the numbers stand."""
    if isinstance(column, Lists):
        index = full(rows.value if rows.known is None else np.where(rows.known, rows.value, 0), frame.size)
        if not size:
            empty = Frame(0, frame, np.zeros(frame.size + 1, np.int64))
            return Lists(empty, take(column.item, empty.rows), None, None, full(NEVER, frame.size))
        found = spread(column, index, frame)
        return Lists(found.entries, found.item, found.sure, found.maybe, both(found.known, rows.known))
    if not size:
        return nothing(column)
    if rows.known is None:
        return take(column, rows.value)
    return where_known(take(column, np.where(rows.known, rows.value, 0)), rows.known)


def where_known(column: Column, known: Mask) -> Column:
    """The same, but unknown wherever `known` says so."""
    if known is None:
        return column
    if isinstance(column, Truths):
        return Truths(column.yes & known, column.no & known)
    if isinstance(column, Numbers):
        return Numbers(column.value, both(column.known, known), column.days)
    if isinstance(column, Ratios):
        return Ratios(column.num, column.den, both(column.known, known))
    return Lists(column.entries, column.item, column.sure, column.maybe, both(column.known, known))


def nothing(like: Column | None = None) -> Column:
    """Unknown in every row."""
    if isinstance(like, Truths):
        return Truths(NEVER, NEVER)
    return Numbers(ZERO, NEVER)


def joined(columns: Sequence[Column], sizes: Sequence[int]) -> Column:
    """Columns of several frames one after the other."""
    if any(isinstance(one, Truths) for one in columns):
        truths = [one if isinstance(one, Truths) else Truths(NEVER, NEVER) for one in columns]
        yes = np.concatenate([full(one.yes, size) for one, size in zip(truths, sizes, strict=True)])
        if all(one.settled for one in truths):
            return Truths(yes)
        return Truths(
            yes, np.concatenate([full(one.no, size) for one, size in zip(truths, sizes, strict=True)])
        )
    numbers = [one for one in columns if isinstance(one, Numbers)]
    assert len(numbers) == len(columns)
    value = np.concatenate([full(one.value, size) for one, size in zip(numbers, sizes, strict=True)])
    if all(one.known is None for one in numbers):
        return Numbers(value)
    known = [full(is_known(one.known), size) for one, size in zip(numbers, sizes, strict=True)]
    return Numbers(value, np.concatenate(known))


def _take(values: Array, index: Array) -> Array:
    return values.take(index) if np.ndim(values) else values


def _take_mask(mask: Mask, index: Array) -> Mask:
    return None if mask is None else _take(mask, index)
