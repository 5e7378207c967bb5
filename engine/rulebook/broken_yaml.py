"""libyaml's syntax errors in plain words: what is wrong, where it really began, what to do."""

from __future__ import annotations

import re
from typing import Any

import yaml

from engine.language.problems import Problem, Span

_EXPRESSION_BEFORE = re.compile(r"(?:when|value|min|max|limit)\s*:")
_FULL_WIDTH = {"：": ":", "，": ",", "｛": "{", "【": "["}
BELOW_BAR = "for an expression, write `|` after the colon and the expression on the next line"


def explain(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """One problem with code `broken-yaml` (or `cut-by-comma`) for an error of libyaml."""
    lines = text.split("\n")
    said: str = getattr(error, "problem", None) or "it cannot be read"
    during: str = getattr(error, "context", None) or ""
    mark: Any = getattr(error, "problem_mark", None)
    began: Any = getattr(error, "context_mark", None)
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if line >= len(lines) or (line == len(lines) - 1 and not lines[line].strip()):
        line, column = _last_with_text(lines)
    at = Span(file, line + 1, column + 1)

    if lines[line].startswith("%"):
        return no_directives(at)
    if "simple key" in during:
        return _key_without_colon(file, lines, began.line, began.column)
    if said == "mapping values are not allowed in this context":
        return _second_colon(file, lines, line, column)
    if "quoted scalar" in during:
        return _quoted(at, said, Span(file, began.line + 1, began.column + 1))
    if said.startswith("did not find expected ',' or"):
        return _inside_brackets(file, lines, said, began, line, column)
    if "tag" in during or "tag" in said:
        said = "tag"
    elif said == "did not find expected key" and re.match(r'[^:#]*:\s*["\']', lines[line]) and column > 0:
        said = "text after a quote"
    message, hint = _KNOWN.get(said, (f"this is not correct YAML: {said}", ""))
    return Problem(at, "broken-yaml", message.format(character=lines[line][column : column + 1]), hint)


def no_directives(at: Span) -> Problem:
    """The problem with a line that begins with `%` and speaks to YAML itself."""
    return Problem(at, "broken-yaml", "a line may not begin with `%`", "take the line out")


_KNOWN = {
    "found character that cannot start any token": (
        "a value cannot begin with `{character}`",
        f"put it in quotes; {BELOW_BAR}",
    ),
    "did not find expected node content": (
        "a value cannot begin with `{character}`",
        f"put it in quotes; {BELOW_BAR}",
    ),
    "did not find expected comment or line break": (
        "a value that begins with `>` or `|` has its text on the lines below",
        "begin the text on the next line; if this is a comparison, write its left side too: `age >= 5`",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "begin the list on the next line: each item with `- `, below the key",
    ),
    "did not find expected key": (
        "this line does not fit the lines above it",
        "begin it in the same column as the lines it belongs with",
    ),
    "did not find expected '-' indicator": (
        "this line does not fit the list above it",
        "begin an item with `- ` in the column of the others, or a key in that of the key above the list",
    ),
    "did not find expected <document start>": (
        "this line does not fit the lines above it",
        "begin it in the same column as the lines it belongs with",
    ),
    "did not find expected alphabetic or numeric character": (
        "a value cannot begin with `*` or `&`",
        BELOW_BAR,
    ),
    "tag": (
        "a value may not begin with `!`",
        f"put it in quotes; {BELOW_BAR}",
    ),
    "text after a quote": ("the text goes on after the closing quote", BELOW_BAR),
    "found an indentation indicator equal to 0": (
        "behind `|` and `>` stands no 0",
        "begin the text on the next line, further to the right",
    ),
    "found unexpected ':'": (
        "a colon stands where none is expected",
        'put a text with special characters in quotes: "…"',
    ),
    "mapping keys are not allowed in this context": (
        "a value cannot begin with `?`",
        f"put it in quotes; {BELOW_BAR}",
    ),
}


def _key_without_colon(file: str, lines: list[str], line: int, column: int) -> Problem:
    text = lines[line]
    hint = "write `key: value`; if this line goes on from the one above, indent it further"
    if "：" in text:
        hint = _plain_needed("：")
    elif re.search(":[\u3000\u00a0]", text):
        hint = "a wide or hard space follows the colon; write an ordinary one"
    elif re.search(r"[^\s:]:[^\s:]", text):
        hint = "write a space after the colon"
    at = Span(file, line + 1, column + 1, len(text.rstrip()) - column)
    return Problem(at, "broken-yaml", "a key with `: ` and a value is expected on this line", hint)


def _second_colon(file: str, lines: list[str], line: int, column: int) -> Problem:
    text, above = lines[line], lines[line - 1] if line else ""
    first = text.find(": ")
    if "：" in text[:first]:
        return _key_without_colon(file, lines, line, len(text) - len(text.lstrip()))
    if first < column:
        message, hint = "a second `: ` stands in this line", 'put the text in quotes: "…: …"'
        if re.search(r":\s+[｛【]\s*\w+$", text[:column]):
            hint = _plain_needed(text[first + 2 :].strip()[0])
    elif "：" in above and ": " not in above:
        return _key_without_colon(file, lines, line - 1, len(above) - len(above.lstrip()))
    else:
        message = "this line is further to the right than the lines it belongs with"
        hint = "begin it in the same column as the key above; or the line above has a value already"
    return Problem(Span(file, line + 1, column + 1), "broken-yaml", message, hint)


def _quoted(at: Span, said: str, opened: Span) -> Problem:
    if said.startswith(("found unexpected end", "found unexpected document")):
        return Problem(opened, "broken-yaml", "this quote is never closed", "write the closing quote")
    message = "a backslash in double quotes stands before something it does not go with"
    return Problem(at, "broken-yaml", message, "write `\\\\` for a backslash, or use single quotes")


def _inside_brackets(file: str, lines: list[str], said: str, context: Any, line: int, column: int) -> Problem:
    opened, closing = lines[context.line][context.column], said[-2]
    before = lines[line][:column]
    if context.line == line and opened == "{" and _EXPRESSION_BEFORE.search(before[context.column :]):
        return Problem(
            Span(file, line + 1, column + 1),
            "cut-by-comma",
            "inside `{…}` an expression ends before a `[`, a `{` or a comma",
            "write the expression on a line of its own: `when: …`",
        )
    at_end = column >= len(lines[line].rstrip())
    if context.line == line and not at_end:
        hint = 'put a text with special characters in quotes: "…"'
        if full_width := re.search(r"([：，])\s*[\w-]*$", before):
            hint = _plain_needed(full_width[1])
        message = f"inside `{opened}…{closing}` a comma or `{closing}` is expected here"
        return Problem(Span(file, line + 1, column + 1), "broken-yaml", message, hint)
    where = "is never closed" if at_end else f"is not closed before line {line + 1}"
    return Problem(
        Span(file, context.line + 1, context.column + 1),
        "broken-yaml",
        f"this `{opened}` {where}",
        f"write the `{closing}` that belongs to it, and a comma between the parts",
    )


def _plain_needed(full_width: str) -> str:
    return f"`{full_width}` is full-width; YAML needs the plain `{_FULL_WIDTH[full_width]}`"


def _last_with_text(lines: list[str]) -> tuple[int, int]:
    """The place after the last text of the file: where libyaml's "end of the file" is for a reader."""
    last = max((i for i, line in enumerate(lines) if line.strip()), default=0)
    return last, len(lines[last].rstrip())
