"""From text to a syntax tree: what was written, with positions, before names and types are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from engine.language.problems import Problem, Span

MAX_LENGTH = 20_000
MAX_DEPTH = 60
MAX_DEPTH_OF_TREE = 120

FUNCTION_WORDS = frozenset(
    [
        "round half up",
        "round half down",
        "round up",
        "round down",
        "years and months duration",
        "day of week",
        "day of year",
        "month of year",
        "week of year",
        "months between",
        "days between",
        "add years",
        "add months",
        "add days",
        "month start",
        "with greatest",
        "with least",
        "all but",
        "list contains",
    ]
)
RESERVED = frozenset(
    [
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
        "satisfies",
        "and",
        "or",
        "not",
        "between",
        "true",
        "false",
        "null",
    ]
)


@dataclass(frozen=True, slots=True)
class Syntax:
    """One node: its `kind`, children, a text `value` (operator, name, literal) and offsets in the text."""

    kind: str
    children: tuple[Syntax, ...]
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one expression and where it stands. `locate` maps an offset and a length to a span."""

    text: str
    locate: Callable[[int, int], Span]

    def span(self, start: int, end: int) -> Span:
        return self.locate(start, max(end - start, 1))


def plain_source(text: str, name: str = "expression") -> Source:
    """A source that stands alone: one expression given on a command line or in a test."""

    def locate(start: int, length: int) -> Span:
        before = text[:start]
        line = before.count("\n")
        return Span(name, line + 1, start - (before.rfind("\n") + 1) + 1, length)

    return Source(text, locate)


def unquote(text: str) -> str:
    """The text of a string literal: `\\"`, `\\n`, `\\t`, `\\u4f4e`, `\\U01F40E` and so on are what they stand
    for.
    """
    plain = _ESCAPE.sub(_unescaped, text[1:-1])
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # joins surrogate pairs


_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


def _unescaped(found: re.Match[str]) -> str:
    word = found.group(1)
    if len(word) > 1:
        code = int(word[1:], 16)
        return chr(code) if code <= 0x10FFFF else found.group(0)
    return _CHARACTERS.get(word, found.group(0))


class SyntaxProblem(Exception):
    """The text does not follow the grammar."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


def _to_syntax(tree: Any) -> Syntax:
    """Lark's tree as ours: every rule is a node of its name, a token is the value of its node."""
    children = tuple(_to_syntax(child) for child in tree.children if isinstance(child, Tree))
    value = next((str(child) for child in tree.children if isinstance(child, Token)), "")
    meta = tree.meta
    start, end = (0, 0) if meta.empty else (meta.start_pos, meta.end_pos)
    return Syntax(str(tree.data).rstrip("_"), children, value, start, end)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
        maybe_placeholders=False,
    )


def parse(source: Source) -> Syntax:
    """The syntax tree of one expression. Raises `SyntaxProblem` with a position and a hint."""
    text = source.text
    if len(text) > MAX_LENGTH:
        raise SyntaxProblem(
            Problem(
                source.span(0, 1),
                "too-long",
                f"this expression has {len(text)} characters; at most {MAX_LENGTH} are read",
                "split it with `define`",
            )
        )
    _refuse_deep_nesting(source)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise SyntaxProblem(_explain(source, error)) from None
    _refuse_long_chains(source, tree)
    return _to_syntax(tree)


def _refuse_deep_nesting(source: Source) -> None:
    depth = 0
    for offset, character in enumerate(source.text):
        if character in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                raise SyntaxProblem(
                    Problem(
                        source.span(offset, offset + 1),
                        "too-deep",
                        f"brackets are nested more than {MAX_DEPTH} deep",
                        "split the expression with `define`",
                    )
                )
        elif character in ")]}":
            depth -= 1


def _refuse_long_chains(source: Source, tree: Any) -> None:
    """Every reading of the tree goes down it, so its depth has a limit."""
    level, depth = [tree], 0
    while level:
        level = [child for one in level for child in one.children if isinstance(child, Tree)]
        depth += 1
    if depth > MAX_DEPTH_OF_TREE:
        raise SyntaxProblem(
            Problem(
                source.span(0, 1),
                "too-deep",
                f"this expression is a chain of {depth} steps; at most {MAX_DEPTH_OF_TREE} are read",
                "split it with `define`",
            )
        )


_HINTS = {
    "==": "write `=` for equality",
    "=>": "write `>=`",
    "=<": "write `<=`",
    "<>": "write `!=`",
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not(…)` or `!=`",
    "%": "write `modulo(a, b)`",
    "'": 'write text in double quotes: "…"',
    "\u201c": 'write text in straight double quotes: "…"',
    "\u201d": 'write text in straight double quotes: "…"',
    "\uff0c": "write an ASCII comma `,`",
    "\uff08": "write an ASCII bracket `(`",
    "\uff09": "write an ASCII bracket `)`",
    "\uff1d": "write an ASCII `=`",
    "\uff1c": "write an ASCII `<`",
    "\uff1e": "write an ASCII `>`",
}

_EXPECTED = {
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "THEN": "`then`",
    "ELSE": "`else`",
    "IN": "`in`",
    "RETURN": "`return`",
    "SATISFIES": "`satisfies`",
    "AND": "`and`",
    "LPAR": "`(`",
    "NAME": "a name",
    "STRING": "a text",
}


def _explain(source: Source, error: UnexpectedInput) -> Problem:
    text = source.text
    if isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    ):
        end = len(text.rstrip())
        return Problem(
            source.span(max(end - 1, 0), max(end, 1)),
            "syntax",
            "the expression ends too early" if text.strip() else "the expression is empty",
            _expected(error),
        )
    offset = error.pos_in_stream or 0
    word = text[offset : offset + 2]
    hint = _HINTS.get(word, "") or _HINTS.get(text[offset - 1 : offset + 1], "") or _HINTS.get(word[:1], "")
    if isinstance(error, UnexpectedCharacters):
        return Problem(
            source.span(offset, offset + 1), "syntax", f"unexpected character `{text[offset]}`", hint
        )
    assert isinstance(error, UnexpectedToken)
    token = str(error.token)
    if not hint and token in RESERVED:
        hint = f"`{token}` is a word of the language and cannot be a name"
    return Problem(
        source.span(offset, offset + len(token)), "syntax", f"unexpected `{token}`", hint or _expected(error)
    )


def _expected(error: UnexpectedInput) -> str:
    names = sorted(_EXPECTED[name] for name in getattr(error, "expected", ()) or () if name in _EXPECTED)
    return f"expected {' or '.join(names)}" if names and len(names) <= 3 else ""
