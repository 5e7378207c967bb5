"""Which rulebook a program starts with when it has a record: the published one, in the text of the record.

The directory is where drafts come from. What was published from it has to be there as it was published; what was added
since waits until it is published too. An empty record is set up with the directory as its first rulebook.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from engine.rulebook import Rulebook, load_rulebook
from records import publishing, rulebooks
from records.database import Database, reading, writing
from records.refused import Refused
from records.rulebook_changes import Drifted, drifted, waiting
from records.rulebook_files import Files, from_directory
from records.rulebooks import Loading

_log = logging.getLogger("relief.rulebook")

SHOWN = 5  # files with their differences; others by name
LINES = 40  # of one file


class Drift(Refused):
    """The directory no longer says what was published from it."""

    def __init__(self, directory: Path, fingerprint: str, files: Sequence[Drifted]) -> None:
        super().__init__("published-changed", _told(directory, fingerprint, files))
        self.files = tuple(files)


def rulebook_in_force(
    database: Database, directory: Path | None, loading: Loading = load_rulebook
) -> Rulebook:
    """The published rulebook of the record.

    directory: where drafts are written; None when this machine has none.
    Raises `Drift`; `Problems` when an empty record would be set up with a rulebook that has some; `Refused` when there is
    neither a published rulebook nor a directory.
    """
    book = _published(database, directory, loading)
    if book is not None:
        return book
    if directory is None:
        raise Refused(
            "no-rulebook",
            "记录里还没有规则库，请用 --policies 指明目录 · the record has no rulebook yet; name a directory with --policies",
        )
    book = loading(directory)
    try:
        with writing(database, publishing.SET_UP) as write:
            publishing.set_up(write, book)
    except IntegrityError:  # another process has set it up meanwhile
        there = _published(database, directory, loading)
        if there is None:
            raise
        return there
    _log.info("the record was set up with rulebook %s from %s", book.fingerprint[:12], directory)
    return book


def _published(database: Database, directory: Path | None, loading: Loading) -> Rulebook | None:
    with reading(database) as read:
        now = publishing.published(read)
        if now is None:
            return None
        if directory is not None:
            _compare(rulebooks.text_of(read, now.fingerprint), directory, now.fingerprint)
        return rulebooks.load(read, now.fingerprint, loading)


def _compare(published: Files, directory: Path, fingerprint: str) -> None:
    here = from_directory(directory).files
    found = drifted(published, here)
    if found:
        raise Drift(directory, fingerprint, found)
    more = waiting(published, here)
    if more:
        _log.warning(
            "%d files in %s are not published and not in force (relief rulebook submit): %s",
            len(more),
            directory,
            ", ".join(more[:SHOWN]),
        )


def _told(directory: Path, fingerprint: str, files: Sequence[Drifted]) -> str:
    said = [
        f"{directory}: 已发布的规则文件被改动，拒绝启动（规则库 {fingerprint[:12]}） · {len(files)} published rule "
        f"files were changed, so this does not start (rulebook {fingerprint[:12]})"
    ]
    for one in files[:SHOWN]:
        place = f"{directory / one.path}:{one.line}" if one.line else f"{directory / one.path}"
        what = "被改动 · was changed" if one.line else "不见了 · is gone"
        said += [f"{place}: {what}", *one.diff[:LINES]]
        if len(one.diff) > LINES:
            said.append(f"… {len(one.diff) - LINES}")
    said += [f"{directory / one.path}" for one in files[SHOWN:]]
    said.append(
        f"      = 请恢复原文（relief rulebook show {fingerprint[:12]} PATH）；更正另写 <from>.r2.yaml 或另加一行，再走提交、"
        f"复核、发布 · put it back (relief rulebook show {fingerprint[:12]} PATH); a correction is a file <from>.r2.yaml "
        f"or a row beside it, which is submitted, checked and published"
    )
    return "\n".join(said)
