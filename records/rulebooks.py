"""Rulebooks in the record: the text of every version that a decision was made under, to load it again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from engine.language.problems import Problems
from engine.rulebook import Rulebook, load_rulebook
from records import audit, tables
from records.database import Reading, Writing
from records.refused import Refused

_kept: dict[str, Rulebook] = {}
_MOST_KEPT = 6  # some 100 MB each


def keep(write: Writing, book: Rulebook) -> None:
    """Keeps the files of a rulebook, once."""
    known = select(tables.rulebook.c.fingerprint).where(tables.rulebook.c.fingerprint == book.fingerprint)
    if write.connection.execute(known).first() is not None:
        return
    files = json.dumps(dict(book.sources), ensure_ascii=False, sort_keys=True)
    row = {"fingerprint": book.fingerprint, "files": zlib.compress(files.encode())}
    audit.add_row(write, "keep-rulebook", tables.rulebook, book.fingerprint[:12], row)


def text_of(read: Reading, fingerprint: str) -> Mapping[str, str]:
    """The files of a rulebook by their paths. Raises `Refused`."""
    files = read.connection.execute(
        select(tables.rulebook.c.files).where(tables.rulebook.c.fingerprint == fingerprint)
    ).scalar()
    if files is None:
        raise Refused(
            "no-rulebook",
            f"记录里没有规则库 {fingerprint[:12]} · no rulebook {fingerprint[:12]} in the record",
        )
    found: Mapping[str, str] = json.loads(zlib.decompress(files))
    return found


def load(read: Reading, fingerprint: str) -> Rulebook:
    """The rulebook as it was. Raises `Refused` when its text is no longer what the fingerprint says, or not there."""
    files = text_of(read, fingerprint)
    with TemporaryDirectory(prefix="rulebook-") as place:
        for path, text in files.items():
            target = Path(place, path)
            if not target.resolve().is_relative_to(Path(place).resolve()):
                raise Refused("bad-path", f"规则文件路径越界 · a rule file leaves its directory: {path}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        try:
            book = load_rulebook(Path(place))
        except Problems as problems:
            raise Refused(
                "rulebook-changed",
                f"规则库 {fingerprint[:12]} 的文本已无法读取 · the text of rulebook {fingerprint[:12]} no longer loads: "
                f"{problems.problems[0].message}",
            ) from None
    if book.fingerprint != fingerprint:
        raise Refused(
            "rulebook-changed",
            f"规则库 {fingerprint[:12]} 的文本已被改动 · the text of rulebook {fingerprint[:12]} was changed",
        )
    return book


def kept(read: Reading, fingerprint: str) -> Rulebook:
    """As `load`, and remembered: what a fingerprint stands for does not change. Raises `Refused`."""
    if fingerprint not in _kept:
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[fingerprint] = load(read, fingerprint)
    return _kept[fingerprint]
