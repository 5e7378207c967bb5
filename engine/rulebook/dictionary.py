"""rulebook.yaml, facts.yaml, areas.yaml and sources.yaml: the words that everything else uses."""

from __future__ import annotations

from decimal import Decimal

from engine.language.problems import nearest
from engine.language.scope import PERSON
from engine.language.types import (
    BOOLEAN,
    DATE,
    INT64_MAX,
    TEXT,
    TIME_UNITS,
    Date,
    Enum,
    List,
    Number,
    Record,
    Type,
    Unit,
    parse_unit,
)
from engine.rulebook.model import Area, Children, Fact, Field, Label, Law
from engine.rulebook.reading import Report, get, items, mapping, number, scalar, text
from engine.rulebook.source import Mapping, Tree


def read_sources(tree: Tree, report: Report) -> dict[str, Law]:
    laws = {}
    for code, entry in mapping(mapping(tree).entries["sources"]).entries.items():
        laws[code] = Law(
            code, text(get(entry, "title")), text(get(entry, "number")), text(get(entry, "seen"))
        )
    return laws


def read_areas(tree: Tree, report: Report) -> tuple[dict[str, Label], dict[str, Area]]:
    root = mapping(tree)
    levels = {name: report.label(label) for name, label in mapping(root.entries["levels"]).entries.items()}
    for name, at in mapping(root.entries["levels"]).keys.items():
        report.name(at, name)
    entries = mapping(root.entries["areas"])
    areas: dict[str, Area] = {}
    for code, entry in entries.entries.items():
        level, parent = text(get(entry, "level")), text(get(entry, "parent"))
        if level not in levels:
            at = scalar(mapping(entry).entries["level"]).at
            hint = nearest(level, levels) or f"one of {', '.join(levels)}"
            report.add(at, "unknown-name", f"`{level}` is not one of the levels", hint)
        if parent and parent not in entries.entries:
            at = scalar(mapping(entry).entries["parent"]).at
            hint = nearest(parent, entries.entries) or "declare it in this file, or take `parent` out"
            report.add(at, "unknown-name", f"there is no area `{parent}`", hint)
        areas[code] = Area(code, level, report.label(get(entry, "label")), parent)
    for code in areas:
        seen, current = {code}, areas[code].parent
        while current in areas and current not in seen:
            seen.add(current)
            current = areas[current].parent
        if current == code:
            report.add(
                entries.keys[code], "cycle", f"the area `{code}` lies inside itself", "correct its parent"
            )
            break
    return levels, areas


class Types:
    """Reads the type of a fact, a field or a parameter."""

    def __init__(self, report: Report, currency: str, decimals: int, units: Mapping | None) -> None:
        self.report = report
        self.currency = currency
        self.currency_decimals = decimals
        self.units = {currency, *(units.entries if units else ()), *TIME_UNITS}
        self.enums: dict[str, tuple[Enum, dict[str, Label]]] = {}

    def unit(self, tree: Tree | None, default: str) -> Unit:
        if tree is None:
            return parse_unit(default)
        written = scalar(tree)
        try:
            unit = parse_unit(written.text)
        except ValueError as error:
            self.report.add(written.at, "unknown-unit", str(error))
            return parse_unit(default)
        for name, _ in unit.dimensions:
            if name not in self.units:
                self.report.add(
                    written.at,
                    "unknown-unit",
                    f"`{name}` is not a unit",
                    nearest(name, self.units) or "declare it under `units` in rulebook.yaml",
                )
        return unit

    def decimals(self, kind: str, tree: Tree | None) -> int:
        if kind == "money":
            return self.currency_decimals
        return int(number(tree) or 0)

    def field(self, name: str, tree: Tree) -> Field:
        kind = text(get(tree, "type"))
        label = self.report.label(get(tree, "label"))
        if kind == "enum":
            of, labels = self.enum(name, tree)
            return Field(name, of, label, labels)
        longest = int(number(get(tree, "max_length")) or 80)
        return Field(name, self.plain(kind, tree), label, {}, longest)

    def plain(self, kind: str, tree: Tree) -> Type:
        if kind == "boolean":
            return BOOLEAN
        if kind == "date":
            return DATE
        if kind == "text":
            return TEXT
        decimals = self.decimals(kind, get(tree, "decimals"))
        unit = self.unit(get(tree, "unit"), self.currency if kind == "money" else "1")
        lo, hi = (self.scaled(get(tree, key), decimals) for key in ("min", "max"))
        if lo > hi:
            at = scalar(mapping(tree).entries["max"]).at
            message = "the largest value is smaller than the smallest"
            self.report.add(at, "empty-range", message, "correct `min` or `max`")
            lo, hi = hi, lo
        return Number(decimals, unit, lo, hi)

    def scaled(self, tree: Tree | None, decimals: int) -> int:
        """A number as an integer with so many decimals; more decimals, or more than 64 bits, are a problem."""
        value = number(tree)
        if value is None or tree is None:
            return 0
        inside = value.scaleb(decimals)
        if inside != inside.to_integral_value():
            message = f"{value} has more than {decimals} decimals"
            self.report.add(
                scalar(tree).at, "too-many-decimals", message, "round it, or declare more decimals"
            )
        if abs(inside) > INT64_MAX:
            self.report.add(
                scalar(tree).at, "overflow", f"{value} is more than 64 bits hold", "take a smaller range"
            )
            return 0
        return int(inside)

    def enum(self, name: str, tree: Tree) -> tuple[Enum, dict[str, Label]]:
        same = get(tree, "same_as")
        if same is not None:
            other = self.enums.get(text(same))
            if other is None:
                hint = nearest(text(same), self.enums) or "name a choice that stands earlier in this file"
                self.report.add(scalar(same).at, "unknown-name", f"there is no choice `{text(same)}`", hint)
                return Enum(name, ()), {}
            return Enum(name, other[0].values), other[1]
        values = get(tree, "values")
        labels = {
            value: self.report.label(label)
            for value, label in (mapping(values).entries if values else {}).items()
        }
        made = Enum(name, tuple(labels)), labels
        self.enums[name] = made
        return made


def read_facts(tree: Tree, report: Report, types: Types, departments: dict[str, Label]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    root = mapping(tree)
    for section in ("facts", "lists"):
        for name, entry in mapping(root.entries[section]).entries.items() if section in root.entries else ():
            at = mapping(root.entries[section]).keys[name]
            report.name(at, name)
            answered_by = text(get(entry, "answered_by"))
            if answered_by not in departments:
                report.add(
                    scalar(mapping(entry).entries["answered_by"]).at,
                    "unknown-name",
                    f"`{answered_by}` is not a department",
                    nearest(answered_by, departments) or "declare it in rulebook.yaml",
                )
            facts[name] = _fact(name, entry, report, types)
    return facts


def _fact(name: str, entry: Tree, report: Report, types: Types) -> Fact:
    fields: tuple[Field, ...] = ()
    at_most = 0
    item = get(entry, "item")
    if item is None:
        with report.declaring(name):
            value = types.field(name, entry)
    else:
        at_most = int(number(get(entry, "at_most")) or Decimal(1))
        made = []
        for field_name, field in mapping(item).entries.items():
            report.name(mapping(item).keys[field_name], field_name)
            with report.declaring(f"{name}.{field_name}"):
                made.append(types.field(f"{name}.{field_name}", field))
        fields = tuple(Field(f.name.split(".")[1], f.type, f.label, f.choices, f.longest) for f in made)
        value = Field(name, List(Record(name), at_most), report.label(get(entry, "label")))
    fresh = number(get(entry, "fresh_days"))
    changeable = get(entry, "changeable")
    return Fact(
        value,
        text(get(entry, "of")),
        report.label(get(entry, "question")),
        text(get(entry, "answered_by")),
        text(get(entry, "class"), "ordinary"),
        changeable is not None and scalar(changeable).value is True,
        int(fresh) if fresh is not None else None,
        tuple(text(source) for source in items(get(entry, "trust"))),
        fields,
        at_most,
    )


def read_children(report: Report, head: Tree, facts: dict[str, Fact]) -> Children | None:
    """Who is a child, as rulebook.yaml says it; None when it does not."""
    tree = get(head, "children")
    if tree is None:
        return None
    born = text(get(tree, "born"))
    fact = facts.get(born)
    if fact is None or fact.of != PERSON or not isinstance(fact.value.type, Date):
        dates = [one.name for one in facts.values() if one.of == PERSON and isinstance(one.value.type, Date)]
        hint = nearest(born, dates) or "write the fact of a person that is the date of birth"
        at = scalar(mapping(tree).entries["born"]).at
        report.add(at, "unknown-name", f"`{born}` is no date of a person", hint)
    return Children(born, int(number(get(tree, "under")) or 1))
