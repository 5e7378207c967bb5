"""Checks that need the whole rulebook: names taken twice, versions that overlap, what nobody reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.language.dates import to_date
from engine.language.problems import Span, nearest
from engine.language.scope import PERSON, Symbol
from engine.rulebook.model import FOREVER, Definition, Fact, Label, Parameter
from engine.rulebook.reading import Report, get, mapping, scalar, text
from engine.rulebook.rules import Draft
from engine.rulebook.source import Mapping as YamlMapping

if TYPE_CHECKING:
    from engine.rulebook.load import Files

_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(\.r[2-9]\d*)?\Z")
Drafts = Mapping[str, Mapping[str, list[Draft]]]


def check_place(report: Report, kind: str, path: str, one: Draft) -> None:
    """A file is called after its first day and stands in the folder of its name."""
    at = scalar(one.tree.entries[kind]).at
    folder = Path(path).parent.name
    if kind == "conflict":
        if Path(path).stem != one.name:
            report.add(at, "name-and-place", f"the file is called {Path(path).name}, and it speaks of `{one.name}`")
        return
    if folder != one.name:
        report.add(at, "name-and-place", f"the folder is called `{folder}`, and the file speaks of `{one.name}`")
    found = _VERSION.match(Path(path).stem)
    start = to_date(one.dated.start).isoformat()
    if found is None or found[1] != start:
        report.add(
            scalar(get(one.tree, "effective", "from") or one.tree).at,
            "name-and-place",
            f"the file is called {Path(path).name}, and it holds from {start}",
            f"call it {start}.yaml (a correction {start}.r2.yaml)",
        )


def check_versions(report: Report, group: list[Draft]) -> None:
    """Two versions may begin on the same day only when the later file corrects the earlier one."""
    for earlier, later in zip(group, group[1:], strict=False):
        correction = ".r" in later.dated.version and later.dated.published > earlier.dated.published
        if earlier.dated.start == later.dated.start and not correction:
            report.add(
                later.at,
                "overlapping-versions",
                f"{later.dated.file} and {earlier.dated.file} begin on the same day",
                "a correction is called <from>.r2.yaml and has its own, later `published`",
            )
        elif earlier.dated.until != FOREVER and later.dated.start <= earlier.dated.until:
            if earlier.dated.start == later.dated.start:
                continue
            report.add(
                later.at,
                "overlapping-versions",
                f"this version begins before {earlier.dated.file} ends",
                "a version ends by itself where the next one begins; `until` is for an end without a successor",
            )


def check_names(report: Report, names: dict[str, Symbol], person: dict[str, Symbol], drafts: Drafts) -> None:
    """Definitions and policies may not take a name that facts, parameters or each other have."""
    taken = set(names) | set(person)
    for kind in ("definition", "policy"):
        for name, group in drafts[kind].items():
            at = scalar(group[0].tree.entries[kind]).at
            report.name(at, name)
            if name in taken:
                report.add(at, "name-taken", f"`{name}` already means something else", "a name means one thing")
            taken.add(name)


def check_department(report: Report, path: str, tree: YamlMapping, departments: Mapping[str, Label]) -> None:
    department = scalar(tree.entries["department"])
    folder = path.split("/")[0]
    if department.text not in departments:
        hint = nearest(department.text, departments) or "declare it in rulebook.yaml"
        report.add(department.at, "unknown-name", f"`{department.text}` is not a department", hint)
    elif folder != department.text:
        report.add(
            department.at, "name-and-place", f"the folder is called `{folder}`, the department `{department.text}`"
        )


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
            report.add(parameter_tree.keys["parameter"], "unread", f"no rule reads the parameter `{name}`", hint)
    for path, definition_tree in files.of("definition"):
        name = path.split("/")[1]
        if name in definitions and ("", name) not in reads and (PERSON, name) not in reads:
            report.add(definition_tree.keys["definition"], "unread", f"no rule reads the definition `{name}`", hint)


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
                        report.add(at, "unread", f"nothing reads `{name}`", "use it in this file, or remove it")
