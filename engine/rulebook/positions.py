"""From a place in a scalar's text back to the place in the file.

YAML folds lines, takes indentation away and reads escapes, so the n-th character of a text is not the n-th
character after its start. These functions walk the source beside the text, as libyaml did.
"""

from __future__ import annotations

from typing import TypeAlias

_BLANK = " \t"


Place: TypeAlias = tuple[int, int]  # the first index in the source, and the one after the last


def source_places(text: str, source: str, start: int, end: int, style: str) -> list[Place]:
    """For every character of `text`, and for what comes after the last: its place in `source`.

    The scalar is written at `source[start:end]` in `style` (plain is "", else ' " | >). A space or line break
    that YAML made of a line end is the empty place at that line end.
    """
    if style in ("|", ">"):
        return _block(text, source[start:end], start)
    inset = 1 if style else 0
    return _flow(text, source[start + inset : end - inset], start + inset, style)


def _flow(text: str, source: str, base: int, style: str) -> list[Place]:
    """Plain and quoted texts: line ends fold, quoted ones have escapes."""
    places: list[Place] = []
    i = 0
    while i < len(source) and len(places) < len(text):
        after_blanks = _skip(source, i, _BLANK)
        if source.startswith(("\n", "\r\n"), after_blanks):
            after = _skip(source, after_blanks, _BLANK + "\r\n")
            breaks = source.count("\n", after_blanks, after)
            places += [(base + i, base + i)] * max(breaks - 1, 1)  # one line end is a space, more are breaks
        elif style == '"' and source.startswith(("\\\n", "\\\r\n"), i):
            after = _skip(source, i + 1, _BLANK + "\r\n")
            breaks = source.count("\n", i, after)
            places += [(base + i, base + i)] * (breaks - 1)  # an escaped line end is nothing
        else:
            after = i + _length(source, i, style)
            places.append((base + i, base + after))
        i = after
    return [*places, (base + i, base + i)]


def _length(source: str, i: int, style: str) -> int:
    """How many characters stand for the one at `i` of a plain or quoted text."""
    if style == '"' and source[i] == "\\":
        return {"x": 4, "u": 6, "U": 10}.get(source[i + 1], 2)
    return 2 if style == "'" and source[i] == "'" else 1


def _block(text: str, source: str, base: int) -> list[Place]:
    """`|` and `>` texts: a header line, then lines whose indentation is not part of the text."""
    lines = source.split("\n")
    indent = _indent(text, lines[1:])
    places: list[Place] = []
    line_start = base + len(lines[0]) + 1
    line_end = base + len(lines[0].rstrip())
    for line in lines[1:]:
        content = line.rstrip("\r")[indent:]
        if content and len(places) < len(text):
            # Since the last line with content, YAML made line breaks or (folded) one space.
            while len(places) < len(text) and text[len(places)] == "\n":
                places.append((line_end, line_end))
            if not text.startswith(content, len(places)):
                places.append((line_end, line_end))
            start = line_start + indent
            line_end = start + len(content)
            places += [(i, i + 1) for i in range(start, line_end)]
        line_start += len(line) + 1
    return [*places, *[(line_end, line_end)] * (len(text) + 1 - len(places))]


def _indent(text: str, lines: list[str]) -> int:
    """How many columns of every line are not part of the text."""
    first = next((line for line in lines if line.strip()), "")
    kept = text.lstrip("\n")
    return _skip(first, 0, " ") - _skip(kept, 0, " ")


def _skip(text: str, start: int, characters: str) -> int:
    while start < len(text) and text[start] in characters:
        start += 1
    return start
