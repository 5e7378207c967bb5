"""What an explanation consists of: a title and sections of lines, in a tree. It goes to JSON as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from engine.decision.model import Struct

MET, UNMET, OPEN = "met", "unmet", "open"
MARKS = {MET: "✓", UNMET: "✗", OPEN: "?", "": ""}


class Line(Struct):
    """One line. `mark`: met, unmet, open or nothing. `of`: the lines under it."""

    text: str
    mark: str = ""
    of: Sequence[Line] = ()


class Section(Struct):
    """`key` says what it is about: an outcome, or `<policy>/<subject>` for the applicant."""

    key: str
    title: str
    lines: Sequence[Line] = ()


class Explanation(Struct):
    layer: str
    language: str
    title: str
    head: str
    household_id: str
    decision_id: str
    rulebook: str
    sections: Sequence[Section]


def mark_of(truth: bool | None) -> str:
    return OPEN if truth is None else MET if truth else UNMET


def as_text(explanation: Explanation) -> str:
    """An explanation for a terminal: a tree with branches for the auditor, indented lines for the others."""
    lines = [explanation.title, explanation.head]
    for section in explanation.sections:
        lines += ["", section.title]
        if explanation.layer == "auditor" and section.lines:
            _branches(lines, section.lines, "")
        else:
            _indented(lines, section.lines, "  ")
    return "\n".join(lines) + "\n"


def _marked(line: Line) -> str:
    return f"{MARKS[line.mark]} {line.text}" if line.mark else line.text


def _indented(into: list[str], lines: Sequence[Line], before: str) -> None:
    for line in lines:
        into.append(before + _marked(line))
        if line.of:
            _indented(into, line.of, before + "    ")


def _branches(into: list[str], lines: Sequence[Line], before: str) -> None:
    branch, inner, left = before + "├─ ", before + "│  ", len(lines)
    for line in lines:
        left -= 1
        if not left:
            branch, inner = before + "└─ ", before + "   "
        into.append(f"{branch}{MARKS[line.mark]} {line.text}" if line.mark else branch + line.text)
        if line.of:
            _branches(into, line.of, inner)
