"""A problem in something a person wrote, and how it is shown.

Every mistake in a rulebook becomes a `Problem`: where it stands, what is wrong, what to do. Problems are
collected, sorted and shown together, in the form of a compiler message:

    policies/office/help/2021-07-01.yaml:14:13: unknown name `family_incom`
       14 |       when: family_incom < line * people_counted
          |             ^^^^^^^^^^^^^
       did you mean `family_income`?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from unicodedata import category, east_asian_width

SHOWN_ALIKE, LISTED = 3, 12  # so many times in full; so many other places by name
LONGEST_SHOWN, SHOWN_BEFORE = 200, 60  # of a longer line only what surrounds the caret is shown


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of a file. Lines and columns count from 1; `length` is in characters."""

    file: str
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where, a short stable `code` for tests and documentation, what, and what to do."""

    at: Span
    code: str
    message: str
    hint: str = ""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        return (self.at.file, self.at.line, self.at.column, self.code, self.message)


class Problems(Exception):
    """Raised with every problem found in one run, sorted and without repeats."""

    def __init__(self, problems: Iterable[Problem], sources: dict[str, str] | None = None) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=lambda p: p.sort_key))
        self.sources = sources or {}
        super().__init__(render(self.problems, self.sources))


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean …?` for the closest known word, or nothing when none is close."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


def render(
    problems: Sequence[Problem], sources: dict[str, str], meanings: Mapping[str, str] | None = None
) -> str:
    """All problems as text, each with its source line and a caret. `sources` maps file name to its text.

    meanings: what each code means in the reader's language, shown beside the message (see `phrases`).

    What is wrong in the same way in many places is shown once, with the other places.
    """
    alike: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.code, problem.message, problem.hint), []).append(problem)
    shown = []
    for problem in problems:
        group = alike[problem.code, problem.message, problem.hint]
        if len(group) <= SHOWN_ALIKE:
            shown.append(_render_one(problem, sources, meanings or {}))
        elif problem is group[0]:
            shown.append(f"{_render_one(problem, sources, meanings or {})}\n      = {_others(group[1:])}")
    return "\n".join(shown)


def _others(problems: Sequence[Problem]) -> str:
    """`the same in 5 more places: facts.yaml:11, 20; welfare/grant/2024-01-01.yaml:4`."""
    lines: dict[str, list[str]] = {}
    for problem in problems[:LISTED]:
        lines.setdefault(problem.at.file, []).append(str(problem.at.line))
    places = "; ".join(f"{file}:{', '.join(numbers)}" for file, numbers in lines.items())
    return f"the same in {len(problems)} more places: {places}" + (", …" if len(problems) > LISTED else "")


def _render_one(problem: Problem, sources: dict[str, str], meanings: Mapping[str, str]) -> str:
    at = problem.at
    lines = [f"{at.file}:{at.line}:{at.column}: {problem.message} [{problem.code}]"]
    text = sources.get(at.file)
    if text is not None:
        source_lines = text.split("\n")
        if 1 <= at.line <= len(source_lines):
            source = source_lines[at.line - 1].rstrip("\r")
            first = max(at.column - 1 - SHOWN_BEFORE, 0) if len(source) > LONGEST_SHOWN else 0
            cut = "…" if first else ""
            before = cut + source[first : at.column - 1]
            marked = source[at.column - 1 : min(at.column - 1 + max(at.length, 1), first + LONGEST_SHOWN)]
            rest = "…" if len(source) > first + LONGEST_SHOWN else ""
            lines.append(f"{at.line:>5} | {cut}{_visible(source[first : first + LONGEST_SHOWN])}{rest}")
            lines.append(f"      | {_blank(before)}{'^' * max(_width(marked), 1)}")
    if problem.code in meanings:
        lines.append(f"      = {meanings[problem.code]}")
    if problem.hint:
        lines.append(f"      = {problem.hint}")
    return "\n".join(lines)


def _visible(text: str) -> str:
    """The text with a mark for each character that a screen would obey (colours, reading order) or hide."""
    return "".join(
        "\ufffd" if c != "\t" and category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text
    )


def _blank(text: str) -> str:
    return "".join("\t" if c == "\t" else " " * _width(c) for c in text)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
