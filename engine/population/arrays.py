"""Arrow arrays as numpy arrays and back, without passing through Python values."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.language.columns.calendar import day_number, from_day_number
from engine.language.columns.values import Array, Codes, Frame, Mask, Truths, as_truths, is_known


def known_of(array: pa.Array) -> Mask:
    if not array.null_count:
        return None
    validity = array.buffers()[0]
    return np.zeros(len(array), np.bool_) if validity is None else _bits(validity, array.offset, len(array))


def _bits(buffer: pa.Buffer, offset: int, size: int) -> Array:
    """Arrow's packed bits as truths."""
    first = offset // 8
    packed = np.frombuffer(buffer, np.uint8, (offset + size + 7) // 8 - first, first)
    return np.unpackbits(packed, bitorder="little")[offset % 8 : offset % 8 + size].view(np.bool_)


def integers(array: pa.Array) -> Array:
    """The numbers inside: integers as they are, decimals times a power of ten, dates as yyyymmdd; any where null."""
    kind = array.type
    if pa.types.is_null(kind) or not len(array):
        return np.zeros(len(array), np.int64)
    buffer = array.buffers()[1]
    if pa.types.is_decimal128(kind):
        words = np.frombuffer(buffer, np.int64, (array.offset + len(array)) * 2)[array.offset * 2 :]
        low, high = np.ascontiguousarray(words[0::2]), words[1::2]
        wrong = high != low >> 63
        if wrong.any() and (wrong & is_known(known_of(array))).any():
            raise OverflowError("a number does not fit into 64 bits")
        return low
    if pa.types.is_date32(kind):
        return from_day_number(np.frombuffer(buffer, np.int32, array.offset + len(array))[array.offset :])
    found = np.frombuffer(buffer, kind.to_pandas_dtype(), array.offset + len(array))[array.offset :]
    return found.astype(np.int64, copy=False)


def days_of(array: pa.Array) -> Mask:
    """Dates as days since 1970, as Arrow keeps them; any where null."""
    if not pa.types.is_date32(array.type) or not len(array):
        return None
    return np.frombuffer(array.buffers()[1], np.int32, array.offset + len(array))[array.offset :]


def booleans(array: pa.Array) -> Truths:
    if pa.types.is_null(array.type) or not len(array):
        return Truths(np.zeros(len(array), np.bool_), np.zeros(len(array), np.bool_))
    return as_truths(_bits(array.buffers()[1], array.offset, len(array)), known_of(array))


def texts(array: pa.Array, codes: Codes) -> Array:
    """The code of each text; any where null."""
    if pa.types.is_null(array.type) or not len(array):
        return np.zeros(len(array), np.int32)
    coded = _as_dictionary(array)
    table = np.array(codes.many(coded.dictionary.to_pylist()) or [0], np.int32)
    return table.take(integers(coded.indices), mode="clip")


def strangers(array: pa.Array, allowed: Container[str]) -> list[str]:
    """Texts that are not among those allowed."""
    if pa.types.is_null(array.type):
        return []
    listed = array.dictionary if pa.types.is_dictionary(array.type) else array.unique()
    if all(one is None or one in allowed for one in listed.to_pylist()):
        return []
    return sorted(str(one) for one in array.unique().to_pylist() if one is not None and one not in allowed)


def same_texts(*arrays: pa.Array) -> list[Array]:
    """A number for every text, the same for the same text; any where null."""
    together = _as_dictionary(pa.concat_arrays([one.cast(pa.string()) for one in arrays]))
    ends = np.cumsum([len(one) for one in arrays])
    return np.split(integers(together.indices), ends[:-1])


def _as_dictionary(array: pa.Array) -> pa.DictionaryArray:
    return array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)


def entries_of(array: pa.Array, parent: Frame) -> tuple[Frame, pa.Array, Mask]:
    """The frame of a list's entries, the entries themselves, and which lists are known."""
    known = known_of(array)
    if pa.types.is_null(array.type):
        return Frame(0, parent, np.zeros(len(array) + 1, np.int64)), pa.array([], pa.struct([])), known
    if known is not None and _lengths(array)[np.logical_not(known)].any():
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
    return pc.struct_field(array, name) if array.null_count else array.field(name)


# --- and back -----------------------------------------------------------------------------------------------


def arrow_numbers(values: Array, known: Mask = None) -> pa.Array:
    return pa.array(values, mask=None if known is None else np.logical_not(known))


def arrow_decimals(values: Array, known: Mask, kind: pa.DataType) -> pa.Array:
    words = np.zeros((len(values), 2), np.int64)
    words[:, 0] = values
    if len(values) and values.min() < 0:
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
