"""One file of rules, parsed: its expressions, and the names in them, before anything is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.language.problems import Span
from engine.language.syntax import Source, Syntax, SyntaxProblem, parse
from engine.rulebook.model import FOREVER, Dated
from engine.rulebook.reading import Report, day, expression, get, items, mapping, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree

EXPRESSION_KEYS = frozenset({"when", "value", "min", "max", "limit"})
PRODUCTION_KEYS = ("join", "when", "until", "date", "unreported_since")
CORRECTABLE = frozenset({"conflict", "watch"})  # of what stands in one file, without a folder of versions
CORRECTED = re.compile(r"\.r([2-9]|[1-9]\d+)\Z")  # how the name of a corrected file ends
Parsed = tuple[Source, Syntax]


@dataclass(frozen=True, slots=True)
class Draft:
    """One file, parsed: its expressions by the place of their scalar, and the names they use."""

    kind: str  # definition, policy, conflict, scoring, watch, event, feed, …
    name: str
    tree: YamlMapping
    dated: Dated
    parsed: Mapping[int, Parsed] = field(default_factory=dict)
    names: Mapping[str, Span] = field(default_factory=dict)
    statuses: Mapping[str, Span] = field(default_factory=dict)

    @property
    def at(self) -> Span:
        return self.tree.keys[self.kind]


def draft(kind: str, file: str, tree: YamlMapping, report: Report) -> Draft:
    """Parses every expression of a file; syntax mistakes go to the report."""
    parsed: dict[int, Parsed] = {}
    names: dict[str, Span] = {}
    statuses: dict[str, Span] = {}
    for written in _READERS.get(kind, _expressions)(tree):
        source = expression(written)
        try:
            syntax = parse(source)
        except SyntaxProblem as error:
            report.problems.append(error.problem)
            continue
        parsed[id(written)] = (source, syntax)
        for node in _walk(syntax):
            if node.kind in ("name", "path") and node.value:
                names.setdefault(node.value, source.span(node.start, node.end))
            if node.kind == "path" and node.value in ("eligible", "status"):
                policy = node.children[0].value
                statuses.setdefault(policy, source.span(node.start, node.end))
    return Draft(kind, text(tree.entries[kind]), tree, _dated(file, tree, report), parsed, names, statuses)


def _expressions(tree: Tree) -> Iterator[Scalar]:
    if isinstance(tree, YamlMapping):
        for key, value in tree.entries.items():
            if key in EXPRESSION_KEYS and isinstance(value, Scalar):
                yield value
            elif key not in ("procedure", "opens", "pays"):
                yield from _expressions(value)
    else:
        for item in items(tree):
            yield from _expressions(item)


def _of_production(tree: YamlMapping) -> Iterator[Scalar]:
    """The expressions of a watch rule or an event: of the file, its alert and its tasks."""
    alert = get(tree, "alert")
    for part in (tree, *((alert,) if alert is not None else ()), *items(get(tree, "tasks"))):
        for key in PRODUCTION_KEYS:
            written = get(part, key)
            if isinstance(written, Scalar):
                yield written


_READERS: Mapping[str, Callable[[YamlMapping], Iterable[Scalar]]] = {
    "watch": _of_production,
    "event": _of_production,
    "feed": lambda _: (),  # no expressions
    "ending": lambda _: (),
    "inspection": lambda _: (),
}


def _walk(syntax: Syntax) -> Iterator[Syntax]:
    yield syntax
    for child in syntax.children:
        yield from _walk(child)


def _dated(file: str, tree: YamlMapping, report: Report) -> Dated:
    start = day(get(tree, "effective", "from"), 0)
    until = day(get(tree, "effective", "until"), FOREVER)
    if until < start:
        at = scalar(mapping(tree.entries["effective"]).entries["until"]).at
        report.add(
            at, "empty-range", "this ends before it begins", "`until` is the last day on which it holds"
        )
    version = file.rsplit("/", 1)[-1].removesuffix(".yaml")
    if file.count("/") == 1:  # conflicts, watch rules and events have no folder of versions
        correction = CORRECTED.search(version)
        version = f"{start // 10000:04d}-{start // 100 % 100:02d}-{start % 100:02d}"
        version += correction[0] if correction else ""
    return Dated(file, version, start, until, day(get(tree, "published"), start))
