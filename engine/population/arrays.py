"""Arrow arrays as numpy arrays and back, without passing through Python values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.language.columns.calendar import day_number, from_day_number
from engine.language.columns.values import Array, Codes, Frame, Mask


def known_of(array: pa.Array) -> Mask:
    return None if not array.null_count else array.is_valid().to_numpy(zero_copy_only=False)


def integers(array: pa.Array) -> Array:
    """The numbers inside: integers as they are, decimals times a power of ten, dates as yyyymmdd; any where null."""
    kind = array.type
    if pa.types.is_null(kind):
        return np.zeros(len(array), np.int64)
    buffer = array.buffers()[1]
    if pa.types.is_decimal128(kind):
        words = np.frombuffer(buffer, np.int64, (array.offset + len(array)) * 2)
        low, high = words[array.offset * 2 :: 2], words[array.offset * 2 + 1 :: 2]
        valid = known_of(array)
        wrong = high != low >> 63
        if (wrong if valid is None else wrong & valid).any():
            raise OverflowError("a number does not fit into 64 bits")
        return np.ascontiguousarray(low)
    if pa.types.is_date32(kind):
        days = np.frombuffer(buffer, np.int32, array.offset + len(array))[array.offset :]
        return from_day_number(days)
    found = np.frombuffer(buffer, kind.to_pandas_dtype(), array.offset + len(array))[array.offset :]
    return found.astype(np.int64)


def booleans(array: pa.Array) -> tuple[Array, Array]:
    """Where it is true, and where it is false."""
    if pa.types.is_null(array.type):
        return np.zeros(len(array), np.bool_), np.zeros(len(array), np.bool_)
    yes = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    no = pc.invert(pc.fill_null(array, True)).to_numpy(zero_copy_only=False)
    return yes, no


def texts(array: pa.Array, codes: Codes) -> Array:
    """The code of each text; 0 where null."""
    if pa.types.is_null(array.type) or not len(array):
        return np.zeros(len(array), np.int32)
    coded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    table = np.array([*codes.many(coded.dictionary.to_pylist()), 0], np.int32)
    places = pc.fill_null(coded.indices, len(table) - 1).to_numpy(zero_copy_only=False)
    return table.take(places)


def entries_of(array: pa.Array, parent: Frame) -> tuple[Frame, pa.Array, Mask]:
    """The frame of a list's entries, the entries themselves, and which lists are known."""
    known = known_of(array)
    if pa.types.is_null(array.type):
        return Frame(0, parent, np.zeros(len(array) + 1, np.int64)), pa.array([], pa.struct([])), known
    if known is not None and np.any(
        pc.fill_null(pc.list_value_length(array), 0).to_numpy() != _lengths(array)
    ):
        array = pa.array(array.to_pylist(), array.type)  # some null stands over entries: rebuilt without them
    offsets = np.asarray(array.offsets).astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    return Frame(last - first, parent, offsets - first), array.values.slice(first, last - first), known


def _lengths(array: pa.Array) -> Array:
    return np.diff(np.asarray(array.offsets))


def field_of(array: pa.Array, name: str) -> pa.Array | None:
    """One field of structs; None when they have no such field."""
    if array.type.get_field_index(name) < 0:
        return None
    return pc.struct_field(array, name)


# --- and back -----------------------------------------------------------------------------------------------


def arrow_numbers(values: Array, known: Mask = None) -> pa.Array:
    return pa.array(values, mask=None if known is None else np.logical_not(known))


def arrow_decimals(values: Array, known: Mask, kind: pa.DataType) -> pa.Array:
    words = np.empty((len(values), 2), np.int64)
    words[:, 0] = values
    words[:, 1] = values >> 63
    validity: Any = None
    if known is not None:
        validity = pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(words)])


def arrow_days(values: Array, known: Mask) -> pa.Array:
    days = day_number(values).astype(np.int32)
    return pa.array(days, pa.date32(), mask=None if known is None else np.logical_not(known))


def arrow_names(places: Array, names: list[str], known: Mask = None) -> pa.Array:
    """Texts by their places among a few names."""
    indices = pa.array(
        places.astype(np.int8 if len(names) < 128 else np.int32), mask=None if known is None else ~known
    )
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
