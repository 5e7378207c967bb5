"""`if` between lists: the entries of both branches side by side, of which each row takes one."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.language.columns.values import (
    ALWAYS,
    NEVER,
    Column,
    Frame,
    Lists,
    Ratios,
    Truths,
    full,
    is_known,
    joined,
    take,
)


def chosen_lists(frame: Frame, condition: Truths, yes: Lists, no: Lists) -> Lists:
    """The list of the branch that a condition chooses; either where it is unknown and both are the same list."""
    takes_no = full(condition.no, frame.size)
    known = (condition.yes & is_known(yes.known)) | (condition.no & is_known(no.known))
    for row in np.flatnonzero(np.logical_not(full(condition.yes | condition.no, frame.size))):
        a, b = _plain(yes, int(row)), _plain(no, int(row))
        if a is not None and a == b:
            known = full(known, frame.size).copy()
            known[row] = True
    starts = np.where(takes_no, no.entries.offsets[:-1] + yes.entries.size, yes.entries.offsets[:-1])
    sizes = np.where(takes_no, no.entries.sizes, yes.entries.sizes)
    begin = np.concatenate(([0], np.cumsum(sizes)))
    entries = Frame(int(begin[-1]), frame, begin)
    rows = entries.rows + np.repeat(starts - begin[:-1], sizes)
    both_sizes = [yes.entries.size, no.entries.size]
    if not yes.entries.size or not no.entries.size:  # one side has no entries, perhaps of no kind
        filled, offset = (yes, 0) if yes.entries.size else (no, yes.entries.size)
        item = take(filled.item, rows - offset)
    else:
        item = take(joined([yes.item, no.item], both_sizes), rows)
    masks = [
        None
        if one is None and other is None
        else np.concatenate(
            [
                full(default if mask is None else mask, size)
                for mask, size in zip((one, other), both_sizes, strict=True)
            ]
        ).take(rows)
        for one, other, default in ((yes.sure, no.sure, ALWAYS), (yes.maybe, no.maybe, NEVER))
    ]
    return Lists(entries, item, masks[0], masks[1], full(known, frame.size))


def _plain(lists: Lists, row: int) -> Any:
    """One list as plain numbers, to be compared; None when it is unknown."""
    if not full(is_known(lists.known), len(lists.entries.offsets) - 1)[row]:
        return None
    rows = np.arange(lists.entries.offsets[row], lists.entries.offsets[row + 1])
    size = lists.entries.size
    sure = full(ALWAYS if lists.sure is None else lists.sure, size)
    maybe = full(NEVER if lists.maybe is None else lists.maybe, size)
    return tuple([_entry(lists.item, int(i), size) for i in rows[mask[rows]]] for mask in (sure, maybe))


def _entry(item: Column, row: int, size: int) -> Any:
    if isinstance(item, Truths):
        return True if full(item.yes, size)[row] else False if full(item.no, size)[row] else None
    assert not isinstance(item, Lists | Ratios)
    return int(full(item.value, size)[row]) if full(is_known(item.known), size)[row] else None
