"""From text to a syntax tree: what was written, with positions, before names and types are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

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


_VALUES = frozenset(
    ["NAME", "WORDS", "NUMBER", "STRING", "COMPARE", "PLUS", "MINUS", "TIMES", "DIVIDE", "POWER"]
)


class _LongChainError(Exception):
    def __init__(self, depth: int) -> None:
        self.depth = depth
        super().__init__(depth)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Syntax:
    """The same text stands in many files: versions of a policy differ little. Raises lark's errors, `_LongChainError`."""
    tree = _parser().parse(text)
    depth = _depth(tree)
    if depth > MAX_DEPTH_OF_TREE:
        raise _LongChainError(depth)
    return _to_syntax(tree)


def _depth(tree: Any) -> int:
    """Every reading of the tree goes down it, so its depth has a limit."""
    level, depth = [tree], 0
    while level:
        level = [child for one in level for child in one.children if isinstance(child, Tree)]
        depth += 1
    return depth


def _to_syntax(tree: Any) -> Syntax:
    """Lark's tree as ours: every rule is a node of its name, and one of its tokens is its value.

    A node reaches from its first token to its last; that is why all tokens are kept.
    """
    children: list[Syntax] = []
    value, start, end = "", -1, 0
    for child in tree.children:
        if isinstance(child, Token):
            first, end = child.start_pos or 0, child.end_pos or 0
            if not value and child.type in _VALUES:
                value = str(child)
        else:
            part = _to_syntax(child)
            children.append(part)
            first, end = part.start, part.end
        start = first if start < 0 else start
    return Syntax(tree.data.rstrip("_"), tuple(children), value, start, end)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
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
        return _parse(text)
    except UnexpectedInput as error:
        raise SyntaxProblem(_explain(source, error)) from None
    except _LongChainError as chain:
        raise SyntaxProblem(
            Problem(
                source.span(0, 1),
                "too-deep",
                f"this expression is a chain of {chain.depth} steps; at most {MAX_DEPTH_OF_TREE} are read",
                "split it with `define`",
            )
        ) from None


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


# What is written elsewhere -> what is written here.
_INSTEAD = {
    "==": "`=`",
    "=>": "`>=`",
    "=<": "`<=`",
    "<>": "`!=`",
    "≥": "`>=`",
    "≤": "`<=`",
    "≠": "`!=`",
    "×": "`*`",
    "÷": "`/`",
    "&&": "`and`",
    "||": "`or`",
    "!": "`not(…)` or `!=`",
    "%": "`modulo(a, b)`",
    "'": 'text in double quotes: "…"',
    "\u201c": 'text in straight double quotes: "…"',
    "\u201d": 'text in straight double quotes: "…"',
    **dict.fromkeys(("且", "并且", "AND", "And"), "`and`"),
    **dict.fromkeys(("或", "或者", "OR", "Or"), "`or`"),
    **dict.fromkeys(("非", "不是", "NOT", "Not"), "`not(…)`"),
    **dict.fromkeys(("is", "equals", "等于"), "`=`"),
    **dict.fromkeys(("less", "小于"), "`<`"),
    **dict.fromkeys(("more", "greater", "大于"), "`>`"),
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
    word = text[offset] if isinstance(error, UnexpectedCharacters) else str(getattr(error, "token", ""))
    for start in (offset - 1, offset):  # a sign of two characters may be noticed at its second
        if start >= 0 and text[start : start + 2] in _INSTEAD:
            offset, word = start, text[start : start + 2]
            break
    what = "character" if isinstance(error, UnexpectedCharacters) and len(word) == 1 else ""
    message = f"unexpected {what} `{word}`" if what else f"unexpected `{word}`"
    return Problem(
        source.span(offset, offset + len(word)), "syntax", message, _hint(text, offset, word, error)
    )


def _hint(text: str, offset: int, word: str, error: UnexpectedInput) -> str:
    if word in _INSTEAD:
        return f"write {_INSTEAD[word]}"
    plain = normalize("NFKC", word)
    if plain != word and plain.isascii():
        return f"write an ASCII `{plain}`"
    if function := _misspelt_function(text[:offset]):
        return f"did you mean `{function}(…)`?"
    if word in _OPENING and text[:offset].strip() and text[offset + len(word) :].strip():
        return f"put it in brackets: `({word} …)`"
    if word == "satisfies":
        return "write a variable and its list before it: `some p in people satisfies …`"
    if getattr(error, "token", None) is not None and error.token.type == "COMPARE":  # type: ignore[attr-defined]
        return "one comparison at a time: `a < b and b < c`"
    if word in RESERVED:
        return f"`{word}` is a word of the language and cannot be a name"
    return _expected(error)


_OPENING = frozenset({"if", "for", "some", "every"})
_CALLED = re.compile(r"([^\W\d]\w*(?: +[^\W\d]\w*)+) *\(")


def _misspelt_function(before: str) -> str:
    """The function of several words that was probably meant by the words before a bracket, if any."""
    for found in _CALLED.finditer(before):
        words = found[1].split()
        for first in range(len(words) - 1):
            phrase = " ".join(words[first:])
            close = get_close_matches(phrase, FUNCTION_WORDS - {phrase}, n=1, cutoff=0.8)
            if phrase not in FUNCTION_WORDS and close:
                return close[0]
    return ""


def _expected(error: UnexpectedInput) -> str:
    names = sorted(_EXPECTED[name] for name in getattr(error, "expected", ()) or () if name in _EXPECTED)
    return f"expected {' or '.join(names)}" if names and len(names) <= 3 else ""
