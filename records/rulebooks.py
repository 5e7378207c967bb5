"""Rulebooks in the record: their text, to read it and to load it again.

Of every rulebook that was submitted (`records.publishing`) or that a decision was made under.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select

from engine.language.problems import Problems
from engine.rulebook import Rulebook, load_rulebook
from records import audit, tables
from records.database import Reading, Writing
from records.refused import Refused
from records.rulebook_files import Files, written

_kept: dict[str, Rulebook] = {}
_there: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()  # rulebooks that a database keeps already
_MOST_KEPT = 6  # some 100 MB each


def keep(write: Writing, book: Rulebook) -> None:
    """Keeps the files of a rulebook, once."""
    keep_files(write, book.fingerprint, book.sources)


def keep_files(write: Writing, fingerprint: str, files: Files) -> None:
    there = _there.setdefault(write.connection.engine, set())
    if fingerprint in there:
        return
    known = select(tables.rulebook.c.fingerprint).where(tables.rulebook.c.fingerprint == fingerprint)
    if write.connection.execute(known).first() is not None:
        if not any(
            one.action == "keep-rulebook" for one in write.entries
        ):  # another transaction's, so for good
            there.add(fingerprint)
        return
    content = json.dumps(dict(files), ensure_ascii=False, sort_keys=True)
    row = {"fingerprint": fingerprint, "files": zlib.compress(content.encode())}
    audit.add_row(write, "keep-rulebook", tables.rulebook, fingerprint[:12], row)


def text_of(read: Reading, fingerprint: str) -> Files:
    """The files of a rulebook by their paths. Raises `Refused`."""
    files = read.connection.execute(
        select(tables.rulebook.c.files).where(tables.rulebook.c.fingerprint == fingerprint)
    ).scalar()
    if files is None:
        raise Refused(
            "no-rulebook",
            f"记录里没有规则库 {fingerprint[:12]} · no rulebook {fingerprint[:12]} in the record",
        )
    try:
        found: Files = json.loads(zlib.decompress(files))
    except (zlib.error, ValueError):
        raise _changed(fingerprint) from None
    return found


Loading = Callable[[Path], Rulebook]


def load(read: Reading, fingerprint: str, loading: Loading = load_rulebook) -> Rulebook:
    """The rulebook as it was. Raises `Refused` when its text is no longer what the fingerprint says, or not there.

    loading: how a directory is loaded, where something faster is at hand.
    """
    try:
        with written(text_of(read, fingerprint)) as directory:
            book = loading(directory)
    except Problems as problems:
        raise Refused(
            "rulebook-changed",
            f"规则库 {fingerprint[:12]} 的文本已无法读取 · the text of rulebook {fingerprint[:12]} no longer loads: "
            f"{problems.problems[0].message}",
        ) from None
    if book.fingerprint != fingerprint:
        raise _changed(fingerprint)
    return book


def _changed(fingerprint: str) -> Refused:
    return Refused(
        "rulebook-changed",
        f"规则库 {fingerprint[:12]} 的文本已被改动 · the text of rulebook {fingerprint[:12]} was changed",
    )


def kept(read: Reading, fingerprint: str) -> Rulebook:
    """As `load`, and remembered: what a fingerprint stands for does not change. Raises `Refused`."""
    if fingerprint not in _kept:
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[fingerprint] = load(read, fingerprint)
    return _kept[fingerprint]
