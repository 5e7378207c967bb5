"""What there is to exercise in a rulebook: versions, clauses, groups, branches, limits and cells, each with its place.

An element belongs to a unit: the policy, definition or parameter in whose file it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.language import numbers
from engine.language.problems import Span
from engine.language.syntax import Source
from engine.language.tree import Node, walk
from engine.language.types import Date, Number, Ratio
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Clause, DefinitionVersion, Group, PolicyVersion, Row, Rulebook
from engine.rulebook.reading import day, get, items, text
from engine.rulebook.source import Mapping, Scalar
from proving.mutants import Files, expressions
from proving.reading import Facts, every_clause

COMPARISONS = frozenset({"equal", "unequal", "less", "at_most", "more", "at_least"})
SIDES = {-1: "just below", 0: "at the limit", 1: "just above"}
WORDS = (
    "applies", "true", "false", "unknown", "all hold", "none holds", "only one that fails", "only one that holds",
    "then", "else", "exception", "no exception", *SIDES.values(), "read", "gap met",
)  # fmt: skip
TRUTHS = {True: "true", False: "false", None: "unknown"}
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """kind: version, clause, group, branch, boundary or cell. what: what is wanted of it, one of `WORDS`.

    of: the expression or member that `what` is said of, as it is written. at: how it is noted while rules are read.
    """

    key: str
    kind: str
    place: str
    what: str
    of: str
    span: Span
    at: Key


@dataclass(frozen=True, slots=True)
class Unit:
    kind: str  # policy, definition or parameter
    name: str
    elements: tuple[Element, ...]


def inventory(files: Files) -> tuple[Unit, ...]:
    """Every unit of a rulebook, policies first."""
    book, facts = files.book, Facts(files.book)
    units = []
    for policy in book.policies.values():
        found = (one for version in policy.versions for one in _of_policy(files, facts, policy.id, version))
        units.append(Unit("policy", policy.id, _numbered(found)))
    for definition in book.definitions.values():
        found = (one for version in definition.versions for one in _of_definition(files, facts, version))
        units.append(Unit("definition", definition.name, _numbered(found)))
    for parameter in book.parameters.values():
        units.append(Unit("parameter", parameter.name, _numbered(_of_parameter(files, parameter.name))))
    return tuple(units)


def _numbered(found: Iterator[Element]) -> tuple[Element, ...]:
    """The elements with a key of their own each."""
    counts: dict[str, int] = {}
    made = []
    for one in found:
        counts[one.key] = counts.get(one.key, 0) + 1
        key = one.key if counts[one.key] == 1 else f"{one.key} #{counts[one.key]}"
        made.append(replace(one, key=key))
    return tuple(made)


def _element(kind: str, file: str, place: str, what: str, span: Span, at: Key, of: str = "") -> Element:
    head = f"{file} {place}" if place else file
    return Element(f"{head}: {what} {of}".rstrip(), kind, place, what, of, span, at)


# --- policies -------------------------------------------------------------------------------------------


def _of_policy(files: Files, facts: Facts, policy: str, version: PolicyVersion) -> Iterator[Element]:
    file = version.dated.file
    one = files.drafts[file]
    places = {place: written for place, written, _ in expressions(one.tree, "")}
    yield _element("version", file, "", "applies", one.at, ("version", file))
    for clause in every_clause(version):
        source = one.parsed[id(places[clause.id])][0]
        truths = (True, False, None) if facts.open(clause.when) else (True, False)
        for truth in truths:
            at = ("clause", file, clause.id, truth)
            yield _element("clause", file, clause.id, TRUTHS[truth], source.span(0, len(source.text)), at)
        yield from _inside(facts, file, clause.id, source, clause.when)
    yield from _of_group(one, version.eligible, file, "eligible", _whole(one))
    named = [*version.defines]
    if version.amount is not None:
        named += version.amount.parts
    for part in named:
        yield from _inside(facts, file, part.id, one.parsed[id(places[part.id])][0], part.node)
    if version.amount is not None:
        for key, end in (("min", version.amount.least), ("max", version.amount.most)):
            if end is not None:
                written = get(one.tree, "amount", "band", key)
                yield from _inside(facts, file, key, one.parsed[id(written)][0], end.node)


def _whole(one: Draft) -> Span:
    return one.tree.keys["eligible"]


def _of_group(one: Draft, group: Group, file: str, path: str, span: Span) -> Iterator[Element]:
    """`all`: together and each alone in the way; `any`: none and each alone in favour."""
    if len(group.members) > 1:
        yield _element("group", file, path, group_whole(group), span, ("group", file, path, ""))
        for i, member in enumerate(group.members):
            what = "only one that fails" if group.kind == "all" else "only one that holds"
            yield _element("group", file, path, what, span, ("group", file, path, i), member_name(member, i))
    for i, member in enumerate(group.members):
        if isinstance(member, Group):
            yield from _of_group(one, member, file, f"{path}/{member.id or i}", span)


def group_whole(group: Group) -> str:
    return "all hold" if group.kind == "all" else "none holds"


def member_name(member: Clause | Group, position: int) -> str:
    return member.id or str(position)


# --- expressions ----------------------------------------------------------------------------------------


def _inside(facts: Facts, file: str, place: str, source: Source, node: Node) -> Iterator[Element]:
    """The branches and limits in one expression."""
    for one in sorted(walk(node), key=lambda one: (one.start, one.end)):
        yield from _of_node(facts, file, place, source, one)


def _of_node(facts: Facts, file: str, place: str, source: Source, node: Node) -> Iterator[Element]:
    if node.end <= node.start:
        return
    shown = " ".join(source.text[node.start : node.end].split())
    span = source.span(node.start, node.end)
    if node.op == "if":
        for branch in (True, False):
            word = "then" if branch else "else"
            yield _element("branch", file, place, word, span, ("branch", id(node), branch), shown)
    for side in sides(facts, node):
        yield _element("boundary", file, place, SIDES[side], span, ("side", id(node), side), shown)


def sides(facts: Facts, node: Node) -> tuple[int, ...]:
    """Where the left side of a comparison can stand: -1 below the right one, 0 at it, 1 above.

    Nothing for what compares neither numbers nor dates, and for what hangs on no fact: nothing can be put beside
    a limit of the law's own.
    """
    if node.op not in COMPARISONS or not any(facts.hangs(one) for one in node.args):
        return ()
    left, right = (one.type for one in node.args)
    if isinstance(left, Date) and isinstance(right, Date):
        return (-1, 0, 1)
    if not isinstance(left, Number | Ratio) or not isinstance(right, Number | Ratio):
        return ()
    (low, high), (lowest, highest) = numbers.limits(left), numbers.limits(right)
    least, most = low - highest, high - lowest
    possible = ((-1, least < 0), (0, least <= 0 <= most), (1, most > 0))
    return tuple(side for side, can in possible if can)


# --- definitions ----------------------------------------------------------------------------------------


def _of_definition(files: Files, facts: Facts, version: DefinitionVersion) -> Iterator[Element]:
    file = version.dated.file
    one = files.drafts[file]
    places = {place: written for place, written, _ in expressions(one.tree, "")}
    yield _element("version", file, "", "applies", one.at, ("version", file))
    for define in version.defines:
        yield from _inside(facts, file, define.id, one.parsed[id(places[define.id])][0], define.node)
    sources = {place: one.parsed[id(written)][0] for place, written in places.items()}
    for place, node in parts_of(version):
        if node.op == "if" and place.startswith("except "):
            name = place.removeprefix("except ")
            source = sources[name]
            for branch in (True, False):
                what = "exception" if branch else "no exception"
                span = source.span(0, len(source.text))
                yield _element("branch", file, name, what, span, ("branch", id(node), branch))
        else:
            yield from _inside(facts, file, place, sources[place], node)


def parts_of(version: DefinitionVersion) -> Iterator[tuple[str, Node]]:
    """The expressions that a definition is put together from, by their places, and the choices that join them.

    The first exception that holds gives the value, so the node is a chain of `if`s around the general rule.
    """
    node, left = version.node, list(version.exceptions)
    while left:
        while node.op != "if" or node.args[0] != left[0].when:
            node = node.args[0]  # written with more decimals, or as a quotient, to be like the other versions
        yield f"except {left[0].id}", node
        yield left[0].id, node.args[0]
        yield f"{left[0].id} value", node.args[1]
        node = node.args[2]
        left.pop(0)
    yield "value", node


# --- parameters -----------------------------------------------------------------------------------------


def _of_parameter(files: Files, name: str) -> Iterator[Element]:
    for file, tree in files.parameters.items():
        if text(tree.entries["parameter"]) == name:
            rows = files.book.parameters[name].series[file.split("/")[1]]
            yield from _of_rows(files.book, name, file, tree, rows)


def _of_rows(book: Rulebook, name: str, file: str, tree: Mapping, rows: tuple[Row, ...]) -> Iterator[Element]:
    written = sorted((one for one in items(tree.entries["values"]) if isinstance(one, Mapping)), key=_begins)
    for row, entry in zip(rows, written, strict=True):
        since = text(get(entry, "from"))
        table = book.parameters[name].table
        if row.value is None or not isinstance(row.value, dict | tuple) or table == "brackets":
            what = "read" if row.value is not None else "gap met"
            yield _element("cell", file, since, what, entry.at, ("cell", id(row), None))
            continue
        cells = row.value[0] if table == "size" else row.value
        for key in cells:
            path = key if isinstance(key, tuple) else (str(key),)
            cell = get(entry, "value", *path)
            span = cell.at if isinstance(cell, Scalar) else entry.at
            yield _element("cell", file, " ".join((since, *path)), "read", span, ("cell", id(row), key))


def _begins(entry: Mapping) -> tuple[int, int]:
    start = day(get(entry, "from"), 0)
    published = day(get(entry, "published"), start)
    return (
        start // 100 * 100 + 1 if text(get(entry, "takes_effect")) == "containing_month" else start,
        published,
    )
