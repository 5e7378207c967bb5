"""Characters that may not stand in a rule file, because they hide or move what people see."""

from __future__ import annotations

import re

from engine.language.problems import Problem, Span

# Line ends that only some programs take for one; what cannot be seen; what changes the order of reading.
_REFUSED = re.compile(
    "[\t\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff]"
)


def check_characters(file: str, text: str) -> tuple[str, list[Problem]]:
    """The text with each refused character as a space, so that reading can go on; a problem for each line."""
    if _REFUSED.search(text.replace("\r\n", "\n")) is None:
        return text, []
    problems = []
    lines = text.split("\n")
    for i, line in enumerate(lines):
        content = line.removesuffix("\r") if i < len(lines) - 1 else line
        if problem := refused_character(content, Span(file, i + 1, 1)):
            problems.append(problem)
            lines[i] = _REFUSED.sub(" ", content) + line[len(content) :]
    return "\n".join(lines), problems


def refused_character(text: str, at: Span, *, in_place: bool = True) -> Problem | None:
    """A problem with the first refused character of a text that begins at `at`.

    `in_place`: the characters stand in the file as they are, so the problem can point at the one.
    """
    found = _REFUSED.search(text)
    if found is None:
        return None
    place = Span(at.file, at.line, at.column + found.start()) if in_place else at
    return Problem(place, *_what(found[0]))


def _what(character: str) -> tuple[str, str, str]:
    """Code, message and hint for a refused character."""
    if character == "\t":
        return "tab", "a tab stands here", "use spaces: a tab is shown in different widths"
    if character == "\r":
        return (
            "control-character",
            "a line ends here in an old way",
            "save the file with line ends LF or CR LF",
        )
    name = f"U+{ord(character):04X}"
    if character in "\u200b\u2060\ufeff" or "\u202a" <= character <= "\u2069":
        return (
            "invisible-character",
            f"an invisible character ({name}) stands here; the text would not be what it looks like",
            "delete it, for example by writing this line anew",
        )
    return "control-character", f"a control character ({name}) stands here", "delete it"
