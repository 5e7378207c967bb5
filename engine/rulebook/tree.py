"""A YAML file as a tree that knows where everything stands: `Mapping`, `Sequence` and `Scalar`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias, cast

from engine.language.problems import Span
from engine.rulebook.positions import source_places

Value: TypeAlias = "str | bool | int | Decimal | datetime.date"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, and the same as text: what was written, without quotes, indentation and escapes.

    `at` is the first line of it. `broken`: the reader has reported a problem here; the value means nothing.
    """

    value: Value
    text: str
    at: Span
    style: str = ""  # plain, or one of ' " | >
    broken: bool = False
    source: str = field(default="", repr=False, compare=False)  # the whole file
    start: int = field(default=0, repr=False, compare=False)  # where this scalar stands in `source`
    end: int = field(default=0, repr=False, compare=False)

    def span(self, start: int, length: int = 1) -> Span:
        """Where `text[start : start + length]` stands in the file; cut at the end of its first line there.

        The place after the last character is allowed as `start`: something is missing there.
        """
        length = max(length, 1)
        if not self.style and self.source[self.start : self.end] == self.text:
            return Span(self.at.file, self.at.line, self.at.column + start, length)
        places = source_places(self.text, self.source, self.start, self.end, self.style)
        begin, end = places[start][0], places[min(start + length, len(self.text)) - 1][1]
        line_end = self.source.find("\n", begin)
        if line_end >= 0:
            end = min(end, line_end - (self.source[line_end - 1] == "\r"))
        line = self.at.line + self.source.count("\n", self.start, begin)
        column = begin - self.source.rfind("\n", 0, begin)
        return Span(self.at.file, line, column, max(end - begin, 1))


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order written. `keys`: where each key stands. `at`: the first key, or `{`."""

    entries: dict[str, Tree]
    keys: dict[str, Span]
    at: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list. `at` is its first `-`, or its `[`."""

    items: tuple[Tree, ...]
    at: Span


Tree: TypeAlias = "Scalar | Mapping | Sequence"


def plain(tree: Tree) -> Any:
    """The values alone: dict, list, str, bool, int, Decimal, datetime.date."""
    if isinstance(tree, Mapping):
        return {key: plain(value) for key, value in tree.entries.items()}
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    return tree.value


def find(tree: Tree, path: Iterable[str | int]) -> Tree:
    """What stands at a path of keys and indexes."""
    for step in path:
        tree = tree.entries[str(step)] if isinstance(tree, Mapping) else cast(Sequence, tree).items[int(step)]
    return tree


def at(tree: Tree, path: Iterable[str | int]) -> Span:
    """Where the value at a path of keys and indexes stands."""
    return find(tree, path).at


def key_at(tree: Tree, path: Iterable[str | int]) -> Span:
    """Where the key of the value at a path stands; the value itself for an item of a list and for the top."""
    steps = list(path)
    if not steps:
        return tree.at
    holder = find(tree, steps[:-1])
    return holder.keys[str(steps[-1])] if isinstance(holder, Mapping) else at(holder, steps[-1:])
