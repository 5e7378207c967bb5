"""From a place in a scalar's text back to the place in the file.

YAML folds lines, takes indentation away and reads escapes, so the n-th character of a text is not the n-th
character after its start. These functions walk the source beside the text, as libyaml did.
"""

from __future__ import annotations

_BLANK = " \t"


def source_offsets(text: str, source: str, start: int, end: int, style: str) -> list[int]:
    """For every character of `text`, and for the place after the last: its index in `source`.

    The scalar is written at `source[start:end]` in `style` (plain is "", else ' " | >). A space or line break
    that YAML made of a line end is placed at that line end.
    """
    if style in ("|", ">"):
        return _block(text, source[start:end], start)
    inset = 1 if style else 0
    return _flow(text, source[start + inset : end - inset], start + inset, style)


def _flow(text: str, source: str, base: int, style: str) -> list[int]:
    """Plain and quoted texts: line ends fold, quoted ones have escapes."""
    offsets: list[int] = []
    i = 0
    while i < len(source) and len(offsets) < len(text):
        after_blanks = _skip(source, i, _BLANK)
        if source.startswith(("\n", "\r\n"), after_blanks):
            after = _skip(source, after_blanks, _BLANK + "\r\n")
            breaks = source.count("\n", after_blanks, after)
            offsets += [base + i] * max(breaks - 1, 1)  # one line end is a space, more are line breaks
            i = after
        elif style == '"' and source[i] == "\\":
            after = _skip(source, i + 1, "\r\n")
            if after > i + 1:  # an escaped line end is nothing; empty lines after it are line breaks
                after = _skip(source, after, _BLANK + "\r\n")
                offsets += [base + i] * (source.count("\n", i, after) - 1)
                i = after
            else:
                offsets.append(base + i)
                i += {"x": 4, "u": 6, "U": 10}.get(source[i + 1], 2)
        else:
            offsets.append(base + i)
            i += 2 if style == "'" and source[i] == "'" else 1
    return [*offsets, base + i]


def _block(text: str, source: str, base: int) -> list[int]:
    """`|` and `>` texts: a header line, then lines whose indentation is not part of the text."""
    lines = source.split("\n")
    indent = _indent(text, lines[1:])
    offsets: list[int] = []
    line_start = base + len(lines[0]) + 1
    line_end = base + len(lines[0].rstrip())
    for line in lines[1:]:
        content = line.rstrip("\r")[indent:]
        if content and len(offsets) < len(text):
            # Since the last line with content, YAML made line breaks or (folded) one space.
            while len(offsets) < len(text) and text[len(offsets)] == "\n":
                offsets.append(line_end)
            if not text.startswith(content, len(offsets)):
                offsets.append(line_end)
            offsets += range(line_start + indent, line_start + indent + len(content))
            line_end = line_start + indent + len(content)
        line_start += len(line) + 1
    return [*offsets, *[line_end] * (len(text) + 1 - len(offsets))]


def _indent(text: str, lines: list[str]) -> int:
    """How many columns of every line are not part of the text."""
    first = next((line for line in lines if line.strip()), "")
    kept = text.lstrip("\n")
    return _skip(first, 0, " ") - _skip(kept, 0, " ")


def _skip(text: str, start: int, characters: str) -> int:
    while start < len(text) and text[start] in characters:
        start += 1
    return start
