"""Checks that need the whole rulebook: names taken twice, versions that overlap, what nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from engine.language.dates import to_date
from engine.language.problems import Span, nearest
from engine.language.scope import PERSON
from engine.rulebook.drafts import CORRECTABLE, CORRECTED, Draft
from engine.rulebook.files import Files
from engine.rulebook.model import FOREVER, Definition, Fact, Label, Parameter
from engine.rulebook.reading import Report, get, items, mapping, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree

_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(\.r([2-9]|[1-9]\d+))?\Z")
Drafts = Mapping[str, Mapping[str, list[Draft]]]


def check_place(report: Report, kind: str, path: str, one: Draft) -> bool:
    """A file is called after its first day and stands in the folder of its name. False when it does not."""
    at = scalar(one.tree.entries[kind]).at
    folder, stem = Path(path).parent.name, Path(path).stem
    fine = True
    if kind in ("conflict", "watch", "event", "ending", "feed", "inspection"):
        fine = stem == one.name or (kind in CORRECTABLE and CORRECTED.sub("", stem) == one.name)
        if not fine:
            message = f"the file is called {stem}.yaml, and it speaks of `{one.name}`"
            report.add(at, "name-and-place", message, f"call it {one.name}.yaml, or correct the name")
        return fine
    if folder != one.name:
        message = f"the folder is called `{folder}`, and the file speaks of `{one.name}`"
        report.add(at, "name-and-place", message, f"move it to a folder `{one.name}`, or correct the name")
        fine = False
    found = _VERSION.match(stem)
    start = to_date(one.dated.start).isoformat()
    if found is None or found[1] != start:
        report.add(
            scalar(get(one.tree, "effective", "from") or one.tree).at,
            "name-and-place",
            f"the file is called {stem}.yaml, and it holds from {start}",
            f"call it {start}.yaml (a correction {start}.r2.yaml)",
        )
        fine = False
    return fine


def check_versions(report: Report, group: list[Draft]) -> None:
    """Two versions may begin on the same day only when one corrects the other and was published later."""
    for earlier, later in pairwise(group):
        if earlier.dated.start != later.dated.start:
            if later.dated.start <= earlier.dated.until != FOREVER:
                report.add(
                    later.at,
                    "overlapping-versions",
                    f"this version begins before {earlier.dated.file} ends",
                    "a version ends by itself where the next one begins; `until` is for an end without a successor",
                )
            continue
        first, second = sorted((earlier, later), key=lambda one: (len(one.dated.version), one.dated.version))
        if ".r" not in second.dated.version:
            message = f"{first.dated.file} begins on the same day"
            hint = "a correction is called <from>.r2.yaml and has its own, later `published`"
            report.add(second.at, "overlapping-versions", message, hint)
        elif second.dated.published <= first.dated.published:
            known = to_date(first.dated.published).isoformat()
            message = f"this corrects {first.dated.file}, which was published on {known}, and is not published later"
            report.add(
                second.at,
                "overlapping-versions",
                message,
                "write `published:` with the day of the correction",
            )


# Clauses have ids of their own, and so have parts of the amount, exceptions and terms.
_WITH_IDS = (
    *(("concerns", "eligible", "closed", "discretion", "review"), ("amount",), ("except",)),
    *(("terms",), ("tasks",), ("publicity",), ("tells",)),
)


def check_ids(report: Report, tree: YamlMapping) -> None:
    """Ids are unique among the clauses of a file, its parts, its exceptions, its terms."""
    for keys in _WITH_IDS:
        seen: dict[str, Span] = {}
        for one in (found for key in keys for found in _ids(get(tree, key))):
            if one.text in seen:
                message = f"the id `{one.text}` stands on line {seen[one.text].line} already"
                report.add(
                    one.at, "name-taken", message, "choose another: traces and explanations are told by it"
                )
            seen.setdefault(one.text, one.at)


def _ids(tree: Tree | None) -> Iterator[Scalar]:
    for item in items(tree):
        yield from _ids(item)
    if isinstance(tree, YamlMapping):
        for key, value in tree.entries.items():
            if key == "id" and isinstance(value, Scalar):
                yield value
            elif key != "label":
                yield from _ids(value)


def check_names(report: Report, files: Files, drafts: Drafts) -> None:
    """Area levels, facts, lists, parameters, definitions and policies share one space of names."""
    taken: dict[str, tuple[str, Span]] = {}
    for name, what, at in _declared(files, drafts):
        if what in ("a definition", "a policy"):
            report.name(at, name)
        if name in taken:
            other, there = taken[name]
            message = f"`{name}` is {what} here and {other} in {there.file}, line {there.line}"
            report.add(at, "name-taken", message, "a name means one thing; choose another for one of them")
            report.mistaken.add(name)
        taken.setdefault(name, (what, at))


def _declared(files: Files, drafts: Drafts) -> Iterator[tuple[str, str, Span]]:
    """Name, what it is, where: of everything that has a name in expressions."""
    for kind, section, what in (
        ("areas", "levels", "an area level"),
        ("facts", "facts", "a fact"),
        ("facts", "lists", "a list"),
    ):
        tree = files.base(kind)
        entries = get(tree, section) if tree else None
        for name, at in entries.keys.items() if isinstance(entries, YamlMapping) else ():
            yield name, what, at
    parameters = {Path(path).stem: tree.keys["parameter"] for path, tree in reversed(files.of("parameter"))}
    for name, at in parameters.items():
        yield name, "a parameter", at
    for kind in ("definition", "policy"):
        for name, group in drafts[kind].items():
            yield name, f"a {kind}", scalar(group[0].tree.entries[kind]).at


def check_one_score(report: Report, drafts: Drafts) -> None:
    names = list(drafts["scoring"])
    for other in names[1:]:
        at = scalar(drafts["scoring"][other][0].tree.entries["scoring"]).at
        message = f"`{names[0]}` is a score already, and a rulebook has one"
        report.add(at, "second-score", message, f"make it a version of `{names[0]}`, or add its terms there")


def check_department(report: Report, path: str, tree: YamlMapping, departments: Mapping[str, Label]) -> None:
    department = scalar(tree.entries["department"])
    folder = path.split("/")[0]
    if department.text not in departments:
        hint = nearest(department.text, departments) or "declare it in rulebook.yaml"
        report.add(department.at, "unknown-name", f"`{department.text}` is not a department", hint)
    elif folder != department.text:
        message = f"the folder is called `{folder}`, and the department is `{department.text}`"
        hint = f"move the file to the folder `{department.text}`, or correct the department"
        report.add(department.at, "name-and-place", message, hint)


def check_unread(
    report: Report,
    reads: set[tuple[str, str]],
    files: Files,
    facts: Mapping[str, Fact],
    parameters: Mapping[str, Parameter],
    definitions: Mapping[str, Definition],
) -> None:
    """What is declared and never read is a mistake: a rule was meant to read it, or it need not be asked."""
    if report.problems:  # a rule with a mistake may be the one that reads it
        return
    hint = "use it in a rule, or remove it"
    tree = files.base("facts")
    for section in ("facts", "lists"):
        entries = get(tree, section) if tree else None
        if not isinstance(entries, YamlMapping):
            continue
        for name, at in entries.keys.items():
            fact = facts[name]
            owner = PERSON if fact.of == "person" else ""
            if (owner, name) not in reads:
                report.add(at, "unread", f"no rule reads the fact `{name}`", hint)
            for one in fact.items:
                if (name, one.name) not in reads:
                    place = mapping(get(entries, name, "item") or entries).keys[one.name]
                    report.add(place, "unread", f"no rule reads `{one.name}` of `{name}`", hint)
    for path, parameter_tree in files.of("parameter"):
        name = Path(path).stem
        if ("", name) not in reads and name in parameters:
            report.add(
                parameter_tree.keys["parameter"], "unread", f"no rule reads the parameter `{name}`", hint
            )
    for path, definition_tree in files.of("definition"):
        name = path.split("/")[1]
        if name in definitions and ("", name) not in reads and (PERSON, name) not in reads:
            report.add(
                definition_tree.keys["definition"], "unread", f"no rule reads the definition `{name}`", hint
            )


def check_locals(report: Report, reads: set[tuple[str, str]], drafts: Drafts) -> None:
    """A `define` that its own file never reads."""
    if report.problems:
        return
    for kind in ("definition", "policy"):
        for group in drafts[kind].values():
            for one in group:
                entries = getattr(get(one.tree, "define"), "items", ())
                for entry in entries:
                    name = text(get(entry, "id"))
                    if name not in one.names:
                        at: Span = scalar(mapping(entry).entries["id"]).at
                        report.add(
                            at, "unread", f"nothing reads `{name}`", "use it in this file, or remove it"
                        )
