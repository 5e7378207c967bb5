"""parameters/AREA/NAME.yaml: dated values with declared gaps, tables, and which row serves on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from typing import Any

from engine.language.runtime import LARGEST_SIZE
from engine.language.dates import from_date, to_date
from engine.language.problems import Span, nearest
from engine.language.types import (
    BOOLEAN,
    DATE,
    NO_UNIT,
    TEXT,
    Enum,
    List,
    Number,
    Type,
    Unit,
)
from engine.rulebook.dictionary import Types
from engine.rulebook.model import FOREVER, Area, Fact, Label, Parameter, Row
from engine.rulebook.reading import Report, day, get, items, mapping, number, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree

Cells = list[int]


class ParameterReader:
    """Reads every file of parameters; the same name in several areas becomes one parameter."""

    def __init__(self, report: Report, types: Types, facts: Mapping[str, Fact], areas: Mapping[str, Area]) -> None:
        self.report, self.types, self.facts, self.areas = report, types, facts, areas
        self.series: dict[str, dict[str, tuple[Row, ...]]] = {}
        self.heads: dict[str, tuple[str, str, int, tuple[str, ...]]] = {}
        self.labels: dict[str, Label] = {}
        self.places: dict[str, Span] = {}
        self.numbers: dict[str, Cells] = {}
        self.units: dict[str, Unit] = {}
        self.enums: dict[str, tuple[str, ...]] = {}

    def read(self, area: str, name: str, tree: Tree) -> None:
        root = mapping(tree)
        at = root.keys["parameter"]
        written = text(root.entries["parameter"])
        if written != name:
            self.report.add(scalar(root.entries["parameter"]).at, "name-and-place", f"the file is called {name}.yaml, and it speaks of `{written}`")
        if area not in self.areas:
            hint = nearest(area, self.areas) or "declare it in areas.yaml"
            self.report.add(at, "unknown-name", f"the folder `{area}` is not an area", hint)
        self.report.name(at, name)
        kind = text(get(tree, "type"))
        by = tuple(text(key) for key in items(get(tree, "by")))
        decimals = self.types.decimals(kind, get(tree, "decimals"))
        unit = self.types.unit(get(tree, "unit"), self.types.currency if kind == "money" else "1")
        head = (kind, str(unit), decimals, by)
        if self.heads.setdefault(name, head) != head:
            self.report.add(
                at,
                "parameter-differs",
                f"`{name}` has another type, unit, decimals or `by` in another area",
                "the same parameter is the same thing everywhere",
            )
        self.places.setdefault(name, at)
        self.units[name] = unit
        label = get(tree, "label")
        if label is not None:
            self.labels[name] = self.report.label(label)
        if not self._keys_known(tree, by):
            return
        rows = [(self._row(name, kind, decimals, by, row), row) for row in items(root.entries["values"])]
        rows.sort(key=lambda pair: (pair[0].start, pair[0].published))
        self._check_rows(rows)
        self.series.setdefault(name, {})[area] = tuple(row for row, _ in rows)

    def _keys_known(self, tree: Tree, by: tuple[str, ...]) -> bool:
        fine = True
        for key, written in zip(by, items(get(tree, "by")), strict=True):
            fact = self.facts.get(key)
            if key == "size" and len(by) == 1:
                continue
            if fact is None or not isinstance(fact.value.type, Enum):
                choices = [n for n, f in self.facts.items() if isinstance(f.value.type, Enum)]
                self.report.add(
                    scalar(written).at, "unknown-name", f"`{key}` is not a fact with choices", nearest(key, choices)
                )
                fine = False
        return fine

    # --- rows -------------------------------------------------------------------------------------------

    def _row(self, name: str, kind: str, decimals: int, by: tuple[str, ...], tree: Tree) -> Row:
        start = day(get(tree, "from"), 0)
        published = day(get(tree, "published"), start)
        if text(get(tree, "takes_effect")) == "containing_month":
            start = start // 100 * 100 + 1
        until = day(get(tree, "until"), FOREVER)
        if until < start:
            self.report.add(scalar(mapping(tree).entries["until"]).at, "empty-range", "this row ends before it begins")
        gap = get(tree, "gap")
        if gap is not None:
            return Row(start, until, published, None, text(gap) or "no value")
        assumed = get(tree, "assumed")
        value = self._value(name, kind, decimals, by, tree)
        return Row(
            start,
            until,
            published,
            value,
            cite=self.report.cite(get(tree, "cite")),
            assumed=assumed is not None and scalar(assumed).value is True,
        )

    def _value(self, name: str, kind: str, decimals: int, by: tuple[str, ...], tree: Tree) -> Any:
        written = mapping(tree).entries["value"]
        if kind == "brackets":
            return tuple(
                (
                    self.types.scaled(get(row, "above"), self.types.currency_decimals),
                    self._integer(name, get(row, "rate"), decimals),
                )
                for row in items(written)
            )
        if by == ("size",):
            return self._size_table(name, decimals, written, get(tree, "beyond"))
        if by:
            cells: dict[Any, Any] = {}
            for key in product(*(self._choices(key) for key in by)):
                cell = self._cell_at(written, key)
                value = None if cell is None else self._cell(name, kind, decimals, cell)
                if value is not None:
                    cells[key[0] if len(key) == 1 else key] = value
            self._no_other_keys(written, by)
            return cells
        return self._cell(name, kind, decimals, written)

    def _choices(self, key: str) -> tuple[str, ...]:
        of = self.facts[key].value.type
        assert isinstance(of, Enum)
        return of.values

    def _cell_at(self, tree: Tree, path: tuple[str, ...]) -> Tree | None:
        current: Tree = tree
        for key in path:
            if get(current, "gap") is not None:
                return None
            found = get(current, key)
            if found is None:
                hint = "write a value, or `gap:` and why there is none"
                self.report.add(current.at, "missing-cell", f"the table has no cell for `{key}`", hint)
                return None
            current = found
        return None if get(current, "gap") is not None else current

    def _no_other_keys(self, tree: Tree, by: tuple[str, ...]) -> None:
        if not by or not isinstance(tree, YamlMapping) or get(tree, "gap") is not None:
            return
        known = self._choices(by[0])
        for key, inner in tree.entries.items():
            if key not in known:
                self.report.add(
                    tree.keys[key],
                    "unknown-choice",
                    f"`{key}` is not a value of `{by[0]}`",
                    nearest(key, known) or f"one of {', '.join(known)}",
                )
            else:
                self._no_other_keys(inner, by[1:])

    def _size_table(self, name: str, decimals: int, written: Tree, beyond: Tree | None) -> Any:
        cells = {
            int(key): self._integer(name, cell, decimals) for key, cell in mapping(written).entries.items() if key.isdigit()
        }
        further: Any = None
        if isinstance(beyond, Scalar):
            further = "clamp"
        elif beyond is not None:
            further = self._integer(name, get(beyond, "each"), decimals)
            reach = LARGEST_SIZE * abs(further)
            self.numbers[name] += [max(cells.values()) + reach, min(cells.values()) - reach]
        return cells, further

    def _integer(self, name: str, tree: Tree | None, decimals: int) -> int:
        value = self.types.scaled(tree, decimals)
        self.numbers.setdefault(name, []).append(value)
        return value

    def _cell(self, name: str, kind: str, decimals: int, tree: Tree) -> Any:
        if kind in ("money", "number"):
            if number(tree) is None:
                self.report.add(tree.at, "wrong-type", "a number is needed here")
                return None
            return self._integer(name, tree, decimals)
        if kind in ("enum_list", "text_list"):
            texts = [text(one) for one in items(tree)]
            if kind == "enum_list":
                self.enums[name] = tuple(dict.fromkeys((*self.enums.get(name, ()), *texts)))
            return tuple(texts), ()
        written = scalar(tree)
        if kind == "boolean" and not isinstance(written.value, bool):
            self.report.add(written.at, "wrong-type", "write true or false")
            return None
        if kind == "date":
            return day(written, 0)
        if kind == "enum":
            self.enums[name] = tuple(dict.fromkeys((*self.enums.get(name, ()), written.text)))
            return written.text
        return written.value

    def _check_rows(self, rows: list[tuple[Row, Tree]]) -> None:
        """Rows may not overlap unless the later one was published later; a hole must be declared."""
        covered = 0
        for index, (row, tree) in enumerate(rows):
            for earlier, _ in rows[:index]:
                bounded = earlier.until != FOREVER and earlier.until >= row.start
                same = earlier.start == row.start
                correction = get(tree, "published") is not None and row.published > earlier.published
                if (bounded or same) and not correction:
                    self.report.add(
                        mapping(tree).keys["from"],
                        "overlap",
                        "this row overlaps another that begins on "
                        f"{_iso(earlier.start)}" + (f" and ends on {_iso(earlier.until)}" if bounded else ""),
                        "end the other row the day before, or give `published` if this one corrects it",
                    )
                    break
            if covered and covered != FOREVER and row.start > _next_day(covered):
                self.report.add(
                    mapping(tree).keys["from"],
                    "undeclared-hole",
                    f"there is no row from {_iso(_next_day(covered))} to {_iso(_day_before(row.start))}",
                    f"write the row, or `- {{from: {_iso(_next_day(covered))}, until: "
                    f"{_iso(_day_before(row.start))}, gap: why}}`",
                )
            covered = max(covered, row.until)

    # --- the result -------------------------------------------------------------------------------------

    def parameters(self) -> dict[str, Parameter]:
        made: dict[str, Parameter] = {}
        for name, (kind, _, decimals, by) in self.heads.items():
            if name not in self.labels:
                self.report.add(self.places[name], "missing-key", f"`{name}` has no label", "one area's file gives it")
            table = "size" if by == ("size",) else "brackets" if kind == "brackets" else ""
            of = self._type(name, kind, decimals)
            keys = () if table else by
            made[name] = Parameter(name, self.labels.get(name, {}), of, keys, table, self.series.get(name, {}))
        return made

    def _type(self, name: str, kind: str, decimals: int) -> Type:
        if kind == "boolean":
            return BOOLEAN
        if kind == "date":
            return DATE
        if kind == "text_list":
            return List(TEXT)
        if kind in ("enum", "enum_list"):
            of = self._matching_enum(name)
            return List(of) if kind == "enum_list" else of
        cells = self.numbers.get(name) or [0]
        unit = NO_UNIT if kind == "brackets" else self.units[name]
        return Number(decimals, unit, min(cells), max(cells))

    def _matching_enum(self, name: str) -> Type:
        """The choice of the fact that has all these values; texts when there is none."""
        used = set(self.enums.get(name, ()))
        for fact in self.facts.values():
            for one in (fact.value, *fact.items):
                if isinstance(one.type, Enum) and used <= set(one.type.values):
                    return one.type
        return TEXT


def _next_day(value: int) -> int:
    return from_date(to_date(value) + timedelta(days=1))


def _day_before(value: int) -> int:
    return from_date(to_date(value) - timedelta(days=1))


def _iso(value: int) -> str:
    return to_date(value).isoformat()
