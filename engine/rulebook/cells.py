"""The value of one row of a parameter: a plain value, a table by choices or by size, or brackets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from engine.language.problems import nearest
from engine.language.runtime import LARGEST_SIZE
from engine.language.types import Enum
from engine.rulebook.dictionary import Types
from engine.rulebook.plain_text import is_whole_number
from engine.rulebook.reading import Report, day, get, items, mapping, number, scalar, text
from engine.rulebook.tree import Mapping as YamlMapping
from engine.rulebook.tree import Scalar, Tree

SIZE = ("size",)  # `by: [size]`


@dataclass(slots=True)
class Cells:
    """Reads the values of one parameter file. `numbers` and `texts` are all that were met, for the type.

    keys: the choices of each table key, in order. same_as: the fact whose choices the values are, if it is named.
    """

    report: Report
    types: Types
    kind: str
    decimals: int
    keys: Mapping[str, tuple[str, ...]]
    same_as: Enum | None
    numbers: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def value(self, row: Tree) -> Any:
        """The value of a row; cells without one are left out."""
        written, beyond = mapping(row).entries["value"], get(row, "beyond")
        if tuple(self.keys) == SIZE:
            return self._by_size(written, beyond)
        if beyond is not None:
            message = "`beyond` goes on past the last row of a table by size, and this is none"
            self.report.add(
                mapping(row).keys["beyond"], "misplaced-key", message, "write `by: [size]`, or take it out"
            )
        if self.kind == "brackets":
            return self._brackets(written)
        if not self.keys:
            return self._one(written)
        cells: dict[Any, Any] = {}
        self._read_table(written, list(self.keys), (), cells)
        return cells

    def _read_table(
        self, tree: Tree, keys: Sequence[str], path: tuple[str, ...], cells: dict[Any, Any]
    ) -> None:
        if get(tree, "gap") is not None:
            return
        if not keys:
            value = self._one(tree)
            if value is not None:
                cells[path[0] if len(path) == 1 else path] = value
            return
        key, choices = keys[0], self.keys[keys[0]]
        if not isinstance(tree, YamlMapping):
            example = ", ".join(f"{choice}: …" for choice in choices)
            self.report.add(
                tree.at, "wrong-type", f"a value for each `{key}` is needed here", f"write {{{example}}}"
            )
            return
        for choice in choices:
            if choice in tree.entries:
                self._read_table(tree.entries[choice], keys[1:], (*path, choice), cells)
            else:
                hint = "write a value, or `{gap: why there is none}`"
                self.report.add(tree.at, "missing-cell", f"the table has no cell for `{choice}`", hint)
        for choice, at in tree.keys.items():
            if choice not in choices:
                hint = nearest(choice, choices) or f"one of {', '.join(choices)}"
                self.report.add(at, "unknown-choice", f"`{choice}` is not a value of `{key}`", hint)

    def _by_size(self, written: Tree, beyond: Tree | None) -> Any:
        if not isinstance(written, YamlMapping):
            self.report.add(
                written.at, "wrong-type", "a value for each size is needed here", "write {1: …, 2: …}"
            )
            return None
        cells: dict[int, int] = {}
        for size, cell in written.entries.items():
            if not is_whole_number(size):
                message = f"`{size}` is not a size"
                self.report.add(
                    written.keys[size], "unknown-choice", message, "a size is a whole number: 1, 2, 3, …"
                )
            elif get(cell, "gap") is None and self._is_number(cell):
                cells[int(size)] = self._integer(cell)
        if not cells:
            return None
        if isinstance(beyond, Scalar) or beyond is None:
            return cells, None if beyond is None else "clamp"
        step = self._integer(get(beyond, "each"))
        reach = LARGEST_SIZE * abs(step)
        self.numbers += [max(cells.values()) + reach, min(cells.values()) - reach]
        return cells, step

    def _brackets(self, written: Tree) -> Any:
        if isinstance(written, YamlMapping):
            message, hint = "a list of brackets is needed here", "write `- {above: 0, rate: 0.10}` for each"
            self.report.add(written.at, "wrong-type", message, hint)
            return None
        above = [self.types.scaled(get(row, "above"), self.types.currency_decimals) for row in items(written)]
        rates = [self._integer(get(row, "rate")) for row in items(written)]
        for (lower, upper), row in zip(pairwise(above), items(written)[1:], strict=True):
            if upper <= lower:
                at = scalar(mapping(row).entries["above"]).at
                self.report.add(
                    at,
                    "brackets-order",
                    "this bracket does not begin above the one before",
                    "let them ascend",
                )
        return tuple(zip(above, rates, strict=True))

    # --- one cell ---------------------------------------------------------------------------------------

    def _one(self, tree: Tree) -> Any:
        if self.kind in ("money", "number"):
            return self._integer(tree) if self._is_number(tree) else None
        if self.kind in ("enum_list", "text_list"):
            if isinstance(tree, YamlMapping):
                self.report.add(tree.at, "wrong-type", "a list is needed here", "write [one, two]")
                return None
            return tuple(self._text(one) for one in items(tree)), ()
        if not isinstance(tree, Scalar):
            self.report.add(
                tree.at,
                "wrong-type",
                "one value is needed here, not a table",
                "for a table give its keys: `by: […]`",
            )
            return None
        if self.kind == "date":
            return day(tree, 0)
        return self._text(tree) if self.kind == "enum" else tree.value

    def _is_number(self, tree: Tree) -> bool:
        if number(tree) is not None:
            return True
        hint = "for a table give its keys: `by: […]`" if isinstance(tree, YamlMapping) else ""
        self.report.add(tree.at, "wrong-type", "a number is needed here", hint)
        return False

    def _integer(self, tree: Tree | None, decimals: int | None = None) -> int:
        value = self.types.scaled(tree, self.decimals if decimals is None else decimals)
        self.numbers.append(value)
        return value

    def _text(self, tree: Tree) -> str:
        written = text(tree)
        self.texts.append(written)
        if self.same_as is not None and written not in self.same_as.values:
            hint = nearest(written, self.same_as.values) or f"one of {', '.join(self.same_as.values)}"
            message = f"`{written}` is not a value of `{self.same_as.name}`"
            self.report.add(tree.at, "unknown-choice", message, hint)
        return written
