"""Every mutant of a rulebook: one small change each, with a key that stays the same while the file stays.

A mutant is listed without being built; `proving.mutated` makes the changed rules when it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from engine.language.problems import Span
from engine.language.syntax import Syntax
from engine.language.types import Enum
from engine.rulebook.drafts import Draft, draft
from engine.rulebook.files import kind_of
from engine.rulebook.model import Rulebook
from engine.rulebook.reading import Report, get, items, text
from engine.rulebook.source import Mapping, Scalar, Tree, read_yaml
from proving.changes import changes, dates_beside, next_choices, numbers_beside

RULES = ("definition", "policy", "conflict", "scoring")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `what` it is of: a policy, definition, conflict, scoring or parameter, called `name`.

    kind: number, date, choice, constant, operator, range, rounding, dropped or negated. clause: the id of the clause
    that is dropped or negated. at: the identity of the scalar in the file's tree that changes, and what it becomes: a
    syntax tree in a rule, a value in a parameter.
    """

    key: str
    what: str
    name: str
    kind: str
    span: Span
    before: str
    after: str
    at: int
    new: Syntax | Scalar | None = None
    clause: str = ""


class Files:
    """The rule files of a rulebook as drafts and the parameters as trees, read again from their text."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.drafts: dict[str, Draft] = {}
        self.parameters: dict[str, Mapping] = {}
        report = Report()
        for file, written in book.sources.items():
            kind = kind_of(file)
            tree, _ = read_yaml(file, written)
            assert isinstance(tree, Mapping)
            if kind in RULES:
                self.drafts[file] = draft(kind, file, tree, report)
            elif kind == "parameter":
                self.parameters[file] = tree
        types = (field.type for fact in book.facts.values() for field in (fact.value, *fact.items))
        self.choices = tuple({one.values: None for one in types if isinstance(one, Enum)})

    def versions(self, kind: str, name: str) -> list[Draft]:
        """The drafts of one definition or policy, in the order of their versions."""
        found = [one for one in self.drafts.values() if (one.kind, one.name) == (kind, name)]
        return sorted(found, key=lambda one: (one.dated.start, one.dated.published))


def mutants(files: Files) -> tuple[Mutant, ...]:
    """Every mutant of every file, in the order of files and lines, each with a key of its own."""
    found = [one for each in files.drafts.values() for one in _of_rules(files, each)]
    for file, tree in files.parameters.items():
        found += _of_parameter(files, file, tree)
    found.sort(key=lambda one: (one.span.file, one.span.line, one.span.column))
    counts: dict[str, int] = {}
    numbered = []
    for one in found:
        counts[one.key] = counts.get(one.key, 0) + 1
        number = counts[one.key]
        numbered.append(one if number == 1 else replace(one, key=f"{one.key} #{number}"))
    return tuple(numbered)


# --- rules ----------------------------------------------------------------------------------------------


def _of_rules(files: Files, one: Draft) -> Iterator[Mutant]:
    for place, written, is_clause in expressions(one.tree, ""):
        source, syntax = one.parsed[id(written)]
        head = f"{one.dated.file} {place}"
        for change in changes(syntax, files.choices):
            start = (
                change.start + len(source.text[change.start :]) - len(source.text[change.start :].lstrip())
            )
            span = source.span(start, change.end)
            key = f"{head}: {change.before} -> {change.after}"
            yield Mutant(
                key,
                one.kind,
                one.name,
                change.kind,
                span,
                change.before,
                change.after,
                id(written),
                change.syntax,
            )
        if is_clause and one.kind in ("policy", "definition"):
            span = source.span(0, len(source.text))
            shown = " ".join(source.text.split())
            for kind in ("dropped", "negated"):
                yield Mutant(
                    f"{head}: {kind}", one.kind, one.name, kind, span, shown, kind, id(written), syntax, place
                )


EXPRESSIONS = ("when", "value", "min", "max", "limit")


def expressions(tree: Tree, place: str) -> Iterator[tuple[str, Scalar, bool]]:
    """Every expression of a file with its place (the ids around it) and whether it is a clause."""
    if not isinstance(tree, Mapping):
        for item in items(tree):
            yield from expressions(item, place)
        return
    named = get(tree, "id")
    here = text(named) if named is not None else place
    for key, value in tree.entries.items():
        if key in EXPRESSIONS and isinstance(value, Scalar):
            whole = key == "when" and named is not None
            beside = key in ("min", "max", "limit") or (key == "value" and "when" in tree.entries)
            yield (f"{here} {key}".strip() if beside or not here else here), value, whole
        elif key not in ("procedure", "opens", "pays"):
            yield from expressions(value, here)


# --- parameters -----------------------------------------------------------------------------------------


def _of_parameter(files: Files, file: str, tree: Mapping) -> Iterator[Mutant]:
    name = text(tree.entries["parameter"])
    for row in items(tree.entries["values"]):
        since = text(get(row, "from"))
        for key in ("value", "beyond"):
            value = get(row, key)
            if value is None or get(row, "gap") is not None:
                continue
            for path, cell in _cells(value, ()):
                place = " ".join((since, *path)) if key == "value" else f"{since} beyond"
                for kind, after in _beside(files, cell):
                    shown = after.text
                    yield Mutant(
                        f"{file} {place}: {cell.text} -> {shown}",
                        "parameter",
                        name,
                        kind,
                        cell.at,
                        cell.text,
                        shown,
                        id(cell),
                        after,
                    )


def _cells(tree: Tree, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    if isinstance(tree, Scalar):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.entries.items():
            if key != "gap":
                yield from _cells(value, (*path, key))
    else:
        for i, item in enumerate(items(tree)):
            yield from _cells(item, (*path, str(i + 1)))


def _beside(files: Files, cell: Scalar) -> Iterator[tuple[str, Scalar]]:
    value: Any = cell.value
    if isinstance(value, bool):
        yield "constant", replace(cell, value=not value, text="false" if value else "true")
    elif isinstance(value, str):
        for after in next_choices(value, files.choices)[:1]:
            yield "choice", replace(cell, value=after, text=after)
    elif dates_beside(cell.text):
        for after in dates_beside(cell.text):
            yield "date", replace(cell, value=date.fromisoformat(after), text=after)
    else:
        for after in numbers_beside(cell.text):
            yield "number", replace(cell, value=_number(after), text=after)


def _number(written: str) -> int | Decimal:
    return Decimal(written) if "." in written else int(written)
