"""Read a YAML file strictly, remembering where everything stands.

YAML has many ways to write one thing, and several of them mean something else than they seem to. A rule
file may use only the ways that every reader takes alike (docs/rulebook.md, "YAML, strictly"). libyaml
splits the text into events with positions; what a text means (number, date, true) is decided here, from the
text as written.

After a problem the tree still stands, with `broken` scalars in the places that could not be read, so that
one run finds as much as it can.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml
from yaml import MappingEndEvent, ScalarEvent, SequenceEndEvent

from engine.language.problems import Problem, Span
from engine.rulebook.broken_yaml import BELOW_BAR, explain, no_directives
from engine.rulebook.characters import check_characters, refused_character
from engine.rulebook.plain_text import MISSING, Misread, is_whole_number, read_plain
from engine.rulebook.tree import Mapping, Scalar, Sequence, Tree, Value, at, find, key_at, plain

__all__ = [
    "Mapping",
    "Scalar",
    "Sequence",
    "Tree",
    "at",
    "find",
    "key_at",
    "plain",
    "read_yaml",
    "read_yaml_bytes",
    "read_yaml_file",
]

DEEPEST = 40  # levels
LARGEST = 2_000_000  # bytes
_KEPT = 1024  # trees that are kept: of two editions of a county's rulebook
_USUAL = 100_000  # characters; of a longer file the tree is not kept

# Keys whose value is an expression wherever they stand.
EXPRESSION_KEYS = frozenset({"when", "value", "min", "max", "limit"})


def read_yaml(file: str, text: str) -> tuple[Tree | None, list[Problem]]:
    """The tree of a file's text, and every problem found. No tree when it is not YAML, or holds nothing.

    An edition that differs in one file is read from that file alone: the trees of the others are kept.
    """
    tree, problems = _read(file, text) if len(text) <= _USUAL else _read_now(file, text)
    return tree, list(problems)


@lru_cache(_KEPT)
def _read(file: str, text: str) -> tuple[Tree | None, tuple[Problem, ...]]:
    """The same for a file of usual length, once."""
    return _read_now(file, text)


def _read_now(file: str, text: str) -> tuple[Tree | None, tuple[Problem, ...]]:
    if len(text.encode("utf-8", "replace")) > LARGEST:
        return None, (_too_large(file),)
    text = text.removeprefix("\ufeff")
    readable, problems = check_characters(file, text)
    reader = _Reader(file, readable, problems)
    try:
        tree = reader.document()
    except yaml.YAMLError as error:
        syntax = explain(error, file, readable)
        # A strange character, or a comma that cuts an expression, is why the rest of the line is not YAML.
        if not reader.strange_lines and syntax.at.line not in {problem.at.line for problem in problems}:
            problems.append(syntax)
        return None, tuple(problems)
    except _TooDeepError:
        return None, tuple(problems)
    return tree, tuple(problems)


def read_yaml_file(path: Path, shown_as: str) -> tuple[str, Tree | None, list[Problem]]:
    """The text, tree and problems of a file on disk. Problems name the file `shown_as`."""
    if path.stat().st_size > LARGEST:
        return "", None, [_too_large(shown_as)]
    return read_yaml_bytes(path.read_bytes(), shown_as)


def read_yaml_bytes(content: bytes, shown_as: str) -> tuple[str, Tree | None, list[Problem]]:
    """The text, tree and problems of a file's content."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig").split("\n")
        problem = Problem(
            Span(shown_as, len(before), len(before[-1]) + 1),
            "not-utf8",
            "this file is not UTF-8 text",
            "save it again as UTF-8; some programs use another encoding unless told",
        )
        return content.decode("utf-8", "replace"), None, [problem]
    tree, problems = read_yaml(shown_as, text)
    return text, tree, problems


class _TooDeepError(Exception):
    pass


class _Reader:
    """The state of reading one file: libyaml's events, and the problems so far."""

    def __init__(self, file: str, text: str, problems: list[Problem]) -> None:
        """`problems`: with characters of the text; what stands on their lines is not judged further."""
        self.file = file
        self.text = text
        self.problems = problems
        self.strange_lines = {problem.at.line for problem in problems}
        self.next_event = yaml.CSafeLoader(text).get_event

    def problem(self, at: Span, code: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(at, code, message, hint))

    def span(self, event: Any) -> Span:
        """The first line of what an event stands for."""
        start, end = event.start_mark, event.end_mark
        if start.line == end.line:
            length = end.index - start.index
        else:
            length = self.text.index("\n", start.index) - start.index
            length -= self.text[start.index + length - 1] == "\r"
        return Span(self.file, start.line + 1, start.column + 1, length or 1)

    def document(self) -> Tree | None:
        self.next_event()  # the stream starts
        start: Any = self.next_event()
        if isinstance(start, yaml.StreamEndEvent):
            return self.nothing()
        if start.version or start.tags:
            self.problems.append(no_directives(Span(self.file, 1, 1)))
        tree = self.node(self.next_event(), 1)
        self.next_event()  # the document ends
        event = self.next_event()
        if isinstance(event, yaml.DocumentStartEvent):
            self.problem(
                self.span(event),
                "many-documents",
                "a second document starts here; a file holds one",
                "move what follows `---` into a file of its own",
            )
        return self.nothing() if _is_missing(tree) else tree

    def nothing(self) -> Tree | None:
        self.problem(Span(self.file, 1, 1), "empty-file", "this file says nothing", "write it, or delete it")
        return None

    def node(self, event: Any, depth: int) -> Tree:
        span = self.span(event)
        if type(event) is ScalarEvent and event.anchor is None and event.tag is None:
            return self.scalar(event, span)  # nearly every node
        if isinstance(event, yaml.AliasEvent):
            self.problem(
                span,
                "alias",
                f"`*{event.anchor}` repeats another place of the file; that is not allowed here",
                f"write the content out; {BELOW_BAR}",
            )
            return Scalar("", "", span, broken=True)
        if event.anchor is not None:
            self.problem(
                span,
                "anchor",
                f"`&{event.anchor}` names this place to repeat it elsewhere; that is not allowed here",
                "leave the name out and write the content in each place",
            )
        if event.tag is not None:
            self.problem(
                span,
                "tag",
                "a value may not begin with `!`",
                'to write a number as text, put it in quotes: "12"; in an expression write not(…)',
            )
        if isinstance(event, ScalarEvent):
            return _broken(self.scalar(event, span))
        if depth > DEEPEST:
            hint = "give the inner parts names under `define`, or make them definitions"
            self.problem(span, "too-deep", f"this is nested more than {DEEPEST} levels deep", hint)
            raise _TooDeepError
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(span, depth)
        return self.mapping(event, span, depth)

    def sequence(self, span: Span, depth: int) -> Sequence:
        items = []
        while type(event := self.next_event()) is not SequenceEndEvent:
            item = self.node(event, depth + 1)
            if _is_missing(item):
                hint = "write the item, or take its `-` or comma out"
                self.problem(item.at, "missing-value", "this item of the list is empty", hint)
                item = _broken(item)
            items.append(item)
        return Sequence(tuple(items), span)

    def mapping(self, start: Any, span: Span, depth: int) -> Mapping:
        entries: dict[str, Tree] = {}
        keys: dict[str, Span] = {}
        first_key: Span | None = None
        last = ""  # the key of the pair before: inside {…} a comma may have cut its value
        while type(event := self.next_event()) is not MappingEndEvent:
            so_far = len(self.problems)
            key = self.node(event, depth + 1)
            value = self.node(self.next_event(), depth + 1)
            first_key = first_key or key.at
            if last and start.flow_style and _is_cut_off(entries[last], key, value):
                del self.problems[so_far:]  # a part of an expression is not worth a problem of its own
                if not _is_broken(entries[last]):
                    self.cut_by_comma(last, key.at)
                    entries[last] = _broken(entries[last])
                continue
            name = self.key_name(key)
            if _is_missing(value):
                hint = "write a value, or take the line out"
                self.problem(key.at, "missing-value", f"`{name or '?'}` has no value", hint)
                value = _broken(value)
            if name is None:
                last = ""
            elif name in entries:
                self.problem(
                    key.at,
                    "duplicate-key",
                    f"`{name}` stands twice here; the first is on line {keys[name].line}",
                    "keep one of the two",
                )
            else:
                entries[name], keys[name] = value, key.at
                last = name
        return Mapping(entries, keys, span if start.flow_style or first_key is None else first_key)

    def key_name(self, key: Tree) -> str | None:
        """The name that a key is, or nothing when it is none. A name with a problem stays, where it can."""
        if not isinstance(key, Scalar):
            message = "a name is expected before the `:`, not a list or a group"
            self.problem(key.at, "key-not-text", message, "put a name that is meant in quotes")
            return None
        name = key.text.strip()
        if not name:
            self.problem(key.at, "key-not-text", "no name stands before the `:`", "write the name")
            return None
        if key.broken:
            return name
        if name == "<<" and not key.style:
            message = "`<<` copies keys from another place; that is not allowed here"
            self.problem(key.at, "merge-key", message, "write the keys out")
            return None
        if name != key.text:
            message = "a wide or hard space belongs to this name"
            self.problem(key.at, "odd-space", message, "use ordinary spaces before and after a name")
        elif not isinstance(key.value, str) and not is_whole_number(name):
            what = "true or false" if isinstance(key.value, bool) else "a number or a date"
            message = f"`{name}` cannot be a name: it is read as {what}"
            self.problem(key.at, "key-not-text", message, f'put a name that is meant in quotes: "{name}"')
            return name if isinstance(key.value, bool) else None
        return name

    def scalar(self, event: Any, span: Span) -> Scalar:
        text, style = event.value, event.style
        start, end = event.start_mark.index, event.end_mark.index
        value: Value = text
        broken = False
        if self.strange_lines:
            broken = not self.strange_lines.isdisjoint(range(span.line, event.end_mark.line + 2))
        if not style and not broken:
            read = read_plain(text)
            if isinstance(read, Misread):
                self.problem(span, read.code, read.message, read.hint)
                broken = True
            else:
                value = read
        elif style == '"' and (problem := refused_character(text, span, in_place=False)):
            self.problems.append(problem)
            broken = True
        return Scalar(value, text, span, style, broken, self.text, start, end)

    def cut_by_comma(self, name: str, at: Span) -> None:
        message = f"the comma before this cuts the text of `{name}` in two"
        hint = f'put the text in quotes: {name}: "…, …"'
        if name in EXPRESSION_KEYS:
            message = f"the comma before this cuts the expression of `{name}` in two"
            hint = f"inside {{…}} an expression ends at a comma; write `{name}: …` on a line of its own"
        self.problem(at, "cut-by-comma", message, hint)


def _is_missing(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.text in MISSING and not tree.style and not tree.broken


def _is_broken(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.broken


def _is_cut_off(before: Tree, key: Tree, value: Tree) -> bool:
    """Whether a pair inside {…} is the rest of the text before it: it has neither a colon nor a value."""
    if not isinstance(before, Scalar) or before.style or not isinstance(key, Scalar):
        return False
    return _is_missing(value) and ":" not in key.source[key.end : cast(Scalar, value).start]


def _broken(tree: Tree) -> Scalar:
    return Scalar("", "", tree.at, broken=True)


def _too_large(file: str) -> Problem:
    message = f"this file is larger than {LARGEST // 1_000_000} million bytes"
    return Problem(Span(file, 1, 1), "too-large", message, "a rule file is a few pages; split it")
