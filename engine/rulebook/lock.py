"""versions.lock: fingerprints of everything published, so that nothing published changes unseen.

A policy, definition, conflict or score is locked as a file; a parameter file row by row, because adding a row
is how a standard is raised. Adding is free; a changed or removed entry is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.language.problems import Problem, Problems, Span
from engine.rulebook.reading import Report
from engine.rulebook.shape import check_shape
from engine.rulebook.source import plain, read_yaml, read_yaml_file

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
                published = row.get("published", row["from"])
                locked[f"{path}#{row['from']}/{published}"] = _digest(row)
        elif "/" in path:
            locked[path] = _digest(data)
    return dict(sorted(locked.items()))


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
    text = HEADER + "".join(f"{name}: {digest}\n" for name, digest in sorted(after.items()))
    (directory / LOCK).write_text(text, "utf-8")
    return len(after) - len(before)


def check_lock(report: Report, directory_lock: Mapping[str, str], content: Mapping[str, Any]) -> None:
    """Every locked entry must still be there, unchanged."""
    now = entries(content)
    for name, digest in directory_lock.items():
        file = name.split("#")[0]
        if name not in now:
            if file in content or not any(p.at.file == file for p in report.problems):
                report.problems.append(
                    Problem(
                        Span(file, 1, 1),
                        "published-removed",
                        f"`{name}` was published and is gone",
                        "put it back; what ends gets `until`, and what is wrong gets a correction beside it",
                    )
                )
        elif now[name] != digest:
            report.problems.append(
                Problem(
                    Span(file, 1, 1),
                    "published-changed",
                    f"`{name}` was published and has been changed",
                    "undo the change; a correction is a new file `<from>.r2.yaml`, "
                    "or a new row with its own `published`",
                )
            )
