"""The files of a rulebook's directory: what each is by its place, read and held against the shape of its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.language.problems import Problems, Span
from engine.rulebook.lock import read_lock
from engine.rulebook.reading import Report
from engine.rulebook.shape import check_first_line, check_shape
from engine.rulebook.source import Mapping, read_yaml_file

BASE = ("rulebook", "facts", "areas", "sources")
BESIDE = ("letters",)  # of the base files those that a rulebook may do without
FLAT = (
    "conflicts",
    "events",
    "endings",
    "watch",
    "feeds",
    "inspections",
    "calendar",
)  # folders without a folder for each name


@dataclass(slots=True)
class Files:
    """The files of a rulebook by kind: (path, tree) pairs in the order of their paths."""

    trees: dict[str, list[tuple[str, Mapping]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    lock: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)  # files whose YAML or shape is broken

    def of(self, kind: str) -> list[tuple[str, Mapping]]:
        return self.trees.get(kind, [])

    def base(self, kind: str) -> Mapping | None:
        found = self.of(kind)
        return found[0][1] if found else None


def kind_of(path: str) -> str:
    """What a file is, by its place; "" when nothing belongs there."""
    parts = path.split("/")
    if len(parts) == 1 and parts[0].removesuffix(".yaml") in (*BASE, *BESIDE):
        return parts[0].removesuffix(".yaml")
    if parts[0] in ("definitions", "scoring", "procedures") and len(parts) == 3:
        return parts[0].removesuffix("s")
    if parts[0] == "calendar" and len(parts) == 2:
        return parts[0]
    if parts[0] == "parameters" and len(parts) == 3:
        return "parameter"
    if parts[0] in FLAT and len(parts) == 2:
        return parts[0].removesuffix("s")
    return "policy" if len(parts) == 3 and parts[0] not in FLAT else ""


def read_files(directory: Path, report: Report) -> Files:
    """Every rule file; what is wrong with one goes to the report. Raises `Problems` when there is no directory."""
    files = Files()
    if not directory.is_dir():
        report.add(Span(str(directory), 1, 1), "missing-file", f"there is no directory {directory}")
        raise Problems(report.problems)
    try:
        files.lock = read_lock(directory)
    except Problems as broken:
        report.problems += broken.problems
        files.texts |= broken.sources
    for path in sorted(directory.rglob("*.y*ml")):
        if path.suffix not in (".yaml", ".yml") or not path.is_file():
            continue
        shown = path.relative_to(directory).as_posix()
        kind = kind_of(shown)
        if path.suffix == ".yml":
            report.add(Span(shown, 1, 1), "misplaced-file", "a rule file ends in `.yaml`", "rename it")
            kind = ""
        elif not kind:
            hint = "see docs/rulebook.md for where each kind stands"
            report.add(Span(shown, 1, 1), "misplaced-file", "no kind of rule file belongs here", hint)
        files.texts[shown], tree, problems = read_yaml_file(path, shown)
        if kind and tree is not None and not problems:
            problems = check_first_line(shown, files.texts[shown], kind) + check_shape(tree, kind)
        report.problems += problems if kind else []
        if kind and not problems and isinstance(tree, Mapping):
            files.trees.setdefault(kind, []).append((shown, tree))
        else:
            files.unread.add(shown)
    return files
