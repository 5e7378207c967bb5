"""What officers still owe a rulebook: local texts to be found, values assumed, gaps declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Sequence, Tree, read_yaml

LOCAL_TEXT, ASSUMED, GAP = "local-text-needed", "assumed", "gap"


@dataclass(frozen=True, slots=True, order=True)
class OpenPoint:
    """`kind`: local-text-needed, assumed or gap. `what`: ids and keys on the way; a row by its first day."""

    file: str
    line: int
    kind: str
    what: str
    detail: str = ""


def open_points(sources: Mapping[str, str]) -> list[OpenPoint]:
    """Everything still open in the files of a rulebook (`Rulebook.sources`), in the order of the files."""
    found: list[OpenPoint] = []
    for path, text in sources.items():
        tree, _ = read_yaml(path, text)
        if tree is not None:
            found += _below(tree, ())
    return sorted(found)


def _below(tree: Tree, path: tuple[str, ...]) -> Iterator[OpenPoint]:
    if isinstance(tree, Sequence):
        for item in tree.items:
            yield from _below(item, (*path, *_name(item)))
    elif isinstance(tree, YamlMapping):
        yield from _said(tree, path)
        for key, value in tree.entries.items():
            yield from _below(value, (*path, key))


def _name(item: Tree) -> tuple[str, ...]:
    """What an item of a list is called: its id, or the day it counts from."""
    for key in ("id", "from"):
        entry = item.entries.get(key) if isinstance(item, YamlMapping) else None
        if isinstance(entry, Scalar):
            return (entry.text,)
    return ()


def _said(tree: YamlMapping, path: tuple[str, ...]) -> Iterator[OpenPoint]:
    what = "/".join(path)
    for key, kind in (("cite", LOCAL_TEXT), ("assumed", ASSUMED), ("gap", GAP)):
        entry = tree.entries.get(key)
        if not isinstance(entry, Scalar):
            continue
        at = entry.at
        if kind == GAP:
            yield OpenPoint(at.file, at.line, kind, what, entry.text)
        elif entry.value is True if kind == ASSUMED else LOCAL_TEXT in entry.text:
            yield OpenPoint(at.file, at.line, kind, what)
