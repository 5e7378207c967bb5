"""parameters/AREA/NAME.yaml: dated values with declared gaps, tables, and which row serves on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

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
from engine.rulebook.cells import SIZE, Cells
from engine.rulebook.dictionary import Types
from engine.rulebook.model import FOREVER, Area, Fact, Label, Parameter, Row
from engine.rulebook.reading import Report, day, get, items, mapping, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Tree


class ParameterReader:
    """Reads every file of parameters; the same name in several areas becomes one parameter."""

    def __init__(
        self, report: Report, types: Types, facts: Mapping[str, Fact], areas: Mapping[str, Area]
    ) -> None:
        self.report, self.types, self.facts, self.areas = report, types, facts, areas
        self.series: dict[str, dict[str, tuple[Row, ...]]] = {}
        self.heads: dict[str, Head] = {}
        self.labels: dict[str, Label] = {}
        self.numbers: dict[str, list[int]] = {}
        self.texts: dict[str, list[str]] = {}

    def read(self, area: str, name: str, tree: YamlMapping) -> None:
        with self.report.declaring(name):
            self._read(area, name, tree)

    def _read(self, area: str, name: str, tree: YamlMapping) -> None:
        at = tree.keys["parameter"]
        self._check_place(area, name, tree)
        self.report.name(at, name)
        kind = text(get(tree, "type"))
        by = tuple(text(key) for key in items(get(tree, "by")))
        decimals = self.types.decimals(kind, get(tree, "decimals"))
        unit = self.types.unit(get(tree, "unit"), self.types.currency if kind == "money" else "1")
        head = Head(at, kind, unit, decimals, by, text(get(tree, "same_as")))
        first = self.heads.setdefault(name, head)
        if differences := first.differences(head):
            message = f"`{name}` has {differences} in {first.at.file}"
            self.report.add(
                at, "parameter-differs", message, "the same parameter is the same thing in every area"
            )
        label = get(tree, "label")
        if label is not None:
            self.labels[name] = self.report.label(label)
        keys = self._keys(tree, by)
        if keys is None or self.report.mistaken.intersection(by):
            return
        cells = Cells(self.report, self.types, kind, decimals, keys, self._same_as(tree))
        rows = [(self._row(cells, row), row) for row in items(tree.entries["values"])]
        rows.sort(key=lambda pair: (pair[0].start, pair[0].published))
        self._check_rows(rows)
        self.series.setdefault(name, {})[area] = tuple(row for row, _ in rows)
        self.numbers.setdefault(name, []).extend(cells.numbers)
        self.texts.setdefault(name, []).extend(cells.texts)

    def _check_place(self, area: str, name: str, tree: YamlMapping) -> None:
        written = scalar(tree.entries["parameter"])
        if written.text != name:
            message = f"the file is called {name}.yaml, and it speaks of `{written.text}`"
            self.report.add(
                written.at, "name-and-place", message, f"call it {written.text}.yaml, or correct the name"
            )
            self.report.mistaken |= {name, written.text}
        if area not in self.areas:
            hint = nearest(area, self.areas) or "declare it in areas.yaml"
            self.report.add(
                tree.keys["parameter"], "unknown-area", f"the folder `{area}` is not an area", hint
            )

    def _keys(self, tree: Tree, by: tuple[str, ...]) -> dict[str, tuple[str, ...]] | None:
        """The table keys with their choices; None when one is not a fact with choices."""
        if by == SIZE:
            return {"size": ()}
        keys: dict[str, tuple[str, ...]] = {}
        for key, written in zip(by, items(get(tree, "by")), strict=True):
            fact = self.facts.get(key)
            if fact is not None and isinstance(fact.value.type, Enum):
                keys[key] = fact.value.type.values
                continue
            choices = [name for name, one in self.facts.items() if isinstance(one.value.type, Enum)]
            hint = (
                nearest(key, choices) or f"a table is by facts with choices ({', '.join(choices)}) or by size"
            )
            if key == "size":
                hint = "`size` stands alone: by: [size]"
            message = f"`{key}` is not a fact with choices" if fact else f"there is no fact `{key}`"
            self.report.add(scalar(written).at, "unknown-name", message, hint)
        return keys if len(keys) == len(by) else None

    def _same_as(self, tree: Tree) -> Enum | None:
        same = get(tree, "same_as")
        found = self.types.enums.get(text(same))
        if same is not None and found is None:
            hint = nearest(text(same), self.types.enums) or "name a fact with choices, or a field of a list"
            self.report.add(scalar(same).at, "unknown-name", f"there is no choice `{text(same)}`", hint)
        return found[0] if found else None

    # --- rows -------------------------------------------------------------------------------------------

    def _row(self, cells: Cells, tree: Tree) -> Row:
        start = day(get(tree, "from"), 0)
        published = day(get(tree, "published"), start)
        if text(get(tree, "takes_effect")) == "containing_month":
            start = start // 100 * 100 + 1
        until = day(get(tree, "until"), FOREVER)
        if until < start:
            at = scalar(mapping(tree).entries["until"]).at
            self.report.add(at, "empty-range", "this row ends before it begins", "`until` is its last day")
        gap = get(tree, "gap") or get(tree, "value", "gap")
        if gap is not None:
            return Row(start, until, published, None, text(gap))
        assumed = get(tree, "assumed")
        return Row(
            start,
            until,
            published,
            cells.value(tree),
            cite=self.report.cite(get(tree, "cite")),
            assumed=assumed is not None and scalar(assumed).value is True,
        )

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
        for name, head in self.heads.items():
            if name not in self.labels and name not in self.report.mistaken:
                hint = "write `label:` in this file, or in another area's of the same name"
                self.report.add(head.at, "missing-key", f"`{name}` has no label", hint)
            table = "size" if head.by == SIZE else "brackets" if head.kind == "brackets" else ""
            keys = () if table else head.by
            of = self._type(name, head)
            made[name] = Parameter(
                name, self.labels.get(name, {}), of, keys, table, self.series.get(name, {})
            )
        return made

    def _type(self, name: str, head: Head) -> Type:
        if head.kind == "boolean":
            return BOOLEAN
        if head.kind == "date":
            return DATE
        if head.kind == "text_list":
            return List(TEXT)
        if head.kind in ("enum", "enum_list"):
            of = self._matching_enum(name, head)
            return List(of) if head.kind == "enum_list" else of
        cells = self.numbers.get(name) or [0]
        return Number(
            head.decimals, NO_UNIT if head.kind == "brackets" else head.unit, min(cells), max(cells)
        )

    def _matching_enum(self, name: str, head: Head) -> Type:
        """The choice that `same_as` names, or that of the fact that has all these values; else texts."""
        if head.same_as in self.types.enums:
            return self.types.enums[head.same_as][0]
        used = set(self.texts.get(name, ()))
        for fact in self.facts.values():
            for one in (fact.value, *fact.items):
                if isinstance(one.type, Enum) and used <= set(one.type.values):
                    return one.type
        return TEXT


@dataclass(frozen=True, slots=True)
class Head:
    """What is the same for a parameter in every area, and where it was first written."""

    at: Span
    kind: str
    unit: Unit
    decimals: int
    by: tuple[str, ...]
    same_as: str

    def differences(self, other: Head) -> str:
        """What this one has that the other has not, in words; "" when they agree."""
        words = []
        for key, mine, others in (
            ("type", self.kind, other.kind),
            ("unit", str(self.unit), str(other.unit)),
            ("decimals", str(self.decimals), str(other.decimals)),
            ("by", f"[{', '.join(self.by)}]", f"[{', '.join(other.by)}]"),
            ("same_as", self.same_as, other.same_as),
        ):
            if mine != others:
                words.append(f"`{key}: {mine}`" if mine else f"no `{key}`")
        return " and ".join(words)


def _next_day(value: int) -> int:
    return from_date(to_date(value) + timedelta(days=1))


def _day_before(value: int) -> int:
    return from_date(to_date(value) - timedelta(days=1))


def _iso(value: int) -> str:
    return to_date(value).isoformat()
