"""versions.lock: fingerprints of everything published, so that nothing published changes unseen.

A policy, definition, conflict or score is locked as a file; a parameter file row by row, because adding a row
is how a standard is raised. Adding is free; a changed or removed entry is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.language.problems import Problems, Span
from engine.rulebook.drafts import CORRECTED
from engine.rulebook.reading import Report, get, items, mapping
from engine.rulebook.shape import check_shape
from engine.rulebook.source import read_yaml, read_yaml_file
from engine.rulebook.tree import Tree, plain

LOCK = "versions.lock"
HEADER = (
    "# Fingerprints of everything published. Written by `relief lock`; adding is free, changing is refused.\n"
)


def entries(content: Mapping[str, Any]) -> dict[str, str]:
    """What is locked: entry name -> SHA-256 of its canonical content."""
    locked: dict[str, str] = {}
    for path, data in content.items():
        if path.startswith("parameters/"):
            for row in data["values"]:
                locked[f"{path}#{row_name(row)}"] = _digest(row)
        elif "/" in path:
            locked[path] = _digest(data)
    return dict(sorted(locked.items()))


def row_name(row: Mapping[str, Any]) -> str:
    """What tells a parameter's rows apart: from when on, and since when the office could know it."""
    return f"{row['from']}/{row.get('published', row['from'])}"


def content_of(sources: Mapping[str, str]) -> dict[str, Any]:
    """The plain content of a clean rulebook's files (`Rulebook.sources`), as `entries` takes it."""
    trees = {path: read_yaml(path, text)[0] for path, text in sources.items()}
    return {path: plain(tree) for path, tree in trees.items() if tree is not None}


def _digest(data: Any) -> str:
    encoded = msgspec.json.Encoder(order="sorted", decimal_format="string").encode(data)
    return hashlib.sha256(encoded).hexdigest()


def read_lock(directory: Path) -> dict[str, str]:
    """What is locked, as `entries` gives it. Raises `Problems` when the file is not a lock."""
    path = directory / LOCK
    if not path.exists():
        return {}
    text, tree, problems = read_yaml_file(path, LOCK)
    if tree is not None and not problems:
        problems = check_shape(tree, "lock")
    if problems:
        raise Problems(problems, {LOCK: text})
    locked: dict[str, str] = plain(tree) if tree is not None else {}
    return locked


def write_lock(directory: Path, content: Mapping[str, Any]) -> int:
    """Adds what is new to the lock; keeps what is there. Returns how many entries were added."""
    before = read_lock(directory)
    after = {**entries(content), **before}
    (directory / LOCK).write_text(lock_text(after), "utf-8")
    return len(after) - len(before)


def lock_text(locked: Mapping[str, str]) -> str:
    return HEADER + "".join(f"{name}: {digest}\n" for name, digest in sorted(locked.items()))


def _correction(file: str) -> str:
    """How what a published file says is put right. What has a folder has versions in it."""
    if file.count("/") > 1:
        return "a correction is a new file, <from>.r2.yaml"
    if file.startswith(("conflicts/", "watch/")):
        return f"a correction is a new file, {CORRECTED.sub('', Path(file).stem)}.r2.yaml"
    return "what is to be different gets a file and a name of its own"


def check_lock(
    report: Report, locked: Mapping[str, str], trees: Mapping[str, Tree], unread: Collection[str]
) -> None:
    """Every locked entry must still be there, unchanged. `trees` are the files that could be read."""
    if not locked:
        return
    now = entries({path: plain(tree) for path, tree in trees.items()})
    for name, digest in locked.items():
        file, _, row = name.partition("#")
        start, _, known = row.partition("/")
        if now.get(name) == digest:
            continue
        if name in now:
            at = _place(trees[file], row)
            what = f"the row from {start}" if row else "this file"
            mend = "a correction is a new row with its own `published`" if row else _correction(file)
            report.add(
                at,
                "published-changed",
                f"{what} was published and has been changed",
                f"undo the change; {mend}",
            )
        elif row and file in trees:
            at = mapping(trees[file]).keys["values"]
            message = f"the row from {start} (published {known}) was published and is gone"
            report.add(at, "published-removed", message, "put it back; a correction is a row beside it")
        elif file not in unread:
            message = f"{file} was published and is gone"
            hint = "put it back; what ends gets `until`, what is wrong gets a correction beside it"
            report.add(Span(file, 1, 1), "published-removed", message, hint)


def _place(tree: Tree, row: str) -> Span:
    """Where a locked entry stands: the first key of its file, or the day of its row."""
    for one in items(get(tree, "values")) if row else ():
        if row == row_name(plain(one)):
            return mapping(one).keys["from"]
    return next(iter(mapping(tree).keys.values()))
